package train

import (
	"math"

	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/model"
)

// adamW is Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and
// Hutter 2019), in PyTorch's order of operations:
//
//	θ ← θ·(1 − lr·decay);  m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²
//	θ ← θ − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
//
// Biases do not decay; a tensor may have a rate of its own.
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

func (a *adamW) update(p, grad *model.Params, lr float64, workers int) {
	a.step++
	rates := f32.AdamRates{Beta1: beta1, Rest1: 1 - beta1, Beta2: beta2, Rest2: 1 - beta2, Epsilon: epsilon, Keep: 1,
		Rate: float32(lr / (1 - math.Pow(beta1, float64(a.step)))),
		Root: float32(1 / math.Sqrt(1-math.Pow(beta2, float64(a.step))))}
	ps, gs, ms, vs := p.Tensors(), grad.Tensors(), a.m.Tensors(), a.v.Tensors()
	parallel.Workers(len(ps), workers, func(_, i int) {
		if ps[i].Fixed {
			return
		}
		r := rates
		own := lr
		if ps[i].Rate != 0 {
			own *= ps[i].Rate
			r.Rate *= float32(ps[i].Rate)
		}
		if !ps[i].NoDecay {
			r.Keep = float32(1 - own*a.decay)
		}
		f32.Adam(ps[i].Data, gs[i].Data, ms[i].Data, vs[i].Data, &r)
	})
}

// clip scales grad so that its global norm is at most limit, and returns the norm before
// (Pascanu et al. 2013). A limit of 0 is none. If the norm is not finite, grad stays as it
// is.
func clip(grad *model.Params, limit float64, workers int) float64 {
	ts := grad.Tensors()
	squares := make([]float64, len(ts))
	parallel.Workers(len(ts), workers, func(_, i int) {
		if !ts[i].Fixed {
			squares[i] = f32.Dot(ts[i].Data, ts[i].Data)
		}
	})
	var sum float64
	for _, v := range squares {
		sum += v
	}
	norm := math.Sqrt(sum)
	if limit > 0 && norm > limit && !math.IsInf(norm, 0) {
		s := float32(limit / norm)
		for _, t := range ts {
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
