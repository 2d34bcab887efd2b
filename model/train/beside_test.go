package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"inkling/model"
)

// The first error ends the others, and is what serve returns; calls run in one goroutine.
func TestServeReturnsTheFirstError(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	q, n := make(calls), 0
	count := func() error { n++; return nil } // a race if two ran at once
	waits := func(ctx context.Context) error {
		q.run(count)
		<-ctx.Done()
		return ctx.Err()
	}
	fails := func(context.Context) error {
		q.run(count)
		return q.run(func() error { return full })
	}
	err := q.serve(t.Context(), []func(context.Context) error{waits, fails, waits})
	if !errors.Is(err, full) || n != 3 {
		t.Errorf("%v after %d calls", err, n)
	}
	if err := q.serve(t.Context(), []func(context.Context) error{func(context.Context) error { return nil }}); err != nil {
		t.Error(err)
	}
}

// Several folds under way go on with any number of processors, one of them or all at once.
func TestFoldsUnderWayResumeOnAnyNumberOfProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	o := toyOptions()
	o.Folds = 3
	set := toySet(70, 1)
	want, _ := fitBytes(t, set, o, Hooks{}, nil)
	var checkpoint []byte
	for i, procs := range []int{3, 1, 2} {
		runtime.GOMAXPROCS(procs)
		ctx, cancel := context.WithCancel(t.Context())
		left := 6 // updates of folds
		_, err := Fit(ctx, set, nil, o, Hooks{
			Progress: func(p Progress) {
				if strings.HasPrefix(p.Part, "fold") {
					if left--; left == 0 {
						cancel()
					}
				}
			},
			Checkpoint: func(write func() []byte) error {
				if ctx.Err() != nil {
					checkpoint = write()
				}
				return nil
			}}, checkpoint)
		cancel()
		if !errors.Is(err, ErrInterrupted) {
			t.Fatalf("part %d: %v", i, err)
		}
	}
	if got, _ := fitBytes(t, set, o, Hooks{}, checkpoint); !bytes.Equal(got, want) {
		t.Error("another model")
	}
}

// Folds have their share of the updates.
func TestFoldShare(t *testing.T) {
	t.Parallel()
	o := toyOptions()
	o.Folds, o.Epochs, o.FoldShare = 2, 5, 0.4
	updates := map[bool]int{}
	_, rows := fitBytes(t, toySet(70, 1), o, Hooks{Progress: func(p Progress) { updates[p.Part == "final model"] = p.Updates }}, nil)
	if len(rows) != 5 || updates[true] != 20 || updates[false] != 4 {
		t.Errorf("%d epochs, updates %v: folds of 35 examples have 2 epochs of 2 batches", len(rows), updates)
	}
	for n, want := range map[int]int{0: 0, 1: 1, 2: 1, 10: 4, 1500: 600} {
		if got := shareOf(n, 0.4); got != want {
			t.Errorf("0.4 of %d is %d, want %d", n, got, want)
		}
	}
}

// Folds are as long as the model where the user says how long that is.
func TestFoldShareOfUpdatesAskedFor(t *testing.T) {
	t.Parallel()
	base, _, err := Defaults(toySet(70, 1), "")
	if err != nil || base.FoldShare != foldShare {
		t.Fatalf("%v, %v", base.FoldShare, err)
	}
	for want, v := range map[float64]Values{foldShare: {"seed": uint64(2)}, 1: {"updates": 300}, 0.5: {"epochs": 3, "fold-share": 0.5}} {
		if o, err := base.Override(v); err != nil || o.FoldShare != want {
			t.Errorf("%v: %v, want %v (%v)", v, o.FoldShare, want, err)
		}
	}
}

// What a fold borrows is what it would have made, but for rounding.
func TestBorrowedVariantsHaveTheFoldsNormalisation(t *testing.T) {
	t.Parallel()
	set := toyAudio(20, 1)
	o, _, err := Defaults(set, PresetAudio)
	if err != nil {
		t.Fatal(err)
	}
	if o, err = o.settle(set); err != nil {
		t.Fatal(err)
	}
	whole, err := newCorpus(set, o.Front, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	whole.vary(&o, 2)
	o.Folds = 4
	part := folded(set, &o)[1].train
	c, err := newCorpus(part, o.Front, nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !c.borrow(whole) {
		t.Fatal("nothing is borrowed")
	}
	for i := range part.Examples {
		k := 0
		for set.Examples[k].Name != part.Examples[i].Name {
			k++
		}
		for v, frames := range whole.variants[k] {
			got := append([]float32(nil), c.variants[i][v]...)
			c.renormalize(got)
			for j := range got {
				raw := float64(frames[j])/float64(whole.scale[j%c.dim]) + float64(whole.mean[j%c.dim])
				want := (raw - float64(c.mean[j%c.dim])) * float64(c.scale[j%c.dim])
				if math.Abs(float64(got[j])-want) > 1e-3 {
					t.Fatalf("example %d, variant %d, value %d: %v, want %v", i, v, j, got[j], want)
				}
			}
		}
	}
	if before := whole.variants[0][0][0]; func() float32 { c.drawn(0, random(1, forExample, 0, 0)); return whole.variants[0][0][0] }() != before {
		t.Error("drawing changes what is borrowed")
	}
	if c.borrow(c) == c.borrow(&corpus{}) {
		t.Error("a corpus without variants lends some")
	}
}

// A network without a running head has no running accuracy, rather than one of 0.
func TestNoRunningAccuracyWithoutARunningHead(t *testing.T) {
	t.Parallel()
	o := toyOptions()
	o.Running, o.Epochs, o.Folds, o.Validation = model.RunningNone, 2, 0, 0.3
	r, err := Fit(t.Context(), toySet(70, 1), nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if !math.IsNaN(row.Running) || !math.IsNaN(row.ValidRunning) || math.IsNaN(row.Confirm) || math.IsNaN(row.ValidConfirm) {
			t.Errorf("%+v", row)
		}
	}
	if v, ok := r.Model.Config.Origin.Measured["validation_running"]; ok {
		t.Errorf("the model has a running accuracy of %v", v)
	}
}

// A context that has ended ends a training before the changed copies of sounds are made.
func TestInterruptionBeforeTheFirstUpdate(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o, _, _ := Defaults(toyAudio(40, 1), "")
	r, err := Fit(ctx, toyAudio(40, 1), nil, o, Hooks{Progress: func(Progress) { t.Error("an update") }}, nil)
	if r != nil || !errors.Is(err, ErrInterrupted) || !strings.Contains(err.Error(), "before the first update") {
		t.Errorf("%v, %v", r, err)
	}
}
