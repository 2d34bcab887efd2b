package f32

import (
	"fmt"
	"math"
)

// lanes is the number of products in a group.
const lanes = 8

// A Bank is a matrix of few values in each row, next to one another: a filter bank.
type Bank struct {
	w     []float32
	spans []int // of each row: its first column, and groups of lanes values
	need  int   // values of x
}

// Add appends a row with the given weights from column first on.
func (b *Bank) Add(first int, weights []float64) {
	if first < 0 || len(weights) == 0 {
		panic(fmt.Sprintf("f32: Bank: a row of %d weights from %d on", len(weights), first))
	}
	groups := (len(weights) + lanes - 1) / lanes
	row := make([]float32, groups*lanes)
	for i, v := range weights {
		row[i] = float32(v)
	}
	b.w = append(b.w, row...)
	b.spans = append(b.spans, first, groups)
	b.need = max(b.need, first+groups*lanes)
}

// Rows returns the number of rows.
func (b *Bank) Rows() int { return len(b.spans) / 2 }

// Need returns the number of values that Apply reads. Those after the columns of a row have
// the weight 0, and must be finite.
func (b *Bank) Need() int { return b.need }

// Apply writes the product with x to dst. For j < 8, s_j is the sum of every eighth product
// of a row from the j-th on, in ascending order, and the value of the row is
// ((s_0+s_4)+(s_2+s_6)) + ((s_1+s_5)+(s_3+s_7)). All kernels give the same bits.
func (b *Bank) Apply(dst, x []float32) {
	if len(dst) < b.Rows() || len(x) < b.need {
		panic(fmt.Sprintf("f32: Bank: %d rows over %d values, slices of %d and %d", b.Rows(), b.need, len(dst), len(x)))
	}
	if len(b.spans) > 0 {
		bank(dst, x, b.w, b.spans)
	}
}

func bankGeneric(dst, x, w []float32, spans []int) {
	for i := range len(spans) / 2 {
		n := spans[2*i+1] * lanes
		dst[i] = separateDot(w[:n], x[spans[2*i]:][:n])
		w = w[n:]
	}
}

// separateDot is dotGeneric for whole groups.
func separateDot(w, x []float32) float32 {
	var s [lanes]float32
	addProducts(&s, w, x, lanes)
	return pairs(&s)
}

// addProducts adds the products of groups that are stride apart.
func addProducts(s *[lanes]float32, w, x []float32, stride int) {
	s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	for ; len(w) >= lanes; w, x = w[min(stride, len(w)):], x[min(stride, len(x)):] {
		a, b := (*[lanes]float32)(w), (*[lanes]float32)(x)
		s0 += float32(a[0] * b[0])
		s1 += float32(a[1] * b[1])
		s2 += float32(a[2] * b[2])
		s3 += float32(a[3] * b[3])
		s4 += float32(a[4] * b[4])
		s5 += float32(a[5] * b[5])
		s6 += float32(a[6] * b[6])
		s7 += float32(a[7] * b[7])
	}
	*s = [lanes]float32{s0, s1, s2, s3, s4, s5, s6, s7}
}

func pairs(s *[lanes]float32) float32 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// Convolve returns Σ w[i]·x[i] over all of w. Group g of eight products is added to the
// g mod 4-th of four vectors of sums, in ascending order, and a last part of a group comes
// first in the last vector. The vectors are added in pairs, and then the eight sums as by
// Bank. All kernels give the same bits.
func Convolve(w, x []float32) float32 {
	x = x[:len(w)]
	whole := len(w) &^ (lanes - 1)
	var rest [lanes]float32
	for i, v := range w[whole:] {
		rest[i] = float32(v * x[whole+i])
	}
	if whole == 0 {
		return pairs(&rest)
	}
	return convolve(w, x, &rest, whole/lanes)
}

func convolveGeneric(w, x []float32, rest *[lanes]float32, groups int) float32 {
	var s [4][lanes]float32
	s[3] = *rest
	w, x = w[:groups*lanes], x[:groups*lanes]
	for g := range min(4, groups) {
		addProducts(&s[g], w[g*lanes:], x[g*lanes:], 4*lanes)
	}
	for i := range s[0] {
		s[0][i] = (s[0][i] + s[1][i]) + (s[2][i] + s[3][i])
	}
	return pairs(&s[0])
}

// Log replaces the values of x, a multiple of eight in number, by ln(x + floor). Sums below
// 2^−126 count as that. The error is at most 2e-7 of the result or 1e-7. Infinity and NaN
// stay. All kernels give the same bits (the polynomial is that of Moshier's Cephes).
func Log(x []float32, floor float32) {
	if len(x)%lanes != 0 {
		panic(fmt.Sprintf("f32: Log: %d values", len(x)))
	}
	if len(x) > 0 {
		logs(x, floor)
	}
}

// Coefficients of ln(1+f) = f − f²/2 + f³·p(f), and ln 2 in two parts.
var logCoefficients = [...]float32{7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1,
	1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1}

const (
	ln2Low  = -2.12194440e-4
	ln2High = 0.693359375
	rootBit = 0x3f3504f3 // √½
)

func logsGeneric(x []float32, floor float32) {
	for i, v := range x {
		x[i] = log(v + floor)
	}
}

func log(v float32) float32 {
	if v < 0x1p-126 {
		v = 0x1p-126
	}
	if !(v < float32(math.Inf(1))) {
		return v
	}
	bits := int32(math.Float32bits(v))
	e := (bits - rootBit) >> 23
	f := math.Float32frombits(uint32(bits-e<<23)) - 1
	p := logCoefficients[0]
	for _, c := range logCoefficients[1:] {
		p = float32(p*f) + c
	}
	z := float32(f * f)
	p = float32(float32(p*f) * z)
	p += float32(float32(e) * ln2Low)
	p -= float32(0.5 * z)
	return (f + p) + float32(float32(e)*ln2High)
}
