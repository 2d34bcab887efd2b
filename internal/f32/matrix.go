package f32

import "fmt"

// kBlock bounds how many rows of a panel one call of a kernel walks, so that
// panel and left-hand rows stay in the first cache levels.
const kBlock = 256

// A Matrix is a right-hand side B (K×N) packed in panels of Panel columns: panel
// p holds B[0][p·Panel…], B[1][p·Panel…], …; the last one is padded with zeros.
type Matrix struct {
	K, N int
	data []float32
	edge []float32 // a destination's last, partial panel, m×Panel
	row  []float32 // one padded destination row
}

// Panels returns how many panels N columns take.
func Panels(n int) int { return (n + Panel - 1) / Panel }

// Pack makes m the K×N matrix whose element (k, n) is src[k·rs + n·cs]. It
// reuses m's memory.
func (m *Matrix) Pack(src []float32, k, n, rs, cs int) {
	m.K, m.N = k, n
	size := Panels(n) * k * Panel
	if cap(m.data) < size {
		m.data = make([]float32, size)
	}
	m.data = m.data[:size]
	for p := range Panels(n) {
		width := min(Panel, n-p*Panel)
		panel := m.data[p*k*Panel:]
		for i := range k {
			dst := panel[i*Panel : i*Panel+Panel]
			at := i*rs + p*Panel*cs
			for j := range width {
				dst[j] = src[at+j*cs]
			}
			clear(dst[width:])
		}
	}
}

// MulAdd adds A·B to C: c[i·ldc+j] += Σ_k a[i·lda+k]·B[k][j] for rows i < rows. A
// Matrix serves one caller at a time unless N is a multiple of Panel; Clone
// gives another view of the same numbers.
func (m *Matrix) MulAdd(c []float32, ldc int, a []float32, lda int, rows int) {
	if rows == 0 || m.K == 0 {
		return
	}
	if ldc < m.N || lda < m.K || len(c) < (rows-1)*ldc+m.N || len(a) < (rows-1)*lda+m.K {
		panic(fmt.Sprintf("f32: MulAdd: %d×%d by %d×%d into slices of %d and %d", rows, m.K, m.K, m.N, len(a), len(c)))
	}
	if rows == 1 {
		m.mulAddRow(c[:m.N], a[:m.K])
		return
	}
	full := m.N / Panel
	for k0 := 0; k0 < m.K; k0 += kBlock {
		kn := min(kBlock, m.K-k0)
		for p := range full {
			active.mulAdd(c[p*Panel:], ldc, a[k0:], lda, m.panel(p, k0), rows, kn)
		}
	}
	if full*Panel < m.N {
		m.mulAddEdge(c, ldc, a, lda, rows, full)
	}
}

func (m *Matrix) panel(p, k0 int) []float32 { return m.data[(p*m.K+k0)*Panel : (p+1)*m.K*Panel] }

// mulAddEdge does the last, partial panel by way of a padded copy of C.
func (m *Matrix) mulAddEdge(c []float32, ldc int, a []float32, lda, rows, p int) {
	width := m.N - p*Panel
	if cap(m.edge) < rows*Panel {
		m.edge = make([]float32, rows*Panel)
	}
	edge := m.edge[:rows*Panel]
	for i := range rows {
		copy(edge[i*Panel:i*Panel+width], c[i*ldc+p*Panel:])
		clear(edge[i*Panel+width : (i+1)*Panel])
	}
	for k0 := 0; k0 < m.K; k0 += kBlock {
		active.mulAdd(edge, Panel, a[k0:], lda, m.panel(p, k0), rows, min(kBlock, m.K-k0))
	}
	for i := range rows {
		copy(c[i*ldc+p*Panel:i*ldc+m.N], edge[i*Panel:])
	}
}

// mulAddRow is MulAdd of one row, panels side by side.
func (m *Matrix) mulAddRow(c, a []float32) {
	panels := Panels(m.N)
	if m.N%Panel == 0 {
		active.rowMulAdd(c, a, m.data, panels, m.K, m.K)
		return
	}
	if cap(m.row) < panels*Panel {
		m.row = make([]float32, panels*Panel)
	}
	row := m.row[:panels*Panel]
	copy(row, c)
	clear(row[m.N:])
	active.rowMulAdd(row, a, m.data, panels, m.K, m.K)
	copy(c, row)
}

// AddRow adds x·B to the padded row c, of Panels(N)·Panel values, as MulAdd of
// one row does, without scratch: any number of callers may share the Matrix.
func (m *Matrix) AddRow(c, x []float32) {
	if len(c) < Panels(m.N)*Panel || len(x) < m.K {
		panic(fmt.Sprintf("f32: AddRow: %d by %d×%d into %d", len(x), m.K, m.N, len(c)))
	}
	if m.K > 0 {
		active.rowMulAdd(c, x, m.data, Panels(m.N), m.K, m.K)
	}
}

// AddRows is AddRow for rows of A, lda apart, and padded rows of C, ldc apart: the
// same sums, to the bit, without scratch.
func (m *Matrix) AddRows(c []float32, ldc int, a []float32, lda, rows int) {
	panels := Panels(m.N)
	if rows == 0 || m.K == 0 {
		return
	}
	if ldc < panels*Panel || lda < m.K || len(c) < (rows-1)*ldc+panels*Panel || len(a) < (rows-1)*lda+m.K {
		panic(fmt.Sprintf("f32: AddRows: %d×%d by %d×%d into slices of %d and %d", rows, m.K, m.K, m.N, len(a), len(c)))
	}
	for k0 := 0; k0 < m.K; k0 += kBlock {
		for p := range panels {
			active.mulAdd(c[p*Panel:], ldc, a[k0:], lda, m.panel(p, k0), rows, min(kBlock, m.K-k0))
		}
	}
}

// Clone returns a Matrix that shares m's numbers but not its scratch.
func (m *Matrix) Clone() *Matrix { return &Matrix{K: m.K, N: m.N, data: m.data} }

// Transpose writes the transpose of src (rows×cols) to dst (cols×rows).
func Transpose(dst, src []float32, rows, cols int) {
	const tile = 16
	for i0 := 0; i0 < rows; i0 += tile {
		for j0 := 0; j0 < cols; j0 += tile {
			for i := i0; i < min(i0+tile, rows); i++ {
				for j := j0; j < min(j0+tile, cols); j++ {
					dst[j*rows+i] = src[i*cols+j]
				}
			}
		}
	}
}
