package feature

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// A reference is the front end in float64, which the kernels are held against: first as to
// values, then as to time.
type reference struct {
	window, hop  int
	floor, scale float64
	hann         []float64
	fft          *fft
	work         fftMemory
	bands        []band
	dct          []float64
	in, powers   []float64
	mel          []float64
}

func newReference(c Config, rate float64) *reference {
	s := &reference{window: c.window(rate), hop: c.hop(rate), floor: c.Floor}
	size := 1
	for size < s.window {
		size *= 2
	}
	s.hann = make([]float64, s.window)
	var sum float64
	for i := range s.hann {
		s.hann[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(s.window))
		sum += s.hann[i]
	}
	s.scale = 2 / (sum * sum)
	s.fft = newFFT(size)
	s.work = s.fft.memory()
	s.bands = melBands(c, rate, size)
	if c.Kind == KindMFCC {
		s.dct = dctMatrix(c.Coefficients, c.Bands)
	}
	s.in, s.powers, s.mel = make([]float64, size), make([]float64, size/2+1), make([]float64, len(s.bands))
	return s
}

// frames appends the features of all whole frames of x.
func (s *reference) frames(dst, x []float32) []float32 {
	for at := 0; at+s.window <= len(x); at += s.hop {
		dst = s.frame(dst, x[at:at+s.window])
	}
	return dst
}

func (s *reference) frame(dst, x []float32) []float32 {
	for i, v := range x {
		s.in[i] = float64(float64(v) * s.hann[i])
	}
	clear(s.in[len(x):])
	s.fft.power(&s.work, s.powers, s.in, s.scale)
	for i, b := range s.bands {
		var sum float64
		for k, v := range b.weights {
			sum += float64(v * s.powers[b.first+k])
		}
		s.mel[i] = math.Log(sum + s.floor)
	}
	if s.dct == nil {
		for _, v := range s.mel {
			dst = append(dst, float32(v))
		}
		return dst
	}
	for at := 0; at < len(s.dct); at += len(s.mel) {
		var sum float64
		for n, v := range s.mel {
			sum += float64(s.dct[at+n] * v)
		}
		dst = append(dst, float32(sum))
	}
	return dst
}

func TestSpectralMatchesReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]float64{300, 8000, 11025, 16000, 44100}).Draw(t, "rate")
		c := Config{Kind: rapid.SampledFrom([]Kind{KindLogMel, KindMFCC}).Draw(t, "kind"), Bands: rapid.IntRange(1, 64).Draw(t, "bands"),
			WindowMS: rapid.Float64Range(15, 60).Draw(t, "window"), LowHz: 1}
		c, err := c.Normalize(rate, 1)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		level := rapid.SampledFrom([]float64{0, 1e-4, 0.1, 1, 1000}).Draw(t, "level")
		tone := rapid.Float64Range(0, math.Pi).Draw(t, "tone")
		x := make([]float32, int(0.2*rate))
		for i := range x {
			x[i] = float32(level * (math.Sin(tone*float64(i)) + 0.01*rng.NormFloat64()))
		}
		e, err := New(c, rate, 1)
		if err != nil {
			t.Fatal(err)
		}
		got, want := e.Push(nil, x), newReference(c, rate).frames(nil, x)
		if len(got) != len(want) {
			t.Fatalf("%d values, want %d", len(got), len(want))
		}
		for i, v := range got {
			if math.Abs(float64(v-want[i])) > 1e-4 {
				t.Fatalf("value %d: %v, want %v", i, v, want[i])
			}
		}
	})
}

