package main

import "fmt"

// The kernels of f32.Transform with eight values to a register: two blocks of the tables at
// once. They multiply and add as those of AVX2 do, so that they give the same bits.

// transform512 writes them for AVX-512.
func transform512(e *emitter) {
	orders512(e)
	weigh512(e)
	stageOne512(e)
	stageFour512(e)
	stageWide512(e)
	split512(e)
}

// orders are the permutations of eight values, of two registers where an index is above
// seven.
var orders = []struct {
	name  string
	index [8]int
}{
	{"even", [8]int{0, 2, 4, 6, 8, 10, 12, 14}},
	{"odd", [8]int{1, 3, 5, 7, 9, 11, 13, 15}},
	{"lower", [8]int{0, 1, 8, 9, 2, 3, 10, 11}},   // pairs in turn, of the lower halves
	{"upper", [8]int{4, 5, 12, 13, 6, 7, 14, 15}}, // and of the upper ones
	{"reverse", [8]int{7, 6, 5, 4, 3, 2, 1, 0}},
}

// orders512 writes the permutations.
func orders512(e *emitter) {
	for i, o := range orders {
		for j, v := range o.index {
			e.line(fmt.Sprintf("DATA orders<>+%d(SB)/8, $%d // %s", 8*(8*i+j), v, o.name))
		}
	}
	e.line(fmt.Sprintf("GLOBL orders<>(SB), RODATA|NOPTR, $%d", 64*len(orders)))
}

// order loads a permutation.
func order(e *emitter, name, reg string) {
	for i, o := range orders {
		if o.name == name {
			e.op("VMOVUPD orders<>+%d(SB), %s", 64*i, reg)
			return
		}
	}
	panic("no order " + name)
}

// weigh512 writes re[i] = x[2i]·w[2i] and im[i] = x[2i+1]·w[2i+1] for groups of eight i.
func weigh512(e *emitter) {
	e.function8("weighAVX512", "func weighAVX512(re, im *float64, x *float32, w *float64, groups int)",
		[]param{{"re", "DI"}, {"im", "SI"}, {"x", "DX"}, {"w", "BX"}, {"groups", "CX"}})
	order(e, "even", "Z30")
	order(e, "odd", "Z31")
	loop := e.fresh("weigh")
	e.label(loop)
	e.op("VCVTPS2PD (DX), Z0")
	e.op("VCVTPS2PD 32(DX), Z1")
	e.op("VMULPD (BX), Z0, Z0")
	e.op("VMULPD 64(BX), Z1, Z1")
	e.op("VMOVAPD Z0, Z2")
	e.op("VPERMT2PD Z1, Z30, Z2")
	e.op("VPERMT2PD Z1, Z31, Z0")
	e.op("VMOVUPD Z2, (DI)")
	e.op("VMOVUPD Z0, (SI)")
	e.op("ADDQ $64, DI")
	e.op("ADDQ $64, SI")
	e.op("ADDQ $64, DX")
	e.op("ADDQ $128, BX")
	e.op("DECQ CX")
	e.op("JNZ %s", loop)
	e.end()
}

// The registers with a block's twiddles: cosine and −sine of w, w² and w³.
const twiddles = 16

// twoBlocks loads the twiddles of two blocks, one in each half of a register.
func twoBlocks(e *emitter) {
	for k := range 6 {
		e.op("VMOVUPD %d(DX), Y%d", 32*k, twiddles+k)
		e.op("VINSERTF64X4 $1, %d(DX), Z%d, Z%d", 6*32+32*k, twiddles+k, twiddles+k)
	}
}

// loaded is the register with values k of the twiddles.
func loaded(k int) string { return fmt.Sprintf("Z%d", twiddles+k) }

// stageNarrow writes a stage whose outputs are close to one another: eight butterflies share
// two blocks of twiddles. Registers are those of stageOne.
func stageNarrow(e *emitter, name string, store func(at string, y [4]int)) {
	e.function8(name, "func "+name+"(y, x, w *float64, half int)",
		[]param{{"y", "DI"}, {"x", "SI"}, {"w", "DX"}, {"half", "R8"}})
	order(e, "lower", "Z30")
	order(e, "upper", "Z31")
	loop := e.fresh("stage")
	stageSetup(e)
	e.label(loop)
	twoBlocks(e)
	butterflies(e, "Z", loaded)
	store("DI", realOutputs)
	store("R9", imaginaryOutputs)
	e.op("ADDQ $256, DI")
	e.op("ADDQ $256, R9")
	e.op("ADDQ $64, SI")
	e.op("ADDQ $64, R10")
	e.op("ADDQ $%d, DX", 2*6*32)
	e.op("SUBQ $64, CX")
	e.op("JNZ %s", loop)
	e.end()
}

