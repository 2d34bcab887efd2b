package main

// unitGates computes c of sixteen units from their z at R13, where each group has those of i
// and g and those of f and o. Registers of sixteen words hold the units 0–3, 8–11, 4–7, 12–15.
// Over z it stores what unitOutputs takes: z of tanh(c), and the output gate.
func (e *integer) unitGates() {
	for half := range 2 {
		e.op("VMOVDQU %d(R13), Y4", 32*half)
		e.op("VMOVDQU %d(R13), Y5", 64+32*half)
		e.op("VPUNPCKLQDQ Y5, Y4, Y%d", half)
		e.op("VPUNPCKHQDQ Y5, Y4, Y%d", 2+half)
	}
	e.decayPair(0, 1, 4, 5)
	e.decayPair(2, 3, 6, 7)
	e.op("VMOVDQU %s, Y15", lanesOf("most"))
	e.op("VPSRAW $15, Y1, Y1")
	e.op("VPXOR Y1, Y5, Y5") // 2^16·(1−f)
	e.sigmoid(4, 0)
	e.sigmoid(7, 3)
	e.op("VMOVDQU Y7, 32(R13)")
	e.op("VPXOR Y15, Y6, Y6")  // 1−2u
	e.op("VPSIGNW Y2, Y6, Y6") // g
	e.op("VPMULLW Y4, Y6, Y0")
	e.op("VPMULHW Y4, Y6, Y1")
	e.op("VPXOR Y14, Y14, Y14")
	for half, unpack := range []string{"VPUNPCKLWD", "VPUNPCKHWD"} {
		at, new := 32*half, 2+half
		e.op("%s Y1, Y0, Y%d", unpack, new) // i·g
		e.op("%s Y14, Y5, Y8", unpack)
		e.op("VMOVDQU %d(DI), Y9", at)
		e.op("VPADDD %s, Y%d, Y%d", lanesOf("half9"), new, new)
		e.op("VPSRAD $16, Y9, Y10")
		e.op("VPAND %s, Y9, Y11", lanesOf("low"))
		e.op("VPSRAD $10, Y%d, Y%d", new, new)
		e.op("VPMULLD Y8, Y10, Y10") // c·(1−f), from the halves of c
		e.op("VPMULLD Y8, Y11, Y11")
		e.op("VPADDD Y9, Y%d, Y%d", new, new)
		e.op("VPADDD %s, Y11, Y11", lanesOf("half15"))
		e.op("VPSRLD $16, Y11, Y11")
		e.op("VPSUBD Y10, Y%d, Y%d", new, new)
		e.op("VPSUBD Y11, Y%d, Y%d", new, new)
		e.op("VPMINSD %s, Y%d, Y%d", lanesOf("maxCell"), new, new)
		e.op("VPMAXSD %s, Y%d, Y%d", lanesOf("minCell"), new, new)
		e.op("VMOVDQU Y%d, %d(DI)", new, at)
		e.op("VPADDD %s, Y%d, Y%d", lanesOf("half7"), new, new)
		e.op("VPSRAD $8, Y%d, Y%d", new, new)
	}
	e.op("VPACKSSDW Y3, Y2, Y0")
	e.op("VMOVDQU Y0, (R13)")
}

// unitOutputs computes h of sixteen units from what unitGates stored.
func (e *integer) unitOutputs() {
	e.op("VMOVDQU (R13), Y0")
	e.decay(0, 2)
	e.op("VPXOR %s, Y2, Y2", lanesOf("most"))
	e.op("VPSIGNW Y0, Y2, Y2") // tanh(c)
	e.op("VPMULHRSW 32(R13), Y2, Y2")
	e.op("VPADDSW %s, Y2, Y2", lanesOf("four"))
	e.op("VPSRAW $3, Y2, Y2")
	e.op("VPERMQ $0xd8, Y2, Y2")
	e.op("VMOVDQU Y2, (SI)")
	e.op("VEXTRACTI128 $1, Y2, X3")
	for half := range 2 {
		e.op("VPMOVSXWD X%d, Y%d", 2+half, 2+half)
		e.op("VCVTDQ2PS Y%d, Y%d", 2+half, 2+half)
		e.op("VMULPS %s, Y%d, Y%d", lanesOf("one"), 2+half, 2+half)
		e.op("VMOVUPS Y%d, %d(DX)", 2+half, 32*half)
	}
}

// sigmoid replaces u by σ: half of u, or its complement where z is not negative. z is lost.
func (e *integer) sigmoid(u, z int) {
	e.op("VPSRAW $15, Y%d, Y%d", z, z)
	e.op("VPANDN Y15, Y%d, Y%d", z, z)
	e.op("VPSRLW $1, Y%d, Y%d", u, u)
	e.op("VPXOR Y%d, Y%d, Y%d", z, u, u)
}

// parts sets t to the fraction of |z|, and k to its unit.
func (e *integer) parts(z, t, k int) {
	e.op("VPABSW Y%d, Y%d", z, t)
	e.op("VPMINUW %s, Y%d, Y%d", lanesOf("most"), t, t)
	e.op("VPSRLW $11, Y%d, Y%d", t, k)
	e.op("VPSLLW $4, Y%d, Y%d", t, t)
	e.op("VPAND %s, Y%d, Y%d", lanesOf("fraction"), t, t)
}

// decayPair writes u = decay(z) for two registers. Y8 to Y15 are scratch.
func (e *integer) decayPair(z0, z1, u0, u1 int) {
	if e.wide {
		e.decay(z0, u0)
		e.decay(z1, u1)
		return
	}
	e.parts(z0, 8, 10)
	e.parts(z1, 9, 11)
	e.op("VPACKUSWB Y11, Y10, Y10")
	for j := 3; j >= 0; j-- {
		to := []int{12, 13}
		if j == 3 {
			to = []int{u0, u1}
		}
		e.op("VMOVDQU cubics<>+%d(SB), Y14", 64*j)
		e.op("VMOVDQU cubics<>+%d(SB), Y15", 64*j+32)
		e.op("VPSHUFB Y10, Y14, Y14")
		e.op("VPSHUFB Y10, Y15, Y15")
		e.op("VPUNPCKLBW Y15, Y14, Y%d", to[0])
		e.op("VPUNPCKHBW Y15, Y14, Y%d", to[1])
		if j < 3 {
			for i, u := range []int{u0, u1} {
				e.op("VPMULHRSW Y%d, Y%d, Y%d", 8+i, u, u)
				e.op("VPADDW Y%d, Y%d, Y%d", to[i], u, u)
			}
		}
	}
}

// decay writes u = decay(z) for one register. Y8 to Y12 are scratch.
func (e *integer) decay(z, u int) {
	e.parts(z, 8, 10)
	if !e.wide {
		e.op("VPACKUSWB Y10, Y10, Y10")
	}
	for j := 3; j >= 0; j-- {
		to := 11
		if j == 3 {
			to = u
		}
		if e.wide {
			e.op("VPERMW cubics<>+%d(SB), Y10, Y%d", 32*j, to)
		} else {
			e.op("VMOVDQU cubics<>+%d(SB), Y11", 64*j)
			e.op("VMOVDQU cubics<>+%d(SB), Y12", 64*j+32)
			e.op("VPSHUFB Y10, Y11, Y11")
			e.op("VPSHUFB Y10, Y12, Y12")
			e.op("VPUNPCKLBW Y12, Y11, Y%d", to)
		}
		if j < 3 {
			e.op("VPMULHRSW Y8, Y%d, Y%d", u, u)
			e.op("VPADDW Y11, Y%d, Y%d", u, u)
		}
	}
}
