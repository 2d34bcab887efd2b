package f32

import (
	"fmt"
	"math"
)

// AdamRates holds the factors of one update by Adam. Kernels read it as an array.
type AdamRates struct {
	Beta1, Rest1, Beta2, Rest2 float32 // β₁, 1−β₁, β₂, 1−β₂
	Root                       float32 // 1/√(1−β₂ᵗ)
	Epsilon                    float32
	Keep                       float32 // 1 − learning rate · weight decay
	Rate                       float32 // learning rate / (1−β₁ᵗ)
}

// Adam performs one update by Adam with decoupled weight decay (Loshchilov and Hutter
// 2019) of the weights p. g is their gradient, and m and v are the moving averages of
// the gradient and of its square:
//
//	m = β₁·m + (1−β₁)·g;  v = β₂·v + (1−β₂)·g²;  p = p·Keep − Rate·m/(√v·Root + ε)
//
// All kernels give the same bits.
func Adam(p, g, m, v []float32, r *AdamRates) {
	if len(g) != len(p) || len(m) != len(p) || len(v) != len(p) {
		panic(fmt.Sprintf("f32: Adam: slices of %d, %d, %d and %d", len(p), len(g), len(m), len(v)))
	}
	if len(p) > 0 {
		adam(p, g, m, v, r)
	}
}

func adamGeneric(p, g, m, v []float32, r *AdamRates) {
	g, m, v = g[:len(p)], m[:len(p)], v[:len(p)]
	for i, d := range g {
		m[i] = float32(r.Beta1*m[i]) + float32(r.Rest1*d)
		v[i] = float32(r.Beta2*v[i]) + float32(r.Rest2*float32(d*d))
		denom := float32(float32(math.Sqrt(float64(v[i])))*r.Root) + r.Epsilon
		p[i] = float32(p[i]*r.Keep) - float32(r.Rate*float32(m[i]/denom))
	}
}
