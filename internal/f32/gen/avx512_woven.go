package main

import "fmt"

// chunkTerms is the number of terms of a tile between which the gates of sixteen units are
// woven, and wovenRows the number of rows of a tile.
const (
	chunkTerms = 16
	wovenRows  = 8
	wovenPairs = wovenRows / 2
)

// Registers of woven512 besides the sums in Z0 to Z15.
var (
	wovenB     = zregs(16, 2)
	wovenA     = zregs(18, 2)
	wovenOne   = held512["one"]
	wovenGates = zregs(21, 4)
	wovenF     = zregs(25, 2)
	wovenP     = zregs(27, 2)
	wovenT     = "Z29"
	wovenTop   = "Z30"
	wovenLeast = "Z20"
)

// Slots of the frame of woven512.
const (
	slotA, slotTiles, slotPending     = "0(SP)", "8(SP)", "16(SP)"
	slotSums, slotH, slotC, slotCPrev = "24(SP)", "32(SP)", "40(SP)", "48(SP)" // of the gates
	tileH, tileC, tileCPrev           = "56(SP)", "64(SP)", "72(SP)"           // of the tile
	tileZ, tileFrom, tileZOther       = "80(SP)", "88(SP)", "96(SP)"
	wovenFrame                        = 104
)

// woven512 writes a timestep of 8·tiles rows, for 8·stripes units: the sums of 8 rows and 8
// units, which are two panels of w, while the gates of the 8 rows and units before are
// computed between the products, two rows in a register. Strides are in bytes. If keep is
// set, z holds the sums and then the gate values of all units; if not, it is scratch memory
// for two tiles of 8×32 sums.
//
//	R11 row 0 of xh, BX ldx, R9, R10 and R14 3·ldx, 5·ldx and 7·ldx, DX w, SI ldp, AX terms left
//	DI z; CX, R12, R13 and R8 are scratch
func woven512(e *emitter, keep bool) {
	name := "wovenAVX512"
	if keep {
		name = "wovenKeepAVX512"
	}
	e.function(name, "func "+name+"(h, c, cPrev, z, start, xh, w *float32, tiles, stripes, k, ldh, ldz, ldstart, ldx, ldp int)", "MOVQ", wovenFrame,
		[]param{{"h", ""}, {"c", ""}, {"cPrev", ""}, {"z", "DI"}, {"start", ""}, {"xh", ""}, {"w", "DX"}, {"tiles", ""}, {"stripes", ""}, {"k", ""},
			{"ldh", ""}, {"ldz", ""}, {"ldstart", ""}, {"ldx", "BX"}, {"ldp", "SI"}})
	stripe, tile, drain := e.fresh("stripe"), e.fresh("tile"), e.fresh("drain")
	e.op("LEAQ (BX)(BX*2), R9")
	e.op("LEAQ (BX)(BX*4), R10")
	e.op("LEAQ (R9)(BX*4), R14")
	e.op("VBROADCASTSS %s, %s", constant("one", 1), wovenOne)
	e.op("VBROADCASTSS %s, %s", constant("top", 1), wovenTop)
	e.op("VBROADCASTSS %s, %s", constant("bottom", 1), wovenLeast)
	e.op("MOVQ $0, %s", slotPending)
	if !keep {
		e.op("MOVQ DI, %s", tileZ)
		e.op("LEAQ %d(DI), R12", 128*wovenRows)
		e.op("MOVQ R12, %s", tileZOther)
	}
	e.label(stripe)
	e.copyWord("h+0(FP)", tileH)
	e.copyWord("c+8(FP)", tileC)
	e.copyWord("cPrev+16(FP)", tileCPrev)
	if keep {
		e.copyWord("z+24(FP)", tileZ)
	}
	e.copyWord("start+32(FP)", tileFrom)
	e.copyWord("xh+40(FP)", slotA)
	e.copyWord("tiles+56(FP)", slotTiles)
	e.label(tile)
	wovenSums(e, keep)
	wovenStore(e, keep)
	e.op("DECQ %s", slotTiles)
	e.op("JNZ %s", tile)
	for i, arg := range []string{"h", "c", "cPrev"} {
		e.op("ADDQ $32, %s+%d(FP)", arg, 8*i)
	}
	if keep {
		e.op("ADDQ $128, z+24(FP)")
	}
	e.op("ADDQ $128, start+32(FP)")
	e.op("LEAQ (SI*2), R12")
	e.op("ADDQ R12, w+48(FP)")
	e.op("DECQ stripes+64(FP)")
	e.op("JNZ %s", stripe)
	e.op("MOVQ $%d, CX", wovenPairs)
	e.label(drain)
	wovenTwoRows(e, keep)
	e.op("DECQ CX")
	e.op("JNZ %s", drain)
	e.end()
}

