// Package scene composes short stretches of an endless stream, as a microphone in a room
// would hear them: the examples of a data set at random levels and distances, over other
// sounds, noise or near silence. Detectors learn from them, and the heads of a network learn
// from what a detector cuts out of them.
//
// For streams to be measured on, see package compose.
package scene

import (
	"math"
	"math/rand/v2"
	"slices"

	"inkling/model/dataset"
)

// Options say what a scene is made of. Samples of several channels are interleaved.
type Options struct {
	Rate     float64
	Channels int
	// Events are the examples to place, in this order.
	Events []*dataset.Example
	// Change returns the samples of an event, changed at random; nil: as they are.
	Change func(rng *rand.Rand, e *dataset.Example) []float32
	// Background holds recordings that sound under the events; without any, noise does.
	Background [][]float32
	// Babble are examples out of which, many at once, background is made too.
	Babble []*dataset.Example
	Level  float64    // root mean square of an ordinary event
	SNR    [2]float64 // of that level to the background's, in dB
	// Brisk leaves less time between events.
	Brisk bool
	// Seconds is the length of a scene without events.
	Seconds float64
}

// A Scene is what was composed.
type Scene struct {
	Samples []float32
	Placed  []Placed
	Under   []Under // in order of time; empty where noise or near silence sounds
}

// Under is where a recording of the background sounds, in samples a channel.
type Under struct {
	Background int // its index
	Start, End int
}

// Placed is where an event lies, in samples a channel: [Start, End), and within it
// [Sounds, Fades) from where to where it can be heard, which digital silence or a long decay
// at the ends of an example is not.
type Placed struct {
	Event                     *dataset.Example
	Start, End, Sounds, Fades int
}

// Compose makes a scene with random numbers from rng.
func Compose(rng *rand.Rand, o *Options) Scene {
	type clip struct {
		samples []float32
		at      int
	}
	ch := o.Channels
	var clips []clip
	var s Scene
	at := int(o.pause(rng) * o.Rate)
	for _, e := range o.Events {
		x := e.Samples
		if o.Change != nil {
			x = o.Change(rng, e)
		}
		n := len(x) / ch
		from, to := Sounding(x, ch, o.Rate)
		clips = append(clips, clip{x, at})
		s.Placed = append(s.Placed, Placed{e, at, at + n, at + from, at + to})
		at += n + int(o.pause(rng)*o.Rate)
	}
	n := at
	if len(o.Events) == 0 {
		n = int(o.Seconds * o.Rate)
	}
	s.Samples, s.Under = o.background(rng, n)
	for _, c := range clips {
		dst := s.Samples[c.at*ch:]
		for i, v := range c.samples {
			dst[i] += v
		}
	}
	// A microphone's gain is anything; what clips, clips.
	gain := math.Pow(10, (-18+float64(24*rng.Float64()))/20)
	for i, v := range s.Samples {
		s.Samples[i] = float32(max(min(float64(v)*gain, 1), -1))
	}
	return s
}

// pause returns the seconds before an event: sometimes none to speak of, mostly up to a few
// seconds, now and then many.
func (o *Options) pause(rng *rand.Rand) float64 {
	switch u := rng.Float64(); {
	case o.Brisk:
		return 0.3 + float64(1.2*rng.Float64())
	case u < 0.15:
		return 0.02 + float64(0.28*rng.Float64())
	case u < 0.9:
		return 0.3 + float64(1.7*rng.Float64())
	}
	return 2 + float64(4*rng.Float64())
}

// background returns n samples a channel of what sounds when no event does, and where its
// recordings lie in it.
func (o *Options) background(rng *rand.Rand, n int) (_ []float32, under []Under) {
	dst := make([]float32, n*o.Channels)
	snr := o.SNR[0] + float64((o.SNR[1]-o.SNR[0])*rng.Float64())
	loud := o.Level * math.Pow(10, -snr/20)
	soft := o.Level * math.Pow(10, -(40+float64(40*rng.Float64()))/20)
	add := func(x []float32, to float64) {
		r := soundRMS(x, o.Rate)
		if r == 0 {
			return
		}
		for i := range min(len(x), len(dst)) {
			dst[i] += float32(to / r * float64(x[i]))
		}
	}
	u := rng.Float64()
	if len(o.Background) > 0 {
		switch {
		case u < 0.75:
			x, recordings := o.recorded(rng, n)
			add(x, loud)
			under = recordings
		case u < 0.85:
			add(o.noise(rng, n), loud)
		}
	} else if u < 0.6 {
		add(o.noise(rng, n), loud)
	}
	add(o.spread(Synthesize(Noises()[rng.IntN(3)], rng, n, o.Rate)), soft)
	return dst, under
}

