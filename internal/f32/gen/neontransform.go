package main

import "fmt"

// transform writes the kernels of f32.Transform for NEON, which take the halves of the four
// values of a block one after the other.
func (e *neon) transform() {
	e.weigh()
	e.stageOne()
	e.stageWide()
	e.split()
}

// weigh writes re[i] = x[2i]·w[2i] and im[i] = x[2i+1]·w[2i+1] for groups of four i.
func (e *neon) weigh() {
	e.start("re, im *float64, x *float32, w *float64, groups int", "weigh",
		[]param{{"re", "R0"}, {"im", "R1"}, {"x", "R2"}, {"w", "R3"}, {"groups", "R4"}})
	loop := e.fresh("weigh")
	e.label(loop)
	e.op("VLD2.P 32(R2), [V0.S4, V1.S4]")
	e.op("VLD2.P 32(R3), [V2.D2, V3.D2]")
	e.op("VLD2.P 32(R3), [V4.D2, V5.D2]")
	for i, reg := range []string{"R0", "R1"} {
		e.double("fcvtl", 6, i, 0)
		e.double("fcvtl2", 7, i, 0)
		e.double("fmul", 6, 6, 2+i)
		e.double("fmul", 7, 7, 4+i)
		e.op("FSTPQ.P (F6, F7), 32(%s)", reg)
	}
	e.op("SUBS $1, R4, R4")
	e.op("BNE %s", loop)
	e.op("RET")
}

// stageOne writes the first stage, where four butterflies share a block of twiddles and the
// outputs of each are next to one another.
//
//	R0, R5 outputs; R1, R6 inputs, real and imaginary; R7 to R12 the other quarters of both; R2 twiddles; R4 bytes left of a quarter
func (e *neon) stageOne() {
	e.start("y, x, w *float64, half int", "stageOne",
		[]param{{"y", "R0"}, {"x", "R1"}, {"w", "R2"}, {"half", "R3"}})
	loop := e.fresh("stage")
	e.stageSetup()
	e.label(loop)
	for h := range 2 {
		for k := range 6 {
			e.loadFull(at("R2", 32*k+16*h), 26+k)
		}
		e.butterflies()
		e.op("VST4.P [V16.D2, V17.D2, V18.D2, V19.D2], 64(R0)")
		e.op("VST4.P [V20.D2, V21.D2, V22.D2, V23.D2], 64(R5)")
	}
	e.op("ADD $%d, R2", 6*32)
	e.op("SUBS $32, R4, R4")
	e.op("BNE %s", loop)
	e.op("RET")
}

// stageSetup computes R4 to R12. A quarter has twice as many bytes as half has values.
func (e *neon) stageSetup() {
	e.op("ADD R3<<3, R0, R5")
	e.op("ADD R3<<3, R1, R6")
	e.op("LSL $1, R3, R3")
	e.op("ADD R3, R1, R7")
	e.op("ADD R3, R7, R8")
	e.op("ADD R3, R8, R9")
	e.op("ADD R3, R6, R10")
	e.op("ADD R3, R10, R11")
	e.op("ADD R3, R11, R12")
	e.op("MOVD R3, R4")
}

// butterflies computes two butterflies with the twiddles in V26 to V31, and leaves the
// outputs in V16 to V19 and V20 to V23, real and imaginary.
func (e *neon) butterflies() {
	for i, reg := range []string{"R1", "R7", "R8", "R9", "R6", "R10", "R11", "R12"} {
		e.op("FMOVQ.P 16(%s), F%d", reg, i)
	}
	sumAndDifference := func(a, b, sum int) {
		e.double("fadd", sum, a, b)
		e.double("fsub", a, a, b)
	}
	sumAndDifference(0, 2, 8)  // sr, tr
	sumAndDifference(4, 6, 9)  // si, ti
	sumAndDifference(1, 3, 10) // ur, vr
	sumAndDifference(5, 7, 11) // ui, vi
	e.double("fadd", 16, 8, 10)
	e.double("fadd", 20, 9, 11)
	e.double("fsub", 8, 8, 10)
	e.double("fsub", 9, 9, 11)
	e.double("fadd", 12, 0, 5) // tr + vi
	e.double("fsub", 0, 0, 5)
	e.double("fsub", 13, 4, 1) // ti − vr
	e.double("fadd", 4, 4, 1)
	for k, z := range [][2]int{{12, 13}, {8, 9}, {0, 4}} {
		re, im, cos, sin := z[0], z[1], 26+2*k, 27+2*k
		e.double("fmul", 2, re, cos)
		e.double("fmul", 3, im, sin)
		e.double("fmul", 6, re, sin)
		e.double("fmul", 7, im, cos)
		e.double("fsub", 17+k, 2, 3)
		e.double("fadd", 21+k, 6, 7)
	}
}

