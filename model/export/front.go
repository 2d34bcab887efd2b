package export

import (
	"math"

	"inkling/model/feature"
)

// front writes the front end and its constants.
func (g *generator) front() error {
	c := &g.m.Config
	f, spectral := c.Front, c.Front.MixesChannels()
	base := g.base()
	g.flag("SPECTRAL", spectral)
	g.define("DELTAS", f.Deltas)
	g.define("BASE", base)
	g.define("FRAME", g.m.Dim())
	g.define("LAST", max(1, f.Deltas*base))
	g.flag("MEAN", f.MeanPrior > 0)
	g.floats("mean", g.m.Params.Mean)
	g.floats("scale", g.m.Params.Scale)
	if !spectral {
		g.define("SAMPLES", f.Samples)
		g.define("DECIMATE", f.Decimate)
		g.define("KEEP", g.keep())
		return nil
	}
	t, err := feature.NewTables(f, c.Rate)
	if err != nil {
		return err
	}
	g.define("WINDOW", t.Window)
	g.define("HOP", t.Hop)
	g.define("FFT", t.Size)
	g.transform = t.Size
	g.define("BANDS", len(t.Bands))
	g.define("COEFFICIENTS", f.Coefficients)
	g.define("KEEP", g.keep())
	g.define("FLOOR", double(f.Floor))
	g.reals("hann", t.Hann)
	var cos, sin []float64
	for k := range max(t.Size/2, 1) {
		s, c := math.Sincos(2 * math.Pi * float64(k) / float64(t.Size))
		cos, sin = append(cos, c), append(sin, s)
	}
	g.reals("twiddle_cos", cos)
	g.reals("twiddle_sin", sin)
	var first, count, at []int32
	var weights, dct []float32
	for _, b := range t.Bands {
		first, count, at = append(first, int32(b.First)), append(count, int32(len(b.Weights))), append(at, int32(len(weights)))
		for _, w := range b.Weights {
			weights = append(weights, float32(w))
		}
	}
	ints(g, "int32_t", "band_first", first)
	ints(g, "int32_t", "band_count", count)
	ints(g, "int32_t", "band_at", at)
	g.floats("band_weights", weights)
	for _, v := range t.DCT {
		dct = append(dct, float32(v))
	}
	if len(dct) > 0 {
		g.floats("dct", dct)
	}
	if f.MeanPrior > 0 {
		g.define("MEAN_PRIOR", single(float32(f.MeanPrior)))
		g.define("MEAN_MEMORY", single(float32(f.MeanMemory)))
		g.floats("flat", t.Flat)
	}
	return nil
}

// base returns the values of a frame without differences.
func (g *generator) base() int { return g.m.Dim() / (1 + g.m.Config.Front.Deltas) }

// keep returns the samples that the front end keeps.
func (g *generator) keep() int {
	if g.m.Config.Front.MixesChannels() {
		return g.settings.first
	}
	return g.base()
}
