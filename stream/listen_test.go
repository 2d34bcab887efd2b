package stream

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

const listenRate = 1000

// listening returns the events of a stream of samples in blocks of a size.
func listening(t *testing.T, m *model.Model, o Options, x []float32, size int) (events []Event) {
	t.Helper()
	c, err := NewClassifier(m, &o)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(x); at += size {
		b := capture.Block{Stream: "s", Format: capture.Format{Rate: listenRate, Channels: 1}, Offset: uint64(at), Samples: x[at:min(at+size, len(x))]}
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Advance(nil) {
			events = append(events, e.Clone())
		}
	}
	for _, e := range c.End(nil, segment.ByEOF) {
		events = append(events, e.Clone())
	}
	return events
}

func listenFront() feature.Config {
	return feature.Config{Kind: feature.KindLogMel, WindowMS: 40, HopMS: 20, Bands: 4}
}

func listenModel(t *testing.T) *model.Model {
	return randomModel(t, 5, listenFront(), listenRate, 1, 1, model.RunningSoftmax, true)
}

// room returns seconds of soft noise with a level in dB of full scale.
func room(seconds int, dB float64) []float32 {
	rng := rand.New(rand.NewPCG(8, 9))
	x := make([]float32, seconds*listenRate)
	for i := range x {
		x[i] = float32(math.Pow(10, dB/20) * rng.NormFloat64())
	}
	return x
}

// sound adds a tone of full scale times level from and up to a time in milliseconds.
func sound(x []float32, from, to int, level float64) {
	for i := from; i < to; i++ {
		x[i] = float32(min(max(level*math.Sin(float64(i)*0.7), -1), 1))
	}
}

func reasons(es []Event, state capture.Health) (all []string) {
	for _, e := range es {
		if e.Type == Status && e.State == state {
			all = append(all, e.Reason)
		}
	}
	return all
}

// While a stream only listens nothing opens a segment, neither the click of a device that
// starts nor a sound; what was heard is told once, and sounds after it are found as ever.
func TestListeningOpensNothing(t *testing.T) {
	x := room(4, -60)
	sound(x, 50, 150, 0.9)
	sound(x, 700, 1000, 0.5)
	sound(x, 2500, 2800, 0.5)
	m, o := listenModel(t), Options{Segment: &segment.Config{Kind: segment.Activity}}
	starts := func(o Options, size int) (all []uint64) {
		for _, e := range listening(t, m, o, x, size) {
			if e.Type == Confirmed {
				all = append(all, e.Start)
			}
		}
		return all
	}
	if s := starts(o, 10); len(s) != 3 {
		t.Fatalf("segments begin at %d without listening: the test says nothing", s)
	}
	o.Listen = 2 * time.Second
	if s := starts(o, 10); len(s) != 1 || s[0] < 2450 || s[0] > 2500 {
		t.Errorf("segments begin at %d", s)
	}
	es := listening(t, m, o, x, 10)
	if r := reasons(es, capture.Up); len(r) != 1 || r[0] != "listened for 2s: level -60 dB of full scale (quietest tenth -62, loudest -4), nothing clipped" {
		t.Errorf("%q", r)
	}
	if e := es[0]; e.Type != Status || e.Sample != 2000 {
		t.Errorf("the first event is %+v", e)
	}
	same(t, "in blocks of another size", listening(t, m, o, x, 777), es)
}

