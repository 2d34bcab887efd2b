package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"inkling/internal/f32"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Next makes the network say what comes next in place of a label: over the forward
// half alone stands one head,
//
//	ŷ(t+1) = base(t) + σ∘(N·h(t) + n)
//
// in normalised units, one row a value of the next frame, or with quantiles one a
// quantile and value. base is 0, or with Residual the last sample of frame t at every
// place of the frame: the naive forecast (persistence), at which training then begins.
// σ, the tensor next.scale, is the naive forecast's error on the training data. Of text
// it says the probabilities of the next code, softmax(N·h(t) + n).
type Next struct {
	Loss      Loss      `json:"loss"`                // LossSquared or LossQuantile; of text LossEntropy
	Quantiles []float64 `json:"quantiles,omitempty"` // LossQuantile: ascending, 0.5 among them
	Residual  bool      `json:"residual,omitempty"`
}

// Loss names what the training of a Next minimises.
type Loss string

const (
	LossSquared  Loss = "squared"  // the forecast is the mean
	LossQuantile Loss = "quantile" // pinball loss (Koenker and Bassett 1978); the forecast is the median
	LossEntropy  Loss = "entropy"  // of text, cross-entropy
)

// MostQuantiles bounds Next.Quantiles.
const MostQuantiles = 99

// IsNext tells whether the network says what comes next and knows no labels.
func (c *Config) IsNext() bool { return c.Next != nil }

// Rows is how many values the head gives for each value of the next frame.
func (n *Next) Rows() int { return max(len(n.Quantiles), 1) }

// Point is the row that is the forecast itself: the mean, or the median.
func (n *Next) Point() int { return max(slices.Index(n.Quantiles, 0.5), 0) }

// Check reports the first field that cannot be, with its remedy.
func (n *Next) Check() error {
	switch n.Loss {
	case LossSquared, LossEntropy:
		if len(n.Quantiles) > 0 {
			return fmt.Errorf("next: quantiles %v with the loss %s: take the loss %s, or leave them out", n.Quantiles, n.Loss, LossQuantile)
		}
		if n.Residual && n.Loss == LossEntropy {
			return fmt.Errorf("next: residual with the loss %s: characters have no difference; leave it out", n.Loss)
		}
		return nil
	case LossQuantile:
	default:
		return fmt.Errorf("next: loss %q: want %s, %s or, of text, %s", n.Loss, LossSquared, LossQuantile, LossEntropy)
	}
	if len(n.Quantiles) > MostQuantiles {
		return fmt.Errorf("next: %d quantiles: give %d at most", len(n.Quantiles), MostQuantiles)
	}
	for i, q := range n.Quantiles {
		if !(q > 0 && q < 1) || i > 0 && !(q > n.Quantiles[i-1]) {
			return fmt.Errorf("next: quantiles %v: want them ascending, over 0 and under 1", n.Quantiles)
		}
	}
	if !slices.Contains(n.Quantiles, 0.5) {
		return fmt.Errorf("next: quantiles %v: 0.5, the forecast itself, must be among them", n.Quantiles)
	}
	return nil
}

// checkNext wants no part of a classifier in a Config with Next.
func (c *Config) checkNext() error {
	switch {
	case len(c.Labels) > 0 || c.Running != RunningNone || c.Confirm || c.ConfirmEvidence || c.Calibration != nil:
		return errors.New("model: next: a network that says what comes next has no labels, no running and no confirm head: leave them out")
	case c.HasStem():
		return errors.New("model: next: a stem hides the values that are to come: leave it out")
	case c.Text() != (c.Next.Loss == LossEntropy):
		return fmt.Errorf("model: next: loss %s over the front end %s: text takes the loss %s, and nothing else does", c.Next.Loss, c.Front.Kind, LossEntropy)
	case !c.Text() && c.Front.Kind != feature.KindRaw || c.Front.Deltas > 0:
		return fmt.Errorf("model: next: front end %s with deltas %d: the next frame is forecast of the raw one without deltas", c.Front.Kind, c.Front.Deltas)
	case c.Segment != segment.Config{Kind: segment.Whole}:
		return fmt.Errorf("model: next: segmenter %s: a forecast goes on as long as its signal, want %s", c.Segment.Kind, segment.Whole)
	case c.Decision.State != "reset" || c.Decision.Early != nil || c.Decision.Threshold != 0:
		return errors.New("model: next: there is no label to decide on: leave the decision's rules out")
	}
	if err := c.Next.Check(); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	return nil
}