// stageWide writes a stage of step values between outputs: each p has its block of
// twiddles.
//
//	R13 bytes of a step, R14 bytes left of p's butterflies, R15 to R17 and R19 to R21 the other outputs of both
func (e *neon) stageWide() {
	e.start("y, x, w *float64, half, step int", "stageWide",
		[]param{{"y", "R0"}, {"x", "R1"}, {"w", "R2"}, {"half", "R3"}, {"step", "R13"}})
	next, loop := e.fresh("p"), e.fresh("q")
	e.stageSetup()
	e.op("LSL $3, R13, R13")
	e.label(next)
	outputs := [2][]string{{"R0", "R15", "R16", "R17"}, {"R5", "R19", "R20", "R21"}}
	for _, o := range outputs {
		for i := 1; i < 4; i++ {
			e.op("ADD R13, %s, %s", o[i-1], o[i])
		}
	}
	for k := range 6 {
		e.loadFull(at("R2", 32*k), 26+k)
	}
	e.op("MOVD R13, R14")
	e.label(loop)
	e.butterflies()
	for i, o := range outputs {
		for q, reg := range o {
			e.op("FMOVQ.P F%d, 16(%s)", 16+4*i+q, reg)
		}
	}
	e.op("SUBS $16, R14, R14")
	e.op("BNE %s", loop)
	e.op("MOVD R17, R0")
	e.op("MOVD R21, R5")
	e.op("ADD $%d, R2", 6*32)
	e.op("SUBS R13, R4, R4")
	e.op("BNE %s", next)
	e.op("RET")
}

// split writes f32.splitGeneric for half a multiple of eight.
//
//	R1, R5 re and im from k on; R6, R7 the same up to half−k; R0, R8 the powers of both; R4 groups
func (e *neon) split() {
	e.start("dst *float32, z, w *float64, half int", "split",
		[]param{{"dst", "R0"}, {"z", "R1"}, {"w", "R2"}, {"half", "R3"}})
	e.op("ADD R3<<3, R1, R5")
	e.op("SUB $16, R5, R6")
	e.op("ADD R3<<3, R6, R7")
	e.op("ADD R3<<2, R0, R8")
	e.op("SUB $16, R8, R8")
	e.advance(4, "R0")
	e.advance(8, "R1", "R5")
	e.op("LSR $3, R3, R4")
	loop := e.fresh("split")
	e.label(loop)
	for h := range 2 {
		e.splitTwo(h)
	}
	e.op("FMOVQ.P F22, 16(R0)")
	e.op("VREV64 V23.S4, V23.S4")
	e.op("VEXT $8, V23.B16, V23.B16, V23.B16")
	e.storeFull(23, "(R8)")
	e.op("SUB $16, R8")
	e.op("ADD $64, R2")
	e.op("SUBS $1, R4, R4")
	e.op("BNE %s", loop)
	e.op("RET")
}

// splitTwo computes two of each of the four powers in V22 and V23.
func (e *neon) splitTwo(h int) {
	const ar, ai, br, bi, er, ei, or, oi, cos, sin, tr, ti, x, y = 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21
	e.op("FMOVQ.P 16(R1), F%d", ar)
	e.op("FMOVQ.P 16(R5), F%d", ai)
	for i, reg := range []string{"R6", "R7"} {
		e.loadFull(at(reg, 0), br+i)
		e.op("SUB $16, %s", reg)
		e.op("VEXT $8, V%d.B16, V%d.B16, V%d.B16", br+i, br+i, br+i)
	}
	e.double("fadd", er, ar, br)
	e.double("fsub", ei, ai, bi)
	e.double("fadd", or, ai, bi)
	e.double("fsub", oi, br, ar)
	e.loadFull(at("R2", 16*h), cos)
	e.loadFull(at("R2", 32+16*h), sin)
	e.double("fmul", tr, or, cos)
	e.double("fmul", x, oi, sin)
	e.double("fadd", tr, tr, x)
	e.double("fmul", ti, oi, cos)
	e.double("fmul", x, or, sin)
	e.double("fsub", ti, ti, x)
	for i, op := range []string{"fadd", "fsub"} {
		e.double(op, x, er, tr)
		e.double(op, y, ei, ti)
		e.double("fmul", x, x, x)
		e.double("fmul", y, y, y)
		e.double("fadd", x, x, y)
		e.double([]string{"fcvtn", "fcvtn2"}[h], 22+i, x, 0)
	}
}

// bank writes f32.bankGeneric.
func (e *neon) bank() {
	e.start("dst, x, w *float32, spans *int, rows int", "bank",
		[]param{{"dst", "R0"}, {"x", "R1"}, {"w", "R2"}, {"spans", "R3"}, {"rows", "R4"}})
	row, loop := e.fresh("row"), e.fresh("group")
	e.label(row)
	e.op("LDP.P 16(R3), (R5, R6)")
	e.op("ADD R5<<2, R1, R5")
	e.zero(0)
	e.zero(1)
	e.label(loop)
	e.op("FLDPQ.P 32(R2), (F2, F3)")
	e.op("FLDPQ.P 32(R5), (F4, F5)")
	e.products(0, 2, 4)
	e.op("SUBS $1, R6, R6")
	e.op("BNE %s", loop)
	e.pairs()
	e.op("FMOVS.P F0, 4(R0)")
	e.op("SUBS $1, R4, R4")
	e.op("BNE %s", row)
	e.op("RET")
}

