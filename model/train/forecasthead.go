package train

import (
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/calibrate"
)

// forecastHead predicts the next frame by model.Next's linear map of h(t). Errors are in
// units of the naive forecast's, so a squared loss of 1 is that of the naive forecast on the
// training data.
type forecastHead struct {
	unlabelled
	hf  []float32 // R×H
	out []float32 // R×QD
	d   []float32 // R×QD
	y   []float32 // D, what out is to be
}

func (q *forecastHead) run(_ *model.Config, p *model.Params, b *batch, hf, _ []float32) {
	n, hid := len(p.NextB), len(hf)/b.rows
	q.hf, q.out = hf, f32.Grow(q.out, b.rows*n)
	for r := range b.rows {
		f32.Affine(q.out[r*n:][:n], p.NextW, p.NextB, hf[r*hid:][:hid])
	}
}

// loss returns Σ_i scale_i·mean of ρ(target − out) over the outputs of the steps that count,
// and leaves the gradient on the outputs in d. ρ is the square or, for the row of quantile
// q, the pinball loss max(q·e, (q−1)·e).
func (q *forecastHead) loss(c *model.Config, p *model.Params, b *batch, _ lossTerms, scale []float64) (sum float64) {
	n, dim := len(p.NextB), len(p.Mean)
	q.d, q.y = f32.Zeroed(q.d, b.rows*n), f32.Grow(q.y, dim)
	for i, s := range b.seqs {
		w := scale[i] / float64((s.steps-s.lead)*n)
		for t := s.lead; t < s.steps; t++ {
			rise(q.y, s.x[t*dim:][:dim], s.next[t*dim:][:dim], c)
			for j, unit := range p.NextScale {
				q.y[j] /= unit
			}
			r := b.row(i, t) * n
			sum += w * judge(c.Next, q.d[r:r+n], q.out[r:r+n], q.y, w)
		}
	}
	return sum
}

// rise writes to dst what the head is to output after frame x so that y follows: y or, for a
// residual head, its difference to the last sample of x.
func rise(dst, x, y []float32, c *model.Config) {
	copy(dst, y)
	if c.Next.Residual {
		for j := range dst {
			dst[j] -= x[len(x)-c.Channels+j%c.Channels]
		}
	}
}

// judge returns Σρ(y − out) over the rows and values of one step and writes w times its
// gradient to d.
func judge(n *model.Next, d, out, y []float32, w float64) (loss float64) {
	for k, v := range out {
		e := float64(y[k%len(y)] - v)
		switch {
		case n.Loss == model.LossSquared:
			loss += e * e
			d[k] = float32(-2 * w * e)
		case e > 0:
			at := n.Quantiles[k/len(y)]
			loss += at * e
			d[k] = float32(-w * at)
		default:
			at := n.Quantiles[k/len(y)]
			loss += (at - 1) * e
			d[k] = float32(w * (1 - at))
		}
	}
	return loss
}

func (q *forecastHead) backward(_ *model.Config, p, grad *model.Params, b *batch, dF, _ []float32) {
	n, hid := len(p.NextB), len(dF)/b.rows
	for r := range b.rows {
		affineBackward(grad.NextW, grad.NextB, dF[r*hid:][:hid], p.NextW, q.hf[r*hid:][:hid], q.d[r*n:][:n])
	}
}

// unlabelled implements the part of head that concerns labels, for heads that have none.
type unlabelled struct{}

func (unlabelled) right(*model.Config, *batch) (confirm, running int) { return 0, 0 }

func (unlabelled) answers(*model.Config, *batch, []calibrate.HeldOut) {}
