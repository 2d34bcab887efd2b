package stream

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
)

// randomModel has random weights: what it says means nothing, but must be the same
// on every way.
func randomModel(t interface{ Fatal(...any) }, seed uint64, front feature.Config, rate float64, channels, layers int, running model.RunningHead, confirm bool) *model.Model {
	c := model.Config{Version: 1, Labels: []string{"a", "b", "c"}, Rate: rate, Channels: channels, Hidden: 5, Layers: layers,
		Running: running, Confirm: confirm, Segment: segment.Config{Kind: segment.Whole},
		Decision: decide.Config{State: "reset", Gap: "reset", Warm: 1, EarlyP: 0.4, EarlySteps: 2}}
	if running == model.RunningNone {
		c.Decision.EarlyP, c.Decision.EarlySteps = 0, 0
	}
	var err error
	if c.Front, err = front.Normalize(rate, channels); err != nil {
		t.Fatal(err)
	}
	x, err := feature.New(c.Front, rate, channels)
	if err != nil {
		t.Fatal(err)
	}
	p := model.NewParams(&c, x.Dim())
	p.Init(rand.New(rand.NewPCG(seed, 1)))
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// overStem is m's network over a stem of random weights.
func overStem(t interface{ Fatal(...any) }, m *model.Model, text string, seed uint64) *model.Model {
	c := m.Config
	s, err := stem.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Stem, err = s.Normalize(c.Front, c.Rate, c.Channels); err != nil {
		t.Fatal(err)
	}
	p := model.NewParams(&c, m.Dim())
	p.Init(rand.New(rand.NewPCG(seed, 2)))
	over, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return over
}

// bursts is noise that comes and goes, so that activity has something to find.
func bursts(rng *rand.Rand, n, channels int, rate float64) []float32 {
	x := make([]float32, n*channels)
	loud := false
	for left, i := 0, 0; i < n; i++ {
		if left--; left <= 0 {
			left, loud = int(rate*(0.02+0.3*rng.Float64())), !loud
		}
		level := 1e-4
		if loud {
			level = 0.3
		}
		for c := range channels {
			x[i*channels+c] = float32(level * rng.NormFloat64())
		}
	}
	return x
}

// setting is one drawn combination of model, segmenter and source.
type setting struct {
	m        *model.Model
	o        Options
	format   capture.Format
	channels int
	samples  []float32
	breaks   []disturbance // ascending
}

// disturbance is what happens to a stream before sample at.
type disturbance struct {
	at   int
	jump int     // of the offset
	end  bool    // End is called
	rate float64 // another from here on
}

// disturb adds jumps, runs of no numbers, and, when the stream need not be read
// again, ends, steps back and other rates.
func (s *setting) disturb(t *rapid.T, again bool) {
	n := len(s.samples) / s.channels
	s.o.Gap = rapid.SampledFrom([]decide.Gap{decide.GapReset, decide.GapHold, decide.GapFill}).Draw(t, "gap")
	for _, at := range rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, 4, rapid.ID).Draw(t, "breaks") {
		d := disturbance{at: at}
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0:
			d.jump = rapid.IntRange(1, 80).Draw(t, "lost")
		case kind == 1:
			bad := rapid.IntRange(1, 1500).Draw(t, "bad")
			for i := at; i < min(at+bad, n); i++ {
				s.samples[i*s.channels] = float32(math.NaN())
			}
		case again:
		case kind == 2:
			d.end = true
		case kind == 3 && at > 0:
			d.jump = -rapid.IntRange(1, 400).Draw(t, "back")
		case kind == 4:
			d.rate = rapid.SampledFrom([]float64{800, 1600, 2000}).Draw(t, "other rate")
		}
		s.breaks = append(s.breaks, d)
	}
	slices.SortFunc(s.breaks, func(a, b disturbance) int { return a.at - b.at })
}

