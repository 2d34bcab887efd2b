package feature

import "math"

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
	channels, window, hop int
	floor, scale          float64
	hann                  []float64
	fft                   *fft
	bands                 []band
	dct                   []float64 // coefficients×bands, for MFCC
	moments               *moments  // nil for log-mel and MFCC

	buffer []float32 // mono samples of the next frame
	frames int       // since Reset

	in    []float64
	power []float64
	mel   []float64
}

// A band is a weighted sum of the bins from first on.
type band struct {
	first   int
	weights []float64
}

func newSpectral(c Config, rate float64, channels int) *spectral {
	s := &spectral{channels: channels, window: c.window(rate), hop: c.hop(rate), floor: c.Floor}
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
	s.in, s.power = make([]float64, size), make([]float64, size/2+1)
	s.buffer = make([]float32, 0, s.window)
	if c.Kind == KindMoments {
		s.moments = newMoments(c, rate, size)
		return s
	}
	s.bands = melBands(c, rate, size)
	s.mel = make([]float64, len(s.bands))
	if c.Kind == KindMFCC {
		s.dct = dctMatrix(c.Coefficients, c.Bands)
	}
	return s
}

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
	if s.dct != nil {
		return len(s.dct) / len(s.bands)
	}
	return len(s.bands)
}

func (s *spectral) end(n int) int { return (n-1)*s.hop + s.window }

func (s *spectral) reset() {
	s.buffer = s.buffer[:0]
	s.frames = 0
}

func (s *spectral) push(dst, samples []float32, extra int) []float32 {
	for ; len(samples) >= s.channels; samples = samples[s.channels:] {
		s.buffer = append(s.buffer, s.mono(samples))
		if len(s.buffer) == s.window {
			dst = extend(s.frame(dst), extra)
			s.buffer = s.buffer[:copy(s.buffer, s.buffer[s.hop:])]
		}
	}
	return dst
}

// mono returns the mean of the channels at one time.
func (s *spectral) mono(samples []float32) float32 {
	if s.channels == 1 {
		return samples[0]
	}
	var sum float32
	for _, v := range samples[:s.channels] {
		sum += v
	}
	return sum / float32(s.channels)
}

func (s *spectral) flush(dst []float32, extra int) []float32 {
	if s.frames > 0 || len(s.buffer) == 0 {
		return dst
	}
	s.buffer = extend(s.buffer, s.window-len(s.buffer))
	return extend(s.frame(dst), extra)
}

// frame appends the features of the window in the buffer.
func (s *spectral) frame(dst []float32) []float32 {
	s.frames++
	for i, v := range s.buffer {
		s.in[i] = float64(float64(v) * s.hann[i])
	}
	s.fft.power(s.power, s.in, s.scale)
	if s.moments != nil {
		return s.moments.append(dst, s.power, s.floor)
	}
	for i, b := range s.bands {
		var sum float64
		for k, w := range b.weights {
			sum += float64(w * s.power[b.first+k])
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

func (s *spectral) appendState(dst []byte) []byte {
	dst = appendInt(appendInt(dst, s.frames), len(s.buffer))
	return appendFloats(dst, s.buffer)
}

func (s *spectral) restore(d *decoder) {
	frames, n := d.int(), d.int()
	if frames < 0 || n < 0 || n >= s.window {
		d.bad = true
		return
	}
	s.frames = frames
	s.buffer = s.buffer[:n]
	d.floats(s.buffer)
}