// What keeps a stream from working is told once within the hour, with what helps.
func TestWhatKeepsAStreamFromWorkingIsTold(t *testing.T) {
	activity := &segment.Config{Kind: segment.Activity, MaxDuration: 5}
	label := &segment.Config{Kind: segment.Label, MaxDuration: 5, DetectOn: 0.02, DetectOff: 0.01}
	deaf := &segment.Config{Kind: segment.Label, DetectOn: 1 - 1e-9, DetectOff: 0.999}
	loud := func(level float64, from, to int) []float32 {
		x := room(200, -72)
		sound(x, from*1000, to*1000, level)
		return x
	}
	for _, c := range []struct {
		what string
		s    *segment.Config
		x    []float32
		want []string
	}{
		{"an ordinary room", activity, loud(0.3, 5, 7), nil},
		{"clipped later", activity, loud(9, 30, 33), []string{"are clipped, at the ends of the scale: lower the gain"}},
		{"clipped from the beginning", deaf, loud(9, 0, 2), []string{"are clipped"}},
		{"too loud to open", activity, loud(0.99, 0, 2), []string{"at 9 dB of full scale, which no sound reaches: lower the gain of the microphone, or the setting on (12)"}},
		{"too faint", activity, room(200, -75), []string{"for 1m0s, and below -60 dB (the setting level) no segment opens"}},
		{"too faint for a detector", deaf, room(200, -75), []string{"and below -65 dB there is hardly anything that a model could go by"}},
		{"muted", deaf, room(200, -95), nil},
		{"a sound that lasts", activity, loud(0.3, 5, 12), []string{"a segment has reached the maximum of 5 s, and was ended there: if a label lasts that long, raise maximum; if something else sounds all the time, raise the settings on (12) and off (6)"}},
		{"a detector that hears labels everywhere", label, room(200, -40), []string{"the detector has heard a label most of the time", "reached the maximum of 5 s"}},
	} {
		m := listenModel(t)
		if c.s.Kind == segment.Label {
			m = withDetector(t, m, 3)
		}
		o := Options{Segment: c.s, Listen: 2 * time.Second}
		es := listening(t, m, o, c.x, 500)
		got := reasons(es, capture.Doubtful)
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
			continue
		}
		for i, w := range c.want {
			if !strings.Contains(got[i], w) {
				t.Errorf("%s: %q does not say %q", c.what, got[i], w)
			}
		}
		same(t, c.what+", in blocks of another size", listening(t, m, o, c.x, 1234), es)
		if o.Listen = 0; len(reasons(listening(t, m, o, c.x, 500), capture.Doubtful)) > 0 {
			t.Errorf("%s: doubted without being asked", c.what)
		}
	}
}

// A minute of segments that follow one another at their maximum is a minute without
// background.
func TestNoBackgroundIsTold(t *testing.T) {
	m := withDetector(t, listenModel(t), 3)
	o := Options{Segment: &segment.Config{Kind: segment.Label, MaxDuration: 70, DetectOn: 0.02, DetectOff: 0.01}, Listen: time.Second}
	got := reasons(listening(t, m, o, room(100, -40), 500), capture.Doubtful)
	if len(got) != 2 || !strings.Contains(got[1], "no background has been heard for 70 s") {
		t.Errorf("%q", got)
	}
}

// A stream that goes on after the program was away listens again: the device has been opened
// anew.
func TestListensAgainAfterBeingAway(t *testing.T) {
	m, o := listenModel(t), Options{Segment: &segment.Config{Kind: segment.Activity}, Listen: time.Second}
	x := room(6, -60)
	sound(x, 3100, 3200, 0.5)
	sound(x, 4500, 4700, 0.5)
	c, err := NewClassifier(m, &o)
	if err != nil {
		t.Fatal(err)
	}
	feed := func(c *Classifier, from, to, shift int) (es []Event) {
		b := capture.Block{Stream: "s", Format: capture.Format{Rate: listenRate, Channels: 1}, Offset: uint64(from + shift), Samples: x[from:to]}
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Advance(nil) {
			es = append(es, e.Clone())
		}
		return es
	}
	feed(c, 0, 3000, 0)
	again, err := c.Another("", "s")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Restore(c.AppendState(nil, true)); err != nil {
		t.Fatal(err)
	}
	again.away = true
	es := feed(again, 3000, 6000, 500)
	if len(reasons(es, capture.Up)) != 1 {
		t.Errorf("%s", describeEvents(es))
	}
	for _, e := range es {
		if e.Type == Confirmed && (e.Start < 4500+450 || e.Start > 5000) {
			t.Errorf("a segment from %d on", e.Start)
		}
	}
}
