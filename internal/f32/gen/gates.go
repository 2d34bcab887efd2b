package main

import (
	"fmt"
	"math"
)

// The polynomial of 2^f on [−½, ½] is package f32's (exp.go).
var table = []struct {
	name  string
	value float64
}{
	{"one", 1}, {"two", 2}, {"top", 40}, {"bottom", -40},
	{"sigmoid", -math.Log2E}, {"tanh", 2 * math.Log2E},
	{"p1", 0.693147180559945309}, {"p2", 0.240226506959100712}, {"p3", 0.0555041086648215800},
	{"p4", 0.00961812910762847716}, {"p5", 0.00133335581464284434}, {"p6", 0.000154035303933816099},
}

// constants writes each value of the table eight times, and the masks: eight
// lanes of ones, then eight of zeros.
func constants(e *emitter) {
	for i, t := range table {
		for lane := range 8 {
			e.line(fmt.Sprintf("DATA constants<>+%d(SB)/4, $0x%08x // %s", 32*i+4*lane, math.Float32bits(float32(t.value)), t.name))
		}
	}
	e.line(fmt.Sprintf("GLOBL constants<>(SB), RODATA|NOPTR, $%d", 32*len(table)))
	for lane := range 16 {
		e.line(fmt.Sprintf("DATA masks<>+%d(SB)/4, $0x%08x", 4*lane, []uint32{math.MaxUint32, 0}[lane/8]))
	}
	e.line("GLOBL masks<>(SB), RODATA|NOPTR, $64")
}

// constant is the memory operand of a value of the table.
func constant(name string) string {
	for i, t := range table {
		if t.name == name {
			return fmt.Sprintf("constants<>+%d(SB)", 32*i)
		}
	}
	panic("no constant " + name)
}

// A unit computes the gates' functions with two scratch registers. With kept it
// finds 1 and the bounds in registers, otherwise in memory.
type unit struct {
	n, p string
	kept bool
}

// kept names the registers that hold constants for a unit with kept.
var kept = map[string]string{"one": "Y13", "bottom": "Y14", "top": "Y15"}

// free is the unit of the functions that have all registers to themselves.
var free = unit{n: "Y8", p: "Y9", kept: true}

func loadKept(e *emitter) {
	for _, name := range []string{"one", "bottom", "top"} {
		e.op("VMOVUPS %s, %s", constant(name), kept[name])
	}
}

// reg returns a register that holds the constant, temp if need be.
func (u unit) reg(e *emitter, name, temp string) string {
	if r := kept[name]; u.kept && r != "" {
		return r
	}
	e.op("VMOVUPS %s, %s", constant(name), temp)
	return temp
}

// exp writes x = 2^(factor·x), x held to ±40 before. The order of min's and max's
// operands lets NaN through.
func (u unit) exp(e *emitter, x, factor string) {
	n, p := u.n, u.p
	e.op("VMINPS %s, %s, %s", x, u.reg(e, "top", n), x)
	e.op("VMAXPS %s, %s, %s", x, u.reg(e, "bottom", n), x)
	e.op("VMULPS %s, %s, %s", constant(factor), x, n)
	e.op("VROUNDPS $0, %s, %s", n, n)
	e.op("VFMSUB132PS %s, %s, %s", constant(factor), n, x)
	e.op("VMOVUPS %s, %s", constant("p6"), p)
	for i := 5; i >= 1; i-- {
		e.op("VFMADD213PS %s, %s, %s", constant(fmt.Sprintf("p%d", i)), x, p)
	}
	e.op("VFMADD213PS %s, %s, %s", constant("one"), x, p)
	e.op("VCVTPS2DQ %s, %s", n, n)
	e.op("VPSLLD $23, %s, %s", n, n)
	e.op("VPADDD %s, %s, %s", n, p, x)
}

// sigmoid writes x = 1/(1 + 2^(−x·log2 e)).
func (u unit) sigmoid(e *emitter, x string) {
	u.exp(e, x, "sigmoid")
	e.op("VADDPS %s, %s, %s", constant("one"), x, x)
	e.op("VDIVPS %s, %s, %s", x, u.reg(e, "one", u.n), x)
}

