package stream

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// nextModel says what comes next, out of random weights.
func nextModel(t interface{ Fatal(...any) }, seed uint64, rate float64, channels, samples int, quantiles []float64) *model.Model {
	n := model.Next{Loss: model.LossSquared, Residual: true}
	if quantiles != nil {
		n.Loss, n.Quantiles = model.LossQuantile, quantiles
	}
	c := model.Config{Version: 1, Labels: []string{}, Rate: rate, Channels: channels, Hidden: 5, Layers: 1, Running: model.RunningNone, Next: &n,
		Front:   feature.Config{Kind: feature.KindRaw, Samples: samples, Decimate: 1},
		Segment: segment.Config{Kind: segment.Whole}, Decision: decide.Config{State: "reset", Gap: "reset"}}
	p := model.NewParams(&c, channels*samples)
	rng := rand.New(rand.NewPCG(seed, 3))
	p.Init(rng)
	for _, x := range [][]float32{p.NextW, p.NextB} {
		for i := range x {
			x[i] = 0.1 * float32(rng.NormFloat64())
		}
	}
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Forecasts depend neither on blocks nor on when Advance is called, nor on saved states,
// whatever the gaps.
func TestSplitDoesNotChangeForecasts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
		source := rapid.SampledFrom([]float64{800, 1000}).Draw(t, "source rate")
		channels := rapid.IntRange(1, 2).Draw(t, "channels")
		s := setting{format: capture.Format{Rate: source, Channels: channels}, channels: channels}
		s.m = nextModel(t, rng.Uint64(), 1000, channels, rapid.IntRange(1, 3).Draw(t, "samples"),
			rapid.SampledFrom([][]float64{nil, {0.1, 0.5, 0.9}}).Draw(t, "quantiles"))
		s.o = Options{Stream: "s", Ahead: rapid.IntRange(0, 3).Draw(t, "ahead")}
		s.samples = bursts(rng, rapid.IntRange(1, 1500).Draw(t, "n"), channels, source)
		if rapid.Bool().Draw(t, "disturbed") {
			s.disturb(t, false)
		}
		want := s.play(t, classifier(t, &s), func() int { return 5000 }, nil)
		cut := func() int { return rapid.SampledFrom([]int{1, 7, 40, 600, 5000}).Draw(t, "block") }
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
	})
}

// The stream's forecasts are the offline reference's, its errors what came less them;
// after a gap it begins anew.
func TestForecastsEqualOfflineOnes(t *testing.T) {
	m := nextModel(t, 4, 0, 2, 2, []float64{0.1, 0.5, 0.9})
	x := make([]float32, 4*25+2) // the last frame is not whole
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	want := m.Forecasts(x[:100])
	format := capture.Format{Channels: 2}
	events := script(t, m, &Options{Ahead: 2}, capture.Block{Format: format, Samples: x}, capture.Block{Format: format, Offset: 60, Samples: x})
	if len(events) != 51 || events[25].Type != Gap || events[25].Lost != 9 {
		t.Fatal(len(events), gist(events))
	}
	for i, e := range append(slices.Clone(events[:25]), events[26:]...) {
		row := want[(i%25)*12:][:12]
		if e.Type != Forecast || e.Step != i%25+1 || e.Segment != uint64(1+i/25) || e.Sample != uint64(60*(i/25)+2*e.Step) {
			t.Fatalf("event %d: %+v", i, e)
		}
		if !slices.Equal(e.Quantiles, row) || !slices.Equal(e.Ahead[:4], row[4:8]) || len(e.Ahead) != 8 || !slices.Equal(e.Values, x[(i%25)*4:][:4]) {
			t.Fatalf("event %d: %+v", i, e)
		}
		if (e.Errors == nil) != (e.Step == 1) || e.Errors != nil && e.Errors[1] != e.Values[1]-want[(i%25-1)*12+5] {
			t.Fatalf("event %d: errors %v", i, e.Errors)
		}
	}
}

// A forecast, ten steps ahead or one, allocates nothing, and its state does not grow.
func TestForecastsAllocateNothing(t *testing.T) {
	testkit.SkipPools(t)
	for _, o := range []Options{{}, {Ahead: 10}, {Emit: Emit{Every: 1e8}}} {
		c, err := NewClassifier(nextModel(t, 1, 360, 1, 1, []float64{0.1, 0.5, 0.9}), &o)
		if err != nil {
			t.Fatal(err)
		}
		b := capture.Block{Format: capture.Format{Rate: 250, Channels: 1}, Samples: bursts(rand.New(rand.NewPCG(1, 1)), 40, 1, 360)}
		var events []Event
		seen := 0
		step := func() {
			if err := c.Feed(&b); err != nil {
				t.Fatal(err)
			}
			if b.Offset += 40; b.Offset%7 == 0 {
				b.Offset++ // a gap
			}
			events = c.Advance(events[:0])
			seen += len(events)
		}
		for range 300 {
			step()
		}
		seen = 0
		before := len(c.AppendState(nil, true))
		if n := testing.AllocsPerRun(100, step); n != 0 || seen < 150 {
			t.Errorf("%+v: a block allocates %v times, %d events", o, n, seen)
		}
		if after := len(c.AppendState(nil, true)); after > before+2000 {
			t.Errorf("the state grew from %d to %d bytes", before, after)
		}
	}
}

