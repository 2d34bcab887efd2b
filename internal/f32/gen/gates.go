package main

import "fmt"

// gates writes the gates of n units in rows that are ldh units apart. Three sweeps over
// all rows compute the powers of two of all sums, c, and h. Each loop body is short enough
// for the processor to overlap many iterations.
//
//	DI h, SI c, DX cPrev, AX z of the row; R11 offset of the group in bytes, R8 its sums
//	BX n, R9 ldz, R10 ldh; CX rows left; R14 groups left; Y12 the tail's mask
func gates(e *emitter, keep bool) {
	name := "gatesAVX2"
	if keep {
		name = "gatesKeepAVX2"
	}
	e.function8(name, "func "+name+"(h, c, cPrev, z *float32, m, n, ldh, ldz int), ldh and ldz in bytes",
		[]param{{"h", "DI"}, {"c", "SI"}, {"cPrev", "DX"}, {"z", "AX"}, {"m", "CX"}, {"n", "BX"}, {"ldh", "R10"}, {"ldz", "R9"}})
	powers(e, keep)
	e.op("MOVQ z+24(FP), AX")
	e.op("MOVQ BX, R14")
	e.op("ANDQ $7, R14")
	tailSetup(e, "R14", "Y12")
	e.op("VBROADCASTSS %s, Y15", at8("one"))
	e.op("VBROADCASTSS %s, Y14", at8("tanh"))
	sweep(e, 1, "Y13", func(l lanes, _ int) { cellGroup(e, l, keep) })
	for i, reg := range []string{"DI", "SI", "DX", "AX"} {
		e.op("MOVQ %s+%d(FP), %s", []string{"h", "c", "cPrev", "z"}[i], 8*i, reg)
	}
	hold(e, hiddenHeld)
	sweep(e, 2, "Y7", func(l lanes, groups int) { hiddenGroups(e, l, groups, keep) })
	e.end()
}