func drawSetting(t *rapid.T) setting {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
	rate := rapid.SampledFrom([]float64{800, 1000, 1600}).Draw(t, "rate")
	source := rapid.SampledFrom([]float64{800, 1000, 1600, 2000}).Draw(t, "source rate")
	channels := rapid.IntRange(1, 2).Draw(t, "channels")
	front := rapid.SampledFrom([]feature.Config{{Kind: feature.KindRaw, Samples: 7, Deltas: 1}, {Kind: feature.KindRaw, Samples: 3, Decimate: 4},
		{Kind: feature.KindLogMel, WindowMS: 40, HopMS: 15, Bands: 4}, {Kind: feature.KindMFCC, WindowMS: 40, HopMS: 20, Bands: 5, Coefficients: 3}}).Draw(t, "front")
	running := rapid.SampledFrom([]model.RunningHead{model.RunningSoftmax, model.RunningEvidence}).Draw(t, "running")
	kind := rapid.SampledFrom([]segment.Kind{segment.Activity, segment.Fixed, segment.Message, segment.Whole}).Draw(t, "segment")
	s := setting{format: capture.Format{Rate: source, Channels: channels}, channels: channels}
	s.m = randomModel(t, rng.Uint64(), front, rate, channels, rapid.IntRange(1, 2).Draw(t, "layers"), running, rapid.Bool().Draw(t, "confirm"))
	if rapid.Bool().Draw(t, "stem") {
		s.m = overStem(t, s.m, rapid.SampledFrom([]string{"conv:4/2x6,3/1x3", "conv:5/3x4"}).Draw(t, "layers of the stem"), rng.Uint64())
	}
	s.o = Options{Stream: "s", Segment: &segment.Config{Kind: kind, Steps: 9, MaxDuration: rapid.SampledFrom([]float64{0.4, 60}).Draw(t, "maximum"),
		MinDuration: 0.03, PreRoll: 0.04, Hold: 0.06}, State: "reset"}
	if running == model.RunningSoftmax {
		s.o.State = rapid.SampledFrom([]decide.State{decide.Reset, decide.Carry}).Draw(t, "state")
	}
	s.samples = bursts(rng, rapid.IntRange(1, 4000).Draw(t, "n"), channels, source)
	return s
}

// messages gives the marks of segmenter message: each 500 samples a segment, every
// third left out.
func messages(at, n int) (mark capture.Mark, size int) {
	k := at / 500
	size = min(500-at%500, n-at)
	if k%3 == 2 {
		return 0, size
	}
	if at%500 == 0 {
		mark |= capture.MarkBegin
	}
	if at+size == (k+1)*500 {
		mark |= capture.MarkEnd
	}
	return mark, size
}

// play feeds samples in blocks that cut says, through hooks after each block.
func (s *setting) play(t interface{ Fatal(...any) }, c *Classifier, cut func() int, after func(c *Classifier, at uint64) *Classifier) (events []Event) {
	keep := func(es []Event) {
		for _, e := range es {
			events = append(events, e.Clone())
		}
	}
	n := len(s.samples) / s.channels
	format, offset, breaks := s.format, 1000, s.breaks
	for at := 0; at < n; {
		mark, limit := messages(at, n)
		for len(breaks) > 0 && breaks[0].at == at {
			d := breaks[0]
			offset, breaks = offset+d.jump, breaks[1:]
			if d.rate > 0 {
				format.Rate = d.rate
			}
			if d.end {
				keep(c.End(nil, segment.ByIdle))
			}
		}
		full := limit
		if len(breaks) > 0 {
			limit = min(limit, breaks[0].at-at)
		}
		size := min(cut(), limit)
		if size < full {
			mark &^= capture.MarkEnd
		}
		b := capture.Block{Stream: "s", Format: format, Offset: uint64(offset + at), Mark: mark, Samples: s.samples[at*s.channels : (at+size)*s.channels]}
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		at += size
		if cut()%2 == 0 {
			keep(c.Advance(nil))
		}
		if after != nil {
			c = after(c, uint64(at))
		}
	}
	keep(c.End(nil, segment.ByEOF))
	return events
}

func describeEvents(es []Event) (out []string) {
	for _, e := range es {
		out = append(out, fmt.Sprintf("%s %08x", AppendJSON(nil, &e), math.Float32bits(e.P)))
	}
	return out
}

func same(t interface{ Fatalf(string, ...any) }, what string, got, want []Event) {
	g, w := describeEvents(got), describeEvents(want)
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s: event %d of %d and %d:\n got %s\nwant %s", what, i, len(g), len(w), at(g, i), at(w, i))
		}
	}
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "nothing"
}

