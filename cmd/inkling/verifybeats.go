package main

import (
	"fmt"
	"math/rand/v2"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/internal/qrs"
	"inkling/internal/resample"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// beats compares each beat of records, cut out and labelled as training does it, with
// what the live classifier says of it.
func (c *verifyCmd) beats(a *app, m *model.Model) error {
	list, err := c.recordFlags.find(a, c.Data, c.Split, true)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(c.Seed, 0))
	var p parity
	for i := range list {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		clip, err := list[i].Clip(c.recordFlags.Leads)
		if err == nil {
			err = p.record(m, clip, rng, c.Examples)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", list[i].File, err)
		}
	}
	return c.tell(a, &p)
}

// record compares the first so many beats of a record; 0: all.
func (p *parity) record(m *model.Model, clip *audio.Clip, rng *rand.Rand, most int) error {
	x := clip.Samples
	if clip.Rate != m.Config.Rate {
		r, err := resample.New(clip.Rate, m.Config.Rate, clip.Channels)
		if err != nil {
			return err
		}
		x = r.Flush(r.Push(nil, x))
	}
	s := qrs.New(m.Config.Segment.Beats(m.Config.Rate, clip.Channels))
	var want []*model.Prediction
	var failed error
	dataset.CutBeats(s, x, clip.Channels, func(b *qrs.Beat) {
		if most > 0 && len(want) == most || failed != nil {
			return
		}
		q, err := p.beat(m, b, rng)
		want, failed = append(want, q), err
	})
	if failed != nil {
		return failed
	}
	for _, restore := range []bool{false, true} {
		worst := &p.Stream
		if restore {
			worst = &p.Restored
		}
		if err := p.hear(m, clip, rng, want, worst, restore); err != nil {
			return err
		}
	}
	return nil
}

// beat compares step by step and any block size with the whole sequence.
func (p *parity) beat(m *model.Model, b *qrs.Beat, rng *rand.Rand) (*model.Prediction, error) {
	front, err := m.Front()
	if err != nil {
		return nil, err
	}
	if m.Config.Front.Context > 0 {
		front.SetContext(b.Context[:])
	}
	frames := front.Flush(front.Push(nil, b.Samples))
	want := m.Predict(frames)
	p.Examples++
	p.Steps += want.Steps
	p.stepwise(m, frames, want)
	var blocks []float32
	for rest := b.Samples; len(rest) > 0; {
		n := min((1+rng.IntN(50))*m.Config.Channels, len(rest))
		blocks, rest = front.Push(blocks, rest[:n]), rest[n:]
	}
	got := m.Predict(front.Flush(blocks))
	p.compare(&p.Blocks, got.Running, want.Running)
	p.compare(&p.Blocks, got.Confirm, want.Confirm)
	return want, nil
}

// hear runs the classifier over a record in random blocks.
func (p *parity) hear(m *model.Model, clip *audio.Clip, rng *rand.Rand, want []*model.Prediction, worst *float64, restore bool) error {
	d := &m.Config.Decision
	o := &stream.Options{Emit: stream.Emit{Confirmed: true}, Decision: &decide.Config{Warm: d.Warm, State: d.State, Gap: d.Gap}}
	c, err := stream.NewClassifier(m, o)
	if err != nil {
		return err
	}
	b := capture.Block{Format: capture.Format{Rate: clip.Rate, Channels: clip.Channels}}
	next := 0
	keep := func(events []stream.Event) {
		for i := range events {
			if e := &events[i]; e.Type == stream.Confirmed && next < len(want) {
				p.compare(worst, []float32{e.P}, []float32{top(want[next].Confirm)})
				next++
			}
		}
	}
	for rest := clip.Samples; len(rest) > 0 && next < len(want); {
		n := min((1+rng.IntN(5000))*clip.Channels, len(rest))
		b.Samples, rest = rest[:n], rest[n:]
		if err := c.Feed(&b); err != nil {
			return err
		}
		keep(c.Advance(nil))
		b.Offset += uint64(n / clip.Channels)
		if !restore {
			continue
		}
		saved := c.AppendState(nil, true)
		if c, err = stream.NewClassifier(m, o); err == nil {
			err = c.Restore(saved)
		}
		if err != nil {
			return err
		}
	}
	keep(c.End(nil, segment.ByEOF))
	if next < len(want) {
		return fmt.Errorf("the live classifier told %d beats, want %d", next, len(want))
	}
	return nil
}