// HasNext tells whether the network says what comes next.
func (m *Model) HasNext() bool { return m.Config.Next != nil }

// outputs is how many rows the head's weights have, for frames of dim features.
func (c *Config) outputs(dim int) int {
	if n := c.Front.Codes(); n > 0 {
		return n
	}
	return dim * c.Next.Rows()
}

// Outputs is how many values Next writes: D a row of the head, of text one a code.
func (m *Model) Outputs() int { return len(m.Params.NextB) }

// Next writes the forecast of the frame after the last Step to dst, Outputs values in
// the signal's units: D a row, one row a quantile in ascending order. Rows that cross
// are sorted (Chernozhukov et al. 2010). Of text it writes the probability of each code.
// It allocates nothing.
func (m *Model) Next(dst []float32, s *State) {
	m.next(dst, s.in, s.layers[len(m.lower)].H)
}

// next is Next after the normalised frame in and hidden state h.
func (m *Model) next(dst, in, h []float32) {
	p, n := m.Params, m.Config.Next
	f32.Affine(dst, p.NextW, p.NextB, h)
	if n.Loss == LossEntropy {
		f32.Softmax(dst, dst)
		return
	}
	for j := range m.dim {
		base := float32(0)
		if n.Residual {
			base = in[lastSample(j, m.dim, m.Config.Channels)]
		}
		for at := j; at < len(dst); at += m.dim {
			dst[at] = p.Mean[j] + float32((base+float32(p.NextScale[j]*dst[at]))/p.Scale[j])
		}
		sortEvery(dst[j:], m.dim)
	}
}

// lastSample is where the last sample of a frame has the channel of value j.
func lastSample(j, dim, channels int) int { return dim - channels + j%channels }

// sortEvery sorts x[0], x[stride], … in place, by insertion: they are few and nearly
// in order.
func sortEvery(x []float32, stride int) {
	for i := stride; i < len(x); i += stride {
		for k := i; k > 0 && x[k] < x[k-stride]; k -= stride {
			x[k], x[k-stride] = x[k-stride], x[k]
		}
	}
}

// Draw draws one of the codes by probs, as Next gives them of text, each to the power
// 1/temperature; 0 is the most probable one. A character without a code cannot be
// written: code 0 is never drawn.
func Draw(probs []float32, temperature float64, rng *rand.Rand) int {
	best := 1 + f32.Argmax(probs[1:])
	if temperature == 0 {
		return best
	}
	weight := func(p float32) float64 { return math.Pow(float64(p/probs[best]), 1/temperature) }
	sum := 0.0
	for _, p := range probs[1:] {
		sum += weight(p)
	}
	at := rng.Float64() * sum
	for k, p := range probs[1:] {
		if at -= weight(p); at < 0 {
			return 1 + k
		}
	}
	return best
}

// Point is the part of Next's output that is the forecast itself, D values; text has
// none.
func (m *Model) Point(out []float32) []float32 {
	at := m.Config.Next.Point() * m.dim
	return out[at : at+m.dim]
}

// ForecastAhead writes forecasts of the next len(dst)/D frames after the last Step of s to dst:
// the first is Next's, each further one comes of feeding the one before back. s stays
// as it is; scratch, another state, and out, Outputs values, are overwritten. It
// allocates nothing.
func (m *Model) ForecastAhead(dst []float32, s, scratch *State, out []float32) {
	scratch.CopyFrom(s)
	for first := true; len(dst) > 0; first = false {
		if !first {
			m.Step(nil, scratch, m.Point(out))
		}
		m.Next(out, scratch)
		dst = dst[copy(dst, m.Point(out)):]
	}
}

// Forecasts is the offline reference: row t of the T×Outputs result is what Next gives
// after frame t of T×D frames, to the bit, whole layers at a time.
func (m *Model) Forecasts(frames []float32) []float32 {
	x := m.normalized(frames)
	in, steps, hid := x, len(x)/m.dim, m.Config.Hidden
	s := m.NewState()
	for i, l := range append(slices.Clone(m.lower), m.forward) {
		h := make([]float32, steps*hid)
		l.Sequence(s.layers[i], h, x)
		x = h
	}
	n := m.Outputs()
	out := make([]float32, steps*n)
	for t := range steps {
		m.next(out[t*n:][:n], in[t*m.dim:][:m.dim], x[t*hid:][:hid])
	}
	return out
}
