package main

import "fmt"

// integerAVX2 and integerAVX512 return the kernels of package i8. They differ in how they
// sum and in how they look up the cubics; the gates are those of eight units in registers of
// 256 bits.
func integerAVX2() []byte   { return integerKernels(integer{name: "AVX2"}) }
func integerAVX512() []byte { return integerKernels(integer{name: "AVX512", vnni: true}) }

// integer writes the kernels of package i8 for amd64.
type integer struct {
	emitter
	name string
	vnni bool
}

// cubics are those of package i8; a test compares them.
var cubics = [4][16]int16{
	{32767, 17627, 7812, 3108, 1179, 439, 162, 60, 22, 8, 3, 1},
	{-16439, -12946, -6879, -2949, -1152, -434, -161, -59, -22, -8, -3, -1},
	{267, 3288, 2614, 1278, 523, 201, 75, 27, 10, 4, 1, 1},
	{1034, -155, -439, -259, -112, -44, -16, -6, -2, -1},
}

func integerKernels(e integer) []byte {
	e.begin("amd64 && !purego")
	e.integerConstants()
	e.integerStep()
	if !e.vnni {
		e.dots()
	}
	return e.Bytes()
}

// integerConstants writes the cubics, as words for VPERMW or as low and high bytes for
// VPSHUFB, and what the gates need in all lanes.
func (e *integer) integerConstants() {
	word := func(table string, at int, v uint64) {
		e.line(fmt.Sprintf("DATA %s<>+%d(SB)/8, $0x%016x", table, at, v))
	}
	at := 0
	for _, c := range cubics {
		for part := range 2 {
			for half := range 2 { // of a register
				for q := range 2 {
					var v uint64
					for i := range 8 {
						b := uint64(uint16(c[8*q+i])) >> (8 * part) & 0xff
						if e.vnni {
							b = uint64(uint16(c[8*half+4*q+i/2])) >> (8 * (i % 2)) & 0xff
						}
						v |= b << (8 * i)
					}
					word("cubics", at, v)
					at += 8
				}
			}
			if e.vnni {
				break
			}
		}
	}
	e.line(fmt.Sprintf("GLOBL cubics<>(SB), RODATA|NOPTR, $%d", at))
	for i, k := range integerTable {
		for q := range 4 {
			word("lanes", 32*i+8*q, k.value)
		}
	}
	e.line(fmt.Sprintf("GLOBL lanes<>(SB), RODATA|NOPTR, $%d", 32*len(integerTable)))
}

// integerTable holds the constants of the gates, eight bytes of each.
var integerTable = []struct {
	name  string
	value uint64
}{
	{"fraction", 0x7ff07ff07ff07ff0}, {"skipHigh", 0x8000800080008000}, {"skipLow", 0x0080008000800080}, {"most", 0x7fff7fff7fff7fff},
	{"half9", 0x0000020000000200}, {"half7", 0x0000008000000080}, {"half31", 0x0000000080000000},
	{"maxCell", 0x3fffffff3fffffff}, {"minCell", 0xc0000001c0000001}, {"four", 0x0004000400040004}, {"one", 0x3980000039800000},
}

func lanesOf(name string) string {
	for i, k := range integerTable {
		if k.name == name {
			return fmt.Sprintf("lanes<>+%d(SB)", 32*i)
		}
	}
	panic("no constant " + name)
}

// integerStep writes Step, in two passes: the sums of all groups, and their gates, which then
// do not wait for one another.
//
//	DI c, SI h, DX hf, R8 acts, R9 words, R10 start, R11 mult, R13 sums, CX groups left, BX pairs
//	Y15 128·Σ acts in all lanes, Y14 zero
func (e *integer) integerStep() {
	name := "step" + e.name
	e.function8(name, "func "+name+"(c *int32, h *int16, hf *float32, acts, words *int16, start, mult, sums *int32, groups, pairs int)",
		[]param{{"c", "DI"}, {"h", "SI"}, {"hf", "DX"}, {"acts", "R8"}, {"words", "R9"}, {"start", "R10"}, {"mult", "R11"}, {"sums", "R13"}, {"groups", "CX"}, {"pairs", "BX"}})
	e.total()
	sums, gates := e.fresh("sums"), e.fresh("gates")
	e.label(sums)
	if e.vnni {
		e.sumsVNNI()
	} else {
		e.sumsAVX2()
	}
	e.op("ADDQ $128, R13")
	e.op("DECQ CX")
	e.op("JNZ %s", sums)
	e.op("MOVQ sums+56(FP), R13")
	e.op("MOVQ groups+64(FP), CX")
	e.op("VPXOR Y14, Y14, Y14")
	e.label(gates)
	e.unitGates()
	e.op("ADDQ $32, DI")
	e.op("ADDQ $16, SI")
	e.op("ADDQ $32, DX")
	for _, reg := range []string{"R10", "R11", "R13"} {
		e.op("ADDQ $128, %s", reg)
	}
	e.op("DECQ CX")
	e.op("JNZ %s", gates)
	e.end()
}