func classifier(t interface{ Fatal(...any) }, s *setting) *Classifier {
	c, err := NewClassifier(s.m, &s.o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Events depend neither on blocks, from 1 to 5,000 samples, nor on when Advance is
// called, nor on moving through saved state at any sample.
func TestBlocksAndSavedStatesGiveTheSameBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.drawRules(t)
		if rapid.Bool().Draw(t, "disturbed") {
			s.disturb(t, false)
		}
		want := s.play(t, classifier(t, &s), func() int { return 5000 }, nil)
		cut := func() int {
			if rapid.Bool().Draw(t, "small") {
				return rapid.IntRange(1, 40).Draw(t, "block")
			}
			return rapid.IntRange(1, 5000).Draw(t, "block")
		}
		same(t, "blocks", s.play(t, classifier(t, &s), cut, nil), want)
		moved := s.play(t, classifier(t, &s), cut, func(c *Classifier, _ uint64) *Classifier {
			if !rapid.Bool().Draw(t, "move") {
				return c
			}
			other := classifier(t, &s)
			if err := other.Restore(c.AppendState(nil, true)); err != nil {
				t.Fatal(err)
			}
			return other
		})
		same(t, "saved state", moved, want)
		checkIDs(t, want)
	})
}

// Every segment id ends in exactly one confirmed or dropped.
func checkIDs(t *rapid.T, es []Event) {
	ended := map[uint64]int{}
	var most uint64
	for _, e := range es {
		most = max(most, e.Segment)
		if e.Type == Confirmed || e.Type == Dropped {
			ended[e.Segment]++
		}
	}
	for id := uint64(1); id <= most; id++ {
		if ended[id] != 1 {
			t.Fatalf("segment %d ended %d times", id, ended[id])
		}
	}
}

// replay feeds the samples [from, to) in blocks of a size that never cross a jump
// or a mark, as a source does that can be read again.
func (s *setting) replay(t *rapid.T, c *Classifier, from, to, size int) (events []Event) {
	n := len(s.samples) / s.channels
	for at := from; at < to; {
		mark, limit := messages(at, n)
		full := limit
		for _, d := range s.breaks {
			if d.at > at {
				limit = min(limit, d.at-at)
			}
		}
		k := min(size, limit, to-at)
		if k < full {
			mark &^= capture.MarkEnd
		}
		b := capture.Block{Format: s.format, Offset: uint64(s.offset(at)), Mark: mark, Samples: s.samples[at*s.channels : (at+k)*s.channels]}
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Advance(nil) {
			events = append(events, e.Clone())
		}
		at += k
	}
	return events
}

// offset is that of sample at, after the jumps up to it.
func (s *setting) offset(at int) int {
	o := at
	for _, d := range s.breaks {
		if d.at <= at {
			o += d.jump
		}
	}
	return o
}

// A state without frames goes on after the source is read again from Resume, as
// often as one likes.
func TestResumeWithoutFrames(t *testing.T) {
	reread := 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.drawRules(t)
		s.o.Resumable = true
		if rapid.Bool().Draw(t, "disturbed") {
			s.disturb(t, true)
		}
		s.o.Emit = rapid.SampledFrom([]Emit{{}, {Change: true}, {Confirmed: true}, {Every: 20 * time.Millisecond}}).Draw(t, "emit")
		n := len(s.samples) / s.channels
		c := classifier(t, &s)
		want := s.replay(t, c, 0, n, 300)
		want = append(want, c.End(nil, segment.ByEOF)...)
		c = classifier(t, &s)
		var got []Event
		from := 0
		for _, stop := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.IntRange(0, n), 1, 3).Draw(t, "stops"))) {
			got = append(got, s.replay(t, c, from, max(stop, from), rapid.IntRange(1, 300).Draw(t, "block"))...)
			saved := c.AppendState(nil, false)
			c = classifier(t, &s)
			if err := c.Restore(saved); err != nil {
				t.Fatal(err)
			}
			from = 0
			for from < n && uint64(s.offset(from)) < c.Resume() {
				from++
			}
			if from < stop {
				reread++
			}
		}
		got = append(got, s.replay(t, c, from, n, rapid.IntRange(1, 300).Draw(t, "block"))...)
		got = append(got, c.End(nil, segment.ByEOF)...)
		same(t, "resumed", got, want)
	})
	if reread < 5 {
		t.Errorf("only %d states made the source be read again", reread)
	}
}

