package main

import "fmt"

// The kernels of f32.Transform compute in float64, and multiply and add separately, so that
// they give the bits of the generic ones. Tables have blocks of four values.

// transform writes them for AVX2.
func transform(e *emitter) {
	weigh(e)
	stageOne(e)
	stageWide(e)
	split(e)
}

// weigh writes re[i] = x[2i]·w[2i] and im[i] = x[2i+1]·w[2i+1] for groups of four i.
func weigh(e *emitter) {
	e.function8("weighAVX2", "func weighAVX2(re, im *float64, x *float32, w *float64, groups int)",
		[]param{{"re", "DI"}, {"im", "SI"}, {"x", "DX"}, {"w", "BX"}, {"groups", "CX"}})
	loop := e.fresh("weigh")
	e.label(loop)
	e.op("VCVTPS2PD (DX), Y0")
	e.op("VCVTPS2PD 16(DX), Y1")
	e.op("VMULPD (BX), Y0, Y0")
	e.op("VMULPD 32(BX), Y1, Y1")
	for i, reg := range []string{"DI", "SI"} {
		e.op("%s Y1, Y0, Y%d", []string{"VUNPCKLPD", "VUNPCKHPD"}[i], 2+i)
		e.op("VPERMPD $0xd8, Y%d, Y%d", 2+i, 2+i)
		e.op("VMOVUPD Y%d, (%s)", 2+i, reg)
		e.op("ADDQ $32, %s", reg)
	}
	e.op("ADDQ $32, DX")
	e.op("ADDQ $64, BX")
	e.op("DECQ CX")
	e.op("JNZ %s", loop)
	e.end()
}

// stageOne writes the first stage, where four butterflies share a block of twiddles and the
// outputs of each are next to one another.
//
//	DI, R9 outputs; SI, R10 inputs, real and imaginary; R8, R11 bytes of a quarter and thrice that; DX twiddles; CX bytes left of a quarter
func stageOne(e *emitter) {
	e.function8("stageOneAVX2", "func stageOneAVX2(y, x, w *float64, half int)",
		[]param{{"y", "DI"}, {"x", "SI"}, {"w", "DX"}, {"half", "R8"}})
	loop := e.fresh("stage")
	stageSetup(e)
	e.label(loop)
	butterflies(e, "Y", inBlock)
	storeOne(e, "DI", realOutputs)
	storeOne(e, "R9", imaginaryOutputs)
	e.op("ADDQ $128, DI")
	e.op("ADDQ $128, R9")
	e.op("ADDQ $32, SI")
	e.op("ADDQ $32, R10")
	e.op("ADDQ $%d, DX", 6*32)
	e.op("SUBQ $32, CX")
	e.op("JNZ %s", loop)
	e.end()
}

// stageSetup computes R9, R10, R11 and CX. A quarter has twice as many bytes as half has values.
func stageSetup(e *emitter) {
	e.op("LEAQ (DI)(R8*8), R9")
	e.op("LEAQ (SI)(R8*8), R10")
	e.op("SHLQ $1, R8")
	e.op("LEAQ (R8)(R8*2), R11")
	e.op("MOVQ R8, CX")
}

// The registers with the four outputs of butterflies.
var realOutputs, imaginaryOutputs = [4]int{12, 10, 8, 0}, [4]int{13, 11, 9, 4}

// butterflies computes as many butterflies as a register r, Y or Z, has values, of the inputs
// at SI and R10. twiddle returns the operand with values k of the block, or of two.
func butterflies(e *emitter, r string, twiddle func(k int) string) {
	for i, reg := range []string{"SI", "R10"} {
		for q, at := range []string{"(%s)", "(%s)(R8*1)", "(%s)(R8*2)", "(%s)(R11*1)"} {
			e.op("VMOVUPD "+at+", %s%d", reg, r, 4*i+q)
		}
	}
	three := func(op string, a, b, to int) { e.op("%s %s%d, %s%d, %s%d", op, r, a, r, b, r, to) }
	times := func(k, z, to int) { e.op("VMULPD %s, %s%d, %s%d", twiddle(k), r, z, r, to) }
	sumAndDifference := func(a, b, sum int) { // the difference replaces a
		three("VADDPD", b, a, sum)
		three("VSUBPD", b, a, a)
	}
	sumAndDifference(0, 2, 8)  // sr, tr
	sumAndDifference(4, 6, 9)  // si, ti
	sumAndDifference(1, 3, 10) // ur, vr
	sumAndDifference(5, 7, 11) // ui, vi
	three("VADDPD", 10, 8, 12)
	three("VADDPD", 11, 9, 13)
	three("VSUBPD", 10, 8, 8)
	three("VSUBPD", 11, 9, 9)
	three("VADDPD", 5, 0, 10) // tr + vi
	three("VSUBPD", 5, 0, 0)
	three("VSUBPD", 1, 4, 11) // ti − vr
	three("VADDPD", 1, 4, 4)
	for k, z := range [][2]int{{10, 11}, {8, 9}, {0, 4}} {
		re, im := z[0], z[1]
		times(2*k, re, 1)
		times(2*k+1, im, 2)
		times(2*k+1, re, 3)
		times(2*k, im, 5)
		three("VSUBPD", 2, 1, re)
		three("VADDPD", 5, 3, im)
	}
}