// total sets Y15 to 128·Σ acts.
func (e *integer) total() {
	loop := e.fresh("total")
	e.op("VPCMPEQW Y1, Y1, Y1")
	e.op("VPSRLW $15, Y1, Y1")
	e.op("VPSLLW $7, Y1, Y1") // 128
	e.op("VPXOR Y0, Y0, Y0")
	e.op("MOVQ R8, AX")
	e.op("LEAQ 7(BX), R12")
	e.op("SHRQ $3, R12")
	e.label(loop)
	e.op("VPMADDWD (AX), Y1, Y2")
	e.op("VPADDD Y2, Y0, Y0")
	e.op("ADDQ $32, AX")
	e.op("DECQ R12")
	e.op("JNZ %s", loop)
	e.op("VEXTRACTI128 $1, Y0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0x4e, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0xb1, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPBROADCASTD X0, Y15")
}

// pairsLoop writes a loop over the pairs of activations: body takes the offsets, in bytes,
// of a pair of activations from AX and of its weights from R9.
func (e *integer) pairsLoop(body func(act, weights, turn int)) {
	const unroll = 4
	four, rest, one, out := e.fresh("four"), e.fresh("rest"), e.fresh("one"), e.fresh("out")
	e.op("MOVQ R8, AX")
	e.op("MOVQ BX, R12")
	e.op("SUBQ $%d, R12", unroll)
	e.op("JLT %s", rest)
	e.label(four)
	for i := range unroll {
		body(4*i, 64*i, i)
	}
	e.op("ADDQ $%d, AX", 4*unroll)
	e.op("ADDQ $%d, R9", 64*unroll)
	e.op("SUBQ $%d, R12", unroll)
	e.op("JGE %s", four)
	e.label(rest)
	e.op("ADDQ $%d, R12", unroll)
	e.op("JZ %s", out)
	e.label(one)
	body(0, 0, 0)
	e.op("ADDQ $4, AX")
	e.op("ADDQ $64, R9")
	e.op("DECQ R12")
	e.op("JNZ %s", one)
	e.label(out)
}

// sumsAVX2 stores 256·f+i, f, 256·o+g and o of a group at R13.
func (e *integer) sumsAVX2() {
	for i := range 4 {
		e.op("VPXOR Y%d, Y%d, Y%d", i, i, i)
	}
	e.pairsLoop(func(act, weights, turn int) {
		a := 4 + turn%2*5
		e.op("VPBROADCASTD %d(AX), Y%d", act, a)
		for half := range 2 {
			w, t := a+1+2*half, a+2+2*half
			e.op("VMOVDQU %d(R9), Y%d", weights+32*half, w)
			e.op("VPMADDWD Y%d, Y%d, Y%d", w, a, t)
			e.op("VPSRAW $8, Y%d, Y%d", w, w)
			e.op("VPMADDWD Y%d, Y%d, Y%d", w, a, w)
			e.op("VPADDD Y%d, Y%d, Y%d", t, 2*half, 2*half)
			e.op("VPADDD Y%d, Y%d, Y%d", w, 2*half+1, 2*half+1)
		}
	})
	for i := range 4 {
		e.op("VMOVDQU Y%d, %d(R13)", i, 32*i)
	}
}

