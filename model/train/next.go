package train

import (
	"math"

	"inkling/internal/f32"
	"inkling/model"
)

// The auxiliary task for text: after every character each half of the top layer predicts the
// next one that it will read, which for the reverse half is the one before. There are few
// labels and many characters, and learning to predict characters keeps the halves from
// memorising the labels (Rei 2017, Semi-supervised multitask learning for sequence
// labeling).

// nextWidth returns the padded length of a row of sums for the next code.
func nextWidth(c *model.Config) int { return f32.Padded(c.Front.Codes()) }

// addNext adds the heads for the next code to p, all zero.
func addNext(p *model.Params, c *model.Config) {
	p.Aux[0] = make([]float32, (1+c.Hidden)*nextWidth(c))
	if c.Confirm {
		p.Aux[1] = make([]float32, (1+c.Hidden)*nextWidth(c))
	}
}

// initNext draws starting values: weights Glorot uniform, bias and padding 0.
func initNext(p *model.Params, c *model.Config, seed uint64) {
	n, width := c.Front.Codes(), nextWidth(c)
	limit := math.Sqrt(6 / float64(n+c.Hidden))
	for half, w := range p.Aux {
		rng := random(seed, forNext, half, 0)
		for at := width; at < len(w); at += width {
			for j := range n {
				w[at+j] = float32((2*rng.Float64() - 1) * limit)
			}
		}
	}
}

// A nextHead is a half's head for the next code, packed for matrix products.
type nextHead struct {
	bias []float32  // a row
	w    f32.Matrix // H×K, padded
	back f32.Matrix // its transpose
}

// pack copies the values of w, which has rows of width.
func (q *nextHead) pack(w []float32, width int) {
	hid := len(w)/width - 1
	q.bias = append(q.bias[:0], w[:width]...)
	q.w.Pack(w[width:], hid, width)
	q.back.PackTransposed(w[width:], hid, width)
}

// A nextPass runs such a head over a shard.
type nextPass struct {
	z  []float32 // R rows of sums, then the gradient on them
	dh []float32 // R rows, padded
}

// loss returns Σ_i scale_i·mean_t CE(the code read after step t) and leaves the gradient on
// the sums in z. h (R×H) has the states of the half, k is the number of codes, and reverse
// reports whether the half reads from the end.
func (n *nextPass) loss(q *nextHead, b *batch, h []float32, k int, reverse bool, scale []float64) (sum float64) {
	width := len(q.bias)
	n.z = f32.Grow(n.z, b.rows*width)
	for r := range b.rows {
		copy(n.z[r*width:], q.bias)
	}
	q.w.MulAdd(n.z, width, h, len(h)/b.rows, b.rows)
	for i, s := range b.seqs {
		for t := range s.steps {
			row := n.z[b.row(i, t)*width:][:width]
			if t == s.steps-1 {
				clear(row) // nothing follows
				continue
			}
			after := t + 1
			if reverse {
				after = s.steps - 1 - after
			}
			each := scale[i] / float64(s.steps-1)
			f32.Softmax(row[:k], row[:k])
			sum += each * crossEntropy(row[:k], row[:k], int(b.x[b.row(i, after)]), 0, each)
			clear(row[k:])
		}
	}
	return sum
}

// backward adds the gradients on the head to g and on h to dh (R×H).
func (n *nextPass) backward(q *nextHead, b *batch, g, dh, h []float32) {
	width, hid := len(q.bias), len(h)/b.rows
	ld := f32.Padded(hid)
	n.dh = f32.Zeroed(n.dh, b.rows*ld)
	q.back.MulAdd(n.dh, ld, n.z, width, b.rows)
	for r := range b.rows {
		f32.Axpy(dh[r*hid:(r+1)*hid], 1, n.dh[r*ld:r*ld+hid])
		f32.Axpy(g[:width], 1, n.z[r*width:(r+1)*width])
	}
	f32.MulAddTransposed(g[width:], width, h, hid, n.z, width, hid, width, b.rows)
}

// nextLoss returns the auxiliary loss of both halves times weight, and prepares
// nextBackward.
func (w *worker) nextLoss(ls *layers, weight float64, scale []float64) (sum float64) {
	if weight == 0 {
		return 0
	}
	own := make([]float64, len(scale))
	for i, v := range scale {
		own[i] = weight * v
	}
	k := w.config.Front.Codes()
	sum = w.next[0].loss(&ls.next[0], &w.batch, w.hf, k, false, own)
	if ls.reverse != nil {
		sum += w.next[1].loss(&ls.next[1], &w.batch, w.hb, k, true, own)
	}
	return sum
}

// nextBackward adds the gradients of nextLoss.
func (w *worker) nextBackward(ls *layers, g *model.Params) {
	if g.Aux[0] == nil {
		return
	}
	w.next[0].backward(&ls.next[0], &w.batch, g.Aux[0], w.dForward, w.hf)
	if ls.reverse != nil {
		w.next[1].backward(&ls.next[1], &w.batch, g.Aux[1], w.dReverse, w.hb)
	}
}