// recorded returns pieces of the background one after another, faded into each other.
func (o *Options) recorded(rng *rand.Rand, n int) (_ []float32, under []Under) {
	ch := o.Channels
	out := make([]float32, n*ch)
	fade := max(int(0.05*o.Rate), 1)
	for at := 0; at < n; {
		k := rng.IntN(len(o.Background))
		x := o.Background[k]
		m := len(x) / ch
		from := 0
		if m > 2*fade {
			from = rng.IntN(m / 2)
		}
		m = min(m-from, n-at)
		for i := range m {
			g := math.Min(1, math.Min(float64(i+1), float64(m-i))/float64(fade))
			for c := range ch {
				out[(at+i)*ch+c] += float32(g * float64(x[(from+i)*ch+c]))
			}
		}
		under = append(under, Under{k, at, at + m})
		if at += m; at < n { // it fades into the next one
			at -= min(fade, m/2)
		}
	}
	return out, under
}

// noise returns a synthetic background.
func (o *Options) noise(rng *rand.Rand, n int) []float32 {
	if len(o.Babble) > 0 && rng.IntN(6) == 0 {
		return o.babble(rng, n)
	}
	all := Noises()
	return o.spread(Synthesize(all[rng.IntN(len(all))], rng, n, o.Rate))
}

// babble sounds like a crowd: in every moment about eight examples, backwards, so that none
// of them can be made out.
func (o *Options) babble(rng *rand.Rand, n int) []float32 {
	out, want, got := make([]float32, n*o.Channels), 8*n*o.Channels, 0
	for range 64 * (1 + n) {
		if got >= want {
			break
		}
		x := o.Babble[rng.IntN(len(o.Babble))].Samples
		at := rng.IntN(n) * o.Channels
		for i := range min(len(x), len(out)-at) {
			out[at+i] += x[len(x)-1-i]
		}
		got += min(len(x), len(out)-at)
	}
	return out
}

// spread repeats one channel on all.
func (o *Options) spread(x []float32) []float32 {
	if o.Channels == 1 {
		return x
	}
	out := make([]float32, 0, len(x)*o.Channels)
	for _, v := range x {
		for range o.Channels {
			out = append(out, v)
		}
	}
	return out
}

// audible is how far under its loudest 10 ms an event may be and still be heard, in dB.
const audible = 30

// Sounding returns the samples a channel from which to which x can be heard: from the first
// to the last 10 ms within audible dB of the loudest.
func Sounding(x []float32, channels int, rate float64) (from, to int) {
	block := max(int(rate/100), 1) * channels
	blockPowers := blockPowers(x, block)
	if len(blockPowers) == 0 {
		return 0, 0
	}
	least := slices.Max(blockPowers) * math.Pow(10, -audible/10.0)
	first, last := -1, 0
	for i, p := range blockPowers {
		if p >= least && p > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return 0, 0
	}
	return first * block / channels, min((last+1)*block, len(x)) / channels
}

func blockPowers(x []float32, block int) (all []float64) {
	for len(x) > 0 {
		k := min(block, len(x))
		r := RMS(x[:k])
		all = append(all, float64(r*r))
		x = x[k:]
	}
	return all
}

// soundRMS is the root mean square of the blocks of 10 ms that are not digital silence.
func soundRMS(x []float32, rate float64) float64 {
	sum, n := 0.0, 0
	for _, p := range blockPowers(x, max(int(rate/100), 1)) {
		if p > 1e-10 {
			sum += p
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return math.Sqrt(sum / float64(n))
}

// Level returns the mean root mean square of what can be heard of the examples.
func Level(examples []*dataset.Example, rate float64) float64 {
	sum := 0.0
	for _, e := range examples {
		sum += soundRMS(e.Samples, rate) / float64(len(examples))
	}
	return sum
}
