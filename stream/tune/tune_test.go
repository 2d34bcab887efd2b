package tune

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"inkling/model"
	"inkling/model/decide"
	"inkling/stream/evaluate"
)

const rate = 1000

var testConfig = &model.Config{Labels: []string{"a", "b", "c", "z"}, Decision: decide.Config{Background: "z", State: decide.Reset, Gap: decide.GapReset}}

// candidate returns a candidate of label with probability p, the rest shared by the others.
func candidate(start uint64, label int, p float32) evaluate.Candidate {
	c := evaluate.Candidate{Start: start, End: start + 300, DecidedAt: start + 500, Running: -1, Early: -1, Confirm: make([]float32, 4)}
	for i := range c.Confirm {
		c.Confirm[i] = (1 - p) / 3
	}
	c.Confirm[label] = p
	return c
}

// planted returns a stream with an event reported with probability p, or a false alarm, in
// every second.
func planted(events, alarms [][]float32) *evaluate.Trace {
	t := &evaluate.Trace{Name: "x", Rate: rate}
	for i, ps := range [][][]float32{events, alarms} {
		for label, p := range ps {
			for _, v := range p {
				t.Samples += rate
				t.Candidates = append(t.Candidates, candidate(t.Samples, label, v))
				if i == 0 {
					t.Events = append(t.Events, evaluate.Span{Start: t.Samples, End: t.Samples + 300, Label: label})
				}
			}
		}
	}
	t.Samples = 3600 * rate
	t.Clips = make([]evaluate.Clip, len(t.Events))
	return t
}

// evenly returns n values from lo to hi.
func evenly(n int, lo, hi float32) (all []float32) {
	for i := range n {
		all = append(all, lo+(hi-lo)*float32(i)/float32(n-1))
	}
	return all
}

// tuned makes a path from t and chooses on it.
func tuned(t *evaluate.Trace, g Goal) (d decide.Config, points []Point, n int) {
	d = testConfig.Decision
	cs := curves([]*evaluate.Trace{t}, testConfig, &d, 0.25)
	path := newPath(cs, g.weights(len(t.Events), float64(t.Samples)/t.Rate/3600)[0])
	points = along(path, cs)
	if n = g.choose(points, len(t.Events), float64(t.Samples)/t.Rate/3600); n >= 0 {
		put(&d, path, n, testConfig.Labels)
	}
	return d, points, n
}

// Labels get thresholds of their own between their false alarms and their events. Where
// those overlap, the budget goes to the label that finds most for it.
func TestThresholdsFindThePlantedOptimum(t *testing.T) {
	trace := planted([][]float32{evenly(40, 0.7, 0.99), evenly(40, 0.93, 0.99), evenly(40, 0.5, 0.9)},
		[][]float32{evenly(10, 0.4, 0.62), evenly(10, 0.4, 0.91), {0.52, 0.85}})
	d, points, n := tuned(trace, Goal{FalseAlarms: 0})
	on := func(label string) float64 {
		if v, ok := d.On[label]; ok {
			return v
		}
		return d.Threshold
	}
	if a, b, c := on("a"), on("b"), on("c"); !(a > 0.62 && a <= 0.7 && b > 0.91 && b <= 0.93 && c > 0.85 && c < 0.87) {
		t.Errorf("thresholds %v, %v, %v", a, b, c)
	}
	if p := points[n]; p.Alarms != 0 || p.Found < 80+3 || p.Found > 80+5 {
		t.Errorf("%+v", p)
	}
	// One alarm buys nearly all of c, and a and b keep what they have.
	d, points, n = tuned(trace, Goal{FalseAlarms: 1})
	if p := points[n]; p.Alarms != 1 || p.Found < 80+34 || on("c") > 0.57 {
		t.Errorf("%+v, %+v", p, d)
	}
	if _, points, n = tuned(trace, Goal{FalseAlarms: -1, Recall: 1}); n < 0 || points[n].Found != 120 || points[n].Alarms != 2 {
		t.Errorf("all of them trace %+v", points[n])
	}
	if _, _, n = tuned(trace, Goal{FalseAlarms: 1, Recall: 0.99}); n >= 0 {
		t.Error("a recall of 0.99 with one alarm")
	}
}

