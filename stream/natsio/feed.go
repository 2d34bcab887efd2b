package natsio

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"inkling/capture"
	"inkling/internal/table"
)

// GridOptions says how rows with times become samples. A zero field takes the default in brackets.
type GridOptions struct {
	Rate   float64       // samples per second; 0: rows are samples as they come, whatever their times
	Bridge float64       // longest time between two values to interpolate over, in seconds [five samples]
	Fill   float64       // gaps up to this many seconds repeat the values before them; longer ones are left out
	Late   time.Duration // how long after those behind it a row may come, and one subject after another [500ms]
}

func (g *GridOptions) late() float64 { return cmp.Or(g.Late, 500*time.Millisecond).Seconds() }

// A feed puts the rows of one stream, which have times, into their order and on a grid.
type feed struct {
	stream  string
	grid    *GridOptions
	format  capture.Format
	parts   []feedPart // one for each subject
	order   *table.Order
	samples *table.Sampler
	row     table.Row
	base    *table.Clock // that the times of all parts count from; nil: not yet known
	origin  time.Time    // of time 0; zero: unknown
	ahead   int          // rows that came before that
	newest  float64      // time of rows
	oldest  float64
	arrived time.Time // of the last message
	touched time.Time // when that was read
	line    int       // rows so far

	suspects []rawRow // rows in turn whose times jump
	repeated int
	late     int
	latest   float64 // most seconds that a row was late
	silent   bool    // it has been told which channels have had no value
	overdue  map[table.Mask]bool
	tell     func(state capture.Health, reason string)
}

// A feedPart is one subject of a stream.
type feedPart struct {
	subject string
	clock   *table.Clock // nil: not yet known
	guess   *table.Clock // by the rows so far
	shift   float64      // seconds from the time of base to that of clock
	ahead   []rawRow
}

// A rawRow is a row as it came.
type rawRow struct {
	part   int
	time   table.Time
	has    table.Mask
	values []float32
	hint   table.Hint
}

// jump is how far ahead of all others a time is that of another clock, in seconds: a year.
const jump = 366 * 86400

// mostAhead bounds the rows that wait for their clock.
const mostAhead = 4096

func newFeed(stream string, subjects []string, f capture.Format, g *GridOptions) *feed {
	d := &feed{stream: stream, grid: g, format: f, overdue: map[table.Mask]bool{}}
	for _, s := range subjects {
		d.parts = append(d.parts, feedPart{subject: s})
	}
	d.init()
	return d
}

// init begins with the grid of the format.
func (d *feed) init() {
	d.samples = table.NewSampler(d.format.Channels, table.GridOptions{Rate: d.format.Rate, Bridge: d.grid.Bridge, Fill: d.grid.Fill}, 1)
	d.begin()
}

// begin begins with rows of unknown clocks.
func (d *feed) begin() {
	all := table.All
	if d.format.Channels < 64 {
		all = 1<<d.format.Channels - 1
	}
	d.order = table.NewOrder(all, d.grid.late())
	d.base, d.ahead, d.newest, d.oldest = nil, 0, math.Inf(-1), math.Inf(1)
	for i := range d.parts {
		p := &d.parts[i]
		p.clock, p.guess, p.shift, p.ahead = nil, nil, 0, nil
	}
}

// message adds the rows of a message of a part.
func (d *feed) message(part int, m *message, hint table.Hint) error {
	if m.mark&capture.MarkBegin != 0 {
		d.settle()
		d.samples.Mark(uint8(capture.MarkBegin), false)
	}
	var bad error
	width := m.format.Channels
	for i := range m.times {
		r := rawRow{part, m.times[i], m.maskOf(i), m.samples[i*width : (i+1)*width], hint}
		if err := d.push(r); err != nil && bad == nil {
			bad = err
		}
	}
	d.release(false)
	if m.mark&capture.MarkEnd != 0 {
		d.settle()
		d.samples.Mark(uint8(capture.MarkEnd), true)
	}
	return bad
}

// push adds a row.
func (d *feed) push(r rawRow) error {
	d.line++
	p := &d.parts[r.part]
	if p.clock == nil {
		r.values = slices.Clone(r.values)
		return d.wait(r)
	}
	at, err := p.clock.At(r.time)
	if err != nil {
		return err
	}
	at += p.shift
	if at > d.newest+jump && !math.IsInf(d.newest, -1) {
		return d.suspect(r, at)
	}
	missing := 0
	for c, v := range r.values {
		if v != v && r.has&table.Has(c) != 0 {
			missing++
		}
	}
	d.row = table.Row{Line: d.line, Time: at, Values: r.values, Missing: missing}
	switch d.order.Push(r.part, r.has, &d.row) {
	case table.Repeated:
		d.repeated++
		d.tell(capture.Up, fmt.Sprintf("rows that come again are left out (%d so far)", d.repeated))
	case table.Late:
		return d.suspect(r, at)
	default:
		d.newest, d.oldest = max(d.newest, at), min(d.oldest, at)
		d.acquit()
	}
	return nil
}

