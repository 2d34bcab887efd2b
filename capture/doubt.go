package capture

import (
	"fmt"
	"math"
)

// A look is what is known of the first second of a stream. Statistics of neighbours are
// those of the first channel.
type look struct {
	format Format
	n      int // values

	sum, squares    float64
	first           float32
	changes         bool    // not all values are first
	clipped         [2]int  // values at the lower and the upper end of the scale
	outside, wild   int     // beyond full scale; beyond 1e9
	tiny            int     // below 1e-9, but not 0
	bins            [16]int // of values from −1 to 1
	fractional      bool    // not all values are integers of 16 bits
	floats          [2]halves
	read, swapped   neighbours // as they are; with the two bytes of each value exchanged
	previous, other float64
}

// halves counts the values at even or at odd places that could be the upper half of a
// float of 32 bits in audio: its sign and its exponent.
type halves struct{ nonzero, positive, negative int }

// neighbours measures how values follow one another.
type neighbours struct {
	n                     int
	sum, squares, changes float64
}

func (q *neighbours) add(v, previous float64) {
	if q.n++; q.n > 1 {
		q.changes += (v - previous) * (v - previous)
	}
	q.sum += v
	q.squares += v * v
}

func (q *neighbours) variance() float64 {
	n := float64(q.n)
	return q.squares/n - q.sum/n*q.sum/n
}

// roughness is 1 for white noise, and near 0 for a signal that changes slowly.
func (q *neighbours) roughness() float64 {
	return q.changes / float64(q.n) / (2 * q.variance())
}

// add adds value i of a block, which begins with the first channel.
func (s *look) add(v float32, i int) {
	x := float64(v)
	if s.n == 0 {
		s.first = v
	}
	half := &s.floats[s.n&1]
	s.n++
	s.changes = s.changes || v != s.first
	s.sum += x
	s.squares += x * x
	size := math.Abs(x)
	switch {
	case size > 1e9:
		s.wild++
	case size > 1:
		s.outside++
	case size < 1e-9 && x != 0:
		s.tiny++
	}
	if size <= 1 {
		s.bins[min(int((x+1)*8), 15)]++
	}
	if x <= -0.98 {
		s.clipped[0]++
	} else if x >= 0.98 {
		s.clipped[1]++
	}
	if x != 0 {
		half.nonzero++
	}
	if x >= 0.35 && x < 0.499 {
		half.positive++
	} else if x >= -0.65 && x < -0.501 {
		half.negative++
	}
	if c := s.format.Channels; c <= 1 || i%c == 0 {
		s.neighbour(x)
	}
}

func (s *look) neighbour(x float64) {
	scaled := x * 32768
	if scaled != math.Trunc(scaled) || scaled < -32768 || scaled > 32767 {
		s.fractional = true
		scaled = 0
	}
	u := uint16(int16(scaled))
	y := float64(int16(u<<8|u>>8)) / 32768
	s.read.add(x, s.previous)
	s.swapped.add(y, s.other)
	s.previous, s.other = x, y
}

// Lengths of a look, in values: of a stream without a rate, and the least that suffices.
const (
	lookValues  = 16000
	leastValues = 4000
)

// complete reports whether enough has been seen: a second, or ten while nothing changes.
func (s *look) complete() bool {
	second := lookValues
	if s.format.Rate > 0 {
		second = int(min(max(s.format.Rate*float64(max(s.format.Channels, 1)), leastValues), 1<<20))
	}
	if !s.changes && s.audio() {
		return s.n >= 10*second
	}
	return s.n >= second
}

// audio reports whether the stream is fast enough to be sound, which has a full scale.
func (s *look) audio() bool { return s.format.Rate >= 4000 }

// verdict returns what looks wrong, or nil. Each rule is met by a mistake and by no signal
// that was recorded well: it asks for values that such a signal cannot have.
func (s *look) verdict() *Fault {
	if s.n < leastValues {
		return nil
	}
	n := float64(s.n)
	mean := s.sum / n
	deviation := math.Sqrt(max(s.squares/n-mean*mean, 0))
	doubt := func(format string, args ...any) *Fault {
		return &Fault{State: Doubtful, Reason: "the first second looks wrong: " + fmt.Sprintf(format, args...)}
	}
	switch {
	case float64(s.wild) > n/1000 && float64(s.tiny) > n/1000:
		return doubt("values lie between 1e-9 and 1e9 times full scale, as those of integers read as floats do: check the encoding, for example s16le in place of f32le")
	case !s.changes && s.audio():
		return &Fault{State: Silent, Reason: fmt.Sprintf("all of the first %d values are %g: check that the input is connected and not muted", s.n, s.first)}
	case !s.changes:
		return nil
	case s.byteOrder():
		return doubt("white noise, but a smooth signal with the two bytes of each sample exchanged: check the byte order, s16be in place of s16le or the other way round")
	case s.floatHalves():
		return doubt("values lie where the sign and the exponent of floats do: check the encoding, for example f32le")
	case s.audio() && s.outside+s.wild == 0 && min(s.clipped[0], s.clipped[1]) > s.n/10 && s.clipped[0]+s.clipped[1] > s.n*2/5:
		return doubt("%.0f %% of the values are at the ends of the scale: check the encoding (u8, s16le, …) and the level of the input", 100*float64(s.clipped[0]+s.clipped[1])/n)
	case s.hollow():
		return doubt("values of both signs lie near the ends of the scale and none near zero, as those of unsigned samples read as signed do: check the encoding, for example u8")
	case s.noise():
		return doubt("white noise at full level, as bytes that are no samples give: check the encoding, the byte order and the number of channels")
	case s.audio() && s.outside+s.wild == 0 && math.Abs(mean) > 0.25 && deviation < math.Abs(mean)/4:
		return doubt("the signal is offset by %.2f of full scale: check whether its samples are signed, and the coupling of the input", mean)
	}
	return nil
}

// byteOrder reports whether the signal is far smoother, and softer, with its bytes
// exchanged.
func (s *look) byteOrder() bool {
	if s.fractional || !(s.read.variance() > 0 && s.swapped.variance() > 0) {
		return false
	}
	rough := s.read.roughness()
	return rough > 0.5 && s.swapped.roughness() < rough/4 && s.swapped.variance() < s.read.variance()/2
}

// floatHalves reports whether the values at even or at odd places are the upper halves of
// floats.
func (s *look) floatHalves() bool {
	for _, h := range s.floats {
		if h.nonzero > s.n/10 && float64(h.positive+h.negative) > 0.98*float64(h.nonzero) && min(h.positive, h.negative) > h.nonzero/20 {
			return true
		}
	}
	return false
}

// hollow reports whether the signal lies at both ends of the scale and never between.
func (s *look) hollow() bool {
	middle := s.bins[6] + s.bins[7] + s.bins[8] + s.bins[9]
	return s.audio() && s.outside+s.wild == 0 && middle < s.n/500 && min(s.bins[0], s.bins[15]) > s.n/20
}

// noise reports whether the values are spread evenly over the whole scale and do not depend
// on one another.
func (s *look) noise() bool {
	if s.outside+s.wild > 0 || !(s.read.variance() > 0) {
		return false
	}
	for _, k := range s.bins {
		if share := float64(k) * 16 / float64(s.n); share < 0.7 || share > 1.3 {
			return false
		}
	}
	return s.read.roughness() > 0.9
}
