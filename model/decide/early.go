package decide

import (
	"math"

	"inkling/internal/f32"
)

// Early is a learned stopping rule: the running label becomes final at the first
// step at which its score reaches Threshold. The score is the log-odds, by logistic
// regression on held-out sequences, that the confirmed label will be the same one;
// the threshold is the least for which it was shown, with the confidence given, that
// at most the share Gap of early labels is overturned: of all, and of the earliest
// fifth (Angelopoulos et al., Learn then Test, 2021; Ringel et al. 2024).
type Early struct {
	Weights    []float64 `json:"weights"` // of the features, see ScoreFeatures
	Threshold  float64   `json:"threshold"`
	Gap        float64   `json:"gap"`
	Confidence float64   `json:"confidence"`
}

// ScoreFeatures is the number of features of an early rule's score.
const ScoreFeatures = 7

func (e *Early) valid() bool {
	if len(e.Weights) != ScoreFeatures || !f32.Finite(e.Threshold) {
		return false
	}
	for _, w := range e.Weights {
		if !f32.Finite(w) {
			return false
		}
	}
	return true
}

// Features returns what a step's score is made of: 1, the log-odds of the running
// label, its log-ratio to the second, the logarithm of how many steps it has been the
// running label, the elapsed part u of a usual segment, u², and u times the log-odds.
// probs are calibrated; step counts from 1; usual is the length of a usual segment in
// steps.
func Features(probs []float32, held, step, usual int) [ScoreFeatures]float64 {
	first, second := 0.0, 0.0
	for _, v := range probs {
		p := float64(v)
		if p > first {
			first, second = p, first
		} else if p > second {
			second = p
		}
	}
	const most = 15
	odds := min(math.Log(max(first, 1e-9)/max(1-first, 1e-9)), most)
	ratio := min(math.Log(max(first, 1e-9)/max(second, 1e-9)), most)
	u := min(float64(step)/float64(usual), 1)
	return [ScoreFeatures]float64{1, odds, ratio, math.Log(float64(held)), u, u * u, u * odds}
}

// Score is the log-odds that features f speak of.
func (e *Early) Score(f *[ScoreFeatures]float64) (sum float64) {
	for i, w := range e.Weights {
		sum += w * f[i]
	}
	return sum
}

// A Stopper watches the running label of one segment for the early rule.
type Stopper struct {
	Label int     // the running label
	Held  int     // steps in a row that it has been; under EarlySteps only those with p ≥ EarlyP
	Score float64 // of the last step, under a learned rule
}

// Reset is before a segment's first step.
func (s *Stopper) Reset() { *s = Stopper{Label: -1} }

// Final reads the running probabilities after step, counted from 1, and reports whether
// their most probable label is final under the early rule of c. Steps of the warm-up
// do not count. usual is the length of a usual segment in steps, which only a learned
// rule needs.
func (s *Stopper) Final(c *Config, usual, step int, probs []float32) bool {
	label := f32.Argmax(probs)
	if label != s.Label {
		s.Label, s.Held = label, 0
	}
	switch {
	case step <= c.Warm:
	case c.Early != nil:
		s.Held++
		f := Features(probs, s.Held, step, usual)
		s.Score = c.Early.Score(&f)
		return s.Score >= c.Early.Threshold
	case c.EarlySteps > 0:
		if float64(probs[label]) < c.EarlyP {
			s.Held = 0
			return false
		}
		s.Held++
		return s.Held >= c.EarlySteps
	}
	return false
}
