package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/segment"
)

// detectorModel has a detector that opens and closes segments of bursts.
func detectorModel(t interface{ Fatal(...any) }, seed uint64) (*model.Model, Options) {
	m := withDetector(t, randomModel(t, 5, listenFront(), listenRate, 1, 1, model.RunningSoftmax, true), seed)
	front, err := m.Front()
	if err != nil {
		t.Fatal(err)
	}
	frames := front.Push(nil, bursts(rand.New(rand.NewPCG(1, 2)), 8000, 1, listenRate))
	var ps []float64
	for d := m.NewDetector(); len(frames) > 0; frames = frames[m.Dim():] {
		ps = append(ps, float64(d.Hear(frames[:m.Dim()])))
	}
	slices.Sort(ps)
	return m, Options{Segment: &segment.Config{Kind: segment.Label, DetectOn: ps[len(ps)*3/4], DetectOff: ps[len(ps)*2/3], MinDuration: 0.03, Hold: 0.06}}
}

// The detectors of streams that are fed together are asked together, a frame of each at a
// time, and every stream has the events that it has alone.
func TestDetectorsAreAskedTogether(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	m, o := detectorModel(t, 3)
	const streams = 9
	var lanes []*lane
	blocks := make([][]capture.Block, streams)
	got := make([][]Event, streams)
	for i := range streams {
		o.Stream, o.Session = fmt.Sprint(i), "s"
		c, err := NewClassifier(m, &o)
		if err != nil {
			t.Fatal(err)
		}
		lanes = append(lanes, &lane{c: c})
		x := bursts(rng, 6000+rng.IntN(1000), 1, listenRate)
		for at := 0; at < len(x); {
			n := min(1+rng.IntN(400), len(x)-at)
			blocks[i] = append(blocks[i], capture.Block{Stream: o.Stream, Format: capture.Format{Rate: listenRate, Channels: 1}, Offset: uint64(at), Samples: x[at : at+n]})
			at += n
		}
	}
	var h chorus
	most := 0
	for k := range 200 {
		var fed []*Classifier
		for i, l := range lanes {
			if k >= len(blocks[i]) {
				continue
			}
			waits, err := l.feedFirst(&blocks[i][k])
			if err != nil || !waits {
				t.Fatalf("stream %d: %v, waits: %v", i, err, waits)
			}
			fed = append(fed, l.c)
		}
		h.waiting = append(h.waiting[:0], fed...)
		for len(h.waiting) > 0 {
			h.ask()
			most = max(most, len(h.ds))
			h.answer()
		}
		for _, c := range fed {
			c.queueFound()
		}
		for i, l := range lanes {
			for _, e := range l.c.Advance(nil) {
				got[i] = append(got[i], e.Clone())
			}
		}
	}
	if most != streams {
		t.Errorf("%d streams at most were asked together, want %d", most, streams)
	}
	for i, l := range lanes {
		got[i] = append(got[i], l.c.End(nil, segment.ByEOF)...)
		want := alone(t, m, o, blocks[i])
		if len(want) < 20 {
			t.Fatalf("%d events: the test says nothing", len(want))
		}
		same(t, fmt.Sprint("stream ", i), got[i], want)
	}
}

// Asking the detectors of many streams allocates nothing once it has been done.
func TestAskingDetectorsAllocatesNothing(t *testing.T) {
	testkit.SkipPools(t)
	m, o := detectorModel(t, 3)
	o.Emit.Confirmed = true
	x := room(1, -50)[:200]
	var lanes []*lane
	for range 8 {
		c, err := NewClassifier(m, &o)
		if err != nil {
			t.Fatal(err)
		}
		lanes = append(lanes, &lane{c: c})
	}
	var h chorus
	var all []*Classifier
	var events []Event
	offset := uint64(0)
	b := capture.Block{Format: capture.Format{Rate: listenRate, Channels: 1}, Samples: x}
	turn := func() {
		all = all[:0]
		b.Offset = offset
		for _, l := range lanes {
			if _, err := l.feedFirst(&b); err != nil {
				t.Fatal(err)
			}
			all = append(all, l.c)
		}
		h.hear(all)
		for _, l := range lanes {
			events = l.c.Advance(events[:0])
		}
		offset += uint64(len(x))
	}
	for range 500 {
		turn()
	}
	if n := testing.AllocsPerRun(20, turn); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// A stream that goes on with another model hears with the detector of that model.
func TestSwitchTakesTheDetector(t *testing.T) {
	first, o := detectorModel(t, 3)
	second, _ := detectorModel(t, 11)
	o.Emit = Emit{Confirmed: true, Detector: true}
	x := bursts(rand.New(rand.NewPCG(6, 7)), 4000, 1, listenRate)
	heard := func(sw *Switch, do func()) (all []Event) {
		out := &kept{}
		src := &switching{x: x, streams: 1, size: 100, at: 10, do: do}
		if err := Run(t.Context(), src, first, &RunOptions{Options: o, Finite: true, Switch: sw, now: time.Now}, out); err != nil {
			t.Fatal(err)
		}
		if n := len(spans(t, out.events, "s0")); n < 3 {
			t.Fatalf("%d segments: the test says nothing", n)
		}
		for _, e := range out.events {
			if e.Type == Detector {
				all = append(all, e)
			}
		}
		return all
	}
	sw := &Switch{}
	got := heard(sw, func() {
		if err := sw.To(second, &o); err != nil {
			t.Error(err)
		}
	})
	own := heard(nil, func() {})
	at := 0
	for at < len(got) && got[at].P == own[at].P {
		at++
	}
	if at < 10 || at > len(own)/2 {
		t.Fatalf("the first other probability is number %d of %d", at, len(own))
	}
	for i := at; i < min(len(got), len(own)); i++ {
		if got[i].P == own[i].P {
			t.Fatalf("number %d is that of the first detector again", i)
		}
	}
}

// A turn of 64 quiet streams with a detector of 32 units, a frame of each.
func BenchmarkDetectorsOfManyStreams(b *testing.B) {
	m := benchModel(b, listenFront(), listenRate)
	c := m.Config
	c.Detector = &model.DetectorConfig{Hidden: 32}
	p := model.NewParams(&c, m.Dim())
	p.Init(rand.New(rand.NewPCG(1, 3)))
	m, err := model.New(c, p)
	if err != nil {
		b.Fatal(err)
	}
	o := Options{Segment: &segment.Config{Kind: segment.Label, DetectOn: 1 - 1e-9}}
	x := room(1, -50)[:20]
	for _, together := range []bool{false, true} {
		b.Run(fmt.Sprint("together=", together), func(b *testing.B) {
			var lanes []*lane
			var all []*Classifier
			for range 64 {
				c, err := NewClassifier(m, &o)
				if err != nil {
					b.Fatal(err)
				}
				lanes, all = append(lanes, &lane{c: c}), append(all, c)
			}
			var h chorus
			var events []Event
			offset := uint64(0)
			for b.Loop() {
				for _, l := range lanes {
					blk := capture.Block{Format: capture.Format{Rate: listenRate, Channels: 1}, Offset: offset, Samples: x}
					if together {
						l.feedFirst(&blk)
					} else {
						l.c.Feed(&blk)
					}
				}
				if together {
					h.hear(all)
				}
				for _, l := range lanes {
					events = l.c.Advance(events[:0])
				}
				offset += uint64(len(x))
			}
		})
	}
}
