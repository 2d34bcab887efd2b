// Package training times updates of training. It is apart from measure, which builds without
// training have.
package training

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/measure"
	"inkling/model/train"
)

// Series returns a set of sequences of noise with d channels. Sequence i has steps[i]
// timesteps.
func Series(d int, steps []int) *dataset.Set {
	s := &dataset.Set{Kind: dataset.Series, Channels: d, Hash: "noise"}
	for i := range measure.Classes {
		s.Labels = append(s.Labels, fmt.Sprint("class ", i+1))
	}
	for i, n := range steps {
		s.Examples = append(s.Examples, dataset.Example{Name: fmt.Sprint("noise ", i+1), Group: fmt.Sprint(i),
			Label: i % measure.Classes, Samples: measure.Noise(n*d, uint64(100+i)), Hash: fmt.Sprintf("%016x", i)})
	}
	return s
}

// PlainOptions returns options that train both heads without augmentation, smoothing and
// validation data, so that other programs can do the same work.
func PlainOptions(hidden, batch int) train.Options {
	o := train.NewOptions().Plain()
	o.Front.Kind, o.Hidden, o.Batch, o.Epochs = feature.KindRaw, hidden, batch, 1e6
	o.LR, o.Schedule, o.Warmup, o.BPTTSteps = 1e-4, train.Constant, 0, 1<<20
	o.WeightDecay, o.Folds, o.Validation = 0.01, 0, 0
	return o
}

// Train returns the work of one update of training, with a batch of sequences of equal
// length.
func Train(hidden, d, batch, steps, threads int) (measure.Work, error) {
	lengths := make([]int, batch)
	for i := range lengths {
		lengths[i] = steps
	}
	t, err := NewTraining(Series(d, lengths), PlainOptions(hidden, batch), threads)
	if err != nil {
		return measure.Work{}, err
	}
	const directions = 2
	return measure.Work{Hidden: hidden, Input: d, Streams: batch, Flops: float64(directions * batch * steps * 8 * hidden * (2*d + 3*hidden)),
		Close: t.Close, Case: measure.Case{Name: "train", Threads: threads, Run: t.Update}}, nil
}

// A Training is a train.Fit that runs only during Update.
type Training struct {
	cancel context.CancelFunc
	next   chan struct{}
	done   chan error
}

// NewTraining starts a Fit with the given number of threads and runs its first update.
func NewTraining(set *dataset.Set, o train.Options, threads int) (*Training, error) {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Training{cancel: cancel, next: make(chan struct{}), done: make(chan error)}
	hooks := train.Hooks{Progress: func(train.Progress) {
		t.done <- nil
		<-t.next
	}}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	go func() {
		_, err := train.Fit(ctx, set, nil, o, hooks, nil)
		if err == nil {
			err = errors.New("the training has ended")
		}
		t.done <- err
	}()
	return t, <-t.done
}

// Update runs n updates.
func (t *Training) Update(n int) (time.Duration, error) {
	began := time.Now()
	for range n {
		t.next <- struct{}{}
		if err := <-t.done; err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// Close ends the training. It must not be called if Update returned an error.
func (t *Training) Close() {
	t.cancel()
	close(t.next)
	<-t.done
}
