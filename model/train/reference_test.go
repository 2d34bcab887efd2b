package train

import (
	"fmt"
	"math"
	"slices"

	"inkling/model"
)

// reference is the joint loss once more, in float64 and one sequence at a time,
// straight from the equations.
type reference struct {
	c *model.Config
	o lossTerms
	p map[string][]float64
}

func newReference(c *model.Config, o lossTerms, p *model.Params) *reference {
	r := &reference{c: c, o: o, p: map[string][]float64{}}
	for _, t := range p.Tensors() {
		v := make([]float64, len(t.Data))
		for i, x := range t.Data {
			v[i] = float64(x)
		}
		r.p[t.Name] = v
	}
	return r
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// direction returns every h of one LSTM direction over xs.
func (r *reference) direction(prefix, suffix string, xs [][]float64) [][]float64 {
	hid := r.c.Hidden
	ih, hh := r.p[prefix+"weight_ih"+suffix], r.p[prefix+"weight_hh"+suffix]
	bi, bh := r.p[prefix+"bias_ih"+suffix], r.p[prefix+"bias_hh"+suffix]
	h, c := make([]float64, hid), make([]float64, hid)
	var out [][]float64
	for _, x := range xs {
		z := make([]float64, 4*hid)
		for i := range z {
			z[i] = bi[i] + bh[i]
			for j, v := range x {
				z[i] += ih[i*len(x)+j] * v
			}
			for j, v := range h {
				z[i] += hh[i*hid+j] * v
			}
		}
		h = make([]float64, hid)
		for i := range h {
			c[i] = sigmoid(z[hid+i])*c[i] + sigmoid(z[i])*math.Tanh(z[2*hid+i])
			h[i] = sigmoid(z[3*hid+i]) * math.Tanh(c[i])
		}
		out = append(out, h)
	}
	return out
}

// stem is what the convolutions make of xs: the last frame fills up, zeros lead.
func (r *reference) stem(xs [][]float64) [][]float64 {
	stride := 1
	for _, l := range r.c.Stem.Layers {
		stride *= l.Stride
	}
	for len(xs)%stride != 0 {
		xs = append(xs, xs[len(xs)-1])
	}
	for i, l := range r.c.Stem.Layers {
		name := fmt.Sprintf("stem.%d.", i)
		w, in := r.p[name+"weight"], len(xs[0])
		var out [][]float64
		for end := l.Stride; end <= len(xs); end += l.Stride {
			y := append([]float64(nil), r.p[name+"bias"]...)
			for o := range y {
				for k := range l.Kernel {
					at := end - l.Kernel + k
					for c := 0; at >= 0 && c < in; c++ {
						y[o] += w[(o*in+c)*l.Kernel+k] * xs[at][c]
					}
				}
				y[o] = max(y[o], 0)
			}
			out = append(out, y)
		}
		xs = out
	}
	return xs
}

func affine(w, b, x []float64) []float64 {
	y := append([]float64(nil), b...)
	for i := range y {
		for j, v := range x {
			y[i] += w[i*len(x)+j] * v
		}
	}
	return y
}

func logSoftmax(z []float64) []float64 {
	var sum float64
	for _, v := range z {
		sum += math.Exp(v)
	}
	y := make([]float64, len(z))
	for i, v := range z {
		y[i] = v - math.Log(sum)
	}
	return y
}

// loss of one sequence. teacher, if not nil, are the confirm head's log
// probabilities that distillation draws to; it returns its own.
func (r *reference) loss(xs [][]float64, label int, labels []int32, teacher []float64) (loss float64, confirm []float64) {
	if r.c.HasStem() {
		xs = r.stem(xs)
	}
	codes := xs
	for i := range r.c.Layers - 1 {
		xs = r.direction("lower."+string(rune('0'+i))+".", "_l0", xs)
	}
	hf := r.direction("lstm.", "_l0", xs)
	steps := len(xs)
	loss += r.next("aux.0", hf, codes)
	if labels != nil {
		return r.stepLoss(hf, labels), make([]float64, len(r.c.Labels))
	}
	if r.c.Confirm {
		turned := make([][]float64, steps)
		for t, x := range xs {
			turned[steps-1-t] = x
		}
		hb := r.direction("lstm.", "_l0_reverse", turned)
		back := slices.Clone(codes)
		slices.Reverse(back)
		loss += r.next("aux.1", hb, back)
		both := append(append([]float64(nil), hf[steps-1]...), hb[steps-1]...)
		confirm = logSoftmax(affine(r.p["confirm.weight"], r.p["confirm.bias"], both))
		for j, v := range confirm {
			y := r.o.smoothing / float64(len(confirm))
			if j == label {
				y += 1 - r.o.smoothing
			}
			loss -= y * v
		}
	}
	if r.c.Running == model.RunningNone {
		return loss, confirm
	}
	if teacher == nil {
		teacher = confirm
	}
	sum := make([]float64, len(r.c.Labels))
	for t := range steps {
		z := affine(r.p["running.weight"], r.p["running.bias"], hf[t])
		if r.c.Running == model.RunningEvidence {
			for j := range z {
				sum[j] += z[j]
				z[j] = sum[j]
			}
		}
		w := 1 / float64(steps)
		if r.o.ramp {
			w = float64(t+1) / (float64(steps) * float64(steps+1) / 2)
		}
		q := logSoftmax(z)
		loss -= r.o.running * w * q[label]
		for j, v := range teacher {
			loss += r.o.distill * w * math.Exp(v) * (v - q[j])
		}
	}
	return loss, confirm
}

// next is the auxiliary loss of a half: h against the codes, one-hot, that follow.
func (r *reference) next(name string, h, xs [][]float64) (loss float64) {
	w := r.p[name]
	if w == nil {
		return 0
	}
	width, n := len(w)/(1+r.c.Hidden), r.c.Front.Codes()
	for t := range len(xs) - 1 {
		z := append([]float64(nil), w[:n]...)
		for i, v := range h[t] {
			for j := range z {
				z[j] += w[(1+i)*width+j] * v
			}
		}
		for j, y := range xs[t+1] {
			loss -= r.o.next / float64(len(xs)-1) * y * logSoftmax(z)[j]
		}
	}
	return loss
}

// stepLoss is the running term of a sequence with labels of its own: the mean over the
// steps that have one.
func (r *reference) stepLoss(hf [][]float64, labels []int32) (loss float64) {
	stride := 1
	for _, l := range r.c.Stem.Layers {
		stride *= l.Stride
	}
	n, sum := 0.0, make([]float64, len(r.c.Labels))
	for t, h := range hf {
		z := affine(r.p["running.weight"], r.p["running.bias"], h)
		if r.c.Running == model.RunningEvidence {
			for j := range z {
				sum[j] += z[j]
				z[j] = sum[j]
			}
		}
		if l := labels[min((t+1)*stride, len(labels))-1]; l >= 0 {
			loss -= r.o.running * r.o.classes[l] * logSoftmax(z)[l]
			n++
		}
	}
	return loss / max(n, 1)
}

func equalBits(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i, v := range a {
		if math.Float32bits(v) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}