// The samples [start, end) of a confirmed event, given whole to the front end and
// Predict, give the same probabilities to the bit.
func TestSegmentsEqualPredict(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.format.Rate = s.m.Config.Rate // no resampling: segments are cut from the source itself
		es := s.play(t, classifier(t, &s), func() int { return 997 }, nil)
		running := map[uint64][]Event{}
		for _, e := range es {
			if e.Type == Running && e.Warm {
				running[e.Segment] = append(running[e.Segment], e)
			}
			if e.Type == Confirmed {
				found++
				s.checkSegment(t, &e, running[e.Segment])
			}
		}
	})
	if found < 30 {
		t.Errorf("only %d segments were compared", found)
	}
}

func (s *setting) checkSegment(t *rapid.T, e *Event, running []Event) {
	front, err := s.m.Front()
	if err != nil {
		t.Fatal(err)
	}
	frames := front.Flush(front.Push(nil, s.samples[int(e.Start-1000)*s.channels:int(e.End-1000)*s.channels]))
	p := s.m.Predict(frames)
	if p.Steps != e.Steps {
		t.Fatalf("segment %d: %d steps, offline %d", e.Segment, e.Steps, p.Steps)
	}
	s.checkScores(t, e, p.Confirm)
	if s.o.State == "carry" {
		return // the running head goes on from the segment before
	}
	n := s.m.Classes()
	for i := range running {
		if r := &running[i]; r.Step <= e.Steps { // else of the trailing hold
			s.checkScores(t, r, p.Running[(r.Step-1)*n:r.Step*n])
		}
	}
}

// checkScores compares every class: there are as many as Top has.
func (s *setting) checkScores(t *rapid.T, e *Event, want []float32) {
	if len(e.Top) != len(want) || e.P != e.Top[0].P || e.Label != e.Top[0].Label {
		t.Fatalf("%+v", e)
	}
	for _, top := range e.Top {
		if w := want[slices.Index(s.m.Config.Labels, top.Label)]; math.Float32bits(top.P) != math.Float32bits(w) {
			t.Fatalf("%s of segment %d step %d: %s has p %v, offline %v", e.Type, e.Segment, e.Step, top.Label, top.P, w)
		}
	}
}

// The same at rates and with a front end that people use.
func TestBlocksAtRealRates(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of audio")
	}
	for _, rate := range []float64{16000, 44100, 48000} {
		for _, kind := range []segment.Kind{segment.Activity, segment.Fixed, "gabor"} {
			m := randomModel(t, 4, feature.Config{Kind: feature.KindLogMel}, 16000, 1, 1, model.RunningEvidence, true)
			channels := 2
			if kind == "gabor" {
				m = randomModel(t, 4, feature.Config{Kind: feature.KindRaw}, 16000, 1, 1, model.RunningEvidence, true)
				m, kind, channels = overStem(t, m, "gabor:25/10x6", 1), segment.Activity, 1
			}
			s := setting{m: m, o: Options{Segment: &segment.Config{Kind: kind, Steps: 20}}, format: capture.Format{Rate: rate, Channels: channels}, channels: channels}
			s.samples = bursts(rand.New(rand.NewPCG(3, 3)), int(2*rate), channels, rate)
			want := s.play(t, classifier(t, &s), func() int { return 1 << 20 }, nil)
			rng := rand.New(rand.NewPCG(uint64(rate), 1))
			for _, most := range []int{40, 5000} {
				same(t, fmt.Sprint(kind, rate), s.play(t, classifier(t, &s), func() int { return 1 + rng.IntN(most) }, nil), want)
			}
			if n := len(want); n < 50 {
				t.Errorf("%s at %v Hz: only %d events", kind, rate, n)
			}
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	for _, source := range []float64{16000, 44100, 48000} {
		for _, o := range []Options{
			{Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 0.5}},
			{Segment: &segment.Config{Kind: segment.Fixed, Steps: 30}, State: "carry"},
			{Segment: &segment.Config{Kind: segment.Activity, MaxDuration: 0.5}, Gap: "hold", Resumable: true},
			{Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 0.5}, Decision: everyRule("a", "b")},
		} {
			head := model.RunningEvidence
			if o.State == "carry" {
				head = model.RunningSoftmax
			}
			m := randomModel(t, 1, feature.Config{Kind: feature.KindLogMel}, 16000, 1, 1, head, true)
			c, err := NewClassifier(m, &o)
			if err != nil {
				t.Fatal(err)
			}
			x := bursts(rand.New(rand.NewPCG(1, 1)), int(source/50), 1, source)
			b := capture.Block{Format: capture.Format{Rate: source, Channels: 1}, Samples: x}
			var events []Event
			seen := 0
			step := func() {
				if err := c.Feed(&b); err != nil {
					t.Fatal(err)
				}
				b.Offset += uint64(len(x))
				if b.Offset%7 == 0 {
					b.Offset++ // a gap
				}
				events = c.Advance(events[:0])
				seen += len(events)
			}
			for range 300 {
				step()
			}
			seen = 0
			if n := testing.AllocsPerRun(100, step); n != 0 {
				t.Errorf("%s from %v Hz: a block allocates %v times", o.Segment.Kind, source, n)
			}
			if seen < 100 {
				t.Errorf("%s from %v Hz: only %d events", o.Segment.Kind, source, seen)
			}
		}
	}
}

