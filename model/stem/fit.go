package stem

import "inkling/model/feature"

// Fit gives p, fresh from Init, the starting values that are not drawn; sequences are
// the training data, normalised frames. Every convolution's sums begin with zero mean
// and unit variance over them (Salimans and Kingma 2016). Filters begin evenly on the
// mel scale, and their log power is z-scored for good by what it is then. The stem is
// packed anew.
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
