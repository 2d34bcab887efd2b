package main

// mostPanels512 is the largest number of panels in a pass of a step, and leastWoven the
// smallest in a pass that is not the first.
const (
	mostPanels512 = 6
	leastWoven512 = 3
)

// step512 writes f32.Step as passes over the weights, each of three to six panels if
// there are enough, with every sum in a register. A pass stores its sums in z. The gates
// of sixteen units with complete sums are computed between the loads of the next pass,
// where they cost little. The sign of move says whether the passes go up or down. The
// first and the last pass have ends panels, whose weights the previous step may have left
// in the first-level cache; 0 means no such passes. The order of the passes does not
// change the results.
//
//	R10, DX and BX of the pass: sums in z, start, w; AX bytes between panels
//	R8, DI and SI with R11 the units whose gates come next: sums, h, c
//	R9 the end of xh, R12 move: 64 or −64
//
// panels and blocks in the frame count what remains: panels, and blocks of sixteen units.
func step512(e *emitter) {
	e.function("stepAVX512", "func stepAVX512(h, c, xh, start, z, w *float32, n, k, ld, panels, blocks, ends, move int), ld in bytes", "MOVQ", 8,
		[]param{{"h", "DI"}, {"c", "SI"}, {"xh", ""}, {"start", "DX"}, {"z", "R10"}, {"w", "BX"}, {"n", ""},
			{"k", "R9"}, {"ld", "AX"}, {"panels", "R13"}, {"blocks", ""}, {"ends", ""}, {"move", "R12"}})
	hold512(e)
	e.op("SHLQ $2, R9")
	e.op("ADDQ xh+16(FP), R9")
	e.op("MOVQ R10, R8")
	e.op("XORQ R11, R11")
	upward := e.fresh("upward")
	e.op("TESTQ R12, R12")
	e.op("JNS %s", upward)
	movePasses(e)
	e.op("MOVQ blocks+80(FP), R11")
	e.op("DECQ R11")
	e.op("SHLQ $6, R11")
	e.op("LEAQ (R8)(R11*4), R8")
	e.label(upward)
	l := stepLabels{next: e.fresh("next"), sized: e.fresh("sized"), done: e.fresh("done"), end: e.fresh("end")}
	e.op("MOVQ ends+88(FP), R13")
	e.op("TESTQ R13, R13")
	e.op("JNZ %s", l.sized)
	passes512(e, l)
	e.label(l.end)
	restOfBlocks(e)
	e.end()
}

// stepLabels holds the labels at which the size of a pass is chosen, a pass begins and
// ends, and all passes are done.
type stepLabels struct{ next, sized, done, end string }

// passes512 writes all passes: four panels at a time while more than six remain beside
// the last pass.
func passes512(e *emitter, l stepLabels) {
	four := e.fresh("four")
	e.label(l.next)
	e.op("MOVQ panels+72(FP), R13")
	e.op("TESTQ R13, R13")
	e.op("JZ %s", l.end)
	e.op("SUBQ ends+88(FP), R13")
	e.op("CMPQ R13, $%d", mostPanels512)
	e.op("JGT %s", four)
	e.op("TESTQ R13, R13")
	e.op("JNZ %s", l.sized)
	e.op("MOVQ ends+88(FP), R13")
	e.op("JMP %s", l.sized)
	e.label(four)
	e.op("MOVQ $4, R13")
	e.label(l.sized)
	pass512s(e, l)
	e.label(l.done)
	e.op("TESTQ R12, R12")
	e.op("JS %s", l.next)
	e.op("MOVQ (SP), R13")
	movePasses(e)
	e.op("JMP %s", l.next)
}

// pass512s writes passes of R13 panels, with the gates of units whose sums are complete.
func pass512s(e *emitter, l stepLabels) {
	down, ready, plain := e.fresh("down"), e.fresh("ready"), e.fresh("plain")
	e.op("SUBQ R13, panels+72(FP)")
	e.op("MOVQ R13, (SP)")
	e.op("TESTQ R12, R12")
	e.op("JS %s", down)
	e.op("LEAQ 256(R8), R14")
	e.op("CMPQ R10, R14")
	e.op("JCC %s", ready)
	e.label(plain)
	passOfSize(e, 1, func(p int) {
		pass512(e, p, false)
		e.op("JMP %s", l.done)
	})
	e.label(down)
	e.op("MOVQ R10, R14")
	e.op("NEGQ R13")
	movePasses(e)
	e.op("CMPQ R14, R8")
	e.op("JHI %s", plain)
	partAmid(e, plain)
	e.label(ready)
	passOfSize(e, leastWoven512, func(p int) {
		pass512(e, p, true)
		nextBlock(e)
		e.op("JMP %s", l.done)
	})
}

// partAmid computes the gates of the next units, and continues at plain, if there are
// fewer than sixteen.
func partAmid(e *emitter, plain string) {
	whole := e.fresh("whole")
	e.op("MOVQ n+48(FP), R13")
	e.op("SHRQ $4, R13")
	e.op("SHLQ $6, R13")
	e.op("CMPQ R11, R13")
	e.op("JNE %s", whole)
	partGates(e)
	nextBlock(e)
	e.op("JMP %s", plain)
	e.label(whole)
}

