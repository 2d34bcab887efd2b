// Package ecgtest makes electrocardiograms for tests: sums of Gaussian waves around each R
// peak (after McSharry et al., A dynamical model for generating synthetic
// electrocardiogram signals, IEEE Trans. Biomed. Eng. 50, 2003), with premature beats.
package ecgtest

import (
	"math"
	"math/rand/v2"
)

// A Beat is a heartbeat. Symbol is N (normal), A (atrial premature) or V (ventricular).
type Beat struct {
	Sample int
	Symbol string
}

// Options are the options of Signal.
type Options struct {
	Rate    float64
	Seconds float64
	Seed    uint64
	Atrial  float64 // share of atrial premature beats
	Ventric float64 // share of ventricular beats
	Noise   float64 // standard deviation; the R peak is about 1
	Drift   float64 // amplitude of the baseline's drift
}

// A wave is a Gaussian: its position relative to the R peak and its width, in seconds, and
// its height.
type wave struct{ at, width, height float64 }

var waves = map[string][]wave{
	"N": {{-0.17, 0.022, 0.15}, {-0.028, 0.009, -0.12}, {0, 0.011, 1}, {0.028, 0.01, -0.25}, {0.26, 0.045, 0.3}},
	"A": {{-0.13, 0.018, -0.1}, {-0.028, 0.009, -0.12}, {0, 0.011, 1}, {0.028, 0.01, -0.25}, {0.26, 0.045, 0.3}},
	"V": {{0, 0.035, 1.3}, {0.09, 0.04, -0.7}, {0.3, 0.06, -0.45}},
}

// Signal returns a signal of one channel and its beats.
func Signal(o Options) (x []float32, beats []Beat) {
	rng := rand.New(rand.NewPCG(o.Seed, 12))
	x = make([]float32, int(o.Rate*o.Seconds))
	period := 0.75 + 0.2*rng.Float64()
	phase := 2 * math.Pi * rng.Float64()
	for i := range x {
		t := float64(i) / o.Rate
		x[i] = float32(o.Drift*math.Sin(2*math.Pi*0.15*t+phase) + o.Noise*rng.NormFloat64())
	}
	symbol := "N"
	for t := 0.4; t < o.Seconds-0.4; {
		at := int(math.Round(t * o.Rate))
		beats = append(beats, Beat{at, symbol})
		size := 1 + 0.05*rng.NormFloat64()
		for _, w := range waves[symbol] {
			for i := max(int((t+w.at-4*w.width)*o.Rate), 0); i < min(int((t+w.at+4*w.width)*o.Rate)+1, len(x)); i++ {
				d := (float64(i)/o.Rate - t - w.at) / w.width
				x[i] += float32(size * w.height * math.Exp(-d*d/2))
			}
		}
		rr := period * (1 + 0.03*rng.NormFloat64())
		pause := symbol == "V" // a compensatory pause follows
		symbol = "N"
		switch draw := rng.Float64(); {
		case pause:
			rr *= 1.35
		case draw < o.Atrial:
			symbol, rr = "A", rr*0.65
		case draw < o.Atrial+o.Ventric:
			symbol, rr = "V", rr*0.65
		}
		t += rr
	}
	return x, beats
}
