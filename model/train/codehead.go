package train

import (
	"inkling/internal/f32"
	"inkling/model"
)

// codeHead predicts the next character: the softmax over codes of model.Next. Its loss is in
// nats.
type codeHead struct {
	unlabelled
	hf   []float32  // R×H
	w    f32.Matrix // H×K
	back f32.Matrix // K×H
	z    []float32  // R×K, padded: sums, then the gradient on them
	dh   []float32  // R×H, padded
	g    []float32  // H×K, padded: the gradient on w
	ld   int        // of z and g
}

func (q *codeHead) run(_ *model.Config, p *model.Params, b *batch, hf, _ []float32) {
	n, hid := len(p.NextB), len(hf)/b.rows
	q.w.PackTransposed(p.NextW, n, hid)
	q.hf, q.ld = hf, f32.Padded(n)
	q.z = f32.Zeroed(q.z, b.rows*q.ld)
	for r := range b.rows {
		copy(q.z[r*q.ld:], p.NextB)
	}
	q.w.MulAdd(q.z, q.ld, hf, hid, b.rows)
}

// loss returns Σ_i scale_i·mean of −ln p(next code) over the steps that count, and leaves
// the gradient on the sums in z.
func (q *codeHead) loss(_ *model.Config, p *model.Params, b *batch, _ lossTerms, scale []float64) (sum float64) {
	n := len(p.NextB)
	for i, s := range b.seqs {
		w := scale[i] / float64(s.steps-s.lead)
		for t := range s.steps {
			row := q.z[b.row(i, t)*q.ld:][:q.ld]
			if t < s.lead {
				clear(row)
				continue
			}
			f32.Softmax(row[:n], row[:n])
			sum += w * crossEntropy(row[:n], row[:n], int(s.next[t]), 0, w)
			clear(row[n:])
		}
	}
	return sum
}

func (q *codeHead) backward(_ *model.Config, p, grad *model.Params, b *batch, dF, _ []float32) {
	n, hid := len(p.NextB), len(dF)/b.rows
	ld := f32.Padded(hid)
	q.back.Pack(p.NextW, n, hid)
	q.dh = f32.Zeroed(q.dh, b.rows*ld)
	q.back.MulAdd(q.dh, ld, q.z, q.ld, b.rows)
	for r := range b.rows {
		f32.Axpy(dF[r*hid:(r+1)*hid], 1, q.dh[r*ld:r*ld+hid])
		f32.Axpy(grad.NextB, 1, q.z[r*q.ld:][:n])
	}
	q.g = f32.Zeroed(q.g, hid*q.ld)
	f32.MulAddTransposed(q.g, q.ld, q.hf, hid, q.z, q.ld, hid, q.ld, b.rows)
	for j := range n {
		for k := range hid {
			grad.NextW[j*hid+k] += q.g[k*q.ld+j]
		}
	}
}