// way is a model and options of which states are damaged.
type way struct {
	m *model.Model
	o *Options
}

func damagedWays(t interface{ Fatal(...any) }) []way {
	raw := feature.Config{Kind: feature.KindRaw, Samples: 3}
	mel := feature.Config{Kind: feature.KindLogMel, WindowMS: 40, HopMS: 20, Bands: 4}
	return []way{
		{randomModel(t, 1, raw, 1000, 1, 1, model.RunningSoftmax, true), &Options{Segment: &segment.Config{Kind: segment.Activity}}},
		{randomModel(t, 2, raw, 1000, 1, 2, model.RunningSoftmax, false), &Options{State: "carry", Gap: "fill", Segment: &segment.Config{Kind: segment.Fixed, Steps: 9}}},
		{randomModel(t, 3, mel, 1000, 1, 1, model.RunningSoftmax, true), &Options{Gap: "hold", Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 0.7}}},
		{randomModel(t, 5, raw, 1000, 1, 1, model.RunningEvidence, true), &Options{Decision: everyRule("a", "b"), Why: true, Segment: &segment.Config{Kind: segment.Activity}}},
		{randomModel(t, 4, raw, 1000, 1, 1, model.RunningNone, true), &Options{State: "carry", Segment: &segment.Config{Kind: segment.Message, MaxDuration: 0.5}}},
		{nextText(t, 7), nil},
		{nextModel(t, 6, 1000, 1, 3, []float64{0.1, 0.5, 0.9}), &Options{Ahead: 2}},
	}
}

var damagedSamples = bursts(rand.New(rand.NewPCG(1, 1)), 1200, 1, 1000)

func feedSome(c *Classifier, rate float64, from uint64) {
	x := damagedSamples
	for at := 0; at < len(x); at += 170 {
		b := capture.Block{Format: capture.Format{Rate: rate, Channels: 1}, Offset: from + uint64(at), Samples: x[at:min(at+170, len(x))]}
		if at%510 == 0 {
			b.Mark = capture.MarkBegin
		}
		if c.Feed(&b) != nil {
			return
		}
		if at%340 == 0 {
			c.Advance(nil)
		}
	}
}

// realStates are bodies of states, without their headers, as they come about.
func realStates(t interface{ Fatal(...any) }, w way) (states [][]byte) {
	for _, rate := range []float64{1000, 1600} {
		c, err := NewClassifier(w.m, w.o)
		if err != nil {
			t.Fatal(err)
		}
		add := func() { states = append(states, c.AppendState(nil, true)[2+len(c.fingerprint()):]) }
		add()
		feedSome(c, rate, 0)
		add()
		c.Advance(nil)
		add()
	}
	return states
}

