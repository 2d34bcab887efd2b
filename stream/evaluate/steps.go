package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream"
)

// Steps evaluates m on recordings with a label for every sample. A stream.Classifier with
// the model's own rules reads each from begin to end; a segment is a run of one running
// label. Samples outside every segment of the segmenter count as background, or as
// unlabelled if there is no such label. The segmenter is o.Segment or the model's;
// o.Crop must be 0.
func Steps(ctx context.Context, m *model.Model, set *dataset.Set, o Options) (*StepReport, error) {
	began := time.Now()
	switch {
	case !m.HasRunning():
		return nil, errors.New("the model has no running head, which labels of steps need: train one that has")
	case o.Crop > 0:
		return nil, errors.New("recordings with a label for every step are evaluated whole: leave Options.Crop out")
	case len(set.Examples) == 0:
		return nil, errors.New("there are no recordings to evaluate: choose another split, or give a data set that has some")
	}
	j := &job{m: m, set: set, o: o}
	for _, check := range []func() error{j.checkSignal, j.matchSteps} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	tracks := make([]*Track, len(set.Examples))
	errs := parallel.ForEach(len(tracks), true, o.Progress, func(i int) (err error) {
		tracks[i], err = j.track(ctx, i)
		return err
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := newStepReport(m.Config.Labels, tracks)
	r.Warnings, r.SeenInTraining = j.warnings, SeenInTraining(m, set)
	r.cutouts(set)
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

// track returns the track of example i.
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
	k := tracker{j: j, e: e, t: t, hop: max(x.End(2)-x.End(1), 1), outside: -1}
	if b := j.m.Config.Decision.Background; b != "" {
		k.outside = int32(slices.Index(j.m.Config.Labels, b))
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
		k.read(events)
	}
	k.read(c.End(events[:0], segment.ByEOF))
	k.fill(j.set.Frames(i))
	if len(t.Ends) == 0 {
		return nil, fmt.Errorf("%s: %d samples are too few for a single step: leave it out", e.Name, j.set.Frames(i))
	}
	if j.m.HasConfirm() {
		return t, j.confirm(t, e)
	}
	return t, nil
}

// A tracker turns the events of one stream into its track.
type tracker struct {
	j       *job
	e       *dataset.Example
	t       *Track
	hop     int   // samples between the ends of two steps
	outside int32 // the label of what is in no segment; −1 for none
}

func (k *tracker) read(events []stream.Event) {
	for i := range events {
		e := &events[i]
		if e.Type != stream.Running {
			continue
		}
		label := int32(-1)
		if e.Warm {
			label = int32(slices.Index(k.j.m.Config.Labels, e.Label))
		}
		k.fill(int(e.Sample) - k.hop)
		k.add(int(e.Sample), label)
	}
}

// fill adds steps outside every segment, up to a sample.
func (k *tracker) fill(to int) {
	for k.last()+k.hop <= to {
		k.add(k.last()+k.hop, k.outside)
	}
}

// last returns where the last step ends.
func (k *tracker) last() int {
	if n := len(k.t.Ends); n > 0 {
		return k.t.Ends[n-1]
	}
	return 0
}

// add adds a step that ends at a sample, unless the segment before has covered it.
func (k *tracker) add(end int, label int32) {
	end = min(end, len(k.e.Samples)/k.j.set.Channels)
	if end <= k.last() {
		return
	}
	truth := k.e.Label
	if k.e.Steps != nil {
		truth = int(k.e.Steps[end-1])
	}
	if truth >= 0 {
		truth = k.j.truth[truth]
	}
	k.t.Ends, k.t.Truth, k.t.Running = append(k.t.Ends, end), append(k.t.Truth, int32(truth)), append(k.t.Running, label)
}

// confirm fills in the confirm head's label of each detected segment alone.
func (j *job) confirm(t *Track, e *dataset.Example) error {
	var x front
	var frames []float32
	t.Confirm = slices.Clone(t.Running)
	for _, s := range StretchesOf(t.Running) {
		from := 0
		if s.From > 0 {
			from = t.Ends[s.From-1]
		}
		samples := e.Samples[from*j.set.Channels : t.Ends[s.To-1]*j.set.Channels]
		if err := x.extract(j.m, j.set.Channels, samples, &frames); err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		label := f32.Argmax(j.m.Predict(frames).Confirm)
		for k := s.From; k < s.To; k++ {
			t.Confirm[k] = int32(label)
		}
	}
	return nil
}