func drawTrace(t *rapid.T) *evaluate.Trace {
	trace := &evaluate.Trace{Name: "x", Rate: rate, Samples: 3600 * rate}
	at := uint64(0)
	for range rapid.IntRange(1, 40).Draw(t, "events") {
		at += rapid.Uint64Range(0, 900).Draw(t, "pause")
		label := rapid.IntRange(0, 2).Draw(t, "label")
		trace.Events = append(trace.Events, evaluate.Span{Start: at, End: at + 400, Label: label})
		if rapid.Bool().Draw(t, "reported") {
			trace.Candidates = append(trace.Candidates, candidate(at+rapid.Uint64Range(0, 1000).Draw(t, "late"), rapid.IntRange(0, 3).Draw(t, "label answered"), rapid.Float32Range(0.26, 1).Draw(t, "p")))
		}
		at += 101
	}
	slices.SortStableFunc(trace.Candidates, func(a, b evaluate.Candidate) int { return cmp.Compare(a.Start, b.Start) })
	trace.Clips = make([]evaluate.Clip, len(trace.Events))
	return trace
}

// Each point of a path has the counts of evaluate.Score under its thresholds. Along the path
// both counts never decrease, nor does the recall with a greater budget.
func TestPathCountsWhatScoreCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		searched, trace := drawTrace(t), drawTrace(t)
		d := testConfig.Decision
		path := newPath(curves([]*evaluate.Trace{searched}, testConfig, &d, 0.25), rapid.Float64Range(0.1, 10).Draw(t, "weight"))
		points := along(path, curves([]*evaluate.Trace{trace}, testConfig, &d, 0.25))
		for i := 1; i < len(points); i++ {
			if more := points[i].minus(points[i-1]); more.Found < 0 || more.Wrong < 0 || more.Alarms < more.Wrong {
				t.Fatalf("from %+v to %+v", points[i-1], points[i])
			}
		}
		n := rapid.IntRange(0, len(path)).Draw(t, "place")
		put(&d, path, n, testConfig.Labels)
		r := evaluate.Score(testConfig.Labels, []*evaluate.Trace{trace}, &d, 0.25)
		if got := (Point{r.Found, r.FalseAlarms.Total, r.FalseAlarms.Total - r.FalseAlarms.OnBackground}); got != points[n] {
			t.Fatalf("%+v, the path says %+v under %+v", got, points[n], d)
		}
		last := 0
		for _, budget := range []float64{0, 1, 3, 8, 20, 100} {
			if k := (&Goal{FalseAlarms: budget}).choose(points, len(trace.Events), 1); k >= 0 {
				if p := points[k]; float64(p.Alarms) > budget || p.Found < last {
					t.Fatalf("budget %v: %+v after %d found", budget, p, last)
				}
				last = points[k].Found
			} else if last > 0 {
				t.Fatalf("budget %v gives nothing, a lesser one %d", budget, last)
			}
		}
	})
}

func TestBoundsByHand(t *testing.T) {
	plain, sure, again := Goal{}, Goal{Confidence: 0.9}, Goal{Confidence: 0.9, Distinct: 2}
	for _, c := range [][2]float64{
		{sure.AtMost(0, 1), math.Log(10)}, {sure.AtMost(3, 2), 6.6808 / 2}, {plain.AtMost(3, 2), 1.5}, {again.AtMost(15, 10), 6.6808 / 2}, {again.AtMost(0, 1), math.Log(10)},
		{sure.WrongAtMost(0, 10, 1), 1 - math.Pow(0.1, 0.1)}, {plain.WrongAtMost(3, 10, 1), 0.3}, {sure.WrongAtMost(10, 10, 1), 1}, {sure.WrongAtMost(0, 0, 1), 1}, {again.WrongAtMost(0, 50, 10), 1 - math.Pow(0.1, 0.1)},
		{(&Goal{Wrong: 0.02, Confidence: 0.9}).Events(0), 116},
		{sure.AtLeast(10, 10, 1), math.Pow(0.1, 0.1)}, {sure.AtLeast(0, 10, 1), 0}, {plain.AtLeast(9, 10, 1), 0.9}, {again.AtLeast(50, 50, 10), math.Pow(0.1, 0.1)},
		{(&Goal{FalseAlarms: 0.5, Confidence: 0.9}).Hours(0), 2 * math.Log(10)},
	} {
		if math.Abs(c[0]-c[1]) > 1e-4 {
			t.Errorf("%v, want %v", c[0], c[1])
		}
	}
}

