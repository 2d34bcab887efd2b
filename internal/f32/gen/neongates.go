package main

// gates writes the gates of n units in rows that are ldh units apart.
//
//	R0 h, R1 c, R2 cPrev, R3 z of the row; R9 to R12 the same of the block
func (e *neon) gates(keep bool) {
	name := "gates"
	if keep {
		name = "gatesKeep"
	}
	e.start("h, c, cPrev, z *float32, m, n, ldh, ldz int", name,
		[]param{{"h", "R0"}, {"c", "R1"}, {"cPrev", "R2"}, {"z", "R3"}, {"m", "R4"}, {"n", "R5"}, {"ldh", "R6"}, {"ldz", "R7"}})
	e.loadConstantsAddress()
	row := e.fresh("row")
	e.label(row)
	e.op("MOVD R0, R9")
	e.op("MOVD R1, R10")
	e.op("MOVD R2, R11")
	e.op("MOVD R3, R12")
	e.op("MOVD R5, R16")
	s := state{h: "R9", c: "R10", cPrev: "R11"}
	e.units(4, "R12", []string{s.h, s.c, s.cPrev}, func(b block) { e.gatesBlock(b, s, keep) })
	for _, r := range []string{"R0", "R1", "R2"} {
		e.op("ADD R6, %s", r)
	}
	e.op("ADD R7, R3")
	e.op("SUBS $1, R4, R4")
	e.op("BNE %s", row)
	e.op("RET")
}

// A state holds the registers with the addresses of h, c and cPrev of a block.
type state struct{ h, c, cPrev string }

// gatesBlock computes c and h from the sums of a block: c for two vectors at a time, then
// h for all of them, interleaved.
func (e *neon) gatesBlock(b block, s state, keep bool) {
	var c, o []int
	for first := 0; first < b.vectors; first += 2 {
		n := min(2, b.vectors-first)
		for i := range 4 * n {
			e.load(b.lanes, b.gate(first+i%n, i/n), i)
		}
		e.exp2s(e.fromMemory, numbers(0, 4*n), numbers(8, 4*n), numbers(16, 4*n), numbers(24, 4))
		to := 24
		if first+n < b.vectors {
			to = 28 // out of the way of the next ones
		}
		e.combine(b, s, first, n, to, keep)
		c, o = append(c, numbers(to, n)...), append(o, numbers(to+n, n)...)
	}
	e.exp2s(e.fromMemory, c, numbers(0, len(c)), numbers(4, len(c)), numbers(8, 4))
	e.fromMemory("one", 12)
	for v := range c {
		e.vector("fsub", v, 12, c[v])
		e.vector("fadd", c[v], 12, c[v])
	}
	for v := range c {
		e.vector("fmul", c[v], c[v], o[v])
	}
	for v := range c {
		e.vector("fdiv", v, v, c[v])
	}
	for v := range c {
		e.store(b.lanes, v, b.at(s.h, v))
	}
}

// combine computes and stores c from the four powers of n vectors, in the registers from V0
// on. It leaves c·tanhScale in the n registers from to on, and 1+e_o in the n after them.
func (e *neon) combine(b block, s state, first, n, to int, keep bool) {
	const one, tanh, rest, cPrev, value = 22, 23, 8, 10, 12
	i, f, g, o := 0, n, 2*n, 3*n
	e.fromMemory("one", one)
	e.fromMemory("tanh", tanh)
	for v := range n {
		e.vector("fadd", i+v, i+v, one)
		e.vector("fadd", f+v, f+v, one)
		e.vector("fsub", rest+v, one, g+v)
		e.vector("fadd", g+v, g+v, one)
		e.vector("fadd", to+n+v, o+v, one)
		if keep {
			e.keepGates(b, first+v, one, value, [4]int{i + v, f + v, g + v, to + n + v}, rest+v)
		}
	}
	for v := range n {
		e.load(b.lanes, b.at(s.cPrev, first+v), cPrev+v)
		e.vector("fmul", i+v, i+v, g+v)       // a
		e.vector("fmul", rest+v, rest+v, f+v) // (1−e_g)·b
		e.vector("fmul", f+v, i+v, f+v)       // a·b
		e.fmla(rest+v, cPrev+v, i+v)          // + c·a
		e.vector("fdiv", rest+v, rest+v, f+v) // c
		e.store(b.lanes, rest+v, b.at(s.c, first+v))
	}
	for v := range n {
		e.vector("fmul", to+v, rest+v, tanh)
	}
}

// keepGates stores the gate values of a vector, given 1+e of each gate and 1−e_g. It
// overwrites the four registers from value on.
func (e *neon) keepGates(b block, v, one, value int, plus [4]int, minus int) {
	for gate, d := range plus {
		n := one
		if gate == 2 {
			n = minus
		}
		e.vector("fdiv", value+gate, n, d)
		e.store(b.lanes, value+gate, b.gate(v, gate))
	}
}
