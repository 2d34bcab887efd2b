package table

import (
	"math"
	"slices"
)

var nan = float32(math.NaN())

// GridOptions say how rows become samples.
type GridOptions struct {
	Rate   float64 // samples per second; 0: times count samples
	Bridge float64 // longest time between two values to interpolate over, in seconds, or in samples without Rate; 0: five samples
	Fill   float64 // gaps up to this long repeat the values before them; longer ones are left out
}

// A Gap is a time without rows.
type Gap struct {
	At, Seconds float64 // begin, after the first row, and length
	Line        int     // line of the row after it
	File        string  // set by Stats.Add
}

// Stats count what a Grid has done.
type Stats struct {
	Rows, Samples int
	Missing       int   // cells without a value
	Early         int   // rows before every channel had a value
	Held          []int // per channel: samples that repeat a value, as the next is too far away
	Gaps          int   // gaps left out
	Filled        int   // gaps filled
	Longest       Gap   // longest of both
	Repeated      int   // rows whose values repeat the time of those before
}

// A Grid turns rows into evenly spaced samples: sample k is at time k/Rate.
//
// A value at the time of a sample, to a thousandth of the interval, is copied. Between two
// values of a channel at most Bridge apart, samples are interpolated linearly. After a
// value that no other follows within Bridge, samples repeat it. A time longer than Bridge
// in which no channel has a value is a gap. Samples in a gap are left out, unless Fill
// covers it, and all channels begin anew.
//
// The label of a sample is that of the last row not after it. If several rows have one
// time, the first value and the first label count. A sample is delivered as soon as it
// cannot change any more, at the latest with the first row Bridge after its time.
type Grid struct {
	give   func(k int64, frame []float32, label int32)
	rate   float64
	bridge float64 // in samples
	fill   float64
	stats  Stats

	last    []float32 // last value per channel
	at      []float64 // its position in samples; −Inf: none yet
	next    []int64   // first sample per channel that may still change
	begun   int       // channels with a value
	row     float64   // position of the last row with a value
	label   int32     // its label
	labels  []int32   // from front on
	frames  []float32
	front   int64 // first sample not delivered
	tagged  int64 // first sample without a label
	drained int   // frames in memory that are delivered
}

// MostRate is the greatest number of samples per second of a grid.
const MostRate = 1e6

// Untimed returns o for rows without times, each of which is a sample.
func (o GridOptions) Untimed() GridOptions {
	if o.Rate > 0 {
		o.Bridge, o.Fill = o.Bridge*o.Rate, o.Fill*o.Rate
	}
	o.Rate = 0
	return o
}

// mostFill is the greatest number of samples to interpolate over or to fill.
const mostFill = 1 << 20

// NewGrid returns a grid that calls give with each sample: its index, its values, one per
// channel and valid during the call, and its label.
func NewGrid(channels int, o GridOptions, give func(k int64, frame []float32, label int32)) *Grid {
	g := &Grid{give: give, rate: o.Rate, last: make([]float32, channels), at: make([]float64, channels), next: make([]int64, channels)}
	if g.rate == 0 {
		g.rate = 1
	}
	if g.bridge = o.Bridge * g.rate; o.Bridge == 0 {
		g.bridge = 5
	}
	g.bridge = min(max(g.bridge, 1), mostFill)
	g.fill = min(o.Fill*g.rate, mostFill)
	g.stats.Held = make([]int, channels)
	g.reset()
	return g
}

func (g *Grid) reset() {
	for c := range g.at {
		g.at[c] = math.Inf(-1)
	}
	g.begun = 0
}

// Stats returns the counts so far.
func (g *Grid) Stats() *Stats { return &g.stats }

// Push adds the next row with its label, −1 for none.
func (g *Grid) Push(r *Row, label int32) {
	g.stats.Rows++
	g.stats.Missing += r.Missing
	if !slices.ContainsFunc(r.Values, func(v float32) bool { return v == v }) {
		return
	}
	p := g.place(r.Time)
	if g.begun > 0 {
		if p == g.row && g.repeats(p, r.Values) {
			g.stats.Repeated++
		}
		if d := p - g.row; d > g.bridge {
			g.gap(p, d, r.Line)
		}
	}
	if g.begun < len(g.at) {
		g.start(p, r.Values, label)
		return
	}
	g.tag(p, label)
	for c, v := range r.Values {
		if v == v {
			g.settle(c, p, v)
		} else if p-g.at[c] > g.bridge {
			g.hold(c, int64(math.Ceil(p))-1) // a row of the same time may follow
		}
	}
	g.row = p
	g.drain()
}

