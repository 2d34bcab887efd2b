package main

// gatesBackward writes f32.GatesBackward. The registers are those of gates, but SI is dh,
// DI dc and DX h.
func gatesBackward(e *emitter) {
	e.function8("gatesBackwardAVX2", "func gatesBackwardAVX2(z, dc, dh, h, cPrev *float32, m, n, ldz, ldh int), ldz and ldh in bytes",
		[]param{{"z", "AX"}, {"dc", "DI"}, {"dh", "SI"}, {"h", "DX"}, {"cPrev", ""}, {"m", "CX"}, {"n", "BX"}, {"ldz", "R9"}, {"ldh", ""}})
	row, loop, tail, done := e.fresh("row"), e.fresh("group"), e.fresh("tail"), e.fresh("done")
	prefetchOffsets(e, "R10", "R11")
	e.op("VBROADCASTSS %s, Y15", at8("one"))
	e.op("MOVQ BX, R10")
	e.op("ANDQ $7, R10")
	tailSetup(e, "R10", "Y12")
	e.label(row)
	e.op("MOVQ AX, R8")
	e.op("XORQ R11, R11")
	e.op("MOVQ BX, R14")
	e.op("SHRQ $3, R14")
	e.op("JZ %s", tail)
	e.label(loop)
	prefetchBefore(e, 2, "R13")
	e.op("ADDQ cPrev+32(FP), R13")
	e.op("PREFETCHT0 (R13)")
	backwardGroup(e, lanes{})
	e.op("ADDQ $128, R8")
	e.op("ADDQ $32, R11")
	e.op("DECQ R14")
	e.op("JNZ %s", loop)
	e.label(tail)
	e.op("TESTQ R10, R10")
	e.op("JZ %s", done)
	backwardGroup(e, lanes{"Y12", "Y10"})
	e.label(done)
	e.op("LEAQ (DI)(BX*4), DI")
	e.op("LEAQ (DX)(BX*4), DX")
	e.op("ADDQ ldh+64(FP), SI")
	e.op("MOVQ cPrev+32(FP), R11")
	e.op("LEAQ (R11)(BX*4), R11")
	e.op("MOVQ R11, cPrev+32(FP)")
	e.op("ADDQ R9, AX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.end()
}

func backwardGroup(e *emitter, l lanes) {
	if l.mask != "" {
		e.op("LEAQ (R12)(R12*2), R13")
	}
	q := l.quarters()
	for i, reg := range []string{"Y0", "Y1", "Y2", "Y3"} {
		l.load(e, q[i], reg)
	}
	l.load(e, "(DX)(R11*1)", "Y4")
	e.op("VDIVPS Y3, Y4, Y4")      // y = tanh(c) = h/o
	l.load(e, "(SI)(R11*1)", "Y5") // dh
	l.load(e, "(DI)(R11*1)", "Y6") // dc
	e.op("VMOVAPS Y15, Y7")
	e.op("VFNMADD231PS Y4, Y4, Y7") // 1 − y²
	e.op("VMULPS Y3, Y5, Y8")       // dh·o
	e.op("VFMADD231PS Y7, Y8, Y6")  // d = dc + dh·o·(1 − y²)
	e.op("VMULPS Y4, Y5, Y5")       // dh·y
	oneMinus := func(x, dst string) {
		e.op("VSUBPS %s, Y15, %s", x, dst)
		e.op("VMULPS %s, %s, %s", x, dst, dst)
	}
	oneMinus("Y3", "Y8")
	e.op("VMULPS Y8, Y5, Y8")
	l.store(e, "Y8", q[3])
	oneMinus("Y0", "Y8")
	e.op("VMULPS Y2, Y6, Y9")
	e.op("VMULPS Y8, Y9, Y8")
	l.store(e, "Y8", q[0])
	e.op("VMULPS Y0, Y6, Y9")
	e.op("VMOVAPS Y15, Y8")
	e.op("VFNMADD231PS Y2, Y2, Y8")
	e.op("VMULPS Y8, Y9, Y8")
	l.store(e, "Y8", q[2])
	e.op("MOVQ cPrev+32(FP), R13")
	l.load(e, "(R13)(R11*1)", "Y9")
	oneMinus("Y1", "Y8")
	e.op("VMULPS Y6, Y9, Y9")
	e.op("VMULPS Y8, Y9, Y8")
	l.store(e, "Y8", q[1])
	e.op("VMULPS Y1, Y6, Y6")
	l.store(e, "Y6", "(DI)(R11*1)")
}

// prefetchOffsets puts the distances to the same row of the previous timestep, which a backward
// pass needs next, in place of the arguments m and n: of z, and of h and cPrev. The rows are
// adjacent, m in CX and n in BX.
func prefetchOffsets(e *emitter, z, h string) {
	e.op("MOVQ CX, %s", z)
	e.op("NEGQ %s", z)
	e.op("MOVQ %s, %s", z, h)
	e.op("IMULQ ldz+56(FP), %s", z)
	e.op("IMULQ BX, %s", h)
	e.op("SHLQ $2, %s", h)
	e.op("MOVQ %s, m+40(FP)", z)
	e.op("MOVQ %s, n+48(FP)", h)
}

// prefetchBefore prefetches that row: lines of z at R8, h at DX and what else is at an operand
// with the offset in reg, R11 further. They come from main memory if the sequences are long.
func prefetchBefore(e *emitter, lines int, reg string, more ...string) {
	e.op("MOVQ m+40(FP), %s", reg)
	for line := range lines {
		e.op("PREFETCHT0 %d(R8)(%s*1)", 64*line, reg)
	}
	e.op("MOVQ n+48(FP), %s", reg)
	e.op("ADDQ R11, %s", reg)
	for _, at := range append([]string{"(DX)(" + reg + "*1)"}, more...) {
		e.op("PREFETCHT0 %s", at)
	}
}
