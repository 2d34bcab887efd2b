package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// tones returns a data set of short tones, one pitch per label.
func tones(n int) *dataset.Set {
	rng := rand.New(rand.NewPCG(5, 5))
	s := &dataset.Set{Kind: dataset.Audio, Labels: testLabels, Channels: 1, Rate: 8000}
	for i := range n {
		x := make([]float32, 1500+rng.IntN(3000))
		for k := range x {
			x[k] = float32(0.5*math.Sin(float64(200*(1+i%4)*k)*2*math.Pi/8000) + 0.02*rng.NormFloat64())
		}
		s.Examples = append(s.Examples, dataset.Example{Name: fmt.Sprintf("t%d", i), Label: i % 4, Samples: x, Rate: 8000})
	}
	return s
}

// composed returns a stream composed of set, and the recording of it from a source with
// blocks of any length.
func composed(t *testing.T, set *dataset.Set, seconds float64) (*compose.Stream, func(block time.Duration) Recording) {
	t.Helper()
	s, err := compose.New(set, compose.Options{Duration: seconds, Pause: [2]float64{0.1, 1}})
	if err != nil {
		t.Fatal(err)
	}
	return s, func(block time.Duration) Recording {
		return Recording{Name: "x", Annotations: s.Events, Seconds: seconds, Open: func() (capture.Source, error) {
			return capture.Func("x", capture.Format{Rate: s.Rate, Channels: s.Channels}, capture.Options{Block: block}, s.Reader().Read), nil
		}}
	}
}

// strict returns a model some of whose answers are rejected and some background.
func strict(t *testing.T) *model.Model {
	return randomModel(t, 20, func(c *model.Config) {
		c.Rate, c.Segment.Kind, c.Front.Kind, c.Front.Bands = 8000, segment.Activity, "logmel", 12
		c.Decision.EarlyP, c.Decision.Threshold, c.Decision.Warm, c.Decision.Background = 0.3, 0.6, 2, "c"
	})
}

// drawDecision draws rules of every kind in place of those of d.
func drawDecision(t *rapid.T, d decide.Config) decide.Config {
	p := func(name string) float64 { return rapid.Float64Range(0, 0.8).Draw(t, name) }
	d.Background = rapid.SampledFrom([]string{"", "c"}).Draw(t, "background")
	d.Warm = rapid.IntRange(0, 4).Draw(t, "warm")
	d.State = rapid.SampledFrom([]decide.State{decide.Reset, decide.Carry}).Draw(t, "state")
	d.Threshold, d.On = p("threshold"), map[string]float64{"a": p("on"), "b": p("on")}
	d.RunningOn = map[string]float64{"a": p("running_on")}
	d.RunningOff = map[string]float64{"a": d.RunningOn["a"] * rapid.Float64Range(0, 1).Draw(t, "share")}
	d.Smooth, d.Hold = rapid.SampledFrom([]float64{0, 3}).Draw(t, "smooth"), rapid.IntRange(0, 5).Draw(t, "hold")
	if rapid.Bool().Draw(t, "cusum") {
		d.CUSUMLimit, d.CUSUMDrift = rapid.Float64Range(0.1, 8).Draw(t, "limit"), rapid.Float64Range(-1, 1).Draw(t, "drift")
	}
	if rapid.Bool().Draw(t, "learned") {
		d.EarlyP, d.EarlySteps = 0, 0
		d.Early = &decide.Early{Weights: []float64{0, 1, 0, 0.1, 0, 0, 0}, Threshold: rapid.Float64Range(-1, 3).Draw(t, "score")}
	}
	return d
}

