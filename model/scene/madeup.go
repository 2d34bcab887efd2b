package scene

import (
	"math"
	"math/rand/v2"
)

// Bounds of what MadeUp draws.
const (
	lowestPitch, highestPitch = 80.0, 1500.0 // Hz
	mostOvertones             = 24
	mostSyllables             = 3
)

// MadeUp returns a sound of one channel that is drawn at random: one to three syllables of
// 0.05 to 0.8 s, each a gliding tone with overtones, or noise, or both, through up to four
// drifting resonances, under an envelope that may tremble. Some are much like cries, barks,
// chirps, coughs or knocks. Its root mean square is one.
func MadeUp(rng *rand.Rand, rate float64) []float32 {
	var x []float32
	for range 1 + rng.IntN(mostSyllables) {
		s := drawSyllable(rng, rate)
		x = s.append(x, rng, rate)
		x = append(x, make([]float32, int(float64(0.15*rate)*rng.Float64()))...)
	}
	level(x)
	return x
}

// A syllable is what one of MadeUp's is made of. Times are in seconds, frequencies in Hz.
type syllable struct {
	length               float64
	pitch, glide, bend   float64 // the last two in octaves: at the end, and in the middle
	vibrato, vibratoRate float64
	fall                 float64 // of the overtones: number k has the amplitude k^-fall
	noise                float64 // against a tone of amplitude one
	voiced               bool
	attack, decay        float64
	tremolo, tremoloRate float64
	resonances           []resonance
}

// A resonance is a filter of two poles; drift is in octaves over the syllable.
type resonance struct {
	at, drift, gain float64
	radius          float64 // of the poles
	y1, y2          float64
}

func drawSyllable(rng *rand.Rand, rate float64) syllable {
	s := syllable{length: logarithmic(rng, 0.05, 0.8),
		pitch: logarithmic(rng, lowestPitch, math.Min(highestPitch, rate/4)), glide: between(rng, -1, 1), bend: between(rng, -0.5, 0.5),
		vibrato: logarithmic(rng, 0.001, 0.08), vibratoRate: between(rng, 3, 30),
		fall: between(rng, 0.2, 2), attack: logarithmic(rng, 0.002, 0.3), decay: logarithmic(rng, 0.02, 1)}
	switch u := rng.Float64(); {
	case u < 0.5:
		s.voiced, s.noise = true, logarithmic(rng, 0.003, 0.3)
	case u < 0.8:
		s.noise = 1
	default:
		s.voiced = true
	}
	if rng.IntN(2) == 1 {
		s.tremolo = rng.Float64()
	}
	s.tremoloRate = logarithmic(rng, 4, 60)
	for range 1 + rng.IntN(4) {
		s.resonances = append(s.resonances, resonance{at: logarithmic(rng, 200, float64(0.45*rate)), drift: between(rng, -0.7, 0.7),
			radius: math.Exp(-math.Pi * logarithmic(rng, 40, 600) / rate), gain: logarithmic(rng, 0.1, 1)})
	}
	return s
}

// append appends the samples of s to x.
func (s *syllable) append(x []float32, rng *rand.Rand, rate float64) []float32 {
	var overtones [mostOvertones]float64
	for k := range overtones {
		overtones[k] = math.Pow(float64(k+1), -s.fall)
	}
	n := int(s.length * rate)
	phase := 0.0
	for i := range n {
		t, part := float64(i)/rate, float64(i)/float64(n)
		v := 0.0
		if s.voiced {
			octaves := float64(s.glide*part) + float64(4*s.bend*part*(1-part))
			f := s.pitch * math.Exp2(octaves) * (1 + float64(s.vibrato*math.Sin(float64(2*math.Pi*s.vibratoRate*t))))
			phase += f / rate
			phase -= math.Floor(phase)
			v = harmonics(2*math.Pi*phase, overtones[:min(int(0.48*rate/f), mostOvertones)])
		}
		if s.noise > 0 {
			v += float64(s.noise * rng.NormFloat64())
		}
		v *= s.envelope(t)
		x = append(x, float32(s.resound(v, part, rate)))
	}
	return x
}

// harmonics is the sum of amplitudes[k]·sin((k+1)·angle), by the recurrence of Chebyshev.
func harmonics(angle float64, amplitudes []float64) float64 {
	sin, cos := math.Sincos(angle)
	last, this, sum := 0.0, sin, 0.0
	for _, a := range amplitudes {
		sum += float64(a * this)
		last, this = this, float64(2*cos*this)-last
	}
	return sum
}

// envelope rises over the attack, decays, and ends within 10 ms.
func (s *syllable) envelope(t float64) float64 {
	e := math.Min(1, t/s.attack) * math.Exp(-math.Max(0, t-s.attack)/s.decay) * math.Min(1, (s.length-t)/0.01)
	if s.tremolo > 0 {
		e *= 1 - float64(s.tremolo*(0.5+float64(0.5*math.Sin(float64(2*math.Pi*s.tremoloRate*t)))))
	}
	return e
}

// resound passes v through the resonances, and a little of it past them.
func (s *syllable) resound(v, part, rate float64) float64 {
	sum := float64(0.2 * v)
	for i := range s.resonances {
		r := &s.resonances[i]
		f := math.Min(r.at*math.Exp2(r.drift*part), 0.47*rate)
		y := float64(2*(1-r.radius)*v) + float64(2*r.radius*math.Cos(2*math.Pi*f/rate)*r.y1) - float64(r.radius*r.radius*r.y2)
		r.y2, r.y1 = r.y1, y
		sum += float64(4 * r.gain * y)
	}
	return sum
}

// between is uniform in [low, high).
func between(rng *rand.Rand, low, high float64) float64 {
	return low + float64((high-low)*rng.Float64())
}

// logarithmic is uniform on a logarithmic scale in [low, high).
func logarithmic(rng *rand.Rand, low, high float64) float64 {
	return low * math.Pow(high/low, rng.Float64())
}
