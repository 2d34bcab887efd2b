package main

// neonWoven is the number of terms of a pass between which the gates of the previous pass
// are distributed: enough for a core that loads one vector per cycle to hide them.
const neonWoven = 32

// step writes f32.Step for at least one pair of groups (16 units) and some more units, and
// at least neonWoven values of xh. A pass stores its sums in z. The gates of its units,
// which need multipliers but hardly any loads, are computed between the loads of the next
// pass. The order of the passes does not change the results.
//
//	R0 h, R1 c, R3 start, R4 z, R5 w of the pass
//	R9 h, R10 c, R11 z of the pair whose gates are pending; R12 pairs left
//	R13, R14, R15: distances between pairs in h and c, start and z, w
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

// pending is the state of the units whose gates are pending. Their sums are at R11.
var pending = state{h: "R9", c: "R10", cPrev: "R10"}

// pend marks the gates of the pass as pending.
func (e *neon) pend() {
	e.op("MOVD R0, R9")
	e.op("MOVD R1, R10")
	e.op("MOVD R4, R11")
}

// move advances to the next pair, or to the previous one after turn.
func (e *neon) move() {
	e.op("ADD R13, R0")
	e.op("ADD R13, R1")
	e.op("ADD R14, R3")
	e.op("ADD R14, R4")
	e.op("ADD R15, R5")
}

// turn reverses the direction of move, and moves.
func (e *neon) turn() {
	for _, r := range []string{"R13", "R14", "R15"} {
		e.op("NEG %s, %s", r, r)
	}
	e.move()
}

// skipPairs advances past all pairs.
func (e *neon) skipPairs() {
	e.op("ADD R12<<6, R0, R0")
	e.op("ADD R12<<6, R1, R1")
	e.op("ADD R12<<8, R3, R3")
	e.op("ADD R12<<8, R4, R4")
	e.op("MUL R12, R15, R16")
	e.op("ADD R16, R5")
}

// unitsAfterPairs computes the gates of the last pass, that is, of the units after the
// pairs.
func (e *neon) unitsAfterPairs() {
	e.pend()
	e.op("MOVD n+48(FP), R16")
	e.op("MOVD pairs+72(FP), R17")
	e.op("SUB R17<<4, R16, R16")
	e.units(4, "R11", []string{pending.h, pending.c}, func(b block) { e.gatesBlock(b, pending, false) })
}

// woven is write with the gates of the pending pair between its first terms.
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

// A wovenPair computes the gates of two vectors of the pending pair in the registers x, n,
// p and k. Values without a register are stored in place of the gates in z. While weights
// stream, loads are the bottleneck on some cores and arithmetic on others, so constants
// use some of both.
type wovenPair struct {
	*neon
	first      int
	constant   source
	x, n, p, k []int
}

// pendingGates computes the gates of vectors first and first+1 of the pending pair.
func (e *neon) pendingGates(first int) {
	w := wovenPair{e, first, inTurn(e.fromMemory, e.fromPacked(29)), numbers(21, 2), numbers(23, 2), numbers(25, 2), numbers(27, 2)}
	w.toC()
	w.toH()
}

func (w wovenPair) z(gate int) func(v int) string {
	b := block{vectors: 4, lanes: 4, z: [4]string{"R11", "R11", "R11", "R11"}}
	return func(v int) string { return b.gate(v, gate) }
}

func (wovenPair) c(v int) string { return at(pending.c, 16*v) }
func (wovenPair) h(v int) string { return at(pending.h, 16*v) }

func (w wovenPair) load(from func(v int) string, r []int) {
	for i := range r {
		w.loadFull(from(w.first+i), r[i])
	}
}

func (w wovenPair) store(r []int, to func(v int) string) {
	for i := range r {
		w.storeFull(r[i], to(w.first+i))
	}
}

func (w wovenPair) op(name string, d, a, b []int) {
	for i := range d {
		w.vector(name, d[i], a[i], b[i])
	}
}

// power replaces x by 2^x and returns the register that holds 1.
func (w wovenPair) power() (one []int) {
	w.exp2s(w.constant, w.x, w.n, w.p, w.k)
	w.constant("one", w.k[0])
	return []int{w.k[0], w.k[0]}
}

// toC computes c from the sums of i, f and g.
func (w wovenPair) toC() {
	x, n, p := w.x, w.n, w.p
	w.load(w.z(0), x)
	w.op("fadd", x, w.power(), x)
	w.store(x, w.z(0))
	w.load(w.z(2), x)
	one := w.power()
	w.op("fsub", n, one, x)
	w.store(n, w.z(2)) // 1−e_g
	w.op("fadd", x, one, x)
	w.load(w.z(0), p)
	w.op("fmul", p, p, x)
	w.store(p, w.z(0)) // a
	w.load(w.z(1), x)
	w.op("fadd", x, w.power(), x) // b
	w.load(w.z(2), n)
	w.op("fmul", n, n, x)
	w.load(w.z(0), p)
	w.op("fmul", x, p, x) // a·b
	w.load(w.c, w.k)
	for i := range n {
		w.fmla(n[i], w.k[i], p[i])
	}
	w.op("fdiv", n, n, x)
	w.store(n, w.c)
}

// toH computes h from the sums of o and from c. The power of o does not depend on c.
func (w wovenPair) toH() {
	x, n, p := w.x, w.n, w.p
	w.load(w.z(3), x)
	w.op("fadd", x, w.power(), x)
	w.store(x, w.z(3)) // 1+e_o
	w.load(w.c, x)
	w.constant("tanh", w.k[0])
	w.op("fmul", x, x, []int{w.k[0], w.k[0]})
	one := w.power()
	w.op("fsub", n, one, x)
	w.op("fadd", x, one, x)
	w.load(w.z(3), p)
	w.op("fmul", x, p, x)
	w.op("fdiv", n, n, x)
	w.store(n, w.h)
}
