package main

import "fmt"

// avx512 returns the kernels for AVX-512 F, DQ and VL.
func avx512() []byte {
	e := &emitter{}
	e.begin("amd64 && !purego")
	constants(e, 1)
	for _, s := range shapes {
		tile512(e, s)
	}
	woven512(e, false)
	woven512(e, true)
	gates512(e, false)
	gates512(e, true)
	fours512(e, false)
	fours512(e, true)
	gatesBackward512(e)
	step512(e)
	axpy512(e)
	transform512(e)
	peak512(e)
	return e.Bytes()
}

// held512 lists the constants that have registers in kernels with gates.
var held512 = map[string]string{
	"one": "Z31", "top": "Z30", "bottom": "Z29", "tanh": "Z28",
	"p5": "Z27", "p4": "Z26", "p3": "Z25", "p2": "Z24", "p1": "Z23",
}

// hold512 loads the constants of held512.
func hold512(e *emitter) {
	for _, t := range table {
		e.op("VBROADCASTSS %s, %s", constant(t.name, 1), held512[t.name])
	}
}

// zregs returns the names of n vector registers, beginning with first.
func zregs(first, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("Z%d", first+i))
	}
	return names
}

// powers512 writes x = 2^x for all registers x, interleaved, with x limited to ±40. f and
// p are scratch registers, as many as x. The order of the operands of min and max
// preserves NaN. x − f is an integer, and the polynomial is in [0.7, 1.5], so scaling by a
// power of two gives the same bits as adding to the exponent.
func powers512(e *emitter, x, f, p []string) {
	each := func(format string, args func(i int) []any) {
		for i := range x {
			e.op(format, args(i)...)
		}
	}
	each("VMINPS %s, %s, %s", func(i int) []any { return []any{x[i], held512["top"], x[i]} })
	each("VMAXPS %s, %s, %s", func(i int) []any { return []any{x[i], held512["bottom"], x[i]} })
	each("VREDUCEPS $0, %s, %s", func(i int) []any { return []any{x[i], f[i]} })
	each("VMOVAPS %s, %s", func(i int) []any { return []any{held512["p5"], p[i]} })
	for _, c := range []string{"p4", "p3", "p2", "p1", "one"} {
		each("VFMADD213PS %s, %s, %s", func(i int) []any { return []any{held512[c], f[i], p[i]} })
	}
	each("VSUBPS %s, %s, %s", func(i int) []any { return []any{f[i], x[i], x[i]} })
	each("VSCALEFPS %s, %s, %s", func(i int) []any { return []any{x[i], p[i], x[i]} })
}

// units describes which of sixteen units are in memory: all of them, or the first
// n mod 16, with the masks of masks512.
//
//	R8  their sums: two groups of eight, gate after gate
//	R11 their offset in rows of units
type units struct{ part bool }

// gate loads the sixteen sums of a gate.
func (u units) gate(e *emitter, gate int, reg string) {
	if !u.part {
		e.op("VMOVUPS %s, %s", fmt.Sprintf("%d(R8)", 32*gate), half(reg))
		e.op("VINSERTF64X4 $1, %d(R8), %s, %s", 128+32*gate, reg, reg)
		return
	}
	e.op("VMOVUPS.Z %s, K2, %s", quarter(e, 0, "R12", gate), reg)
	e.op("VMOVUPS %s, K3, %s", quarter(e, 96, "R13", gate), reg)
}

// setGate stores the sixteen sums of a gate.
func (u units) setGate(e *emitter, reg string, gate int) {
	if !u.part {
		e.op("VMOVUPS %s, %d(R8)", half(reg), 32*gate)
		e.op("VEXTRACTF64X4 $1, %s, %d(R8)", reg, 128+32*gate)
		return
	}
	e.op("VMOVUPS %s, K2, %s", reg, quarter(e, 0, "R12", gate))
	e.op("VMOVUPS %s, K3, %s", reg, quarter(e, 96, "R13", gate))
}

// row loads the values of the units from the row at the base register.
func (u units) row(e *emitter, at, reg string) {
	if u.part {
		e.op("VMOVUPS.Z (%s)(R11*1), K1, %s", at, reg)
	} else {
		e.op("VMOVUPS (%s)(R11*1), %s", at, reg)
	}
}

// setRow stores the values of the units.
func (u units) setRow(e *emitter, reg, at string) {
	if u.part {
		e.op("VMOVUPS %s, K1, (%s)(R11*1)", reg, at)
	} else {
		e.op("VMOVUPS %s, (%s)(R11*1)", reg, at)
	}
}

// half returns the lower half of a register.
func half(reg string) string { return "Y" + reg[1:] }

// quarter returns the operand of a gate's sums, where the gates are stride bytes apart
// and the first is at bytes after R8. It may use R14.
func quarter(e *emitter, at int, stride string, gate int) string {
	if gate == 3 {
		e.op("LEAQ %d(R8)(%s*2), R14", at, stride)
		return fmt.Sprintf("(R14)(%s*1)", stride)
	}
	return fmt.Sprintf("%d(R8)%s", at, []string{"", "(" + stride + "*1)", "(" + stride + "*2)"}[gate])
}

// masks512 sets the masks for the last n mod 16 units, the number in R12. K1 selects all
// of them, K2 and K3 those of the first and the second group of eight, each in its half
// of the register. R12 and R13 become the bytes between gates in the two groups. The
// second group is in the upper lanes, so its operands begin 32 bytes before its sums, at
// 96 from R8. If there is no second group, K3 is empty and R13 undefined.
func masks512(e *emitter) {
	e.op("XORL R13, R13")
	e.op("BTSL R12, R13")
	e.op("DECL R13")
	e.op("KMOVW R13, K1")
	e.op("MOVL R13, R14")
	e.op("ANDL $0xff, R13")
	e.op("KMOVW R13, K2")
	e.op("ANDL $0xff00, R14")
	e.op("KMOVW R14, K3")
	e.op("LEAQ -32(R12*4), R13")
	e.op("MOVQ $8, R14")
	e.op("CMPQ R12, R14")
	e.op("CMOVQGT R14, R12")
	e.op("SHLQ $2, R12")
}
