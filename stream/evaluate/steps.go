package evaluate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream"
)

// Steps evaluates m on recordings with a label for every sample: each is heard by a
// stream.Classifier from its begin to its end, by the model's own rules, and where its
// running label changes is all that is known of segments. o.Crop does not apply; the
// segmenter is o.Segment or the model's. What lies between the segments of one that
// leaves something out has the background's label, or none.
func Steps(ctx context.Context, m *model.Model, set *dataset.Set, o Options) (*StepReport, error) {
	began := time.Now()
	if !m.HasRunning() {
		return nil, errors.New("the model has no running head, and labels of steps are its: train with one")
	}
	if o.Crop > 0 {
		return nil, errors.New("recordings with a label for every step are heard as they are: leave the crop out")
	}
	j := &job{m: m, set: set, o: o}
	if len(set.Examples) == 0 {
		return nil, errors.New("there are no recordings to evaluate: choose another --split, or give a data set that has some")
	}
	for _, check := range []func() error{j.checkSignal, j.matchSteps} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	tracks, err := j.hear(ctx)
	if err != nil {
		return nil, err
	}
	r := newStepReport(m.Config.Labels, tracks)
	r.Warnings, r.SeenInTraining = j.warnings, SeenInTraining(m, set)
	r.Elapsed = time.Since(began).Seconds()
	return r, nil
}

// matchSteps is matchLabels for labels of samples.
func (j *job) matchSteps() error {
	whole := *j.set
	whole.Examples = nil
	for i, n := range j.set.SampleCounts() {
		if n > 0 {
			whole.Examples = append(whole.Examples, dataset.Example{Name: "the data", Label: i})
		}
	}
	if len(whole.Examples) == 0 {
		return errors.New("no sample has a label: there is nothing to compare with")
	}
	k := &job{m: j.m, set: &whole}
	err := k.matchLabels()
	j.truth = k.truth
	return err
}

// hear makes the tracks, in the order of the data.
func (j *job) hear(ctx context.Context) ([]*Track, error) {
	tracks := make([]*Track, len(j.set.Examples))
	errs := parallel.ForEach(len(tracks), true, j.o.Progress, func(i int) (err error) {
		tracks[i], err = j.track(ctx, i)
		return err
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return tracks, ctx.Err()
}

// track hears example i.
func (j *job) track(ctx context.Context, i int) (*Track, error) {
	e := &j.set.Examples[i]
	t := &Track{Name: e.Name, Rate: 1}
	if j.set.Rate > 0 {
		t.Rate = j.set.Rate
	}
	c, err := stream.NewClassifier(j.m, &stream.Options{Segment: j.o.Segment})
	if err != nil {
		return nil, err
	}
	x, err := j.m.FrontOf(j.m.Config.Channels)
	if err != nil {
		return nil, err
	}
	h := hearing{j: j, e: e, t: t, hop: max(x.End(2)-x.End(1), 1), between: -1}
	for l, label := range j.m.Config.Labels {
		if label == j.m.Config.Decision.Background {
			h.between = int32(l)
		}
	}
	var events []stream.Event
	block := int(max(t.Rate, 64))
	for at := 0; at < j.set.Frames(i); at += block {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(at+block, j.set.Frames(i))
		b := capture.Block{Stream: e.Name, Format: capture.Format{Rate: j.set.Rate, Channels: j.set.Channels},
			Offset: uint64(at), Samples: e.Samples[at*j.set.Channels : to*j.set.Channels]}
		if err := c.Feed(&b); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		events = c.Advance(events[:0])
		h.take(events)
	}
	h.take(c.End(events[:0], segment.ByEOF))
	h.fill(j.set.Frames(i))
	if len(t.Ends) == 0 {
		return nil, fmt.Errorf("%s: %d samples are too few for a single step: leave it out", e.Name, j.set.Frames(i))
	}
	if j.m.HasConfirm() {
		return t, j.confirm(t, e)
	}
	return t, nil
}

// A hearing turns the events of one stream into its track.
type hearing struct {
	j       *job
	e       *dataset.Example
	t       *Track
	hop     int   // samples of a step
	between int32 // the label of what is in no segment, −1: none
}

func (h *hearing) take(events []stream.Event) {
	for i := range events {
		ev := &events[i]
		if ev.Type != stream.Running {
			continue
		}
		label := int32(-1)
		if ev.Warm {
			for l, name := range h.j.m.Config.Labels {
				if name == ev.Label {
					label = int32(l)
				}
			}
		}
		h.fill(int(ev.Sample) - h.hop)
		h.add(int(ev.Sample), label)
	}
}

// fill adds steps between segments, up to a sample.
func (h *hearing) fill(to int) {
	for h.last()+h.hop <= to {
		h.add(h.last()+h.hop, h.between)
	}
}

func (h *hearing) last() int {
	if n := len(h.t.Ends); n > 0 {
		return h.t.Ends[n-1]
	}
	return 0
}

// add is a step that ends at a sample. Frames that overlap those of the segment before
// bring nothing new.
func (h *hearing) add(end int, label int32) {
	end = min(end, len(h.e.Samples)/h.j.set.Channels)
	if end <= h.last() {
		return
	}
	truth := h.e.Label
	if h.e.Steps != nil {
		truth = int(h.e.Steps[end-1])
	}
	if truth >= 0 {
		truth = h.j.truth[truth]
	}
	h.t.Ends, h.t.Truth, h.t.Running = append(h.t.Ends, end), append(h.t.Truth, int32(truth)), append(h.t.Running, label)
}

// confirm fills in what the confirm head says of each detected segment by itself.
func (j *job) confirm(t *Track, e *dataset.Example) error {
	var w worker
	var frames []float32
	t.Confirm = append([]int32(nil), t.Running...)
	for _, s := range StretchesOf(t.Running) {
		from := 0
		if s.From > 0 {
			from = t.Ends[s.From-1]
		}
		samples := e.Samples[from*j.set.Channels : t.Ends[s.To-1]*j.set.Channels]
		if err := w.extract(j, samples, &frames); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		label := f32.Argmax(j.m.Predict(frames).Confirm)
		for k := s.From; k < s.To; k++ {
			t.Confirm[k] = int32(label)
		}
	}
	return nil
}
