package room

import (
	"math"
	"math/rand/v2"

	"inkling/internal/f32"
)

const (
	shortestDecay = 0.1  // seconds
	leastDirect   = -3.0 // dB of the direct sound over all of its reflections, at the least …
	mostDirect    = 15.0 // … and at the most
	density       = 800  // reflections per second
	firstEcho     = 0.002
	longestGap    = 0.015 // seconds, of the first reflection after the direct sound, at most
)

// The later a reflection, the fewer of its high frequencies are left. The decay is divided
// into parts, and each part reflects the sound after one low pass more.
const parts = 4

// echo convolves x with the direct sound and sparse noise that decays ("velvet noise",
// Karjalainen and Järveläinen 2007): one reflection at a random place in each 1/density of a
// second, of random sign.
func (c *Config) echo(rng *rand.Rand, x []float32, longer bool) []float32 {
	decay := between(rng, min(shortestDecay, c.Decay), c.Decay)
	direct := leastDirect + float64((mostDirect-leastDirect)*rng.Float64())
	gap := firstEcho + float64((longestGap-firstEcho)*rng.Float64())
	damping := between(rng, 0.15, 0.9) * c.Rate / 2
	tail := rng.Float64() * decay / 2
	n := len(x) / c.Channels
	m := n
	if longer {
		m += int(tail * c.Rate)
	}
	var at []int
	var gains []float64
	power := 0.0
	for t := gap; t < decay; t += 1 / float64(density) {
		g := math.Pow(10, -3*t/decay)
		if rng.IntN(2) == 0 {
			g = -g
		}
		at = append(at, int((t+rng.Float64()/density)*c.Rate))
		gains = append(gains, g)
		power += float64(g * g)
	}
	before := level(x)
	wet := decibels(-direct) / math.Sqrt(max(power, 1e-30))
	out := make([]float32, m*c.Channels)
	copy(out, x)
	dull := x
	low := onePole(damping, c.Rate)
	for p := range parts {
		for i := p * len(at) / parts; i < (p+1)*len(at)/parts; i++ {
			if at[i] < m {
				to := out[at[i]*c.Channels:]
				k := min(len(to), len(dull))
				f32.Axpy(to[:k], float32(wet*gains[i]), dull[:k])
			}
		}
		if p == 0 {
			dull = append([]float32(nil), x...)
		}
		low.run(dull, c.Channels)
	}
	whole := level(out[:len(x)])
	if whole > 0 {
		gain := float32(before / whole)
		for i := range out {
			out[i] *= gain
		}
	}
	return out
}