// Running, early and confirmed labels of a trace are those that a stream.Classifier reports,
// event by event, whether the trace was collected under the rules or replayed.
func TestReplayEqualsTheStream(t *testing.T) {
	s, recording := composed(t, tones(30), 8)
	x := make([]float32, s.Frames)
	for r, at := s.Reader(), 0; at < len(x); {
		n, _ := r.Read(x[at:])
		at += n
	}
	held := map[string]int{}
	early := 0
	m := strict(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := m.Config
		plain.Calibration = &model.Calibration{Steps: 30}
		d := drawDecision(t, plain.Decision)
		plain.Decision = decide.Config{State: d.State, Gap: d.Gap, Background: d.Background}
		ruled := plain
		ruled.Decision = d
		trace := collected(t, m, plain, recording(0))
		trace.Replay(&plain, &d)
		if !reflect.DeepEqual(trace, collected(t, m, ruled, recording(0))) {
			t.Fatal("a replayed trace differs from one collected under the rules")
		}
		early += checkDecided(t, remade(t, m, ruled), x, trace, held)
	})
	for _, rule := range []string{"", string(decide.Threshold), string(decide.Background), string(decide.CUSUM)} {
		if held[rule] < 3 {
			t.Errorf("too little happens: %v", held)
		}
	}
	if early < 3 {
		t.Errorf("%d early labels", early)
	}
}

func remade(t *rapid.T, m *model.Model, c model.Config) *model.Model {
	r, err := model.New(c, m.Params)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func collected(t *rapid.T, m *model.Model, c model.Config, r Recording) *Trace {
	traces, err := Collect(context.Background(), remade(t, m, c), []Recording{r}, StreamOptions{KeepProbs: true})
	if err != nil {
		t.Fatal(err)
	}
	return traces[0]
}

// checkDecided compares trace with the events of m over x. It counts labels held back by
// rule, and returns the number of early labels.
func checkDecided(t *rapid.T, m *model.Model, x []float32, trace *Trace, held map[string]int) (earlies int) {
	c, err := stream.NewClassifier(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Feed(&capture.Block{Format: capture.Format{Rate: 8000, Channels: 1}, Samples: x}); err != nil {
		t.Fatal(err)
	}
	label := func(k int) string { return append(testLabels, "")[(k+5)%5] }
	rules := decide.NewRules(&m.Config.Decision, testLabels)
	k, step, early := 0, 0, -1
	for _, e := range c.End(c.Advance(nil), segment.ByEOF) {
		cand := &trace.Candidates[k]
		switch e.Type {
		case stream.Running:
			if got := cand.Steps[step]; got.Sample != e.Sample || got.P != e.P || label(int(got.Label)) != e.Label {
				t.Fatalf("candidate %d, step %d: %+v, the stream says %+v", k, step, got, e)
			}
			step++
		case stream.Early:
			earlies++
			if early = cand.Early; label(early) != e.Label || cand.EarlyAt != e.Sample {
				t.Fatalf("candidate %d: early %+v", k, e)
			}
		case stream.Confirmed, stream.Dropped:
			v := Decide(cand, &rules)
			if cand.Start != e.Start || cand.End != e.End || v.Held != e.Rule || v.Held == "" && (label(v.Label) != e.Label || v.P != e.P) {
				t.Fatalf("candidate %d: %+v, %+v, the stream says %+v", k, cand, v, e)
			}
			if e.Type == stream.Confirmed && label(cand.Running) != e.Running || len(cand.Steps) != step || cand.Early != early {
				t.Fatalf("candidate %d: %+v, early %d, %d steps, the stream says %+v", k, cand, early, step, e)
			}
			held[string(v.Held)]++
			k, step, early = k+1, 0, -1
		}
	}
	if k != len(trace.Candidates) {
		t.Fatalf("%d candidates of %d", k, len(trace.Candidates))
	}
	return earlies
}

// Neither the source's blocks nor the order of annotations matter, and a clip is what
// Predict answers for the example.
func TestCollectDoesNotDependOnBlocks(t *testing.T) {
	m, set := strict(t), tones(30)
	s, recording := composed(t, set, 40)
	var traces [][]*Trace
	for _, block := range []time.Duration{0, 125 * time.Microsecond, 700 * time.Millisecond} {
		got, err := Collect(context.Background(), m, []Recording{recording(block), recording(block)}, StreamOptions{})
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, got)
	}
	if !reflect.DeepEqual(traces[0], traces[1]) || !reflect.DeepEqual(traces[0], traces[2]) || !reflect.DeepEqual(traces[0][0], traces[0][1]) {
		t.Error("blocks matter")
	}
	shuffled := recording(0)
	shuffled.Annotations = slices.Clone(s.Events)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(s.Events), func(i, k int) {
		shuffled.Annotations[i], shuffled.Annotations[k] = shuffled.Annotations[k], shuffled.Annotations[i]
	})
	if got, err := Collect(context.Background(), m, []Recording{shuffled}, StreamOptions{}); err != nil || !reflect.DeepEqual(got[0], traces[0][0]) {
		t.Error("the order of annotations matters", err)
	}
	for i, c := range traces[0][0].Clips {
		k := slices.IndexFunc(set.Examples, func(e dataset.Example) bool { return e.Name == s.Events[i].Where })
		front, _ := m.Front()
		p := m.Predict(front.Flush(front.Push(nil, set.Examples[k].Samples)))
		if want := (Clip{true, f32.Argmax(p.Confirm), f32.Argmax(p.Running[(p.Steps-1)*4:])}); c != want {
			t.Fatalf("event %d: %+v, want %+v", i, c, want)
		}
	}
}

