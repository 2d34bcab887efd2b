package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"inkling/internal/audio"
)

// What of a track is an example of background.
const (
	eventMargin     = 0.1 // seconds beside an event that are none, as events are marked roughly
	leastBackground = 0.3 // seconds of an example
	leastPauses     = 1.0 // seconds of all; with less there is no background
)

// fewTracks is the number of recordings under which each is divided into stretches, so that
// about as many groups can be held out.
const fewTracks = 10

// A span is a part of a track in seconds; its label is "" if it is unknown.
type span struct {
	start, end float64
	label      string
}

// layOut returns the events of a recording of this length, by start and without overlap.
// Overlaps are divided in the middle and listed; one with more than half of an event is an
// error. Labels that are in unknown become "".
func layOut(list []Annotation, seconds float64, unknown []string) (events []span, overlaps []string, err error) {
	if err := CheckWithin(list, seconds); err != nil {
		return nil, nil, err
	}
	var last Annotation
	for _, a := range list {
		if a.Label == Background {
			continue
		}
		a.End = min(a.End, seconds)
		if a.End <= a.Start {
			return nil, nil, fmt.Errorf("%s: end: the event has no length, from %v to %v s: an example needs both its start and its end", a.Where, a.Start, a.End)
		}
		if k := len(events) - 1; k >= 0 && a.Start < events[k].end {
			by := min(events[k].end, a.End) - a.Start
			if 2*by > min(a.End-a.Start, last.End-last.Start) {
				return nil, nil, fmt.Errorf("%s: start: the event overlaps %s, %q from %v to %v s, by %.3g s: correct one of them, or mark both as one event with a label of its own",
					a.Where, last.Where, last.Label, last.Start, last.End, by)
			}
			a.Start += by / 2
			events[k].end = a.Start
			overlaps = append(overlaps, a.Where)
		}
		label := a.Label
		if slices.Contains(unknown, label) {
			label = ""
		}
		events = append(events, span{a.Start, a.End, label})
		last = a
	}
	return events, overlaps, nil
}

// A section is a part of a recording with the events in it.
type section struct {
	span
	events []span
}

// divided divides a recording of this length into n parts with about equally many events,
// in the widest pauses near by. There are fewer if there are fewer events.
func divided(events []span, seconds float64, n int) (list []section) {
	n = max(min(n, len(events)), 1)
	from, first := 0.0, 0
	pause := func(k int) float64 { return events[k].start - events[k-1].end } // before event k
	for j := 1; j < n; j++ {
		ideal, reach := j*len(events)/n, len(events)/(4*n)
		at := ideal
		for k := max(ideal-reach, first+1); k <= min(ideal+reach, len(events)-1); k++ {
			if pause(k) > pause(at) {
				at = k
			}
		}
		to := events[at].start - pause(at)/2
		list = append(list, section{span{start: from, end: to}, events[first:at]})
		from, first = to, at
	}
	return append(list, section{span{start: from, end: seconds}, events[first:]})
}

// background returns what lies between the events of s, less a margin beside each.
func (s *section) background() (list []span) {
	from := s.start
	add := func(to float64) {
		if to-from >= leastBackground {
			list = append(list, span{from, to, Background})
		}
	}
	for _, e := range s.events {
		add(e.start - eventMargin)
		from = e.end + eventMargin
	}
	add(s.end)
	return list
}

// tracked returns s with the recordings among its examples, those with a plan, divided into
// tracks and these into examples, and the names of all labels.
func (s *Set) tracked(names []string, plans []*plan) []string {
	whole := s.Examples
	s.Examples = nil
	var all, overlaps []string
	tracks, sections := 0, 0
	some := pauses(plans) >= leastPauses
	for i, l := range plans {
		if l == nil {
			s.Examples, all = append(s.Examples, whole[i]), append(all, names[i])
			continue
		}
		tracks, sections = tracks+1, sections+len(l.sections)
		overlaps = append(overlaps, l.overlaps...)
		for k := range l.sections {
			all = s.addTrack(&whole[i], l, &l.sections[k], some, all)
		}
	}
	switch {
	case tracks > 0 && some:
		s.note("%d annotated recordings: the events are examples, what lies between them is background", tracks)
	case tracks > 0:
		s.note("%d annotated recordings: the events are examples; too little lies between them for background", tracks)
	}
	if sections > tracks {
		s.note("the recordings are divided in pauses, into %d stretches, of which splits keep each whole", sections)
	}
	if len(overlaps) > 0 {
		s.note("%d annotated events overlap the event before, and each ends or begins in the middle of that: %s", len(overlaps), brief(overlaps))
	}
	return all
}

