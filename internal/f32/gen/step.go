package main

import "fmt"

const (
	// pairPanels is the number of panels of two groups of eight units, the usual pass
	// of a step: eight sums in registers, which read weights as fast as the second-level
	// cache delivers them.
	pairPanels = 4
	// lastPanels is the largest number of panels in the last pass: the remainder, or if
	// that is less than three, the four before as well.
	lastPanels = 6
	// wovenTerms is the number of terms of a pass between which the gates of the
	// previous pass are distributed. A step with pairs has at least 25 units and so at
	// least 25 terms.
	wovenTerms = 24
)

// step writes f32.Step. A pass stores its sums in z. The gates of its units are computed
// between the loads of the next pass, where they cost little. The order of the passes does
// not change the results.
//
//	DI h, SI c, DX start, BX w, and z in the frame, of the pass
//	AX bytes between panels, R9 terms, R10 pairs left
func step(e *emitter) {
	e.function8("stepAVX2", "func stepAVX2(h, c, xh, start, z, w *float32, n, k, ld, pairs, last, back int), ld in bytes",
		[]param{{"h", "DI"}, {"c", "SI"}, {"xh", ""}, {"start", "DX"}, {"z", ""}, {"w", "BX"},
			{"n", ""}, {"k", "R9"}, {"ld", "AX"}, {"pairs", "R10"}, {"last", ""}, {"back", ""}})
	up, down := e.fresh("up"), e.fresh("down")
	e.op("TESTQ R10, R10")
	e.op("JZ %s", down)
	e.op("CMPQ back+88(FP), $0")
	e.op("JE %s", up)
	skipPairs(e)
	e.label(down)
	lastPass(e, false)
	e.op("TESTQ R10, R10")
	e.op("JNZ %s", down+"a")
	e.end()
	e.label(down + "a")
	pairsDown(e)
	e.end()
	e.label(up)
	pairsUp(e)
	lastPass(e, true)
	e.end()
}

// pairsUp computes all pairs in ascending order, except the gates of the last one.
func pairsUp(e *emitter) {
	loop, done := e.fresh("pair"), e.fresh("done")
	pass(e, pairPanels, 0)
	e.label(loop)
	move(e, "ADDQ")
	e.op("DECQ R10")
	e.op("JZ %s", done)
	pass(e, pairPanels, -1)
	e.op("JMP %s", loop)
	e.label(done)
}

// pairsDown computes all pairs in descending order.
func pairsDown(e *emitter) {
	loop, done := e.fresh("pair"), e.fresh("done")
	move(e, "SUBQ")
	pass(e, pairPanels, 0)
	e.label(loop)
	e.op("DECQ R10")
	e.op("JZ %s", done)
	move(e, "SUBQ")
	pass(e, pairPanels, 1)
	e.op("JMP %s", loop)
	e.label(done)
	e.op("MOVQ z+32(FP), R14")
	pairGates(e, 0, 2)
}

// move advances the pointers by one pair, forwards or backwards: 16 units, four panels.
func move(e *emitter, op string) {
	e.op("%s $64, DI", op)
	e.op("%s $64, SI", op)
	e.op("%s $256, DX", op)
	e.op("%s $256, z+32(FP)", op)
	e.op("LEAQ (AX*4), R11")
	e.op("%s R11, BX", op)
}

// skipPairs advances the pointers past all pairs.
func skipPairs(e *emitter) {
	e.op("MOVQ R10, R11")
	e.op("SHLQ $6, R11")
	e.op("ADDQ R11, DI")
	e.op("ADDQ R11, SI")
	e.op("SHLQ $2, R11")
	e.op("ADDQ R11, DX")
	e.op("ADDQ R11, z+32(FP)")
	e.op("LEAQ (AX*4), R11")
	e.op("IMULQ R10, R11")
	e.op("ADDQ R11, BX")
}