// suspect takes a row whose time is behind what has been released, or far ahead. Some of
// them in turn mean that the clock was set: the stream begins anew with them.
func (d *feed) suspect(r rawRow, at float64) error {
	far := at > d.newest || d.newest-at > 10
	enough := 5
	if far {
		enough = 2
	}
	if n := len(d.suspects); n > 0 {
		if last, err := d.parts[r.part].clock.At(d.suspects[n-1].time); err != nil || d.suspects[n-1].part != r.part || at-d.parts[r.part].shift < last || at-d.parts[r.part].shift > last+3600 {
			d.acquit()
		}
	}
	r.values = slices.Clone(r.values)
	if d.suspects = append(d.suspects, r); len(d.suspects) < enough {
		return nil
	}
	again := d.suspects
	d.suspects = nil
	d.tell(capture.Up, fmt.Sprintf("the clock of the sensor was set by %.6g s: the stream begins anew", at-d.newest))
	d.release(true)
	d.samples.Anew(d.stream)
	d.begin()
	for _, r := range again {
		d.line--
		if err := d.push(r); err != nil {
			return err
		}
	}
	return nil
}

// acquit leaves out the rows that were suspected: the clock was not set.
func (d *feed) acquit() {
	for _, r := range d.suspects {
		d.late++
		behind := 0.0
		if at, err := d.parts[r.part].clock.At(r.time); err == nil {
			behind = d.newest - at - d.parts[r.part].shift
		}
		if behind < 0 {
			d.tell(capture.Down, fmt.Sprintf("a row with the time %s is left out: it is %.6g s ahead of the others (%d so far)", cut(r.time.String()), -behind, d.late))
			continue
		}
		d.latest = max(d.latest, behind)
		d.tell(capture.Down, fmt.Sprintf("rows that come late are left out (%d so far, by up to %.3g s): raise GridOptions.Late, or send them in order", d.late, d.latest))
	}
	d.suspects = d.suspects[:0]
}

// release gives the rows whose turn has come to the grid. With all set no row waits.
func (d *feed) release(all bool) {
	if all && d.base == nil && d.ahead > 0 {
		for i := range d.parts {
			if p := &d.parts[i]; len(p.ahead) > 0 && p.guess == nil {
				if err := d.guess(p, true); err != nil {
					d.tell(capture.Down, fmt.Sprintf("rows are left out: %v", err))
				}
			}
		}
		if err := d.start(); err != nil {
			d.tell(capture.Down, err.Error())
		}
	}
	for r := d.order.Pop(all); r != nil; r = d.order.Pop(all) {
		d.samples.Push(r)
	}
}

// settle completes the samples of all rows that have come.
func (d *feed) settle() {
	d.release(true)
	d.samples.Flush(d.stream)
}

// waits reports whether rows wait for others.
func (d *feed) waits() bool { return d.order.Waiting() > 0 || d.ahead > 0 }

// watch tells which channels lack values.
func (d *feed) watch(names []string) {
	behind := map[table.Mask]bool{}
	d.order.Overdue(func(part int, has table.Mask, seconds float64) {
		if behind[has] = true; !d.overdue[has] {
			d.tell(capture.Slow, fmt.Sprintf("no values of %s on %s for %.3g s: samples go on without them", channelsOf(has, names), d.parts[part].subject, seconds))
		}
	})
	for has := range d.overdue {
		if !behind[has] {
			d.tell(capture.Up, fmt.Sprintf("values of %s come again", channelsOf(has, names)))
		}
	}
	d.overdue = behind
	if d.silent || d.base == nil || d.newest-d.oldest < 5 || d.samples.Begun() >= d.format.Channels {
		return
	}
	d.silent = true
	var lacks table.Mask
	for c := range d.format.Channels {
		if d.samples.Lacks(c) {
			lacks |= table.Has(c)
		}
	}
	d.tell(capture.Down, fmt.Sprintf("no sample is complete yet: there has been no value of %s", channelsOf(lacks, names)))
}

// channelsOf names channels.
func channelsOf(has table.Mask, names []string) string {
	var list []string
	for c, n := range names {
		if has&table.Has(c) != 0 {
			list = append(list, n)
		}
	}
	return cut(strings.Join(list, ", "))
}

// block fills b with the next run.
func (d *feed) block(b *capture.Block) {
	r := d.samples.Take()
	*b = capture.Block{Stream: d.stream, Format: d.format, Offset: r.Offset, Mark: capture.Mark(r.Mark), Arrived: d.arrived,
		Samples: append(b.Samples[:0], r.Samples...)}
	if !d.origin.IsZero() {
		b.Clock = capture.SensorTime
		b.Time = d.origin.Add(time.Duration(float64(r.Offset) / d.format.Rate * 1e9))
		return
	}
	b.Clock = capture.ArrivalTime
	b.Time = d.arrived.Add(-time.Duration(float64(b.Len()) / d.format.Rate * 1e9))
}

// notes describes what was done to the rows, at their end.
func (d *feed) notes(names []string) []string {
	if names == nil {
		names = make([]string, d.format.Channels)
		for i := range names {
			names[i] = strconv.Itoa(i + 1)
		}
	}
	notes := d.samples.Stats().Notes(names, "s")
	if d.repeated > 0 {
		notes = append(notes, fmt.Sprintf("rows that came again, left out: %d", d.repeated))
	}
	if d.late > 0 {
		notes = append(notes, fmt.Sprintf("rows that came late, left out: %d, by up to %.3g s (GridOptions.Late)", d.late, d.latest))
	}
	return notes
}

func errChannels(got, want int) error {
	return fmt.Errorf("samples of %d channels in a stream of %d: give the same in each message", got, want)
}
