package tune

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"inkling/model"
	"inkling/model/decide"
	"inkling/stream/evaluate"
)

// levels are the thresholds that are tried, the strictest first: from 1 in steps of a
// tenth in log-odds, beginning beyond a float32's last digit below 1, down to none at
// all. They do not depend on the data.
var levels = func() []float64 {
	out := []float64{1}
	for z := 170; z >= -30; z-- {
		p := 1 / (1 + math.Exp(-float64(z)/10))
		if p > 0.5 {
			out = append(out, 1-rounded(1-p))
		} else {
			out = append(out, rounded(p))
		}
	}
	return append(out, 0)
}()

// rounded returns p rounded to two digits.
func rounded(p float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(p, 'g', 2, 64), 64)
	return v
}

// A Point counts what some thresholds give: found events, false alarms, and how many of
// these are wrong labels at events; the others are on the background.
type Point struct {
	Found, Alarms, Wrong int
}

// cost weighs the wrong labels of p against its alarms on the background.
func (p Point) cost(weight float64) float64 {
	return float64(p.Alarms-p.Wrong) + weight*float64(p.Wrong)
}

// A curve has a Point for each level of one label's threshold. Events are paired with
// answers of their own label first, so a curve does not depend on the other labels'
// thresholds; and every answer either finds an event or is a false alarm, on the background
// or at an event as evaluate.AtEvents says, so along a curve no count ever decreases.
type curve []Point

// curves returns the curve of each label over traces, under a decision without its
// thresholds.
func curves(traces []*evaluate.Trace, c *model.Config, d *decide.Config, tolerance float64) []curve {
	bare := *d
	bare.Threshold, bare.On = 0, nil
	out := make([]curve, len(c.Labels))
	for i := range out {
		out[i] = make(curve, len(levels))
	}
	var s sweep
	for _, t := range traces {
		near := uint64(math.Round(tolerance * t.Rate))
		s.begin(t, c.Labels, &bare, near)
		for label := range out {
			s.add(out[label], t, label, near)
		}
	}
	return out
}

// A sweep moves the threshold of one label. Its memory is reused.
type sweep struct {
	answers       []evaluate.Answer // one per candidate
	at            []bool            // for each candidate: whether it is at an event
	events, spans []evaluate.Span
	of            []int // for each span: its candidate
	pair          evaluate.Pairing
}

// begin prepares for the labels of a trace.
func (s *sweep) begin(t *evaluate.Trace, labels []string, bare *decide.Config, tolerance uint64) {
	s.answers = evaluate.Answers(s.answers, t.Candidates, labels, bare)
	s.spans = s.spans[:0]
	for i := range t.Candidates {
		s.spans = append(s.spans, evaluate.Span{Start: t.Candidates[i].Start, End: t.Candidates[i].End})
	}
	s.at = evaluate.AtEvents(s.at, t.Events, s.spans, tolerance)
}

func (s *sweep) add(c curve, t *evaluate.Trace, label int, tolerance uint64) {
	s.events = s.events[:0]
	for _, e := range t.Events {
		if e.Label == label {
			s.events = append(s.events, e)
		}
	}
	last := -1
	var now Point
	for k, p := range levels {
		s.spans, s.of = s.spans[:0], s.of[:0]
		for i := range t.Candidates {
			if a := &s.answers[i]; a.Reported() && a.Label == label && float64(a.P) >= p {
				s.spans = append(s.spans, evaluate.Span{Start: t.Candidates[i].Start, End: t.Candidates[i].End, Label: label})
				s.of = append(s.of, i)
			}
		}
		if len(s.spans) != last {
			now, last = s.count(tolerance), len(s.spans)
		}
		c[k] = c[k].plus(now)
	}
}

