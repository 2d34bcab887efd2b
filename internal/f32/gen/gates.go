package main

import "fmt"

// gates writes the loop of f32.Gates over rows of n of the ldh units. Whole groups
// run as a pipeline: with the four gates' powers of one group goes the power for
// tanh(c) of the group before, whose h still lacks it. Then the last n mod 8 units
// of all rows.
//
//	DI h, SI c, DX cPrev, AX z of the row; R11 the group's bytes, R8 its sums
//	BX n, R9 ldz, R10 ldh; CX rows left; R14 groups left; R12 the pending h
func gates(e *emitter, keep bool) {
	name := "gatesAVX2"
	if keep {
		name = "gatesKeepAVX2"
	}
	e.function(name, "func "+name+"(h, c, cPrev, z *float32, m, n, ldh, ldz int), ldh and ldz in bytes", "MOVQ", 32,
		[]param{{"h", "DI"}, {"c", "SI"}, {"cPrev", "DX"}, {"z", "AX"}, {"m", "CX"}, {"n", "BX"}, {"ldh", "R10"}, {"ldz", "R9"}})
	row, loop, tail, next, end := e.fresh("row"), e.fresh("group"), e.fresh("tail"), e.fresh("next"), e.fresh("end")
	e.op("SHRQ $3, BX")
	e.op("JZ %s", tail)
	e.op("MOVQ SP, R12") // the first group has none before it
	e.op("VXORPS Y0, Y0, Y0")
	e.op("VMOVUPS Y0, (R12)")
	e.op("VXORPS Y4, Y4, Y4")
	e.label(row)
	e.op("MOVQ AX, R8")
	e.op("XORQ R11, R11")
	e.op("MOVQ BX, R14")
	e.label(loop)
	gatesGroup(e, keep)
	e.op("ADDQ $128, R8")
	e.op("ADDQ $32, R11")
	e.op("DECQ R14")
	e.op("JNZ %s", loop)
	nextRow(e, row)
	exp2s(e, []string{"Y4"}, []string{"Y9"}, []string{"Y14"}, "Y15")
	pendingH(e)
	e.label(tail)
	e.op("MOVQ n+40(FP), R14")
	e.op("ANDQ $7, R14")
	e.op("JZ %s", end)
	gatesTails(e, next, keep)
	e.label(end)
	e.end()
}

func nextRow(e *emitter, row string) {
	for _, reg := range []string{"DI", "SI", "DX"} {
		e.op("ADDQ R10, %s", reg)
	}
	e.op("ADDQ R9, AX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
}

// gatesGroup takes one group and the pending one, whose c·tanhScale is in Y4 and
// whose 1+e_o is where its h will be.
func gatesGroup(e *emitter, keep bool) {
	q := lanes{}.quarters()
	for i := range 4 {
		e.op("VMOVUPS %s, Y%d", q[i], i)
	}
	exp2s(e, regs(0, 5), regs(5, 5), regs(10, 5), "Y15")
	pendingH(e)
	combine(e, lanes{}, q, keep)
	e.op("LEAQ (DI)(R11*1), R12")
	e.op("VMOVUPS Y9, (R12)")
	e.op("VBROADCASTSS %s, Y15", at8("tanh"))
	e.op("VMULPS Y15, Y8, Y4")
}

// pendingH finishes h = (1−e_c)/((1+e_o)·(1+e_c)) at R12, e_c in Y4; Y15 becomes 1.
func pendingH(e *emitter) {
	e.op("VBROADCASTSS %s, Y15", at8("one"))
	e.op("VSUBPS Y4, Y15, Y10")
	e.op("VADDPS Y4, Y15, Y11")
	e.op("VMULPS (R12), Y11, Y11")
	e.op("VDIVPS Y11, Y10, Y10")
	e.op("VMOVUPS Y10, (R12)")
}

// combine takes the four powers in Y0 to Y3 and 1 in Y15 to c in Y8, which it
// stores, and 1+e_o in Y9.
func combine(e *emitter, l lanes, q [4]string, keep bool) {
	e.op("VADDPS Y0, Y15, Y5")
	e.op("VADDPS Y1, Y15, Y6")
	e.op("VADDPS Y2, Y15, Y7")
	e.op("VSUBPS Y2, Y15, Y8")
	e.op("VADDPS Y3, Y15, Y9")
	if keep {
		e.op("VDIVPS Y5, Y15, Y0")
		e.op("VDIVPS Y6, Y15, Y1")
		e.op("VDIVPS Y7, Y8, Y2")
		e.op("VDIVPS Y9, Y15, Y3")
		for i := range 4 {
			l.store(e, fmt.Sprintf("Y%d", i), q[i])
		}
	}
	l.load(e, "(DX)(R11*1)", "Y10")
	e.op("VMULPS Y5, Y7, Y5")       // a
	e.op("VMULPS Y6, Y8, Y8")       // (1−e_g)·b
	e.op("VMULPS Y5, Y6, Y6")       // a·b
	e.op("VFMADD231PS Y10, Y5, Y8") // + c·a
	e.op("VDIVPS Y6, Y8, Y8")
	l.store(e, "Y8", "(SI)(R11*1)")
}

// gatesTails takes the last units, R14 of them, of all rows.
func gatesTails(e *emitter, next string, keep bool) {
	e.op("MOVQ h+0(FP), DI")
	e.op("MOVQ c+8(FP), SI")
	e.op("MOVQ cPrev+16(FP), DX")
	e.op("MOVQ z+24(FP), R8")
	e.op("MOVQ m+32(FP), CX")
	e.op("MOVQ BX, R11")
	e.op("SHLQ $7, BX")
	e.op("ADDQ BX, R8")
	e.op("SHLQ $5, R11")
	tailSetup(e, "R14", "Y12")
	e.label(next)
	gatesTail(e, keep)
	for _, reg := range []string{"DI", "SI", "DX"} {
		e.op("ADDQ R10, %s", reg)
	}
	e.op("ADDQ R9, R8")
	e.op("DECQ CX")
	e.op("JNZ %s", next)
}

// gatesTail takes the units that the mask in Y12 names, sums at R8, state at R11
// past DI, SI and DX.
func gatesTail(e *emitter, keep bool) {
	l := lanes{mask: "Y12"}
	q := l.quarters()
	for i := range 4 {
		l.load(e, q[i], fmt.Sprintf("Y%d", i))
	}
	exp2s(e, regs(0, 4), regs(4, 4), regs(8, 4), "Y15")
	combine(e, l, q, keep)
	finishH(e, l)
}

// finishH takes c in Y8 and 1+e_o in Y9 to h.
func finishH(e *emitter, l lanes) {
	e.op("VBROADCASTSS %s, Y15", at8("tanh"))
	e.op("VMULPS Y15, Y8, Y4")
	exp2s(e, []string{"Y4"}, []string{"Y5"}, []string{"Y6"}, "Y15")
	e.op("VSUBPS Y4, Y15, Y10")
	e.op("VADDPS Y4, Y15, Y11")
	e.op("VMULPS Y9, Y11, Y11")
	e.op("VDIVPS Y11, Y10, Y10")
	l.store(e, "Y10", "(DI)(R11*1)")
}
