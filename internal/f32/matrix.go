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
	ld   int // values from a panel to the next: K·Panel, but in a part of a matrix
}

// resize makes m a K×N matrix, keeping its memory where that is enough.
func (m *Matrix) resize(k, n int) {
	m.K, m.N, m.ld = k, n, k*Panel
	size := Panels(n) * m.ld
	if cap(m.data) < size {
		m.data = make([]float32, size)
		return
	}
	m.data = m.data[:size]
	clear(m.data)
}

// Part is the matrix of m's rows from k0 to k1, in m's memory.
func (m *Matrix) Part(k0, k1 int) Matrix {
	if k0 < 0 || k1 < k0 || k1 > m.K {
		panic(fmt.Sprintf("f32: Part: rows %d to %d of %d", k0, k1, m.K))
	}
	data := m.data
	if k0 < k1 {
		data = data[k0*Panel:]
	}
	return Matrix{K: k1 - k0, N: m.N, data: data, ld: m.ld}
}

// panel is panel p from row k0 on.
func (m *Matrix) panel(p, k0 int) []float32 { return m.data[p*m.ld+k0*Panel:] }

// PackGates makes m the matrix of a layer's weights in gate order, stacked: of
// each w (4n×K_i) column GateColumn(n, g, j) is row g·n+j times GateScale(g), and
// K is the sum of K_i. It so multiplies rows of [x | h] to the gates' sums.
func (m *Matrix) PackGates(n int, ws ...[]float32) {
	k := 0
	for _, w := range ws {
		if len(w)%(4*n) != 0 {
			panic(fmt.Sprintf("f32: PackGates: %d weights, want 4·%d×K", len(w), n))
		}
		k += len(w) / (4 * n)
	}
	m.resize(k, 4*n)
	k = 0
	for _, w := range ws {
		m.packGates(n, k, w)
		k += len(w) / (4 * n)
	}
}

func (m *Matrix) packGates(n, k0 int, w []float32) {
	k := len(w) / (4 * n)
	for g := range 4 {
		scale := GateScale(g)
		for j := range n {
			col := GateColumn(n, g, j)
			dst := m.panel(col/Panel, k0)[col%Panel:]
			for i, v := range w[(g*n+j)*k : (g*n+j+1)*k] {
				dst[i*Panel] = float32(float64(v) * scale)
			}
		}
	}
}

// PackGateBias makes dst, a row of at least 4n sums, the scaled sum of biases in
// gate order (4n each).
func PackGateBias(dst []float32, n int, a, b []float32) {
	if len(dst) < 4*n || len(a) != 4*n || len(b) != 4*n {
		panic(fmt.Sprintf("f32: PackGateBias: slices of %d, %d and %d, want 4·%d", len(dst), len(a), len(b), n))
	}
	for g := range 4 {
		for j := range n {
			dst[GateColumn(n, g, j)] = float32((float64(a[g*n+j]) + float64(b[g*n+j])) * GateScale(g))
		}
	}
}

