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
	gates512(e, false)
	gates512(e, true)
	gatesBackward512(e)
	step512(e)
	axpy512(e)
	peak512(e)
	return e.Bytes()
}

// held512 are the registers that hold constants through a kernel with gates.
var held512 = map[string]string{
	"one": "Z31", "top": "Z30", "bottom": "Z29", "tanh": "Z28",
	"p5": "Z27", "p4": "Z26", "p3": "Z25", "p2": "Z24", "p1": "Z23",
}

// hold512 loads all of them.
func hold512(e *emitter) {
	for _, t := range table {
		e.op("VBROADCASTSS %s, %s", constant(t.name, 1), held512[t.name])
	}
}

// zregs names n vector registers from the first on.
func zregs(first, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("Z%d", first+i))
	}
	return names
}

// powers512 writes x = 2^x for all of x in step with one another, x held to ±40. f and
// p are as many scratch registers. The order of min's and max's operands lets NaN
// through. What is left of x without f, the nearest integer, is a whole number, and
// the polynomial is in [0.7, 1.5]: scaling gives the bits that adding to the
// exponent gives.
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

// Units says how the values of sixteen units reach memory: all of them, or in part
// the first n mod 16, as masks512 sets up.
//
//	R8  their sums: two groups of eight, gate after gate
//	R11 their offset in rows of units
type units struct{ part bool }

// gate loads a gate's sixteen sums.
func (u units) gate(e *emitter, gate int, reg string) {
	if !u.part {
		e.op("VMOVUPS %s, %s", fmt.Sprintf("%d(R8)", 32*gate), half(reg))
		e.op("VINSERTF64X4 $1, %d(R8), %s, %s", 128+32*gate, reg, reg)
		return
	}
	e.op("VMOVUPS.Z %s, K2, %s", quarter(e, 0, "R12", gate), reg)
	e.op("VMOVUPS %s, K3, %s", quarter(e, 96, "R13", gate), reg)
}

// setGate stores them.
func (u units) setGate(e *emitter, reg string, gate int) {
	if !u.part {
		e.op("VMOVUPS %s, %d(R8)", half(reg), 32*gate)
		e.op("VEXTRACTF64X4 $1, %s, %d(R8)", reg, 128+32*gate)
		return
	}
	e.op("VMOVUPS %s, K2, %s", reg, quarter(e, 0, "R12", gate))
	e.op("VMOVUPS %s, K3, %s", reg, quarter(e, 96, "R13", gate))
}

// row loads the units' values of the row that begins at a register.
func (u units) row(e *emitter, at, reg string) {
	if u.part {
		e.op("VMOVUPS.Z (%s)(R11*1), K1, %s", at, reg)
	} else {
		e.op("VMOVUPS (%s)(R11*1), %s", at, reg)
	}
}

// setRow stores them.
func (u units) setRow(e *emitter, reg, at string) {
	if u.part {
		e.op("VMOVUPS %s, K1, (%s)(R11*1)", reg, at)
	} else {
		e.op("VMOVUPS %s, (%s)(R11*1)", reg, at)
	}
}

// half is the lower half of a register.
func half(reg string) string { return "Y" + reg[1:] }

// quarter is where a gate's sums begin, stride bytes apart from at bytes after R8
// on. It may use R14.
func quarter(e *emitter, at int, stride string, gate int) string {
	if gate == 3 {
		e.op("LEAQ %d(R8)(%s*2), R14", at, stride)
		return fmt.Sprintf("(R14)(%s*1)", stride)
	}
	return fmt.Sprintf("%d(R8)%s", at, []string{"", "(" + stride + "*1)", "(" + stride + "*2)"}[gate])
}

// masks512 sets up the last n mod 16 units, whose number is in R12: K1 is all of
// them, K2 and K3 those of the first and the second group of eight, in its own half;
// R12 and R13 are the bytes from a gate to the next in either. The second group's
// lanes are eight too far on, so its sums are looked for 32 bytes before where they
// are, at 96 from R8. Without second group K3 is empty and R13 means nothing.
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
