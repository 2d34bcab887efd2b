// Package compose makes long annotated streams of labelled examples, for models to be
// measured on. The examples follow one another in random order, with pauses, at random
// levels, over a background of other examples.
//
// [New] plans a stream. [Stream.Reader] renders it block by block, in memory that does
// not grow with its length, and [Stream.Write] renders it to files. The same data,
// options and seed give the same samples.
package compose

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"inkling/model/dataset"
)

// Options are the options of New. Times are in seconds, levels in dB.
type Options struct {
	Duration   float64      // length of the stream
	Seed       uint64       // seed of all random choices
	Part       int          // streams of one seed with different parts differ
	Pause      [2]float64   // shortest and longest pause before an event
	Level      float64      // each event is raised or lowered by up to this much
	Background *dataset.Set // examples that sound under the whole stream; nil: digital silence
	// SNR is the smallest and the greatest difference between the mean level of the
	// events and that of a background example. Digital silence in examples does not
	// count.
	SNR            [2]float64
	MarkBackground bool // annotate background examples too, as dataset.Background
}

// Default returns the options for an hour with pauses of 0.5 to 3 seconds and a
// background 20 dB below the events.
func Default() Options {
	return Options{Duration: 3600, Seed: 1, Pause: [2]float64{0.5, 3}, SNR: [2]float64{20, 20}}
}

// A Stream is the plan of a stream: which example begins at which sample, how loud.
type Stream struct {
	Rate     float64 // samples per second and channel
	Channels int
	Frames   int64                // samples per channel
	Events   []dataset.Annotation // by start, exact to the sample; Where is the example
	Marks    []dataset.Annotation // background examples, with Options.MarkBackground
	Lowered  float64              // dB by which the whole stream was lowered to avoid clipping

	events     []part
	background []part
}

// A part is one example in the stream. Positions count samples per channel.
type part struct {
	samples    []float32
	start, end int64
	gain       float32
	fade       int64 // samples that it shares with the next part
}

// ErrTooShort says that a stream is too short for each of its examples.
var ErrTooShort = errors.New("no example fits into")

// New plans a stream of the examples of set. Their order is random; no example recurs
// before all have been used. The samples at which events begin do not depend on the
// background.
func New(set *dataset.Set, o Options) (*Stream, error) {
	if err := o.check(set); err != nil {
		return nil, err
	}
	s := &Stream{Rate: set.Rate, Channels: set.Channels, Frames: int64(math.Round(o.Duration * set.Rate))}
	s.placeEvents(set, &o)
	if len(s.events) == 0 {
		return nil, fmt.Errorf("compose: %w %v s: raise Options.Duration", ErrTooShort, o.Duration)
	}
	if o.Background != nil {
		s.placeBackground(set, &o)
	}
	s.lower()
	return s, nil
}

func (o *Options) check(set *dataset.Set) error {
	finite := func(v ...float64) bool { return !slices.ContainsFunc(v, func(x float64) bool { return x-x != 0 }) }
	switch {
	case !finite(o.Duration, o.Pause[0], o.Pause[1], o.Level, o.SNR[0], o.SNR[1]):
		return errors.New("compose: Options: a duration or level is not finite: give finite numbers")
	case set.Rate <= 0:
		return errors.New("compose: the sampling rate of the data is unknown: use audio, or series with a rate")
	case len(set.Examples) == 0:
		return errors.New("compose: there are no examples: choose another split")
	case o.Duration <= 0 || o.Duration*set.Rate > 1<<50:
		return fmt.Errorf("compose: Options.Duration: %v s: give more than 0", o.Duration)
	case o.Pause[0] < 0 || o.Pause[1] < o.Pause[0]:
		return fmt.Errorf("compose: Options.Pause: from %v to %v s: give the shorter one first, 0 or more", o.Pause[0], o.Pause[1])
	case o.Level < 0 || o.Level > 60:
		return fmt.Errorf("compose: Options.Level: ±%v dB: give 0 to 60", o.Level)
	case o.SNR[1] < o.SNR[0] || o.SNR[0] < -60 || o.SNR[1] > 120:
		return fmt.Errorf("compose: Options.SNR: from %v to %v dB: give the lower one first, from -60 to 120", o.SNR[0], o.SNR[1])
	}
	for i := range set.Examples {
		if set.Frames(i) == 0 {
			return fmt.Errorf("compose: %s has no samples: leave it out", set.Examples[i].Name)
		}
	}
	if b := o.Background; b != nil {
		switch {
		case len(b.Examples) == 0:
			return errors.New("compose: there are no background examples: choose another split of the background")
		case b.Rate != set.Rate:
			return fmt.Errorf("compose: Options.Background: it has %v samples per second, the events have %v: open it with the rate of the events", b.Rate, set.Rate)
		case b.Channels != set.Channels:
			return fmt.Errorf("compose: Options.Background: it has %d channels, the events have %d: give one with %d", b.Channels, set.Channels, set.Channels)
		}
	}
	return nil
}