// storeOne stores the four outputs of each of four butterflies next to one another.
func storeOne(e *emitter, at string, y [4]int) {
	for i, unpack := range []string{"VUNPCKLPD", "VUNPCKHPD"} {
		e.op("%s Y%d, Y%d, Y1", unpack, y[1], y[0])
		e.op("%s Y%d, Y%d, Y2", unpack, y[3], y[2])
		e.op("VPERM2F128 $0x20, Y2, Y1, Y3")
		e.op("VPERM2F128 $0x31, Y2, Y1, Y5")
		e.op("VMOVUPD Y3, %d(%s)", 32*i, at)
		e.op("VMOVUPD Y5, %d(%s)", 64+32*i, at)
	}
}

// inBlock is the operand with values k of the block at DX.
func inBlock(k int) string { return fmt.Sprintf("%d(DX)", 32*k) }

// stageWide writes a stage of step values between outputs, a multiple of four: each p has
// its block of twiddles.
func stageWide(e *emitter) { wide(e, "stageWideAVX2", "Y", 32, inBlock, func() {}) }

// wide writes a stage for registers r of the given number of bytes. The step is a multiple of
// the values in one of them. load comes before the butterflies of each p.
//
//	BX bytes of a step, R12 three times that, R13 bytes left of p's butterflies, CX bytes left of the quarter
func wide(e *emitter, name, r string, bytes int, twiddle func(k int) string, load func()) {
	e.function8(name, "func "+name+"(y, x, w *float64, half, step int)",
		[]param{{"y", "DI"}, {"x", "SI"}, {"w", "DX"}, {"half", "R8"}, {"step", "BX"}})
	next, loop := e.fresh("p"), e.fresh("q")
	stageSetup(e)
	e.op("SHLQ $3, BX")
	e.op("LEAQ (BX)(BX*2), R12")
	e.label(next)
	load()
	e.op("MOVQ BX, R13")
	e.label(loop)
	butterflies(e, r, twiddle)
	for i, reg := range []string{"DI", "R9"} {
		for q, at := range []string{"(%s)", "(%s)(BX*1)", "(%s)(BX*2)", "(%s)(R12*1)"} {
			e.op("VMOVUPD %s%d, "+at, r, [2][4]int{realOutputs, imaginaryOutputs}[i][q], reg)
		}
	}
	for _, reg := range []string{"DI", "R9", "SI", "R10"} {
		e.op("ADDQ $%d, %s", bytes, reg)
	}
	e.op("SUBQ $%d, R13", bytes)
	e.op("JNZ %s", loop)
	e.op("ADDQ R12, DI")
	e.op("ADDQ R12, R9")
	e.op("ADDQ $%d, DX", 6*32)
	e.op("SUBQ BX, CX")
	e.op("JNZ %s", next)
	e.end()
}

// split writes f32.splitGeneric for half a multiple of eight.
//
//	SI, R10 re and im from k on; R9, R11 the same from half−k−3 on; DI, R8 the powers of both; CX groups
func split(e *emitter) {
	e.function8("splitAVX2", "func splitAVX2(dst *float32, z, w *float64, half int)",
		[]param{{"dst", "DI"}, {"z", "SI"}, {"w", "DX"}, {"half", "CX"}})
	e.op("LEAQ (SI)(CX*8), R10")
	e.op("LEAQ -32(SI)(CX*8), R9")
	e.op("LEAQ -32(R10)(CX*8), R11")
	e.op("LEAQ -16(DI)(CX*4), R8")
	e.op("ADDQ $8, SI")
	e.op("ADDQ $8, R10")
	e.op("ADDQ $4, DI")
	e.op("SHRQ $3, CX")
	loop := e.fresh("split")
	e.label(loop)
	e.op("VMOVUPD (SI), Y0")         // ar
	e.op("VMOVUPD (R10), Y1")        // ai
	e.op("VPERMPD $0x1b, (R9), Y2")  // br
	e.op("VPERMPD $0x1b, (R11), Y3") // bi
	e.op("VADDPD Y2, Y0, Y4")        // er
	e.op("VSUBPD Y3, Y1, Y5")        // ei
	e.op("VADDPD Y3, Y1, Y6")        // or
	e.op("VSUBPD Y0, Y2, Y7")        // oi
	e.op("VMOVUPD (DX), Y8")         // cosines
	e.op("VMOVUPD 32(DX), Y9")       // sines
	e.op("VMULPD Y8, Y6, Y10")
	e.op("VMULPD Y9, Y7, Y11")
	e.op("VADDPD Y11, Y10, Y10") // tr
	e.op("VMULPD Y8, Y7, Y7")
	e.op("VMULPD Y9, Y6, Y6")
	e.op("VSUBPD Y6, Y7, Y7") // ti
	power := func(op string) {
		e.op("%s Y10, Y4, Y0", op)
		e.op("%s Y7, Y5, Y1", op)
		e.op("VMULPD Y0, Y0, Y0")
		e.op("VMULPD Y1, Y1, Y1")
		e.op("VADDPD Y1, Y0, Y0")
		e.op("VCVTPD2PSY Y0, X0")
	}
	power("VADDPD")
	e.op("VMOVUPS X0, (DI)")
	power("VSUBPD")
	e.op("VPERMILPS $0x1b, X0, X0")
	e.op("VMOVUPS X0, (R8)")
	for _, reg := range []string{"SI", "R10"} {
		e.op("ADDQ $32, %s", reg)
	}
	for _, reg := range []string{"R9", "R11"} {
		e.op("SUBQ $32, %s", reg)
	}
	e.op("ADDQ $16, DI")
	e.op("SUBQ $16, R8")
	e.op("ADDQ $64, DX")
	e.op("DECQ CX")
	e.op("JNZ %s", loop)
	e.end()
}
