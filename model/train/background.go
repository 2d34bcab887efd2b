package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"inkling/model/dataset"
)

// How background is mixed with examples.
const (
	backgroundOdds  = 0.75 // of a variant to have some
	backgroundRange = 20.0 // dB above Options.SNR
	leadIn          = 0.1  // seconds of background alone before an example, at most …
	leadOut         = 0.2  // … and after it
	softer          = 30.0 // dB, how far pieces of background are under the examples, at most
	leastSound      = 1e-4 // root mean square under which a piece is digital silence
	drawsOfSound    = 4    // pieces that are drawn to find one that sounds
	leastBackground = 1.0  // seconds of all recordings
)

// addBackground adds background examples to the training set and their label to valid, which
// may be nil. If there are too few groups to spare any, groups no longer keep examples
// together.
func (o *Options) addBackground(set, valid *dataset.Set) (*dataset.Set, *dataset.Set, error) {
	set, err := o.withBackground(loosened(set))
	if err != nil {
		return nil, nil, err
	}
	if valid != nil {
		valid = valid.Union(&dataset.Set{Labels: []string{dataset.Background}})
	}
	return set, valid, nil
}

// withBackground returns set with pieces of the recordings of Background as further
// examples, labelled background. Pieces are about as long as examples, and each gets a
// random level between the examples' mean and softer dB below it. Digital silence is left
// out.
func (o *Options) withBackground(set *dataset.Set) (*dataset.Set, error) {
	b := o.Background
	if err := o.checkBackground(set); err != nil {
		return nil, err
	}
	level := 0.0
	for i := range set.Examples {
		level += rms(set.Examples[i].Samples) / float64(len(set.Examples))
	}
	pieces := o.cutBackground(b, set, func(rng *rand.Rand, e *dataset.Example) bool {
		gain := level * math.Pow(10, -softer*rng.Float64()/20)
		r := rms(e.Samples)
		if r <= leastSound {
			return false
		}
		e.Samples = slices.Clone(e.Samples)
		for k := range e.Samples {
			e.Samples[k] *= float32(gain / r)
		}
		return true
	})
	if len(pieces.Examples) == 0 {
		return nil, fmt.Errorf("train: the background is digital silence: give recordings that sound")
	}
	return set.Union(pieces), nil
}

// checkBackground explains why Background cannot go with set.
func (o *Options) checkBackground(set *dataset.Set) error {
	b := o.Background
	switch {
	case set.Kind != dataset.Audio || b.Kind != dataset.Audio:
		return fmt.Errorf("train: background of %s under %s: it goes with sound alone; leave it out", b.Kind, set.Kind)
	case set.Stepwise():
		return fmt.Errorf("train: background under data with a label for every step: label the background there instead")
	case b.Rate != set.Rate || b.Channels != set.Channels:
		return errFormats(b, set)
	case len(b.Examples) == 0:
		return fmt.Errorf("train: the background has no recordings: give at least one")
	case b.Seconds() < leastBackground:
		return fmt.Errorf("train: the background lasts %.3g s in all: record a second of it at the least, better a minute where the model will listen, or leave it out", b.Seconds())
	}
	return nil
}

func errFormats(b, set *dataset.Set) error {
	return fmt.Errorf("train: the background has %d channels of %v samples a second, the training data %d of %v: read both alike", b.Channels, b.Rate, set.Channels, set.Rate)
}

// cutBackground returns pieces of the recordings of b, labelled background, about as long as
// the examples of set, in the groups of backgroundGroups. keep may change a piece, and reports
// whether it counts; nil: all do, as they are.
func (o *Options) cutBackground(b, set *dataset.Set, keep func(*rand.Rand, *dataset.Example) bool) *dataset.Set {
	pieces := *b
	pieces.Labels, pieces.Examples = []string{dataset.Background}, nil
	group := backgroundGroups(b, set)
	for i := range b.Examples {
		rng := random(o.Seed, forBackground, 0, i)
		for at, total := 0, b.Frames(i); at < total; {
			like := set.Frames(rng.IntN(len(set.Examples)))
			n := min(max(int(float64(like)*(0.3+1.7*rng.Float64())), 1), total-at)
			if at > 0 && n < like/4 {
				break // what is left over
			}
			e := b.Part(i, at, at+n)
			e.Label, e.Group = 0, group(i, at)
			if keep == nil || keep(rng, &e) {
				pieces.Examples = append(pieces.Examples, e)
			}
			at += n
		}
	}
	return &pieces
}

// backgroundGroups returns the function from a place in b, an example and a sample a channel,
// to its group: that of the recording if there are enough of them or if set has it too, or
// else the recording itself, or, of few recordings, a part of one.
func backgroundGroups(b, set *dataset.Set) func(i, at int) string {
	with := allGroups(set) // have events, too
	enough, n := groups(b) >= fewGroups, max(len(b.Examples), 1)
	parts := (fewGroups + n - 1) / n
	return func(i, at int) string {
		e := &b.Examples[i]
		switch {
		case enough, with[e.Group]:
			return e.Group
		case parts == 1:
			return "background " + e.Name
		}
		return fmt.Sprintf("background %s, part %d", e.Name, at*parts/max(b.Frames(i), 1)+1)
	}
}

// overBackground mixes x with a randomly chosen piece of Background, at a ratio of SNR dB or
// more. Half of the time the background also lasts a little before and after x.
func overBackground(o *Options, rng *rand.Rand, x []float32, channels int) []float32 {
	b := o.Background
	lead := func(most float64) int { return int(most * rng.Float64() * b.Rate) }
	before := lead(leadIn) * channels
	out := make([]float32, before+len(x)+lead(leadOut)*channels)
	if rng.IntN(2) == 0 {
		before, out = 0, out[:len(x)]
	}
	for range drawsOfSound {
		from := b.Examples[rng.IntN(len(b.Examples))].Samples
		if len(from) == 0 {
			continue
		}
		at := rng.IntN(len(from)/channels) * channels
		for i := range out {
			out[i] = from[(at+i)%len(from)]
		}
		if rms(out) > leastSound {
			break
		}
	}
	gain := 0.0
	if r := rms(out); r > leastSound {
		gain = rms(x) / r * math.Pow(10, -(o.SNR+backgroundRange*rng.Float64())/20)
	}
	for i := range out {
		out[i] *= float32(gain)
	}
	for i, v := range x {
		out[before+i] += v
	}
	return out
}
