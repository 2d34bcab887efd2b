package soak

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/evaluate/pairing"
)

// tones is a set of two labels. The network has learned nothing of them: what it says is often
// wrong, but always the same.
func tones(rate float64, labels []string) *dataset.Set {
	set := &dataset.Set{Kind: dataset.Audio, Labels: labels, Channels: 1, Rate: rate}
	for i := range 4 {
		x := make([]float32, int(rate)/2)
		for t := range x {
			x[t] = float32(0.5 * math.Sin(float64(t)*(0.2+0.3*float64(i%2))))
		}
		set.Examples = append(set.Examples, dataset.Example{Name: "tone", Label: i % len(labels), Samples: x, Rate: rate})
	}
	return set
}

// network is one of random weights, which hears what is loud.
func network(t *testing.T) *model.Model {
	c := testmodel.Labels(1000, 1, "a", "b")
	c.Front.Samples, c.Segment = 10, segment.Config{Kind: segment.Activity}
	return testmodel.New(t, c, rand.New(rand.NewPCG(1, 2)))
}

func options() Options {
	return Options{Duration: 12 * time.Minute, Compose: compose.Options{Seed: 1, Pause: [2]float64{0.5, 3}, SNR: [2]float64{20, 20}}}
}

func soaked(t *testing.T, o Options) *Report {
	t.Helper()
	m := network(t)
	r, err := Run(t.Context(), m, tones(m.Config.Rate, m.Config.Labels[:2]), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Twelve simulated minutes: every event is accounted for, once, and the last row, whose signal
// is that of the first, has the same figures.
func TestSoak(t *testing.T) {
	o := options()
	shown, last := 0, 0.0
	o.Row = func(*Row) { shown++ }
	o.Progress = func(done, total float64) {
		if done < last || total != 720 {
			t.Errorf("progress %v of %v after %v", done, total, last)
		}
		last = done
	}
	r := soaked(t, o)
	if len(r.Rows) != 12 || shown != 12 || r.Interrupted {
		t.Fatalf("%d rows, %d shown, interrupted %v", len(r.Rows), shown, r.Interrupted)
	}
	for i, x := range r.Rows {
		if x.Events < 15 || x.Found+x.Wrong+x.Missed != x.Events || x.Steps == 0 || x.StepP50 <= 0 || x.StepP99 < x.StepP50 || x.ConfirmP50 <= 0 || x.Resident < 1e6 || x.Goroutines < 1 {
			t.Errorf("row %d: %+v", i, x)
		}
		if x.Found+x.Wrong < x.Events*9/10 {
			t.Errorf("row %d: of %d events %d have a segment", i, x.Events, x.Found+x.Wrong)
		}
	}
	first, end := r.Rows[0], r.Rows[11]
	if first.Events != end.Events || first.Found != end.Found || first.Wrong != end.Wrong || first.FalseAlarms != end.FalseAlarms {
		t.Errorf("first %+v\nlast %+v", first, end)
	}
	if r.Rows[1].Events == first.Events && r.Rows[2].Events == first.Events && r.Rows[3].Events == first.Events {
		t.Error("all rows have the same signal")
	}
	for _, c := range r.Verdict() {
		if !c.OK && c.Name != "memory" { // the machine's, and the test's
			t.Errorf("%+v", c)
		}
	}
	var b bytes.Buffer
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	table, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(table) != 13 || len(table[0]) != 16 || table[12][0] != "0.2" {
		t.Errorf("%d lines, %v: %v", len(table), table, err)
	}
}

// Several streams have signals of their own, and are counted together.
func TestSoakOfStreams(t *testing.T) {
	o := options()
	o.Duration = 6 * time.Minute
	one := soaked(t, o)
	o.Streams = 3
	three := soaked(t, o)
	if len(three.Rows) != len(one.Rows) {
		t.Fatalf("%d rows", len(three.Rows))
	}
	for i, x := range three.Rows {
		if x.Events <= 2*one.Rows[i].Events || x.Found+x.Wrong+x.Missed != x.Events || x.Found < one.Rows[i].Found {
			t.Errorf("row %d: %+v, of one stream %+v", i, x, one.Rows[i])
		}
	}
}

// Rows of three seconds at 12.5 Hz have 38 samples, as their signals do, and not 37.
func TestSoakAtAnUnevenRate(t *testing.T) {
	c := testmodel.Labels(12.5, 1, "a", "b")
	c.Front.Samples, c.Segment = 1, segment.Config{Kind: segment.Activity}
	m := testmodel.New(t, c, rand.New(rand.NewPCG(1, 2)))
	o := Options{Duration: time.Hour, Every: 3 * time.Second, Compose: compose.Options{Seed: 1, Pause: [2]float64{0.5, 1}, SNR: [2]float64{20, 20}}}
	r, err := Run(t.Context(), m, tones(12.5, c.Labels[:2]), o)
	if err != nil || len(r.Rows) != 1200 {
		t.Fatalf("%v, %d rows", err, len(r.Rows))
	}
}

// A second segment inside an event is a false alarm, whichever label it has. Only the first
// one with a wrong label makes the event wrong.
func TestSoakCountsEveryAlarm(t *testing.T) {
	for label, found := range map[string]int{"a": 1, "b": 0} {
		w := &watch{o: &Options{Every: time.Second, Tolerance: 0.1}, rows: 6, samples: 1000, report: &Report{Labels: []string{"a", "b"}}}
		w.expect("s", []pairing.Span{{Start: 100, End: 900, Label: 0}})
		w.event(&stream.Event{Type: stream.Confirmed, Header: stream.Header{Stream: "s"}, Span: stream.Span{Start: 100, End: 300}, Answer: stream.Answer{Label: label}})
		w.event(&stream.Event{Type: stream.Confirmed, Header: stream.Header{Stream: "s"}, Span: stream.Span{Start: 500, End: 700}, Answer: stream.Answer{Label: "b"}})
		w.block(&capture.Block{Stream: "s", Format: capture.Format{Rate: 1000, Channels: 1}, Offset: 1000})
		if r := w.report.Rows; len(r) != 1 || r[0].Found != found || r[0].Wrong != 1-found || r[0].FalseAlarms != 1 {
			t.Errorf("%s: %+v", label, r)
		}
	}
}

// An interrupt leaves the rows that are complete.
func TestSoakIsInterrupted(t *testing.T) {
	m, o := network(t), options()
	ctx, cancel := context.WithCancel(t.Context())
	o.Row = func(r *Row) {
		if r.Hours > 0.1 {
			cancel()
		}
	}
	r, err := Run(ctx, m, tones(m.Config.Rate, m.Config.Labels[:2]), o)
	if err != nil || !r.Interrupted || len(r.Rows) < 7 || len(r.Rows) > 9 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, c := range r.Verdict() {
		if c.Name == "accuracy" {
			t.Errorf("%+v: the last row is another signal", c)
		}
	}
}

// The verdict on reports that are made up.
func TestVerdict(t *testing.T) {
	report := func(change func(i int, r *Row)) *Report {
		r := &Report{}
		for i := range 12 {
			x := Row{Resident: 50e6, Goroutines: 7, Files: 9, Events: 1000, Found: 950, Wrong: 20, Missed: 30, FalseAlarms: 4}
			change(i, &x)
			r.Rows = append(r.Rows, x)
		}
		return r
	}
	for want, change := range map[string]func(i int, r *Row){
		"":           func(int, *Row) {},
		"- settling": func(i int, r *Row) { r.Resident += int64(max(0, 4-i)) * 1e6; r.Goroutines += max(0, 4-i) },
		"- a little": func(i int, r *Row) { r.Found -= i / 2; r.Missed += i / 2; r.Resident += int64(i) * 1e5 },
		"memory":     func(i int, r *Row) { r.Resident += int64(i) * 1e6 },
		"goroutines": func(i int, r *Row) { r.Goroutines += i / 6 },
		"files":      func(i int, r *Row) { r.Files += i / 6 },
		"accuracy":   func(i int, r *Row) { r.Found -= 3 * i; r.Missed += 3 * i },
		"accuracy ":  func(i int, r *Row) { r.FalseAlarms += 2 * i },
	} {
		var bad []string
		for _, c := range report(change).Verdict() {
			if !c.OK {
				bad = append(bad, c.Name)
			}
		}
		if strings.HasPrefix(want, "-") {
			want = ""
		}
		if got := strings.Join(bad, " "); got != strings.TrimSpace(want) {
			t.Errorf("%q is bad, want %q", got, want)
		}
	}
	if all := (&Report{Rows: make([]Row, 5)}).Verdict(); all != nil {
		t.Errorf("five rows: %v", all)
	}
}

func TestSoakRefuses(t *testing.T) {
	m := network(t)
	set := tones(m.Config.Rate, m.Config.Labels[:2])
	for want, c := range map[string]struct {
		set *dataset.Set
		o   Options
	}{
		"Options.Duration 2m0s has 2 rows":       {set, Options{Duration: 2 * time.Minute, Every: time.Minute}},
		"-1 streams":                             {set, Options{Duration: time.Hour, Streams: -1}},
		`the label "cow" is none of the model's`: {tones(m.Config.Rate, []string{"cow"}), options()},
		"soak: no example fits into the 0.1 s of a row: raise Options.Every": {set, Options{Duration: time.Second, Every: 100 * time.Millisecond, Compose: options().Compose}},
		"from 3 to 1 s: give the shorter one first,":                         {set, Options{Duration: time.Hour, Compose: compose.Options{Pause: [2]float64{3, 1}}}},
	} {
		if _, err := Run(t.Context(), m, c.set, c.o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one about %q", err, want)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	if h.quantile(0.5) != 0 {
		t.Error("nothing was counted")
	}
	for i := range 1000 {
		h.add(time.Duration(i+1) * time.Microsecond)
	}
	for q, want := range map[float64]float64{0.5: 500e-6, 0.99: 990e-6} {
		if got := h.quantile(q); math.Abs(got/want-1) > 0.06 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	h.add(0)
	h.add(1 << 62)
}
