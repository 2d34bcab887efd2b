package main

import "fmt"

// tile writes c[i][j] = from[i][j] + Σ_k a[i·rs + k·ks]·b[k·64 + j], i < rows,
// j < 16. The tiles follow each other down c, from and a. Strides are in bytes. V0 to V23
// hold sums, V24 to V27 the row of the panel, V28 to V31 elements of A, and R19 to R23 the
// addresses of the rows of A.
func (e *neon) tile(rows int) {
	e.start("c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int", fmt.Sprintf("tile%d", rows),
		[]param{{"c", "R0"}, {"ldc", "R1"}, {"from", "R6"}, {"ldfrom", "R9"}, {"a", "R2"}, {"rs", "R3"}, {"ks", "R4"}, {"b", "R5"}, {"tiles", "R7"}, {"k", "R8"}})
	next, loop, done := e.fresh("next"), e.fresh("k"), e.fresh("done")
	e.op("MOVD R3, R19")
	for r := 2; r < rows; r++ {
		e.op("ADD R3, R%d, R%d", 17+r, 18+r)
	}
	e.label(next)
	e.tileRows(rows, "R6", "R9", e.loadPairAt)
	e.op("MOVD R2, R10")
	e.op("MOVD R5, R11")
	e.op("MOVD R8, R12")
	e.op("CBZ R12, %s", done)
	e.label(loop)
	e.tileTerm(rows)
	e.op("SUBS $1, R12, R12")
	e.op("BNE %s", loop)
	e.label(done)
	e.tileRows(rows, "R0", "R1", e.storePairAt)
	for range rows {
		e.op("ADD R3, R2")
	}
	e.op("SUBS $1, R7, R7")
	e.op("BNE %s", next)
	e.op("RET")
}

func (e *neon) loadPairAt(at string, r int)  { e.loadPair(at, r) }
func (e *neon) storePairAt(at string, r int) { e.storePair(r, at) }

// tileRows moves the sums between registers and the rows at base, which are stride apart,
// and advances base past the last row.
func (e *neon) tileRows(rows int, base, stride string, move func(at string, r int)) {
	for r := range rows {
		move(at(base, 0), 4*r)
		move(at(base, 32), 4*r+2)
		e.op("ADD %s, %s", stride, base)
	}
}

// tileTerm adds one product to every sum.
func (e *neon) tileTerm(rows int) {
	element := func(r int) {
		if r == 0 {
			e.op("FMOVS (R10), F28")
		} else if r < rows {
			e.op("FMOVS (R10)(R%d), F%d", 18+r, 28+r%4)
		}
	}
	e.loadPair("(R11)", 24)
	e.loadPair("32(R11)", 26)
	for r := range 4 {
		element(r)
	}
	e.op("ADD $64, R11")
	for r := range rows {
		for j := range 4 {
			e.fmlaLane(4*r+j, 24+j, 28+r%4, 0)
		}
		element(r + 4)
	}
	e.op("ADD R4, R10")
}

// axpy writes y += a·x.
func (e *neon) axpy() {
	e.start("y *float32, a float32, x *float32, n int", "axpy",
		[]param{{"y", "R0"}, {"a", ""}, {"x", "R1"}, {"n", "R2"}})
	e.op("FMOVS a+8(FP), F31")
	loop, tail := e.fresh("axpy"), e.fresh("tail")
	e.label(loop)
	e.op("CMP $8, R2")
	e.op("BLT %s", tail)
	e.loadPair("(R0)", 0)
	e.loadPair("(R1)", 2)
	e.fmlaLane(0, 2, 31, 0)
	e.fmlaLane(1, 3, 31, 0)
	e.storePair(0, "(R0)")
	e.op("ADD $32, R0")
	e.op("ADD $32, R1")
	e.op("SUB $8, R2")
	e.op("B %s", loop)
	e.label(tail)
	for _, l := range []lanes4{4, 2, 1} {
		none := e.fresh("none")
		e.unlessBit(int(l), "R2", none)
		e.load(l, "(R0)", 0)
		e.load(l, "(R1)", 2)
		e.fmlaLane(0, 2, 31, 0)
		e.store(l, 0, "(R0)")
		e.op("ADD $%d, R0", 4*l)
		e.op("ADD $%d, R1", 4*l)
		e.label(none)
	}
	e.op("RET")
}

// affine writes dst[i] = b[i] + w[i]·x for i < rows, summed as by f32.Affine: eight sums in
// V0 and V1, where zeros complete the last k mod 8 products.
func (e *neon) affine() {
	e.start("dst, w, b, x *float32, rows, k int", "affine",
		[]param{{"dst", "R0"}, {"w", "R1"}, {"b", "R2"}, {"x", "R3"}, {"rows", "R4"}, {"k", "R5"}})
	row, loop, tail, sum := e.fresh("row"), e.fresh("eight"), e.fresh("tail"), e.fresh("sum")
	e.label(row)
	e.zero(0)
	e.zero(1)
	e.op("MOVD R3, R6")
	e.op("LSR $3, R5, R7")
	e.op("CBZ R7, %s", tail)
	e.label(loop)
	e.op("FLDPQ.P 32(R1), (F2, F3)")
	e.op("FLDPQ.P 32(R6), (F4, F5)")
	e.fmla(0, 2, 4)
	e.fmla(1, 3, 5)
	e.op("SUBS $1, R7, R7")
	e.op("BNE %s", loop)
	e.label(tail)
	e.op("AND $7, R5, R7")
	e.op("CBZ R7, %s", sum)
	e.affineTail(sum)
	e.label(sum)
	e.vector("fadd", 0, 0, 1)
	e.op("VMOV V0.D[1], V1.D[0]")
	e.vector("fadd", 0, 0, 1)
	e.op("VMOV V0.S[1], V1.S[0]")
	e.op("FADDS F1, F0, F0")
	e.op("FMOVS.P 4(R2), F1")
	e.op("FADDS F1, F0, F0")
	e.op("FMOVS.P F0, 4(R0)")
	e.op("SUBS $1, R4, R4")
	e.op("BNE %s", row)
	e.op("RET")
}

// affineTail adds the last R7 < 8 products of a row. It adds zero to the other sums, which
// turns −0 into +0 as in the other kernels.
func (e *neon) affineTail(done string) {
	few := e.fresh("few")
	for r := 2; r <= 7; r++ {
		e.zero(r)
	}
	e.op("TBZ $2, R7, %s", few)
	e.op("FMOVQ.P 16(R1), F2")
	e.op("FMOVQ.P 16(R6), F4")
	e.affineThree()
	e.fmla(0, 2, 4)
	e.fmla(1, 6, 7)
	e.op("B %s", done)
	e.label(few)
	e.affineThree()
	e.fmla(0, 6, 7)
	e.fmla(1, 2, 4)
}

// affineThree loads R7 mod 4 values of w and x into V6 and V7, which are zero before.
func (e *neon) affineThree() {
	one, third, none := e.fresh("one"), e.fresh("third"), e.fresh("none")
	e.op("TBZ $1, R7, %s", one)
	e.op("FMOVD.P 8(R1), F6")
	e.op("FMOVD.P 8(R6), F7")
	e.op("TBZ $0, R7, %s", none)
	e.op("B %s", third)
	e.label(one)
	e.op("TBZ $0, R7, %s", none)
	e.op("FMOVS.P 4(R1), F6")
	e.op("FMOVS (R6), F7")
	e.op("B %s", none)
	e.label(third)
	e.op("VLD1.P 4(R1), V6.S[2]")
	e.op("VLD1 (R6), V7.S[2]")
	e.label(none)
}
