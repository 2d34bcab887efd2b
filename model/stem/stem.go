package stem

import (
	"math"

	"inkling/internal/f32"
)

// layer is a strided convolution as a product: row j of its sums is the bias plus
// inputs [j·stride, j·stride+kernel), laid end to end, times the weights.
type layer struct {
	in, out        int // values of a row
	kernel, stride int
	lead           int // zero rows before the first

	weights f32.Matrix // (kernel·in)×out
	bias    []float32  // out, padded to panels
	back    f32.Matrix // out×(kernel·in), for Backward
	plain   []float32  // scratch of Pack; gabor: the filters
}

// ld is the length of a row of sums.
func (l *layer) ld() int { return len(l.bias) }

// outputs is how many rows come of n, the leading ones among them.
func (l *layer) outputs(n int) int {
	if n < l.kernel {
		return 0
	}
	return (n-l.kernel)/l.stride + 1
}

// held is how many of n rows, the leading ones among them, later outputs need.
func (l *layer) held(n int) int { return n - l.outputs(n)*l.stride }

// sums writes rows of sums to z.
func (l *layer) sums(z, x []float32, rows int) {
	for i := range rows {
		copy(z[i*l.ld():], l.bias)
	}
	l.weights.MulAdd(z, l.ld(), x, l.stride*l.in, rows)
}

// A Stem is ready to run: immutable but for Pack, and shared by all streams.
type Stem struct {
	config Config
	in     int
	layers []layer
	rate   float64

	// gabor
	filters     []filter
	mean, scale []float32
}

// New packs the stem of a Config that passed Normalize, over frames of in features of
// a signal of so many samples a second.
func New(c Config, rate float64, in int, p *Params) *Stem {
	s := &Stem{config: c, in: in, rate: rate}
	if c.Kind == KindGabor {
		l := layer{in: 1, out: 2 * c.Filters, kernel: samples(c.WindowMS, rate), stride: samples(c.HopMS, rate)}
		s.layers = append(s.layers, l)
		s.filters = make([]filter, c.Filters)
	}
	for _, l := range c.Layers {
		s.layers = append(s.layers, layer{in: in, out: l.Channels, kernel: l.Kernel, stride: l.Stride, lead: l.Kernel - l.Stride})
		in = l.Channels
	}
	for i := range s.layers {
		l := &s.layers[i]
		l.bias = make([]float32, f32.Padded(l.out))
		l.plain = make([]float32, l.kernel*l.in*l.out)
	}
	s.Pack(p, false)
	return s
}

// Pack takes the values of p; for training also for Backward. It must not be called
// while the stem runs.
func (s *Stem) Pack(p *Params, backward bool) {
	if s.config.Kind == KindGabor {
		s.packFilters(p)
		return
	}
	for i := range s.layers {
		l, w := &s.layers[i], p.Layers[i].Weight
		copy(l.bias, p.Layers[i].Bias)
		k := l.kernel * l.in
		if backward && i > 0 {
			for o := range l.out {
				for c := range l.in {
					for t, v := range w[(o*l.in+c)*l.kernel:][:l.kernel] {
						l.plain[o*k+t*l.in+c] = v
					}
				}
			}
			l.back.Pack(l.plain, l.out, k)
		}
		for o := range l.out {
			for c := range l.in {
				for t, v := range w[(o*l.in+c)*l.kernel:][:l.kernel] {
					l.plain[(t*l.in+c)*l.out+o] = v
				}
			}
		}
		l.weights.Pack(l.plain, k, l.out)
	}
}

// Dim is how many values a frame of the stem has.
func (s *Stem) Dim() int { return s.config.Dim() }

// Frames is how many frames the stem makes of n of its input, the end among them.
func (s *Stem) Frames(n int) int { return s.outputs(n + s.missing(n)) }

// outputs is how many frames n frames of input complete.
func (s *Stem) outputs(n int) int {
	for i := range s.layers {
		n = s.layers[i].outputs(n + s.layers[i].lead)
	}
	return n
}

// missing is how many frames make, after n, one last frame of those that none covers:
// for conv the last one again, for gabor zeros, and only when there was no frame at
// all.
func (s *Stem) missing(n int) int {
	l := &s.layers[0]
	switch {
	case n == 0:
		return 0
	case s.config.Kind == KindGabor:
		return max(0, l.kernel-n)
	}
	stride := s.stride()
	return (stride - n%stride) % stride
}

// stride is that of all layers together.
func (s *Stem) stride() int {
	n := 1
	for i := range s.layers {
		n *= s.layers[i].stride
	}
	return n
}

// End is how many frames of input the first n frames cover; the last of a sequence
// may cover fewer.
func (s *Stem) End(n int) int {
	if s.config.Kind == KindGabor {
		return s.layers[0].kernel + (n-1)*s.layers[0].stride
	}
	return n * s.stride()
}

// activate writes the frames that rows of sums become to dst.
func (s *Stem) activate(l *layer, dst, z []float32, rows int) {
	if s.config.Kind == KindGabor {
		s.logPower(dst, z, rows)
		return
	}
	for i := range rows {
		out := dst[i*l.out:][:l.out]
		for j, v := range z[i*l.ld():][:l.out] {
			out[j] = max(v, 0)
		}
	}
}

// width is how many values of a frame a layer's output has.
func (s *Stem) width(l *layer) int {
	if s.config.Kind == KindGabor {
		return l.out / 2
	}
	return l.out
}

// logPower is dst = (ln(re²+im²+floor) − mean)·scale.
func (s *Stem) logPower(dst, z []float32, rows int) {
	n, l := len(s.filters), &s.layers[0]
	for i := range rows {
		re, im, out := z[i*l.ld():][:n], z[i*l.ld()+n:][:n], dst[i*n:][:n]
		for j := range out {
			out[j] = (float32(math.Log(s.power(re[j], im[j]))) - s.mean[j]) * s.scale[j]
		}
	}
}

func (s *Stem) power(re, im float32) float64 {
	return float64(float64(re)*float64(re)) + float64(float64(im)*float64(im)) + s.config.Floor
}
