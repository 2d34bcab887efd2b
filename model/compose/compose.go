// Package compose makes long annotated streams out of labelled examples: one after
// another in random order, with pauses, at random levels, over a background of other
// examples. A model that streams is judged on them; see evaluate.Stream.
//
// New plans a stream, a Reader renders it block by block: memory does not grow with
// its length. The same data, options and seed give the same samples.
package compose

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"inkling/model/dataset"
)

// Options of New. Times are in seconds, levels in dB.
type Options struct {
	Duration   float64      // of the stream
	Seed       uint64       // of everything random
	Part       int          // streams of one seed that differ
	Pause      [2]float64   // before each event, from … to
	Level      float64      // each event is raised or lowered by up to so much
	Background *dataset.Set // laid under all of it, example by example; nil: digital silence
	// SNR is how far the events' mean level is above each background example,
	// from … to. Levels are of what sounds; see soundPower.
	SNR            [2]float64
	MarkBackground bool // annotate background examples as well, all as dataset.Background
}

// Default returns what `inkling compose` does unless told otherwise: an hour, half a
// second to three between events, background 20 dB under them.
func Default() Options {
	return Options{Duration: 3600, Seed: 1, Pause: [2]float64{0.5, 3}, SNR: [2]float64{20, 20}}
}

// A Stream is planned: what sounds when, and how loud.
type Stream struct {
	Rate     float64
	Channels int
	Frames   int64                // samples a channel
	Events   []dataset.Annotation // by start, to the sample; Where is the example
	Marks    []dataset.Annotation // of the background, with MarkBackground
	Lowered  float64              // dB by which all of it was lowered, or it would clip

	events     []part
	background []part
}

// A part is one example in the stream. Positions are samples a channel.
type part struct {
	samples    []float32
	start, end int64
	gain       float32
	fade       int64 // how many samples it shares with the next
}

// New plans a stream of set's examples. They are used in random order, none again
// before all have been used. Event i of a stream begins on the same sample whatever
// the background.
func New(set *dataset.Set, o Options) (*Stream, error) {
	if err := o.check(set); err != nil {
		return nil, err
	}
	s := &Stream{Rate: set.Rate, Channels: set.Channels, Frames: int64(math.Round(o.Duration * set.Rate))}
	s.placeEvents(set, &o)
	if len(s.events) == 0 {
		return nil, fmt.Errorf("compose: not one example ends within %v s: give a longer --duration", o.Duration)
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
		return errors.New("compose: durations and levels must be finite")
	case set.Rate <= 0:
		return errors.New("compose: the sampling rate of the data is unknown: streams are composed of audio, or of series with a rate")
	case len(set.Examples) == 0:
		return errors.New("compose: there are no examples to compose: choose another --split")
	case o.Duration <= 0 || o.Duration*set.Rate > 1<<50:
		return fmt.Errorf("compose: duration: %v s: give a positive one, such as 1h", o.Duration)
	case o.Pause[0] < 0 || o.Pause[1] < o.Pause[0]:
		return fmt.Errorf("compose: pause: from %v to %v s: give the shorter one first, 0 or more", o.Pause[0], o.Pause[1])
	case o.Level < 0 || o.Level > 60:
		return fmt.Errorf("compose: level: ±%v dB: give 0 to 60", o.Level)
	case o.SNR[1] < o.SNR[0] || o.SNR[0] < -60 || o.SNR[1] > 120:
		return fmt.Errorf("compose: snr: from %v to %v dB: give the lower one first, within -60 and 120", o.SNR[0], o.SNR[1])
	}
	for i := range set.Examples {
		if set.Frames(i) == 0 {
			return fmt.Errorf("compose: %s holds no samples: leave it out", set.Examples[i].Name)
		}
	}
	if b := o.Background; b != nil {
		switch {
		case len(b.Examples) == 0:
			return errors.New("compose: there are no background examples: choose another --background-split")
		case b.Rate != set.Rate:
			return fmt.Errorf("compose: the background has %v samples per second, the events %v: open it with the events' rate", b.Rate, set.Rate)
		case b.Channels != set.Channels:
			return fmt.Errorf("compose: the background has %d channels, the events %d: give one with %d", b.Channels, set.Channels, set.Channels)
		}
	}
	return nil
}
