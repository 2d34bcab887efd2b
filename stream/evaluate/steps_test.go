package evaluate

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/f32"
	"inkling/internal/testkit/testset"
	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// In the first case the answer overlaps a by 2/4, b by 4/6, c by 1/2, and has one a too
// many.
func TestOverlapsByHand(t *testing.T) {
	labels := func(s string) (l []int32) {
		for _, c := range s {
			l = append(l, int32(c-'a'))
		}
		return l
	}
	for _, c := range []struct {
		truth, given     string
		at10, at25, at50 float64
	}{
		{"aaaabbbbcc", "aabbbbbbac", 6. / 7, 6. / 7, 6. / 7},
		{"aaaabbbb", "aaaabbbb", 1, 1, 1},
		{"aaaabbbb", "bbbbaaaa", 0, 0, 0},
		{"aaaaaaaa", "aabaaaba", 2. / 6, 2. / 6, 0}, // the piece in the middle alone may match
		{"aaaabbbb", "aaabbbbb", 1, 1, 1},
		{"aaaabbbb", "abbbbbbb", 1, 1, 2. / 4},
	} {
		var o overlaps
		o.add(labels(c.truth), labels(c.given))
		s := o.score()
		for k, v := range []struct{ got, want float64 }{{float64(s.F1At10), c.at10}, {float64(s.F1At25), c.at25}, {float64(s.F1At50), c.at50}} {
			if math.Abs(v.got-v.want) > 1e-9 {
				t.Errorf("%s for %s: F1 %d is %v, want %v", c.given, c.truth, k, v.got, v.want)
			}
		}
	}
}

// F1 does not rise with the overlap asked for, equals 1 for the true labels, and does not
// depend on how often each step is counted.
func TestOverlapProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "steps")
		truth := rapid.SliceOfN(rapid.Int32Range(0, 2), n, n).Draw(t, "truth")
		given := rapid.SliceOfN(rapid.Int32Range(-1, 2), n, n).Draw(t, "given")
		var o, twice, same overlaps
		o.add(truth, given)
		s := o.score()
		if s.F1At10 < s.F1At25 || s.F1At25 < s.F1At50 || s.F1At10 > 1 || s.F1At50 < 0 {
			t.Fatalf("%+v", s)
		}
		double := func(l []int32) (d []int32) {
			for _, v := range l {
				d = append(d, v, v)
			}
			return d
		}
		twice.add(double(truth), double(given))
		same.add(truth, truth)
		if twice.score() != s || same.score().F1At50 != 1 {
			t.Fatalf("%+v, doubled %+v, with itself %+v", s, twice.score(), same.score())
		}
	})
}

