package calibrate

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
)

// EarlyOptions are those of the early rule.
type EarlyOptions struct {
	Gap        float64 // greatest share of early labels that the end overturns
	Confidence float64 // that it is no more; 0 goes by what was observed
}

// FitEarly sets the early rule of c, whose calibration and rules about confirmed labels are
// settled, from what networks without calibration answered. The rule keeps o in each of the
// groups, such as clips and the same clips as a stream cuts them; within a group sequences
// are independent. It returns what a user should know about the rule.
func FitEarly(c *model.Config, o EarlyOptions, groups ...[]HeldOut) (notes []string) {
	tempered := make([][]HeldOut, len(groups))
	for g, vs := range groups {
		for i := range vs {
			tempered[g] = append(tempered[g], temper(c, &vs[i]))
		}
	}
	return LearnEarly(c, o, tempered...)
}

// LearnEarly is FitEarly for calibrated answers.
func LearnEarly(c *model.Config, o EarlyOptions, groups ...[]HeldOut) (notes []string) {
	n := 0
	for _, vs := range groups {
		n += len(vs)
	}
	early, supported := learnEarly(c, groups, o)
	c.Decision.Early, c.Decision.EarlyP, c.Decision.EarlySteps = early, 0, 0
	switch {
	case early == nil:
		return []string{fmt.Sprintf("no early rule: %d held-out sequences cannot show for any that fewer than half of its labels are overturned", n)}
	case !supported:
		return []string{fmt.Sprintf("%d held-out sequences cannot show at %.0f %% confidence that at most %.3g %% of early labels are overturned (the earliest fifth included): "+
			"the rule holds for %.3g %%; give more examples for a closer one", n, 100*o.Confidence, 100*o.Gap, 100*early.Gap)}
	}
	return nil
}

// learnEarly fits the early rule of c to calibrated answers. Each half of them is judged by
// a score fitted on the other half, so that the test is fair; the score that is kept is
// fitted on all. If the answers cannot support o.Gap, the rule holds for the least gap that
// they do support, and supported is false; if that is not under one half, there is no rule.
func learnEarly(c *model.Config, groups [][]HeldOut, o EarlyOptions) (rule *decide.Early, supported bool) {
	rules := decide.NewRules(&c.Decision, c.Labels)
	halves := [2][]HeldOut{}
	for _, vs := range groups {
		for i, v := range vs {
			v.Dropped = v.Dropped || !rules.Reports(v.Probs)
			halves[i%2] = append(halves[i%2], v)
		}
	}
	if len(halves[1]) == 0 {
		return nil, false
	}
	weights := [2][]float64{regress(c, halves[1]), regress(c, halves[0])}
	var courses [][]course
	at := [2]int{}
	for _, vs := range groups {
		var of []course
		for i := range vs {
			h := i % 2
			of = append(of, newCourse(c, &halves[h][at[h]], weights[h]))
			at[h]++
		}
		courses = append(courses, of)
	}
	counts, first := tally(courses)
	for gap := o.Gap; gap < 0.5; gap *= 1.05 {
		if threshold, ok := learnThenTest(counts, first, gap, 1-o.Confidence); ok {
			return &decide.Early{Weights: regress(c, slices.Concat(halves[0], halves[1])), Threshold: threshold,
				Gap: math.Ceil(1e4*gap) / 1e4, Confidence: o.Confidence}, gap == o.Gap
		}
	}
	return nil, false
}

// A course lists the steps of a sequence at which its score exceeded all before, and whether
// the running label then was the one that was reported.
type course struct {
	steps int
	score []float64 // ascending
	at    []int     // the step, from 1
	agree []bool
}

func newCourse(c *model.Config, v *HeldOut, weights []float64) course {
	rule := decide.Early{Weights: weights}
	q := course{steps: v.steps()}
	best := math.Inf(-1)
	eachStep(c, v, func(step, label int, f *[decide.ScoreFeatures]float64) {
		if s := rule.Score(f); s > best && c.Labels[label] != c.Decision.Background {
			best = s
			q.score, q.at, q.agree = append(q.score, s), append(q.at, step), append(q.agree, v.bears(label))
		}
	})
	return q
}