// tanh writes x = 1 − 2/(1 + 2^(2x·log2 e)).
func (u unit) tanh(e *emitter, x string) {
	u.exp(e, x, "tanh")
	e.op("VADDPS %s, %s, %s", constant("one"), x, x)
	e.op("VDIVPS %s, %s, %s", x, u.reg(e, "two", u.p), x)
	e.op("VSUBPS %s, %s, %s", x, u.reg(e, "one", u.n), x)
}

// A lanes says how a group's values reach memory: all eight, or the first ones
// as the mask register says.
type lanes struct{ mask string }

func (l lanes) load(e *emitter, at, reg string) {
	if l.mask == "" {
		e.op("VMOVUPS %s, %s", at, reg)
	} else {
		e.op("VMASKMOVPS %s, %s, %s", at, l.mask, reg)
	}
}

func (l lanes) store(e *emitter, reg, at string) {
	if l.mask == "" {
		e.op("VMOVUPS %s, %s", reg, at)
	} else {
		e.op("VMASKMOVPS %s, %s, %s", reg, l.mask, at)
	}
}

// quarters returns where the four gates of a group lie from z on.
func (l lanes) quarters() [4]string {
	if l.mask == "" {
		return [4]string{"(R8)", "32(R8)", "64(R8)", "96(R8)"}
	}
	return [4]string{"(R8)", "(R8)(R12*1)", "(R8)(R12*2)", "(R8)(R13*1)"}
}

// tailSetup loads the mask of the last n mod 8 units, whose number is in reg, and
// makes R12 and R13 one and three times the bytes of a gate.
func tailSetup(e *emitter, reg, mask string) {
	e.op("LEAQ masks<>+32(SB), R13")
	e.op("LEAQ (%s*4), R12", reg)
	e.op("SUBQ R12, R13")
	e.op("VMOVUPS (R13), %s", mask)
	e.op("LEAQ (R12)(R12*2), R13")
}

// gatesGroup is one group of the loop of Gates: sums at R8, which receive the
// gates' values if keep is set; cPrev, c and h at R11 past DX, SI and DI.
func gatesGroup(e *emitter, l lanes, keep bool) {
	q := l.quarters()
	for i, reg := range []string{"Y0", "Y1", "Y2", "Y3"} {
		l.load(e, q[i], reg)
		if i == 2 {
			free.tanh(e, reg)
		} else {
			free.sigmoid(e, reg)
		}
		if keep {
			l.store(e, reg, q[i])
		}
	}
	l.load(e, "(DX)(R11*1)", "Y8")
	e.op("VMULPS Y2, Y0, Y0")
	e.op("VFMADD231PS Y8, Y1, Y0") // c = f·cPrev + i·g
	l.store(e, "Y0", "(SI)(R11*1)")
	free.tanh(e, "Y0")
	e.op("VMULPS Y3, Y0, Y0")
	l.store(e, "Y0", "(DI)(R11*1)")
}

// gates writes the loop of f32.Gates.
func gates(e *emitter) {
	e.function("gatesAVX2", "func gatesAVX2(h, c, cPrev, z *float32, m, n, ldz int), ldz in bytes",
		[]param{{"h", "DI"}, {"c", "SI"}, {"cPrev", "DX"}, {"z", "AX"}, {"m", "CX"}, {"n", "BX"}, {"ldz", "R9"}})
	loadKept(e)
	rows(e, func(l lanes) { gatesGroup(e, l, true) }, func() {
		for _, reg := range []string{"DI", "SI", "DX"} {
			e.op("LEAQ (%s)(BX*4), %s", reg, reg)
		}
	})
	e.end()
}

