package main

// neonWoven is over how many terms of a pass the gates of the pass before are
// spread: enough for a core that loads one vector a cycle to compute them meanwhile.
const neonWoven = 32

// step writes the loop of f32.Step for at least one pair of groups, 16 units, and
// units beside, and at least neonWoven values of xh. A pass leaves its sums in z;
// the gates of its units, which want multipliers but hardly any load, are computed
// amid the loads of the next pass. The order of passes has no effect on the bits.
//
//	R0 h, R1 c, R3 start, R4 z, R5 w: where the pass begins; R9 h, R10 c, R11 z of
//	the pair whose gates are pending; R12 pairs left
//	R13, R14, R15: how far h and c, start and z, w are moved from pair to pair
//	V17 to V20 weights, V21 to V28 gates, from V29 on constants
func (e *neon) step() {
	e.start("h, c, xh, start, z, w *float32, n, k, ld, pairs, last, back int", "step",
		[]param{{"h", "R0"}, {"c", "R1"}, {"xh", "R2"}, {"start", "R3"}, {"z", "R4"}, {"w", "R5"},
			{"n", ""}, {"k", "R6"}, {"ld", "R7"}, {"pairs", "R12"}, {"last", "R24"}, {"back", "R25"}})
	p := neonPass{z: "R4", start: "R3", xh: "R2", w: "R5", k: "R6", ld: "R7"}
	pairs, loop, done, up := e.fresh("pairs"), e.fresh("pair"), e.fresh("done"), e.fresh("up")
	e.loadConstantsAddress()
	e.op("MOVD $64, R13")
	e.op("MOVD $256, R14")
	e.op("LSL $2, R7, R15")
	e.op("CBZ R25, %s", pairs)
	e.skipPairs()
	e.eachCount("R24", 1, neonPanels, func(panels int) { p.write(e, panels) })
	e.unitsAfterPairs()
	e.turn()
	e.label(pairs)
	e.loadPacked(29)
	p.write(e, neonPanels)
	e.label(loop)
	e.pend()
	e.move()
	e.op("SUBS $1, R12, R12")
	e.op("BEQ %s", done)
	p.woven(e, neonPanels)
	e.op("B %s", loop)
	e.label(done)
	e.op("CBZ R25, %s", up)
	e.gatesBlock(block{vectors: 4, lanes: 4, z: [4]string{"R11", "R11", "R11", "R11"}}, pending, false)
	e.op("RET")
	e.label(up)
	e.eachCount("R24", 1, neonPanels, func(panels int) { p.woven(e, panels) })
	e.unitsAfterPairs()
	e.op("RET")
}

// pending is the state of the units whose gates are pending, their sums at R11.
var pending = state{h: "R9", c: "R10", cPrev: "R10"}

// pend makes the gates of the pass pending.
func (e *neon) pend() {
	e.op("MOVD R0, R9")
	e.op("MOVD R1, R10")
	e.op("MOVD R4, R11")
}

// move moves to the next pair, or after turn to the one before.
func (e *neon) move() {
	e.op("ADD R13, R0")
	e.op("ADD R13, R1")
	e.op("ADD R14, R3")
	e.op("ADD R14, R4")
	e.op("ADD R15, R5")
}

// turn makes move go backwards, and does.
func (e *neon) turn() {
	for _, r := range []string{"R13", "R14", "R15"} {
		e.op("NEG %s, %s", r, r)
	}
	e.move()
}

// skipPairs moves past all pairs.
func (e *neon) skipPairs() {
	e.op("ADD R12<<6, R0, R0")
	e.op("ADD R12<<6, R1, R1")
	e.op("ADD R12<<8, R3, R3")
	e.op("ADD R12<<8, R4, R4")
	e.op("MUL R12, R15, R16")
	e.op("ADD R16, R5")
}

// unitsAfterPairs runs the gates of the last pass, n less the units of the pairs.
func (e *neon) unitsAfterPairs() {
	e.pend()
	e.op("MOVD n+48(FP), R16")
	e.op("MOVD pairs+72(FP), R17")
	e.op("SUB R17<<4, R16, R16")
	e.units(4, "R11", []string{pending.h, pending.c}, func(b block) { e.gatesBlock(b, pending, false) })
}

// woven is write with the gates of the pending pair amid its first terms.
func (p neonPass) woven(e *neon, panels int) {
	weights := numbers(17, 4)
	p.begin(e, panels)
	main := e.capture(func() {
		for range neonWoven / 4 {
			e.fourTerms(panels, weights)
		}
	})
	e.weave(main, e.capture(func() {
		e.pendingGates(0)
		e.pendingGates(2)
	}))
	e.op("LSR $2, %s, R17", p.k)
	e.op("SUB $%d, R17", neonWoven/4)
	p.end(e, panels, weights)
}

// pendingGates runs the gates of vectors first and first+1 of the pending pair, in
// V21 to V28. Their places in z hold what finds no room. Where weights stream some
// cores are short of loads, others of arithmetic; constants take some of both.
func (e *neon) pendingGates(first int) {
	constant := inTurn(e.fromMemory, e.fromPacked(29))
	x, n, p, k := numbers(21, 2), numbers(23, 2), numbers(25, 2), numbers(27, 2)
	b := block{vectors: 4, lanes: 4, z: [4]string{"R11", "R11", "R11", "R11"}}
	z := func(gate int) func(v int) string { return func(v int) string { return b.gate(v, gate) } }
	c, h := func(v int) string { return b.at(pending.c, v) }, func(v int) string { return b.at(pending.h, v) }
	each := func(f func(i int)) { f(0); f(1) }
	load := func(from func(v int) string, r []int) { each(func(i int) { e.loadFull(from(first+i), r[i]) }) }
	store := func(r []int, to func(v int) string) { each(func(i int) { e.storeFull(r[i], to(first+i)) }) }
	op := func(name string, d, a, b []int) { each(func(i int) { e.vector(name, d[i], a[i], b[i]) }) }
	one := []int{k[0], k[0]}
	power := func() { e.exp2s(constant, x, n, p, k); constant("one", k[0]) }

	load(z(0), x)
	power()
	op("fadd", x, one, x)
	store(x, z(0))
	load(z(2), x)
	power()
	op("fsub", n, one, x)
	store(n, z(2)) // 1−e_g
	op("fadd", x, one, x)
	load(z(0), p)
	op("fmul", p, p, x)
	store(p, z(0)) // a
	load(z(1), x)
	power()
	op("fadd", x, one, x) // b
	load(z(2), n)
	op("fmul", n, n, x)
	load(z(0), p)
	op("fmul", x, p, x) // a·b
	load(c, k)
	each(func(i int) { e.fmla(n[i], k[i], p[i]) })
	op("fdiv", n, n, x)
	store(n, c)
	load(z(3), x)
	power()
	op("fadd", x, one, x)
	store(x, z(3)) // 1+e_o
	load(c, x)
	constant("tanh", k[0])
	op("fmul", x, x, one)
	power()
	op("fsub", n, one, x)
	op("fadd", x, one, x)
	load(z(3), p)
	op("fmul", x, p, x)
	op("fdiv", n, n, x)
	store(n, h)
}