// BenchmarkFront times a second of signal that arrives in blocks of 10 ms.
func BenchmarkFront(b *testing.B) {
	for _, w := range []struct {
		name string
		rate float64
		c    Config
	}{
		{"logmel-16k", 16000, Config{Kind: KindLogMel}},
		{"mfcc-8k", 8000, Config{Kind: KindMFCC, Deltas: 1}},
	} {
		c, err := w.c.Normalize(w.rate, 1)
		if err != nil {
			b.Fatal(err)
		}
		block := int(w.rate / 100)
		x := make([]float32, 100*block)
		for i := range x {
			x[i] = float32(math.Sin(float64(i * i)))
		}
		var out []float32
		b.Run(w.name+"/float64", func(b *testing.B) {
			s, d := newReference(c, w.rate), newDeltas(len(newReference(c, w.rate).frame(nil, x[:1])), c.Deltas)
			for b.Loop() {
				for at := 0; at < len(x); at += block {
					out = extend(s.frame(out[:0], x[:s.window]), d.extra())
					d.fill(out, len(out))
				}
			}
		})
		b.Run(w.name+"/kernels", func(b *testing.B) {
			e, _ := New(c, w.rate, 1)
			b.ReportAllocs()
			for b.Loop() {
				for at := 0; at < len(x); at += block {
					out = e.Push(out[:0], x[at:at+block])
				}
			}
		})
	}
}

// fft computes the discrete Fourier transform of n real values, where n is a power of
// two. The values at even and odd indices are the real and imaginary parts of n/2
// complex values, which Stockham's radix-4 algorithm transforms without reordering
// (Cochran et al. 1967). The result is then split into the two spectra.
type fft struct {
	n      int
	stages []stage
	cos    []float64 // of 2πk/n, k ≤ n/4, for splitting the spectra
	sin    []float64
}

// An fftMemory holds the values between the stages of a transform.
type fftMemory struct {
	re, im [2][]float64 // n/2 each, read and written alternately
}

func (f *fft) memory() (w fftMemory) {
	half := max(f.n/2, 1)
	for i := range 2 {
		w.re[i], w.im[i] = make([]float64, half), make([]float64, half)
	}
	return w
}

// A stage holds the twiddle factors w, w² and w³ of each butterfly as cosine and −sine.
type stage struct{ w [][6]float64 }

func newFFT(n int) *fft {
	f := &fft{n: n}
	half := max(n/2, 1)
	for size := half; size >= 4; size /= 4 {
		s := stage{w: make([][6]float64, size/4)}
		for p := range s.w {
			for k := range 3 {
				sin, cos := math.Sincos(2 * math.Pi * float64((k+1)*p) / float64(size))
				s.w[p][2*k], s.w[p][2*k+1] = cos, -sin
			}
		}
		f.stages = append(f.stages, s)
	}
	for k := range half/2 + 1 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(n))
		f.cos, f.sin = append(f.cos, cos), append(f.sin, sin)
	}
	return f
}

// power writes |X_k|²·scale for the bins k ≤ n/2 of x (n values) to dst.
func (f *fft) power(w *fftMemory, dst, x []float64, scale float64) {
	if f.n < 2 {
		dst[0] = float64(x[0]*x[0]) * scale
		return
	}
	re, im := w.re[0], w.im[0]
	for i := range re {
		re[i], im[i] = x[2*i], x[2*i+1]
	}
	re, im = f.transform(w)
	f.splitPower(dst, re, im, scale)
}

// transform computes the complex transform of w.re[0] and w.im[0] and returns the parts of
// w that hold it.
func (f *fft) transform(w *fftMemory) (re, im []float64) {
	from, step := 0, 1
	for i := range f.stages {
		f.stages[i].run(w.re[1-from], w.im[1-from], w.re[from], w.im[from], step)
		from, step = 1-from, 4*step
	}
	re, im = w.re[from], w.im[from]
	if half := len(re); step == half/2 { // a last stage of radix 2
		for q := range step {
			a, b, c, d := re[q], im[q], re[q+step], im[q+step]
			re[q], im[q], re[q+step], im[q+step] = a+c, b+d, a-c, b-d
		}
	}
	return re, im
}

