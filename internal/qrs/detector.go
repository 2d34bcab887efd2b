// Package qrs finds heartbeats in an electrocardiogram while it arrives, and cuts a
// segment around each. [New] returns a Segmenter; call Push with samples, then Next until
// it reports false.
//
// The detector is that of Pan and Tompkins (A real-time QRS detection algorithm, IEEE
// Trans. Biomed. Eng. 32, 1985): band pass, derivative, squaring, moving integration,
// thresholds that follow the peaks of signal and noise, search-back, T waves recognised by
// their slope. Its decision rules are those of Hamilton and Tompkins (Quantitative
// investigation of QRS detection rules, same journal 33, 1986): means over the last eight
// peaks of signal and of noise. It works at any rate from 100 Hz, with any number of
// channels of either polarity.
//
// Results depend on the samples alone, not on how they are split into blocks. A Segmenter
// does not allocate.
package qrs

import "math"

// Parameters of the detector. Times are in seconds.
const (
	lowPass     = 0.03
	highPass    = 0.16
	integration = 0.15
	refractory  = 0.2  // between two beats
	tWave       = 0.36 // a peak this soon after a beat is a T wave unless it is steep
	steep       = 0.5  // share of the last beat's slope
	learning    = 2.0  // before the first decision
	patience    = 3.0  // time without a beat after which levels are learned again
	late        = 1.66 // multiple of the mean RR interval after which to search back
	between     = 0.3  // position of the threshold between the levels of noise and beats
	lower       = 0.5  // share of the threshold that counts when searching back
	memory      = 8    // number of peaks and RR intervals to average
	pile        = 32   // number of candidates that may wait for levels
)

// MinimumRate is the smallest number of samples per second.
const MinimumRate = 100

// A candidate is a peak of the integrated slope.
type candidate struct {
	at           int64   // sample of the R peak
	level, slope float64 // root of the integral's peak; greatest slope under it
}

// detector finds the R peaks of one stream.
type detector struct {
	spacing                      int
	delay, toBand, half, refract int64 // delays of the integral's middle and of the band; half the integral's width
	tWave, learn, patience       int64
	bands                        []band
	energy                       average
	size                         [2][]float32 // rings of magnitudes by position: band, slope

	now     int64 // samples so far
	last    float64
	best    candidate // greatest level within the refractory period
	middle  int64     // position of its integral's middle
	rising  bool      // best is set
	waiting []candidate
	learned bool

	beats, noise, rr recent
	previous         candidate // last beat
	any              bool      // previous is set
	missed           candidate // greatest rejected peak since previous
	since            int64     // position where patience began

	found []int64 // R peaks not yet collected, oldest first
}

func newDetector(rate float64, channels int) *detector {
	samples := func(t float64) int64 { return int64(math.Round(t * rate)) }
	low, high, width := odd(lowPass, rate), odd(highPass, rate), odd(integration, rate)
	d := &detector{spacing: max(int(math.Round(rate/200)), 1), energy: newAverage(width), half: int64(width / 2),
		refract: samples(refractory), tWave: samples(tWave), learn: samples(learning), patience: samples(patience),
		waiting: make([]candidate, 0, pile), found: make([]int64, 0, pile)}
	d.toBand = int64(low-1) + int64(high-1)/2
	d.delay = d.toBand + int64(2*d.spacing) + d.half
	for range channels {
		d.bands = append(d.bands, newBand(low, high, d.spacing))
	}
	for i := range d.size {
		d.size[i] = make([]float32, d.delay+d.refract+2*d.half+2)
	}
	return d
}

// latest returns the greatest number of samples between an R peak and its detection, except
// for beats found by searching back or while learning.
func (d *detector) latest() int64 { return d.half + d.delay + d.refract }

// reset begins a new signal and keeps the levels.
func (d *detector) reset() {
	d.now, d.last, d.rising, d.any = 0, 0, false, false
	d.best, d.missed, d.previous = candidate{}, candidate{}, candidate{}
	d.middle, d.since = 0, 0
	d.waiting, d.found = d.waiting[:0], d.found[:0]
	d.energy.fill(0)
	for i := range d.size {
		clear(d.size[i])
	}
}

// forget drops the levels.
func (d *detector) forget() {
	d.learned = false
	d.beats, d.noise, d.rr = recent{}, recent{}, recent{}
}

// push processes one sample of every channel.
func (d *detector) push(x []float32) {
	var sum, size, slope float64
	for i, v := range x {
		b := &d.bands[i]
		if d.now == 0 {
			b.fill(float64(v))
		}
		y, s := b.push(float64(v))
		sum += float64(s * s)
		size += math.Abs(y)
		slope += math.Abs(s)
	}
	n := int64(len(d.size[0]))
	if at := d.now - d.toBand; at >= 0 {
		d.size[0][at%n] = float32(min(size, math.MaxFloat32))
	}
	if at := d.now - d.toBand - int64(2*d.spacing); at >= 0 {
		d.size[1][at%n] = float32(min(slope, math.MaxFloat32))
	}
	level := math.Sqrt(max(d.energy.push(sum), 0))
	d.watch(level)
	d.last = level
	d.now++
	d.look()
}

