package report

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/testkit/testmodel"
	"inkling/internal/testkit/testset"
	"inkling/model/decide"
	"inkling/stream/evaluate"
)

func seeded() *rand.Rand { return rand.New(rand.NewPCG(4, 1)) }

// Every kind of result has a text with its figures; every page stands alone and has its charts.
func TestEveryKindOfResultIsWritten(t *testing.T) {
	clips := madeUp(3, 60, 0.9, false, instrument)
	clips.Running.CarriedAt = clips.Running.AccuracyAt
	clips.Running.AccuracyAfter = map[string]evaluate.Share{"25": 0.5, "50": 0.75}
	steps, err := evaluate.Steps(t.Context(), testmodel.New(t, testmodel.Labels(100, 1, "a", "b"), seeded()), testset.Steps(3, 2), evaluate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	trace := &evaluate.Trace{Name: "x", Rate: 1000, Samples: 3600 * 1000, Events: []evaluate.Span{{Start: 1000, End: 1500, Label: 0}}, Clips: make([]evaluate.Clip, 1),
		Candidates: []evaluate.Candidate{{Start: 950, End: 1400, DecidedAt: 1600, Confirm: []float32{0.9, 0.1}, Running: -1, Early: -1}}}
	stream := evaluate.Score([]string{"a", "b"}, []*evaluate.Trace{trace}, &decide.Config{}, 0.25)
	nothing := evaluate.Score([]string{"a", "b"}, []*evaluate.Trace{{Name: "empty", Rate: 1000, Samples: 1000}}, &decide.Config{}, 0.25)
	beats := &evaluate.BeatReport{Records: 1, Beats: 2, Labels: []string{"N"}, Truths: []string{"N"}, Confusion: [][]int{{1, 0, 0}, {0, 0, 1}},
		Warnings: []string{"trained on a"}}
	beats.Classes.Always, beats.Classes.PerClass = "N", map[string]evaluate.BeatClass{"N": {Beats: 2}}
	forecasts, err := evaluate.Forecasts(t.Context(), testmodel.New(t, testmodel.Next(0, 2, 1, []float64{0.1, 0.5, 0.9}), seeded()), testset.Walks(2, 40), evaluate.ForecastOptions{Ahead: 4, Excerpts: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		result Text
		words  []string
		charts int
	}{
		{"clips", clips, []string{"carried on", "accuracy after so many characters\n     25  "}, 4},
		{"steps", Steps{steps}, []string{"segments F1@50", "flips a minute", "onset", "a column the running one", "unlabelled"}, 2},
		{"stream", Stream{stream}, []string{"recall", "false alarms an hour"}, 3},
		{"stream without events", Stream{nothing}, []string{"recall"}, 3},
		{"beats", Beats{beats}, []string{"always naming N", "trained on a", "not found", "macro F1"}, 0},
		{"forecasts", Forecasts{forecasts}, []string{"4 steps ahead", "channel 2"}, 3},
		{"reading", Reading{&evaluate.ReadingReport{Texts: 2, Bits: 2.5, Rows: []evaluate.ReadingRow{{File: "a<b>.txt", Bits: 2}, {File: "b.txt", Bits: 3}}}}, []string{"bits a character"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text, page strings.Builder
			if err := c.result.WriteText(&text); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.words {
				if !strings.Contains(text.String(), want) {
					t.Errorf("the text has no %q:\n%s", want, text.String())
				}
			}
			if p, ok := c.result.(Page); ok {
				if err := p.WriteHTML(&page); err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(page.String(), "<figure"); n != c.charts || strings.Contains(page.String(), "<script") {
					t.Errorf("%d charts, want %d, in a page of %d bytes", n, c.charts, page.Len())
				}
			}
			if both := text.String() + page.String(); strings.Contains(both, "NaN") || strings.Contains(both, "%!") {
				t.Error("a number that is none was written")
			}
		})
	}
	if err := Strips(steps, filepath.Join(t.TempDir(), "strips.png")); err != nil {
		t.Error(err)
	}
}