// wovenSums computes the sums of a tile, between the gates of the tile before if there is one.
func wovenSums(e *emitter, keep bool) {
	e.op("MOVQ %s, R8", tileFrom)
	e.op("MOVQ ldstart+96(FP), R12")
	for r := range wovenRows {
		e.op("VMOVUPS (R8), Z%d", 2*r)
		e.op("VMOVUPS 64(R8), Z%d", 2*r+1)
		e.op("ADDQ R12, R8")
	}
	e.op("MOVQ R8, %s", tileFrom)
	e.op("MOVQ %s, R11", slotA)
	e.op("MOVQ w+48(FP), DX")
	e.op("MOVQ k+72(FP), AX")
	chunk, rest, done := e.fresh("chunk"), e.fresh("rest"), e.fresh("done")
	e.op("CMPQ %s, $0", slotPending)
	e.op("JEQ %s", rest)
	e.op("MOVQ $%d, CX", wovenPairs)
	e.op("PCALIGN $32")
	e.label(chunk)
	e.weave(e.capture(func() {
		for q := range chunkTerms {
			wovenTerm(e, q)
		}
	}), e.capture(func() { wovenTwoRows(e, keep) }))
	e.op("ADDQ $%d, R11", 4*chunkTerms)
	e.op("ADDQ $%d, DX", 64*chunkTerms)
	e.op("SUBQ $%d, AX", chunkTerms)
	e.op("DECQ CX")
	e.op("JNZ %s", chunk)
	e.op("TESTQ AX, AX")
	e.op("JZ %s", done)
	e.label(rest)
	wovenTerm(e, 0)
	e.op("ADDQ $4, R11")
	e.op("ADDQ $64, DX")
	e.op("DECQ AX")
	e.op("JNZ %s", rest)
	e.label(done)
}

// wovenStore stores the sums of a tile, makes it the one whose gates come next, and goes on to
// the rows of the next tile.
func wovenStore(e *emitter, keep bool) {
	e.op("MOVQ %s, DI", tileZ)
	e.op("MOVQ DI, %s", slotSums)
	e.op("MOVQ ldz+88(FP), R12")
	for r := range wovenRows {
		e.op("VMOVUPS Z%d, (DI)", 2*r)
		e.op("VMOVUPS Z%d, 64(DI)", 2*r+1)
		if keep || r < wovenRows-1 {
			e.op("ADDQ R12, DI")
		}
	}
	if keep {
		e.op("MOVQ DI, %s", tileZ)
	} else {
		e.copyWord(tileZOther, tileZ)
		e.copyWord(slotSums, tileZOther)
	}
	e.op("MOVQ ldh+80(FP), R13")
	e.op("SHLQ $3, R13")
	for _, p := range [][2]string{{tileH, slotH}, {tileC, slotC}, {tileCPrev, slotCPrev}} {
		e.op("MOVQ %s, R12", p[0])
		e.op("MOVQ R12, %s", p[1])
		e.op("ADDQ R13, R12")
		e.op("MOVQ R12, %s", p[0])
	}
	e.op("LEAQ (BX*8), R12")
	e.op("ADDQ R12, %s", slotA)
	e.op("MOVQ $1, %s", slotPending)
}

// copyWord copies a word by R12.
func (e *emitter) copyWord(from, to string) {
	e.op("MOVQ %s, R12", from)
	e.op("MOVQ R12, %s", to)
}

// wovenTerm adds term q to the sums of a tile.
func wovenTerm(e *emitter, q int) {
	e.op("VMOVUPS %d(DX), %s", 64*q, wovenB[0])
	e.op("VMOVUPS %d(DX)(SI*1), %s", 64*q, wovenB[1])
	for r, at := range []string{"(R11)", "(R11)(BX*1)", "(R11)(BX*2)", "(R11)(R9*1)", "(R11)(BX*4)", "(R11)(R10*1)", "(R11)(R9*2)", "(R11)(R14*1)"} {
		a := wovenA[r%2]
		e.op("VBROADCASTSS %d%s, %s", 4*q, at, a)
		e.op("VFMADD231PS %s, %s, Z%d", wovenB[0], a, 2*r)
		e.op("VFMADD231PS %s, %s, Z%d", wovenB[1], a, 2*r+1)
	}
}

