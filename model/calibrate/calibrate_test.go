package calibrate

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/model"
	"inkling/model/decide"
)

const classes = 4

func config() *model.Config {
	return &model.Config{Labels: []string{"a", "b", "c", "d"}, Running: model.RunningSoftmax, Confirm: true}
}

// draw makes n sequences of 10 to 30 steps whose evidence for the truth grows; their
// probabilities are too sure of themselves by the factor sharp, and exact without.
func draw(rng *rand.Rand, n int, sharp float64) []HeldOut {
	vs := make([]HeldOut, n)
	for i := range vs {
		v := &vs[i]
		v.Label = rng.IntN(classes)
		// Of x ~ N(e_label·d, d·I), the posterior of the classes is softmax(x).
		x := make([]float64, classes)
		row := make([]float32, classes)
		for range 10 + rng.IntN(21) {
			for k := range x {
				d := 0.4
				x[k] += math.Sqrt(d) * rng.NormFloat64()
				if k == v.Label {
					x[k] += d
				}
				row[k] = float32(math.Exp(x[k] * sharp))
			}
			var sum float32
			for _, p := range row {
				sum += p
			}
			for k := range row {
				row[k] /= sum
			}
			v.Running = append(v.Running, row...)
		}
		v.Probs = v.Running[len(v.Running)-classes:]
	}
	return vs
}

// Temperatures undo a known sharpness.
func TestTemperaturesUndoSharpness(t *testing.T) {
	for _, sharp := range []float64{0.5, 1, 3} {
		t.Run(fmt.Sprint(sharp), func(t *testing.T) {
			t.Parallel()
			k := temperatures(config(), draw(rand.New(rand.NewPCG(1, 2)), 3000, sharp))
			for i, got := range append(k.Running, k.Confirm) {
				if math.Abs(math.Log(got/sharp)) > 0.25 {
					t.Errorf("temperature %d is %v", i, got)
				}
			}
		})
	}
}

// overturned applies c's rule to new sequences: the share of labels that the end
// overturns, of all and of the earliest fifth, and the mean share seen.
func overturned(c *model.Config, vs []HeldOut) (all, fifth, seen float64) {
	type answer struct{ share, wrong float64 }
	var as []answer
	for i := range vs {
		v := temper(c, &vs[i])
		q := newCourse(c, &v, c.Decision.Early.Weights)
		if share, wrong := q.answer(c.Decision.Early.Threshold); share <= 1 {
			as = append(as, answer{share, float64(wrong)})
		}
	}
	slices.SortStableFunc(as, func(a, b answer) int { return cmp.Compare(a.share, b.share) })
	n := float64(len(as))
	for i, a := range as {
		seen += a.share / n
		all += a.wrong / n
		if i < len(as)/5 {
			fifth += a.wrong / (n / 5)
		}
	}
	return all, fifth, seen
}

// The rule keeps what it promises on sequences that it has not seen: in 20 trials of
// 95 % confidence, more than four breaches have a probability under 0.3 %.
func TestEarlyRuleKeepsItsPromise(t *testing.T) {
	t.Parallel()
	fresh := draw(rand.New(rand.NewPCG(7, 7)), 2000, 2)
	breaches, useful := 0, 0
	for trial := range 20 {
		c := config()
		vs := draw(rand.New(rand.NewPCG(uint64(trial), 3)), 400, 2)
		Fit(c, vs)
		if notes := FitEarly(c, EarlyOptions{Gap: 0.1, Confidence: 0.95}, vs); len(notes) > 0 {
			t.Fatal(notes)
		}
		all, fifth, seen := overturned(c, fresh)
		if all > 0.1 || fifth > 0.1 {
			breaches++
		}
		if seen < 0.9 {
			useful++
		}
	}
	if breaches > 4 {
		t.Errorf("%d of 20 rules overturn more than they promised", breaches)
	}
	if useful < 19 {
		t.Errorf("only %d of 20 rules answer before the end", useful)
	}
}

// Few examples cannot support a small gap: the rule says which it holds for.
func TestEarlyRuleSaysWhatFewExamplesSupport(t *testing.T) {
	c := config()
	few := draw(rand.New(rand.NewPCG(1, 1)), 40, 1)
	Fit(c, few)
	notes := FitEarly(c, EarlyOptions{Gap: 0.01, Confidence: 0.95}, few)
	if len(notes) != 1 || c.Decision.Early == nil || c.Decision.Early.Gap <= 0.01 {
		t.Errorf("%q, %+v", notes, c.Decision.Early)
	}
	one := draw(rand.New(rand.NewPCG(1, 1)), 1, 1)
	Fit(c, one)
	if notes := FitEarly(c, EarlyOptions{Gap: 0.05, Confidence: 0.95}, one); len(notes) != 1 || c.Decision.Early != nil {
		t.Errorf("of one example: %q, %+v", notes, c.Decision.Early)
	}
}

// A course answers where decide.Stopper would, at every threshold.
func TestAnswerAgreesWithStopper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		c := config()
		vs := draw(rng, 6, 1)
		c.Calibration = temperatures(c, vs)
		c.Decision.Warm = rapid.IntRange(0, 12).Draw(t, "warm")
		w := make([]float64, decide.ScoreFeatures)
		for i := range w {
			w[i] = rng.NormFloat64()
		}
		rule := &decide.Early{Weights: w, Threshold: rapid.Float64Range(-4, 8).Draw(t, "threshold")}
		c.Decision.Early = rule
		for i := range vs {
			q := newCourse(c, &vs[i], w)
			share, wrong := q.answer(rule.Threshold)
			var s decide.Stopper
			s.Reset()
			want, overturns := 2.0, 0 // never
			for step := 1; step <= vs[i].steps(); step++ {
				if s.Final(&c.Decision, c.Calibration.Steps, step, vs[i].Running[(step-1)*classes:][:classes]) {
					want = float64(step) / float64(vs[i].steps())
					if s.Label != vs[i].Confirmed() {
						overturns = 1
					}
					break
				}
			}
			if share != want || wrong != overturns {
				t.Fatalf("share %v, want %v; overturned %d, want %d", share, want, wrong, overturns)
			}
		}
	})
}

func TestWarmStepsEndWhereTheHeadBeatsChance(t *testing.T) {
	var vs []HeldOut
	for i := range 100 {
		v := HeldOut{Label: i % 2}
		for s := range 50 {
			p := float32(0.9)
			if s < 3 {
				p = float32(i/2%2)*0.8 + 0.1 // right for every other one
			}
			row := []float32{1 - p, p}
			if v.Label == 0 {
				row[0], row[1] = p, 1-p
			}
			v.Running = append(v.Running, row...)
		}
		vs = append(vs, v)
	}
	if n := warmSteps(vs, 2); n != 3 {
		t.Errorf("%d warm steps, want 3", n)
	}
	for i := range vs {
		vs[i].Label = 1 - vs[i].Label
	}
	if n := warmSteps(vs, 2); n != 5 {
		t.Errorf("%d warm steps of a head that is never right, want a tenth", n)
	}
	if n := warmSteps(nil, 2); n != 0 {
		t.Errorf("%d warm steps without answers", n)
	}
}
