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

// levels are the thresholds that are tried, the strictest first: steps of a tenth in
// log-odds from beyond a float32's last digit under 1 down to none at all. They do not
// depend on the data.
var levels = func() []float64 {
	out := []float64{1}
	for z := 170; z >= -30; z-- {
		p := 1 / (1 + math.Exp(-float64(z)/10))
		if p > 0.5 {
			out = append(out, 1-short(1-p))
		} else {
			out = append(out, short(p))
		}
	}
	return append(out, 0)
}()

// short rounds to two digits.
func short(p float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(p, 'g', 2, 64), 64)
	return v
}

// A Point is what some thresholds give.
type Point struct {
	Found, Alarms int
}

// A curve is what a label's threshold gives at each level. As events pair with
// answers of their own label first, it depends on no other label's threshold; and as
// whatever was reported either finds an event or is a false alarm, both counts can
// but grow from the strictest level on.
type curve []Point

// curves measures takes under a decision but for its thresholds.
func curves(takes []*evaluate.Take, c *model.Config, d *decide.Config, tolerance float64) []curve {
	bare := *d
	bare.Threshold, bare.On = 0, nil
	out := make([]curve, len(c.Labels))
	for i := range out {
		out[i] = make(curve, len(levels))
	}
	var s sweep
	for _, t := range takes {
		s.told = evaluate.Told(s.told, t.Candidates, c.Labels, &bare)
		for label := range out {
			s.add(out[label], t, label, uint64(math.Round(tolerance*t.Rate)))
		}
	}
	return out
}

// A sweep moves one label's threshold. It keeps its memory.
type sweep struct {
	told           []evaluate.Decided // of each candidate
	events, spoken []evaluate.Span
	pair           evaluate.Pairing
}

func (s *sweep) add(c curve, t *evaluate.Take, label int, tolerance uint64) {
	s.events = s.events[:0]
	for _, e := range t.Events {
		if e.Label == label {
			s.events = append(s.events, e)
		}
	}
	last, found := -1, 0
	for k, p := range levels {
		s.spoken = s.spoken[:0]
		for i := range t.Candidates {
			if v := &s.told[i]; v.Held == "" && v.Label == label && float64(v.P) >= p {
				s.spoken = append(s.spoken, evaluate.Span{Start: t.Candidates[i].Start, End: t.Candidates[i].End, Label: label})
			}
		}
		if len(s.spoken) != last {
			s.pair.Pair(s.events, s.spoken, tolerance)
			last, found = len(s.spoken), 0
			for _, a := range s.pair.Right {
				if a >= 0 {
					found++
				}
			}
		}
		c[k].Found += found
		c[k].Alarms += last - found
	}
}

// A step of a path lowers a label's threshold to the next level.
type step struct {
	label, level int
	gain         float64 // events found a false alarm
}

// newPath orders all steps from the strictest thresholds to none by what they gain, as
// far as a label's own order allows: a greedy ascent, on each label's concave majorant
// where it is the best there is (Fox, Discrete optimization via marginal analysis,
// 1966). An alarm counts as if every label had, beside its own, the mean of all labels'
// at that level: labels with few alarms stay near one threshold for all, instead of
// running ahead of what they have shown.
func newPath(cs []curve) (path []step) {
	mean := make([]float64, len(levels))
	for _, c := range cs {
		for k, p := range c {
			mean[k] += float64(p.Alarms) / float64(len(cs))
		}
	}
	for label, c := range cs {
		path = append(path, majorant(c, mean, label)...)
	}
	slices.SortStableFunc(path, func(a, b step) int {
		return cmp.Or(cmp.Compare(b.gain, a.gain), cmp.Compare(a.level, b.level))
	})
	return path
}

// majorant gives the steps of a label, of which those behind never gain more.
func majorant(c curve, mean []float64, label int) (steps []step) {
	type run struct {
		found, alarms float64
		levels        int
	}
	gain := func(r run) float64 { return r.found / r.alarms }
	var runs []run
	for k := 1; k < len(c); k++ {
		const trace = 1e-4 // of an alarm a level, in place of none
		r := run{float64(c[k].Found - c[k-1].Found), float64(c[k].Alarms-c[k-1].Alarms) + mean[k] - mean[k-1] + trace, 1}
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
			steps = append(steps, step{label, k, gain(r)})
		}
	}
	return steps
}

// along gives the points of a path, the start included, by curves that may be of other
// takes than it was made from.
func along(path []step, cs []curve) []Point {
	var now Point
	for _, c := range cs {
		now.Found += c[0].Found
		now.Alarms += c[0].Alarms
	}
	points := []Point{now}
	for _, s := range path {
		c := cs[s.label]
		now.Found += c[s.level].Found - c[s.level-1].Found
		now.Alarms += c[s.level].Alarms - c[s.level-1].Alarms
		points = append(points, now)
	}
	return points
}

// put enters the thresholds after n steps of a path: the commonest as that of all, the
// others by label.
func put(d *decide.Config, path []step, n int, labels []string) {
	at := make([]int, len(labels))
	for _, s := range path[:n] {
		at[s.label] = s.level
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
