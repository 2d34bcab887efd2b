package evaluate

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"inkling/capture"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream"
)

// bursts returns examples of one to three tones between pauses, each of its own length and
// pitch, and one that is silent.
func bursts(n int) *dataset.Set {
	rng := rand.New(rand.NewPCG(20, 1))
	s := &dataset.Set{Kind: dataset.Audio, Labels: testLabels, Channels: 1, Rate: 8000}
	for i := range n {
		var x []float32
		pause := func() {
			for range 2400 + rng.IntN(2400) {
				x = append(x, float32(1e-4*rng.NormFloat64()))
			}
		}
		pause()
		for range min(i, 1+rng.IntN(3)) {
			pitch := 200 + 1500*rng.Float64()
			for k := range 1500 + rng.IntN(5000) {
				x = append(x, float32(0.5*math.Sin(2*math.Pi*pitch*float64(k)/8000)))
			}
			pause()
		}
		s.Examples = append(s.Examples, dataset.Example{Name: fmt.Sprintf("burst%d", i), Label: rng.IntN(4), Samples: x, Rate: 8000,
			Hash: fmt.Sprintf("%016x", i)})
	}
	return s
}

func melModel(t *testing.T) *model.Model {
	return randomModel(t, 20, func(c *model.Config) {
		c.Rate, c.Segment.Kind, c.Decision.EarlyP = 8000, segment.Activity, 0.3
		c.Front = feature.Config{Kind: feature.KindLogMel, Bands: 12}
	})
}

// The row of an example has the label, probability, steps and early step that the stream
// reports for its longest segment.
func TestSegmentsAreTheStreams(t *testing.T) {
	m, s := melModel(t), bursts(12)
	for _, kind := range []segment.Kind{segment.Activity, segment.Fixed} {
		seg := &segment.Config{Kind: kind, Steps: 40}
		r, err := Run(context.Background(), m, s, Options{Segment: seg})
		if err != nil {
			t.Fatal(err)
		}
		several, early := 0, 0
		for i, e := range s.Examples {
			c, err := stream.NewClassifier(m, &stream.Options{Segment: seg})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Feed(&capture.Block{Format: capture.Format{Rate: 8000, Channels: 1}, Samples: e.Samples}); err != nil {
				t.Fatal(err)
			}
			events := c.End(nil, segment.ByEOF)
			var best stream.Event
			segments := 0
			for _, v := range events {
				if v.Type == stream.Confirmed {
					if segments++; v.End-v.Start > best.End-best.Start {
						best = v
					}
				}
			}
			step := 0
			for _, v := range events {
				if v.Type == stream.Early && v.Segment == best.Segment && v.Step <= best.Steps {
					step = v.Step
					early++
				}
			}
			if segments > 1 {
				several++
			}
			row := r.Rows[i]
			if row.Confirmed != best.Label || row.P != best.P || row.Steps != best.Steps || row.Running != best.Running || row.EarlyStep != step {
				t.Errorf("%s, %s: row %+v (p %v), the stream's event %+v and early step %d", kind, e.Name, row, row.P, best, step)
			}
		}
		if several < 3 || early < 3 {
			t.Errorf("%s: %d examples of several segments, %d early: the test proves too little", kind, several, early)
		}
	}
}

func TestAnExampleWithoutSegmentIsWrong(t *testing.T) {
	m, s := melModel(t), bursts(5)
	r, err := Run(context.Background(), m, s, Options{Segment: &segment.Config{Kind: segment.Activity}})
	if err != nil {
		t.Fatal(err)
	}
	row := r.Rows[0]
	if row.Confirmed != "" || row.Running != "" || row.Steps != 0 || row.Right() || r.Matrix.None[s.Examples[0].Label] != 1 {
		t.Fatalf("a silent example: %+v", row)
	}
	if len(r.Wrong()) == 0 || r.Wrong()[0].File != "burst0" {
		t.Fatalf("wrong: %v", r.Wrong())
	}
}

// Segmenters that leave nothing out do not change an evaluation.
func TestWholeAndMessageChangeNothing(t *testing.T) {
	m, s := melModel(t), bursts(6)
	want, err := Run(context.Background(), m, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []segment.Kind{segment.Whole, segment.Message} {
		got, err := Run(context.Background(), m, s, Options{Segment: &segment.Config{Kind: kind}})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Rows, want.Rows) {
			t.Errorf("%s: rows\n%v\nwant\n%v", kind, got.Rows, want.Rows)
		}
	}
	if _, err := Run(context.Background(), m, s, Options{Segment: &segment.Config{Kind: "guess"}}); err == nil {
		t.Error("a segmenter that there is none of: no error")
	}
}