// count pairs the events of a label with its spans.
func (s *sweep) count(tolerance uint64) (p Point) {
	s.pair.Pair(s.events, s.spans, tolerance)
	for i, kind := range s.pair.Alarm {
		switch {
		case kind == "":
			p.Found++
		case s.at[s.of[i]]:
			p.Alarms, p.Wrong = p.Alarms+1, p.Wrong+1
		default:
			p.Alarms++
		}
	}
	return p
}

func (p Point) plus(q Point) Point {
	return Point{p.Found + q.Found, p.Alarms + q.Alarms, p.Wrong + q.Wrong}
}

func (p Point) minus(q Point) Point {
	return Point{p.Found - q.Found, p.Alarms - q.Alarms, p.Wrong - q.Wrong}
}

// A move lowers the threshold of one label to its next level.
type move struct {
	label, level int
	gain         float64 // events found for each false alarm, or what wrong ones weigh
}

// newPath orders all moves, from the strictest thresholds to none, by their gain as far as
// each label's own order allows: a greedy ascent on each label's concave majorant (Fox,
// Discrete optimization via marginal analysis, 1966).
//
// A label is charged its own alarms plus the mean of all labels' at that level. So labels
// with few alarms stay near a common threshold until the data show otherwise. A wrong label
// at an event costs weight alarms on the background.
func newPath(cs []curve, weight float64) (path []move) {
	mean := make([]float64, len(levels))
	for _, c := range cs {
		for k, p := range c {
			mean[k] += p.cost(weight) / float64(len(cs))
		}
	}
	for label, c := range cs {
		path = append(path, majorant(c, mean, label, weight)...)
	}
	slices.SortStableFunc(path, func(a, b move) int {
		return cmp.Or(cmp.Compare(b.gain, a.gain), cmp.Compare(a.level, b.level))
	})
	return path
}

// majorant returns the moves of a label with gains that never increase.
func majorant(c curve, mean []float64, label int, weight float64) (path []move) {
	type run struct {
		found, alarms float64
		levels        int
	}
	gain := func(r run) float64 { return r.found / r.alarms }
	var runs []run
	for k := 1; k < len(c); k++ {
		const trace = 1e-4 // of an alarm per level, so that no gain is infinite
		more := c[k].minus(c[k-1])
		r := run{float64(more.Found), more.cost(weight) + mean[k] - mean[k-1] + trace, 1}
		for len(runs) > 0 && gain(runs[len(runs)-1]) < gain(r) {
			last := runs[len(runs)-1]
			r = run{r.found + last.found, r.alarms + last.alarms, r.levels + last.levels}
			runs = runs[:len(runs)-1]
		}
		runs = append(runs, r)
	}
	k := 0
	for _, r := range runs {
		for range r.levels {
			k++
			path = append(path, move{label, k, gain(r)})
		}
	}
	return path
}

// along returns the points of a path, its start included, on curves that may be of other
// traces than those the path was made from.
func along(path []move, cs []curve) []Point {
	var now Point
	for _, c := range cs {
		now = now.plus(c[0])
	}
	points := []Point{now}
	for _, m := range path {
		c := cs[m.label]
		now = now.plus(c[m.level].minus(c[m.level-1]))
		points = append(points, now)
	}
	return points
}

// put enters the thresholds after n moves of a path into d: the commonest as the
// threshold of all labels, the others by label.
func put(d *decide.Config, path []move, n int, labels []string) {
	at := make([]int, len(labels))
	for _, m := range path[:n] {
		at[m.label] = m.level
	}
	count := map[int]int{}
	common := 0
	for i, label := range labels {
		if label == d.Background {
			continue
		}
		if count[at[i]]++; count[at[i]] > count[common] || count[at[i]] == count[common] && at[i] < common {
			common = at[i]
		}
	}
	d.Threshold, d.On = levels[common], nil
	for i, label := range labels {
		if at[i] != common && label != d.Background {
			if d.On == nil {
				d.On = map[string]float64{}
			}
			d.On[label] = levels[at[i]]
		}
	}
}
