package train

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// The first 1/warmPart of a window's steps update the state without being learned from: what
// came before them, by which their label is known, is cut off.
const warmPart = 8

// checkStepwise explains why o cannot train on a set with a label for every sample; nil if
// it can.
func (o *Options) checkStepwise() error {
	switch {
	case o.Running != model.RunningSoftmax:
		return fmt.Errorf("train: running head %q on data with a label for every step: evidence would add up over all activities; take %s", o.Running, model.RunningSoftmax)
	case o.Runs != RunsCut && o.Runs != RunsWhole:
		return fmt.Errorf("train: runs %q: give %s or %s", o.Runs, RunsCut, RunsWhole)
	case !o.NoConfirm && o.Runs == RunsWhole:
		return errors.New("train: a confirm head needs sequences of one label, a window of a recording has several: leave the confirm head out, or cut the runs")
	}
	return nil
}

// pieces returns what is trained on of a set with a label for every sample: runs of one
// label, or whole recordings, cut into windows. Pieces shorter than a step are left out.
func (o *Options) pieces(set *dataset.Set) (*dataset.Set, error) {
	x, err := feature.New(o.Front, set.Rate, set.Channels)
	if err != nil {
		return nil, err
	}
	if o.Runs == RunsCut {
		set = set.Runs()
	}
	if set, err = set.Windows(o.Window); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	least := x.End(1) * set.Channels
	return set.Keep(func(e *dataset.Example) bool { return len(e.Samples) >= least }), nil
}

// stepLabels returns the labels of n frames of x. Each has that of its last sample.
func stepLabels(x feature.Extractor, n int, samples []int32) []int32 {
	labels := make([]int32, n)
	for t := range labels {
		labels[t] = samples[min(x.End(t+1), len(samples))-1]
	}
	return labels
}

// at returns the label of timestep t, −1 for none.
func (s *sequence) at(t int) int {
	if s.labels == nil {
		return s.label
	}
	return int(s.labels[t])
}

// labelled returns the number of timesteps that have a label.
func (s *sequence) labelled() (n int) {
	if s.labels == nil {
		return s.steps
	}
	for _, l := range s.labels {
		if l >= 0 {
			n++
		}
	}
	return n
}

// ended returns the last timestep that has a label, −1 if none has.
func (s *sequence) ended() int {
	t := s.steps - 1
	for t >= 0 && s.at(t) < 0 {
		t--
	}
	return t
}

// labelled returns the number of timesteps of all examples that have a label.
func (c *corpus) labelled() (n int) {
	for i := range c.plain {
		s := c.sequence(i)
		n += s.labelled()
	}
	return n
}

// spell sets the labels of a sequence with a single label: that label at every step.
func (s *sequence) spell() {
	if s.labels == nil {
		s.labels = slices.Repeat([]int32{int32(s.label)}, s.steps)
	}
}

// warmUp removes the labels of the first steps of a window.
func (s *sequence) warmUp() {
	if s.labels == nil {
		return
	}
	for t := range s.steps / warmPart {
		s.labels[t] = -1
	}
}

// How examples are joined to resemble an endless stream.
const (
	pieces    = 5   // examples one after another
	pauseOdds = 0.5 // of a background example between two others
)

// streamed returns several examples joined into one sequence that begins with example i and
// resembles an endless stream: the others are drawn at random, each from a random start to
// its end, with background between them if there is any. Every step has the label of its
// example. Features are changed once for the whole sequence.
func (c *corpus) streamed(i int, o *Options, rng *rand.Rand) sequence {
	s := sequence{index: i, labels: []int32{}}
	for k := range pieces {
		if k > 0 {
			i = rng.IntN(len(c.plain))
			if n := len(c.background); n > 0 && rng.Float64() < pauseOdds {
				i = c.background[rng.IntN(n)]
			}
		}
		frames, labels := c.from(i, o, rng)
		s.x = append(s.x, frames...)
		for t := range len(frames) / c.dim {
			l := int32(c.set.Examples[i].Label)
			if labels != nil {
				l = labels[t]
			}
			s.labels = append(s.labels, l)
		}
	}
	changeFeatures(o, rng, s.x, c.dim, &c.front)
	s.steps = len(s.labels)
	return s
}

// from returns a copy of example i from a random start on.
func (c *corpus) from(i int, o *Options, rng *rand.Rand) (frames []float32, labels []int32) {
	frames = c.drawn(i, rng)
	start := int(o.Crop * rng.Float64() * float64(len(frames)/c.dim))
	if l := c.stepsOf(i); l != nil {
		labels = l[start:]
	}
	return frames[start*c.dim:], labels
}

// streams reports whether update u joins examples.
func (o *Options) streams(u int) bool {
	return o.Carry > 0 && random(o.Seed, forStream, u, 0).Float64() < o.Carry
}

// backgrounds lists the examples of set that are background.
func backgrounds(set *dataset.Set) (which []int) {
	for i := range set.Examples {
		if isBackground(set, &set.Examples[i]) {
			which = append(which, i)
		}
	}
	return which
}

// countSteps is count for steps with labels of their own.
func (e *evaluation) countSteps(classes int) {
	predicted, right := make([]int, classes), 0
	e.n = 0
	for i := range e.finals {
		v := &e.finals[i]
		for t, l := range v.Labels {
			if l < 0 {
				continue
			}
			e.n++
			best := f32.Argmax(v.Running[t*classes:][:classes])
			predicted[best]++
			if best == int(l) {
				right++
			}
		}
	}
	e.most = slices.Max(predicted)
	e.running = float64(right) / float64(max(e.n, 1))
	e.confirm = e.running
}

// visit returns example i as update u uses it.
func (c *corpus) visit(i int, o *Options, u int, rng *rand.Rand) sequence {
	if o.streams(u) {
		return c.streamed(i, o, rng)
	}
	return c.augmented(i, o, rng)
}