// The running labels are those of the network over the whole recording at once, the truth
// of a step is that of its last sample, and the figures equal a count.
func TestStepsAreThoseOfTheWholeRecording(t *testing.T) {
	m := randomModel(t, 4, func(c *model.Config) {
		c.Labels, c.Confirm, c.Decision = []string{"a", "b"}, false, decide.Config{State: "carry", Gap: "reset"}
		c.Front = feature.Config{Kind: feature.KindStats, Samples: 20, Lags: 2}
	})
	set := testset.Steps(1, 3)
	r, err := Steps(t.Context(), m, set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	right, n, unlabelled, flips := 0, 0, 0, 0
	for i, track := range r.Tracks {
		e := &set.Examples[i]
		x, _ := m.Front()
		p := m.Predict(x.Flush(x.Push(nil, e.Samples)))
		if p.Steps != len(track.Ends) {
			t.Fatalf("%d steps, want %d", len(track.Ends), p.Steps)
		}
		last := -1
		for k := range p.Steps {
			label, truth := f32.Argmax(p.Running[2*k:][:2]), e.Steps[20*k+19]
			if track.Ends[k] != 20*(k+1) || int(track.Running[k]) != label || track.Truth[k] != truth {
				t.Fatalf("step %d ends at %d: %d of %d, want %d of %d", k, track.Ends[k], track.Running[k], track.Truth[k], label, truth)
			}
			if last >= 0 && label != last {
				flips++
			}
			last = label
			switch {
			case truth < 0:
				unlabelled++
				continue
			case int(truth) == label:
				right++
			}
			n++
		}
	}
	if r.Steps != n || r.Unlabelled != unlabelled || r.Accuracy != ShareOf(right, n) || r.Matrix.Right() != right {
		t.Errorf("%d steps, %d unlabelled, accuracy %v; want %d, %d, %v", r.Steps, r.Unlabelled, r.Accuracy, n, unlabelled, ShareOf(right, n))
	}
	if got := float64(r.FlipsPerMinute) * r.Seconds / 60; math.Abs(got-float64(flips)) > 1e-6 {
		t.Errorf("%v flips, want %d", got, flips)
	}
	if r.Segments.True != 9 || r.Onset.Found+r.Onset.Never != 9 {
		t.Errorf("%+v, %+v", r.Segments, r.Onset)
	}
}

// Steps outside segments have the background's label, or none if there is no background.
func TestStepsOutsideSegments(t *testing.T) {
	set := testset.Steps(2, 1)
	for _, background := range []string{"", "b"} {
		m := randomModel(t, 4, func(c *model.Config) {
			c.Labels, c.Decision.Background = []string{"a", "b"}, background
			c.Segment = segment.Config{Kind: segment.Activity, LevelDBFS: 60}
		})
		r, err := Steps(t.Context(), m, set, Options{})
		if err != nil {
			t.Fatal(err)
		}
		label := int32(-1)
		if background != "" {
			label = 1
		}
		if tr := r.Tracks[0]; slices.ContainsFunc(tr.Running, func(l int32) bool { return l != label }) || len(tr.Ends) != set.Frames(0)/2 {
			t.Errorf("background %q: %v", background, tr.Running)
		}
	}
}

func TestStretchesCoverTheRecording(t *testing.T) {
	m := randomModel(t, 4, func(c *model.Config) { c.Labels = []string{"a", "b"} })
	set := testset.Steps(3, 2)
	r, err := Steps(t.Context(), m, set, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Confirmed == nil || r.Tracks[0].Confirm == nil {
		t.Error("there is a confirm head, and no confirmed label")
	}
	data, err := json.Marshal(r)
	if err != nil || !bytes.Contains(data, []byte(`"f1_50":`)) {
		t.Errorf("%s, %v", data, err)
	}
	end := 0.0
	for _, row := range r.Rows {
		if row.Recording == "rec0" {
			if row.Start != end {
				t.Errorf("a stretch begins at %v, the one before ends at %v", row.Start, end)
			}
			end = row.End
		}
	}
	if end < 3.9 {
		t.Errorf("the stretches end at %v s", end)
	}
}

func TestStepsRefuses(t *testing.T) {
	m := randomModel(t, 1, nil)
	for want, run := range map[string]func() error{
		"running head": func() error {
			_, err := Steps(t.Context(), randomModel(t, 1, func(c *model.Config) { c.Running, c.Decision.EarlySteps = model.RunningNone, 0 }), testset.Steps(1, 1), Options{})
			return err
		},
		"leave Options.Crop out": func() error { _, err := Steps(t.Context(), m, testset.Steps(1, 1), Options{Crop: 1}); return err },
		"no recordings":          func() error { _, err := Steps(t.Context(), m, testset.Steps(1, 0), Options{}); return err },
		"none of the model": func() error {
			s := testset.Steps(1, 1)
			s.Labels = []string{"a", "x"}
			_, err := Steps(t.Context(), m, s, Options{})
			return err
		},
		"nothing to compare": func() error {
			s := testset.Steps(1, 1)
			for i := range s.Examples[0].Steps {
				s.Examples[0].Steps[i] = -1
			}
			_, err := Steps(t.Context(), m, s, Options{})
			return err
		},
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

// Steady averages a running label that flickers, and leaves alone one that is right at once.
func TestSteadyAveragesWhatFlickers(t *testing.T) {
	c := model.Config{Labels: []string{"a", "b"}, Decision: decide.Config{State: "carry", Gap: "reset"}}
	for _, flicker := range []bool{false, true} {
		v := calibrate.HeldOut{}
		rng := rand.New(rand.NewPCG(1, 2))
		for t := range 800 {
			label := int32(t / 100 % 2)
			p := float32(0.8)
			if flicker && rng.IntN(4) == 0 {
				p = 0.3
			}
			row := []float32{p, 1 - p}
			if label == 1 {
				slices.Reverse(row)
			}
			v.Labels, v.Running = append(v.Labels, label), append(v.Running, row...)
		}
		d := Steady(&c, []calibrate.HeldOut{v})
		if (d.Smooth > 0 || d.Hold > 0) != flicker || d.State != "carry" {
			t.Errorf("flicker %v: %+v", flicker, d)
		}
	}
}
