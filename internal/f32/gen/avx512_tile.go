package main

import "fmt"

// A shape is the size of a tile: the largest number of rows, and the number of panels of
// 16 columns. Each pair of a row and a panel has a register.
type shape struct{ rows, panels int }

// shapes lists all shapes. Two panels halve the loads of A. Four are for few rows, which
// could not keep the multipliers busy otherwise. One is for the last of an odd number.
var shapes = []shape{{24, 1}, {12, 2}, {6, 4}}

func (s shape) name() string { return fmt.Sprintf("tiles%dx%dAVX512", s.rows, s.panels) }

// tile512 writes c[i][j] = from[i][j] + Σ_k a[i·rs + k·ks]·b[k·64 + j], i < rows, for
// the columns j of the shape's panels, which are ldp apart in b. The tiles follow each
// other down c, from and a, and then for the next panels, steps times. Strides are in
// bytes.
//
//	DI c, R8 from; in the loop over terms:
//	R11 to R13 rows 0, 8 and 16 of a, BX rs, R9, R10 and R14 3·rs, 5·rs and 7·rs,
//	CX ks, DX b, SI ldp, AX terms left
//	with four panels R14 is 3·ldp
//	(SP) a, 8(SP) tiles left
func tile512(e *emitter, s shape) {
	e.function(s.name(), "func "+s.name()+"(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, steps, tiles, k, rows int)", "MOVQ", 16,
		[]param{{"c", ""}, {"ldc", ""}, {"from", ""}, {"ldfrom", ""}, {"a", ""}, {"rs", "BX"}, {"ks", "CX"}, {"b", ""},
			{"ldp", ""}, {"steps", ""}, {"tiles", ""}, {"k", ""}, {"rows", "AX"}})
	e.op("LEAQ (BX)(BX*2), R9")
	e.op("LEAQ (BX)(BX*4), R10")
	e.op("LEAQ (R9)(BX*4), R14")
	labels := make([]string, s.rows+1)
	for rows := range labels {
		labels[rows] = e.fresh("rows")
	}
	choose(e, labels, 1, s.rows)
	for rows := 1; rows <= s.rows; rows++ {
		e.label(labels[rows])
		tilesOf(e, shape{rows, s.panels})
		e.end()
	}
}

// choose jumps to the label of AX, which is from lo to hi.
func choose(e *emitter, labels []string, lo, hi int) {
	if lo == hi {
		e.op("JMP %s", labels[lo])
		return
	}
	mid, upper := (lo+hi)/2, e.fresh("more")
	e.op("CMPQ AX, $%d", mid)
	e.op("JGT %s", upper)
	choose(e, labels, lo, mid)
	e.label(upper)
	choose(e, labels, mid+1, hi)
}

// tilesOf computes all tiles of a shape in all panels.
func tilesOf(e *emitter, s shape) {
	step, next := e.fresh("step"), e.fresh("next")
	e.label(step)
	e.op("MOVQ c+0(FP), DI")
	e.op("MOVQ from+16(FP), R8")
	for i, arg := range []string{"a+32(FP)", "tiles+80(FP)"} {
		e.op("MOVQ %s, AX", arg)
		e.op("MOVQ AX, %d(SP)", 8*i)
	}
	e.label(next)
	rowsOf(e, s, "R8", "ldfrom+24(FP)", func(at, reg string) { e.op("VMOVUPS %s, %s", at, reg) })
	tileTerms512(e, s)
	rowsOf(e, s, "DI", "ldc+8(FP)", func(at, reg string) { e.op("VMOVUPS %s, %s", reg, at) })
	e.op("IMUL3Q $%d, BX, AX", s.rows)
	e.op("ADDQ AX, (SP)")
	e.op("DECQ 8(SP)")
	e.op("JNZ %s", next)
	e.op("ADDQ $%d, c+0(FP)", 64*s.panels)
	e.op("ADDQ $%d, from+16(FP)", 64*s.panels)
	e.op("MOVQ ldp+64(FP), AX")
	e.op("IMULQ $%d, AX", s.panels)
	e.op("ADDQ AX, b+56(FP)")
	e.op("DECQ steps+72(FP)")
	e.op("JNZ %s", step)
}

// rowsOf moves the sums of a tile between registers and the rows at a pointer, and
// advances the pointer past them.
func rowsOf(e *emitter, s shape, base, stride string, move func(at, reg string)) {
	e.op("MOVQ %s, AX", stride)
	for r := range s.rows {
		for p := range s.panels {
			move(fmt.Sprintf("%d(%s)", 64*p, base), s.sum(r, p))
		}
		e.op("ADDQ AX, %s", base)
	}
}

