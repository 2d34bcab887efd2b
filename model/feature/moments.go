package feature

import (
	"cmp"
	"math"
)

// momentFeatures is the number of values in a frame of moments.
const momentFeatures = 2

// moments computes two features of a window's power spectrum P between LowHz and
// HighHz, as MATLAB's instfreq and pentropy do for a spectrogram:
//
//   - the instantaneous frequency Σ f·P(f) / Σ P(f) in Hz, the first moment of the
//     spectrum (Boashash, Estimating and interpreting the instantaneous frequency of a
//     signal, Proc. IEEE 80, 1992);
//   - the spectral entropy −Σ p·log₂ p / log₂ n of p = P / Σ P over the n bins (Pan, Chen
//     and Li, Spectral entropy: a complementary index for rolling element bearing
//     performance degradation assessment, 2009).
//
// Window and power are those of spectral. The floor is added to every bin, so digital
// silence has a flat spectrum.
type moments struct {
	first int       // first bin
	hz    []float64 // frequencies of the bins, from first on
	bits  float64   // log₂ n
}

// momentDefaults returns c with defaults close to those of MATLAB's example for
// heartbeats: windows of a quarter of a second, half a window apart.
func (c Config) momentDefaults(rate float64) Config {
	c.WindowMS = cmp.Or(c.WindowMS, 250)
	c.HopMS = cmp.Or(c.HopMS, 125)
	c.HighHz = cmp.Or(c.HighHz, rate/2)
	return c
}

func newMoments(c Config, rate float64, size int) *moments {
	m := &moments{first: -1}
	for k := range size/2 + 1 {
		hz := float64(k) * rate / float64(size)
		if hz < c.LowHz || hz > c.HighHz {
			continue
		}
		if m.first < 0 {
			m.first = k
		}
		m.hz = append(m.hz, hz)
	}
	if m.first < 0 { // the band lies between two bins
		m.first = int(math.Round(c.LowHz * float64(size) / rate))
		m.hz = []float64{float64(m.first) * rate / float64(size)}
	}
	m.bits = math.Log2(float64(max(len(m.hz), 2)))
	return m
}

// append appends the two features of a spectrum.
func (m *moments) append(dst, power []float32, floor float64) []float32 {
	power = power[m.first:][:len(m.hz)]
	var sum, first float64
	for i, p := range power {
		sum += float64(p) + floor
		first += float64(m.hz[i] * (float64(p) + floor))
	}
	var entropy float64
	for _, p := range power {
		q := (float64(p) + floor) / sum
		entropy -= float64(q * math.Log2(q))
	}
	return append(dst, float32(first/sum), float32(entropy/m.bits))
}