// wovenTwoRows computes eight units of two rows: the gates of combine512, and h.
func wovenTwoRows(e *emitter, keep bool) {
	x, one, t := wovenGates, wovenOne, wovenT
	load := func(at, reg string) {
		e.op("VMOVUPS %s(R12), %s", at, half(reg))
		e.op("VINSERTF64X4 $1, %s(R12)(R13*1), %s, %s", at, reg, reg)
	}
	store := func(reg, at string) {
		e.op("VMOVUPS %s, %s(R12)", half(reg), at)
		e.op("VEXTRACTF64X4 $1, %s, %s(R12)(R13*1)", reg, at)
	}
	next := func(slot string) {
		e.op("LEAQ (R12)(R13*2), R12")
		e.op("MOVQ R12, %s", slot)
	}
	rows := func(slot string) {
		e.op("MOVQ %s, R12", slot)
		e.op("MOVQ ldh+80(FP), R13")
	}
	e.op("MOVQ %s, R12", slotSums)
	e.op("MOVQ ldz+88(FP), R13")
	for g := range 4 {
		load(fmt.Sprint(32*g), x[g])
	}
	if !keep {
		next(slotSums)
	}
	wovenPowers(e, x[:2])
	wovenPowers(e, x[2:])
	rest, o := wovenF[0], x[3]
	e.op("VADDPS %s, %s, %s", x[0], one, x[0])
	e.op("VADDPS %s, %s, %s", x[1], one, x[1])
	e.op("VSUBPS %s, %s, %s", x[2], one, rest)
	e.op("VADDPS %s, %s, %s", x[2], one, x[2])
	e.op("VADDPS %s, %s, %s", x[3], one, o)
	if keep {
		e.op("MOVQ %s, R12", slotSums)
		e.op("MOVQ ldz+88(FP), R13")
		for g, divisor := range x {
			dividend := one
			if g == 2 {
				dividend = rest
			}
			e.op("VDIVPS %s, %s, %s", divisor, dividend, t)
			store(t, fmt.Sprint(32*g))
		}
		next(slotSums)
	}
	e.op("VMULPS %s, %s, %s", x[0], x[2], x[0]) // a
	e.op("VMULPS %s, %s, %s", x[1], rest, rest) // (1−e_g)·b
	e.op("VMULPS %s, %s, %s", x[0], x[1], x[1]) // a·b
	rows(slotCPrev)
	load("", x[2])
	next(slotCPrev)
	e.op("VFMADD231PS %s, %s, %s", x[2], x[0], rest) // + c·a
	e.op("VDIVPS %s, %s, %s", x[1], rest, x[1])
	rows(slotC)
	store(x[1], "")
	next(slotC)
	e.op("VMULPS.BCST %s, %s, %s", constant("tanh", 1), x[1], x[0])
	wovenPowers(e, x[:1])
	h := finish512(e, x[0], o, t, x[2])
	rows(slotH)
	store(h, "")
	next(slotH)
}

// wovenPowers is powers512 with constants from memory.
func wovenPowers(e *emitter, x []string) {
	f, p := wovenF, wovenP
	each := func(format string, args func(i int) []any) {
		for i := range x {
			e.op(format, args(i)...)
		}
	}
	each("VMINPS %s, %s, %s", func(i int) []any { return []any{x[i], wovenTop, x[i]} })
	each("VMAXPS %s, %s, %s", func(i int) []any { return []any{x[i], wovenLeast, x[i]} })
	each("VREDUCEPS $0, %s, %s", func(i int) []any { return []any{x[i], f[i]} })
	each("VBROADCASTSS %s, %s", func(i int) []any { return []any{constant("p5", 1), p[i]} })
	for _, c := range []string{"p4", "p3", "p2", "p1"} {
		each("VFMADD213PS.BCST %s, %s, %s", func(i int) []any { return []any{constant(c, 1), f[i], p[i]} })
	}
	each("VFMADD213PS %s, %s, %s", func(i int) []any { return []any{wovenOne, f[i], p[i]} })
	each("VSUBPS %s, %s, %s", func(i int) []any { return []any{f[i], x[i], x[i]} })
	each("VSCALEFPS %s, %s, %s", func(i int) []any { return []any{x[i], p[i], x[i]} })
}