// sumsVNNI does the same with both halves in one register, in four sets of accumulators.
func (e *integer) sumsVNNI() {
	for i := range 8 {
		e.op("VPXORD Z%d, Z%d, Z%d", 16+i, 16+i, 16+i)
	}
	e.pairsLoop(func(act, weights, turn int) {
		a, w, s := 24+turn, 28+turn, 16+2*turn
		e.op("VPBROADCASTD %d(AX), Z%d", act, a)
		e.op("VPSRAW $8, %d(R9), Z%d", weights, w)
		e.op("VPDPWSSD %d(R9), Z%d, Z%d", weights, a, s)
		e.op("VPDPWSSD Z%d, Z%d, Z%d", w, a, s+1)
	})
	for half := range 2 {
		for _, pair := range [][2]int{{18, 16}, {22, 20}, {20, 16}} {
			e.op("VPADDD Z%d, Z%d, Z%d", pair[0]+half, pair[1]+half, pair[1]+half)
		}
	}
	e.op("VMOVDQU32 Y16, (R13)")
	e.op("VMOVDQU32 Y17, 32(R13)")
	e.op("VEXTRACTI64X4 $1, Z16, 64(R13)")
	e.op("VEXTRACTI64X4 $1, Z17, 96(R13)")
}

// unitGates computes the gates of eight units from their sums at R13.
func (e *integer) unitGates() {
	for i := range 4 {
		e.op("VMOVDQU %d(R13), Y%d", 32*i, i)
	}
	for half := range 2 { // i and f, g and o
		both, high := 2*half, 2*half+1
		e.op("VPSLLD $8, Y%d, Y4", high)
		e.op("VPSUBD Y4, Y%d, Y%d", both, both)
		e.op("VPSUBD Y15, Y%d, Y%d", both, both)
	}
	for i := range 4 { // z of i, f, g, o; odd lanes take their multipliers from one further
		e.op("VPADDD %d(R10), Y%d, Y%d", 32*i, i, i)
		e.op("VPSRLQ $32, Y%d, Y8", i)
		e.op("VPMULDQ %d(R11), Y%d, Y7", 32*i, i)
		e.op("VPMULDQ %d(R11), Y8, Y8", 32*i+4)
		e.op("VPSRLQ $32, Y7, Y7")
		e.op("VPBLENDD $0xaa, Y8, Y7, Y%d", i)
	}
	e.op("VPACKSSDW Y1, Y0, Y0") // z of i and f
	e.op("VPACKSSDW Y3, Y2, Y1") // z of g and o
	e.decays([]int{0, 1}, []int{2, 3})
	e.op("VMOVDQU %s, Y13", lanesOf("most"))
	e.op("VPSRAW $15, Y0, Y4")
	e.op("VPXOR Y4, Y2, Y5") // 2^16·(1−f)
	e.op("VPUNPCKHWD Y14, Y5, Y5")
	e.op("VPSLLD $15, Y5, Y5")
	e.sigmoid(2, 4)                // i, f in Y2
	e.op("VPXOR Y13, Y3, Y6")      // 1−2u
	e.op("VPSIGNW Y1, Y6, Y6")     // g
	e.op("VPSRAW $15, Y1, Y4")     //
	e.sigmoid(3, 4)                // o in Y3
	e.op("VPUNPCKLWD Y14, Y2, Y2") // i
	e.op("VPUNPCKLWD Y14, Y6, Y6") // g
	e.op("VPMADDWD Y6, Y2, Y2")
	e.op("VPADDD %s, Y2, Y2", lanesOf("half9"))
	e.op("VPSRAD $10, Y2, Y2")
	e.op("VMOVDQU (DI), Y0")
	e.op("VPADDD Y0, Y2, Y2")
	e.op("VPADDD Y0, Y0, Y0")
	e.op("VPSRLQ $32, Y0, Y8")
	e.op("VPSRLQ $32, Y5, Y9")
	e.op("VPMULDQ Y0, Y5, Y7")
	e.op("VPMULDQ Y8, Y9, Y8")
	e.op("VPADDQ %s, Y7, Y7", lanesOf("half31"))
	e.op("VPADDQ %s, Y8, Y8", lanesOf("half31"))
	e.op("VPSRLQ $32, Y7, Y7")
	e.op("VPBLENDD $0xaa, Y8, Y7, Y0")
	e.op("VPSUBD Y0, Y2, Y0")
	e.op("VPMINSD %s, Y0, Y0", lanesOf("maxCell"))
	e.op("VPMAXSD %s, Y0, Y0", lanesOf("minCell"))
	e.op("VMOVDQU Y0, (DI)")
	e.op("VPADDD %s, Y0, Y0", lanesOf("half7"))
	e.op("VPSRAD $8, Y0, Y0")
	e.op("VPACKSSDW Y0, Y0, Y0")
	e.decays([]int{0}, []int{2})
	e.op("VPXOR Y13, Y2, Y2")
	e.op("VPSIGNW Y0, Y2, Y2") // tanh(c)
	e.op("VPMULHRSW Y3, Y2, Y2")
	e.op("VPADDSW %s, Y2, Y2", lanesOf("four"))
	e.op("VPSRAW $3, Y2, Y2")
	e.op("VPERMQ $13, Y2, Y2") // the high halves are those with o
	e.op("VMOVDQU X2, (SI)")
	e.op("VPMOVSXWD X2, Y2")
	e.op("VCVTDQ2PS Y2, Y2")
	e.op("VMULPS %s, Y2, Y2", lanesOf("one"))
	e.op("VMOVUPS Y2, (DX)")
}