// passOfSize jumps to the code for the size on the stack.
func passOfSize(e *emitter, least int, code func(p int)) {
	for p := least; p <= mostPanels512; p++ {
		other := e.fresh("other")
		if p < mostPanels512 {
			e.op("CMPQ (SP), $%d", p)
			e.op("JNE %s", other)
		}
		code(p)
		e.label(other)
	}
}

// movePasses advances the pointers of the passes by R13 panels.
func movePasses(e *emitter) {
	e.op("MOVQ R13, CX")
	e.op("IMULQ AX, R13")
	e.op("ADDQ R13, BX")
	e.op("SHLQ $6, CX")
	e.op("ADDQ CX, DX")
	e.op("ADDQ CX, R10")
}

// nextBlock advances the pointers of the units in the direction of the passes.
func nextBlock(e *emitter) {
	e.op("ADDQ R12, R11")
	e.op("LEAQ (R8)(R12*4), R8")
	e.op("DECQ blocks+80(FP)")
}

// pass512 adds all products to the sums of a pass, in Z0 to Z5. Passes with gates belong
// to steps with at least seven panels, and so with at least 25 terms.
func pass512(e *emitter, panels int, woven bool) {
	for p := range panels {
		e.op("VMOVUPS %d(DX), Z%d", 64*p, p)
	}
	e.op("MOVQ xh+16(FP), CX")
	e.op("MOVQ BX, R13")
	e.op("LEAQ (AX)(AX*2), R14")
	e.op("ADDQ BX, R14")
	if woven {
		e.weave(e.capture(func() { terms512(e, panels, wovenTerms) }),
			e.capture(func() { wholeGates(e, units{}, false, "SI", "SI") }))
		forward512(e, wovenTerms)
	}
	restOfTerms512(e, panels)
	for p := range panels {
		e.op("VMOVUPS Z%d, %d(R10)", p, 64*p)
	}
}

// restOfTerms512 adds the products from the pointers to the end of xh.
func restOfTerms512(e *emitter, panels int) {
	loop, single, rest, done := e.fresh("terms"), e.fresh("term"), e.fresh("rest"), e.fresh("done")
	e.op("SUBQ $%d, R9", 4*unrolled)
	e.op("CMPQ CX, R9")
	e.op("JHI %s", rest)
	e.op("PCALIGN $32")
	e.label(loop)
	terms512(e, panels, unrolled)
	forward512(e, unrolled)
	e.op("CMPQ CX, R9")
	e.op("JLS %s", loop)
	e.label(rest)
	e.op("ADDQ $%d, R9", 4*unrolled)
	e.op("CMPQ CX, R9")
	e.op("JEQ %s", done)
	e.label(single)
	terms512(e, panels, 1)
	forward512(e, 1)
	e.op("CMPQ CX, R9")
	e.op("JNE %s", single)
	e.label(done)
}

// terms512 adds the next n products to every sum of the pass.
func terms512(e *emitter, panels, n int) {
	at := []string{"(R13)", "(R13)(AX*1)", "(R13)(AX*2)", "(R14)", "(R14)(AX*1)", "(R14)(AX*2)"}
	for k := range n {
		e.op("VBROADCASTSS %d(CX), Z10", 4*k)
		for p := range panels {
			e.op("VFMADD231PS %d%s, Z10, Z%d", 64*k, at[p], p)
		}
	}
}

// forward512 advances the pointers of terms512 by n products.
func forward512(e *emitter, n int) {
	e.op("ADDQ $%d, CX", 4*n)
	e.op("ADDQ $%d, R13", 64*n)
	e.op("ADDQ $%d, R14", 64*n)
}

// restOfBlocks computes the gates of all remaining units.
func restOfBlocks(e *emitter) {
	loop, whole, next, end := e.fresh("block"), e.fresh("whole"), e.fresh("next"), e.fresh("end")
	e.label(loop)
	e.op("CMPQ blocks+80(FP), $0")
	e.op("JEQ %s", end)
	e.op("MOVQ n+48(FP), R13")
	e.op("SHRQ $4, R13")
	e.op("SHLQ $6, R13")
	e.op("CMPQ R11, R13")
	e.op("JNE %s", whole)
	partGates(e)
	e.op("JMP %s", next)
	e.label(whole)
	wholeGates(e, units{}, false, "SI", "SI")
	e.label(next)
	nextBlock(e)
	e.op("JMP %s", loop)
	e.label(end)
}

// partGates computes the gates of the last n mod 16 units.
func partGates(e *emitter) {
	e.op("MOVQ n+48(FP), R12")
	e.op("ANDQ $15, R12")
	masks512(e)
	wholeGates(e, units{part: true}, false, "SI", "SI")
	e.op("MOVQ move+96(FP), R12")
}
