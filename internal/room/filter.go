package room

import (
	"math"
	"math/rand/v2"
)

// A biquad is a filter of second order, with a0 = 1. Shelves, peaks and passes are those of
// Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
type biquad struct{ b0, b1, b2, a1, a2 float64 }

// run filters x in place, each channel from rest. Products are rounded before they are
// added, so that no architecture fuses the two.
func (f *biquad) run(x []float32, channels int) {
	for c := range channels {
		var s1, s2 float64
		for i := c; i < len(x); i += channels {
			v := float64(x[i])
			y := float64(f.b0*v) + s1
			s1 = float64(f.b1*v) - float64(f.a1*y) + s2
			s2 = float64(f.b2*v) - float64(f.a2*y)
			x[i] = float32(y)
		}
	}
}

func biquadOf(b0, b1, b2, a0, a1, a2 float64) biquad {
	return biquad{b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0}
}

// angle is the frequency as 2πf/rate, and sin/(2Q).
func angle(hz, q, rate float64) (cos, alpha float64) {
	w := 2 * math.Pi * hz / rate
	return math.Cos(w), math.Sin(w) / (2 * q)
}

// peaking raises frequencies around hz by db.
func peaking(hz, q, db, rate float64) biquad {
	cos, alpha := angle(hz, q, rate)
	a := decibels(db / 2)
	return biquadOf(1+float64(alpha*a), -2*cos, 1-float64(alpha*a), 1+alpha/a, -2*cos, 1-alpha/a)
}

// highShelf raises frequencies far above hz by db.
func highShelf(hz, q, db, rate float64) biquad {
	cos, alpha := angle(hz, q, rate)
	a := decibels(db / 2)
	root := float64(2 * math.Sqrt(a) * alpha)
	up, down := float64((a+1)*cos), float64((a-1)*cos)
	return biquadOf(a*((a+1)+down+root), -2*a*((a-1)+up), a*((a+1)+down-root),
		(a+1)-down+root, 2*((a-1)-up), (a+1)-down-root)
}

// lowPass and highPass are 3 dB down at hz if q is √½.
func lowPass(hz, q, rate float64) biquad {
	cos, alpha := angle(hz, q, rate)
	return biquadOf((1-cos)/2, 1-cos, (1-cos)/2, 1+alpha, -2*cos, 1-alpha)
}

func highPass(hz, q, rate float64) biquad {
	cos, alpha := angle(hz, q, rate)
	return biquadOf((1+cos)/2, -(1 + cos), (1+cos)/2, 1+alpha, -2*cos, 1-alpha)
}

// onePole is a low pass of first order.
func onePole(hz, rate float64) biquad {
	p := math.Exp(-2 * math.Pi * hz / rate)
	return biquad{b0: 1 - p, a1: -p}
}

// Frequencies, in Hz, and widths that are drawn.
const (
	lowestPeak    = 80.0
	lowestTilt    = 250.0
	highestTilt   = 3000.0
	narrowest     = 2.0 // Q
	widest        = 0.5
	lowestBass    = 60.0 // cutoffs of high passes
	highestBass   = 400.0
	lowestTreble  = 3000.0 // cutoff of a low pass, or trebleShare of the band if that is lower
	trebleShare   = 0.5
	mostOfTheBand = 0.45 // of the rate, the greatest frequency of a filter
)

// equaliser appends a tilt, which is a broad shelf, and up to two peaks or dips.
func (c *Config) equaliser(rng *rand.Rand, to []biquad) []biquad {
	top := mostOfTheBand * c.Rate
	gain := func() float64 { return c.EQ * (2*rng.Float64() - 1) }
	to = append(to, highShelf(min(between(rng, lowestTilt, highestTilt), top), 0.4, gain(), c.Rate))
	for range rng.IntN(3) {
		to = append(to, peaking(min(between(rng, lowestPeak, max(top, lowestPeak)), top), between(rng, widest, narrowest), gain(), c.Rate))
	}
	return to
}

// limits appends a high pass, a low pass or both, of fourth order.
func (c *Config) limits(rng *rand.Rand, to []biquad) []biquad {
	top := mostOfTheBand * c.Rate
	which := rng.IntN(3)
	if which != 0 {
		hz := min(between(rng, lowestBass, highestBass), top/2)
		to = append(to, highPass(hz, 0.541, c.Rate), highPass(hz, 1.307, c.Rate))
	}
	if which != 1 {
		hz := between(rng, min(lowestTreble, trebleShare*c.Rate/2), top)
		to = append(to, lowPass(hz, 0.541, c.Rate), lowPass(hz, 1.307, c.Rate))
	}
	return to
}