// sigmoid replaces u by σ: half of u, or its complement where sign is 0. sign is scratch.
func (e *integer) sigmoid(u, sign int) {
	e.op("VPANDN Y13, Y%d, Y%d", sign, sign)
	e.op("VPSRLW $1, Y%d, Y%d", u, u)
	e.op("VPXOR Y%d, Y%d, Y%d", sign, u, u)
}

// decays writes u = decay(z) for sixteen lanes of each z. Y7 to Y13 are scratch, and Y4 to
// Y6 for two of them.
func (e *integer) decays(z, u []int) {
	t, low, high := []int{4, 5}, []int{7, 8}, []int{9, 10}
	for i := range z {
		e.op("VPSUBSW Y%d, Y14, Y11", z[i])
		e.op("VPMAXSW Y%d, Y11, Y11", z[i])
		e.op("VPSLLW $4, Y11, Y%d", t[i])
		e.op("VPAND %s, Y%d, Y%d", lanesOf("fraction"), t[i], t[i])
		e.op("VPSRLW $11, Y11, Y%d", low[i])
		if !e.vnni {
			e.op("VPSLLW $8, Y%d, Y%d", low[i], high[i])
			e.op("VPOR %s, Y%d, Y%d", lanesOf("skipHigh"), low[i], low[i])
			e.op("VPOR %s, Y%d, Y%d", lanesOf("skipLow"), high[i], high[i])
		}
	}
	for j := 3; j >= 0; j-- {
		if !e.vnni {
			e.op("VMOVDQU cubics<>+%d(SB), Y12", 64*j)
			e.op("VMOVDQU cubics<>+%d(SB), Y13", 64*j+32)
		}
		for i := range z {
			to := 11
			if j == 3 {
				to = u[i]
			}
			if e.vnni {
				e.op("VPERMW cubics<>+%d(SB), Y%d, Y%d", 32*j, low[i], to)
			} else {
				e.op("VPSHUFB Y%d, Y13, Y6", high[i])
				e.op("VPSHUFB Y%d, Y12, Y%d", low[i], to)
				e.op("VPOR Y6, Y%d, Y%d", to, to)
			}
			if j < 3 {
				e.op("VPMULHRSW Y%d, Y%d, Y%d", t[i], u[i], u[i])
				e.op("VPADDW Y11, Y%d, Y%d", u[i], u[i])
			}
		}
	}
	if !e.vnni {
		e.op("VMOVDQU %s, Y13", lanesOf("most"))
	}
}

// dots writes Sums for rows of k values, a multiple of sixteen.
func (e *integer) dots() {
	name := "dots" + e.name
	e.function8(name, "func "+name+"(dst *int32, w *int8, x *int16, rows, k int)",
		[]param{{"dst", "DI"}, {"w", "SI"}, {"x", "DX"}, {"rows", "CX"}, {"k", "BX"}})
	row, loop := e.fresh("row"), e.fresh("loop")
	e.op("SHRQ $4, BX")
	e.label(row)
	e.op("MOVQ DX, AX")
	e.op("MOVQ BX, R12")
	e.op("VPXOR Y0, Y0, Y0")
	e.label(loop)
	e.op("VPMOVSXBW (SI), Y1")
	e.op("VPMADDWD (AX), Y1, Y1")
	e.op("VPADDD Y1, Y0, Y0")
	e.op("ADDQ $16, SI")
	e.op("ADDQ $32, AX")
	e.op("DECQ R12")
	e.op("JNZ %s", loop)
	e.op("VEXTRACTI128 $1, Y0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0x4e, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VPSHUFD $0xb1, X0, X1")
	e.op("VPADDD X1, X0, X0")
	e.op("VMOVD X0, (DI)")
	e.op("ADDQ $4, DI")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.end()
}
