package stem

import (
	"math"

	"inkling/internal/f32"
	"inkling/internal/shared"
)

// A layer is a strided convolution, computed as a matrix product: row j of its sums is
// the bias plus the concatenated inputs [j·stride, j·stride+kernel) times the weights.
type layer struct {
	in, out        int // values per row
	kernel, stride int
	lead           int // zero rows before the first input

	weights f32.Matrix // (kernel·in)×out
	bias    []float32  // out, padded to panels
	back    f32.Matrix // out×(kernel·in), for Backward
	plain   []float32  // scratch of Pack; gabor: the filters
}

// ld returns the length of a row of sums.
func (l *layer) ld() int { return len(l.bias) }

// outputs returns the number of outputs for n rows, including the leading ones.
func (l *layer) outputs(n int) int {
	if n < l.kernel {
		return 0
	}
	return (n-l.kernel)/l.stride + 1
}

// held returns how many of n rows, including the leading ones, later outputs need.
func (l *layer) held(n int) int { return n - l.outputs(n)*l.stride }

// sums writes the given number of rows of sums to z.
func (l *layer) sums(z, x []float32, rows int) {
	for i := range rows {
		copy(z[i*l.ld():], l.bias)
	}
	l.weights.MulAdd(z, l.ld(), x, l.stride*l.in, rows)
}

// A Stem is a stem with its weights packed. Only Pack and Fit change it, so any number
// of streams may share it.
type Stem struct {
	config Config
	in     int
	layers []layer
	rate   float64

	// gabor
	filters     []filter
	mean, scale []float32

	held   shared.Pool[held]
	memory shared.Pool[memory]
}

// New returns a stem with the parameters p, for frames of in features and a signal with
// the given rate in samples per second. c must come from Normalize.
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

// Pack replaces the parameters by p. Backward needs them packed with backward set. Pack
// must not run concurrently with any other use of s.
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

// Dim returns the number of values per frame of the stem.
func (s *Stem) Dim() int { return s.config.Dim() }

// Frames returns the number of frames that the stem gives for a signal of n input
// frames, including the last one, which Flush completes.
func (s *Stem) Frames(n int) int { return s.outputs(n + s.missing(n)) }

// outputs returns the number of frames that n input frames complete.
func (s *Stem) outputs(n int) int {
	for i := range s.layers {
		n = s.layers[i].outputs(n + s.layers[i].lead)
	}
	return n
}

// missing returns the number of input frames that must follow n frames to complete the
// last output frame. For conv they repeat the last frame. For gabor they are zeros, and
// needed only if there was no output frame at all.
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

// within returns a number of input frames of which the layers hold and lack the same as of
// count, which may be more than an int of 32 bits has room for.
func (s *Stem) within(count uint64) int {
	const far = 1 << 28 // farther than any kernel reaches
	if count < far {
		return int(count)
	}
	return far + int((count-far)%uint64(s.stride()))
}

// stride returns the product of the strides of all layers.
func (s *Stem) stride() int {
	n := 1
	for i := range s.layers {
		n *= s.layers[i].stride
	}
	return n
}

// End returns the number of input frames that the first n frames cover. The last frame
// of a sequence may cover fewer.
func (s *Stem) End(n int) int {
	if s.config.Kind == KindGabor {
		return s.layers[0].kernel + (n-1)*s.layers[0].stride
	}
	return n * s.stride()
}

// activate applies the activation function to rows of sums and writes the frames to
// dst.
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

// width returns the number of values per frame of a layer's output.
func (s *Stem) width(l *layer) int {
	if s.config.Kind == KindGabor {
		return l.out / 2
	}
	return l.out
}

// logPower computes dst = (ln(re²+im²+floor) − mean)·scale.
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
