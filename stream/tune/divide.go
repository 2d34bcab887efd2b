package tune

import (
	"cmp"
	"slices"

	"inkling/stream/evaluate"
)

// apportion gives about a third of the signal, in whole recordings, to the search.
func apportion(all []evaluate.Recording) (searching, proving []evaluate.Recording) {
	total, has := 0.0, 0.0
	length := func(r *evaluate.Recording) float64 { return max(r.Seconds, 1) }
	for i := range all {
		total += length(&all[i])
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b evaluate.Recording) int { return cmp.Compare(length(&a), length(&b)) })
	for i, r := range order {
		if i == 0 || i < len(order)-1 && has+length(&r) <= total/3 {
			searching, has = append(searching, r), has+length(&r)
			continue
		}
		proving = append(proving, r)
	}
	return searching, proving
}

// divide cuts traces at a third of their length, between candidates. Positions in the
// rest begin at 0 again.
func divide(traces []*evaluate.Trace) (first, rest []*evaluate.Trace) {
	for _, t := range traces {
		cut := t.Samples / 3
		i, k := 0, 0
		for i < len(t.Events) && t.Events[i].Start < cut {
			i++
		}
		for k < len(t.Candidates) && t.Candidates[k].Start < cut {
			k++
		}
		a, b := *t, *t
		a.Events, a.Clips, a.Candidates, a.Samples = t.Events[:i], t.Clips[:i], t.Candidates[:k], cut
		b.Events, b.Clips, b.Candidates, b.Samples = nil, t.Clips[i:], nil, t.Samples-cut
		for _, e := range t.Events[i:] {
			e.Start, e.End = e.Start-cut, e.End-cut
			b.Events = append(b.Events, e)
		}
		for _, c := range t.Candidates[k:] {
			c.Start, c.End, c.DecidedAt, c.Steps = c.Start-cut, c.End-cut, c.DecidedAt-cut, slices.Clone(c.Steps)
			for i := range c.Steps {
				c.Steps[i].Sample -= cut
			}
			b.Candidates = append(b.Candidates, c)
		}
		first, rest = append(first, &a), append(rest, &b)
	}
	return first, rest
}

// size returns the number of events and the hours of traces.
func size(traces []*evaluate.Trace) (events int, hours float64) {
	for _, t := range traces {
		events += len(t.Events)
		hours += float64(t.Samples) / t.Rate / 3600
	}
	return events, hours
}