// products adds the eight products of a and b to the sums, each in two registers. It
// overwrites a.
func (e *neon) products(sums, a, b int) {
	for i := range 2 {
		e.vector("fmul", a+i, a+i, b+i)
	}
	for i := range 2 {
		e.vector("fadd", sums+i, sums+i, a+i)
	}
}

// pairs adds the eight sums in V0 and V1.
func (e *neon) pairs() {
	e.vector("fadd", 0, 0, 1)
	e.op("VMOV V0.D[1], V1.D[0]")
	e.vector("fadd", 0, 0, 1)
	e.op("VMOV V0.S[1], V1.S[0]")
	e.op("FADDS F1, F0, F0")
}

// convolve writes f32.convolveGeneric, with the sums in V0 to V7.
func (e *neon) convolve() {
	e.start("dst, w, x, rest *float32, groups int", "convolve",
		[]param{{"dst", "R0"}, {"w", "R1"}, {"x", "R2"}, {"rest", "R3"}, {"groups", "R4"}})
	loop, last, done := e.fresh("four"), e.fresh("last"), e.fresh("done")
	for r := range 6 {
		e.zero(r)
	}
	e.loadPair("(R3)", 6)
	product := func(i int) {
		a := 16 + 4*(i%4)
		e.op("FLDPQ.P 32(R1), (F%d, F%d)", a, a+1)
		e.op("FLDPQ.P 32(R2), (F%d, F%d)", a+2, a+3)
		e.products(2*i, a, a+2)
	}
	e.op("SUBS $4, R4, R4")
	e.op("BLT %s", last)
	e.label(loop)
	for i := range 4 {
		product(i)
	}
	e.op("SUBS $4, R4, R4")
	e.op("BGE %s", loop)
	e.label(last)
	for i := range 3 {
		e.op("CMP $%d, R4", i-3)
		e.op("BLT %s", done)
		product(i)
	}
	e.label(done)
	for i := range 2 {
		e.vector("fadd", i, i, 2+i)
		e.vector("fadd", 4+i, 4+i, 6+i)
		e.vector("fadd", i, i, 4+i)
	}
	e.pairs()
	e.op("FMOVS F0, (R0)")
	e.op("RET")
}

// logs writes f32.logsGeneric for groups of eight values. The constants are in V8 to V23.
func (e *neon) logs() {
	c := func(name string) int { return 8 + logIndex(name) }
	e.start("x *float32, groups int, floor *float32", "logs",
		[]param{{"x", "R0"}, {"groups", "R1"}, {"floor", "R2"}})
	e.op("MOVD $logs<>(SB), R3")
	for i := range logTable {
		e.loadFull(at("R3", 16*i), 8+i)
	}
	e.op("VLD1R (R2), [V24.S4]")
	e.op("LSL $1, R1, R1")
	loop := e.fresh("log")
	const x, exponent, f, z, p, t, big = 0, 1, 2, 3, 4, 5, 6
	e.label(loop)
	e.loadFull("(R0)", x)
	e.vector("fadd", x, x, 24)
	e.vector("fmax", x, x, c("least"))
	e.vector("fcmgt", big, c("infinity"), x) // not for infinity and NaN
	e.op("VSUB V%d.S4, V%d.S4, V%d.S4", c("root"), x, exponent)
	e.sshr23(exponent, exponent)
	e.op("VSHL $23, V%d.S4, V%d.S4", exponent, f)
	e.op("VSUB V%d.S4, V%d.S4, V%d.S4", f, x, f)
	e.vector("fsub", f, f, c("one"))
	e.scvtf(exponent, exponent)
	e.vector("fmul", p, c("q0"), f)
	for q := 1; q <= 8; q++ {
		e.vector("fadd", p, p, c(fmt.Sprintf("q%d", q)))
		e.vector("fmul", p, p, f)
	}
	e.vector("fmul", z, f, f)
	e.vector("fmul", p, p, z)
	e.vector("fmul", t, exponent, c("low"))
	e.vector("fadd", p, p, t)
	e.vector("fmul", z, z, c("half"))
	e.vector("fsub", p, p, z)
	e.vector("fadd", p, f, p)
	e.vector("fmul", t, exponent, c("high"))
	e.vector("fadd", p, p, t)
	e.op("VBIT V%d.B16, V%d.B16, V%d.B16", big, p, x)
	e.op("FMOVQ.P F%d, 16(R0)", x)
	e.op("SUBS $1, R1, R1")
	e.op("BNE %s", loop)
	e.op("RET")
}
