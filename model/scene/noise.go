package scene

import (
	"math"
	"math/rand/v2"
)

// A Noise is a kind of synthetic background.
type Noise string

const (
	White  Noise = "white"  // the same power at every frequency
	Pink   Noise = "pink"   // falls by 3 dB an octave
	Brown  Noise = "brown"  // falls by 6 dB an octave
	Hum    Noise = "hum"    // of the mains at 50 or 60 Hz, with overtones
	Clicks Noise = "clicks" // single knocks and clicks, a few a second
)

// Noises lists all kinds.
func Noises() []Noise { return []Noise{White, Pink, Brown, Hum, Clicks} }

// Synthesize returns n samples of a noise at rate samples a second, with a root mean square
// of one.
func Synthesize(k Noise, rng *rand.Rand, n int, rate float64) []float32 {
	x := make([]float32, n)
	switch k {
	case White:
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
	case Pink:
		pink(x, rng)
	case Brown:
		brown(x, rng, rate)
	case Hum:
		hum(x, rng, rate)
	case Clicks:
		clicks(x, rng, rate)
	}
	level(x)
	return x
}

// pink sums one-pole filters of white noise, an octave and a half apart (Kellet's filter,
// firstpr.com.au/dsp/pink-noise), which is within half a dB of -3 dB an octave.
func pink(x []float32, rng *rand.Rand) {
	poles := [6]float64{0.99886, 0.99332, 0.96900, 0.86650, 0.55000, -0.7616}
	gains := [6]float64{0.0555179, 0.0750759, 0.1538520, 0.3104856, 0.5329522, -0.0168980}
	var b [6]float64
	last := 0.0
	for i := range x {
		w := rng.NormFloat64()
		sum := float64(w * 0.5362)
		for j := range b {
			b[j] = float64(poles[j]*b[j]) + float64(gains[j]*w)
			sum += b[j]
		}
		x[i] = float32(sum + last)
		last = float64(w * 0.115926)
	}
}

// brown integrates white noise and forgets over a twentieth of a second, so that it does
// not drift.
func brown(x []float32, rng *rand.Rand, rate float64) {
	keep, v := 1-math.Min(20/rate, 0.5), 0.0
	for i := range x {
		v = float64(keep*v) + rng.NormFloat64()
		x[i] = float32(v)
	}
}

func hum(x []float32, rng *rand.Rand, rate float64) {
	f := 50.0
	if rng.IntN(2) == 1 {
		f = 60
	}
	f *= 1 + 0.002*rng.NormFloat64()
	for k := 1; k <= 12 && float64(float64(k)*f) < rate/2; k++ {
		gain, phase := rng.Float64()/float64(k), 2*math.Pi*rng.Float64()
		step := float64(2 * math.Pi * float64(k) * f / rate)
		for i := range x {
			x[i] += float32(gain * math.Sin(float64(step*float64(i))+phase))
		}
	}
	for i := range x {
		x[i] += float32(0.01 * rng.NormFloat64())
	}
}

// clicks are decaying tones and bursts of 1 to 30 ms over a soft floor.
func clicks(x []float32, rng *rand.Rand, rate float64) {
	for i := range x {
		x[i] = float32(0.003 * rng.NormFloat64())
	}
	for at := 0.0; ; {
		at += rng.ExpFloat64() * 0.4
		from := int(at * rate)
		if from >= len(x) {
			return
		}
		decay := math.Exp(-1 / (rate * (0.001 + float64(0.01*rng.Float64()))))
		amp, tone := 0.3+0.7*rng.Float64(), 2*math.Pi*(200+float64(4000*rng.Float64()))/rate
		noisy := rng.IntN(2) == 0
		for i := from; i < len(x) && amp > 1e-3; i++ {
			v := math.Sin(float64(tone * float64(i-from)))
			if noisy {
				v = rng.NormFloat64()
			}
			x[i] += float32(amp * v)
			amp *= decay
		}
	}
}

// level scales x to a root mean square of one; digital silence stays.
func level(x []float32) {
	if r := RMS(x); r > 0 {
		Scale(x, 1/r)
	}
}

// RMS returns the root mean square of x.
func RMS(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(float64(v) * float64(v))
	}
	return math.Sqrt(sum / float64(max(len(x), 1)))
}

// Scale multiplies x by gain.
func Scale(x []float32, gain float64) {
	for i, v := range x {
		x[i] = float32(gain * float64(v))
	}
}
