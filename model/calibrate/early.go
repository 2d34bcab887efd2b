package calibrate

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
)

// learnEarly fits the early rule of c to calibrated answers. Each half of them is judged by
// a score fitted on the other half, so that the test is fair; the score that is kept is
// fitted on all. If the answers cannot support o.Gap, the rule holds for the least gap that
// they do support, and supported is false; if that is not under one half, there is no rule.
func learnEarly(c *model.Config, vs []HeldOut, o Options) (rule *decide.Early, supported bool) {
	halves := [2][]HeldOut{}
	for i, v := range vs {
		halves[i%2] = append(halves[i%2], v)
	}
	if len(halves[1]) == 0 {
		return nil, false
	}
	var courses []course
	for h := range halves {
		weights := regress(c, halves[1-h])
		for i := range halves[h] {
			courses = append(courses, newCourse(c, &halves[h][i], weights))
		}
	}
	for gap := o.Gap; gap < 0.5; gap *= 1.05 {
		if threshold, ok := learnThenTest(courses, gap, 1-o.Confidence); ok {
			return &decide.Early{Weights: regress(c, vs), Threshold: threshold,
				Gap: math.Ceil(1e4*gap) / 1e4, Confidence: o.Confidence}, gap == o.Gap
		}
	}
	return nil, false
}

// A course lists the steps of a sequence at which its score exceeded all before, and whether
// the running label then was the confirmed one.
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
		if s := rule.Score(f); s > best {
			best = s
			q.score, q.at, q.agree = append(q.score, s), append(q.at, step), append(q.agree, label == v.Confirmed())
		}
	})
	return q
}

// eachStep calls f with the running label and the features of every step of v after the
// warm-up.
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
		x := decide.Features(row, held, step, c.Calibration.Steps)
		f(step, label, &x)
	}
}

// Thresholds are tested from the strictest on.
const (
	strictest = 15.0
	loosest   = -5.0
	spacing   = 0.05
)

// learnThenTest returns the least threshold that rejects, at the level delta, both
// hypotheses: that more than the share gap of the labels is overturned, among all sequences
// and among the fifth that is answered earliest. Thresholds are tested in a fixed sequence,
// from the strictest until one fails, so no correction for their number is needed. Each
// p-value is that of the binomial distribution, and the greater of the two counts
// (Angelopoulos et al., Learn then Test, 2021). ok is false if even the strictest threshold
// fails.
func learnThenTest(courses []course, gap, delta float64) (threshold float64, ok bool) {
	type answer struct {
		share float64
		wrong int
	}
	answers := make([]answer, len(courses))
	fifth := (len(courses) + 4) / 5
	for k := range int((strictest-loosest)/spacing) + 1 {
		at := math.Round(100*(strictest-float64(k)*spacing)) / 100
		wrong := 0
		for i := range courses {
			share, bad := courses[i].answer(at)
			answers[i] = answer{share, bad}
			wrong += bad
		}
		slices.SortStableFunc(answers, func(a, b answer) int { return cmp.Compare(a.share, b.share) })
		early := 0
		for _, a := range answers[:fifth] {
			early += a.wrong
		}
		if max(atMost(wrong, len(courses), gap), atMost(early, fifth, gap)) > delta {
			return threshold, ok
		}
		threshold, ok = at, true
	}
	return threshold, ok
}

// answer returns the share of the sequence after which a rule with this threshold answers,
// and 1 as wrong if that label is overturned. If the rule never answers, the share is 1.
func (q *course) answer(threshold float64) (share float64, wrong int) {
	i, _ := slices.BinarySearch(q.score, threshold)
	if i == len(q.score) {
		return 1, 0
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
