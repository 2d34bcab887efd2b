package main

import (
	"fmt"
	"math"
)

// bank writes f32.bankGeneric: rows of groups of eight products, which it multiplies and
// adds separately.
func bank(e *emitter) {
	e.function8("bankAVX2", "func bankAVX2(dst, x, w *float32, spans *int, rows int)",
		[]param{{"dst", "DI"}, {"x", "SI"}, {"w", "DX"}, {"spans", "BX"}, {"rows", "CX"}})
	row, loop := e.fresh("row"), e.fresh("group")
	e.label(row)
	e.op("MOVQ (BX), R8")
	e.op("MOVQ 8(BX), R9")
	e.op("LEAQ (SI)(R8*4), R8")
	e.op("VXORPS Y0, Y0, Y0")
	e.label(loop)
	e.op("VMOVUPS (R8), Y1")
	e.op("VMULPS (DX), Y1, Y1")
	e.op("VADDPS Y1, Y0, Y0")
	e.op("ADDQ $32, R8")
	e.op("ADDQ $32, DX")
	e.op("DECQ R9")
	e.op("JNZ %s", loop)
	pairs(e)
	e.op("VMOVSS X0, (DI)")
	e.op("ADDQ $4, DI")
	e.op("ADDQ $16, BX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.end()
}

// pairs adds the eight sums in Y0.
func pairs(e *emitter) {
	e.op("VEXTRACTF128 $1, Y0, X1")
	e.op("VADDPS X1, X0, X0")
	e.op("VMOVHLPS X0, X0, X1")
	e.op("VADDPS X1, X0, X0")
	e.op("VMOVSHDUP X0, X1")
	e.op("VADDSS X1, X0, X0")
}

// convolve writes f32.convolveGeneric, with the sums in Y0, Y2, Y4 and Y6.
func convolve(e *emitter) {
	e.function8("convolveAVX2", "func convolveAVX2(dst, w, x, rest *float32, groups int)",
		[]param{{"dst", "DI"}, {"w", "SI"}, {"x", "DX"}, {"rest", "BX"}, {"groups", "CX"}})
	loop, last, done := e.fresh("four"), e.fresh("last"), e.fresh("done")
	for i := range 3 {
		e.op("VXORPS Y%d, Y%d, Y%d", 2*i, 2*i, 2*i)
	}
	e.op("VMOVUPS (BX), Y6")
	product := func(i int) {
		e.op("VMOVUPS %d(DX), Y%d", 32*i, 2*i+1)
		e.op("VMULPS %d(SI), Y%d, Y%d", 32*i, 2*i+1, 2*i+1)
		e.op("VADDPS Y%d, Y%d, Y%d", 2*i+1, 2*i, 2*i)
	}
	e.op("SUBQ $4, CX")
	e.op("JLT %s", last)
	e.label(loop)
	for i := range 4 {
		product(i)
	}
	e.op("ADDQ $128, SI")
	e.op("ADDQ $128, DX")
	e.op("SUBQ $4, CX")
	e.op("JGE %s", loop)
	e.label(last)
	for i := range 3 {
		e.op("CMPQ CX, $%d", i-3)
		e.op("JLT %s", done)
		product(i)
	}
	e.label(done)
	e.op("VADDPS Y2, Y0, Y0")
	e.op("VADDPS Y6, Y4, Y4")
	e.op("VADDPS Y4, Y0, Y0")
	pairs(e)
	e.op("VMOVSS X0, (DI)")
	e.end()
}

// logTable holds the constants of f32.Log; root's bits are also an integer.
var logTable = []struct {
	name  string
	value float64
}{
	{"least", 0x1p-126}, {"infinity", math.Inf(1)}, {"root", math.Sqrt2 / 2}, {"one", 1}, {"half", 0.5},
	{"low", -2.12194440e-4}, {"high", 0.693359375},
	{"q0", 7.0376836292e-2}, {"q1", -1.1514610310e-1}, {"q2", 1.1676998740e-1}, {"q3", -1.2420140846e-1},
	{"q4", 1.4249322787e-1}, {"q5", -1.6668057665e-1}, {"q6", 2.0000714765e-1}, {"q7", -2.4999993993e-1}, {"q8", 3.3333331174e-1},
}

// logConstants writes each value once per lane of a vector.
func logConstants(e *emitter, lanes int) {
	for i, t := range logTable {
		for lane := range lanes {
			e.line(fmt.Sprintf("DATA logs<>+%d(SB)/4, $0x%08x // %s", 4*(i*lanes+lane), math.Float32bits(float32(t.value)), t.name))
		}
	}
	e.line(fmt.Sprintf("GLOBL logs<>(SB), RODATA|NOPTR, $%d", 4*lanes*len(logTable)))
}

// logIndex returns the index of a constant.
func logIndex(name string) int {
	for i, t := range logTable {
		if t.name == name {
			return i
		}
	}
	panic("no constant " + name)
}

// logs writes f32.logsGeneric for groups of eight values.
func logs(e *emitter) {
	at := func(name string) string { return fmt.Sprintf("logs<>+%d(SB)", 32*logIndex(name)) }
	e.function8("logsAVX2", "func logsAVX2(x *float32, groups int, floor *float32)",
		[]param{{"x", "DI"}, {"groups", "CX"}, {"floor", "SI"}})
	e.op("VBROADCASTSS (SI), Y15")
	for i, name := range []string{"least", "infinity", "root", "one"} {
		e.op("VMOVUPS %s, Y%d", at(name), 14-i)
	}
	loop := e.fresh("log")
	e.label(loop)
	e.op("VADDPS (DI), Y15, Y0")
	e.op("VMAXPS Y0, Y14, Y0")     // NaN stays
	e.op("VCMPPS $5, Y13, Y0, Y1") // not less than infinity
	e.op("VPSUBD Y12, Y0, Y2")
	e.op("VPSRAD $23, Y2, Y2") // e
	e.op("VPSLLD $23, Y2, Y3")
	e.op("VPSUBD Y3, Y0, Y3")
	e.op("VSUBPS Y11, Y3, Y3") // f
	e.op("VCVTDQ2PS Y2, Y2")
	e.op("VMOVUPS %s, Y4", at("q0"))
	for q := 1; q <= 8; q++ {
		e.op("VMULPS Y3, Y4, Y4")
		e.op("VADDPS %s, Y4, Y4", at(fmt.Sprintf("q%d", q)))
	}
	e.op("VMULPS Y3, Y3, Y5") // z
	e.op("VMULPS Y3, Y4, Y4")
	e.op("VMULPS Y5, Y4, Y4")
	e.op("VMULPS %s, Y2, Y6", at("low"))
	e.op("VADDPS Y6, Y4, Y4")
	e.op("VMULPS %s, Y5, Y5", at("half"))
	e.op("VSUBPS Y5, Y4, Y4")
	e.op("VADDPS Y4, Y3, Y4")
	e.op("VMULPS %s, Y2, Y6", at("high"))
	e.op("VADDPS Y6, Y4, Y4")
	e.op("VBLENDVPS Y1, Y0, Y4, Y4")
	e.op("VMOVUPS Y4, (DI)")
	e.op("ADDQ $32, DI")
	e.op("DECQ CX")
	e.op("JNZ %s", loop)
	e.end()
}
