package main

// adam writes f32.Adam for groups of eight values and the last n mod 8. It multiplies
// and adds separately, so that the results equal those of the generic loop to the bit.
func adam(e *emitter) {
	e.function8("adamAVX2", "func adamAVX2(p, d, m, v, rates *float32, n int)",
		[]param{{"p", "DI"}, {"d", "SI"}, {"m", "DX"}, {"v", "BX"}, {"rates", "AX"}, {"n", "R14"}})
	for i := range 8 {
		e.op("VBROADCASTSS %d(AX), Y%d", 4*i, 8+i)
	}
	loop, tail, end := e.fresh("eight"), e.fresh("tail"), e.fresh("end")
	e.op("SUBQ $8, R14")
	e.op("JLT %s", tail)
	e.label(loop)
	adamEight(e, lanes{})
	for _, reg := range []string{"DI", "SI", "DX", "BX"} {
		e.op("ADDQ $32, %s", reg)
	}
	e.op("SUBQ $8, R14")
	e.op("JGE %s", loop)
	e.label(tail)
	e.op("ADDQ $8, R14")
	e.op("JZ %s", end)
	tailSetup(e, "R14", "Y7")
	adamEight(e, lanes{"Y7", "Y4"})
	e.label(end)
	e.end()
}

// adamEight updates eight values, with β₁, 1−β₁, β₂, 1−β₂, root, ε, keep and rate in Y8 to
// Y15.
func adamEight(e *emitter, l lanes) {
	l.load(e, "(SI)", "Y0")
	l.load(e, "(DX)", "Y1")
	l.load(e, "(BX)", "Y2")
	e.op("VMULPS Y8, Y1, Y1")
	e.op("VMULPS Y9, Y0, Y3")
	e.op("VADDPS Y3, Y1, Y1")
	l.store(e, "Y1", "(DX)")
	e.op("VMULPS Y0, Y0, Y0")
	e.op("VMULPS Y11, Y0, Y0")
	e.op("VMULPS Y10, Y2, Y2")
	e.op("VADDPS Y0, Y2, Y2")
	l.store(e, "Y2", "(BX)")
	e.op("VSQRTPS Y2, Y2")
	e.op("VMULPS Y12, Y2, Y2")
	e.op("VADDPS Y13, Y2, Y2")
	e.op("VDIVPS Y2, Y1, Y1")
	e.op("VMULPS Y15, Y1, Y1")
	l.load(e, "(DI)", "Y3")
	e.op("VMULPS Y14, Y3, Y3")
	e.op("VSUBPS Y1, Y3, Y3")
	l.store(e, "Y3", "(DI)")
}
