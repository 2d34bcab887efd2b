package f32

import "fmt"

// kBlock bounds the number of terms that a kernel adds in one call, so that a panel and
// the left-hand rows stay in the first two cache levels.
const kBlock = 256

// A Matrix is the right-hand side B (K×N) of a product, packed in panels of Panel
// columns: panel p holds B[0][p·Panel…], B[1][p·Panel…], and so on. The last panel is
// padded with zeros. The Pack methods change a Matrix; otherwise it may be used
// concurrently.
type Matrix struct {
	K, N int
	data []float32
	ld   int // distance between panels: K·Panel, or more in a part of a matrix
}

// resize makes m a K×N matrix and reuses its memory if possible.
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

// Part returns the matrix of rows [k0, k1) of m. It shares m's memory.
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

// panel returns panel p from row k0 on.
func (m *Matrix) panel(p, k0 int) []float32 { return m.data[p*m.ld+k0*Panel:] }

// PackGates packs the weights ws of a layer with n units, each 4n×K_i in gate order, so
// that m multiplies rows [x | h] to scaled sums. m has ΣK_i rows, and its column
// GateColumn(n, g, j) is row g·n+j of each w in turn, times GateScale(g).
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

// PackGateBias writes the scaled sum of the biases a and b, 4n values each in gate
// order, to dst, a row of sums.
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

// PackGateStarts writes a row of sums for each code k to dst, in rows that are lds
// apart: bias, itself a row of sums, plus column k of w (4n×K), scaled as by PackGates.
// To the bit, row k is what the product with the one-hot vector of k adds to bias.
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

// PackGatesTransposed packs w (4n×K, in gate order) so that m multiplies gradients on
// the sums to gradients on the inputs: row GateColumn(n, g, j) of m is row g·n+j of w.
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

// Pack packs the row-major matrix w (K×N).
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

// PackTransposed packs the transpose (N×K) of the row-major matrix w (K×N).
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

// MulAdd adds A·B to C: c[i·ldc+j] += Σ_k a[i·lda+k]·B[k][j] for i < rows and
// j < Padded(N), so each row of C needs room for the padding. Rows of A may overlap
// (lda < K), which makes a convolution a product.
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

// product computes C = from + A·B for panels [p0, p1), the first of which begins at
// c[0] and from[0].
func (m *Matrix) product(c []float32, ldc int, from []float32, ldfrom int, a []float32, lda, rows, p0, p1 int) {
	parts := max(1, (m.K+kBlock-1)/kBlock)
	for i := range parts {
		k0, k1 := m.K*i/parts, m.K*(i+1)/parts
		product(c, ldc, from, ldfrom, a[k0:], lda, 1, m.panel(p0, k0), m.ld, p1-p0, rows, k1-k0)
		from, ldfrom = c, ldc
	}
}

// MulAddTransposed adds Aᵀ·B to C for row-major A (k×m) and B (k×n), where n is a
// multiple of Panel: c[i·ldc+j] += Σ_k a[k·lda+i]·b[k·ldb+j]. Rows of A may overlap.
func MulAddTransposed(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, m, n, k int) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	if n%Panel != 0 || ldc < n || lda < 1 || ldb < n ||
		len(c) < (m-1)*ldc+n || len(a) < (k-1)*lda+m || len(b) < (k-1)*ldb+n {
		panic(fmt.Sprintf("f32: MulAddTransposed: %d×%d by %d×%d, slices of %d, %d, %d", m, k, k, n, len(a), len(b), len(c)))
	}
	var panels [transposedPanels * transposedBlock * Panel]float32
	parts := (k + transposedBlock - 1) / transposedBlock
	for i := range parts {
		k0, k1 := k*i/parts, k*(i+1)/parts
		for j := 0; j < n; j += transposedPanels * Panel {
			wide := min(transposedPanels, (n-j)/Panel)
			for q := k0; q < k1; q++ {
				for p := range wide {
					*(*[Panel]float32)(panels[(p*transposedBlock+q-k0)*Panel:]) = [Panel]float32(b[q*ldb+j+p*Panel:])
				}
			}
			product(c[j:], ldc, c[j:], ldc, a[k0*lda:], 1, lda, panels[:], transposedBlock*Panel, wide, m, k1-k0)
		}
	}
}

// transposedBlock is the number of terms that MulAddTransposed adds at once, and
// transposedPanels the number of panels for which it does so: two halve the loads of A.
const (
	transposedBlock  = 128
	transposedPanels = 2
)
