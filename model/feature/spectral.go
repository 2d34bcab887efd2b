package feature

import (
	"math"
	"slices"

	"inkling/internal/f32"
	"inkling/internal/shared"
)

// spectral computes log-mel bands, MFCC and moments of the spectrum.
//
// Frame n covers samples [n·hop, n·hop+window) of the mean of the channels, weighted
// by a periodic Hann window w. X is the DFT of the frame, padded to N samples, the
// next power of two, and the power of bin k is |X_k|²·2/(Σw)². A sine of amplitude a at
// the centre of a bin thus has the power a²/2, and the floor is relative to full scale.
//
// A band is the sum of powers weighted by a triangle of height 1, which ends at the
// centres of the neighbouring bands. The centres are equidistant on the mel scale
// 2595·log10(1+f/700) (O'Shaughnessy 1987, as in HTK). A triangle without a bin uses
// the bin nearest to its centre. The log-mel feature is ln(band + floor). MFCC are the
// first coefficients of the orthonormal DCT-II of these (Davis and Mermelstein 1980).
type spectral struct {
	*spectrum
	channels int
	buffer   *samples // mono samples of the next frame; nil: none
	frames   int      // since Reset
	memo     *shared.Memo
}

// A spectrum is what all streams with the same front end share.
type spectrum struct {
	window, hop int
	floor       float64
	transform   *f32.Transform
	mel         f32.Bank
	dct         f32.Bank // coefficients×bands, for MFCC
	moments     *moments // nil for log-mel and MFCC

	buffers shared.Pool[samples]
	scratch shared.Pool[spectrumMemory]
}

type samples struct{ v []float32 }

// A spectrumMemory holds the intermediate values of a frame. Zeros follow the bins of power
// and finite values those of mel, as many as the kernels read.
type spectrumMemory struct {
	scratch    []float64
	power, mel []float32
}

// A band is a weighted sum of the bins from first on.
type band struct {
	first   int
	weights []float64
}

// spectra are those in use, by the front end's Config and the rate.
var spectra shared.Cache[spectrumKey, spectrum]

type spectrumKey struct {
	Config
	rate float64
}

func newSpectral(c Config, rate float64, channels int) *spectral {
	key := spectrumKey{c, rate}
	key.Deltas, key.Context, key.MeanPrior, key.MeanMemory, key.MeanPower = 0, 0, 0, 0, 0 // these are the extractor's
	return &spectral{channels: channels, spectrum: spectra.Get(key, func() *spectrum { return newSpectrum(c, rate) })}
}

func newSpectrum(c Config, rate float64) *spectrum {
	s := &spectrum{window: c.window(rate), hop: c.hop(rate), floor: c.Floor}
	size := 1
	for size < s.window {
		size *= 2
	}
	s.transform = f32.NewTransform(size, hann(s.window))
	if c.Kind == KindMoments {
		s.moments = newMoments(c, rate, size)
		return s
	}
	for _, b := range melBands(c, rate, size) {
		s.mel.Add(b.first, b.weights)
	}
	if c.Kind == KindMFCC {
		for row := range slices.Chunk(dctMatrix(c.Coefficients, c.Bands), c.Bands) {
			s.dct.Add(0, row)
		}
	}
	return s
}

// hann returns the periodic window, scaled so that |X|² is the power of a bin.
func hann(n int) []float64 {
	w := make([]float64, n)
	var sum float64
	for i := range w {
		w[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(n))
		sum += w[i]
	}
	for i := range w {
		w[i] *= math.Sqrt2 / sum
	}
	return w
}

// borrow returns memory for a frame, to be put back into s.scratch.
func (s *spectrum) borrow() *spectrumMemory {
	w := s.scratch.Get()
	if w.scratch == nil {
		*w = spectrumMemory{
			scratch: make([]float64, s.transform.Scratch()),
			power:   make([]float32, max(s.transform.Bins(), s.mel.Need())),
			mel:     make([]float32, max(eights(s.mel.Rows()), s.dct.Need())),
		}
	}
	return w
}

// eights rounds n up to a multiple of eight.
func eights(n int) int { return (n + 7) &^ 7 }

func mel(hz float64) float64    { return 2595 * math.Log10(1+hz/700) }
func unmel(mel float64) float64 { return 700 * (math.Pow(10, mel/2595) - 1) }

