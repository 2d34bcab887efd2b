package feature

import "math"

// stats computes, for every patch of samples, logarithmic powers of each channel: the
// variance, and the mean square of the differences over 1, 2, 4, … samples, which
// emphasise fast changes as a filter bank does (the structure function of Kolmogorov
// 1941). Only differences that end within the patch and begin within the signal count.
// A feature is ln(power + floor), in squared units of the signal. With means, the mean
// of each channel comes first.
type stats struct {
	channels, samples, lags int
	means                   bool
	floor                   float64

	past    []float32 // ring of the last samples, channels interleaved
	seen    int       // samples since Reset, at most the longest lag
	at      int       // index of the next sample in past
	patches int       // 1 if there was a patch since Reset, else 0
	have    int       // samples in the current patch
	first   []float32 // first sample of the patch, which sum and power are relative to
	sum     []float64 // per channel
	power   []float64 // sums of squares per channel: of the samples, then of the differences
	count   []float64 // differences per lag
}

func newStats(c Config, channels int) *stats {
	return &stats{channels: channels, samples: c.Samples, lags: c.Lags, means: c.Means, floor: c.Floor,
		past: make([]float32, channels<<max(c.Lags-1, 0)), first: make([]float32, channels),
		sum: make([]float64, channels), power: make([]float64, channels*(1+c.Lags)), count: make([]float64, c.Lags)}
}

func (s *stats) dim() int {
	n := s.channels * (1 + s.lags)
	if s.means {
		n += s.channels
	}
	return n
}

func (s *stats) end(n int) int { return n * s.samples }

func (s *stats) reset() {
	s.patches, s.seen, s.at = 0, 0, 0
	clear(s.past)
	s.begin()
}

// begin starts a patch.
func (s *stats) begin() {
	s.have = 0
	clear(s.first)
	clear(s.sum)
	clear(s.power)
	clear(s.count)
}

func (s *stats) push(dst, samples []float32, extra int) []float32 {
	for ; len(samples) >= s.channels; samples = samples[s.channels:] {
		s.add(samples[:s.channels])
		if s.have == s.samples {
			dst = extend(s.frame(dst), extra)
			s.patches = 1
			s.begin()
		}
	}
	return dst
}

// add adds one sample of every channel to the sums.
func (s *stats) add(x []float32) {
	if s.have == 0 {
		copy(s.first, x)
	}
	s.have++
	for c, v := range x {
		d := float64(v) - float64(s.first[c])
		s.sum[c] += d
		s.power[c] += float64(d * d)
	}
	ring := len(s.past) / s.channels
	for l := range s.lags {
		lag := 1 << l
		if s.seen < lag {
			break
		}
		before := s.past[(s.at+ring-lag)%ring*s.channels:][:s.channels]
		for c, v := range x {
			d := float64(v) - float64(before[c])
			s.power[(1+l)*s.channels+c] += float64(d * d)
		}
		s.count[l]++
	}
	copy(s.past[s.at*s.channels:], x)
	s.at = (s.at + 1) % ring
	s.seen = min(s.seen+1, ring)
}

// frame appends the features of the current patch.
func (s *stats) frame(dst []float32) []float32 {
	n := float64(s.have)
	if s.means {
		for c, v := range s.sum {
			dst = append(dst, float32(float64(s.first[c])+v/n))
		}
	}
	for c, v := range s.sum {
		mean := v / n
		dst = append(dst, s.log(s.power[c]/n-float64(mean*mean)))
	}
	for i, v := range s.power[s.channels:] {
		dst = append(dst, s.log(v/max(s.count[i/s.channels], 1)))
	}
	return dst
}

func (s *stats) log(power float64) float32 { return float32(math.Log(max(power, 0) + s.floor)) }

// flush makes a frame of an incomplete patch only if it is the first.
func (s *stats) flush(dst []float32, extra int) []float32 {
	if s.patches > 0 || s.have == 0 {
		return dst
	}
	return extend(s.frame(dst), extra)
}

func (s *stats) appendState(dst []byte) []byte {
	for _, v := range []int{s.patches, s.have, s.seen, s.at} {
		dst = appendInt(dst, v)
	}
	dst = appendFloats(appendFloats(dst, s.past), s.first)
	return appendDoubles(appendDoubles(appendDoubles(dst, s.sum), s.power), s.count)
}

func (s *stats) restore(d *decoder) {
	s.patches, s.have, s.seen, s.at = d.int(), d.int(), d.int(), d.int()
	d.floats(s.past)
	d.floats(s.first)
	d.doubles(s.sum)
	d.doubles(s.power)
	d.doubles(s.count)
	ring := len(s.past) / s.channels
	if s.patches < 0 || s.have < 0 || s.have >= s.samples || s.seen < 0 || s.seen > ring || s.at < 0 || s.at >= ring {
		d.bad = true
	}
}
