package qrs

import "math"

// Features of the context of a beat. Intervals are those between R peaks; ratios are
// logarithms within ±bound. Unknown features are 0.
const (
	Prematurity  = iota // ratio of the interval before to the mean of the last ten
	Before              // ratio of the interval before that one to the same mean
	Interval            // ln of the interval before in seconds
	Irregularity        // standard deviation of the last ten over their mean
	Tempo               // ratio of the interval before to an average over about 300 beats
	Height              // ratio of the R amplitude to the usual one
	Likeness            // correlation of the QRS complex with the usual one
	LikenessP           // the same for the part before it, with the P wave
	LikenessT           // the same for the part after it, up to 0.3 s after the R peak
	Distance            // ln of the RMS difference from the usual QRS complex over its RMS
	Width               // ln of the QRS complex's area over its height, in tenths of a second
	Broadening          // ratio of the same to the median of the last eight beats
	Pause               // ratio of the interval after to the mean of the last ten; 0 without Config.Wait
	Features            // number of features
)

const (
	bound     = 2.0
	intervals = 10
	slow      = 1.0 / 300
	longest   = 3.0 // seconds; a longer interval is a loss of signal
)

// rhythm remembers intervals.
type rhythm struct {
	known  bool  // last is set
	last   int64 // position of the last R peak
	values [intervals]float64
	n, at  int
	before float64 // the interval before the last
	slow   float64
}

func ratio(a, b float64) float32 {
	if a <= 0 || b <= 0 {
		return 0
	}
	return float32(min(max(math.Log(a/b), -bound), bound))
}

// context sets the features of intervals of the R peak at, and remembers it.
func (r *rhythm) context(f *[Features]float32, at, next int64, rate float64) {
	mean, spread := r.usual()
	f[Irregularity] = float32(min(spread, bound))
	if next > at && mean > 0 {
		f[Pause] = ratio(float64(next-at)/rate, mean)
	}
	if r.known {
		rr := min(float64(at-r.last)/rate, longest)
		f[Interval] = ratio(rr, 1)
		f[Prematurity], f[Before], f[Tempo] = ratio(rr, mean), ratio(r.before, mean), ratio(rr, r.slow)
		r.remember(rr)
	}
	r.known, r.last = true, at
}

// usual returns the mean of the last intervals, and their standard deviation over it.
func (r *rhythm) usual() (mean, spread float64) {
	if r.n == 0 {
		return 0, 0
	}
	for _, v := range r.values[:r.n] {
		mean += v
	}
	mean /= float64(r.n)
	var squares float64
	for _, v := range r.values[:r.n] {
		squares += float64((v - mean) * (v - mean))
	}
	return mean, math.Sqrt(squares/float64(r.n)) / mean
}

func (r *rhythm) remember(rr float64) {
	r.before = rr
	r.values[r.at] = rr
	r.at, r.n = (r.at+1)%intervals, min(r.n+1, intervals)
	if r.slow == 0 {
		r.slow = rr
	}
	r.slow += float64(slow * (rr - r.slow))
}

// Parameters of the usual shape.
const (
	pFrom, qrsFrom, tFrom, tTo = -0.25, -0.08, 0.1, 0.3 // bounds of its parts, in seconds from the R peak

	alike     = 0.85    // smallest correlation of a beat that changes it
	follow    = 1.0 / 8 // weight of such a beat
	strangers = 6       // number of other beats in a row after which one replaces it
)

// shape remembers R amplitudes and what a usual beat looks like.
type shape struct {
	p, qrs, t, end int64 // begins of the parts and end, in samples from the R peak
	channels       int64
	heights        recent
	widths         recent    // seconds
	usual, now     []float32 // end−p samples of every channel
	known          bool
	strange        int // beats in a row unlike the usual one
	reach          int64
}

func newShape(c *Config) shape {
	samples := func(t float64) int64 { return int64(math.Round(t * c.Rate)) }
	s := shape{p: samples(pFrom), qrs: samples(qrsFrom), t: samples(tFrom), end: samples(tTo), channels: int64(c.Channels), reach: samples(reach)}
	n := (s.end - s.p) * s.channels
	s.usual, s.now = make([]float32, n), make([]float32, n)
	return s
}

