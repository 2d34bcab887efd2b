// Package room changes sound as rooms, microphones and channels do: by reverberation,
// equalisation, band limits and clipping, all drawn at random. A model that is trained on
// such sound depends less on where its examples were recorded.
//
// Samples are interleaved channels, and all channels are changed alike. What is drawn depends
// on the generator of random numbers alone.
package room

import (
	"math"
	"math/rand/v2"

	"inkling/internal/f32"
)

// Config says what is drawn. A zero field leaves its part out, and draws nothing.
type Config struct {
	Rate     float64 // samples per second of a channel
	Channels int

	Decay  float64 // longest reverberation, in seconds to fall by 60 dB; half of the sounds have some
	EQ     float64 // greatest gain of a tilt and of up to two peaks or dips, in dB; three quarters of the sounds
	Limits float64 // share of the sounds that lose their lowest or highest frequencies
	Clip   float64 // greatest height of peaks above the limit that cuts them, in dB; an eighth of the sounds
}

// How often sounds are changed.
const (
	echoOdds   = 0.5
	colourOdds = 0.75
	clipOdds   = 0.125
)

// Echo returns x in a random room at the level of x, with at most the loudest half of the
// room's decay after its end if longer, otherwise of equal length. It may return x itself.
func (c *Config) Echo(rng *rand.Rand, x []float32, longer bool) []float32 {
	if c.Decay <= 0 || rng.Float64() >= echoOdds {
		return x
	}
	return c.echo(rng, x, longer)
}

// Colour changes x in place as a random microphone does, and keeps its level.
func (c *Config) Colour(rng *rand.Rand, x []float32) {
	var filters []biquad
	if c.EQ > 0 && rng.Float64() < colourOdds {
		filters = c.equaliser(rng, filters)
	}
	if c.Limits > 0 && rng.Float64() < c.Limits {
		filters = c.limits(rng, filters)
	}
	if len(filters) == 0 {
		return
	}
	before := level(x)
	for i := range filters {
		filters[i].run(x, c.Channels)
	}
	restore(x, before)
}

// Cut clips the peaks of x in place: half of the time hard, otherwise softly.
func (c *Config) Cut(rng *rand.Rand, x []float32) {
	if c.Clip <= 0 || rng.Float64() >= clipOdds {
		return
	}
	over, hard := c.Clip*rng.Float64(), rng.IntN(2) == 0
	peak := 0.0
	for _, v := range x {
		peak = max(peak, math.Abs(float64(v)))
	}
	limit := peak * decibels(-over)
	if limit == 0 {
		return
	}
	for i, v := range x {
		if hard {
			x[i] = float32(max(-limit, min(limit, float64(v))))
		} else {
			u := float64(v) / limit
			x[i] = float32(float64(v) / math.Sqrt(1+float64(u*u)))
		}
	}
}

// level is the root mean square of x.
func level(x []float32) float64 { return math.Sqrt(f32.Dot(x, x) / float64(max(len(x), 1))) }

// restore scales x to the level before.
func restore(x []float32, before float64) {
	after := level(x)
	if !(after > 0) {
		return
	}
	gain := float32(before / after)
	for i := range x {
		x[i] *= gain
	}
}

func decibels(db float64) float64 { return math.Pow(10, db/20) }

// between draws from low to high, uniform in the logarithm.
func between(rng *rand.Rand, low, high float64) float64 {
	return low * math.Pow(high/low, rng.Float64())
}
