package train

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/scene"
	"inkling/model/segment"
)

// heardOptions are those of a short training with a small detector.
func heardOptions(t *testing.T, set *dataset.Set) Options {
	o, _, err := Defaults(set, "")
	if err != nil {
		t.Fatal(err)
	}
	if o.Detector == 0 {
		t.Fatal("sound has no detector by default")
	}
	o.Hidden, o.Detector, o.Epochs, o.Folds, o.Front.Bands = 6, 4, 2, 2, 12
	return o
}

// A detector, what it cuts and the heads are the same on any number of cores, and after an
// interruption.
func TestHearingGivesTheSameModel(t *testing.T) {
	set := toyAudio(40, 1)
	o := heardOptions(t, set)
	fit := func(cores int, hooks Hooks, ctx context.Context, checkpoint []byte) (*Result, error) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		return Fit(ctx, set, nil, o, hooks, checkpoint)
	}
	updates := 0
	one, err := fit(1, Hooks{Progress: counting(&updates)}, t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &one.Model.Config
	if !one.Model.HasDetector() || c.Segment.Kind != segment.Label || !slices.Contains(c.Labels, dataset.Background) || c.Decision.Background != dataset.Background {
		t.Errorf("segments %q, labels %v, background %q", c.Segment.Kind, c.Labels, c.Decision.Background)
	}
	if n := len(c.Origin.Examples); n != 40 {
		t.Errorf("the origin lists %d examples, 40 were given", n)
	}
	back, err := model.Load(bytes.NewReader(one.Model.Bytes()))
	if err != nil || back.Hash() != one.Model.Hash() {
		t.Errorf("the file does not come back: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if r, err := fit(1, Hooks{Progress: func(Progress) { cancel() }}, ctx, nil); r != nil || !errors.Is(err, ErrInterrupted) {
		t.Errorf("interrupted in the detector's training: %v", err)
	}
	// In one of the detectors, and in the network.
	for _, after := range []int{updates/2 + 1, updates + 1} {
		ctx, cancel = context.WithCancel(t.Context())
		var checkpoint []byte
		done := 0
		_, err = fit(1, Hooks{Checkpoint: func(write func() []byte) error {
			checkpoint = write()
			return nil
		}, Progress: func(p Progress) {
			if counting(&done)(p); done == after || p.Part != "detector" {
				cancel()
			}
		}}, ctx, nil)
		if !errors.Is(err, ErrInterrupted) || checkpoint == nil {
			t.Fatal(err)
		}
		rest := 0
		two, err := fit(2, Hooks{Progress: counting(&rest)}, t.Context(), checkpoint)
		if err != nil || !bytes.Equal(one.Model.Bytes(), two.Model.Bytes()) {
			t.Errorf("two cores after an interruption at update %d make another model: %v", after, err)
		}
		if rest != max(updates-after, 0) {
			t.Errorf("interrupted at update %d of %d of the detectors, %d are made afterwards", after, updates, rest)
		}
		other := o
		other.SceneSNR += 5
		if _, err := Fit(t.Context(), set, nil, other, Hooks{}, checkpoint); err == nil || !strings.Contains(err.Error(), "of another training (scenesnr was") {
			t.Errorf("with another option: %v", err)
		}
	}
}

// counting counts the updates of detectors.
func counting(n *int) func(Progress) {
	return func(p Progress) {
		if p.Part == "detector" {
			*n++
		}
	}
}

// Which event a segment is of, by hand.
func TestWhoseSegment(t *testing.T) {
	a, b := &dataset.Example{Label: 0}, &dataset.Example{Label: 1}
	s := &scene.Scene{Placed: []scene.Placed{
		{Event: a, Start: 100, End: 220, Sounds: 110, Fades: 200},
		{Event: b, Start: 300, End: 400, Sounds: 300, Fades: 400}}}
	for _, c := range []struct {
		start, end int
		event      *dataset.Example
		known      bool
	}{
		{90, 210, a, true},  // all of a
		{150, 240, a, true}, // late, but half of it
		{170, 240, nil, false},
		{0, 90, nil, true}, // nothing
		{230, 290, nil, true},
		{100, 400, nil, false}, // both
		{90, 310, a, true},     // a and a little of b
		{205, 219, nil, false}, // in the decay of a
	} {
		if event, known := whose(s, c.start, c.end); event != c.event || known != c.known {
			t.Errorf("[%d, %d): %v, %v", c.start, c.end, event, known)
		}
	}
}

// A detector for what has none is refused.
func TestDetectorIsForSound(t *testing.T) {
	o := toyOptions()
	o.Detector = 4
	if _, err := Fit(t.Context(), toySet(20, 1), nil, o, Hooks{}, nil); err == nil {
		t.Error("a detector of series was trained")
	}
}
