package model

import (
	"encoding/binary"
	"fmt"
	"math"

	"inkling/internal/f32"
	"inkling/internal/i8"
)

// dtype returns the name of the tensor's numbers in a model file.
func (t *Tensor) dtype() string {
	if t.Row != nil {
		return "I8"
	}
	return "F32"
}

// bytes returns the size of the tensor in a model file.
func (t *Tensor) bytes() int64 {
	if t.Row != nil {
		return int64(len(t.Data))
	}
	return int64(4 * len(t.Data))
}

// Bytes returns the size of the parameters in a model file.
func (p *Params) Bytes() (n int) {
	for _, t := range p.Tensors() {
		n += int(t.bytes())
	}
	return n
}

// append appends the tensor as a model file has it.
func (t *Tensor) append(dst []byte) []byte {
	for i, v := range t.Data {
		if t.Row == nil {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		} else {
			dst = append(dst, byte(int8(math.Round(float64(v)/t.factor(i)))))
		}
	}
	return dst
}

// factor returns what the integer of element i is multiplied by.
func (t *Tensor) factor(i int) float64 {
	columns := len(t.Data) / len(t.Row)
	f := float64(t.Row[i/columns])
	if t.Column != nil {
		f *= float64(t.Column[i%columns])
	}
	return f
}

// fillIntegers reads integers, whose factors have been read before.
func (t *Tensor) fillIntegers(src []byte) error {
	for i, b := range src {
		if int8(b) == math.MinInt8 {
			return fmt.Errorf("model: tensor %s: integer %d is -128, want -127 to 127: the file is damaged", t.Name, i)
		}
		t.Data[i] = float32(float64(int8(b)) * t.factor(i))
	}
	return nil
}

// inOrder returns the tensors with those of integers last, since these need the others.
func inOrder(ts []Tensor) (ordered []Tensor) {
	for _, integers := range []bool{false, true} {
		for _, t := range ts {
			if (t.Row != nil) == integers {
				ordered = append(ordered, t)
			}
		}
	}
	return ordered
}

// A head computes logits from hidden states.
type head struct {
	w, b []float32

	// Of integer weights; nil: float32.
	q       *i8.Head
	mult    []int64 // sum·mult/2^24 has 16 bits after the point
	bias    []int64 // 16 bits after the point, and half a unit of what is shifted out
	factors []float32
}

// HeadIntegers are the numbers that an integer head computes with: the logit of row i, with
// 16 bits after the point, is (Mult[i]·Σ Weights[i][k]·h[k] + Bias[i])/2^24, rounded down,
// where h has 12 bits after the point.
type HeadIntegers struct {
	Weights    []int8
	Mult, Bias []int64
}

// NewHeadIntegers returns the numbers of a head whose weights w are integers times rows.
func NewHeadIntegers(w, b, rows []float32) (*HeadIntegers, error) {
	t := Tensor{Data: w, Row: rows}
	n := len(w) / len(b)
	h := &HeadIntegers{Weights: make([]int8, len(w))}
	for i, row := range rows {
		if !(row >= 1e-9 && row < 8) {
			return nil, fmt.Errorf("model: the factor of row %d of a head is %v, want 1e-9 to 8", i, row)
		}
		h.Mult = append(h.Mult, int64(math.Round(float64(row)*(1<<28))))
		if !(math.Abs(float64(b[i])) <= 1<<20) {
			return nil, fmt.Errorf("model: the bias of row %d of a head is %v, want -2^20 to 2^20", i, b[i])
		}
		h.Bias = append(h.Bias, int64(math.Round(float64(b[i])*(1<<40)))+1<<23)
		sum := 0.0
		for k := range n {
			v := math.Round(float64(w[i*n+k]) / t.factor(i*n+k))
			h.Weights[i*n+k] = int8(v)
			sum += math.Abs(v) * i8.One
		}
		if sum >= 1<<31 {
			return nil, fmt.Errorf("model: row %d of a head can sum to %.0f, which 32 bits do not hold", i, sum)
		}
	}
	return h, nil
}

// newHead returns a head of rows of weights, integers times rows unless that is nil.
func newHead(w, b, rows []float32) (h head, err error) {
	h = head{w: w, b: b}
	if rows == nil || len(b) == 0 {
		return h, nil
	}
	q, err := NewHeadIntegers(w, b, rows)
	if err != nil {
		return h, err
	}
	n := len(w) / len(b)
	h.q, h.mult, h.bias = i8.NewHead(len(b), n, q.Weights), q.Mult, q.Bias
	h.factors = make([]float32, n)
	for i := range h.factors {
		h.factors[i] = i8.One
	}
	return h, nil
}

// A headScratch is the memory that logits needs.
type headScratch struct {
	x    []int16
	sums []int32
}

// logits writes the logits of x to dst.
func (h *head) logits(dst []float32, s *headScratch, x []float32) {
	if h.q == nil {
		f32.Affine(dst, h.w, h.b, x)
		return
	}
	if len(s.x) < h.q.Stride() {
		s.x = make([]int16, h.q.Stride())
	}
	if len(s.sums) < len(dst) {
		s.sums = make([]int32, len(dst))
	}
	i8.Quantize(s.x, x, h.factors)
	clear(s.x[len(x):])
	h.q.Sums(s.sums, s.x)
	for i := range dst {
		v := (int64(s.sums[i])*h.mult[i] + h.bias[i]) >> 24
		dst[i] = float32(int32(max(min(v, math.MaxInt32), math.MinInt32))) / (1 << 16)
	}
}