func melBands(c Config, rate float64, size int) []band {
	low, high := mel(c.LowHz), mel(c.HighHz)
	edge := func(i int) float64 { return unmel(low + (high-low)*float64(i)/float64(c.Bands+1)) }
	bin := rate / float64(size)
	bands := make([]band, c.Bands)
	for i := range bands {
		left, centre, right := edge(i), edge(i+1), edge(i+2)
		b := band{first: -1}
		for k := range size/2 + 1 {
			f := float64(k) * bin
			w := min((f-left)/(centre-left), (right-f)/(right-centre))
			if w <= 0 {
				continue
			}
			if b.first < 0 {
				b.first = k
			}
			b.weights = append(b.weights, w)
		}
		if b.first < 0 {
			b = band{first: min(int(math.Round(centre/bin)), size/2), weights: []float64{1}}
		}
		bands[i] = b
	}
	return bands
}

func dctMatrix(coefficients, bands int) []float64 {
	m := make([]float64, coefficients*bands)
	for k := range coefficients {
		norm := math.Sqrt(2 / float64(bands))
		if k == 0 {
			norm = math.Sqrt(1 / float64(bands))
		}
		for n := range bands {
			m[k*bands+n] = norm * math.Cos(math.Pi*float64(k)*(float64(n)+0.5)/float64(bands))
		}
	}
	return m
}

func (s *spectral) dim() int {
	if s.moments != nil {
		return momentFeatures
	}
	if n := s.dct.Rows(); n > 0 {
		return n
	}
	return s.mel.Rows()
}

func (s *spectral) end(n int) int { return (n-1)*s.hop + s.window }

func (s *spectral) reset() {
	s.frames = 0
	if s.buffer != nil {
		s.buffer.v = s.buffer.v[:0]
		s.buffers.Put(s.buffer)
		s.buffer = nil
	}
}

func (s *spectral) push(dst, samples []float32, extra int) []float32 {
	s.memo.Expect((s.have() + len(samples)/s.channels) / s.hop)
	for len(samples) >= s.channels {
		n := min(len(samples)/s.channels, s.window-s.have())
		x := s.room(n)
		if s.channels == 1 {
			copy(x, samples)
		} else {
			for i := range x {
				x[i] = s.mono(samples[i*s.channels:])
			}
		}
		samples = samples[n*s.channels:]
		if b := s.buffer; len(b.v) == s.window {
			dst = extend(s.memo.Append(dst, s.spectrum, 0, b.v), extra)
			s.frames++
			b.v = b.v[:copy(b.v, b.v[s.hop:])]
		}
	}
	return dst
}

// have returns the number of samples of the next frame that there are.
func (s *spectral) have() int {
	if s.buffer == nil {
		return 0
	}
	return len(s.buffer.v)
}

// room makes room for n more samples, at most a window in all, and returns it. The buffer
// grows with what arrives, since a segment may end before its first frame.
func (s *spectral) room(n int) []float32 {
	if s.buffer == nil {
		s.buffer = s.buffers.Get()
	}
	b, from := s.buffer, len(s.buffer.v)
	if need := from + n; need > cap(b.v) {
		b.v = append(make([]float32, 0, min(max(need, 2*cap(b.v)), s.window)), b.v...)
	}
	b.v = b.v[:from+n]
	return b.v[from:]
}

// mono returns the mean of the channels at one time.
func (s *spectral) mono(samples []float32) float32 {
	var sum float32
	for _, v := range samples[:s.channels] {
		sum += v
	}
	return sum / float32(s.channels)
}

func (s *spectral) flush(dst []float32, extra int) []float32 {
	if s.frames > 0 || s.have() == 0 {
		return dst
	}
	return extend(s.frame(dst, s.buffer.v), extra)
}

// Compute implements shared.Function.
func (s *spectrum) Compute(dst []float32, _ uint64, x []float32) []float32 { return s.frame(dst, x) }

// frame appends the features of the window that begins with x and ends with zeros.
func (s *spectrum) frame(dst, x []float32) []float32 {
	w := s.borrow()
	defer s.scratch.Put(w)
	s.transform.Power(w.power, x, w.scratch)
	if s.moments != nil {
		return s.moments.append(dst, w.power, s.floor)
	}
	bands := s.mel.Rows()
	s.mel.Apply(w.mel, w.power)
	f32.Log(w.mel[:eights(bands)], float32(s.floor))
	n := s.dct.Rows()
	if n == 0 {
		return append(dst, w.mel[:bands]...)
	}
	dst = slices.Grow(dst, n)[:len(dst)+n]
	s.dct.Apply(dst[len(dst)-n:], w.mel)
	return dst
}

func (s *spectral) appendState(dst []byte) []byte {
	dst = appendInt(appendInt(dst, s.frames), s.have())
	if s.buffer == nil {
		return dst
	}
	return appendFloats(dst, s.buffer.v)
}

func (s *spectral) restore(d *decoder) {
	s.reset()
	frames, n := d.int(), d.int()
	if frames < 0 || n < 0 || n >= s.window || 4*n > len(d.data) {
		d.bad = true
		return
	}
	if s.frames = frames; n > 0 {
		d.floats(s.room(n))
	}
}
