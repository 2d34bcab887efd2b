package train

import (
	"math"
	"slices"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/calibrate"
)

// A head turns a shard's hidden states into outputs, a loss with its gradient, and the
// results of an evaluation. heads predicts labels, forecastHead the next values, codeHead
// the next character.
type head interface {
	// run computes the outputs; hb is nil without a backward half.
	run(c *model.Config, p *model.Params, b *batch, hf, hb []float32)
	// loss returns the loss of the outputs, with sequence i weighted by scale[i], and
	// prepares backward.
	loss(c *model.Config, p *model.Params, b *batch, o lossTerms, scale []float64) float64
	// backward adds the head's gradients to grad and those on h to dF and dB (R×H).
	backward(c *model.Config, p, grad *model.Params, b *batch, dF, dB []float32)
	// right counts the sequences whose label is confirmed, and running at the end.
	right(c *model.Config, b *batch) (confirm, running int)
	// answers copies each sequence's probabilities out.
	answers(c *model.Config, b *batch, dst []calibrate.HeldOut)
}

func newHead(c *model.Config) head {
	switch {
	case c.IsNext() && c.Text():
		return &codeHead{}
	case c.IsNext():
		return &forecastHead{}
	}
	return &heads{}
}

// heads computes both heads' probabilities over a shard, the joint loss and its
// gradient on the heads' logits.
type heads struct {
	hf, hb  []float32 // R×H, as the passes left them
	running []float32 // R×C probabilities
	confirm []float32 // n×C probabilities
	last    []float32 // n×C running logits at each sequence's end
	both    []float32 // 2H
	dRun    []float32 // R×C gradient on the running logits
	dConf   []float32 // n×C
	sum     []float32 // C
}

// run fills running and confirm. If there is no confirm head, hb is nil.
func (q *heads) run(c *model.Config, p *model.Params, b *batch, hf, hb []float32) {
	q.hf, q.hb = hf, hb
	n, hid := len(c.Labels), c.Hidden
	if c.Running != model.RunningNone {
		q.running = f32.Grow(q.running, b.rows*n)
		q.last = f32.Grow(q.last, len(b.seqs)*n)
		q.sum = f32.Grow(q.sum, n)
		for i, s := range b.seqs {
			clear(q.sum)
			for t := range s.steps {
				r := b.row(i, t)
				out := q.running[r*n:][:n]
				f32.Affine(out, p.RunningW, p.RunningB, hf[r*hid:][:hid])
				if c.Running == model.RunningEvidence {
					f32.Axpy(q.sum, 1, out)
					copy(out, q.sum)
				}
				if t == s.steps-1 {
					copy(q.last[i*n:][:n], out)
				}
				f32.Softmax(out, out)
			}
		}
	}
	if hb != nil {
		q.confirm = f32.Grow(q.confirm, len(b.seqs)*n)
		for i := range b.seqs {
			out := q.confirm[i*n:][:n]
			f32.Affine(out, p.ConfirmW, p.ConfirmB, q.join(b, i, hid))
			for j, k := range p.ConfirmE {
				out[j] += float32(k * q.last[i*n+j])
			}
			f32.Softmax(out, out)
		}
	}
}

// join returns [h_f(T) ; h_b(1)] of sequence i.
func (q *heads) join(b *batch, i, hid int) []float32 {
	q.both = f32.Grow(q.both, 2*hid)
	r := b.last(i)
	copy(q.both, q.hf[r*hid:][:hid])
	copy(q.both[hid:], q.hb[r*hid:][:hid])
	return q.both
}

// lossTerms are the weights of the terms of a sequence's loss.
type lossTerms struct {
	running, distill, smoothing float64
	next                        float64 // of the auxiliary task, which is not the heads'
	ramp                        bool
	classes                     []float64 // weights of steps that have labels of their own; nil: 1
}

// loss returns Σ_i scale_i·(CE(confirm_i) + running·Σ_t w_t·CE(running_i(t)) +
// distill·Σ_t w_t·KL(confirm_i ‖ running_i(t))) with Σ_t w_t = 1, and leaves the
// gradient on the logits in dConf and dRun. No gradient of the distillation
// flows into the confirm head. A sequence with labels of its own has the running term
// alone, over the steps that have one.
func (q *heads) loss(c *model.Config, p *model.Params, b *batch, o lossTerms, scale []float64) (sum float64) {
	n := len(c.Labels)
	if q.hb != nil {
		q.dConf = f32.Grow(q.dConf, len(b.seqs)*n)
		for i, s := range b.seqs {
			if s.labels != nil {
				clear(q.dConf[i*n:][:n])
				continue
			}
			sum += scale[i] * crossEntropy(q.dConf[i*n:][:n], q.confirm[i*n:][:n], s.label, o.smoothing, scale[i])
		}
	}
	if c.Running == model.RunningNone {
		return sum
	}
	q.dRun = f32.Zeroed(q.dRun, b.rows*n)
	for i, s := range b.seqs {
		if s.labels != nil {
			sum += q.stepLoss(b, i, n, o, scale[i])
			continue
		}
		for t := range s.steps {
			w := 1 / float64(s.steps)
			if o.ramp {
				w = 2 * float64(t+1) / float64(s.steps*(s.steps+1))
			}
			r := b.row(i, t)
			w *= scale[i]
			sum += o.running * w * crossEntropy(q.dRun[r*n:][:n], q.running[r*n:][:n], s.label, 0, o.running*w)
			if o.distill > 0 && q.hb != nil {
				sum += o.distill * w * divergence(q.dRun[r*n:][:n], q.running[r*n:][:n], q.confirm[i*n:][:n], o.distill*w)
			}
		}
	}
	for i := range b.seqs {
		for j, k := range p.ConfirmE {
			q.dRun[b.last(i)*n+j] += k * q.dConf[i*n+j]
		}
	}
	if c.Running == model.RunningEvidence {
		q.accumulate(b, n)
	}
	return sum
}

