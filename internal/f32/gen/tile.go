package main

import "fmt"

// tileRows is the number of rows in the largest tile of sums, by one panel of 16 columns:
// it needs twelve registers, besides two for the row of the panel and two for A.
const tileRows = 6

// unrolled is the number of terms in the body of the inner loop. With fewer, the loop
// itself would be the bottleneck.
const unrolled = 4

// tile writes c[i][j] = from[i][j] + Σ_k a[i·rs + k·ks]·b[k·64 + j], i < rows,
// j < 16. The tiles follow each other down c, from and a, and then for the next panel, 16
// columns further in c and from, and ldp in b. Strides are in bytes.
//
//	DI c, SI ldc, AX a, BX rs, CX ks, DX b, R9 tiles left, R8 from, R10 k
func tile(e *emitter, rows int) {
	e.function8(fmt.Sprintf("tile%dAVX2", rows),
		fmt.Sprintf("func tile%dAVX2(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int)", rows),
		[]param{{"c", ""}, {"ldc", "SI"}, {"from", ""}, {"ldfrom", ""}, {"a", ""}, {"rs", "BX"}, {"ks", "CX"}, {"b", "DX"},
			{"ldp", ""}, {"panels", ""}, {"tiles", ""}, {"k", "R10"}})
	panel, next, loop, single, rest, done := e.fresh("panel"), e.fresh("next"), e.fresh("k"), e.fresh("k"), e.fresh("rest"), e.fresh("done")
	e.label(panel)
	e.op("MOVQ c+0(FP), DI")
	e.op("MOVQ from+16(FP), R8")
	e.op("MOVQ a+32(FP), AX")
	e.op("MOVQ tiles+80(FP), R9")
	e.label(next)
	e.op("MOVQ ldfrom+24(FP), R12")
	for r := range rows {
		e.op("VMOVUPS (R8), Y%d", 2*r)
		e.op("VMOVUPS 32(R8), Y%d", 2*r+1)
		e.op("ADDQ R12, R8")
	}
	e.op("MOVQ AX, R11")
	e.op("LEAQ (BX)(BX*2), R12")
	e.op("ADDQ AX, R12")
	e.op("MOVQ DX, R13")
	e.op("MOVQ R10, R14")
	e.op("SUBQ $%d, R14", unrolled)
	e.op("JLT %s", rest)
	e.op("PCALIGN $32")
	e.label(loop)
	for q := range unrolled {
		tileTerm(e, rows, q)
	}
	e.op("ADDQ $%d, R13", 64*unrolled)
	e.op("SUBQ $%d, R14", unrolled)
	e.op("JGE %s", loop)
	e.label(rest)
	e.op("ADDQ $%d, R14", unrolled)
	e.op("JZ %s", done)
	e.label(single)
	tileTerm(e, rows, 0)
	e.op("ADDQ $64, R13")
	e.op("DECQ R14")
	e.op("JNZ %s", single)
	e.label(done)
	for r := range rows {
		e.op("VMOVUPS Y%d, (DI)", 2*r)
		e.op("VMOVUPS Y%d, 32(DI)", 2*r+1)
		e.op("ADDQ SI, DI")
	}
	for range rows {
		e.op("ADDQ BX, AX")
	}
	e.op("DECQ R9")
	e.op("JNZ %s", next)
	e.op("ADDQ $64, c+0(FP)")
	e.op("ADDQ $64, from+16(FP)")
	e.op("ADDQ ldp+64(FP), DX")
	e.op("DECQ panels+72(FP)")
	e.op("JNZ %s", panel)
	e.end()
}

// tileTerm adds the term of the q-th row of b to every sum and advances in a.
func tileTerm(e *emitter, rows, q int) {
	e.op("VMOVUPS %d(R13), Y12", 64*q)
	e.op("VMOVUPS %d(R13), Y13", 64*q+32)
	for r := range rows {
		at := []string{"(R11)", "(R11)(BX*1)", "(R11)(BX*2)", "(R12)", "(R12)(BX*1)", "(R12)(BX*2)"}[r]
		e.op("VBROADCASTSS %s, Y%d", at, 14+r%2)
		e.op("VFMADD231PS Y12, Y%d, Y%d", 14+r%2, 2*r)
		e.op("VFMADD231PS Y13, Y%d, Y%d", 14+r%2, 2*r+1)
	}
	e.op("ADDQ CX, R11")
	e.op("ADDQ CX, R12")
}

// axpy writes y += a·x for groups of eight values.
func axpy(e *emitter) {
	e.function8("axpyAVX2", "func axpyAVX2(y *float32, a float32, x *float32, groups int)",
		[]param{{"y", "DI"}, {"a", ""}, {"x", "SI"}, {"groups", "CX"}})
	e.op("VBROADCASTSS a+8(FP), Y1")
	loop := e.fresh("axpy")
	e.label(loop)
	e.op("VMOVUPS (DI), Y0")
	e.op("VFMADD231PS (SI), Y1, Y0")
	e.op("VMOVUPS Y0, (DI)")
	e.op("ADDQ $32, SI")
	e.op("ADDQ $32, DI")
	e.op("DECQ CX")
	e.op("JNZ %s", loop)
	e.end()
}

// affine writes dst[i] = b[i] + w[i]·x for i < rows, summed as by f32.Affine: eight sums in
// a register, and the last k mod 8 products with a mask.
func affine(e *emitter) {
	e.function8("affineAVX2", "func affineAVX2(dst, w, b, x *float32, rows, k int)",
		[]param{{"dst", "DI"}, {"w", "SI"}, {"b", "DX"}, {"x", "BX"}, {"rows", "CX"}, {"k", "R8"}})
	row, loop, tail, sum := e.fresh("row"), e.fresh("eight"), e.fresh("tail"), e.fresh("sum")
	e.op("MOVQ R8, R10")
	e.op("ANDQ $7, R10")
	tailSetup(e, "R10", "Y12")
	e.op("SHRQ $3, R8")
	e.label(row)
	e.op("VXORPS Y0, Y0, Y0")
	e.op("MOVQ BX, R11")
	e.op("MOVQ R8, R9")
	e.op("TESTQ R9, R9")
	e.op("JZ %s", tail)
	e.label(loop)
	e.op("VMOVUPS (R11), Y1")
	e.op("VFMADD231PS (SI), Y1, Y0")
	e.op("ADDQ $32, SI")
	e.op("ADDQ $32, R11")
	e.op("DECQ R9")
	e.op("JNZ %s", loop)
	e.label(tail)
	e.op("TESTQ R10, R10")
	e.op("JZ %s", sum)
	e.op("VMASKMOVPS (SI), Y12, Y1")
	e.op("VMASKMOVPS (R11), Y12, Y2")
	e.op("VFMADD231PS Y1, Y2, Y0")
	e.op("ADDQ R12, SI")
	e.label(sum)
	e.op("VEXTRACTF128 $1, Y0, X1")
	e.op("VADDPS X1, X0, X0")
	e.op("VMOVHLPS X0, X0, X1")
	e.op("VADDPS X1, X0, X0")
	e.op("VMOVSHDUP X0, X1")
	e.op("VADDSS X1, X0, X0")
	e.op("VADDSS (DX), X0, X0")
	e.op("VMOVSS X0, (DI)")
	e.op("ADDQ $4, DX")
	e.op("ADDQ $4, DI")
	e.op("DECQ CX")
	e.op("JNZ %s", row)
	e.end()
}