// pass computes the sums of a pass in z. Unless gates is 0, it also computes the gates of
// the pair at this distance.
func pass(e *emitter, panels, gates int) {
	for p := range 2 * panels {
		e.op("VMOVUPS %d(DX), Y%d", 32*p, p)
	}
	e.op("MOVQ xh+16(FP), CX")
	e.op("MOVQ BX, R11")
	e.op("LEAQ (AX)(AX*2), R13")
	e.op("ADDQ BX, R13")
	e.op("MOVQ R9, R14")
	if gates != 0 {
		e.op("MOVQ z+32(FP), R14")
		main := e.capture(func() {
			for k := range wovenTerms {
				term(e, panels, k)
			}
		})
		together := 2
		if panels > pairPanels {
			together = 1
		}
		e.weave(main, e.capture(func() { pairGates(e, gates, together) }))
		forward(e, wovenTerms)
		e.op("LEAQ -%d(R9), R14", wovenTerms)
	}
	terms(e, panels)
	e.op("MOVQ z+32(FP), R14")
	for p := range 2 * panels {
		e.op("VMOVUPS Y%d, %d(R14)", p, 32*p)
	}
}

// term adds the k-th product from the pointers to every sum of the pass.
func term(e *emitter, panels, k int) {
	at := []string{"(R11)", "(R11)(AX*1)", "(R11)(AX*2)", "(R13)", "(R13)(AX*1)", "(R13)(AX*2)"}
	e.op("VBROADCASTSS %d(CX), Y15", 4*k)
	for p := range panels {
		e.op("VFMADD231PS %d%s, Y15, Y%d", 64*k, at[p], 2*p)
		e.op("VFMADD231PS %d%s, Y15, Y%d", 64*k+32, at[p], 2*p+1)
	}
}

// forward advances the pointers of term by k products.
func forward(e *emitter, k int) {
	e.op("ADDQ $%d, CX", 4*k)
	e.op("ADDQ $%d, R11", 64*k)
	e.op("ADDQ $%d, R13", 64*k)
}

// terms adds R14 products, which may be 0.
func terms(e *emitter, panels int) {
	loop, done := e.fresh("term"), e.fresh("done")
	e.op("TESTQ R14, R14")
	e.op("JZ %s", done)
	e.label(loop)
	term(e, panels, 0)
	forward(e, 1)
	e.op("DECQ R14")
	e.op("JNZ %s", loop)
	e.label(done)
}

// pairGates computes the gates of both groups of the pair at the given distance from the
// pointers, with z at R14: interleaved in Y8 to Y14, or one after the other in Y12 to Y14.
// Intermediate values without a register are stored in z and h.
func pairGates(e *emitter, away, together int) {
	for first := 0; first < 2; first += together {
		x, n, p, k := regs(8, 2), regs(10, 2), regs(12, 2), "Y14"
		if together == 1 {
			x, n, p, k = regs(12, 1), regs(13, 1), regs(14, 1), ""
		}
		groupGates(e, away, first, x, n, p, k)
	}
}

func groupGates(e *emitter, away, first int, x, n, p []string, k string) {
	z := func(i, gate int) string { return fmt.Sprintf("%d(R14)", 256*away+128*(first+i)+32*gate) }
	c := func(i int) string { return fmt.Sprintf("%d(SI)", 64*away+32*(first+i)) }
	h := func(i int) string { return fmt.Sprintf("%d(DI)", 64*away+32*(first+i)) }
	each := func(f func(i int)) {
		for i := range x {
			f(i)
		}
	}
	op := func(name string, a func(i int) string, b, dst []string) {
		each(func(i int) { e.op("%s %s, %s, %s", name, a(i), b[i], dst[i]) })
	}
	in := func(r []string) func(int) string { return func(i int) string { return r[i] } }
	store := func(r []string, at func(i int) string) { each(func(i int) { e.op("VMOVUPS %s, %s", r[i], at(i)) }) }
	slot := func(gate int) func(int) string { return func(i int) string { return z(i, gate) } }
	power := func(gate int) {
		each(func(i int) { e.op("VMOVUPS %s, %s", z(i, gate), x[i]) })
		exp2s(e, x, n, p, k)
	}
	plusOne := func(dst []string) { op("VADDPS", func(int) string { return at8("one") }, x, dst) }
	oneMinus := func(dst []string) {
		each(func(i int) { e.op("VMOVUPS %s, %s", at8("one"), dst[i]) })
		op("VSUBPS", in(x), dst, dst)
	}
	power(0)
	plusOne(x)
	store(x, slot(0))
	power(2)
	plusOne(p)
	op("VMULPS", slot(0), p, p)
	store(p, slot(0)) // a
	oneMinus(n)
	store(n, slot(2))
	power(1)
	plusOne(x) // b
	op("VMULPS", slot(2), x, n)
	each(func(i int) { e.op("VMOVUPS %s, %s", z(i, 0), p[i]) })
	op("VMULPS", in(p), x, x) // a·b
	op("VFMADD231PS", c, p, n)
	op("VDIVPS", in(x), n, x)
	store(x, c)
	op("VMULPS", func(int) string { return at8("tanh") }, x, x)
	exp2s(e, x, n, p, k)
	oneMinus(n)
	store(n, h)
	plusOne(p)
	store(p, slot(2))
	power(3)
	plusOne(x)
	op("VMULPS", slot(2), x, x)
	each(func(i int) { e.op("VMOVUPS %s, %s", h(i), n[i]) })
	op("VDIVPS", in(x), n, n)
	store(n, h)
}

