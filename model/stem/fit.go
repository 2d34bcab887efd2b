package stem

import "inkling/model/feature"

// Fit sets the initial values in p that depend on the training data, after Init, and
// packs p. sequences holds the normalised frames of the training data. For conv, the
// sums of each layer get zero mean and unit variance (Salimans and Kingma 2016). For
// gabor, the centres become equidistant on the mel scale, and Mean and Scale, which
// training does not change, normalise the log power of these initial filters.
func (s *Stem) Fit(p *Params, sequences [][]float32) {
	var tp Tape
	if s.config.Kind == KindGabor {
		p.spread(&s.config)
		s.Pack(p, false)
		var z feature.Normalizer
		for _, x := range sequences {
			z.Add(s.Forward(&tp, x), s.Dim())
		}
		mean, scale := z.Constants()
		copy(p.Mean, mean)
		copy(p.Scale, scale)
		s.Pack(p, false)
		return
	}
	for i := range s.layers {
		l, d := &s.layers[i], &p.Layers[i]
		var z feature.Normalizer
		for _, x := range sequences {
			s.Forward(&tp, x)
			z.Add(tp.layers[i].z, l.ld())
		}
		mean, scale := z.Constants()
		k := l.kernel * l.in
		for o := range d.Bias {
			d.Bias[o] = (d.Bias[o] - mean[o]) * scale[o]
			for j := range d.Weight[o*k : (o+1)*k] {
				d.Weight[o*k+j] *= scale[o]
			}
		}
		s.Pack(p, false)
	}
}
