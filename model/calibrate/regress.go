package calibrate

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"inkling/model"
	"inkling/model/decide"
)

// regress fits the weights of the early rule's score by logistic regression over all steps,
// with the target whether the step's running label is reported in the end. Every sequence has
// the same weight. A small ridge keeps the weights finite if the steps are separable. The
// method is Newton's (iteratively reweighted least squares).
func regress(c *model.Config, vs []HeldOut) []float64 {
	const k = decide.ScoreFeatures
	w := mat.NewVecDense(k, nil)
	for range 25 {
		hessian, gradient := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
		for i := range k {
			hessian.SetSym(i, i, ridge)
			gradient.SetVec(i, ridge*w.AtVec(i))
		}
		for i := range vs {
			addSteps(c, &vs[i], w, hessian, gradient)
		}
		var factor mat.Cholesky
		var move mat.VecDense
		if !factor.Factorize(hessian) || factor.SolveVecTo(&move, gradient) != nil {
			break
		}
		w.SubVec(w, &move)
		if mat.Norm(&move, 2) < 1e-6 {
			break
		}
	}
	out := make([]float64, k)
	for i := range out {
		out[i] = math.Round(1e6*w.AtVec(i)) / 1e6
	}
	return out
}

// ridge is the weight of ½|w|² relative to the loss of one sequence.
const ridge = 0.1

// addSteps adds one sequence's share of Hessian and gradient.
func addSteps(c *model.Config, v *HeldOut, w *mat.VecDense, hessian *mat.SymDense, gradient *mat.VecDense) {
	share := 1 / float64(max(v.steps()-max(c.Decision.Warm, v.Unsure), 1))
	eachStep(c, v, func(_, label int, f *[decide.ScoreFeatures]float64) {
		x := mat.NewVecDense(len(f), f[:])
		p := 1 / (1 + math.Exp(-mat.Dot(w, x)))
		y := 0.0
		if v.bears(label) {
			y = 1
		}
		gradient.AddScaledVec(gradient, share*(p-y), x)
		hessian.SymRankOne(hessian, share*max(p*(1-p), 1e-6), x)
	})
}
