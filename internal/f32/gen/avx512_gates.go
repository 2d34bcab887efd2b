package main

// gates512 writes the gates of n units in rows that are ldh units apart. Blocks of
// sixteen units form a pipeline: the powers of the four gates of one block are computed
// together with the power for tanh(c) of the previous block, whose h is pending. The
// last n mod 16 units of all rows follow.
//
//	DI h, SI c, DX cPrev, AX z of the row; R11 and R8 as for units
//	BX n, R9 ldz, R10 ldh; CX rows left; R14 blocks left
//	R12 the pending h, Z15 its 1+e_o, Z4 its c·tanhScale
func gates512(e *emitter, keep bool) {
	name := "gatesAVX512"
	if keep {
		name = "gatesKeepAVX512"
	}
	e.function(name, "func "+name+"(h, c, cPrev, z *float32, m, n, ldh, ldz int), ldh and ldz in bytes", "MOVQ", 64,
		[]param{{"h", "DI"}, {"c", "SI"}, {"cPrev", "DX"}, {"z", "AX"}, {"m", "CX"}, {"n", "BX"}, {"ldh", "R10"}, {"ldz", "R9"}})
	row, loop, tail, end := e.fresh("row"), e.fresh("sixteen"), e.fresh("tail"), e.fresh("end")
	hold512(e)
	e.op("SHRQ $4, BX")
	e.op("JZ %s", tail)
	e.op("MOVQ SP, R12") // the first have none before them
	e.op("VMOVAPS %s, Z15", held512["one"])
	e.op("VPXORD Z4, Z4, Z4")
	e.label(row)
	e.op("MOVQ AX, R8")
	e.op("XORQ R11, R11")
	e.op("MOVQ BX, R14")
	e.label(loop)
	gatesSixteen(e, keep)
	e.op("ADDQ $256, R8")
	e.op("ADDQ $64, R11")
	e.op("DECQ R14")
	e.op("JNZ %s", loop)
	for _, reg := range []string{"DI", "SI", "DX"} {
		e.op("ADDQ R10, %s", reg)
	}
	e.op("ADDQ R9, AX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	powers512(e, []string{"Z4"}, []string{"Z9"}, []string{"Z14"})
	pendingH512(e)
	e.label(tail)
	e.op("MOVQ n+40(FP), R12")
	e.op("ANDQ $15, R12")
	e.op("JZ %s", end)
	gatesParts(e, keep)
	e.label(end)
	e.end()
}

// gatesSixteen computes sixteen units and the pending h. If the gate values are kept, z is
// too large for the cache, so the sums of the next units are prefetched.
func gatesSixteen(e *emitter, keep bool) {
	x, f, p := zregs(0, 5), zregs(5, 5), zregs(10, 5)
	for i := range 4 {
		units{}.gate(e, i, x[i])
		if keep {
			e.op("PREFETCHT0 %d(R8)", 256+64*i)
		}
	}
	powers512(e, x, f, p)
	pendingH512(e)
	c, o := combine512(e, units{}, x, f, p, keep, "DX", "SI")
	e.op("LEAQ (DI)(R11*1), R12")
	e.op("VMOVAPS %s, Z15", o)
	e.op("VMULPS %s, %s, Z4", held512["tanh"], c)
}

// pendingH512 finishes h = (1−e_c)/((1+e_o)·(1+e_c)) at R12, e_c in Z4.
func pendingH512(e *emitter) {
	h := finish512(e, "Z4", "Z15", "Z5", "Z6")
	e.op("VMOVUPS %s, (R12)", h)
}

// finish512 computes (1−x)/(o·(1+x)) in a or b and returns that register.
func finish512(e *emitter, x, o, a, b string) string {
	e.op("VSUBPS %s, %s, %s", x, held512["one"], a)
	e.op("VADDPS %s, %s, %s", x, held512["one"], b)
	e.op("VMULPS %s, %s, %s", o, b, b)
	e.op("VDIVPS %s, %s, %s", b, a, a)
	return a
}

// combine512 computes and stores c from the powers of the gates in x, and returns the
// registers of c and of 1+e_o. f and p are scratch. If keep is set, the gate values
// replace the sums.
func combine512(e *emitter, u sixteen, x, f, p []string, keep bool, cPrev, c string) (newC, o string) {
	one := held512["one"]
	i, b, g, rest, a, ab := f[0], f[1], f[2], f[3], p[1], p[2]
	o = p[0]
	e.op("VADDPS %s, %s, %s", x[0], one, i)
	e.op("VADDPS %s, %s, %s", x[1], one, b)
	e.op("VADDPS %s, %s, %s", x[2], one, g)
	e.op("VSUBPS %s, %s, %s", x[2], one, rest)
	e.op("VADDPS %s, %s, %s", x[3], one, o)
	if keep {
		for gate, divisor := range []string{i, b, g, o} {
			dividend := one
			if gate == 2 {
				dividend = rest
			}
			e.op("VDIVPS %s, %s, %s", divisor, dividend, x[gate])
			u.setGate(e, x[gate], gate)
		}
	}
	u.row(e, cPrev, p[3])
	e.op("VMULPS %s, %s, %s", i, g, a)
	e.op("VMULPS %s, %s, %s", b, rest, rest)
	e.op("VMULPS %s, %s, %s", a, b, ab)
	e.op("VFMADD231PS %s, %s, %s", p[3], a, rest) // + c·a
	e.op("VDIVPS %s, %s, %s", ab, rest, rest)
	u.setRow(e, rest, c)
	return rest, o
}

// A sixteen is the units that fill a register: sixteen of a row, or four of four rows.
type sixteen interface {
	setGate(e *emitter, reg string, gate int)
	row(e *emitter, at, reg string)
	setRow(e *emitter, reg, at string)
}

// wholeGates computes h from the sums of units, without a pipeline.
func wholeGates(e *emitter, u units, keep bool, cPrev, c string) {
	for i, reg := range zregs(11, 4) {
		u.gate(e, i, reg)
	}
	gatesOf(e, u, keep, cPrev, c)
}

// gatesOf computes h from the sums in Z11 to Z14, in Z11 to Z22.
func gatesOf(e *emitter, u sixteen, keep bool, cPrev, c string) {
	x, f, p := zregs(11, 4), zregs(15, 4), zregs(19, 4)
	powers512(e, x, f, p)
	newC, o := combine512(e, u, x, f, p, keep, cPrev, c)
	e.op("VMULPS %s, %s, %s", held512["tanh"], newC, x[0])
	powers512(e, x[:1], x[1:2], x[2:3])
	u.setRow(e, finish512(e, x[0], o, x[1], x[2]), "DI")
}

// gatesParts computes the last R12 units of all rows.
func gatesParts(e *emitter, keep bool) {
	next := e.fresh("next")
	e.op("MOVQ h+0(FP), DI")
	e.op("MOVQ c+8(FP), SI")
	e.op("MOVQ cPrev+16(FP), DX")
	e.op("MOVQ z+24(FP), R8")
	e.op("MOVQ m+32(FP), CX")
	e.op("MOVQ BX, R11")
	e.op("SHLQ $8, BX")
	e.op("ADDQ BX, R8")
	e.op("SHLQ $6, R11")
	masks512(e)
	e.label(next)
	wholeGates(e, units{part: true}, keep, "DX", "SI")
	for _, reg := range []string{"DI", "SI", "DX"} {
		e.op("ADDQ R10, %s", reg)
	}
	e.op("ADDQ R9, R8")
	e.op("DECQ CX")
	e.op("JNZ %s", next)
}

// gatesBackward512 writes f32.GatesBackward.
//
//	AX z of the row, DI dc, SI dh, DX h, R10 cPrev; R11 and R8 as for units
//	BX n, CX rows left, R9 blocks of sixteen left
func gatesBackward512(e *emitter) {
	e.function8("gatesBackwardAVX512", "func gatesBackwardAVX512(z, dc, dh, h, cPrev *float32, m, n, ldz, ldh int), ldz and ldh in bytes",
		[]param{{"z", "AX"}, {"dc", "DI"}, {"dh", "SI"}, {"h", "DX"}, {"cPrev", "R10"}, {"m", "CX"}, {"n", "BX"}, {"ldz", ""}, {"ldh", ""}})
	row, loop, tail, done := e.fresh("row"), e.fresh("sixteen"), e.fresh("tail"), e.fresh("done")
	e.op("VBROADCASTSS %s, %s", constant("one", 1), held512["one"])
	prefetchOffsets(e, "R12", "R13")
	e.op("MOVQ BX, R12")
	e.op("ANDQ $15, R12")
	masks512(e)
	e.label(row)
	e.op("MOVQ AX, R8")
	e.op("XORQ R11, R11")
	e.op("MOVQ BX, R9")
	e.op("SHRQ $4, R9")
	e.op("JZ %s", tail)
	e.label(loop)
	prefetchBefore(e, 4, "R14", "(R10)(R14*1)")
	backwardUnits(e, units{})
	e.op("ADDQ $256, R8")
	e.op("ADDQ $64, R11")
	e.op("DECQ R9")
	e.op("JNZ %s", loop)
	e.label(tail)
	e.op("TESTQ $15, BX")
	e.op("JZ %s", done)
	backwardUnits(e, units{part: true})
	e.label(done)
	for _, reg := range []string{"DI", "DX", "R10"} {
		e.op("LEAQ (%s)(BX*4), %s", reg, reg)
	}
	e.op("ADDQ ldh+64(FP), SI")
	e.op("ADDQ ldz+56(FP), AX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.end()
}

// backwardUnits computes what backwardGroup in package f32 computes.
func backwardUnits(e *emitter, u units) {
	one := held512["one"]
	i, f, g, o, y, dh, d, s, t := "Z0", "Z1", "Z2", "Z3", "Z4", "Z5", "Z6", "Z7", "Z8"
	for q, reg := range []string{i, f, g, o} {
		u.gate(e, q, reg)
	}
	mul := func(a, b, dst string) { e.op("VMULPS %s, %s, %s", a, b, dst) }
	slope := func(x, dst string) { // x·(1−x)
		e.op("VSUBPS %s, %s, %s", x, one, dst)
		mul(x, dst, dst)
	}
	flat := func(x, dst string) { // 1 − x²
		e.op("VMOVAPS %s, %s", one, dst)
		e.op("VFNMADD231PS %s, %s, %s", x, x, dst)
	}
	u.row(e, "DX", y)
	e.op("VDIVPS %s, %s, %s", o, y, y) // tanh(c) = h/o
	u.row(e, "SI", dh)
	u.row(e, "DI", d)
	flat(y, s)
	mul(o, dh, t)
	e.op("VFMADD231PS %s, %s, %s", s, t, d) // d = dc + dh·o·(1 − y²)
	mul(y, dh, dh)
	slope(o, s)
	mul(s, dh, s)
	u.setGate(e, s, 3)
	slope(i, s)
	mul(g, d, t)
	mul(s, t, s)
	u.setGate(e, s, 0)
	flat(g, s)
	mul(i, d, t)
	mul(s, t, s)
	u.setGate(e, s, 2)
	u.row(e, "R10", t)
	slope(f, s)
	mul(d, t, t)
	mul(s, t, s)
	u.setGate(e, s, 1)
	mul(f, d, d)
	u.setRow(e, d, "DI")
}
