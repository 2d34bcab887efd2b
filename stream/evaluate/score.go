package evaluate

import (
	"cmp"
	"math"
	"slices"

	"inkling/model/decide"
)

// A scorer sums up traces.
type scorer struct {
	r       *StreamReport
	labels  []string
	rules   decide.Rules
	pair    Pairing
	answers []Answer // of each candidate of the trace
	spans   []Span   // the same

	clipRight, clipRunning, clips int
	runningRight                  int
	earlyOfEvents, earlyRight     int
}

// Score reports on traces under the rules of d about confirmed labels, whatever rules the
// traces were collected under. Running labels, early labels and evidence are those of the
// last Replay.
func Score(labels []string, traces []*Trace, d *decide.Config, tolerance float64) *StreamReport {
	n := len(labels)
	s := &scorer{labels: labels, rules: decide.NewRules(d, labels), r: &StreamReport{Recordings: len(traces), Tolerance: tolerance, Labels: labels, Traces: traces,
		Misses: map[Reason]int{}, PerLabel: map[string]StreamClass{}}}
	s.r.Segments.Dropped = map[decide.Rule]int{}
	for range n + 1 {
		s.r.Confusion = append(s.r.Confusion, make([]int, n+1))
	}
	s.r.OverTime = timeParts(traces)
	for _, t := range traces {
		s.add(t, uint64(math.Round(tolerance*t.Rate)))
	}
	s.finish()
	return s.r
}

func (s *scorer) add(t *Trace, tolerance uint64) {
	s.r.Seconds += t.seconds()
	s.answers = answers(s.answers, t.Candidates, &s.rules)
	s.spans = answerSpans(s.spans, t.Candidates, s.answers)
	s.pair.Pair(t.Events, s.spans, tolerance)
	from := len(s.r.Rows)
	for i := range t.Candidates {
		s.candidate(t, i)
	}
	for i := range t.Events {
		s.event(t, i)
	}
	slices.SortStableFunc(s.r.Rows[from:], func(a, b StreamRow) int { return cmp.Compare(a.Start, b.Start) })
}

// candidate counts what became of candidate i.
func (s *scorer) candidate(t *Trace, i int) {
	c, a, r := &t.Candidates[i], &s.answers[i], s.r
	r.Segments.Candidates++
	switch a.Held {
	case "":
		r.Segments.Reported++
		r.Running.Overturned += one(c.Running >= 0 && c.Running != a.Label)
	case decide.Threshold, decide.CUSUM:
		r.Segments.Rejected++
	default:
		r.Segments.Dropped[a.Held]++
	}
	if c.Early >= 0 {
		r.Early.Given++
		r.Early.Overturned += one(!a.Reported() || c.Early != a.Label)
	}
	r.Running.Flips += c.flips()
	if s.pair.Alarm[i] != "" {
		s.alarm(t, i)
	}
}

// alarm counts candidate i, a false alarm.
func (s *scorer) alarm(t *Trace, i int) {
	c, a, f := &t.Candidates[i], &s.answers[i], &s.r.FalseAlarms
	f.Total++
	switch s.pair.Alarm[i] {
	case WrongLabel:
		f.WrongLabel++
	case Repeated:
		f.Repeated++
	case Displaced:
		f.Displaced++
	case OnBackground:
		f.OnBackground++
	}
	if !s.pair.Used(i) { // otherwise it is in the row of an event
		s.r.Confusion[len(s.labels)][a.Label]++
	}
	label := s.labels[a.Label]
	l := s.r.PerLabel[label]
	l.FalseAlarms++
	s.r.PerLabel[label] = l
	part(s.r.OverTime, t.at(c.Start)).FalseAlarms++
	row := StreamRow{Recording: t.Name, Kind: FalseAlarmRow, Start: t.at(c.Start), End: t.at(c.End), Label: label, Reason: s.pair.Alarm[i]}
	s.segment(t, i, &row)
	s.r.Rows = append(s.r.Rows, row)
}

