package train

import (
	"fmt"
	"math"
	"slices"

	"inkling/model/dataset"
	"inkling/model/scene"
)

// How background is told from examples, and made where there is none.
const (
	longBackground = 2.0  // times the longest other example, from which on it is a recording
	leastNoise     = 8.0  // seconds of each synthetic noise that is made, at the least …
	mostNoise      = 60.0 // … and at the most
)

// synthetic is the hash of background that noises made.
const synthetic = "synthetic"

// setApart divides set into events and background if some of its background is far longer than
// the events: a folder of recordings, or what lies between the events of long ones. Otherwise
// background is nil, and the examples of background are as others.
func setApart(set *dataset.Set) (events, background *dataset.Set) {
	label := slices.Index(set.Labels, dataset.Background)
	if set.Kind != dataset.Audio || set.Stepwise() || label < 0 {
		return set, nil
	}
	longest, most := 0, 0
	for i := range set.Examples {
		if set.Examples[i].Label == label {
			most = max(most, set.Frames(i))
		} else {
			longest = max(longest, set.Frames(i))
		}
	}
	if longest == 0 || float64(most) <= longBackground*float64(longest) {
		return set, nil
	}
	return set.Events(), set.Background()
}

// takeBackground makes long background of set part of o.Background, as if it had been given
// there, and cuts that of valid into pieces. If set has a single label, and there is no
// background at all, o.Background becomes synthetic noises. note says so, or that background
// is silence.
func (o *Options) takeBackground(set, valid *dataset.Set) (_, _ *dataset.Set, note string, err error) {
	if set.Kind != dataset.Audio || set.Stepwise() || len(set.Examples) == 0 {
		return set, valid, "", nil
	}
	if own := set.Background(); o.Background == nil && len(own.Examples) > 0 && own.Seconds() < leastBackground {
		return nil, nil, "", fmt.Errorf("train: the examples labelled %s that are learned from last %.3g s in all: record a second of it at the least, better a minute where the model will listen, or leave it out", dataset.Background, own.Seconds())
	}
	if own := set.Background(); o.Background == nil && len(own.Examples) > 0 && !sounds(own) {
		note = fmt.Sprintf("the examples labelled %s are digital silence, from which no model learns how a place sounds: record a minute where it will listen", dataset.Background)
	}
	events, own := setApart(set)
	switch {
	case own == nil:
	case !sounds(own):
		set = events.Union(o.cutBackground(own, events, nil))
	case o.Background == nil:
		set, o.Background = events, own
	case o.Background.Rate != own.Rate || o.Background.Channels != own.Channels:
		return nil, nil, "", errFormats(o.Background, set)
	default:
		set, o.Background = events, own.Union(o.Background)
	}
	if valid != nil {
		if events, own := setApart(valid); own != nil {
			valid = events.Union(o.cutBackground(own, events, nil))
		}
	}
	if label, _ := set.Majority(); o.Background == nil && set.LabelsUsed() == 1 && set.Labels[label] != dataset.Background {
		o.Background = o.noises(set)
		note = fmt.Sprintf("the only label is %q, and there is no background: synthetic noises stand for it; recordings from where the model will listen make a better model: give them as train.Options.Background, or as examples labelled %s",
			set.Labels[label], dataset.Background)
	}
	return set, valid, note, nil
}

// sounds reports whether a recording of b is more than digital silence.
func sounds(b *dataset.Set) bool {
	return slices.ContainsFunc(b.Examples, func(e dataset.Example) bool { return rms(e.Samples) > leastSound })
}

// noises returns recordings of synthetic noises, two of each kind, together about as long as
// set.
func (o *Options) noises(set *dataset.Set) *dataset.Set {
	b := &dataset.Set{Kind: dataset.Audio, Labels: []string{dataset.Background}, Channels: set.Channels, Rate: set.Rate, Hash: synthetic}
	kinds := scene.Noises()
	each := min(max(set.Seconds()/float64(len(kinds)), leastNoise), mostNoise) / 2
	n := int(math.Ceil(each * set.Rate))
	for i := range 2 * len(kinds) {
		kind := kinds[i/2]
		e := dataset.Example{Name: fmt.Sprintf("noise %s %d", kind, i%2+1), Rate: set.Rate, Samples: make([]float32, n*set.Channels)}
		e.Group, e.Hash = e.Name, fmt.Sprintf("%016x", o.Seed<<8|uint64(i))
		for c := range set.Channels {
			for k, v := range scene.Synthesize(kind, random(o.Seed, forBackground, 8+c, i), n, set.Rate) {
				e.Samples[k*set.Channels+c] = 0.1 * v
			}
		}
		b.Examples = append(b.Examples, e)
	}
	return b
}
