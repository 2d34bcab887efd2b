package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"inkling/internal/f32"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testmodel"
	"inkling/internal/testkit/testset"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

var testLabels = []string{"a", "b", "c", "d"}

// randomModel returns an untrained network whose answers vary: its heads are scaled up so
// that some probabilities are high.
func randomModel(t testkit.TB, seed uint64, edit func(*model.Config)) *model.Model {
	t.Helper()
	c := testmodel.Labels(100, 1, testLabels...)
	c.Hidden, c.Front.Samples, c.Decision.EarlyP, c.Decision.EarlySteps = 6, 2, 0.4, 3
	if edit != nil {
		edit(&c)
	}
	return testmodel.Edited(t, c, rand.New(rand.NewPCG(seed, 1)), func(p *model.Params) {
		for _, w := range [][]float32{p.RunningW, p.ConfirmW} {
			for i := range w {
				w[i] *= 6
			}
		}
	})
}

// reference works out the contents of the report again, one step at a time.
func reference(t testing.TB, m *model.Model, s *dataset.Set) (rows []Row, accuracyAt map[string]Share, early Early) {
	x, err := m.Front()
	if err != nil {
		t.Fatal(err)
	}
	n := float64(len(s.Examples))
	right, at := 0, make([]int, 11)
	earlyRight, overturned, earliness := 0, 0, 0.0
	for _, e := range s.Examples {
		x.Reset()
		frames := x.Flush(x.Push(nil, e.Samples))
		state, d := m.NewState(), m.Dim()
		steps := len(frames) / d
		var labels []int
		var ps []float32
		var tops []float32
		probs := make([]float32, m.Classes())
		for k := range steps {
			m.Step(probs, state, frames[k*d:][:d])
			tops = append(tops, state.Top()...)
			labels, ps = append(labels, f32.Argmax(probs)), append(ps, slices.Max(probs))
		}
		m.Confirm(probs, state, tops)
		truth, confirmed := s.Labels[e.Label], m.Config.Labels[f32.Argmax(probs)]
		if truth == confirmed {
			right++
		}
		for k := 1; k <= 10; k++ {
			if m.Config.Labels[labels[int(math.Ceil(float64(k*steps)/10))-1]] == truth {
				at[k]++
			}
		}
		label, step := confirmed, 0
		for k := m.Config.Decision.EarlySteps; k <= steps && step == 0; k++ {
			held := true
			for back := range m.Config.Decision.EarlySteps {
				i := k - 1 - back
				held = held && labels[i] == labels[k-1] && float64(ps[i]) >= m.Config.Decision.EarlyP
			}
			if held {
				label, step = m.Config.Labels[labels[k-1]], k
			}
		}
		seen := 1.0
		if step > 0 {
			seen = float64(step) / float64(steps)
		}
		earliness += seen / n
		if label == truth {
			earlyRight++
		}
		if label != confirmed {
			overturned++
		}
		row := Row{File: e.Name, Truth: truth, Confirmed: confirmed, P: slices.Max(probs), Probs: map[string]float32{},
			Running: m.Config.Labels[labels[steps-1]], EarlyStep: step, Steps: steps}
		for i, p := range probs {
			row.Probs[m.Config.Labels[i]] = p
		}
		rows = append(rows, row)
	}
	accuracyAt = map[string]Share{}
	for k := 1; k <= 10; k++ {
		accuracyAt[fmt.Sprintf("%.1f", float64(k)/10)] = Share(float64(at[k]) / n)
	}
	early = Early{Accuracy: Share(float64(earlyRight) / n), Earliness: Share(earliness), Overturned: Share(float64(overturned) / n)}
	early.Gap = Share(float64(right)/n) - early.Accuracy
	return rows, accuracyAt, early
}

