package scene

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

const noiseRate = 16000

func noise(k Noise, seed uint64, seconds float64) []float32 {
	return Synthesize(k, rand.New(rand.NewPCG(seed, 1)), int(seconds*noiseRate), noiseRate)
}

// powers returns the mean power of x in octaves from lowest Hz on, in dB for each Hz.
func powers(x []float32, lowest float64, octaves int) []float64 {
	const size = 8192
	fft := fourier.NewFFT(size)
	sum := make([]float64, size/2+1)
	in := make([]float64, size)
	for at := 0; at+size <= len(x); at += size {
		for i := range in {
			in[i] = float64(x[at+i]) * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/size))
		}
		for i, c := range fft.Coefficients(nil, in) {
			sum[i] += real(c)*real(c) + imag(c)*imag(c)
		}
	}
	out := make([]float64, octaves)
	for k := range out {
		from := int(lowest * math.Exp2(float64(k)) * size / noiseRate)
		mean := 0.0
		for _, p := range sum[from : 2*from] {
			mean += p / float64(from)
		}
		out[k] = 10 * math.Log10(mean)
	}
	return out
}

// The density of noises falls by as many dB an octave as it should.
func TestSlopes(t *testing.T) {
	for k, slope := range map[Noise]float64{White: 0, Pink: -10 * math.Log10(2), Brown: -20 * math.Log10(2)} {
		p := powers(noise(k, 1, 60), 62.5, 6) // to 4 kHz
		for i := 1; i < len(p); i++ {
			if d := p[i] - p[i-1]; math.Abs(d-slope) > 0.5 {
				t.Errorf("%s: octave %d has %.2f dB more than the one before, want %.2f", k, i, d, slope)
			}
		}
	}
}

// Hum has its power at multiples of the frequency of the mains.
func TestHum(t *testing.T) {
	for seed := range uint64(6) {
		x := noise(Hum, seed, 1)
		at := func(f float64) float64 {
			re, im := 0.0, 0.0
			for i, v := range x {
				a := 2 * math.Pi * f * float64(i) / noiseRate
				re += float64(v) * math.Cos(a)
				im += float64(v) * math.Sin(a)
			}
			return re*re + im*im
		}
		tones, between := 0.0, 0.0
		for _, f := range []float64{50, 60} {
			best, gap := 0.0, 0.0
			for k := 1.0; k <= 4; k++ {
				most := 0.0
				for d := -1.5; d <= 1.5; d += 0.25 {
					most = max(most, at(f*k+d*k/2))
				}
				best += most
				gap += at(f * (k + 0.5))
			}
			if best > tones {
				tones, between = best, gap
			}
		}
		if tones < 100*between {
			t.Errorf("seed %d: %.3g at the tones, %.3g between them", seed, tones, between)
		}
	}
}

// Clicks are short: most of the power is in a small part of the time.
func TestClicks(t *testing.T) {
	x := noise(Clicks, 1, 60)
	var blocks []float64
	total := 0.0
	for b := range slices.Chunk(x, noiseRate/100) {
		p := RMS(b) * RMS(b)
		blocks = append(blocks, p)
		total += p
	}
	slices.Sort(blocks)
	loud := 0.0
	for _, p := range blocks[len(blocks)*9/10:] {
		loud += p
	}
	if loud < 0.8*total {
		t.Errorf("a tenth of the time has %.2f of the power", loud/total)
	}
}

// Noises have a root mean square of one, no undefined values, and depend on the seed alone;
// also at low rates and for a single sample.
func TestSynthesize(t *testing.T) {
	for _, k := range Noises() {
		x := noise(k, 3, 2)
		if math.Abs(RMS(x)-1) > 1e-4 || slices.ContainsFunc(x, func(v float32) bool { return v-v != 0 }) {
			t.Errorf("%s: root mean square %v", k, RMS(x))
		}
		if !slices.Equal(x, noise(k, 3, 2)) || slices.Equal(x, noise(k, 4, 2)) {
			t.Errorf("%s does not depend on the seed alone", k)
		}
		for _, rate := range []float64{1, 100, 192000} {
			for n := range 3 {
				for _, v := range Synthesize(k, rand.New(rand.NewPCG(1, 2)), n, rate) {
					if v-v != 0 {
						t.Errorf("%s: %v at %v Hz", k, v, rate)
					}
				}
			}
		}
	}
}