// tryState restores a state, which may be damaged, and uses what was taken.
func tryState(t interface{ Fatal(...any) }, w way, kind byte, data []byte) (taken bool) {
	c, err := NewClassifier(w.m, w.o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Restore(append(c.header(nil, kind), data...)) != nil {
		return false
	}
	feedSome(c, c.input.format.Rate, c.input.next) // goes on
	c.AppendState(nil, true)
	feedSome(c, c.input.format.Rate, c.input.next+3) // after a gap
	feedSome(c, 1000, 0)
	c.End(nil, segment.ByEOF)
	feedSome(c, 1000, 5)
	return true
}

// Restore takes what is damaged or refuses it, but nothing brings it down, and what
// follows works as well. The header is put before the data: that a wrong one is
// refused is another test's.
func FuzzRestore(f *testing.F) {
	ways := damagedWays(f)
	for i, w := range ways {
		for _, s := range realStates(f, w) {
			f.Add(byte(2*i), s)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		if len(data) < 1<<16 {
			tryState(t, ways[int(which/2)%len(ways)], which%2, data)
		}
	})
}

// Every place of a state overwritten with what a counter or a length may become.
func TestDamagedStates(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	values := []uint64{0, 1, 2, 5, 300, 1 << 20, math.MaxInt32, 1 << 50, 1 << 62, math.MaxUint64, math.MaxUint64 - 20}
	taken, tried := 0, 4000
	if testing.Short() {
		tried = 1000
	}
	for _, w := range damagedWays(t) {
		for _, s := range realStates(t, w) {
			for range tried / 30 {
				d := slices.Clone(s)
				for range 1 + rng.IntN(2) {
					at := rng.IntN(len(d) - 7)
					if rng.IntN(2) == 0 {
						at = rng.IntN(min(len(d)-7, 300)) // where the counters are
					}
					if rng.IntN(4) == 0 {
						at = len(d) - 8 - rng.IntN(min(len(d)-7, 200))
					}
					binary.LittleEndian.PutUint64(d[at:], values[rng.IntN(len(values))])
				}
				if tryState(t, w, 0, d) {
					taken++
				}
			}
		}
	}
	if taken < tried/20 {
		t.Errorf("only %d of %d damaged states were taken: too few to prove anything", taken, tried)
	}
}

func TestRestoreRefusesAnotherModel(t *testing.T) {
	front := feature.Config{Kind: feature.KindRaw}
	a, _ := NewClassifier(randomModel(t, 1, front, 100, 1, 1, model.RunningSoftmax, true), nil)
	b, _ := NewClassifier(randomModel(t, 2, front, 100, 1, 1, model.RunningSoftmax, true), nil)
	saved := a.AppendState(nil, true)
	if err := b.Restore(saved); err == nil {
		t.Error("the state of another model was taken")
	}
	older := slices.Clone(saved)
	older[0]--
	if err := a.Restore(older); err == nil || !strings.Contains(err.Error(), "version 4") {
		t.Errorf("a state of an older version: %v", err)
	}
	for n := range len(saved) {
		if a.Restore(saved[:n]) == nil {
			t.Fatalf("a state cut off at %d of %d was taken", n, len(saved))
		}
	}
}

func TestRestoreRefusesOtherOptions(t *testing.T) {
	m := randomModel(t, 1, feature.Config{Kind: feature.KindRaw}, 100, 1, 1, model.RunningSoftmax, true)
	own, err := NewClassifier(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	saved := own.AppendState(nil, true)
	for _, o := range []Options{{Gap: "hold"}, {State: "carry"}, {Threshold: 0.5}, {Background: true}, {Why: true}, {Decision: everyRule("a", "b")}, {Emit: Emit{Change: true}},
		{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3}}} {
		c, err := NewClassifier(m, &o)
		if err != nil {
			t.Fatal(err)
		}
		if c.Restore(saved) == nil {
			t.Errorf("the state was taken with %+v", o)
		}
	}
	c, _ := NewClassifier(m, &Options{Session: "other", Stream: "other"})
	if err := c.Restore(saved); err != nil {
		t.Error(err)
	}
}

// A length field that promises more than there is costs nothing.
func TestRestoreAllocatesNoMoreThanTheData(t *testing.T) {
	w := damagedWays(t)[0]
	s := realStates(t, w)[2]
	c, err := NewClassifier(w.m, w.o)
	if err != nil {
		t.Fatal(err)
	}
	header := c.header(nil, 0)
	var before, after runtime.MemStats
	for at := 0; at < len(s)-8; at++ {
		d := slices.Clone(s)
		binary.LittleEndian.PutUint64(d[at:], math.MaxInt32)
		d = append(slices.Clone(header), d...)
		runtime.ReadMemStats(&before)
		c.Restore(d)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<17+20*uint64(len(d)) {
			t.Fatalf("with a great number at %d, %d bytes were allocated for a state of %d", at, n, len(d))
		}
	}
}