// With a confidence of 0.9, a choice breaks the true budget for at most a tenth of the
// streams that it may be made on; without, for about half of them.
func TestChoiceKeepsTheTrueBudget(t *testing.T) {
	const trials, hours, budget, each = 2000, 10, 1.0, 0.05 // alarms an hour that a step adds
	broken := func(confidence float64) (share float64) {
		rng := rand.New(rand.NewPCG(3, 4))
		add := distuv.Poisson{Lambda: each * hours, Src: rng}
		for range trials {
			points := []Point{{1, 0, 0}}
			for range 60 {
				p := points[len(points)-1]
				points = append(points, Point{p.Found + 1, p.Alarms + int(add.Rand()), 0})
			}
			if n := (&Goal{FalseAlarms: budget, Confidence: confidence}).choose(points, 100, hours); float64(n)*each > budget {
				share += 1.0 / trials
			}
		}
		return share
	}
	if got := broken(0.9); got > 0.1+3*math.Sqrt(0.09/trials) {
		t.Errorf("broken on %.3f of streams", got)
	}
	if got := broken(0); got < 0.3 {
		t.Errorf("the plain rule is broken on %.3f only: the test says nothing", got)
	}
}

// wrongly adds answers of a label inside events, from the given one on.
func wrongly(t *evaluate.Trace, label, from int, ps []float32) {
	for i, p := range ps {
		t.Candidates = append(t.Candidates, candidate(t.Events[from+i].Start+10, label, p))
	}
	slices.SortStableFunc(t.Candidates, func(a, b evaluate.Candidate) int { return cmp.Compare(a.Start, b.Start) })
}

// With a budget each, the false alarms on the background and the wrong labels at events are
// bounded by themselves: what the one leaves over does not go to the other.
func TestBudgetsApart(t *testing.T) {
	trace := planted([][]float32{evenly(40, 0.5, 0.99), evenly(40, 0.5, 0.99)}, [][]float32{nil, evenly(20, 0.4, 0.9)})
	wrongly(trace, 1, 0, evenly(20, 0.4, 0.98))
	wrongly(trace, 0, 40, evenly(10, 0.4, 0.8))
	kinds := func(g Goal) Point {
		_, points, n := tuned(trace, g)
		if n < 0 {
			t.Fatalf("%s: nothing", g.String())
		}
		return points[n]
	}
	for _, g := range []Goal{{FalseAlarms: 3, Wrong: 0.1}, {FalseAlarms: 0, Wrong: 0.05}, {FalseAlarms: 10, Wrong: 0.02}, {FalseAlarms: -1, Wrong: 0.05}} {
		p := kinds(g)
		if g.FalseAlarms >= 0 && float64(p.Alarms-p.Wrong) > g.FalseAlarms || float64(p.Wrong)/80 > g.Wrong {
			t.Errorf("%s: %+v", g.String(), p)
		}
	}
	both, apart := kinds(Goal{FalseAlarms: 3}), kinds(Goal{FalseAlarms: 3, Wrong: 0.1})
	if both.Alarms > 3 || apart.Found <= both.Found {
		t.Errorf("%+v with all in one budget, %+v apart", both, apart)
	}
}