// PackGateStarts makes dst rows of sums, lds apart, that start from a code instead of
// inputs: row k is bias, such a row, plus column k of w (4n×K) scaled as PackGates
// does. It is to the bit what a product with a row that is 1 at k and 0 elsewhere adds
// to bias.
func PackGateStarts(dst []float32, lds int, bias []float32, n int, w []float32) {
	k := len(w) / (4 * n)
	if len(w) != 4*n*k || lds < len(bias) || len(bias) < 4*n || len(dst) < k*lds {
		panic(fmt.Sprintf("f32: PackGateStarts: %d weights of %d units, slices of %d and %d, rows of %d", len(w), n, len(dst), len(bias), lds))
	}
	for i := range k {
		copy(dst[i*lds:], bias)
	}
	for g := range 4 {
		scale := GateScale(g)
		for j := range n {
			col := GateColumn(n, g, j)
			for i, v := range w[(g*n+j)*k : (g*n+j+1)*k] {
				dst[i*lds+col] += float32(float64(v) * scale)
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
			row := GateColumn(n, g, j)
			src := w[(g*n+j)*k : (g*n+j+1)*k]
			for p := range Panels(k) {
				copy(m.panel(p, row)[:Panel], src[p*Panel:min(k, (p+1)*Panel)])
			}
		}
	}
}

// Pack makes m the K×N matrix of plain rows w.
func (m *Matrix) Pack(w []float32, k, n int) {
	if len(w) != k*n {
		panic(fmt.Sprintf("f32: Pack: %d values, want %d×%d", len(w), k, n))
	}
	m.resize(k, n)
	for i := range k {
		for p := range Panels(n) {
			copy(m.panel(p, i)[:Panel], w[i*n+p*Panel:i*n+min(n, (p+1)*Panel)])
		}
	}
}

// PackTransposed makes m the N×K transpose of plain rows w (K×N).
func (m *Matrix) PackTransposed(w []float32, k, n int) {
	if len(w) != k*n {
		panic(fmt.Sprintf("f32: PackTransposed: %d values, want %d×%d", len(w), k, n))
	}
	m.resize(n, k)
	for i := range k {
		dst := m.panel(i/Panel, 0)[i%Panel:]
		for j, v := range w[i*n : (i+1)*n] {
			dst[j*Panel] = v
		}
	}
}

// MulAdd adds A·B to C: c[i·ldc+j] += Σ_k a[i·lda+k]·B[k][j] for rows i < m and
// columns j < Padded(N); a row of C has room for the padding. Rows of A may overlap,
// lda < K: so a convolution is a product.
func (m *Matrix) MulAdd(c []float32, ldc int, a []float32, lda int, rows int) {
	width := Padded(m.N)
	if rows == 0 || m.K == 0 {
		return
	}
	if ldc < width || lda < 1 || len(c) < (rows-1)*ldc+width || len(a) < (rows-1)*lda+m.K {
		panic(fmt.Sprintf("f32: MulAdd: %d×%d by %d×%d into slices of %d and %d", rows, m.K, m.K, m.N, len(a), len(c)))
	}
	m.product(c, ldc, c, ldc, a, lda, rows, 0, Panels(m.N))
}

// product is C = from + A·B for the panels from p0 to p1, the first of which
// begins at c[0] and from[0].
func (m *Matrix) product(c []float32, ldc int, from []float32, ldfrom int, a []float32, lda, rows, p0, p1 int) {
	parts := max(1, (m.K+kBlock-1)/kBlock)
	for i := range parts {
		k0, k1 := m.K*i/parts, m.K*(i+1)/parts
		product(c, ldc, from, ldfrom, a[k0:], lda, 1, m.panel(p0, k0), m.ld, p1-p0, rows, k1-k0)
		from, ldfrom = c, ldc
	}
}

// MulAddTransposed adds Aᵀ·B to C for plain A (k×m) and B (k×n), n a multiple of
// Panel: c[i·ldc+j] += Σ_k a[k·lda+i]·b[k·ldb+j]. Rows of A may overlap.
func MulAddTransposed(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, m, n, k int) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	if n%Panel != 0 || ldc < n || lda < 1 || ldb < n ||
		len(c) < (m-1)*ldc+n || len(a) < (k-1)*lda+m || len(b) < (k-1)*ldb+n {
		panic(fmt.Sprintf("f32: MulAddTransposed: %d×%d by %d×%d, slices of %d, %d, %d", m, k, k, n, len(a), len(b), len(c)))
	}
	var panel [transposedBlock * Panel]float32
	parts := (k + transposedBlock - 1) / transposedBlock
	for i := range parts {
		k0, k1 := k*i/parts, k*(i+1)/parts
		for j := 0; j < n; j += Panel {
			for q := k0; q < k1; q++ {
				copy(panel[(q-k0)*Panel:][:Panel], b[q*ldb+j:])
			}
			product(c[j:], ldc, c[j:], ldc, a[k0*lda:], 1, lda, panel[:], 0, 1, m, k1-k0)
		}
	}
}

// transposedBlock is how many terms MulAddTransposed adds at once.
const transposedBlock = 128
