package evaluate

import (
	"cmp"
	"math"
	"slices"

	"inkling/model/decide"
)

// Why an event is a miss, beside the rules that held its segment back.
const (
	MissWrongLabel = "wrong_label"
	MissInside     = "inside"  // it lies in a segment that begins at another time
	MissUnheard    = "unheard" // there is no segment
)

// A scorer sums up takes.
type scorer struct {
	r      *StreamReport
	labels []string
	rules  decide.Rules
	pair   Pairing
	told   []Span

	clipRight, clipRunning, clips int
	runningRight                  int
	earlyOfEvents, earlyRight     int
}

// Score is the report on takes under the rules of d about confirmed labels, whichever
// they were heard under; the running label and the evidence are those of the last Replay.
func Score(labels []string, takes []*Take, d *decide.Config, tolerance float64) *StreamReport {
	n := len(labels)
	s := &scorer{labels: labels, rules: decide.NewRules(d, labels), r: &StreamReport{Recordings: len(takes), Tolerance: tolerance, Labels: labels, Takes: takes,
		Misses: map[string]int{}, PerLabel: map[string]StreamClass{}}}
	s.r.Segments.Dropped = map[string]int{}
	for range n + 1 {
		s.r.Confusion = append(s.r.Confusion, make([]int, n+1))
	}
	s.r.OverTime = timeParts(takes)
	for _, t := range takes {
		s.take(t, uint64(math.Round(tolerance*t.Rate)))
	}
	s.finish()
	return s.r
}

func (s *scorer) take(t *Take, tolerance uint64) {
	s.r.Seconds += float64(t.Samples) / t.Rate
	s.told = Answers(s.told, t.Candidates, &s.rules)
	s.pair.Pair(t.Events, s.told, tolerance)
	from := len(s.r.Rows)
	for i := range t.Candidates {
		s.candidate(t, i)
	}
	for i := range t.Events {
		s.event(t, i)
	}
	slices.SortStableFunc(s.r.Rows[from:], func(a, b StreamRow) int { return cmp.Compare(a.Start, b.Start) })
}

// candidate counts what became of one.
func (s *scorer) candidate(t *Take, i int) {
	c, r := &t.Candidates[i], s.r
	v := Decide(c, &s.rules)
	r.Segments.Candidates++
	switch v.Held {
	case "":
		r.Segments.Reported++
		if c.Running >= 0 && c.Running != v.Label {
			r.Running.Overturned++
		}
	case decide.Threshold, decide.CUSUM:
		r.Segments.Rejected++
	default:
		r.Segments.Dropped[string(v.Held)]++
	}
	if c.Early >= 0 {
		r.Early.Given++
		if v.Held != "" || c.Early != v.Label {
			r.Early.Overturned++
		}
	}
	r.Running.Flips += flips(c.Steps)
	if a := s.pair.Alarm[i]; a != NoAlarm {
		s.alarm(t, i, &v, a)
	}
}

func flips(steps []Step) (n int) {
	last := int32(-1)
	for _, s := range steps {
		if s.Label >= 0 && last >= 0 && s.Label != last {
			n++
		}
		if s.Label >= 0 {
			last = s.Label
		}
	}
	return n
}

func (s *scorer) alarm(t *Take, i int, v *Decided, a Alarm) {
	c, f := &t.Candidates[i], &s.r.FalseAlarms
	f.Total++
	switch a {
	case WrongLabel:
		f.WrongLabel++
	case Repeated:
		f.Repeated++
	case Displaced:
		f.Displaced++
	case OnBackground:
		f.OnBackground++
	}
	if !s.pair.used[i] { // no event has it in its row
		s.r.Confusion[len(s.labels)][v.Label]++
	}
	l := s.r.PerLabel[s.labels[v.Label]]
	l.FalseAlarms++
	s.r.PerLabel[s.labels[v.Label]] = l
	part(s.r.OverTime, float64(c.Start)/t.Rate).FalseAlarms++
	row := StreamRow{Recording: t.Name, Kind: "false_alarm", Label: s.labels[v.Label], Reason: a.String()}
	row.Start, row.End = float64(c.Start)/t.Rate, float64(c.End)/t.Rate
	row.segment(t, c, v, s.labels)
	s.r.Rows = append(s.r.Rows, row)
}

