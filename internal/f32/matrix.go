package f32

import "fmt"

// kBlock bounds how many terms one call of a kernel adds, so that a panel and
// the left-hand rows stay in the first cache levels.
const kBlock = 256

// A Matrix is a right-hand side B (K×N) packed in panels of Panel columns: panel
// p holds B[0][p·Panel…], B[1][p·Panel…], …; the last one is padded with zeros.
// Between calls of Pack any number of callers may share it.
type Matrix struct {
	K, N int
	data []float32
}

// resize makes m a K×N matrix, keeping its memory where that is enough.
func (m *Matrix) resize(k, n int) {
	m.K, m.N = k, n
	size := Panels(n) * k * Panel
	if cap(m.data) < size {
		m.data = make([]float32, size)
		return
	}
	m.data = m.data[:size]
	clear(m.data)
}

// PackGates makes m the K×4n matrix whose column GateColumn(n, g, j) is row g·n+j
// of w (4n×K): a layer's weights in gate order, ready to multiply rows of K.
func (m *Matrix) PackGates(w []float32, n, k int) {
	if len(w) != 4*n*k {
		panic(fmt.Sprintf("f32: PackGates: %d weights, want 4·%d×%d", len(w), n, k))
	}
	m.resize(k, 4*n)
	for g := range 4 {
		for j := range n {
			col := GateColumn(n, g, j)
			dst := m.data[col/Panel*k*Panel+col%Panel:]
			for i, v := range w[(g*n+j)*k : (g*n+j+1)*k] {
				dst[i*Panel] = v
			}
		}
	}
}

// PackGatesTransposed makes m the 4n×K matrix whose row GateColumn(n, g, j) is
// row g·n+j of w (4n×K): ready to take gradients on sums back to the inputs.
func (m *Matrix) PackGatesTransposed(w []float32, n, k int) {
	if len(w) != 4*n*k {
		panic(fmt.Sprintf("f32: PackGatesTransposed: %d weights, want 4·%d×%d", len(w), n, k))
	}
	m.resize(4*n, k)
	for g := range 4 {
		for j := range n {
			row := GateColumn(n, g, j) * Panel
			src := w[(g*n+j)*k : (g*n+j+1)*k]
			for p := range Panels(k) {
				copy(m.data[p*4*n*Panel+row:][:Panel], src[p*Panel:min(k, (p+1)*Panel)])
			}
		}
	}
}

// MulAdd adds A·B to C: c[i·ldc+j] += Σ_k a[i·lda+k]·B[k][j] for rows i < m and
// columns j < Padded(N); a row of C has room for the padding.
func (m *Matrix) MulAdd(c []float32, ldc int, a []float32, lda int, rows int) {
	width := Padded(m.N)
	if rows == 0 || m.K == 0 {
		return
	}
	if ldc < width || lda < m.K || len(c) < (rows-1)*ldc+width || len(a) < (rows-1)*lda+m.K {
		panic(fmt.Sprintf("f32: MulAdd: %d×%d by %d×%d into slices of %d and %d", rows, m.K, m.K, m.N, len(a), len(c)))
	}
	parts := (m.K + kBlock - 1) / kBlock
	for i := range parts {
		k0, k1 := m.K*i/parts, m.K*(i+1)/parts
		for p := range width / Panel {
			panel := m.data[(p*m.K+k0)*Panel : (p*m.K+k1)*Panel]
			mulAdd(c[p*Panel:], ldc, a[k0:], lda, 1, panel, Panel, rows, k1-k0)
		}
	}
}

// MulAddTransposed adds Aᵀ·B to C for plain A (k×m) and B (k×n), n a multiple of
// Panel: c[i·ldc+j] += Σ_k a[k·lda+i]·b[k·ldb+j].
func MulAddTransposed(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, m, n, k int) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	if n%Panel != 0 || ldc < n || lda < m || ldb < n ||
		len(c) < (m-1)*ldc+n || len(a) < (k-1)*lda+m || len(b) < (k-1)*ldb+n {
		panic(fmt.Sprintf("f32: MulAddTransposed: %d×%d by %d×%d, slices of %d, %d, %d", m, k, k, n, len(a), len(b), len(c)))
	}
	parts := (k + kBlock/2) / kBlock
	parts = max(parts, 1)
	for i := range parts {
		k0, k1 := k*i/parts, k*(i+1)/parts
		for j := 0; j < n; j += Panel {
			mulAdd(c[j:], ldc, a[k0*lda:], 1, lda, b[k0*ldb+j:], ldb, m, k1-k0)
		}
	}
}