// lastPass computes the one to six panels and the units that remain after the pairs. After
// pairsUp it also computes the gates of the last pair. It preserves the pointers, AX, R9
// and R10.
func lastPass(e *emitter, woven bool) {
	units := e.fresh("units")
	first, away := 1, 0
	if woven {
		first, away = 3, -1
	}
	for p := first; p <= lastPanels; p++ {
		other := e.fresh("other")
		if p < lastPanels {
			e.op("CMPQ last+80(FP), $%d", p)
			e.op("JNE %s", other)
		}
		pass(e, p, away)
		if p < lastPanels {
			e.op("JMP %s", units)
			e.label(other)
		}
	}
	e.label(units)
	e.op("MOVQ pairs+72(FP), R11")
	e.op("SHLQ $4, R11")
	e.op("MOVQ n+48(FP), R14")
	e.op("SUBQ R11, R14")
	lastUnits(e)
}

// lastUnits computes the gates of R14 units with sums at z, at most three groups and a
// part of one: c of all of them and then h of all, so that their long dependency chains
// overlap. cPrev is c.
func lastUnits(e *emitter) {
	e.op("MOVQ DX, CX")
	e.op("MOVQ SI, DX")
	e.op("MOVQ R14, R12")
	e.op("ANDQ $7, R12")
	tailMask(e, "R12", "Y13")
	eachLast(e, cellOfSums)
	eachLast(e, hiddenOfCell)
	e.op("MOVQ CX, DX")
}

// eachLast writes a loop over the groups of the last units, with sums at R8 and the state
// R11 bytes after DI, SI and DX. It preserves R14.
func eachLast(e *emitter, body func(e *emitter, l lanes)) {
	loop, tail, done := e.fresh("group"), e.fresh("tail"), e.fresh("done")
	e.op("MOVQ z+32(FP), R8")
	e.op("XORQ R11, R11")
	e.label(loop)
	e.op("SUBQ $8, R14")
	e.op("JLT %s", tail)
	body(e, lanes{})
	e.op("ADDQ $128, R8")
	e.op("ADDQ $32, R11")
	e.op("JMP %s", loop)
	e.label(tail)
	e.op("ADDQ $8, R14")
	e.op("JZ %s", done)
	e.op("LEAQ (R14*4), R12")
	e.op("LEAQ (R12)(R12*2), R13")
	body(e, lanes{"Y13", "Y14"})
	e.label(done)
	e.op("SHRQ $2, R11") // eight a group
	e.op("ADDQ R11, R14")
}

// cellOfSums computes c of a group from its sums, and stores 1+e_o in place of o and
// c·tanhScale in place of h.
func cellOfSums(e *emitter, l lanes) {
	q := l.quarters()
	for i := range 4 {
		l.load(e, q[i], fmt.Sprintf("Y%d", i))
	}
	exp2s(e, regs(0, 4), regs(4, 4), regs(8, 4), "Y15")
	combine(e, l, q, false)
	e.op("VADDPS Y3, Y15, Y9")
	l.store(e, "Y9", q[3])
	e.op("VBROADCASTSS %s, Y15", at8("tanh"))
	e.op("VMULPS Y15, Y8, Y8")
	l.store(e, "Y8", "(DI)(R11*1)")
}

func hiddenOfCell(e *emitter, l lanes) {
	l.load(e, "(DI)(R11*1)", "Y0")
	exp2s(e, regs(0, 1), regs(1, 1), regs(2, 1), "Y15")
	l.load(e, l.quarters()[3], "Y1")
	hidden(e, l, "Y0", "Y1", "Y2", "(DI)(R11*1)")
}