// stepLoss returns the running term of sequence i, whose steps have labels of their own.
func (q *heads) stepLoss(b *batch, i, n int, o lossTerms, scale float64) (sum float64) {
	s := &b.seqs[i]
	each := o.running * scale / float64(max(s.labelled(), 1))
	for t := range s.steps {
		l := s.at(t)
		if l < 0 {
			continue
		}
		w := each
		if o.classes != nil {
			w *= o.classes[l]
		}
		r := b.row(i, t)
		sum += w * crossEntropy(q.dRun[r*n:][:n], q.running[r*n:][:n], l, 0, w)
	}
	return sum
}

// accumulate turns gradients on summed logits into those on each step's own.
func (q *heads) accumulate(b *batch, n int) {
	for i, s := range b.seqs {
		clear(q.sum)
		for t := s.steps - 1; t >= 0; t-- {
			d := q.dRun[b.row(i, t)*n:][:n]
			f32.Axpy(q.sum, 1, d)
			copy(d, q.sum)
		}
	}
}

// crossEntropy returns −Σ_j y_j·ln p_j with y = (1−smoothing)·onehot +
// smoothing/C, and writes scale·(p − y) to d.
func crossEntropy(d, p []float32, label int, smoothing, scale float64) (loss float64) {
	even := smoothing / float64(len(p))
	for j, v := range p {
		y := even
		if j == label {
			y += 1 - smoothing
		}
		if y > 0 {
			loss -= y * math.Log(max(float64(v), 1e-30))
		}
		d[j] = float32(scale * (float64(v) - y))
	}
	return loss
}

// divergence returns Σ_j y_j·ln(y_j/p_j) and adds scale·(p − y) to d.
func divergence(d, p, y []float32, scale float64) (loss float64) {
	for j, v := range p {
		t := float64(y[j])
		if t > 0 {
			loss += t * math.Log(t/max(float64(v), 1e-30))
		}
		d[j] += float32(scale * (float64(v) - t))
	}
	return loss
}

// backward adds the heads' gradients to grad and those on h to dF and dB (R×H).
func (q *heads) backward(c *model.Config, p, grad *model.Params, b *batch, dF, dB []float32) {
	n, hid := len(c.Labels), c.Hidden
	if c.Running != model.RunningNone {
		for r := range b.rows {
			affineBackward(grad.RunningW, grad.RunningB, dF[r*hid:][:hid], p.RunningW, q.hf[r*hid:][:hid], q.dRun[r*n:][:n])
		}
	}
	if q.hb == nil {
		return
	}
	d := make([]float32, 2*hid)
	for i := range b.seqs {
		clear(d)
		affineBackward(grad.ConfirmW, grad.ConfirmB, d, p.ConfirmW, q.join(b, i, hid), q.dConf[i*n:][:n])
		for j := range grad.ConfirmE {
			grad.ConfirmE[j] += q.dConf[i*n+j] * q.last[i*n+j]
		}
		r := b.last(i)
		f32.Axpy(dF[r*hid:][:hid], 1, d[:hid])
		f32.Axpy(dB[r*hid:][:hid], 1, d[hid:])
	}
}

// affineBackward: gw += dy·xᵀ, gb += dy, dx += wᵀ·dy.
func affineBackward(gw, gb, dx, w, x, dy []float32) {
	k := len(x)
	for j, v := range dy {
		gb[j] += v
		f32.Axpy(gw[j*k:(j+1)*k], v, x)
		f32.Axpy(dx, v, w[j*k:(j+1)*k])
	}
}

// right counts the sequences of the shard for which each head is right at the end. If steps
// have labels of their own, the end is the last step that has one.
func (q *heads) right(c *model.Config, b *batch) (confirm, running int) {
	n := len(c.Labels)
	for i, s := range b.seqs {
		if s.labels != nil {
			if t := s.ended(); t >= 0 && f32.Argmax(q.running[b.row(i, t)*n:][:n]) == s.at(t) {
				confirm, running = confirm+1, running+1
			}
			continue
		}
		if f32.Argmax(q.final(c, b, i)) == s.label {
			confirm++
		}
		if c.Running != model.RunningNone && f32.Argmax(q.running[b.last(i)*n:][:n]) == s.label {
			running++
		}
	}
	return confirm, running
}

// final returns sequence i's confirmed probabilities or, without a confirm head, those of
// its last step.
func (q *heads) final(c *model.Config, b *batch, i int) []float32 {
	n := len(c.Labels)
	if !c.Confirm {
		return q.running[b.last(i)*n:][:n]
	}
	return q.confirm[i*n:][:n]
}

// answers copies each sequence's probabilities out.
func (q *heads) answers(c *model.Config, b *batch, dst []calibrate.HeldOut) {
	n := len(c.Labels)
	for i, s := range b.seqs {
		v := calibrate.HeldOut{Label: s.label, Labels: s.labels}
		for t := range s.steps {
			if c.Running != model.RunningNone {
				v.Running = append(v.Running, q.running[b.row(i, t)*n:][:n]...)
			}
		}
		v.Probs = slices.Clone(q.final(c, b, i))
		dst[s.index] = v
	}
}