// rows writes the walk over CX rows of BX units: group at R8 and R11 as gatesGroup
// has them, then advance moves the row pointers on.
func rows(e *emitter, body func(l lanes), advance func()) {
	row, loop, tail, done := e.fresh("row"), e.fresh("group"), e.fresh("tail"), e.fresh("done")
	e.op("MOVQ BX, R10")
	e.op("ANDQ $7, R10")
	tailSetup(e, "R10", "Y12")
	e.label(row)
	e.op("MOVQ AX, R8")
	e.op("XORQ R11, R11")
	e.op("MOVQ BX, R14")
	e.op("SHRQ $3, R14")
	e.op("JZ %s", tail)
	e.label(loop)
	body(lanes{})
	e.op("ADDQ $128, R8")
	e.op("ADDQ $32, R11")
	e.op("DECQ R14")
	e.op("JNZ %s", loop)
	e.label(tail)
	e.op("TESTQ R10, R10")
	e.op("JZ %s", done)
	body(lanes{mask: "Y12"})
	e.label(done)
	advance()
	e.op("ADDQ R9, AX")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
}

// gatesAdjoint writes the loop of f32.GatesAdjoint.
func gatesAdjoint(e *emitter) {
	e.function("gatesAdjointAVX2", "func gatesAdjointAVX2(z, dc, dh, c, cPrev *float32, m, n, ldz, ldh int), ldz and ldh in bytes",
		[]param{{"z", "AX"}, {"dc", "DI"}, {"dh", "SI"}, {"c", "DX"}, {"cPrev", ""}, {"m", "CX"}, {"n", "BX"}, {"ldz", "R9"}, {"ldh", ""}})
	loadKept(e)
	rows(e, func(l lanes) { adjointGroup(e, l) }, func() {
		e.op("LEAQ (DI)(BX*4), DI")
		e.op("LEAQ (DX)(BX*4), DX")
		e.op("ADDQ ldh+64(FP), SI")
		e.op("MOVQ cPrev+32(FP), R11")
		e.op("LEAQ (R11)(BX*4), R11")
		e.op("MOVQ R11, cPrev+32(FP)")
	})
	e.end()
}

func adjointGroup(e *emitter, l lanes) {
	if l.mask != "" {
		e.op("LEAQ (R12)(R12*2), R13")
	}
	q := l.quarters()
	for i, reg := range []string{"Y0", "Y1", "Y2", "Y3"} {
		l.load(e, q[i], reg)
	}
	l.load(e, "(DX)(R11*1)", "Y4")
	free.tanh(e, "Y4")
	l.load(e, "(SI)(R11*1)", "Y5") // dh
	l.load(e, "(DI)(R11*1)", "Y6") // dc
	e.op("VMOVAPS %s, Y7", kept["one"])
	e.op("VFNMADD231PS Y4, Y4, Y7") // 1 − y²
	e.op("VMULPS Y3, Y5, Y8")       // dh·o
	e.op("VFMADD231PS Y7, Y8, Y6")  // d = dc + dh·o·(1 − y²)
	e.op("VMULPS Y4, Y5, Y5")       // dh·y
	oneMinus := func(x, dst string) {
		e.op("VSUBPS %s, %s, %s", x, kept["one"], dst)
		e.op("VMULPS %s, %s, %s", x, dst, dst)
	}
	oneMinus("Y3", "Y8")
	e.op("VMULPS Y8, Y5, Y8")
	l.store(e, "Y8", q[3])
	oneMinus("Y0", "Y8")
	e.op("VMULPS Y2, Y6, Y9")
	e.op("VMULPS Y8, Y9, Y8")
	l.store(e, "Y8", q[0])
	e.op("VMULPS Y0, Y6, Y9")
	e.op("VMOVAPS %s, Y8", kept["one"])
	e.op("VFNMADD231PS Y2, Y2, Y8")
	e.op("VMULPS Y8, Y9, Y8")
	l.store(e, "Y8", q[2])
	e.op("MOVQ cPrev+32(FP), R13")
	l.load(e, "(R13)(R11*1)", "Y9")
	oneMinus("Y1", "Y8")
	e.op("VMULPS Y6, Y9, Y9")
	e.op("VMULPS Y8, Y9, Y8")
	l.store(e, "Y8", q[1])
	e.op("VMULPS Y1, Y6, Y6")
	l.store(e, "Y6", "(DI)(R11*1)")
}
