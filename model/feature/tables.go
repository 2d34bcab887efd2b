package feature

import "fmt"

// Tables are the constants of a log-mel or MFCC front end, for code in other languages.
type Tables struct {
	Window, Hop int       // samples
	Size        int       // of the transform
	Hann        []float64 // the window's weights, scaled so that |X|² is the power of a bin
	Bands       []Band
	DCT         []float64 // coefficients×bands; nil for log-mel
	Flat        []float32 // the frame of the flat spectrum that the mean begins with; nil without Config.MeanPrior
}

// A Band is a weighted sum of the bins from First on.
type Band struct {
	First   int
	Weights []float64
}

// NewTables returns the tables of a complete Config.
func NewTables(c Config, rate float64) (*Tables, error) {
	if c.Kind != KindLogMel && c.Kind != KindMFCC {
		return nil, fmt.Errorf("feature: the front end %s has no mel bands: want %s or %s", c.Kind, KindLogMel, KindMFCC)
	}
	t := &Tables{Window: c.window(rate), Hop: c.hop(rate), Size: 1}
	for t.Size < t.Window {
		t.Size *= 2
	}
	t.Hann = hann(t.Window)
	for _, b := range melBands(c, rate, t.Size) {
		t.Bands = append(t.Bands, Band{b.first, b.weights})
	}
	width := c.Bands
	if c.Kind == KindMFCC {
		t.DCT, width = dctMatrix(c.Coefficients, c.Bands), c.Coefficients
	}
	if c.MeanPrior > 0 {
		t.Flat = flat(c, width)
	}
	return t, nil
}