// bears reports whether label is what v is reported to be in the end.
func (v *HeldOut) bears(label int) bool { return !v.Dropped && label == v.Confirmed() }

// eachStep calls f with the running label and the features of every step of v at which it
// may become final.
func eachStep(c *model.Config, v *HeldOut, f func(step, label int, features *[decide.ScoreFeatures]float64)) {
	n := len(v.Probs)
	last, held := -1, 0
	for step := c.Decision.Warm + 1; step <= v.steps(); step++ {
		row := v.Running[(step-1)*n:][:n]
		label := f32.Argmax(row)
		if label != last {
			last, held = label, 0
		}
		held++
		if step <= v.Unsure {
			continue
		}
		x := decide.Features(row, held, step, c.TypicalSteps())
		f(step, label, &x)
	}
}

// Thresholds are tested from the strictest on.
const (
	strictest = 15.0
	loosest   = -5.0
	spacing   = 0.05
)

// A count says how many early labels there are, and how many of them are overturned.
type count struct{ given, wrong int }

// tally counts the early labels of each group of courses, and the earliest of them, as many
// as a fifth of the group: for each threshold from the strictest on that answers a quarter of
// each group.
func tally(groups [][]course) (counts [][]count, first int) {
	type answer struct {
		share float64 // of the sequence that was heard
		wrong int
	}
	var answers []answer
	for k := range int((strictest-loosest)/spacing) + 1 {
		var row []count
		few := false
		for _, courses := range groups {
			answers = answers[:0]
			able := 0
			for i := range courses {
				if len(courses[i].score) > 0 {
					able++
				}
				if share, wrong := courses[i].answer(level(k)); share <= 1 {
					answers = append(answers, answer{share, wrong})
				}
			}
			slices.SortStableFunc(answers, func(a, b answer) int { return cmp.Compare(a.share, b.share) })
			few = few || 4*len(answers) < able
			all, fifth := count{given: len(answers)}, count{given: (able + 4) / 5}
			for i, a := range answers {
				all.wrong += a.wrong
				if i < fifth.given {
					fifth.wrong += a.wrong
				}
			}
			row = append(row, all, fifth)
		}
		if few {
			first = k + 1
		} else {
			counts = append(counts, row)
		}
	}
	return counts, first
}

// level is the threshold number k.
func level(k int) float64 { return math.Round(100*(strictest-float64(k)*spacing)) / 100 }

// learnThenTest returns the least threshold that rejects, at the level delta, the hypotheses
// that more than the share gap of the labels that are given is overturned, for every count
// of tally. Thresholds are tested in a fixed sequence until one fails, so no correction for
// their number is needed; where the sequence begins depends on the scores, and not on what
// was overturned. Each p-value is that of the binomial distribution, and the greatest of
// them counts (Angelopoulos et al., Learn then Test, 2021). ok is false if the first
// threshold fails.
func learnThenTest(counts [][]count, first int, gap, delta float64) (threshold float64, ok bool) {
	for k, row := range counts {
		p := 0.0
		for _, n := range row {
			p = max(p, n.chance(gap, delta))
		}
		if p > delta {
			break
		}
		threshold, ok = level(first+k), true
	}
	return threshold, ok
}

// chance returns the probability of so few overturned labels if the share gap were. With a
// delta of 1 it is not asked for: 0 if the share is kept, else more than 1.
func (n count) chance(gap, delta float64) float64 {
	switch {
	case delta < 1:
		return atMost(n.wrong, n.given, gap)
	case float64(n.wrong) <= gap*float64(n.given):
		return 0
	}
	return 2
}

// answer returns the share of the sequence after which a rule with this threshold answers,
// and 1 as wrong if that label is overturned. If the rule never answers, the share is 2.
func (q *course) answer(threshold float64) (share float64, wrong int) {
	i, _ := slices.BinarySearch(q.score, threshold)
	if i == len(q.score) {
		return 2, 0
	}
	if !q.agree[i] {
		wrong = 1
	}
	return float64(q.at[i]) / float64(q.steps), wrong
}

// atMost returns the probability of at most k successes of n, each with probability p.
func atMost(k, n int, p float64) float64 {
	return distuv.Binomial{N: float64(n), P: p}.CDF(float64(k))
}