// stageOne512 writes the first stage, where the outputs of each butterfly are next to one
// another. A quarter is a multiple of eight values.
func stageOne512(e *emitter) {
	stageNarrow(e, "stageOneAVX512", func(at string, y [4]int) {
		for i, unpack := range []string{"VUNPCKLPD", "VUNPCKHPD"} { // butterflies 0, 2, 4, 6, then 1, 3, 5, 7
			e.op("%s Z%d, Z%d, Z1", unpack, y[1], y[0])
			e.op("%s Z%d, Z%d, Z2", unpack, y[3], y[2])
			e.op("VMOVAPD Z1, Z3")
			e.op("VPERMT2PD Z2, Z30, Z3")
			e.op("VPERMT2PD Z2, Z31, Z1")
			for j, z := range []int{3, 1} {
				e.op("VMOVUPD Y%d, %d(%s)", z, 32*i+128*j, at)
				e.op("VEXTRACTF64X4 $1, Z%d, %d(%s)", z, 64+32*i+128*j, at)
			}
		}
	})
}

// stageFour512 writes a stage of four values between outputs: a register has those of two p,
// whose outputs are 16 values apart.
func stageFour512(e *emitter) {
	stageNarrow(e, "stageFourAVX512", func(at string, y [4]int) {
		for i, z := range y {
			e.op("VMOVUPD Y%d, %d(%s)", z, 32*i, at)
			e.op("VEXTRACTF64X4 $1, Z%d, %d(%s)", z, 128+32*i, at)
		}
	})
}

// stageWide512 writes a stage of step values between outputs, a multiple of eight: each p has
// its block of twiddles, four times the same of each.
func stageWide512(e *emitter) {
	wide(e, "stageWideAVX512", "Z", 64, loaded, func() {
		for k := range 6 {
			e.op("VBROADCASTSD %s, %s", inBlock(k), loaded(k))
		}
	})
}

// split512 writes f32.splitGeneric for half a multiple of sixteen.
//
//	SI, R10 re and im from k on; R9, R11 the same from half−k−7 on; DI, R8 the powers of both; CX groups
func split512(e *emitter) {
	e.function8("splitAVX512", "func splitAVX512(dst *float32, z, w *float64, half int)",
		[]param{{"dst", "DI"}, {"z", "SI"}, {"w", "DX"}, {"half", "CX"}})
	order(e, "reverse", "Z31")
	e.op("LEAQ (SI)(CX*8), R10")
	e.op("LEAQ -64(SI)(CX*8), R9")
	e.op("LEAQ -64(R10)(CX*8), R11")
	e.op("LEAQ -32(DI)(CX*4), R8")
	e.op("ADDQ $8, SI")
	e.op("ADDQ $8, R10")
	e.op("ADDQ $4, DI")
	e.op("SHRQ $4, CX")
	loop := e.fresh("split")
	e.label(loop)
	e.op("VMOVUPD (SI), Z0")        // ar
	e.op("VMOVUPD (R10), Z1")       // ai
	e.op("VPERMPD (R9), Z31, Z2")   // br
	e.op("VPERMPD (R11), Z31, Z3")  // bi
	e.op("VADDPD Z2, Z0, Z4")       // er
	e.op("VSUBPD Z3, Z1, Z5")       // ei
	e.op("VADDPD Z3, Z1, Z6")       // or
	e.op("VSUBPD Z0, Z2, Z7")       // oi
	for i, z := range []int{8, 9} { // cosines, sines
		e.op("VMOVUPD %d(DX), Y%d", 32*i, z)
		e.op("VINSERTF64X4 $1, %d(DX), Z%d, Z%d", 64+32*i, z, z)
	}
	e.op("VMULPD Z8, Z6, Z10")
	e.op("VMULPD Z9, Z7, Z11")
	e.op("VADDPD Z11, Z10, Z10") // tr
	e.op("VMULPD Z8, Z7, Z7")
	e.op("VMULPD Z9, Z6, Z6")
	e.op("VSUBPD Z6, Z7, Z7") // ti
	power := func(op string) {
		e.op("%s Z10, Z4, Z0", op)
		e.op("%s Z7, Z5, Z1", op)
		e.op("VMULPD Z0, Z0, Z0")
		e.op("VMULPD Z1, Z1, Z1")
		e.op("VADDPD Z1, Z0, Z0")
	}
	power("VADDPD")
	e.op("VCVTPD2PS Z0, Y0")
	e.op("VMOVUPS Y0, (DI)")
	power("VSUBPD")
	e.op("VPERMPD Z0, Z31, Z0")
	e.op("VCVTPD2PS Z0, Y0")
	e.op("VMOVUPS Y0, (R8)")
	for _, reg := range []string{"SI", "R10"} {
		e.op("ADDQ $64, %s", reg)
	}
	for _, reg := range []string{"R9", "R11"} {
		e.op("SUBQ $64, %s", reg)
	}
	e.op("ADDQ $32, DI")
	e.op("SUBQ $32, R8")
	e.op("ADDQ $128, DX")
	e.op("DECQ CX")
	e.op("JNZ %s", loop)
	e.end()
}
