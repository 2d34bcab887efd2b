// Package pairing says which answer belongs to which event of a stream, and what kind of false
// alarm the others are.
package pairing

import (
	"cmp"
	"slices"
)

// A Pairing says which answer belongs to which event. Its memory is reused: once it has
// grown, Pair allocates nothing.
type Pairing struct {
	Right []int    // for each event: the answer with its label; −1 if there is none
	Wrong []int    // otherwise, an answer with another label
	Held  []int    // otherwise, an answer without a label
	Alarm []Reason // for each answer: which kind of false alarm it is; "" if it is none
	used  []bool
	reach []uint64 // for each event: the latest end up to it
}

// A Reason says why an event was missed, or what kind of false alarm an answer is. Events
// are also missed for the rule (decide.Rule, segment.Reason) that held their segment
// back.
type Reason string

const (
	WrongLabel   Reason = "wrong_label"   // missed: its segment has another label; false alarm: at an event of another label
	Inside       Reason = "inside"        // missed: it lies in a segment that starts at another time
	NoSegment    Reason = "unheard"       // missed: there is no segment
	Repeated     Reason = "repeated"      // false alarm: within an event of its label that another answer found
	Displaced    Reason = "displaced"     // false alarm: within an event of its label, but too far from its start
	OnBackground Reason = "on_background" // false alarm: it overlaps no event and begins with none
)

// A Span is a labelled part of a recording. Label is an index, −1 for none.
type Span struct {
	Start, End uint64
	Label      int
}

// Compare orders spans by start, then by end and label.
func Compare(a, b Span) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Label, b.Label))
}

// Pair pairs events with answers one to one. Both are sorted by start; an event and an
// answer can be a pair if their starts are at most tolerance samples apart, as in
// event-based metrics with a collar on onsets (Mesaros, Heittola, Virtanen 2016, Metrics
// for polyphonic sound event detection). Pairs of one label come first, as many as
// possible; then, among the rest, answers with another label; then those without one.
func (p *Pairing) Pair(events, answers []Span, tolerance uint64) {
	p.Right, p.Wrong, p.Held = none(p.Right, len(events)), none(p.Wrong, len(events)), none(p.Held, len(events))
	p.used, p.Alarm = zeros(p.used, len(answers)), zeros(p.Alarm, len(answers))
	p.pass(p.Right, events, answers, tolerance, func(e, a Span) bool { return e.Label == a.Label })
	p.pass(p.Wrong, events, answers, tolerance, func(e, a Span) bool { return a.Label >= 0 })
	p.pass(p.Held, events, answers, tolerance, func(e, a Span) bool { return a.Label < 0 })
	p.alarms(events, answers, tolerance)
}

// Used reports whether an answer belongs to an event.
func (p *Pairing) Used(answer int) bool { return p.used[answer] }

func none(x []int, n int) []int {
	x = x[:0]
	for range n {
		x = append(x, -1)
	}
	return x
}

func zeros[T any](x []T, n int) []T {
	x = slices.Grow(x[:0], n)[:n]
	clear(x)
	return x
}

// pass gives each event without an answer the first free one that fits. All windows have
// the same width and are in order, so first come, first served pairs as many as possible.
func (p *Pairing) pass(to []int, events, answers []Span, tolerance uint64, fits func(e, a Span) bool) {
	first := 0
	for i, e := range events {
		if p.Right[i] >= 0 || p.Wrong[i] >= 0 {
			continue
		}
		for first < len(answers) && answers[first].Start+tolerance < e.Start {
			first++
		}
		for k := first; k < len(answers) && answers[k].Start <= e.Start+tolerance; k++ {
			if !p.used[k] && fits(e, answers[k]) {
				to[i], p.used[k] = k, true
				break
			}
		}
	}
}

// alarms classifies the answers that found no event.
func (p *Pairing) alarms(events, answers []Span, tolerance uint64) {
	for _, a := range p.Wrong {
		if a >= 0 {
			p.Alarm[a] = WrongLabel
		}
	}
	p.reach = reaches(p.reach, events)
	for i, a := range answers {
		if a.Label >= 0 && !p.used[i] {
			p.Alarm[i] = p.alarm(events, a, tolerance)
		}
	}
}

// reaches returns for each event the latest end up to it.
func reaches(dst []uint64, events []Span) []uint64 {
	dst = dst[:0]
	latest := uint64(0)
	for _, e := range events {
		latest = max(latest, e.End)
		dst = append(dst, latest)
	}
	return dst
}

// alarm classifies an unpaired answer by the events that it overlaps or begins with.
func (p *Pairing) alarm(events []Span, a Span, tolerance uint64) Reason {
	kind, displaced := OnBackground, false
	for k := begun(events, a.End) - 1; k >= 0 && p.reach[k] > a.Start; k-- {
		switch e := events[k]; {
		case e.End <= a.Start:
		case e.Label != a.Label:
			kind = WrongLabel
		case p.Right[k] >= 0:
			return Repeated
		default:
			displaced = true
		}
	}
	if displaced {
		return Displaced
	}
	if kind == OnBackground {
		return beside(events, a, tolerance)
	}
	return kind
}

// beside classifies an answer that overlaps no event by those that it begins with. One of
// its own label has another answer, or it would have this one.
func beside(events []Span, a Span, tolerance uint64) Reason {
	kind := OnBackground
	for k := nextTo(events, a, tolerance); k < len(events) && events[k].Start <= a.Start+tolerance; k++ {
		if events[k].Label == a.Label {
			return Repeated
		}
		kind = WrongLabel
	}
	return kind
}

// begun returns the number of events that begin before a time.
func begun(events []Span, at uint64) int {
	n, _ := slices.BinarySearchFunc(events, at, func(e Span, at uint64) int { return cmp.Compare(e.Start, at) })
	return n
}

// nextTo returns the first event that begins no more than tolerance before a does, or later.
func nextTo(events []Span, a Span, tolerance uint64) int {
	return begun(events, a.Start-min(a.Start, tolerance))
}

// AtEvents reports for each answer whether it overlaps an event, or begins within tolerance
// samples of one: a false alarm that does is one about an event, any other is on the
// background. Both are sorted by start. The result is dst, grown if it is too short.
func AtEvents(dst []bool, events, answers []Span, tolerance uint64) []bool {
	dst = zeros(dst, len(answers))
	reach := reaches(nil, events)
	for i, a := range answers {
		n, k := begun(events, a.End), nextTo(events, a, tolerance)
		dst[i] = n > 0 && reach[n-1] > a.Start || k < len(events) && events[k].Start <= a.Start+tolerance
	}
	return dst
}
