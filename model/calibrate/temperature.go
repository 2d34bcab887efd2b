package calibrate

import (
	"math"
	"slices"

	"inkling/model"
)

// temperatures fits a temperature for the confirm head and one for each tenth of the usual
// length, the ninth decile of the sequences' lengths, by maximum likelihood (Guo et al.
// 2017).
func temperatures(c *model.Config, vs []HeldOut) *model.Calibration {
	k := &model.Calibration{Steps: max(usualLength(vs), 1)}
	if c.Confirm {
		var s samples
		for i := range vs {
			s.add(vs[i].Probs, vs[i].Label)
		}
		k.Confirm = s.temperature(0, 0)
	}
	if c.Running == model.RunningNone {
		return k
	}
	var all samples
	tenths := make([]samples, model.Tenths)
	for i := range vs {
		v := &vs[i]
		n := len(v.Probs)
		for t := range v.steps() {
			row := v.Running[t*n:][:n]
			all.add(row, v.Label)
			tenths[k.Tenth(t+1)].add(row, v.Label)
		}
	}
	middle := math.Log(all.temperature(0, 0))
	for i := range tenths {
		k.Running = append(k.Running, tenths[i].temperature(middle, shrinkage))
	}
	return k
}

// shrinkage pulls the temperature of a tenth towards that of all steps, so that a few steps
// do not make it extreme. It is the weight of the squared difference of the logarithms.
const shrinkage = 2

func usualLength(vs []HeldOut) int {
	n := make([]int, len(vs))
	for i := range vs {
		n[i] = vs[i].steps()
	}
	slices.Sort(n)
	return n[len(n)*9/10]
}

// samples are log-probabilities with their truths.
type samples struct {
	logs   [][]float64
	labels []int
}

func (s *samples) add(p []float32, label int) {
	l := make([]float64, len(p))
	for i, v := range p {
		l[i] = math.Log(max(float64(v), 1e-37))
	}
	s.logs, s.labels = append(s.logs, l), append(s.labels, label)
}

// addSteps adds the steps of v that have labels of their own.
func (s *samples) addSteps(v *HeldOut) {
	n := len(v.Probs)
	for t, l := range v.Labels {
		if l >= 0 {
			s.add(v.Running[t*n:][:n], int(l))
		}
	}
}

// loss is the negative log-likelihood under temperature exp(x).
func (s *samples) loss(x float64) (sum float64) {
	k := math.Exp(-x)
	for i, l := range s.logs {
		top := slices.Max(l)
		var z float64
		for _, v := range l {
			z += math.Exp(k * (v - top))
		}
		sum += math.Log(z) - k*(l[s.labels[i]]-top)
	}
	return sum
}

// temperature minimises loss + weight·(x − middle)² over x, the logarithm of the
// temperature, by golden section. The loss is convex in 1/T, so there is one minimum.
func (s *samples) temperature(middle, weight float64) float64 {
	f := func(x float64) float64 { return s.loss(x) + weight*(x-middle)*(x-middle) }
	const ratio = 0.6180339887498949
	lo, hi := math.Log(0.05), math.Log(20)
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := f(a), f(b)
	for hi-lo > 1e-3 {
		if fa <= fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = f(b)
		}
	}
	return math.Round(1e4*math.Exp((lo+hi)/2)) / 1e4
}

// Loss returns the mean negative log-likelihood under the best temperature, of the confirmed
// probabilities or, if steps have labels, of the running ones.
func Loss(vs []HeldOut) float64 {
	var s samples
	for i := range vs {
		if vs[i].Labels == nil {
			s.add(vs[i].Probs, vs[i].Label)
		}
		s.addSteps(&vs[i])
	}
	return s.loss(math.Log(s.temperature(0, 0))) / float64(max(len(s.labels), 1))
}
