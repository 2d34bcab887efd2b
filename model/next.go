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

// Next describes a network that predicts the next frame instead of a label. It has a
// single head, on the forward half:
//
//	ŷ(t+1) = base(t) + σ∘(N·h(t) + n)
//
// in normalised units. The head has one row per value of the next frame, or with
// quantiles one per quantile and value. base is 0, or with Residual the last sample
// of frame t, repeated over the frame: the naive forecast (persistence), from which
// training then starts. σ, the tensor next.scale, is the error of the naive forecast
// on the training data.
//
// For text the head gives the probabilities of the next code, softmax(N·h(t) + n).
type Next struct {
	Loss      Loss      `json:"loss"`                // LossSquared or LossQuantile; LossEntropy for text
	Quantiles []float64 `json:"quantiles,omitempty"` // for LossQuantile: ascending, including 0.5
	Residual  bool      `json:"residual,omitempty"`  // predict the change from the last sample
}

// Loss names the loss that training of a Next minimises.
type Loss string

const (
	// LossSquared is the squared error; the forecast is the mean.
	LossSquared Loss = "squared"
	// LossQuantile is the pinball loss (Koenker and Bassett 1978); the forecast is
	// the median.
	LossQuantile Loss = "quantile"
	// LossEntropy is the cross-entropy of the next character of text.
	LossEntropy Loss = "entropy"
)

// MostQuantiles bounds the length of Next.Quantiles.
const MostQuantiles = 99

// IsNext reports whether the network predicts the next frame instead of labels.
func (c *Config) IsNext() bool { return c.Next != nil }

// Rows returns the number of outputs for each value of the next frame.
func (n *Next) Rows() int { return max(len(n.Quantiles), 1) }

// Point returns the index of the row that is the forecast itself: the mean or the
// median.
func (n *Next) Point() int { return max(slices.Index(n.Quantiles, 0.5), 0) }

// Check returns an error for the first invalid field, which says what is valid.
func (n *Next) Check() error {
	switch n.Loss {
	case LossSquared, LossEntropy:
		if len(n.Quantiles) > 0 {
			return fmt.Errorf("next: quantiles %v with the loss %s: use the loss %s, or leave them out", n.Quantiles, n.Loss, LossQuantile)
		}
		if n.Residual && n.Loss == LossEntropy {
			return fmt.Errorf("next: residual with the loss %s: characters have no differences: leave it out", n.Loss)
		}
		return nil
	case LossQuantile:
	default:
		return fmt.Errorf("next: loss %q: want %s or %s, or %s for text", n.Loss, LossSquared, LossQuantile, LossEntropy)
	}
	if len(n.Quantiles) > MostQuantiles {
		return fmt.Errorf("next: %d quantiles: want at most %d", len(n.Quantiles), MostQuantiles)
	}
	for i, q := range n.Quantiles {
		if !(q > 0 && q < 1) || i > 0 && !(q > n.Quantiles[i-1]) {
			return fmt.Errorf("next: quantiles %v: want ascending numbers between 0 and 1", n.Quantiles)
		}
	}
	if !slices.Contains(n.Quantiles, 0.5) {
		return fmt.Errorf("next: quantiles %v: 0.5, the forecast itself, must be one of them", n.Quantiles)
	}
	return nil
}

// checkNext reports what a Config with Next must not have: any part of a classifier.
func (c *Config) checkNext() error {
	switch {
	case len(c.Labels) > 0 || c.Running != RunningNone || c.Confirm || c.ConfirmEvidence || c.Calibration != nil:
		return errors.New("model: next: a network that predicts the next frame has no labels, running or confirm head, or calibration: leave them out")
	case c.HasStem():
		return errors.New("model: next: a stem's frames cannot be forecast: leave the stem out")
	case c.Text() != (c.Next.Loss == LossEntropy):
		return fmt.Errorf("model: next: loss %s with the front end %s: text needs the loss %s, and other signals cannot use it", c.Next.Loss, c.Front.Kind, LossEntropy)
	case !c.Text() && c.Front.Kind != feature.KindRaw || c.Front.Deltas > 0:
		return fmt.Errorf("model: next: front end %s with deltas %d: a forecast needs the front end %s without deltas", c.Front.Kind, c.Front.Deltas, feature.KindRaw)
	case c.Segment != segment.Config{Kind: segment.Whole}:
		return fmt.Errorf("model: next: segmenter %s: a forecast covers the whole signal, want the segmenter %s and none of its fields", c.Segment.Kind, segment.Whole)
	case c.Decision.State != "reset" || c.Decision.Early != nil || c.Decision.Threshold != 0:
		return errors.New("model: next: there is no label to decide on: leave the decision's rules out")
	}
	if err := c.Next.Check(); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	return nil
}

// HasNext reports whether the network predicts the next frame instead of labels.
func (m *Model) HasNext() bool { return m.Config.Next != nil }

// outputs returns the number of rows of the head's weights for frames of dim
// features.
func (c *Config) outputs(dim int) int {
	if n := c.Front.Codes(); n > 0 {
		return n
	}
	return dim * c.Next.Rows()
}

// Outputs returns the number of values that Next writes: D for each of the head's
// rows, or one per code for text.
func (m *Model) Outputs() int { return len(m.Params.NextB) }

// Next writes the forecast of the frame after the last Step to dst: Outputs values in
// the units of the signal, D for each quantile, in ascending order. Quantiles that
// cross are sorted (Chernozhukov et al. 2010). For text it writes the probability of
// each code. It does not allocate.
func (m *Model) Next(dst []float32, s *State) {
	m.next(dst, s.in, s.layers[len(m.lower)].H)
}

// next computes Next from the normalised frame in and hidden state h.
func (m *Model) next(dst, in, h []float32) {
	p, n := m.Params, m.Config.Next
	w := m.borrow()
	m.heads.next.logits(dst, &w.head, h)
	m.scratch.Put(w)
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

// lastSample returns the index of the frame's last sample of the channel to which
// value j belongs.
func lastSample(j, dim, channels int) int { return dim - channels + j%channels }

// sortEvery sorts x[0], x[stride], … in place, by insertion since they are few and
// nearly sorted.
func sortEvery(x []float32, stride int) {
	for i := stride; i < len(x); i += stride {
		for k := i; k > 0 && x[k] < x[k-stride]; k -= stride {
			x[k], x[k-stride] = x[k-stride], x[k]
		}
	}
}

// Draw draws a code at random. probs are the probabilities that Next gives for text;
// each is raised to the power 1/temperature. Temperature 0 returns the most probable
// code. Draw never returns code 0, which stands for characters outside the alphabet.
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

// Point returns the part of Next's output that is the forecast itself, D values. It
// must not be called for text.
func (m *Model) Point(out []float32) []float32 {
	at := m.Config.Next.Point() * m.dim
	return out[at : at+m.dim]
}

// ForecastAhead writes forecasts of the len(dst)/D frames after the last Step of s to
// dst. The first is that of Next, and each of the others follows from feeding the
// previous one back as input. s does not change; scratch, another state, and out,
// Outputs values, are overwritten. ForecastAhead does not allocate.
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

// Forecasts computes Next for every frame of a whole signal (T×D). Row t of the result
// (T×Outputs) equals what Next gives after frame t, to the bit.
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
