package main

import "fmt"

const (
	// pairPanels is what two groups of eight units take, the usual pass of a step:
	// eight sums in registers, which fetch weights as fast as the second cache
	// level gives them.
	pairPanels = 4
	// lastPanels is the most that the last pass takes: the rest of four, and with
	// less than three of them the four before.
	lastPanels = 6
	// wovenTerms is over how many terms of a pass the gates of the pass before are
	// spread. A step with pairs has at least 25 units, so as many terms.
	wovenTerms = 24
)

// step writes the loop of f32.Step. A pass leaves its sums in z; the gates of its
// units are computed amid the loads of the next pass, where they cost little.
// The order of passes has no effect on the bits.
//
//	DI h, SI c, DX start, AX ih, BX hh, z in the frame: where the pass begins
//	R8 units, R9 features, R10 pairs left
func step(e *emitter) {
	e.function("stepAVX2", "func stepAVX2(h, c, prev, x, start, z, ih, hh *float32, n, d, pairs, last, back int)",
		[]param{{"h", "DI"}, {"c", "SI"}, {"prev", ""}, {"x", ""}, {"start", "DX"}, {"z", ""}, {"ih", "AX"}, {"hh", "BX"},
			{"n", "R8"}, {"d", "R9"}, {"pairs", "R10"}, {"last", ""}, {"back", ""}})
	up, down := e.fresh("up"), e.fresh("down")
	e.op("TESTQ R10, R10")
	e.op("JZ %s", down)
	e.op("CMPQ back+96(FP), $0")
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

// pairsUp runs all pairs but for the gates of the last one.
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

// pairsDown runs all pairs from the last to the first.
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
	e.op("MOVQ z+40(FP), R14")
	pairGates(e, 0)
}

// move moves the pointers on, or back, by a pair: 16 units, four panels.
func move(e *emitter, op string) {
	e.op("%s $64, DI", op)
	e.op("%s $64, SI", op)
	e.op("%s $256, DX", op)
	e.op("%s $256, z+40(FP)", op)
	for _, m := range [][2]string{{"R9", "AX"}, {"R8", "BX"}} {
		e.op("MOVQ %s, R11", m[0])
		e.op("SHLQ $8, R11")
		e.op("%s R11, %s", op, m[1])
	}
}

// skipPairs moves the pointers past all pairs.
func skipPairs(e *emitter) {
	e.op("MOVQ R10, R11")
	e.op("SHLQ $6, R11")
	e.op("ADDQ R11, DI")
	e.op("ADDQ R11, SI")
	e.op("SHLQ $2, R11")
	e.op("ADDQ R11, DX")
	e.op("ADDQ R11, z+40(FP)")
	e.op("MOVQ R11, R12")
	e.op("IMULQ R9, R11")
	e.op("ADDQ R11, AX")
	e.op("IMULQ R8, R12")
	e.op("ADDQ R12, BX")
}

// pass writes the sums of a pass to z. Unless gates is 0 it also runs the gates of
// the pair that lies so many pairs away.
func pass(e *emitter, panels, gates int) {
	for p := range 2 * panels {
		e.op("VMOVUPS %d(DX), Y%d", 32*p, p)
	}
	skip := e.fresh("recurrent")
	e.op("MOVQ R9, R14")
	e.op("TESTQ R14, R14")
	e.op("JZ %s", skip)
	panelPointers(e, panels, "AX", "x+24(FP)", "R9")
	terms(e, panels)
	e.label(skip)
	panelPointers(e, panels, "BX", "prev+16(FP)", "R8")
	e.op("MOVQ R8, R14")
	if gates != 0 {
		e.op("MOVQ z+40(FP), R14")
		main := e.capture(func() {
			for k := range wovenTerms {
				term(e, panels, k)
			}
		})
		e.weave(main, e.capture(func() { pairGates(e, gates) }))
		forward(e, wovenTerms)
		e.op("LEAQ -%d(R8), R14", wovenTerms)
	}
	terms(e, panels)
	e.op("MOVQ z+40(FP), R14")
	for p := range 2 * panels {
		e.op("VMOVUPS Y%d, %d(R14)", p, 32*p)
	}
}

// panelPointers prepares term: R11 the first panel, R13 the fourth if there are
// as many, R12 the bytes of a panel of count rows, CX the row of factors.
func panelPointers(e *emitter, panels int, base, row, count string) {
	e.op("MOVQ %s, CX", row)
	e.op("MOVQ %s, R11", base)
	e.op("MOVQ %s, R12", count)
	e.op("SHLQ $6, R12")
	if panels > 3 {
		e.op("LEAQ (R12)(R12*2), R13")
		e.op("ADDQ R11, R13")
	}
}

