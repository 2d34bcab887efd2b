package pairing

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawSpans draws sorted spans; with label −1 too if held.
func drawSpans(t *rapid.T, name string, held bool) []Span {
	least := 0
	if held {
		least = -1
	}
	s := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Span {
		start := rapid.Uint64Range(0, 300).Draw(t, "start")
		return Span{start, start + rapid.Uint64Range(0, 60).Draw(t, "length"), rapid.IntRange(least, 2).Draw(t, "label")}
	}), 0, 14).Draw(t, name)
	slices.SortFunc(s, Compare)
	return s
}

// matching returns the greatest number of pairs, by augmenting paths (Kuhn 1955).
func matching(n, m int, fits func(i, k int) bool) (size int) {
	of := none(nil, m)
	var try func(i int, seen []bool) bool
	try = func(i int, seen []bool) bool {
		for k := range m {
			if fits(i, k) && !seen[k] {
				seen[k] = true
				if of[k] < 0 || try(of[k], seen) {
					of[k] = i
					return true
				}
			}
		}
		return false
	}
	for i := range n {
		if try(i, make([]bool, m)) {
			size++
		}
	}
	return size
}

func paired(to []int) (n int) {
	for _, a := range to {
		if a >= 0 {
			n++
		}
	}
	return n
}

// Pairs are one to one, within the tolerance and of the right kind, and there are as many
// with the right label as possible. Every answer with a label either finds an event or is a
// false alarm of the kind that the events around it say.
func TestPairingIsTheBestOneToOne(t *testing.T) {
	var p Pairing
	rapid.Check(t, func(t *rapid.T) {
		events, answers := drawSpans(t, "events", false), drawSpans(t, "answers", true)
		tolerance := rapid.Uint64Range(0, 40).Draw(t, "tolerance")
		near := func(i, k int) bool {
			return max(events[i].Start, answers[k].Start)-min(events[i].Start, answers[k].Start) <= tolerance
		}
		p.Pair(events, answers, tolerance)
		want := matching(len(events), len(answers), func(i, k int) bool { return near(i, k) && events[i].Label == answers[k].Label })
		if got := paired(p.Right); got != want {
			t.Fatalf("%d right pairs, there can be %d", got, want)
		}
		used := map[int]bool{}
		for i, e := range events {
			if paired([]int{p.Right[i], p.Wrong[i], p.Held[i]}) > 1 {
				t.Fatalf("event %d has several answers", i)
			}
			k := max(p.Right[i], p.Wrong[i], p.Held[i])
			if k < 0 {
				continue
			}
			if used[k] || !near(i, k) {
				t.Fatalf("event %d: answer %d is used or far", i, k)
			}
			used[k] = true
			switch l := answers[k].Label; {
			case p.Right[i] >= 0 && l != e.Label, p.Wrong[i] >= 0 && (l < 0 || l == e.Label), p.Held[i] >= 0 && l >= 0:
				t.Fatalf("event %d of label %d has answer %d of label %d", i, e.Label, k, l)
			}
		}
		at := AtEvents(nil, events, answers, tolerance)
		for k, a := range answers {
			want := Reason("")
			overlaps := func(fits func(i int) bool) bool {
				for i, e := range events {
					if e.Start < a.End && e.End > a.Start && fits(i) {
						return true
					}
				}
				return false
			}
			begins := func(fits func(i int) bool) bool {
				for i := range events {
					if near(i, k) && fits(i) {
						return true
					}
				}
				return false
			}
			same := func(i int) bool { return events[i].Label == a.Label }
			switch {
			case a.Label < 0 || slices.Contains(p.Right, k):
			case slices.Contains(p.Wrong, k):
				want = WrongLabel
			case overlaps(func(i int) bool { return same(i) && p.Right[i] >= 0 }):
				want = Repeated
			case overlaps(same):
				want = Displaced
			case overlaps(func(i int) bool { return true }):
				want = WrongLabel
			case begins(same):
				want = Repeated
			case begins(func(i int) bool { return true }):
				want = WrongLabel
			default:
				want = OnBackground
			}
			if p.Alarm[k] != want {
				t.Fatalf("answer %d: %q, want %q", k, p.Alarm[k], want)
			}
			if want != "" && at[k] != (want != OnBackground) {
				t.Fatalf("answer %d, %q: at an event: %v", k, want, at[k])
			}
		}
	})
}

// Events with answers of their label that are off by at most the tolerance are all
// found without an alarm, if they are more than twice that apart.
func TestPairingFindsShiftedEvents(t *testing.T) {
	var p Pairing
	rapid.Check(t, func(t *rapid.T) {
		tolerance := rapid.Uint64Range(0, 50).Draw(t, "tolerance")
		var events, answers []Span
		at := tolerance
		for range rapid.IntRange(0, 20).Draw(t, "events") {
			at += 2*tolerance + 1 + rapid.Uint64Range(0, 100).Draw(t, "pause")
			e := Span{at, at + rapid.Uint64Range(0, 200).Draw(t, "length"), rapid.IntRange(0, 3).Draw(t, "label")}
			shift := rapid.Uint64Range(0, 2*tolerance).Draw(t, "shift")
			events, answers = append(events, e), append(answers, Span{e.Start - tolerance + shift, e.End + shift, e.Label})
		}
		p.Pair(events, answers, tolerance)
		for i := range events {
			if p.Right[i] != i || p.Alarm[i] != "" {
				t.Fatalf("event %d has answer %d, alarm %q", i, p.Right[i], p.Alarm[i])
			}
		}
	})
}

// Pairing a day of events allocates nothing.
func TestPairingAllocatesNothing(t *testing.T) {
	events, answers := day()
	var p Pairing
	p.Pair(events, answers, 4000)
	if n := testing.AllocsPerRun(5, func() { p.Pair(events, answers, 4000) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func day() (events, answers []Span) {
	rng := rand.New(rand.NewPCG(1, 1))
	for at := uint64(0); len(events) < 10000; at += 16000 + rng.Uint64N(32000) {
		e := Span{at, at + 8000, rng.IntN(10)}
		events = append(events, e)
		for range rng.IntN(3) {
			answers = append(answers, Span{at + rng.Uint64N(8000), at + 9000, rng.IntN(11) - 1})
		}
	}
	slices.SortFunc(answers, Compare)
	return events, answers
}

func BenchmarkPair(b *testing.B) {
	events, answers := day()
	var p Pairing
	for b.Loop() {
		p.Pair(events, answers, 4000)
	}
}