// Many streams that share their passes give what each gives alone.
func TestForecastsOfManyStreams(t *testing.T) {
	m := nextModel(t, 2, 0, 1, 1, nil)
	var blocks []capture.Block
	want := map[string][]Event{}
	for i := range 30 {
		x := bursts(rand.New(rand.NewPCG(uint64(i), 1)), 50, 1, 100)
		b := block(0, x...)
		b.Stream = string(rune('a' + i))
		blocks = append(blocks, b)
		want[b.Stream] = script(t, m, nil, b)
	}
	var k kept
	if err := Run(t.Context(), capture.NewMemory(blocks...), m, &RunOptions{Finite: true, Workers: 2}, &k); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, e := range k.events {
		if e.Type != Forecast {
			continue
		}
		w := want[e.Stream][got[e.Stream]]
		if !slices.Equal(e.Ahead, w.Ahead) || !slices.Equal(e.Errors, w.Errors) {
			t.Fatalf("%s, step %d: %v, alone %v", e.Stream, e.Step, e.Ahead, w.Ahead)
		}
		got[e.Stream]++
	}
	if last := k.events[len(k.events)-1]; len(got) != 30 || last.Type != Summary || last.Counts[1] != (Count{"forecasts", 1500}) {
		t.Errorf("%d streams, %+v", len(got), last)
	}
}

// What a model of the other kind has no use for is refused.
func TestForecastOptions(t *testing.T) {
	next, labels := nextModel(t, 1, 0, 1, 1, nil), signModel(t, decide.Config{})
	for _, c := range []struct {
		m *model.Model
		o Options
	}{{labels, Options{Ahead: 1}}, {next, Options{Ahead: -1}}, {next, Options{Ahead: MaxAhead + 1}}, {next, Options{State: "carry"}},
		{nextText(t, 1), Options{Ahead: 2}}, {next, Options{Threshold: 0.5}}, {next, Options{Segment: &segment.Config{Kind: segment.Fixed}}}, {next, Options{Emit: Emit{Confirmed: true}}}} {
		if _, err := NewClassifier(c.m, &c.o); err == nil {
			t.Errorf("%+v is taken", c.o)
		}
	}
}

// Forecasts whose rows do not fit together are no events.
func TestForecastJSON(t *testing.T) {
	const head = `{"v":1,"type":"forecast","session":"","stream":"","segment":1,"step":2,"sample":2,`
	for _, s := range []string{`"forecast":[[1]]}`, `"values":[1],"errors":[1,2],"forecast":[[1]]}`, `"values":[1],"forecast":[[1,2]]}`,
		`"values":[1],"forecast":[[1]],"quantiles":[[0.5,[]]]}`, `"values":[1],"forecast":[1]}`, `"values":[1],"forecast":[[1]],"more":1}`} {
		if err := json.Unmarshal([]byte(head+s), new(Event)); err == nil {
			t.Errorf("%s is taken", s)
		}
	}
}

// nextText says the next of four codes, out of random weights.
func nextText(t interface{ Fatal(...any) }, seed uint64) *model.Model {
	c := model.Config{Version: 1, Labels: []string{}, Channels: 1, Hidden: 5, Layers: 1, Running: model.RunningNone, Next: &model.Next{Loss: model.LossEntropy},
		Front:   feature.Config{Kind: feature.KindChars, Alphabet: " ab"},
		Segment: segment.Config{Kind: segment.Whole}, Decision: decide.Config{State: "reset", Gap: "reset"}}
	p := model.NewParams(&c, 1)
	rng := rand.New(rand.NewPCG(seed, 4))
	p.Init(rng)
	for i := range p.NextW {
		p.NextW[i] = float32(rng.NormFloat64())
	}
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The stream of a text tells, of each character, the bits that the offline reference
// gives it, and the most probable ones to come.
func TestForecastsOfText(t *testing.T) {
	m := nextText(t, 3)
	x := []float32{'a', 'b', 'q', ' ', '\n', 'b'}
	want, codes := m.Forecasts([]float32{2, 3, 0, 1, 1, 3}), []int{2, 3, 0, 1, 1, 3}
	events := script(t, m, &Options{Top: 2}, block(0, x[:2]...), block(2, x[2:]...))
	if len(events) != len(x) {
		t.Fatal(gist(events))
	}
	for i, e := range events {
		row := want[i*4:][:4]
		if best := f32.Argmax(row); e.Top[0].P != row[best] || e.Top[0].Label != []string{"", " ", "a", "b"}[best] || len(e.Top) != 2 || e.Top[1].P > e.Top[0].P {
			t.Errorf("step %d: %+v of %v", e.Step, e.Top, row)
		}
		if *e.Text != []string{"", " ", "a", "b"}[codes[i]] {
			t.Errorf("step %d: %q came", e.Step, *e.Text)
		}
		if i > 0 && e.Bits != -math.Log2(float64(want[(i-1)*4+codes[i]])) {
			t.Errorf("step %d: %v bits", e.Step, e.Bits)
		}
		var back Event
		line := AppendJSON(nil, &e)
		if err := json.Unmarshal(line, &back); err != nil || string(AppendJSON(nil, &back)) != string(line) {
			t.Errorf("%s: %v", line, err)
		}
	}
	c, err := NewClassifier(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, kept := block(0, x...), []Event(nil)
	step := func() {
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		b.Offset += uint64(len(x))
		kept = c.Advance(kept[:0])
	}
	step()
	step()
	if n := testing.AllocsPerRun(50, step); n != 0 && !testkit.Race || len(kept) != len(x) {
		t.Errorf("%v allocations, %d events", n, len(kept))
	}
}
