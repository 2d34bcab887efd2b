package main

import "fmt"

// lastPanels is the most panels that the last pass of a step takes: the rest of
// four, and with less than three of them the four before.
const lastPanels = 6

// step writes the loop of f32.Step. Passes of four panels, two groups of units,
// keep eight sums in registers and go straight on to the gates. The last pass
// takes the remaining panels by way of z. Panel order has no effect on the
// bits.
//
//	DI h, SI c, DX start, AX ih, BX hh past the panels before the pass
//	R8 units, R9 features, R10 pairs left; z, prev, x stay in the frame
func step(e *emitter) {
	e.function("stepAVX2", "func stepAVX2(h, c, prev, x, start, z, ih, hh *float32, n, d, pairs, last, back int)",
		[]param{{"h", "DI"}, {"c", "SI"}, {"prev", ""}, {"x", ""}, {"start", "DX"}, {"z", ""}, {"ih", "AX"}, {"hh", "BX"},
			{"n", "R8"}, {"d", "R9"}, {"pairs", "R10"}, {"last", ""}, {"back", ""}})
	forward, backward, done := e.fresh("forward"), e.fresh("backward"), e.fresh("done")
	e.op("CMPQ back+96(FP), $0")
	e.op("JNE %s", backward)
	e.op("TESTQ R10, R10")
	e.op("JZ %s", done+"a")
	e.label(forward)
	pairPass(e)
	advance(e)
	e.op("DECQ R10")
	e.op("JNZ %s", forward)
	e.label(done + "a")
	lastPass(e)
	e.end()
	e.label(backward)
	skip(e)
	lastPass(e)
	e.op("MOVQ pairs+80(FP), R10")
	e.op("TESTQ R10, R10")
	e.op("JZ %s", done)
	e.op("MOVQ n+64(FP), R8")
	e.label(backward + "b")
	retreat(e)
	pairPass(e)
	e.op("DECQ R10")
	e.op("JNZ %s", backward+"b")
	e.label(done)
	e.end()
}

// advance moves the pointers on by a pair of groups: 16 units, four panels.
func advance(e *emitter) {
	e.op("ADDQ $64, DI")
	e.op("ADDQ $64, SI")
	e.op("ADDQ $256, DX")
	e.op("MOVQ R9, R11")
	e.op("SHLQ $8, R11")
	e.op("ADDQ R11, AX")
	e.op("MOVQ R8, R11")
	e.op("SHLQ $8, R11")
	e.op("ADDQ R11, BX")
}

func retreat(e *emitter) {
	e.op("SUBQ $64, DI")
	e.op("SUBQ $64, SI")
	e.op("SUBQ $256, DX")
	e.op("MOVQ R9, R11")
	e.op("SHLQ $8, R11")
	e.op("SUBQ R11, AX")
	e.op("MOVQ R8, R11")
	e.op("SHLQ $8, R11")
	e.op("SUBQ R11, BX")
}

// skip moves the pointers past all pairs.
func skip(e *emitter) {
	e.op("MOVQ R10, R11")
	e.op("SHLQ $6, R11")
	e.op("ADDQ R11, DI")
	e.op("ADDQ R11, SI")
	e.op("SHLQ $2, R11")
	e.op("ADDQ R11, DX")
	e.op("MOVQ R11, R12")
	e.op("IMULQ R9, R11")
	e.op("ADDQ R11, AX")
	e.op("IMULQ R8, R12")
	e.op("ADDQ R12, BX")
}

