package cell

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Weights holds the parameters of one direction in PyTorch's layout: H rows for each
// gate, in the order i, f, g, o.
type Weights struct {
	In, Hidden     int
	IH             []float32 // 4H×D
	HH             []float32 // 4H×H
	BiasIH, BiasHH []float32 // 4H each

	// Rows, unless nil, says that the weights are integers from −127 to 127 times a factor
	// for each row: HH[r][k] = n·Rows[r] and IH[r][d] = n·Rows[r]·Inputs[d]. New then
	// computes with integers, on which nothing can be trained. Inputs holds a factor for
	// each input: x·Inputs[d] must be within ±8, beyond which it is cut off. BiasHH is 0.
	Rows, Inputs []float32
}

// NewWeights returns weights that are zero, for in features and hidden units.
func NewWeights(in, hidden int) *Weights {
	if in < 1 || hidden < 1 {
		panic(fmt.Sprintf("cell: NewWeights: %d inputs and %d units, want at least one of each", in, hidden))
	}
	return &Weights{In: in, Hidden: hidden,
		IH: make([]float32, 4*hidden*in), HH: make([]float32, 4*hidden*hidden),
		BiasIH: make([]float32, 4*hidden), BiasHH: make([]float32, 4*hidden)}
}

// Init draws initial values. For each gate the input weights are Glorot uniform
// (Glorot and Bengio 2010) and the recurrent weights orthogonal (Saxe et al. 2014).
// The forget bias is 1 (Gers et al. 2000), the other biases are 0.
func (w *Weights) Init(rng *rand.Rand) {
	limit := math.Sqrt(6 / float64(w.In+w.Hidden))
	for i := range w.IH {
		w.IH[i] = float32((2*rng.Float64() - 1) * limit)
	}
	h := w.Hidden
	for g := range 4 {
		orthogonal(w.HH[g*h*h:(g+1)*h*h], h, rng)
	}
	clear(w.BiasIH)
	clear(w.BiasHH)
	for i := h; i < 2*h; i++ {
		w.BiasIH[i] = 1
	}
}

// orthogonal fills q (n×n) with a random orthogonal matrix. The modified
// Gram–Schmidt process makes Gaussian rows orthonormal; it runs twice against
// rounding errors.
func orthogonal(q []float32, n int, rng *rand.Rand) {
	a := make([]float64, n*n)
	for i := range a {
		a[i] = rng.NormFloat64()
	}
	for i := range n {
		row := a[i*n : (i+1)*n]
		for range 2 {
			for j := range i {
				subtractProjection(row, a[j*n:(j+1)*n])
			}
		}
		norm := math.Sqrt(dot(row, row))
		for k := range row {
			row[k] /= norm
		}
	}
	for i, v := range a {
		q[i] = float32(v)
	}
}

func subtractProjection(row, unit []float64) {
	d := dot(row, unit)
	for k := range row {
		row[k] -= d * unit[k]
	}
}

func dot(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}
