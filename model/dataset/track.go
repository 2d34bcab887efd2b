package dataset

import "slices"

// A Track is continuous sound with the events in it: a recording, or a stretch of one.
type Track struct {
	Name    string    // the audio file, or FILE@START for a stretch
	Split   string    // as of an Example
	Group   string    // as of an Example
	Samples []float32 // channels interleaved, at the rate of the Set
	Events  []Event   // by start; they do not overlap

	parts []Event // Events and the examples of background
	file  string  // the recording, which the track is of from start on
	start float64 // seconds
}

// An Event is the part [Start, End) of a track, in samples per channel.
type Event struct {
	Start, End int
	Label      string // "": unknown, neither an event nor background
}

// Tracks returns the tracks that the examples of s were cut from, in the order of examples.
// Outside events a track is background. The parts of examples that s does not have are
// events with the label "", so that a split knows nothing of what another holds.
func (s *Set) Tracks() []*Track {
	var order []*Track
	has := map[*Track][][2]int{}
	for i := range s.Examples {
		e := &s.Examples[i]
		if e.track == nil {
			continue
		}
		if has[e.track] == nil {
			order = append(order, e.track)
		}
		has[e.track] = append(has[e.track], [2]int{e.at, e.at + s.Frames(i)})
	}
	for i, t := range order {
		order[i] = t.known(has[t])
	}
	return order
}

// known returns t with the label "" for every part that no span overlaps.
func (t *Track) known(spans [][2]int) *Track {
	k := *t
	k.Events = nil
	for _, p := range t.parts {
		known := slices.ContainsFunc(spans, func(s [2]int) bool { return s[0] < p.End && p.Start < s[1] })
		if !known {
			p.Label = ""
		}
		if p.Label != Background {
			k.Events = append(k.Events, p)
		}
	}
	return &k
}

// Background returns the examples of s with the label background: those of a folder of that
// name, and what lies between the events of tracks. They may be far longer than the other
// examples. It has no examples if s has no such label.
func (s *Set) Background() *Set { return s.withLabel(func(l string) bool { return l == Background }) }

// Events returns the examples of s that are not background.
func (s *Set) Events() *Set { return s.withLabel(func(l string) bool { return l != Background }) }

// withLabel returns the labels that keep accepts, and their examples.
func (s *Set) withLabel(keep func(label string) bool) *Set {
	var labels []string
	for _, l := range s.Labels {
		if keep(l) {
			labels = append(labels, l)
		}
	}
	t, err := s.Only(labels)
	if err != nil {
		panic(err) // they are labels of s
	}
	return t
}

// Seconds returns the length of all examples of s, or their samples if the rate is unknown.
func (s *Set) Seconds() float64 {
	n := 0
	for i := range s.Examples {
		n += s.Frames(i)
	}
	return s.seconds(n)
}
