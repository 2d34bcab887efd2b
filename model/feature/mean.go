package feature

import "math"

// recentMean subtracts from every value of a frame its mean so far, as cepstral mean
// subtraction does without waiting for the end (Atal 1974; Viikki and Laurila 1998): what a
// microphone or a room multiplies the spectrum by is added to its logarithm, and cancels.
//
//	m(t) = m(t−1) + (x(t) − m(t−1)) / min(prior + t, memory)
//	y(t) = x(t) − m(t)
//
// for t = 1, 2, … in float32, with m(0) the frame of a flat spectrum. A nil recentMean
// changes nothing.
type recentMean struct {
	prior, memory float32
	start, mean   []float32 // m(0), m(t)
	steps         int       // t, at most memory
}

// newRecentMean returns the mean of a complete c, or nil if it has none.
func newRecentMean(c Config, width int) *recentMean {
	if c.MeanPrior == 0 {
		return nil
	}
	m := &recentMean{prior: float32(c.MeanPrior), memory: float32(c.MeanMemory), start: flat(c, width), mean: make([]float32, width)}
	m.reset()
	return m
}

// flat returns the frame of a signal whose bands all have the power MeanPower.
func flat(c Config, width int) []float32 {
	frame := make([]float32, width)
	level := math.Log(c.MeanPower)
	if c.Kind == KindMFCC {
		frame[0] = float32(level * math.Sqrt(float64(c.Bands)))
		return frame
	}
	for i := range frame {
		frame[i] = float32(level)
	}
	return frame
}

func (m *recentMean) reset() {
	if m != nil {
		m.steps = 0
		copy(m.mean, m.start)
	}
}

// fill changes the first values of frames of full values each.
func (m *recentMean) fill(frames []float32, full int) {
	if m == nil {
		return
	}
	for ; len(frames) >= full; frames = frames[full:] {
		if float32(m.steps) < m.memory {
			m.steps++
		}
		n := min(m.prior+float32(m.steps), m.memory)
		for i, v := range frames[:len(m.mean)] {
			m.mean[i] += (v - m.mean[i]) / n
			frames[i] = v - m.mean[i]
		}
	}
}

func (m *recentMean) appendState(dst []byte) []byte {
	if m == nil {
		return dst
	}
	return appendFloats(appendInt(dst, m.steps), m.mean)
}

func (m *recentMean) restore(d *decoder) {
	if m == nil {
		return
	}
	if m.steps = d.int(); m.steps < 0 || float32(m.steps) > m.memory {
		d.bad = true
	}
	d.floats(m.mean)
}
