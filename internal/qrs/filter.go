package qrs

import "math"

// average computes the mean of the last len(ring) values. Each round begins a fresh sum, so
// that rounding errors of an extreme value disappear with it.
type average struct {
	ring       []float64
	at         int
	sum, fresh float64
}

func newAverage(n int) average { return average{ring: make([]float64, n)} }

// fill sets all values to v.
func (a *average) fill(v float64) {
	for i := range a.ring {
		a.ring[i] = v
	}
	a.at, a.fresh = 0, 0
	a.sum = float64(float64(len(a.ring)) * v)
}

func (a *average) push(v float64) float64 {
	a.sum += v - a.ring[a.at]
	a.ring[a.at] = v
	a.fresh += v
	if a.at++; a.at == len(a.ring) {
		a.at, a.sum, a.fresh = 0, a.fresh, 0
	}
	return a.sum / float64(len(a.ring))
}

// band has the filters of one channel: the moving averages of Pan and Tompkins, whose delays
// are whole samples at every frequency.
//
//	low pass   two means of 30 ms          (theirs: (1−z⁻⁶)²/(1−z⁻¹)² at 200 Hz)
//	high pass  the middle of 160 ms less their mean
//	slope      (2x(t) + x(t−s) − x(t−3s) − 2x(t−4s))/8, s 5 ms
type band struct {
	low   [2]average
	high  average
	delay []float64 // to the middle of high
	at    int
	past  []float64 // 4s+1 values of the band
	next  int
}

func newBand(low, high, spacing int) band {
	return band{low: [2]average{newAverage(low), newAverage(low)}, high: newAverage(high),
		delay: make([]float64, (high-1)/2+1), past: make([]float64, 4*spacing+1)}
}

// fill sets the past to a constant signal v.
func (b *band) fill(v float64) {
	b.low[0].fill(v)
	b.low[1].fill(v)
	b.high.fill(v)
	for i := range b.delay {
		b.delay[i] = v
	}
	clear(b.past)
	b.at, b.next = 0, 0
}

// push returns the band-passed signal and its slope.
func (b *band) push(v float64) (band, slope float64) {
	v = b.low[1].push(b.low[0].push(v))
	mean := b.high.push(v)
	b.delay[b.at] = v
	if b.at++; b.at == len(b.delay) {
		b.at = 0
	}
	y := b.delay[b.at] - mean
	b.past[b.next] = y
	n := len(b.past)
	ago := func(k int) float64 { return b.past[(b.next+n-k)%n] }
	s := (n - 1) / 4
	slope = (2*(y-ago(4*s)) + ago(s) - ago(3*s)) / 8
	if b.next++; b.next == n {
		b.next = 0
	}
	return y, slope
}

// odd returns the odd number of samples nearest to a time in seconds.
func odd(seconds, rate float64) int { return 2*int(math.Round((seconds*rate-1)/2)) + 1 }
