package main

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"inkling/model"
)

// A gonumPeer computes a step with a head, written by hand with blas32.Gemv.
type gonumPeer struct {
	ih, hh, head    blas32.General
	bias, headBias  []float32
	z, h, c, logits blas32.Vector
	probs           []float32
}

func newGonum(p *model.Params) *gonumPeer {
	w := p.Forward
	g := &gonumPeer{ih: general(w.IH, w.In), hh: general(w.HH, w.Hidden), head: general(p.RunningW, w.Hidden), headBias: p.RunningB,
		z: vector(4 * w.Hidden), h: vector(w.Hidden), c: vector(w.Hidden), logits: vector(len(p.RunningB)), probs: make([]float32, len(p.RunningB))}
	for i, v := range w.BiasIH {
		g.bias = append(g.bias, v+w.BiasHH[i])
	}
	return g
}

func general(w []float32, width int) blas32.General {
	return blas32.General{Rows: len(w) / width, Cols: width, Stride: width, Data: w}
}

func vector(n int) blas32.Vector { return blas32.Vector{N: n, Inc: 1, Data: make([]float32, n)} }

func (g *gonumPeer) step(x []float32) {
	copy(g.z.Data, g.bias)
	blas32.Gemv(blas.NoTrans, 1, g.ih, blas32.Vector{N: len(x), Inc: 1, Data: x}, 1, g.z)
	blas32.Gemv(blas.NoTrans, 1, g.hh, g.h, 1, g.z)
	n, z, c := g.h.N, g.z.Data, g.c.Data
	for j := range n {
		c[j] = sigmoid(z[n+j])*c[j] + sigmoid(z[j])*tanh(z[2*n+j])
		g.h.Data[j] = sigmoid(z[3*n+j]) * tanh(c[j])
	}
	copy(g.logits.Data, g.headBias)
	blas32.Gemv(blas.NoTrans, 1, g.head, g.h, 1, g.logits)
	softmax(g.probs, g.logits.Data)
}

func sigmoid(x float32) float32 { return 1 / (1 + float32(math.Exp(float64(-x)))) }
func tanh(x float32) float32    { return 2*sigmoid(2*x) - 1 }

func softmax(p, x []float32) {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float32
	for i, v := range x {
		p[i] = float32(math.Exp(float64(v - top)))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}