// term adds the k-th product after the pointers to every sum of the pass.
func term(e *emitter, panels, k int) {
	at := []string{"(R11)", "(R11)(R12*1)", "(R11)(R12*2)", "(R13)", "(R13)(R12*1)", "(R13)(R12*2)"}
	e.op("VBROADCASTSS %d(CX), Y15", 4*k)
	for p := range panels {
		e.op("VFMADD231PS %d%s, Y15, Y%d", 64*k, at[p], 2*p)
		e.op("VFMADD231PS %d%s, Y15, Y%d", 64*k+32, at[p], 2*p+1)
	}
}

// forward moves the pointers of term by k products.
func forward(e *emitter, k int) {
	e.op("ADDQ $%d, CX", 4*k)
	e.op("ADDQ $%d, R11", 64*k)
	e.op("ADDQ $%d, R13", 64*k)
}

// terms adds R14 products; none leaves at once.
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

// pairGates runs the gates of the pair so many pairs from the pointers, z at R14,
// in three registers: h holds what else would need a fourth.
func pairGates(e *emitter, away int) {
	u := unit{n: "Y13", p: "Y14"}
	const x = "Y12"
	for g := range 2 {
		z := func(gate int) string { return fmt.Sprintf("%d(R14)", 256*away+128*g+32*gate) }
		c, h := fmt.Sprintf("%d(SI)", 64*away+32*g), fmt.Sprintf("%d(DI)", 64*away+32*g)
		load := func(from string) { e.op("VMOVUPS %s, %s", from, x) }
		store := func(to string) { e.op("VMOVUPS %s, %s", x, to) }
		load(z(2))
		u.tanh(e, x)
		store(h)
		load(z(0))
		u.sigmoid(e, x)
		e.op("VMULPS %s, %s, %s", h, x, x)
		store(h)
		load(z(1))
		u.sigmoid(e, x)
		e.op("VMOVUPS %s, %s", c, u.n)
		e.op("VFMADD213PS %s, %s, %s", h, u.n, x) // c = f·c + i·g
		store(c)
		u.tanh(e, x)
		store(h)
		load(z(3))
		u.sigmoid(e, x)
		e.op("VMULPS %s, %s, %s", h, x, x)
		store(h)
	}
}

// lastPass takes the remaining panels, one to six, and the remaining units, R8
// less those of the pairs. After pairs upwards it runs the gates of the last pair
// as well. It keeps the pointers, R8, R9 and R10.
func lastPass(e *emitter, woven bool) {
	units := e.fresh("units")
	first, away := 1, 0
	if woven {
		first, away = 3, -1
	}
	for p := first; p <= lastPanels; p++ {
		other := e.fresh("other")
		if p < lastPanels {
			e.op("CMPQ last+88(FP), $%d", p)
			e.op("JNE %s", other)
		}
		pass(e, p, away)
		if p < lastPanels {
			e.op("JMP %s", units)
			e.label(other)
		}
	}
	e.label(units)
	loadKept(e)
	e.op("MOVQ pairs+80(FP), R11")
	e.op("SHLQ $4, R11")
	e.op("MOVQ R8, R14")
	e.op("SUBQ R11, R14")
	lastUnits(e)
}

// lastUnits runs the gates of R14 units whose sums are at z; cPrev is c.
func lastUnits(e *emitter) {
	loop, tail, done := e.fresh("group"), e.fresh("tail"), e.fresh("done")
	e.op("MOVQ DX, CX")
	e.op("MOVQ SI, DX")
	e.op("MOVQ z+40(FP), R8")
	e.op("XORQ R11, R11")
	e.label(loop)
	e.op("CMPQ R14, $8")
	e.op("JLT %s", tail)
	gatesGroup(e, lanes{}, false)
	e.op("ADDQ $128, R8")
	e.op("ADDQ $32, R11")
	e.op("SUBQ $8, R14")
	e.op("JMP %s", loop)
	e.label(tail)
	e.op("TESTQ R14, R14")
	e.op("JZ %s", done)
	tailSetup(e, "R14", "Y12")
	gatesGroup(e, lanes{mask: "Y12"}, false)
	e.label(done)
	e.op("MOVQ CX, DX")
	e.op("MOVQ n+64(FP), R8")
}