// pauses returns the seconds of background between the events of plans.
func pauses(plans []*plan) (sum float64) {
	for _, l := range plans {
		if l == nil {
			continue
		}
		for k := range l.sections {
			for _, p := range l.sections[k].background() {
				sum += p.end - p.start
			}
		}
	}
	return sum
}

// addTrack appends the examples of one stretch of a recording, and their labels to names.
// quiet says whether what lies between events is an example.
func (s *Set) addTrack(whole *Example, l *plan, part *section, quiet bool, names []string) []string {
	n := len(whole.Samples) / s.Channels
	at := func(seconds float64) int { return min(int(math.Round(seconds*s.Rate)), n) }
	from, to := at(part.start), at(part.end)
	t := &Track{Name: whole.Name, Split: whole.Split, Group: whole.Group, file: whole.Name, start: part.start}
	if len(l.sections) > 1 {
		t.Name = fmt.Sprintf("%s@%.6g", whole.Name, part.start)
		t.Group = t.Name
	}
	t.Samples = whole.Samples[from*s.Channels : to*s.Channels : to*s.Channels]
	parts := slices.Clone(part.events)
	if quiet {
		parts = append(parts, part.background()...)
	}
	slices.SortFunc(parts, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	for _, p := range parts {
		a := min(at(p.start)-from, to-from-1)
		b := max(at(p.end)-from, a+1)
		event := Event{Start: a, End: b, Label: p.label}
		t.parts = append(t.parts, event)
		if p.label != Background {
			t.Events = append(t.Events, event)
		}
		if p.label == "" {
			continue
		}
		s.Examples = append(s.Examples, Example{Name: fmt.Sprintf("%s@%.6g", whole.Name, p.start), Split: t.Split, Group: t.Group,
			Samples: t.Samples[a*s.Channels : b*s.Channels : b*s.Channels], Rate: s.Rate, Hash: l.hashes[p], track: t, at: a})
		names = append(names, p.label)
	}
	return names
}

// A plan is what is known of a recording with annotations.
type plan struct {
	events   []span
	overlaps []string // FILE:LINE of events that begin before another ends
	seconds  float64
	sections []section
	hashes   map[span]string // of the examples, before resampling
}

// newPlan returns the plan of c.
func newPlan(c *audio.Clip, e *entry, unknown []string) (*plan, error) {
	l := &plan{seconds: float64(len(c.Samples)/c.Channels) / c.Rate, hashes: map[span]string{}}
	var err error
	l.events, l.overlaps, err = layOut(e.annotations, l.seconds, unknown)
	for _, s := range l.events {
		if math.Round(s.end*c.Rate) <= math.Round(s.start*c.Rate) {
			return l, fmt.Errorf("%s: an event at %v s is shorter than a sample: correct its end", e.file, s.start)
		}
	}
	return l, err
}

// divide divides the recording into n stretches, and hashes its examples.
func (l *plan) divide(c *audio.Clip, n int) {
	l.sections = divided(l.events, l.seconds, n)
	frames := len(c.Samples) / c.Channels
	at := func(seconds float64) int { return min(int(math.Round(seconds*c.Rate)), frames) * c.Channels }
	for k := range l.sections {
		s := &l.sections[k]
		for _, p := range slices.Concat(s.events, s.background()) {
			l.hashes[p] = hashExample(p.label, c.Rate, c.Channels, c.Samples[at(p.start):at(p.end)])
		}
	}
}
