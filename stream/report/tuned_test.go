package report

import (
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/testkit"
	"inkling/model/decide"
	"inkling/stream/evaluate"
	"inkling/stream/tune"
)

// madeUpTuning returns a result with a goal that was not reached.
func madeUpTuning() Tuned {
	trace := &evaluate.Trace{Name: "x", Rate: 1000, Samples: 3600 * 1000, Events: []evaluate.Span{{Start: 1000, End: 1500}}, Clips: make([]evaluate.Clip, 1),
		Candidates: []evaluate.Candidate{{Start: 950, End: 1400, DecidedAt: 1600, Confirm: []float32{0.9, 0.1}, Running: -1, Early: -1}}}
	r := &tune.Result{Goal: tune.Goal{FalseAlarms: 0.5, Recall: 0.9, Confidence: 0.9}, Why: "the best is a recall of 50 %",
		Before: tune.Figures{Events: 4, Found: 3, FalseAlarms: 8, OnBackground: 5, Wrong: 3, OnBackgroundPerHour: 5, WrongShare: 0.75, Hours: 1, Recall: 0.75, PerHour: 8, RecallLeast: 0.4, PerHourMost: 13},
		After:  tune.Figures{Events: 4, Found: 2, Hours: 1, Recall: 0.5, RecallLeast: 0.2, PerHourMost: 2.3},
		Curve:  []tune.Point{{Found: 0}, {Found: 2}, {Found: 4, Alarms: 9}},
		Report: evaluate.Score([]string{"a", "b"}, []*evaluate.Trace{trace}, &decide.Config{}, 0.25)}
	r.Decision = tune.Decision{Threshold: 0.8, On: map[string]float64{"a": 0.9}, CUSUMLimit: 5, Smooth: 2, Hold: 4}
	return Tuned{r}
}

func TestTextOfTunedModelHasFiguresAndSettings(t *testing.T) {
	var b strings.Builder
	if err := madeUpTuning().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"as it was  tuned",
		"recall                75.0 %     50.0 %  2 of 4 events",
		"false alarms an hour  8          0       0 in 1h0m0s",
		"  at 90 %, at most    13         2.3",
		"recall, at least      40.0 %     20.0 %",
		"  on background       5          0",
		"events told wrongly   75.0 %     0.0 %  0",
		"threshold                        0.8",
		`  "a"                            0.9`,
		"evidence                         5 nats, less 0 a step",
		"running label                    average over 2 steps, hold of 4",
	}
	for _, w := range want {
		if !strings.Contains(b.String(), w) {
			t.Errorf("no %q in\n%s", w, b.String())
		}
	}
}

// The page of a tuned model is that of the proof, with the trade-off and the goal that was
// not reached; the proof's report stays as it is.
func TestPageOfTunedModelHasTheTradeOff(t *testing.T) {
	r := madeUpTuning()
	var b strings.Builder
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"<h3>Trade-off</h3>", "unreachable (at most 0.5 false alarms an hour, a recall of at least 0.9): the best is a recall of 50 %"} {
		if !strings.Contains(b.String(), w) {
			t.Errorf("no %q", w)
		}
	}
	if n := strings.Count(b.String(), "<svg"); n != 4 || len(r.Report.Warnings) > 0 {
		t.Errorf("%d charts, warnings %q", n, r.Report.Warnings)
	}
	path := filepath.Join(t.TempDir(), "a.svg")
	if err := TradeOff(r.Result, path); err != nil {
		t.Fatal(err)
	}
	texts := svgTexts(t, path, testkit.ReadFile(t, path))
	for _, w := range []string{"recall", "false alarms an hour", "as it was", "tuned", "goal"} {
		if !strings.Contains(strings.Join(texts, "\n"), w) {
			t.Errorf("no %q among %q", w, texts)
		}
	}
}
