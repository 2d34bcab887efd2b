package compose

import (
	"math"
	"math/rand/v2"

	"inkling/model/dataset"
)

// Purposes of random numbers. Each has its own generator.
const (
	forEvents = iota
	forBackground
)

func (o *Options) rand(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(o.Seed, uint64(o.Part)<<8|purpose))
}

func between(r *rand.Rand, span [2]float64) float64 {
	return span[0] + float64((span[1]-span[0])*r.Float64())
}

// A deck deals the numbers below n in random order, then again in another order.
type deck struct {
	rand *rand.Rand
	n    int
	left []int
}

func (d *deck) next() int {
	if len(d.left) == 0 {
		d.left = d.rand.Perm(d.n)
	}
	i := d.left[0]
	d.left = d.left[1:]
	return i
}

func (s *Stream) placeEvents(set *dataset.Set, o *Options) {
	r := o.rand(forEvents)
	d := deck{rand: r, n: len(set.Examples)}
	for at := int64(0); ; {
		i := d.next()
		start := at + int64(math.Round(between(r, o.Pause)*s.Rate))
		gain := decibel(o.Level * (2*r.Float64() - 1))
		if at = start + int64(set.Frames(i)); at > s.Frames {
			return
		}
		e := &set.Examples[i]
		s.events = append(s.events, part{samples: e.Samples, start: start, end: at, gain: float32(gain)})
		s.Events = append(s.Events, s.annotation(start, at, set.Labels[e.Label], e.Name))
	}
}

// crossFade is the overlap of background examples in seconds, or half of the shorter
// example if that is less.
const crossFade = 0.05

func (s *Stream) placeBackground(set *dataset.Set, o *Options) {
	b, r := o.Background, o.rand(forBackground)
	d := deck{rand: r, n: len(b.Examples)}
	level, fade := meanPower(set), int64(math.Round(crossFade*s.Rate))
	for at := int64(0); at < s.Frames; {
		i := d.next()
		e, n := &b.Examples[i], int64(b.Frames(i))
		gain := decibel(-between(r, o.SNR))
		if p := soundPower(e.Samples, s.block()); p > 0 {
			gain *= math.Sqrt(level / p)
		}
		if k := len(s.background); k > 0 { // the other half of it is for the next fade
			last := &s.background[k-1]
			last.fade = min(fade, (last.end-last.start)/2, n/2)
			at = last.end - last.fade
		}
		s.background = append(s.background, part{samples: e.Samples, start: at, end: at + n, gain: float32(gain)})
		if o.MarkBackground {
			s.Marks = append(s.Marks, s.annotation(at, min(at+n, s.Frames), dataset.Background, e.Name))
		}
		at += n
	}
}

func (s *Stream) annotation(start, end int64, label, name string) dataset.Annotation {
	return dataset.Annotation{Start: float64(start) / s.Rate, End: float64(end) / s.Rate, Label: label, Where: name}
}

func decibel(dB float64) float64 { return math.Pow(10, dB/20) }

// block returns the number of values in 10 ms.
func (s *Stream) block() int { return max(int(s.Rate/100), 1) * s.Channels }

// silent is the mean power below which a block counts as digital silence, −80 dB.
const silent = 1e-8

// soundPower returns the mean power of the blocks of x that are not digital silence, as
// many examples are padded with silence.
func soundPower(x []float32, block int) float64 {
	sum, n := 0.0, 0
	for len(x) > 0 {
		k := min(block, len(x))
		p := 0.0
		for _, v := range x[:k] {
			p += float64(float64(v) * float64(v))
		}
		if p > silent*float64(k) {
			sum += p
			n += k
		}
		x = x[k:]
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// meanPower returns the mean of the sound powers of the examples.
func meanPower(set *dataset.Set) float64 {
	s := Stream{Rate: set.Rate, Channels: set.Channels}
	sum := 0.0
	for i := range set.Examples {
		sum += soundPower(set.Examples[i].Samples, s.block())
	}
	return sum / float64(len(set.Examples))
}

// headroom is the greatest magnitude of a sample in a lowered stream.
const headroom = 0.999

// lower reduces all gains so far that no sample exceeds full scale.
func (s *Stream) lower() {
	loudest := s.loudest()
	if loudest <= 1 {
		return
	}
	by := headroom / loudest
	for _, parts := range [][]part{s.events, s.background} {
		for i := range parts {
			parts[i].gain = float32(float64(parts[i].gain) * by)
		}
	}
	s.Lowered = -20 * math.Log10(by)
}

// loudest returns an upper bound of the magnitude of all samples.
func (s *Stream) loudest() (most float64) {
	peaks := map[*float32]float64{}
	peak := func(p *part) float64 {
		v, ok := peaks[&p.samples[0]]
		if !ok {
			for _, x := range p.samples {
				v = max(v, math.Abs(float64(x)))
			}
			peaks[&p.samples[0]] = v
		}
		return v * float64(p.gain)
	}
	for i := range s.background {
		most = max(most, s.under(i, i+1, peak))
		if i > 0 {
			most = max(most, s.under(i-1, i+1, peak))
		}
	}
	from := 0
	for i := range s.events {
		e := &s.events[i]
		for from < len(s.background) && s.background[from].end <= e.start {
			from++
		}
		under := 0.0
		for k := from; k < len(s.background) && s.background[k].start < e.end; k++ {
			under = max(under, s.under(k, k+1, peak))
			if k > from {
				under = max(under, s.under(k-1, k+1, peak))
			}
		}
		most = max(most, peak(e)+under)
	}
	return most
}

// under returns an upper bound of the background examples [from, to). Two that fade into
// each other as a·cos and b·sin reach at most √(a²+b²).
func (s *Stream) under(from, to int, peak func(*part) float64) float64 {
	sum := 0.0
	for k := from; k < to; k++ {
		p := peak(&s.background[k])
		sum += float64(p * p)
	}
	return math.Sqrt(sum)
}