// event counts what was told of one.
func (s *scorer) event(t *Take, i int) {
	e, r := t.Events[i], s.r
	label := s.labels[e.Label]
	row := StreamRow{Recording: t.Name, Kind: "event", Start: float64(e.Start) / t.Rate, End: float64(e.End) / t.Rate, Label: label}
	r.Events++
	l, p := r.PerLabel[label], part(r.OverTime, row.Start)
	l.Events++
	p.Events++
	given, found := len(s.labels), false
	switch right, wrong, held := s.pair.Right[i], s.pair.Wrong[i], s.pair.Held[i]; {
	case right >= 0:
		given, found = e.Label, true
		l.Found++
		p.Found++
		s.late(t, e, &t.Candidates[right], &row)
	case wrong >= 0:
		given = s.told[wrong].Label
		s.heard(t, &t.Candidates[wrong], e, MissWrongLabel, &row)
	case held >= 0:
		c := &t.Candidates[held]
		s.heard(t, c, e, string(Decide(c, &s.rules).Held), &row)
	default:
		row.Reason = s.unheard(t, e)
		r.Misses[row.Reason]++
	}
	row.Found = &found
	r.Confusion[e.Label][given]++
	r.PerLabel[label] = l
	s.labelled(t, i, p)
	r.Rows = append(r.Rows, row)
}

// labelled counts what the running head said at an event's end, and what was said of
// its clip.
func (s *scorer) labelled(t *Take, i int, p *TimePart) {
	e := t.Events[i]
	if runningAt(t, e) == e.Label {
		s.runningRight++
		p.RunningRight++
	}
	if c := &t.Clips[i]; c.Judged {
		s.clips++
		s.clipRight += one(c.Confirmed == e.Label)
		s.clipRunning += one(c.Running == e.Label)
	}
}