func TestRunEqualsTheModelStepByStep(t *testing.T) {
	fired, overturned := 0, 0
	for seed := range uint64(8) {
		m := randomModel(t, seed, nil)
		s := testset.Random(seed, 25, 1, testLabels)
		var each []Row
		r, err := Run(t.Context(), m, s, Options{Each: func(row Row) error { each = append(each, row); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		rows, at, early := reference(t, m, s)
		if !reflect.DeepEqual(r.Rows, rows) || !reflect.DeepEqual(each, rows) {
			t.Fatalf("seed %d: rows\n%v\nwant\n%v", seed, r.Rows, rows)
		}
		for k, want := range at {
			near(t, "accuracy at "+k, r.Running.AccuracyAt[k], float64(want))
		}
		near(t, "early accuracy", r.Early.Accuracy, float64(early.Accuracy))
		near(t, "earliness", r.Early.Earliness, float64(early.Earliness))
		near(t, "overturned", r.Early.Overturned, float64(early.Overturned))
		near(t, "gap", r.Early.Gap, float64(early.Gap))
		for _, row := range rows {
			if row.EarlyStep > 0 {
				fired++
			}
		}
		overturned += int(math.Round(25 * float64(early.Overturned)))
	}
	if fired < 20 || overturned < 5 {
		t.Fatalf("the rule fired %d times and was overturned %d times: the test proves too little", fired, overturned)
	}
}

func TestAnyNumberOfProcessorsGivesTheSameReport(t *testing.T) {
	m, s := randomModel(t, 1, nil), testset.Random(1, 40, 1, testLabels)
	var first []byte
	for _, n := range []int{1, 2, 5} {
		old := runtime.GOMAXPROCS(n)
		r, err := Run(t.Context(), m, s, Options{})
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		r.Seconds = 0
		data, _ := json.Marshal(r)
		if first == nil {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Fatalf("%d processors: %s\nwant %s", n, data, first)
		}
	}
}

// A crop is the same as an example of its samples.
func TestCropsAreExamples(t *testing.T) {
	m, s := randomModel(t, 3, nil), testset.Random(3, 20, 1, testLabels)
	cut := *s
	cut.Examples = nil
	short := 0
	for _, e := range s.Examples {
		for at := 0; at+15 <= len(e.Samples); at += 15 {
			c := e
			c.Name, c.Samples = fmt.Sprintf("%s@%v", e.Name, float64(at)/100), e.Samples[at:at+15]
			cut.Examples = append(cut.Examples, c)
		}
		if len(e.Samples) < 15 {
			short++
		}
	}
	got, err := Run(t.Context(), m, s, Options{Crop: 0.15})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Run(t.Context(), m, &cut, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Rows, want.Rows) || len(got.Rows) != len(cut.Examples) {
		t.Fatalf("crops:\n%v\nwant\n%v", got.Rows, want.Rows)
	}
	if short == 0 || len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], fmt.Sprint(short, " of 20")) {
		t.Fatalf("warnings %q for %d short examples", got.Warnings, short)
	}
	if _, err := Run(t.Context(), m, s, Options{Crop: 1}); err == nil || !strings.Contains(err.Error(), "shorter crop") {
		t.Fatalf("crops longer than any example: %v", err)
	}
}

func TestStepsOfTheWarmUpHaveNoLabel(t *testing.T) {
	m := randomModel(t, 4, func(c *model.Config) { c.Decision.Warm = 10; c.Decision.EarlySteps = 1; c.Decision.EarlyP = 0 })
	s := testset.Random(4, 30, 1, testLabels)
	r, err := Run(t.Context(), m, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, row := range r.Rows {
		switch {
		case row.Steps <= 10 && (row.Running != "" || row.EarlyStep != 0):
			t.Errorf("%d steps of warm-up: running %q, early %d", row.Steps, row.Running, row.EarlyStep)
		case row.Steps > 10 && row.EarlyStep != 11:
			t.Errorf("early at %d, want 11", row.EarlyStep)
		case row.Steps > 10:
			late++
		}
	}
	if late == 0 || late == len(r.Rows) || r.Running.AccuracyAt["0.1"] != 0 {
		t.Fatalf("%d of %d beyond the warm-up, accuracy at a tenth %v", late, len(r.Rows), r.Running.AccuracyAt["0.1"])
	}
}

func TestExamplesSeenInTrainingAreCounted(t *testing.T) {
	s := testset.Random(5, 20, 1, testLabels)
	m := randomModel(t, 5, func(c *model.Config) {
		c.Origin.Examples = []string{s.Examples[3].Hash[:8], s.Examples[7].Hash, "0123456789"}
	})
	r, err := Run(t.Context(), m, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.SeenInTraining != 2 || !r.Rows[3].Seen || !r.Rows[7].Seen {
		t.Fatalf("%d seen, want examples 3 and 7", r.SeenInTraining)
	}
}

// The order and the number of the set's labels need not be the model's, and a label that no
// example has need not be one of them.
func TestLabelsAreMatchedByName(t *testing.T) {
	m := randomModel(t, 6, nil)
	s := testset.Random(6, 20, 1, []string{"c", "d"})
	r, err := Run(t.Context(), m, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range r.Rows {
		if row.Truth != s.Labels[s.Examples[i].Label] {
			t.Fatalf("row %d: truth %q", i, row.Truth)
		}
	}
	if !math.IsNaN(float64(r.Confirmed.PerClass["a"].Sensitivity)) || r.Matrix.Row(2)+r.Matrix.Row(3) != 20 {
		t.Fatalf("rows of the matrix: %v", r.Matrix)
	}
	s.Labels = []string{"c", "d", "tuba"}
	if _, err := Run(t.Context(), m, s, Options{}); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsNameFileAndRemedy(t *testing.T) {
	m := randomModel(t, 7, nil)
	for _, c := range []struct {
		name string
		edit func(*dataset.Set, *Options)
		want string
	}{
		{"label", func(s *dataset.Set, o *Options) { s.Labels[3] = "tuba" },
			`x10: the label "tuba" is none of the model's (a, b, c, d): take the example out of the data, rename its label, or train a model with it`},
		{"empty", func(s *dataset.Set, o *Options) { s.Examples = nil },
			"there are no examples to evaluate: choose another split, or give a data set that has some"},
		{"NaN", func(s *dataset.Set, o *Options) { s.Examples[4].Samples[0] = float32(math.NaN()) },
			"x04: feature 1 of step 1 is NaN: repair the example or leave it out"},
		{"silent", func(s *dataset.Set, o *Options) { s.Examples[5].Samples = nil },
			"x05: 0 samples are too few for a single step: leave the example out"},
		{"rate", func(s *dataset.Set, o *Options) { s.Rate = 50 },
			"the data have 50 samples per second, the model takes 100: read the data at the model's rate"},
		{"channels", func(s *dataset.Set, o *Options) { *s = *testset.Random(1, 5, 2, testLabels) },
			"the data have 2 channels, the model was trained on 1: give data with 1 ("},
		{"crop", func(s *dataset.Set, o *Options) { o.Crop = -1 },
			"evaluate: crop: -1 seconds, want a positive number, or 0 for whole examples"},
		{"crop and segment", func(s *dataset.Set, o *Options) { o.Crop, o.Segment = 1, &m.Config.Segment },
			"evaluate: crops and a segmenter exclude each other: give one of them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, o := testset.Random(7, 20, 1, slices.Clone(testLabels)), Options{}
			c.edit(s, &o)
			if _, err := Run(t.Context(), m, s, o); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestErrorOfEachEndsTheEvaluation(t *testing.T) {
	full := errors.New("disk full")
	_, err := Run(t.Context(), randomModel(t, 8, nil), testset.Random(8, 20, 1, testLabels), Options{Each: func(Row) error { return full }})
	if err != full {
		t.Fatal(err)
	}
}

func TestCancelEndsTheEvaluation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, randomModel(t, 8, nil), testset.Random(8, 20, 1, testLabels), Options{Progress: func(done, total int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestProgressCountsEveryExample(t *testing.T) {
	calls := 0
	_, err := Run(t.Context(), randomModel(t, 8, nil), testset.Random(8, 20, 1, testLabels), Options{Progress: func(done, total int) {
		if calls++; done != calls || total != 20 {
			t.Errorf("progress %d of %d at call %d", done, total, calls)
		}
	}})
	if err != nil || calls != 20 {
		t.Fatalf("%d calls, %v", calls, err)
	}
}

func TestLogMelAveragesOtherChannels(t *testing.T) {
	m := randomModel(t, 9, func(c *model.Config) { c.Rate = 8000; c.Front = feature.Config{Kind: feature.KindLogMel, Bands: 8} })
	mono := testset.Random(9, 6, 1, testLabels)
	mono.Rate = 8000
	stereo := *mono
	stereo.Channels, stereo.Examples = 2, nil
	for _, e := range mono.Examples {
		x := e
		x.Samples = nil
		for _, v := range e.Samples {
			x.Samples = append(x.Samples, v, v)
		}
		stereo.Examples = append(stereo.Examples, x)
	}
	a, err := Run(t.Context(), m, mono, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Run(t.Context(), m, &stereo, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a.Rows, b.Rows) || len(b.Warnings) != 1 || !strings.Contains(b.Warnings[0], "averaged") {
		t.Fatalf("warnings %q", b.Warnings)
	}
}

func TestWithoutRunningHeadRunningAndEarlyAreNull(t *testing.T) {
	m := randomModel(t, 10, func(c *model.Config) { c.Running, c.Decision.EarlySteps = model.RunningNone, 0 })
	r, err := Run(t.Context(), m, testset.Random(10, 10, 1, testLabels), Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if r.Running != nil || r.Early != nil || !bytes.Contains(data, []byte(`"running":null,"early":null`)) || r.Rows[0].Running != "" {
		t.Fatalf("%s", data)
	}
}

func TestWithoutConfirmHeadTheLastRunningLabelIsConfirmed(t *testing.T) {
	m := randomModel(t, 10, func(c *model.Config) { c.Confirm = false })
	r, err := Run(t.Context(), m, testset.Random(10, 10, 1, testLabels), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Running.AccuracyAt["1.0"] != r.Confirmed.Accuracy || r.Rows[0].Running != r.Rows[0].Confirmed {
		t.Fatalf("confirmed %v, running at the end %v", r.Confirmed.Accuracy, r.Running.AccuracyAt["1.0"])
	}
}

// A few pieces are shared by all processors; of many, each processes a full batch at a time.
func TestBatchesKeepAllProcessorsBusy(t *testing.T) {
	for _, c := range []struct{ pieces, processors, want int }{
		{1, 1, 1}, {1, 2, 1}, {16, 2, 8}, {17, 2, 9}, {20, 16, 2}, {33, 2, mostTogether}, {1000, 4, mostTogether},
	} {
		if got := together(c.pieces, c.processors); got != c.want {
			t.Errorf("%d pieces, %d processors: %d, want %d", c.pieces, c.processors, got, c.want)
		}
	}
}
