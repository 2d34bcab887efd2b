package table

import (
	"math"
	"slices"
)

var nan = float32(math.NaN())

// GridOptions say how rows become samples.
type GridOptions struct {
	Rate   float64 // samples a second; 0: Time counts samples
	Bridge float64 // the longest time between two values to interpolate over, in seconds, or samples without Rate; 0: five samples
	Fill   float64 // gaps up to this long are filled with the values before them instead of left out
}

// A Gap is a time without a row.
type Gap struct {
	At, Seconds float64 // begin since the first row, and length
	Line        int     // of the row after it
	File        string  // by Stats.Add
}

// Stats count what a Grid has done.
type Stats struct {
	Rows, Samples int
	Missing       int   // cells without a value
	Early         int   // rows before every channel had a value
	Held          []int // of each channel: samples that repeat a value, the next being too far
	Gaps          int   // left out
	Filled        int   // filled
	Longest       Gap   // of both
	Repeated      int   // rows with the time of the row before
}

// A Grid puts rows on a grid of even samples, sample k at time k/Rate. A value at a
// sample's very time (to a thousandth of an interval) is taken as it is; between two
// values of a channel no further apart than Bridge it is interpolated linearly;
// behind a value that no other follows so soon it is held. Where no channel has a
// value for longer than Bridge there is a gap: unless it is filled, the samples in it
// are not given, and all channels begin anew. A sample is given as soon as it is
// settled, at the latest with the first row Bridge after its time. Its label is that of the last row
// not after it. Of several values, or labels, of one time the first counts.
type Grid struct {
	give   func(k int64, frame []float32, label int32)
	rate   float64
	bridge float64 // in samples
	fill   float64
	stats  Stats

	last    []float32 // of each channel
	at      []float64 // where, in samples; −1: none yet
	next    []int64   // first sample not settled
	begun   int       // channels with a value
	row     float64   // where the last row with a value was
	label   int32     // of it
	labels  []int32   // from front on
	frames  []float32
	front   int64 // first sample not given
	tagged  int64 // first sample without a label
	drained int   // frames given of those in memory
}

// MostRate bounds the samples a second of a grid.
const MostRate = 1e6

// Untimed is o for rows without times: each is a sample.
func (o GridOptions) Untimed() GridOptions {
	if o.Rate > 0 {
		o.Bridge, o.Fill = o.Bridge*o.Rate, o.Fill*o.Rate
	}
	o.Rate = 0
	return o
}

// mostFill is how many samples of a gap may be filled.
const mostFill = 1 << 20

// NewGrid makes a grid that calls give with each sample: its index, a value a channel,
// valid during the call, and the label of its row.
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
		g.at[c] = -1
	}
	g.begun = 0
}

// Stats counts so far.
func (g *Grid) Stats() *Stats { return &g.stats }

// Push takes the next row with its label; −1: none.
func (g *Grid) Push(r *Row, label int32) {
	g.stats.Rows++
	g.stats.Missing += r.Missing
	if !slices.ContainsFunc(r.Values, func(v float32) bool { return v == v }) {
		return
	}
	p := g.place(r.Time)
	if g.begun > 0 {
		if p == g.row {
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

// place is where a time is on the grid.
func (g *Grid) place(t float64) float64 {
	p := t * g.rate
	if r := math.Round(p); math.Abs(p-r) <= 1e-3 {
		return r
	}
	return p
}

// start takes a row while there are channels without a value. With the last of them
// the first sample is known.
func (g *Grid) start(p float64, values []float32, label int32) {
	fresh := g.begun == 0
	for c, v := range values {
		if v != v || g.at[c] == p {
			continue
		}
		if g.at[c] < 0 {
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

// tag labels the samples before p as the row before, and p's own.
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

// reach makes room for another sample.
func (g *Grid) reach(label int32) {
	g.labels = append(g.labels, label)
	for range g.at {
		g.frames = append(g.frames, 0)
	}
}

// frame is the memory of sample k.
func (g *Grid) frame(k int64) []float32 {
	n := len(g.at)
	i := (int(k-g.front) + g.drained) * n
	return g.frames[i : i+n]
}

// settle takes the value v of channel c at p.
func (g *Grid) settle(c int, p float64, v float32) {
	from, before := g.at[c], float64(g.last[c])
	if p == from {
		return // the first of a time counts
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

// exact takes a value that is on a sample.
func (g *Grid) exact(c int, p float64, v float32) {
	if float64(g.next[c]) == p {
		g.frame(g.next[c])[c] = v
		g.next[c]++
	}
}

// hold repeats the last value of channel c up to sample k.
func (g *Grid) hold(c int, k int64) {
	for ; g.next[c] <= k; g.next[c]++ {
		g.frame(g.next[c])[c] = g.last[c]
		g.stats.Held[c]++
	}
}

// gap ends what is before a time without rows, unless it is to be filled.
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

// Flush gives what is left at the end. A row may follow, after a gap.
func (g *Grid) Flush() {
	if g.begun == len(g.at) {
		for c := range g.at {
			g.hold(c, g.tagged-1)
		}
		g.drain()
	}
	g.reset()
}

// drain gives the samples that are settled in all channels.
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