// run computes a stage from x to y. The four inputs of a butterfly are a quarter of x
// apart, its outputs step apart in y.
func (s *stage) run(yr, yi, xr, xi []float64, step int) {
	if step == 1 {
		s.first(yr, yi, xr, xi)
		return
	}
	quarter := len(s.w) * step
	for p := range s.w {
		w := &s.w[p]
		at := p * step
		ar, ai := xr[at:][:step], xi[at:][:step]
		br, bi := xr[at+quarter:][:step], xi[at+quarter:][:step]
		cr, ci := xr[at+2*quarter:][:step], xi[at+2*quarter:][:step]
		dr, di := xr[at+3*quarter:][:step], xi[at+3*quarter:][:step]
		to := 4 * at
		y0r, y0i := yr[to:][:step], yi[to:][:step]
		y1r, y1i := yr[to+step:][:step], yi[to+step:][:step]
		y2r, y2i := yr[to+2*step:][:step], yi[to+2*step:][:step]
		y3r, y3i := yr[to+3*step:][:step], yi[to+3*step:][:step]
		for q := range ar {
			sr, si, tr, ti := ar[q]+cr[q], ai[q]+ci[q], ar[q]-cr[q], ai[q]-ci[q]
			ur, ui, vr, vi := br[q]+dr[q], bi[q]+di[q], br[q]-dr[q], bi[q]-di[q]
			y0r[q], y0i[q] = sr+ur, si+ui
			y1r[q], y1i[q] = times(tr+vi, ti-vr, w[0], w[1])
			y2r[q], y2i[q] = times(sr-ur, si-ui, w[2], w[3])
			y3r[q], y3i[q] = times(tr-vi, ti+vr, w[4], w[5])
		}
	}
}

// first is run for step 1.
func (s *stage) first(yr, yi, xr, xi []float64) {
	n := len(s.w)
	ar, br, cr, dr := xr[:n], xr[n:][:n], xr[2*n:][:n], xr[3*n:][:n]
	ai, bi, ci, di := xi[:n], xi[n:][:n], xi[2*n:][:n], xi[3*n:][:n]
	for p := range ar {
		w := &s.w[p]
		zr, zi := (*[4]float64)(yr[4*p:]), (*[4]float64)(yi[4*p:])
		sr, si, tr, ti := ar[p]+cr[p], ai[p]+ci[p], ar[p]-cr[p], ai[p]-ci[p]
		ur, ui, vr, vi := br[p]+dr[p], bi[p]+di[p], br[p]-dr[p], bi[p]-di[p]
		zr[0], zi[0] = sr+ur, si+ui
		zr[1], zi[1] = times(tr+vi, ti-vr, w[0], w[1])
		zr[2], zi[2] = times(sr-ur, si-ui, w[2], w[3])
		zr[3], zi[3] = times(tr-vi, ti+vr, w[4], w[5])
	}
}

// times returns a complex product. The conversions prevent fused multiply-add, so that
// every architecture rounds alike.
func times(ar, ai, br, bi float64) (re, im float64) {
	return float64(ar*br) - float64(ai*bi), float64(ar*bi) + float64(ai*br)
}

// splitPower computes the powers of X from the transform of x_even + i·x_odd. With E
// and O the transforms of the even and the odd values, X_k = E_k + e^(−2πik/n)·O_k.
func (f *fft) splitPower(dst, re, im []float64, scale float64) {
	half := f.n / 2
	square := func(a, b float64) float64 { return (float64(a*a) + float64(b*b)) * scale }
	dst[0], dst[half] = square(re[0]+im[0], 0), square(re[0]-im[0], 0)
	for k := 1; k <= half/2; k++ {
		ar, ai, br, bi := re[k], im[k], re[half-k], im[half-k]
		er, ei := 0.5*(ar+br), 0.5*(ai-bi)
		or, oi := 0.5*(ai+bi), 0.5*(br-ar)
		tr, ti := times(or, oi, f.cos[k], -f.sin[k])
		dst[k] = square(er+tr, ei+ti)
		dst[half-k] = square(er-tr, ei-ti)
	}
}
