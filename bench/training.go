package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/measure"
	"inkling/model/measure/training"
	"inkling/model/train"
)

// An epoch describes the training that is compared: sequences of d features and shortest to
// longest timesteps, in batches. Only some batches are timed, and the table shows the time
// of the whole epoch.
type epoch struct {
	what              string
	sequences, batch  int
	d                 int
	shortest, longest int
	timed             int // batches that are timed
	asked             float64
}

var epochs = []epoch{
	{what: "441 × T 3528, D = 1, batches of 32", sequences: 441, batch: 32, d: 1, shortest: 3528, longest: 3528, timed: 1, asked: 9},
	{what: "441 × T 100, D = 40, batches of 32", sequences: 441, batch: 32, d: 40, shortest: 100, longest: 100, timed: 1, asked: 4},
	{what: "270 × T 7 … 29, D = 12, batches of 27", sequences: 270, batch: 27, d: 12, shortest: 7, longest: 29, timed: 10, asked: 3.5},
}

// lengths returns n evenly distributed lengths of sequences.
func (e *epoch) lengths(n int) []int {
	steps := make([]int, n)
	for i := range steps {
		steps[i] = e.shortest + i*(e.longest-e.shortest+1)/n
	}
	return steps
}

// training compares an epoch of joint training of both heads: forward, backward, clipping
// and AdamW.
func (p *peers) training(e epoch) (*comparison, error) {
	set := training.Series(e.d, e.lengths(e.timed*e.batch))
	c := &comparison{section: "train", what: e.what, scale: float64(e.sequences) / float64(e.timed*e.batch),
		asked: []target{{of: torchName, ratio: e.asked}}}
	o := training.PlainOptions(hidden, e.batch)
	t, err := training.NewTraining(set, o, p.cores)
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, t.Close)
	c.ours = measure.Work{Hidden: hidden, Input: e.d, Streams: e.batch,
		Case: measure.Case{Threads: p.cores, Run: func(n int) (time.Duration, error) { return t.Update(n * e.timed) }}}
	if p.torch == nil {
		return c, nil
	}
	return c, c.torchTraining(p, e, set, o)
}

// torchTraining adds PyTorch on one thread and on all threads.
func (c *comparison) torchTraining(p *peers, e epoch, set *dataset.Set, o train.Options) error {
	if err := p.torch.checkTraining(e, o); err != nil {
		return err
	}
	m, err := measure.Network(hidden, e.d, model.RunningSoftmax, true)
	if err != nil {
		return err
	}
	a, err := p.torch.makeTraining(m.Params, set, e.batch, o)
	if err != nil {
		return err
	}
	c.closers = append(c.closers, func() { p.torch.drop(a.ID) })
	for threads := 1; threads <= p.cores; threads += max(1, p.cores-1) {
		run := p.torch.timer(a.ID, threads)
		c.add(fmt.Sprintf("%s, %s", torchName, count(threads, "thread")), threads, func(n int) (time.Duration, error) { return run(n * e.timed) })
	}
	return nil
}

// makeTraining sends set to the worker, sorted by descending length, in batches.
func (p *torchPeer) makeTraining(params *model.Params, set *dataset.Set, batch int, o train.Options) (torchAnswer, error) {
	examples := slices.Clone(set.Examples)
	slices.SortStableFunc(examples, func(a, b dataset.Example) int { return cmp.Compare(len(b.Samples), len(a.Samples)) })
	var batches []map[string]any
	for part := range slices.Chunk(examples, batch) {
		var x []float32
		var lengths, labels []int
		for _, e := range part {
			lengths, labels = append(lengths, len(e.Samples)/set.Channels), append(labels, e.Label)
			for i, v := range e.Samples {
				d := i % set.Channels
				x = append(x, (v-params.Mean[d])*params.Scale[d])
			}
		}
		batches = append(batches, map[string]any{"x": encode(x), "lengths": lengths, "labels": labels})
	}
	return p.ask(map[string]any{"make": "train", "hidden": hidden, "dim": set.Channels, "params": torchParams(params), "batches": batches,
		"lr": o.LR, "clip": 1.0, "decay": 0.01, "running_weight": 0.5})
}

// checkTraining compares the loss and the norm of the gradient on a small set like that of
// e. An update with a tiny learning rate leaves the initial weights of inkling unchanged.
func (p *torchPeer) checkTraining(e epoch, o train.Options) error {
	e.shortest, e.longest = min(e.shortest, 60), min(e.longest, 60)
	set := training.Series(e.d, e.lengths(24))
	o.Batch, o.Epochs, o.LR = len(set.Examples), 1, 1e-9
	r, err := train.Fit(context.Background(), set, nil, o, train.Hooks{}, nil)
	if err != nil {
		return err
	}
	a, err := p.makeTraining(r.Model.Params, set, o.Batch, o)
	if err != nil {
		return err
	}
	p.drop(a.ID)
	want := []float32{float32(r.Rows[0].Loss), float32(r.Rows[0].Norm)}
	return near("loss and norm of the gradient of "+torchName, []float32{float32(a.Loss), float32(a.Norm)}, want)
}