// repeats reports whether a channel with a value had one at position p before.
func (g *Grid) repeats(p float64, values []float32) bool {
	for c, v := range values {
		if v == v && g.at[c] == p {
			return true
		}
	}
	return false
}

// place returns the position of a time in samples.
func (g *Grid) place(t float64) float64 {
	p := t * g.rate
	if r := math.Round(p); math.Abs(p-r) <= 1e-3 {
		return r
	}
	return p
}

// start adds a row while some channels have no value. The first value of the last of them
// determines the first sample.
func (g *Grid) start(p float64, values []float32, label int32) {
	fresh := g.begun == 0
	for c, v := range values {
		if v != v || g.at[c] == p {
			continue
		}
		if math.IsInf(g.at[c], -1) {
			g.begun++
		}
		g.last[c], g.at[c] = v, p
	}
	if fresh || p > g.row {
		g.row, g.label = p, label
	}
	if g.begun < len(g.at) {
		g.stats.Early++
		return
	}
	g.front = int64(math.Ceil(p))
	g.tagged = g.front
	for c := range g.next {
		g.next[c] = g.front
	}
	g.tag(p, g.label)
	for c := range values {
		if g.at[c] == p {
			g.exact(c, p, g.last[c])
		}
	}
	g.drain()
}

// tag gives the samples before p the label of the row before, and a sample at p that of
// the first row there.
func (g *Grid) tag(p float64, label int32) {
	before := g.label
	if p-g.row > g.bridge {
		before = -1
	}
	for ; float64(g.tagged) < p; g.tagged++ {
		g.reach(before)
	}
	if p > g.row {
		g.label = label
	}
	if float64(g.tagged) == p {
		g.reach(g.label)
		g.tagged++
	}
}

// reach appends a sample with this label.
func (g *Grid) reach(label int32) {
	g.labels = append(g.labels, label)
	for range g.at {
		g.frames = append(g.frames, 0)
	}
}

// frame returns the values of sample k.
func (g *Grid) frame(k int64) []float32 {
	n := len(g.at)
	i := (int(k-g.front) + g.drained) * n
	return g.frames[i : i+n]
}

// settle adds the value v of channel c at position p.
func (g *Grid) settle(c int, p float64, v float32) {
	from, before := g.at[c], float64(g.last[c])
	if p == from {
		return // the first value of a time counts
	}
	if d := p - from; d > g.bridge {
		g.hold(c, int64(math.Ceil(p))-1)
	} else {
		for ; float64(g.next[c]) < p; g.next[c]++ {
			share := (float64(g.next[c]) - from) / d
			g.frame(g.next[c])[c] = float32(before + float64((float64(v)-before)*share))
		}
	}
	g.last[c], g.at[c] = v, p
	g.exact(c, p, v)
}

// exact copies a value whose position is that of a sample.
func (g *Grid) exact(c int, p float64, v float32) {
	if float64(g.next[c]) == p {
		g.frame(g.next[c])[c] = v
		g.next[c]++
	}
}

// hold repeats the last value of channel c up to and including sample k.
func (g *Grid) hold(c int, k int64) {
	for ; g.next[c] <= k; g.next[c]++ {
		g.frame(g.next[c])[c] = g.last[c]
		g.stats.Held[c]++
	}
}

// gap handles a gap of d samples before position p: it ends the signal before the gap,
// unless the gap is filled.
func (g *Grid) gap(p, d float64, line int) {
	if s := d / g.rate; s > g.stats.Longest.Seconds {
		g.stats.Longest = Gap{At: g.row / g.rate, Seconds: s, Line: line}
	}
	if d <= g.fill {
		g.stats.Filled++
		return
	}
	g.stats.Gaps++
	g.Flush()
}

// Flush delivers the remaining samples. A row that follows begins after a gap.
func (g *Grid) Flush() {
	if g.begun == len(g.at) {
		for c := range g.at {
			g.hold(c, g.tagged-1)
		}
		g.drain()
	}
	g.reset()
}

// drain delivers the samples that no channel can change any more.
func (g *Grid) drain() {
	ready := g.tagged
	for _, k := range g.next {
		ready = min(ready, k)
	}
	n := len(g.at)
	for g.front < ready {
		i := g.drained
		g.give(g.front, g.frames[i*n:(i+1)*n], g.labels[i])
		g.stats.Samples++
		g.drained++
		g.front++
	}
	if g.drained == len(g.labels) {
		g.drained, g.frames, g.labels = 0, g.frames[:0], g.labels[:0]
	} else if g.drained > 64 {
		g.labels = g.labels[:copy(g.labels, g.labels[g.drained:])]
		g.frames = g.frames[:copy(g.frames, g.frames[g.drained*n:])]
		g.drained = 0
	}
}
