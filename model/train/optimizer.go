package train

import (
	"math"
	"strings"

	"inkling/internal/f32"
	"inkling/model"
)

// adamW is Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and
// Hutter 2019), in PyTorch's order of operations:
//
//	θ ← θ·(1 − lr·decay);  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²
//	θ ← θ − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
//
// Biases do not decay.
type adamW struct {
	m, v  *model.Params
	step  int
	decay float64
}

const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

func (a *adamW) update(p, grad *model.Params, lr float64) {
	a.step++
	correct1 := 1 - math.Pow(beta1, float64(a.step))
	correct2 := math.Sqrt(1 - math.Pow(beta2, float64(a.step)))
	ps, gs, ms, vs := p.Tensors(), grad.Tensors(), a.m.Tensors(), a.v.Tensors()
	for i, t := range ps {
		if t.Fixed {
			continue
		}
		keep := float32(1)
		if !strings.Contains(t.Name, "bias") {
			keep = float32(1 - lr*a.decay)
		}
		adamLoop(t.Data, gs[i].Data, ms[i].Data, vs[i].Data, keep, float32(lr/correct1), float32(1/correct2))
	}
}

func adamLoop(p, g, m, v []float32, keep, rate, root float32) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	for i := range p {
		d := g[i]
		m[i] = float32(beta1*m[i]) + float32((1-beta1)*d)
		v[i] = float32(beta2*v[i]) + float32((1-beta2)*float32(d*d))
		denom := float32(float32(math.Sqrt(float64(v[i])))*root) + epsilon
		p[i] = float32(p[i]*keep) - float32(rate*float32(m[i]/denom))
	}
}

// clip scales grad so that its global norm is at most limit, and returns the
// norm before (Pascanu et al. 2013). A norm that is not finite is returned as
// it is and grad left alone.
func clip(grad *model.Params, limit float64) float64 {
	var sum float64
	for _, t := range grad.Tensors() {
		if !t.Fixed {
			sum += f32.Dot(t.Data, t.Data)
		}
	}
	norm := math.Sqrt(sum)
	if limit > 0 && norm > limit && !math.IsInf(norm, 0) {
		s := float32(limit / norm)
		for _, t := range grad.Tensors() {
			for i := range t.Data {
				t.Data[i] *= s
			}
		}
	}
	return norm
}

// zero clears every trained tensor.
func zero(p *model.Params) {
	for _, t := range p.Tensors() {
		clear(t.Data)
	}
}

// add is dst += src.
func add(dst, src *model.Params) {
	from := src.Tensors()
	for i, t := range dst.Tensors() {
		f32.Axpy(t.Data, 1, from[i].Data)
	}
}