func (s *shape) forget() {
	s.heights, s.widths = recent{}, recent{}
	s.known, s.strange = false, 0
	clear(s.usual)
}

// part returns the part of a shape between two positions, counted from the R peak.
func (s *shape) part(of []float32, from, to int64) []float32 {
	return of[(from-s.p)*s.channels : (to-s.p)*s.channels]
}

// height returns the greatest deflection around an R peak, and its median over the beats
// before.
func (s *shape) height(g *Segmenter, at int64) (height, usual float64) {
	for p := max(at-s.reach, g.oldest()); p <= min(at+s.reach, g.now-1); p++ {
		for _, v := range g.sample(p) {
			height = max(height, math.Abs(float64(v)))
		}
	}
	if usual = s.heights.median(); usual == 0 {
		usual = height
	}
	return height, usual
}

// align moves an R peak to where the complex is most like the usual one, as noise may
// otherwise decide between two peaks of similar height.
func (s *shape) align(g *Segmenter, at int64) int64 {
	now, usual := s.part(s.now, s.qrs, s.t), s.part(s.usual, s.qrs, s.t)
	best, where := float32(alike), at
	for _, way := range [2]int64{1, -1} {
		for shift := int64(0); s.known && shift <= s.reach; shift++ {
			to := at + way*shift
			if to+s.qrs < g.oldest() || to+s.t > g.now {
				break
			}
			g.copy(now, to+s.qrs)
			if c := correlation(now, usual); c > best {
				best, where = c, to
			}
		}
	}
	return where
}

// context sets the features of shape, and updates the usual shape.
func (s *shape) context(f *[Features]float32, g *Segmenter, at int64, height, usual float64) {
	f[Height] = ratio(height, usual)
	s.heights.push(height)
	if at+s.p < g.oldest() || at+s.end > g.now {
		return
	}
	g.copy(s.now, at+s.p)
	qrs := s.part(s.now, s.qrs, s.t)
	width := breadth(qrs) * float64(s.t-s.qrs) / g.c.Rate
	f[Width], f[Broadening] = ratio(width, 0.1), ratio(width, s.widths.median())
	s.widths.push(width)
	if s.known {
		before := s.part(s.usual, s.qrs, s.t)
		f[LikenessP] = correlation(s.part(s.now, s.p, s.qrs), s.part(s.usual, s.p, s.qrs))
		f[Likeness], f[Distance] = correlation(qrs, before), distance(qrs, before)
		f[LikenessT] = correlation(s.part(s.now, s.t, s.end), s.part(s.usual, s.t, s.end))
	}
	s.learn(f[Likeness])
}

// distance returns ln of the RMS of a−b over that of b.
func distance(a, b []float32) float32 {
	var d, bb float64
	for i, v := range a {
		x := float64(v) - float64(b[i])
		d += float64(x * x)
		bb += float64(float64(b[i]) * float64(b[i]))
	}
	return ratio(math.Sqrt(d), math.Sqrt(bb))
}

// breadth returns the mean deflection over the greatest.
func breadth(x []float32) float64 {
	var sum, most float64
	for _, v := range x {
		a := math.Abs(float64(v))
		sum += a
		most = max(most, a)
	}
	if most == 0 {
		return 0
	}
	return sum / most / float64(len(x))
}

func (s *shape) learn(likeness float32) {
	switch {
	case !s.known || s.strange >= strangers:
		copy(s.usual, s.now)
		s.known, s.strange = true, 0
	case likeness < alike:
		s.strange++
	default:
		s.strange = 0
		for i, v := range s.now {
			s.usual[i] += float32(follow * (v - s.usual[i]))
		}
	}
}

// correlation returns Pearson's correlation, or 0 if a or b is constant.
func correlation(a, b []float32) float32 {
	var ma, mb float64
	for i, v := range a {
		ma += float64(v)
		mb += float64(b[i])
	}
	n := float64(len(a))
	ma, mb = ma/n, mb/n
	var aa, ab, bb float64
	for i, v := range a {
		x, y := float64(v)-ma, float64(b[i])-mb
		aa += float64(x * x)
		ab += float64(x * y)
		bb += float64(y * y)
	}
	if aa <= 0 || bb <= 0 {
		return 0
	}
	return float32(ab / math.Sqrt(aa*bb))
}