// sum returns the register of a sum.
func (s shape) sum(r, p int) string { return fmt.Sprintf("Z%d", r*s.panels+p) }

// tileTerms512 adds all products to a tile's sums.
func tileTerms512(e *emitter, s shape) {
	loop, done := e.fresh("k"), e.fresh("done")
	e.op("MOVQ (SP), R11")
	bases := []string{"R11", "R12", "R13"}[:(s.rows+7)/8]
	for i := range bases[1:] {
		e.op("LEAQ (%s)(BX*8), %s", bases[i], bases[i+1])
	}
	e.op("MOVQ ldp+64(FP), SI")
	if s.panels == 4 {
		e.op("LEAQ (SI)(SI*2), R14")
	}
	e.op("MOVQ b+56(FP), DX")
	e.op("MOVQ k+88(FP), AX")
	e.op("TESTQ AX, AX")
	e.op("JZ %s", done)
	e.op("PCALIGN $32")
	e.label(loop)
	tileTerm512(e, s, bases)
	for _, base := range bases {
		e.op("ADDQ CX, %s", base)
	}
	e.op("ADDQ $64, DX")
	e.op("DECQ AX")
	e.op("JNZ %s", loop)
	e.label(done)
}

// tileTerm512 adds one product to each sum.
func tileTerm512(e *emitter, s shape, bases []string) {
	b := zregs(24, s.panels)
	for p, at := range []string{"(DX)", "(DX)(SI*1)", "(DX)(SI*2)", "(DX)(R14*1)"}[:s.panels] {
		e.op("VMOVUPS %s, %s", at, b[p])
	}
	for r := range s.rows {
		at := []string{"(%s)", "(%s)(BX*1)", "(%s)(BX*2)", "(%s)(R9*1)", "(%s)(BX*4)", "(%s)(R10*1)", "(%s)(R9*2)", "(%s)(R14*1)"}[r%8]
		at = fmt.Sprintf(at, bases[r/8])
		if s.panels == 1 {
			e.op("VFMADD231PS.BCST %s, %s, %s", at, b[0], s.sum(r, 0))
			continue
		}
		a := fmt.Sprintf("Z%d", 28+r%4)
		e.op("VBROADCASTSS %s, %s", at, a)
		for p := range s.panels {
			e.op("VFMADD231PS %s, %s, %s", b[p], a, s.sum(r, p))
		}
	}
}

// axpy512 writes y += a·x for n values.
func axpy512(e *emitter) {
	e.function8("axpyAVX512", "func axpyAVX512(y *float32, a float32, x *float32, n int)",
		[]param{{"y", "DI"}, {"a", ""}, {"x", "SI"}, {"n", "R12"}})
	loop, tail, done := e.fresh("axpy"), e.fresh("tail"), e.fresh("done")
	e.op("VBROADCASTSS a+8(FP), Z1")
	e.op("MOVQ R12, BX")
	e.op("ANDQ $15, R12")
	e.op("SHRQ $4, BX")
	e.op("JZ %s", tail)
	e.label(loop)
	e.op("VMOVUPS (DI), Z0")
	e.op("VFMADD231PS (SI), Z1, Z0")
	e.op("VMOVUPS Z0, (DI)")
	e.op("ADDQ $64, SI")
	e.op("ADDQ $64, DI")
	e.op("DECQ BX")
	e.op("JNZ %s", loop)
	e.label(tail)
	e.op("TESTQ R12, R12")
	e.op("JZ %s", done)
	masks512(e)
	e.op("VMOVUPS.Z (DI), K1, Z0")
	e.op("VMOVUPS.Z (SI), K1, Z2")
	e.op("VFMADD231PS Z2, Z1, Z0")
	e.op("VMOVUPS Z0, K1, (DI)")
	e.label(done)
	e.end()
}

// peak512 writes rounds of independent multiply-adds in sixteen registers of sixteen
// lanes.
func peak512(e *emitter) {
	e.function8("peakAVX512", "func peakAVX512(n int)", []param{{"n", "CX"}})
	for r := range 18 {
		e.op("VPXORD Z%d, Z%d, Z%d", r, r, r)
	}
	round := e.fresh("round")
	e.label(round)
	for r := range 16 {
		e.op("VFMADD231PS Z16, Z17, Z%d", r)
	}
	e.op("DECQ CX")
	e.op("JNZ %s", round)
	e.end()
}