// If a goal is out of reach, Why says what is within reach.
func TestUnreachableGoalSaysWhatIsReachable(t *testing.T) {
	trace := planted([][]float32{evenly(40, 0.5, 0.9)}, [][]float32{evenly(40, 0.52, 0.8)})
	wrongly(trace, 0, 0, evenly(20, 0.53, 0.85))
	for _, c := range []struct {
		goal Goal
		says []string
	}{
		{Goal{FalseAlarms: 0.5, Confidence: 0.9}, []string{"1 h without any false alarm show no less than 2.3/h at 90 %", "give 4.61 h of them"}},
		{Goal{FalseAlarms: 3, Recall: 0.9}, []string{"the best is a recall of", "a recall of 37.5 % with 2 false alarms an hour; a recall of 0.9 takes 46 false alarms an hour"}},
		{Goal{FalseAlarms: -1, Wrong: 0.01, Confidence: 0.9}, []string{"40 events without any wrong label show no less than 5.6 % at 90 %: give 231 of them for the proof"}},
		{Goal{FalseAlarms: 3, Wrong: 0.1, Recall: 0.9}, []string{"a recall of 37.5 % with 2 false alarms an hour on background and 0.0 % of events told wrongly; a recall of 0.9 takes 33 false alarms an hour on background and 32.5 % of"}},
		{Goal{FalseAlarms: 30, Recall: 1, Confidence: 0.9}, []string{"at 90 %", "without any threshold it is 100"}},
	} {
		m := &model.Model{Config: *testConfig}
		r := &run{Options: Options{Goal: c.goal, Tolerance: 0.25}, m: m, ctx: context.Background()}
		d := testConfig.Decision
		traces := []*evaluate.Trace{trace}
		cs := curves(traces, testConfig, &d, 0.25)
		got := r.prove(&plan{decision: d, path: newPath(cs, 1), traces: traces}, traces, traces)
		if got.Reached || got.Config != nil {
			t.Errorf("%s: %+v", c.goal.String(), got)
		}
		for _, s := range c.says {
			if !strings.Contains(got.Why, s) {
				t.Errorf("%s: %q does not say %q", c.goal.String(), got.Why, s)
			}
		}
		if r.BestEffort = true; r.prove(&plan{decision: d, path: newPath(cs, 1), traces: traces}, traces, traces).Config == nil {
			t.Error("no best effort")
		}
	}
}

// Divide gives a third of a trace and the rest, whose positions begin at 0.
func TestDivideBeginsTheRestAtZero(t *testing.T) {
	trace := planted([][]float32{evenly(30, 0.5, 0.9)}, nil)
	trace.Samples = 33 * rate
	first, rest := divide([]*evaluate.Trace{trace})
	a, b := first[0], rest[0]
	if len(a.Events) != 10 || len(a.Candidates) != 10 || len(b.Events) != 20 || len(b.Candidates) != 20 || a.Samples+b.Samples != trace.Samples {
		t.Fatalf("%d and %d events", len(a.Events), len(b.Events))
	}
	if b.Events[0].Start != trace.Events[10].Start-a.Samples || b.Candidates[19].DecidedAt != trace.Candidates[29].DecidedAt-a.Samples {
		t.Error("the rest does not begin at 0")
	}
}

func TestCheckRefusesGoals(t *testing.T) {
	for _, c := range []struct {
		want string
		goal Goal
	}{
		{"tune: no goal: give a greatest rate of false alarms, a greatest share of events told wrongly, or a least recall", Goal{FalseAlarms: -1}},
		{"tune: share of events told wrongly: 1, want 0 to less than 1", Goal{FalseAlarms: -1, Wrong: 1}},
		{"tune: share of events told wrongly: -1, want 0 to less than 1", Goal{Wrong: -1}},
		{"tune: recall: 2, want 0 to 1", Goal{Recall: 2}},
		{"tune: confidence: 1, want 0 to less than 1", Goal{Confidence: 1}},
		{"tune: false alarms: NaN an hour, want a number, 0 or more", Goal{FalseAlarms: math.NaN()}},
		{"tune: latency: -1 ms, want 0 or more", Goal{Latency: -1}},
	} {
		if err := c.goal.Check(); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.goal, err, c.want)
		}
	}
}
