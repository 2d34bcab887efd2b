package stem

import "math"

// A filter is a complex exponential under a Gaussian window: with n counted from the
// middle, tap n is w(n)·(cos ωn − i·sin ωn), where w(n) ∝ exp(−n²/2σ²) has the sum 1. A
// sine of amplitude a at the centre frequency thus has the power a²/4.
type filter struct {
	sigma  float64 // of the window, in samples
	second float64 // Σ w·n²
	// Derivatives of omega by the centre and of sigma by the bandwidth; 0 at a bound.
	dOmega, dSigma float64
}

// minSigma bounds σ from below, so that every value stays finite.
const minSigma = 0.5

// packFilters computes the taps from centres and bandwidths.
func (s *Stem) packFilters(p *Params) {
	s.mean, s.scale = p.Mean, p.Scale
	l, n := &s.layers[0], len(s.filters)
	for j := range s.filters {
		f, omega := &s.filters[j], 0.0
		*f, omega = s.filter(float64(p.Centre[j]), float64(p.Bandwidth[j]))
		var sum float64
		for t := range l.kernel {
			sum += f.window(l.at(t))
		}
		for t := range l.kernel {
			at := l.at(t)
			w := f.window(at) / sum
			f.second += w * at * at
			sin, cos := math.Sincos(omega * at)
			l.plain[t*l.out+j] = float32(w * cos)
			l.plain[t*l.out+n+j] = float32(-w * sin)
		}
	}
	l.weights.Pack(l.plain, l.kernel, l.out)
}

// at returns the distance of tap t from the middle.
func (l *layer) at(t int) float64 { return float64(t) - float64(l.kernel-1)/2 }

func (f *filter) window(at float64) float64 { return math.Exp(-at * at / (2 * f.sigma * f.sigma)) }

// filter returns the filter for a centre and a bandwidth, limited to what the rate and
// the window allow.
func (s *Stem) filter(centre, bandwidth float64) (f filter, omega float64) {
	top := mel(s.rate / 2)
	hz := unmel(min(max(centre, 0), top))
	omega = 2 * math.Pi * hz / s.rate
	if centre >= 0 && centre <= top {
		f.dOmega = 2 * math.Pi / s.rate * (hz + 700) * math.Ln10 / 2595
	}
	most := 4 * float64(s.layers[0].kernel)
	sigma := s.rate / (2 * math.Pi) * math.Exp(-min(max(bandwidth, -50), 50))
	f.sigma = min(max(sigma, minSigma), most)
	if f.sigma == sigma {
		f.dSigma = -sigma
	}
	return f, omega
}

// addFilters adds the gradient on centres and bandwidths to dst, given the gradient on
// the taps (kernel rows of ld). For tap g(n) = w(n)·exp(−iωn), dg/dω = −i·n·g(n) and
// dg/dσ = (n² − Σw·n²)·g(n)/σ³.
func (s *Stem) addFilters(dst *Params, taps []float32) {
	l, n := &s.layers[0], len(s.filters)
	for j := range s.filters {
		f := &s.filters[j]
		var dOmega, dSigma float64
		for t := range l.kernel {
			at := l.at(t)
			re, im := float64(l.plain[t*l.out+j]), float64(l.plain[t*l.out+n+j])
			dRe, dIm := float64(taps[t*l.ld()+j]), float64(taps[t*l.ld()+n+j])
			dOmega += float64(at * (float64(dRe*im) - float64(dIm*re)))
			dSigma += float64((at*at - f.second) * (float64(dRe*re) + float64(dIm*im)))
		}
		dst.Centre[j] += float32(dOmega * f.dOmega)
		dst.Bandwidth[j] += float32(dSigma / (f.sigma * f.sigma * f.sigma) * f.dSigma)
	}
}
