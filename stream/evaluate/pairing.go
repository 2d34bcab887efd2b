package evaluate

import (
	"cmp"
	"slices"
)

// A Pairing says which answer belongs to which event. It keeps its memory: the next
// Pair allocates nothing once that has grown.
type Pairing struct {
	Right []int   // of each event: the answer with its label; −1: none
	Wrong []int   // else, one with another label
	Held  []int   // else, one without a label
	Alarm []Alarm // of each answer
	used  []bool
	reach []uint64 // of each event: the latest end up to it
}

// Alarm says what an answer is.
type Alarm uint8

const (
	NoAlarm      Alarm = iota // it tells of an event, or has no label
	WrongLabel                // there is an event, of another label
	Repeated                  // there is an event of the label, but another answer told of it
	Displaced                 // there is an event of the label, of which none told: this one begins too far from it
	OnBackground              // there is none
)

// String is its name in rows.
func (a Alarm) String() string {
	return [...]string{"", "wrong_label", "repeated", "displaced", "on_background"}[a]
}

func compareSpans(a, b Span) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Label, b.Label))
}

// Pair pairs events with answers one to one. Both are sorted by start; an event and
// an answer can be a pair when their starts are at most tolerance samples apart, as
// in event-based metrics with a collar on onsets (Mesaros, Heittola, Virtanen 2016,
// Metrics for polyphonic sound event detection). First come pairs of one label, as
// many as possible; then, of what is left, answers with another label; then those
// without one.
func (p *Pairing) Pair(events, answers []Span, tolerance uint64) {
	p.Right, p.Wrong, p.Held = none(p.Right, len(events)), none(p.Wrong, len(events)), none(p.Held, len(events))
	p.used, p.Alarm = zeros(p.used, len(answers)), zeros(p.Alarm, len(answers))
	p.pass(p.Right, events, answers, tolerance, func(e, a Span) bool { return e.Label == a.Label })
	p.pass(p.Wrong, events, answers, tolerance, func(e, a Span) bool { return a.Label >= 0 })
	p.pass(p.Held, events, answers, tolerance, func(e, a Span) bool { return a.Label < 0 })
	p.alarms(events, answers)
}

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

// pass gives each event without an answer the first free one that fits. Windows are
// of one width and in order, so that first come, first served pairs as many as can be.
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

// alarms says what the answers are that no event has.
func (p *Pairing) alarms(events, answers []Span) {
	for _, a := range p.Wrong {
		if a >= 0 {
			p.Alarm[a] = WrongLabel
		}
	}
	p.reach = p.reach[:0]
	latest := uint64(0)
	for _, e := range events {
		latest = max(latest, e.End)
		p.reach = append(p.reach, latest)
	}
	for i, a := range answers {
		if a.Label >= 0 && !p.used[i] {
			p.Alarm[i] = p.under(events, a)
		}
	}
}

// under says what an answer is by the events that it overlaps.
func (p *Pairing) under(events []Span, a Span) Alarm {
	what, same := OnBackground, NoAlarm
	k, _ := slices.BinarySearchFunc(events, a.End, func(e Span, end uint64) int { return cmp.Compare(e.Start, end) })
	for k--; k >= 0 && p.reach[k] > a.Start; k-- {
		switch e := events[k]; {
		case e.End <= a.Start:
		case e.Label != a.Label:
			what = WrongLabel
		case p.Right[k] >= 0:
			return Repeated
		default:
			same = Displaced
		}
	}
	if same != NoAlarm {
		return same
	}
	return what
}