// event counts what was reported of event i.
func (s *scorer) event(t *Trace, i int) {
	e, r := t.Events[i], s.r
	label := s.labels[e.Label]
	row := StreamRow{Recording: t.Name, Kind: EventRow, Start: t.at(e.Start), End: t.at(e.End), Label: label}
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
		s.matched(t, right, e, &row)
		s.delays(t, right, e, &row)
	case wrong >= 0:
		given, row.Reason = s.answers[wrong].Label, WrongLabel
		s.matched(t, wrong, e, &row)
	case held >= 0:
		row.Reason = Reason(s.answers[held].Held)
		s.matched(t, held, e, &row)
	case t.inside(e):
		row.Reason = Inside
	default:
		row.Reason = NoSegment
	}
	if !found {
		r.Misses[row.Reason]++
	}
	row.Found = &found
	r.Confusion[e.Label][given]++
	r.PerLabel[label] = l
	s.running(t, i, p)
	r.Rows = append(r.Rows, row)
}

// running counts the running label at the end of event i, and the labels of its clip.
func (s *scorer) running(t *Trace, i int, p *TimePart) {
	e := t.Events[i]
	if t.runningAt(e) == e.Label {
		s.runningRight++
		p.RunningRight++
	}
	if c := &t.Clips[i]; c.Judged {
		s.clips++
		s.clipRight += one(c.Confirmed == e.Label)
		s.clipRunning += one(c.Running == e.Label)
	}
}

// matched enters candidate i, which starts with event e, into the event's row.
func (s *scorer) matched(t *Trace, i int, e Span, row *StreamRow) {
	if a := &s.answers[i]; a.Reported() {
		row.Given = &s.labels[a.Label]
	}
	s.segment(t, i, row)
	if early := t.Candidates[i].Early; early >= 0 {
		s.earlyOfEvents++
		s.earlyRight += one(early == e.Label)
	}
}

// segment enters the segment of candidate i into a row.
func (s *scorer) segment(t *Trace, i int, row *StreamRow) {
	c, a := &t.Candidates[i], &s.answers[i]
	from, to := t.at(c.Start), t.at(c.End)
	row.From, row.To = &from, &to
	if a.Label >= 0 {
		p := float64(a.P)
		row.P = &p
	}
	if c.Early >= 0 {
		row.Early = &s.labels[c.Early]
	}
}

// delays enters when candidate i, which found event e, had the right label.
func (s *scorer) delays(t *Trace, i int, e Span, row *StreamRow) {
	c := &t.Candidates[i]
	note := func(all *[]float64, at uint64) *float64 {
		ms := max(float64(int64(at-e.Start)), 0) / t.Rate * 1000
		*all = append(*all, ms)
		return &ms
	}
	d := &s.r.Delays
	if at, ok := c.settled(e.Label); ok {
		row.RunningMS = note(&d.Running, at)
	}
	if c.Early == e.Label {
		row.EarlyMS = note(&d.Early, c.EarlyAt)
	}
	row.ConfirmMS = note(&d.Confirmed, c.DecidedAt)
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
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
	d := &r.Delays
	r.Latency = Latencies{latency(d.Running), latency(d.Early), latency(d.Confirmed)}
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

// timeParts divides the length of the longest trace into hours, or into tenths if it is
// shorter than four hours.
func timeParts(traces []*Trace) (parts []TimePart) {
	longest := 0.0
	for _, t := range traces {
		longest = max(longest, t.seconds())
	}
	width := longest / 10
	if longest >= 4*3600 {
		width = 3600
	}
	for k := 0; float64(k)*width < longest && width > 0; k++ {
		p := TimePart{FromS: float64(k) * width, ToS: min(float64(k+1)*width, longest)}
		if p.ToS-p.FromS < width/1000 {
			break // a remainder of rounding
		}
		for _, t := range traces {
			p.Seconds += max(0, min(p.ToS, t.seconds())-p.FromS)
		}
		parts = append(parts, p)
	}
	return parts
}

// part returns the part that holds a time; the last one for times beyond it.
func part(parts []TimePart, at float64) *TimePart {
	for i := range parts {
		if at < parts[i].ToS {
			return &parts[i]
		}
	}
	return &parts[len(parts)-1]
}
