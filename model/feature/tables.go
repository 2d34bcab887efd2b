package feature

import "fmt"

// Tables are the constants of a log-mel or MFCC front end, for code in other languages.
type Tables struct {
	Window, Hop int       // samples
	Size        int       // of the transform
	Hann        []float64 // the window's weights
	Scale       float64   // of a bin's power
	Bands       []Band
	DCT         []float64 // coefficients×bands; nil for log-mel
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
	s := newSpectrum(c, rate)
	t := &Tables{Window: s.window, Hop: s.hop, Size: s.fft.n, Hann: s.hann, Scale: s.scale, DCT: s.dct}
	for _, b := range s.bands {
		t.Bands = append(t.Bands, Band{b.first, b.weights})
	}
	return t, nil
}