// panelSums writes acc[2p], acc[2p+1] += Σ_k row[k]·(panel p)[k]: the row at the
// frame's argument, its length in count, panels one after another from base.
func panelSums(e *emitter, panels int, base, row, count string) {
	loop, empty := e.fresh("sum"), e.fresh("empty")
	e.op("MOVQ %s, R14", count)
	e.op("TESTQ R14, R14")
	e.op("JZ %s", empty)
	e.op("MOVQ %s, CX", row)
	e.op("MOVQ %s, R11", base)
	e.op("MOVQ R14, R12")
	e.op("SHLQ $6, R12") // bytes of a panel
	e.op("LEAQ (R12)(R12*2), R13")
	e.op("ADDQ R11, R13") // the fourth panel
	at := []string{"(R11)", "(R11)(R12*1)", "(R11)(R12*2)", "(R13)", "(R13)(R12*1)", "(R13)(R12*2)"}
	e.label(loop)
	e.op("VBROADCASTSS (CX), Y15")
	for p := range panels {
		e.op("VFMADD231PS %s, Y15, Y%d", at[p], 2*p)
		e.op("VFMADD231PS 32%s, Y15, Y%d", at[p], 2*p+1)
	}
	e.op("ADDQ $4, CX")
	e.op("ADDQ $64, R11")
	e.op("ADDQ $64, R13")
	e.op("DECQ R14")
	e.op("JNZ %s", loop)
	e.label(empty)
}

// sums writes the whole sums of a pass.
func sums(e *emitter, panels int) {
	for p := range 2 * panels {
		e.op("VMOVUPS %d(DX), Y%d", 32*p, p)
	}
	panelSums(e, panels, "AX", "x+24(FP)", "R9")
	panelSums(e, panels, "BX", "prev+16(FP)", "R8")
}

// pairPass is a pass of two groups of eight units.
func pairPass(e *emitter) {
	sums(e, 4)
	loadGateConstants(e)
	for g := range 2 {
		r := func(i int) string { return fmt.Sprintf("Y%d", 4*g+i) }
		activate(e, r(0), r(1), r(2), r(3), "Y8", "Y9")
		at := func(base string) string { return fmt.Sprintf("%d(%s)", 32*g, base) }
		update(e, lanes{}, r(0), r(1), r(2), r(3), "Y8", "Y9", at("SI"), at("SI"), at("DI"))
	}
}

// lastPass takes the remaining panels, one to six, and the remaining units, R8
// less those of the pairs. It spoils everything but DI, SI, DX, AX, BX, R9.
func lastPass(e *emitter) {
	store := e.fresh("units")
	for p := 1; p <= lastPanels; p++ {
		other := e.fresh("other")
		e.op("CMPQ last+88(FP), $%d", p)
		e.op("JNE %s", other)
		sums(e, p)
		e.op("MOVQ z+40(FP), CX")
		for i := range 2 * p {
			e.op("VMOVUPS Y%d, %d(CX)", i, 32*i)
		}
		e.op("JMP %s", store)
		e.label(other)
	}
	e.label(store)
	loadGateConstants(e)
	e.op("MOVQ pairs+80(FP), R11")
	e.op("SHLQ $4, R11")
	e.op("SUBQ R11, R8")
	e.op("MOVQ R8, R14")
	e.op("MOVQ z+40(FP), R8")
	e.op("XORQ R11, R11")
	lastUnits(e)
}

// lastUnits runs the gates of R14 units whose sums are at R8.
func lastUnits(e *emitter) {
	loop, tail, done := e.fresh("group"), e.fresh("tail"), e.fresh("done")
	one := func(l lanes) {
		q := l.quarters()
		for i, reg := range []string{"Y0", "Y1", "Y2", "Y3"} {
			l.load(e, q[i], reg)
		}
		activate(e, "Y0", "Y1", "Y2", "Y3", "Y8", "Y9")
		update(e, l, "Y0", "Y1", "Y2", "Y3", "Y8", "Y9", "(SI)(R11*1)", "(SI)(R11*1)", "(DI)(R11*1)")
	}
	e.label(loop)
	e.op("CMPQ R14, $8")
	e.op("JLT %s", tail)
	one(lanes{})
	e.op("ADDQ $128, R8")
	e.op("ADDQ $32, R11")
	e.op("SUBQ $8, R14")
	e.op("JMP %s", loop)
	e.label(tail)
	e.op("TESTQ R14, R14")
	e.op("JZ %s", done)
	tailSetup(e, "R14", "Y12")
	one(lanes{mask: "Y12"})
	e.label(done)
}