// unheard says why no candidate begins with an event.
func (s *scorer) unheard(t *Take, e Span) string {
	k := firstAfter(t.Candidates, e.Start)
	if k < len(t.Candidates) && t.Candidates[k].Start < max(e.End, e.Start+1) {
		return MissInside
	}
	return MissUnheard
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// heard enters an event's segment, and why it is a miss; "" if it is none.
func (s *scorer) heard(t *Take, c *Candidate, e Span, why string, row *StreamRow) {
	v := Decide(c, &s.rules)
	if row.Reason = why; why != "" {
		s.r.Misses[why]++
	}
	if v.Held == "" {
		row.Given = &s.labels[v.Label]
	}
	row.segment(t, c, &v, s.labels)
	if c.Early >= 0 {
		s.earlyOfEvents++
		s.earlyRight += one(c.Early == e.Label)
	}
}

// late enters when an event's segment told of it.
func (s *scorer) late(t *Take, e Span, c *Candidate, row *StreamRow) {
	s.heard(t, c, e, "", row)
	note := func(all *[]float64, at uint64) *float64 {
		ms := max(float64(int64(at-e.Start)), 0) / t.Rate * 1000
		*all = append(*all, ms)
		return &ms
	}
	if at, ok := settled(c, e.Label); ok {
		row.RunningMS = note(&s.r.Late[0], at)
	}
	if c.Early == e.Label {
		row.EarlyMS = note(&s.r.Late[1], c.EarlyAt)
	}
	row.ConfirmMS = note(&s.r.Late[2], c.Told)
}

// settled is where the running label became label for the rest of the segment.
func settled(c *Candidate, label int) (at uint64, ok bool) {
	for k := min(c.Counted, len(c.Steps)) - 1; k >= 0 && int(c.Steps[k].Label) == label; k-- {
		at, ok = c.Steps[k].Sample, true
	}
	return at, ok
}

func (row *StreamRow) segment(t *Take, c *Candidate, v *Decided, labels []string) {
	from, to := float64(c.Start)/t.Rate, float64(c.End)/t.Rate
	row.From, row.To = &from, &to
	if v.Label >= 0 {
		p := float64(v.P)
		row.P = &p
	}
	if c.Early >= 0 {
		row.Early = &labels[c.Early]
	}
}

// runningAt is the running label in the stream at an event's end: that of the last
// step within it; −1 where there is none.
func runningAt(t *Take, e Span) int {
	label := -1
	k := firstAfter(t.Candidates, e.Start)
	for ; k < len(t.Candidates) && t.Candidates[k].Start < e.End; k++ {
		for _, s := range t.Candidates[k].Steps {
			if s.Sample > e.Start && s.Sample <= e.End {
				label = int(s.Label)
			}
		}
	}
	return label
}

// firstAfter is the first candidate that goes on after sample at; they are in order.
func firstAfter(cs []Candidate, at uint64) int {
	lo, hi := 0, len(cs)
	for lo < hi {
		if mid := (lo + hi) / 2; cs[mid].lastStep() <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (c *Candidate) lastStep() uint64 {
	if n := len(c.Steps); n > 0 {
		return max(c.Steps[n-1].Sample, c.End)
	}
	return c.End
}

// finish works out shares.
func (s *scorer) finish() {
	r := s.r
	sum, some := 0.0, 0
	for _, label := range s.labels {
		l := r.PerLabel[label]
		l.Recall, l.Precision = ShareOf(l.Found, l.Events), ShareOf(l.Found, l.Found+l.FalseAlarms)
		l.F1 = ShareOf(2*l.Found, l.Events+l.Found+l.FalseAlarms)
		r.PerLabel[label] = l
		r.Found += l.Found
		if f := float64(l.F1); f == f {
			sum += f
			some++
		}
	}
	r.Missed = r.Events - r.Found
	f := &r.FalseAlarms
	r.Recall, r.Precision = ShareOf(r.Found, r.Events), ShareOf(r.Found, r.Found+f.Total)
	r.F1, r.MacroF1 = ShareOf(2*r.Found, r.Events+r.Found+f.Total), Share(sum/float64(some))
	f.PerHour = perHour(f.Total, r.Seconds)
	r.Accuracy = StreamAccuracy{ShareOf(s.clipRight, s.clips), ShareOf(s.clipRunning, s.clips), ShareOf(s.runningRight, r.Events), r.Recall, s.clips}
	r.Latency = Latencies{latency(r.Late[0]), latency(r.Late[1]), latency(r.Late[2])}
	r.Early.Accuracy = ShareOf(s.earlyRight, s.earlyOfEvents)
	r.Early.OverturnedShare = ShareOf(r.Early.Overturned, r.Early.Given)
	r.Running.OverturnedShare = ShareOf(r.Running.Overturned, r.Segments.Reported)
	r.Running.FlipsPerMinute = perHour(r.Running.Flips, r.Seconds) / 60
	for i := range r.OverTime {
		p := &r.OverTime[i]
		p.Accuracy, p.RunningAccuracy = ShareOf(p.Found, p.Events), ShareOf(p.RunningRight, p.Events)
		p.FalseAlarmsPerHour = perHour(p.FalseAlarms, p.Seconds)
	}
}

// timeParts divides the longest take into hours, or into Tenths if it has not four.
func timeParts(takes []*Take) (parts []TimePart) {
	longest := 0.0
	for _, t := range takes {
		longest = max(longest, float64(t.Samples)/t.Rate)
	}
	width := longest / 10
	if longest >= 4*3600 {
		width = 3600
	}
	for k := 0; float64(k)*width < longest && width > 0; k++ {
		p := TimePart{FromS: float64(k) * width, ToS: min(float64(k+1)*width, longest)}
		if p.ToS-p.FromS < width/1000 {
			break // by rounding
		}
		for _, t := range takes {
			p.Seconds += max(0, min(p.ToS, float64(t.Samples)/t.Rate)-p.FromS)
		}
		parts = append(parts, p)
	}
	return parts
}

// part is the one that a time is in, the last one for what is behind.
func part(parts []TimePart, at float64) *TimePart {
	for i := range parts {
		if at < parts[i].ToS {
			return &parts[i]
		}
	}
	return &parts[len(parts)-1]
}