// A stereo recording of another rate has its candidate where it sounds.
func TestCollectConvertsTheFormat(t *testing.T) {
	const rate = 12000
	x := make([]float32, 2*3*rate)
	for i := rate; i < 2*rate; i++ {
		x[2*i] = float32(0.5 * math.Sin(float64(i)/4))
		x[2*i+1] = x[2*i]
	}
	r := Recording{Name: "x", Annotations: []dataset.Annotation{{Start: 1, End: 2, Label: "a"}, {Start: 2.5, End: 2.5, Label: "background"}},
		Open: func() (capture.Source, error) {
			return capture.NewMemory(capture.Cut("x", capture.Format{Rate: rate, Channels: 2}, x, 777)...), nil
		}}
	traces, err := Collect(context.Background(), strict(t), []Recording{r}, StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	trace := traces[0]
	if len(trace.Candidates) != 1 || len(trace.Events) != 1 || !trace.Clips[0].Judged || trace.Samples != 3*rate || trace.Rate != rate {
		t.Fatalf("%+v", trace)
	}
	c := trace.Candidates[0]
	near := func(got, want, within float64) bool { return math.Abs(got-want) <= within*rate }
	if !near(float64(c.Start), 0.98*rate, 0.02) || !near(float64(c.End), 2*rate, 0.03) || !near(float64(c.DecidedAt), 2.2*rate, 0.03) {
		t.Errorf("%+v", c)
	}
}

func TestStreamRefuses(t *testing.T) {
	_, recording := composed(t, tones(4), 40)
	for says, edit := range map[string]func(*Recording, *StreamOptions){
		"x:7: the label \"q\" is none of the model's": func(r *Recording, o *StreamOptions) {
			r.Annotations = []dataset.Annotation{{Start: 1, End: 2, Label: "q", Where: "x:7"}}
		},
		"x:8: end: 41 s is after the end of the recording, 40.000 s": func(r *Recording, o *StreamOptions) {
			r.Annotations = []dataset.Annotation{{Start: 1, End: 41, Label: "a", Where: "x:8"}}
		},
		"choose another in segment.Config.Kind": func(r *Recording, o *StreamOptions) { o.Segment = &segment.Config{Kind: segment.Message} },
		"it holds no samples": func(r *Recording, o *StreamOptions) {
			r.Annotations, r.Open = nil, func() (capture.Source, error) {
				return capture.NewMemory(capture.Cut("x", capture.Format{Rate: 8000, Channels: 1}, nil, 100)...), nil
			}
		},
	} {
		r, o := recording(0), StreamOptions{}
		edit(&r, &o)
		if _, err := Stream(context.Background(), strict(t), []Recording{r, recording(0)}, o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
	r := recording(0)
	r.Annotations = []dataset.Annotation{{Start: 1, End: 2, Label: "q"}}
	report, err := Stream(context.Background(), strict(t), []Recording{r}, StreamOptions{IgnoreUnknown: true})
	if err != nil || report.Events != 0 || report.FalseAlarms.OnBackground == 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(report); err != nil || !strings.Contains(b.String(), `"recall":null`) {
		t.Errorf("%s, %v", &b, err)
	}
}

func TestScoreByHand(t *testing.T) {
	const rate = 1000
	candidate := func(start, end uint64, probs ...float32) Candidate {
		return Candidate{Start: start, End: end, DecidedAt: end + 200, Confirm: probs, Running: -1, Early: -1}
	}
	good := candidate(950, 1400, 0.9, 0.1, 0)
	good.Steps = []Step{{1000, -1, 0}, {1100, 1, 0.6}, {1200, 0, 0.6}, {1300, 0, 0.7}, {1400, 0, 0.8}, {1500, 1, 0.8}}
	good.Counted, good.Running, good.Early, good.EarlyAt = 5, 0, 0, 1300
	wrong := candidate(5100, 5500, 0.2, 0.8, 0)
	wrong.Early, wrong.EarlyAt, wrong.Running, wrong.Counted, wrong.Steps = 0, 5200, 0, 1, []Step{{5200, 0, 0.9}}
	trace := &Trace{Name: "x", Rate: rate, Samples: 3600 * rate,
		Events: []Span{{Start: 1000, End: 1500, Label: 0}, {Start: 5000, End: 5600, Label: 0}, {Start: 9000, End: 9500, Label: 1}, {Start: 13000, End: 13500, Label: 1}, {Start: 17000, End: 17500, Label: 1}, {Start: 21000, End: 21600, Label: 0}},
		Clips:  []Clip{{true, 0, 0}, {true, 0, 1}, {true, 1, 1}, {true, 1, 1}, {}, {}},
		Candidates: []Candidate{good,
			candidate(1500, 1600, 0.6, 0.4, 0), // overlaps nothing: on background
			wrong,
			candidate(9000, 9400, 0.1, 0.5, 0.4), // rejected
			candidate(13100, 13300, 0, 0.3, 0.7), // background
			{Start: 17000, End: 17040, Dropped: "short", Running: -1, Early: -1},
			candidate(20000, 20500, 1, 0, 0), // too early for the last, and before it
			candidate(21400, 21500, 1, 0, 0), // within it, but it begins too late
		}}
	d := &decide.Config{Threshold: 0.55, Background: "z"}
	r := Score([]string{"a", "b", "z"}, []*Trace{trace}, d, 0.25)
	want := FalseAlarms{4, 4, 1, 0, 1, 2}
	if r.FalseAlarms != want || r.Events != 6 || r.Found != 1 || r.Missed != 5 || r.Recall != ShareOf(1, 6) || r.Precision != ShareOf(1, 5) || r.F1 != ShareOf(2, 11) {
		t.Errorf("%+v", r)
	}
	if m := map[Reason]int{"wrong_label": 1, "threshold": 1, "background": 1, "short": 1, "inside": 1}; !reflect.DeepEqual(r.Misses, m) {
		t.Errorf("%v", r.Misses)
	}
	if a := (StreamAccuracy{1, 0.75, ShareOf(1, 6), ShareOf(1, 6), 4}); r.Accuracy != a {
		t.Errorf("%+v", r.Accuracy)
	}
	if l := (Latencies{Latency{200, 200, 1}, Latency{300, 300, 1}, Latency{600, 600, 1}}); r.Latency != l {
		t.Errorf("%+v", r.Latency)
	}
	if e := (EarlyInStream{2, 1, 1, 0.5}); r.Early != e {
		t.Errorf("%+v", r.Early)
	}
	if g := (RunningInStream{1, 0.2, 2, Number(2.0 / 60)}); r.Running != g {
		t.Errorf("%+v", r.Running)
	}
	if s := (Segments{8, 5, 1, map[decide.Rule]int{"background": 1, "short": 1}}); !reflect.DeepEqual(r.Segments, s) {
		t.Errorf("%+v", r.Segments)
	}
	if c := [][]int{{1, 1, 0, 1}, {0, 0, 0, 3}, {0, 0, 0, 0}, {3, 0, 0, 0}}; !reflect.DeepEqual(r.Confusion, c) {
		t.Errorf("%v", r.Confusion)
	}
	if p := r.OverTime; len(p) != 10 || p[0].Events != 6 || p[0].Found != 1 || p[0].FalseAlarms != 4 || p[0].FalseAlarmsPerHour != 40 || p[9].ToS != 3600 {
		t.Errorf("%+v", p)
	}
	if len(r.Rows) != 10 || !slices.IsSortedFunc(r.Rows, func(a, b StreamRow) int { return int(a.Start*1e3 - b.Start*1e3) }) {
		t.Errorf("%d rows", len(r.Rows))
	}
}
