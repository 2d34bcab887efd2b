package main

// bytesOfActs stores the low bytes of the activations behind z, and behind them the
// high bytes plus 128. R8 becomes the place of the former, and R14 that of the latter.
func (e *integer) bytesOfActs() {
	loop := e.fresh("bytes")
	e.op("LEAQ 1(CX), AX")
	e.op("ANDQ $-2, AX")
	e.op("SHLQ $6, AX")
	e.op("ADDQ R13, AX")
	e.op("LEAQ 3(BX), R12")
	e.op("SHRQ $2, R12")
	e.op("MOVQ R12, R14")
	e.op("SHLQ $4, R14")
	e.op("VMOVDQU %s, Y2", lanesOf("sign"))
	e.op("VMOVDQU %s, Y3", lanesOf("bytes"))
	e.label(loop)
	e.op("VMOVDQU (R8), Y0")
	e.op("VPAND Y3, Y0, Y1")
	e.op("VPSRLW $8, Y0, Y0")
	e.op("VPACKUSWB Y0, Y1, Y1")
	e.op("VPERMQ $0xd8, Y1, Y1")
	e.op("VMOVDQU X1, (AX)")
	e.op("VEXTRACTI128 $1, Y1, X1")
	e.op("VPXOR X2, X1, X1")
	e.op("VMOVDQU X1, (AX)(R14*1)")
	e.op("ADDQ $32, R8")
	e.op("ADDQ $16, AX")
	e.op("DECQ R12")
	e.op("JNZ %s", loop)
	e.op("MOVQ AX, R8")
	e.op("SUBQ R14, R8")
	e.op("MOVQ AX, R14")
}

// dotBytes adds to each lane of d the dot product of its four unsigned bytes of a and signed
// ones of w. Go's assembler has the instruction for AVX-512 alone; this is that of AVX-VNNI.
func (e *integer) dotBytes(w, a, d int) {
	two := ^d>>3&1<<7 | 1<<6 | ^w>>3&1<<5 | 2
	e.op("LONG $0x%08x // VPDPBUSD Y%d, Y%d, Y%d", 0xc4|two<<8|(^a&15<<3|5)<<16|0x50<<24, w, a, d)
	e.op("BYTE $0x%02x", 0xc0|d&7<<3|w&7)
}

// sumsVNNI stores z of all groups: Y0 to Y3 sum products with the low bytes of the
// activations, Y4 to Y7 those with the high bytes. The loop has two runs; it begins with the
// second if their number is odd.
func (e *integer) sumsVNNI() {
	sums, two, second := e.fresh("sums"), e.fresh("two"), e.fresh("second")
	e.turn(128)
	e.label(sums)
	for i := range 4 {
		e.op("VMOVDQU %d(R10), Y%d", 32*i, i)
		e.op("VPXOR Y%d, Y%d, Y%d", 4+i, 4+i, 4+i)
	}
	e.op("XORQ AX, AX")
	e.op("TESTQ $1, BX")
	e.op("JZ %s", two)
	e.op("DECQ AX")
	e.op("SUBQ $128, R9")
	e.op("JMP %s", second)
	e.label(two)
	e.dotsOfRun(0)
	e.label(second)
	e.dotsOfRun(1)
	e.op("ADDQ $256, R9")
	e.op("ADDQ $2, AX")
	e.op("CMPQ AX, BX")
	e.op("JLT %s", two)
	for i := range 4 {
		e.op("VPSLLD $8, Y%d, Y%d", 4+i, 4+i)
		e.op("VPADDD Y%d, Y%d, Y%d", 4+i, i, i)
	}
	e.z(0, 0)
	e.next()
	e.op("DECQ CX")
	e.op("JNZ %s", sums)
}

// dotsOfRun adds the products of a run.
func (e *integer) dotsOfRun(run int) {
	e.op("VPBROADCASTD %d(R8)(AX*4), Y8", 4*run)
	e.op("VPBROADCASTD %d(R14)(AX*4), Y9", 4*run)
	for i := range 4 {
		e.op("VMOVDQU %d(R9), Y%d", 128*run+32*i, 10+i)
		e.dotBytes(10+i, 8, i)
		e.dotBytes(10+i, 9, 4+i)
	}
}

// sumsWide does the same for one or two groups with AVX-512, each with two registers for the low bytes
// of the activations and two for the high ones.
func (e *integer) sumsWide(groups int) {
	run := e.fresh("run")
	for i := range 2 * groups {
		e.op("VMOVDQU32 %d(R10), Z%d", 64*i, 16+i)
		e.op("VPXORD Z%d, Z%d, Z%d", 20+i, 20+i, 20+i)
	}
	e.op("XORQ AX, AX")
	e.label(run)
	e.op("VPBROADCASTD (R8)(AX*4), Z24")
	e.op("VPBROADCASTD (R14)(AX*4), Z25")
	for i := range 2 * groups {
		from := []string{"(R9)", "64(R9)", "(R9)(DX*1)", "64(R9)(DX*1)"}[i]
		e.op("VMOVDQU32 %s, Z%d", from, 26+i)
		e.op("VPDPBUSD Z%d, Z24, Z%d", 26+i, 16+i)
		e.op("VPDPBUSD Z%d, Z25, Z%d", 26+i, 20+i)
	}
	e.op("ADDQ $128, R9")
	e.op("INCQ AX")
	e.op("CMPQ AX, BX")
	e.op("JLT %s", run)
	for i := range 2 * groups {
		e.op("VPSLLD $8, Z%d, Z%d", 20+i, 20+i)
		e.op("VPADDD Z%d, Z%d, Z%d", 20+i, 16+i, 16+i)
		e.op("VPSRLQ $32, Z%d, Z26", 16+i)
		e.op("VPMULDQ %d(R11), Z%d, Z27", 64*i, 16+i)
		e.op("VPMULDQ %d(R11), Z26, Z26", 64*i+4)
		e.op("VSHUFPS $0xdd, Z26, Z27, Z%d", 16+i)
	}
	for i := range groups {
		e.op("VPACKSSDW Z%d, Z%d, Z%d", 17+2*i, 16+2*i, 16+2*i)
		e.op("VMOVDQU32 Z%d, %d(R13)", 16+2*i, 64*i)
	}
}