// powers replaces z by 2^z in all rows. If the gate values are kept, z is too large for
// the cache, so the sums of the next units are prefetched.
func powers(e *emitter, keep bool) {
	row, four, some, one, odd, next := e.fresh("row"), e.fresh("four"), e.fresh("some"), e.fresh("one"), e.fresh("odd"), e.fresh("next")
	held := []heldConstant{{"top", "Y13"}, {"bottom", "Y14"}, {"one", "Y15"}}
	hold(e, held)
	vectors := func(n int, width string) {
		x := regs(0, n)
		for i := range n {
			e.op("VMOVUPS %d(R8), %s", 32*i, width+x[i][1:])
		}
		exp2s(e, x, regs(n, n), regs(2*n, n), "Y12", held...)
		for i := range n {
			e.op("VMOVUPS %s, %d(R8)", width+x[i][1:], 32*i)
		}
		e.op("ADDQ $%d, R8", 32*n)
	}
	e.label(row)
	e.op("MOVQ AX, R8")
	e.op("MOVQ BX, R14")
	e.op("SHRQ $1, R14") // vectors
	e.op("SUBQ $4, R14")
	e.op("JLT %s", some)
	e.label(four)
	if keep {
		e.op("PREFETCHT0 256(R8)")
		e.op("PREFETCHT0 320(R8)")
	}
	vectors(4, "Y")
	e.op("SUBQ $4, R14")
	e.op("JGE %s", four)
	e.label(some)
	e.op("ADDQ $4, R14")
	e.op("JZ %s", odd)
	e.label(one)
	vectors(1, "Y")
	e.op("DECQ R14")
	e.op("JNZ %s", one)
	e.label(odd)
	e.op("TESTQ $1, BX")
	e.op("JZ %s", next)
	vectors(1, "X") // four more values
	e.label(next)
	e.op("ADDQ R9, AX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.op("MOVQ m+32(FP), CX")
}

// sweep writes a loop over the groups of all rows, several at a time as long as there are
// enough, followed by the last n mod 8 units, for which temp is scratch.
func sweep(e *emitter, together int, temp string, body func(l lanes, groups int)) {
	row, loop, single, tail, next := e.fresh("row"), e.fresh("groups"), e.fresh("single"), e.fresh("tail"), e.fresh("next")
	e.label(row)
	e.op("MOVQ AX, R8")
	e.op("XORQ R11, R11")
	e.op("MOVQ BX, R14")
	walk := func(at, out string, groups int) {
		e.op("SUBQ $%d, R14", 8*groups)
		e.op("JLT %s", out)
		e.label(at)
		body(lanes{}, groups)
		e.op("ADDQ $%d, R8", 128*groups)
		e.op("ADDQ $%d, R11", 32*groups)
		e.op("SUBQ $%d, R14", 8*groups)
		e.op("JGE %s", at)
		e.label(out)
		e.op("ADDQ $%d, R14", 8*groups)
	}
	if together > 1 {
		walk(loop, single, together)
	}
	walk(loop+"a", tail, 1)
	e.op("JZ %s", next)
	body(lanes{"Y12", temp}, 1)
	e.label(next)
	for _, reg := range []string{"DI", "SI", "DX"} {
		e.op("ADDQ R10, %s", reg)
	}
	e.op("ADDQ R9, AX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.op("MOVQ m+32(FP), CX")
}

// cellGroup computes c from the powers of a group at R8 and stores c·tanhScale in place of
// h. If keep is set, the gate values except o replace the powers.
func cellGroup(e *emitter, l lanes, keep bool) {
	q := l.quarters()
	for i := range 3 {
		l.load(e, q[i], fmt.Sprintf("Y%d", i))
	}
	combine(e, l, q, keep)
	e.op("VMULPS Y14, Y8, Y8")
	l.store(e, "Y8", "(DI)(R11*1)")
}

// combine computes and stores c in Y8 from the powers of i, f and g in Y0 to Y2 and 1 in
// Y15.
func combine(e *emitter, l lanes, q [4]string, keep bool) {
	l.load(e, "(DX)(R11*1)", "Y10")
	e.op("VADDPS Y0, Y15, Y5")
	e.op("VADDPS Y1, Y15, Y6")
	e.op("VADDPS Y2, Y15, Y7")
	e.op("VSUBPS Y2, Y15, Y8")
	if keep {
		e.op("VDIVPS Y5, Y15, Y0")
		e.op("VDIVPS Y6, Y15, Y1")
		e.op("VDIVPS Y7, Y8, Y2")
		for i := range 3 {
			l.store(e, fmt.Sprintf("Y%d", i), q[i])
		}
	}
	e.op("VMULPS Y5, Y7, Y5")       // a
	e.op("VMULPS Y6, Y8, Y8")       // (1−e_g)·b
	e.op("VMULPS Y5, Y6, Y6")       // a·b
	e.op("VFMADD231PS Y10, Y5, Y8") // + c·a
	e.op("VDIVPS Y6, Y8, Y8")
	l.store(e, "Y8", "(SI)(R11*1)")
}

// hiddenHeld lists the constants that have registers in hiddenGroups.
var hiddenHeld = []heldConstant{{"one", "Y15"}, {"top", "Y14"}, {"bottom", "Y13"}, {"p4", "Y11"}, {"p3", "Y10"}, {"p2", "Y9"}, {"p1", "Y8"}}

// hiddenGroups computes h = (1−e_c)/((1+e_o)·(1+e_c)) from c·tanhScale in h and the power of
// o in z.
func hiddenGroups(e *emitter, l lanes, groups int, keep bool) {
	x, n, p := regs(0, groups), regs(2, groups), regs(4, groups)
	for i := range groups {
		l.load(e, fmt.Sprintf("%d(DI)(R11*1)", 32*i), x[i])
	}
	exp2s(e, x, n, p, "", hiddenHeld...)
	for i := range groups {
		o := l.quarters()[3]
		if l.mask == "" {
			o = fmt.Sprintf("%d(R8)", 96+128*i)
		}
		l.load(e, o, n[i])
		e.op("VADDPS %s, Y15, %s", n[i], n[i])
		if keep {
			e.op("VDIVPS %s, Y15, %s", n[i], p[i])
			l.store(e, p[i], o)
		}
		hidden(e, l, x[i], n[i], p[i], fmt.Sprintf("%d(DI)(R11*1)", 32*i))
	}
}

// hidden computes and stores h from e_c in x, 1+e_o in q and 1 in Y15; t is scratch.
func hidden(e *emitter, l lanes, x, q, t, h string) {
	e.op("VSUBPS %s, Y15, %s", x, t)
	e.op("VADDPS %s, Y15, %s", x, x)
	e.op("VMULPS %s, %s, %s", q, x, x)
	e.op("VDIVPS %s, %s, %s", x, t, t)
	l.store(e, t, h)
}
