package main

import "fmt"

// avx2 returns the kernels for AVX2 with FMA.
func avx2() []byte {
	e := &emitter{}
	e.begin("amd64 && !purego")
	constants(e, 8)
	masks(e)
	for rows := 1; rows <= tileRows; rows++ {
		tile(e, rows)
	}
	gates(e, false)
	gates(e, true)
	gatesBackward(e)
	step(e)
	axpy(e)
	affine(e)
	adam(e)
	transform(e)
	logConstants(e, 8)
	bank(e)
	convolve(e)
	logs(e)
	peak(e)
	return e.Bytes()
}

// masks writes eight lanes of ones followed by eight lanes of zeros.
func masks(e *emitter) {
	for lane := range 16 {
		e.line(fmt.Sprintf("DATA masks<>+%d(SB)/4, $0x%08x", 4*lane, []uint32{0xffffffff, 0}[lane/8]))
	}
	e.line("GLOBL masks<>(SB), RODATA|NOPTR, $64")
}

// at8 returns the memory operand of a constant in eight lanes.
func at8(name string) string { return constant(name, 8) }

// end closes a function.
func (e *emitter) end() {
	e.op("VZEROUPPER")
	e.op("RET")
}

// function8 begins an amd64 function without a frame.
func (e *emitter) function8(name, comment string, params []param) {
	e.function(name, comment, "MOVQ", 0, params)
}

// regs returns the names of n vector registers, beginning with first.
func regs(first, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("Y%d", first+i))
	}
	return names
}

// exp2s writes x = 2^x for all registers x, interleaved, with x limited to ±40. n and p
// are scratch registers, as many as x. k is one more scratch register for constants that
// have no register of their own; without it they are read from memory at each use. The
// order of the operands of min and max preserves NaN.
func exp2s(e *emitter, x, n, p []string, k string, held ...heldConstant) {
	each := func(f func(i int)) {
		for i := range x {
			f(i)
		}
	}
	with := func(name string) string {
		for _, h := range held {
			if h.name == name {
				return h.reg
			}
		}
		if k == "" {
			return at8(name)
		}
		e.op("VBROADCASTSS %s, %s", at8(name), k)
		return k
	}
	bound := func(op, name string) {
		if k == "" && len(held) == 0 {
			each(func(i int) { e.op("VMOVUPS %s, %s", at8(name), n[i]) })
			each(func(i int) { e.op("%s %s, %s, %s", op, x[i], n[i], x[i]) })
			return
		}
		c := with(name)
		each(func(i int) { e.op("%s %s, %s, %s", op, x[i], c, x[i]) })
	}
	bound("VMINPS", "top")
	bound("VMAXPS", "bottom")
	each(func(i int) { e.op("VROUNDPS $0, %s, %s", x[i], n[i]) })
	each(func(i int) { e.op("VSUBPS %s, %s, %s", n[i], x[i], x[i]) })
	each(func(i int) { e.op("VCVTPS2DQ %s, %s", n[i], n[i]) })
	each(func(i int) { e.op("VBROADCASTSS %s, %s", at8("p5"), p[i]) })
	for q := 4; q >= 1; q-- {
		c := with(fmt.Sprintf("p%d", q))
		each(func(i int) { e.op("VFMADD213PS %s, %s, %s", c, x[i], p[i]) })
	}
	c := with("one")
	each(func(i int) { e.op("VFMADD213PS %s, %s, %s", c, x[i], p[i]) })
	each(func(i int) { e.op("VPSLLD $23, %s, %s", n[i], n[i]) })
	each(func(i int) { e.op("VPADDD %s, %s, %s", n[i], p[i], x[i]) })
}

// A heldConstant is a constant that has a register of its own.
type heldConstant struct{ name, reg string }

// hold loads held constants.
func hold(e *emitter, held []heldConstant) {
	for _, h := range held {
		e.op("VBROADCASTSS %s, %s", at8(h.name), h.reg)
	}
}

// lanes describes which lanes of a group are in memory: all eight, or only the first
// R12 bytes, which the mask register selects; temp is then scratch.
type lanes struct{ mask, temp string }

func (l lanes) load(e *emitter, at, reg string) {
	if l.mask == "" {
		e.op("VMOVUPS %s, %s", at, reg)
	} else {
		e.op("VMASKMOVPS %s, %s, %s", at, l.mask, reg)
	}
}

// store writes a partial register in pieces of four, two and one, because a masked store
// takes a dozen cycles on some processors. It leaves three times R12 in R13.
func (l lanes) store(e *emitter, reg, at string) {
	if l.mask == "" {
		e.op("VMOVUPS %s, %s", reg, at)
		return
	}
	x := "X" + l.temp[1:]
	e.op("VMOVAPS %s, %s", reg, l.temp)
	e.op("LEAQ %s, R13", at)
	piece := func(bytes int, store, next string) {
		skip := e.fresh("skip")
		e.op("TESTQ $%d, R12", bytes)
		e.op("JZ %s", skip)
		e.op("%s %s, (R13)", store, x)
		if next != "" {
			e.op("ADDQ $%d, R13", bytes)
			e.op("%s", next)
		}
		e.label(skip)
	}
	piece(16, "VMOVUPS", fmt.Sprintf("VEXTRACTF128 $1, %s, %s", l.temp, x))
	piece(8, "VMOVLPS", fmt.Sprintf("VUNPCKHPD %s, %s, %s", x, x, x))
	piece(4, "VMOVSS", "")
	e.op("LEAQ (R12)(R12*2), R13")
}

// quarters returns the operands of the four gates of the group at R8.
func (l lanes) quarters() [4]string {
	if l.mask == "" {
		return [4]string{"(R8)", "32(R8)", "64(R8)", "96(R8)"}
	}
	return [4]string{"(R8)", "(R8)(R12*1)", "(R8)(R12*2)", "(R8)(R13*1)"}
}

// tailSetup loads the mask for the last n mod 8 units, the number in reg, and sets R12
// and R13 to one and three times the number of bytes of a gate.
func tailSetup(e *emitter, reg, mask string) {
	tailMask(e, reg, mask)
	e.op("LEAQ (%s*4), R12", reg)
	e.op("LEAQ (R12)(R12*2), R13")
}

// tailMask loads the mask for the given number of lanes; R13 is scratch.
func tailMask(e *emitter, reg, mask string) {
	e.op("LEAQ masks<>+32(SB), R13")
	for range 4 {
		e.op("SUBQ %s, R13", reg)
	}
	e.op("VMOVUPS (R13), %s", mask)
}