// watch finds levels that no other exceeds within the refractory period on either side.
func (d *detector) watch(level float64) {
	middle := d.now - d.delay
	switch {
	case level > d.last && (!d.rising || level > d.best.level):
		d.rising, d.best.level, d.middle = true, level, middle
	case d.rising && middle-d.middle >= d.refract:
		d.rising = false
		d.locate(&d.best)
		d.judge(d.best)
	}
}

// locate finds the R peak and the slope of a peak of the integral.
func (d *detector) locate(c *candidate) {
	from := max(d.middle-d.half, 0)
	c.at, c.slope = from, 0
	n, peak := int64(len(d.size[0])), float32(-1)
	for at := from; at <= d.middle+d.half; at++ {
		if v := d.size[0][at%n]; v > peak {
			peak, c.at = v, at
		}
		c.slope = max(c.slope, float64(d.size[1][at%n]))
	}
}

// judge decides on a peak, or keeps it while the levels are unknown.
func (d *detector) judge(c candidate) {
	if d.learned {
		d.decide(c)
		return
	}
	if len(d.waiting) < cap(d.waiting) {
		d.waiting = append(d.waiting, c)
	}
}

// decide accepts a peak as a beat, or rejects it as noise or T wave.
func (d *detector) decide(c candidate) {
	switch {
	case c.level <= d.threshold(), d.any && d.isTWave(c):
		d.noise.push(c.level)
		if c.level > d.missed.level && (!d.any || c.at-d.previous.at >= d.tWave) {
			d.missed = c
		}
	default:
		d.accept(c)
	}
}

func (d *detector) threshold() float64 {
	noise := d.noise.mean()
	return noise + float64(between*(d.beats.mean()-noise))
}

func (d *detector) isTWave(c candidate) bool {
	return c.at-d.previous.at < d.tWave && c.slope < steep*d.previous.slope
}

func (d *detector) accept(c candidate) {
	if d.any {
		if c.at <= d.previous.at {
			return
		}
		d.rr.push(float64(c.at - d.previous.at))
	}
	d.beats.push(c.level)
	d.previous, d.any, d.missed, d.since = c, true, candidate{}, c.at
	if len(d.found) < cap(d.found) {
		d.found = append(d.found, c.at)
	}
}

// look searches back, or begins to learn again, after a time without beats.
func (d *detector) look() {
	middle := d.now - d.delay - d.refract
	switch {
	case !d.learned:
		if d.now-d.since >= d.learn+d.latest() {
			d.settle()
		}
	case d.any && d.rr.n > 0 && d.missed.level > lower*d.threshold() && float64(middle-d.previous.at) > late*d.rr.mean():
		d.accept(d.missed)
	case middle-d.since >= d.patience:
		d.learned, d.since = false, d.now
		d.missed = candidate{}
	}
}

// settle sets the levels from the waiting peaks, and decides on these.
func (d *detector) settle() {
	d.beats, d.noise = recent{}, recent{}
	for _, half := range [2]int64{0, 1} {
		level := 0.0
		for i, c := range d.waiting {
			if (2*i >= len(d.waiting)) == (half == 1) {
				level = max(level, c.level)
			}
		}
		if level > 0 {
			d.beats.push(level)
		}
	}
	d.since = d.now
	if d.beats.n == 0 {
		return
	}
	d.learned = true
	for _, c := range d.waiting {
		d.decide(c)
	}
	d.waiting = d.waiting[:0]
}

// finish decides on the remaining peaks, as if the signal stayed constant.
func (d *detector) finish(x []float32) {
	for range d.latest() + 1 {
		d.push(x)
	}
	if !d.learned {
		d.settle()
	}
}

// recent holds the last few values.
type recent struct {
	values [memory]float64
	n, at  int
}

func (r *recent) push(v float64) {
	r.values[r.at] = v
	r.at = (r.at + 1) % memory
	r.n = min(r.n+1, memory)
}

// mean returns the mean, or 0 without values.
func (r *recent) mean() float64 {
	if r.n == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range r.values[:r.n] {
		sum += v
	}
	return sum / float64(r.n)
}

// median returns the median, or 0 without values.
func (r *recent) median() float64 {
	var sorted [memory]float64
	for i, v := range r.values[:r.n] {
		j := i
		for ; j > 0 && sorted[j-1] > v; j-- {
			sorted[j] = sorted[j-1]
		}
		sorted[j] = v
	}
	if r.n == 0 {
		return 0
	}
	return (sorted[(r.n-1)/2] + sorted[r.n/2]) / 2
}
