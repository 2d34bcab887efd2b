package decide

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/f32"
)

// courses is C probabilities a step, that wander.
func courses(t *rapid.T, steps, classes int) (rows [][]float32) {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "course"), 1))
	logits := make([]float64, classes)
	for range steps {
		row, sum := make([]float32, classes), 0.0
		for i := range logits {
			logits[i] = 0.8*logits[i] + rng.NormFloat64()
			sum += math.Exp(logits[i])
		}
		for i := range row {
			row[i] = float32(math.Exp(logits[i]) / sum)
		}
		rows = append(rows, row)
	}
	return rows
}

// A running label comes as the best one at its running_on, stays down to its
// running_off, is followed by another no sooner than its hold, and is missing only
// where one of these says so.
func TestRunningLabelKeepsItsRules(t *testing.T) {
	flips, gone, held := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		const classes = 3
		r := Rules{newest: 1, hold: rapid.IntRange(0, 6).Draw(t, "hold"), background: -1}
		smooth := rapid.SampledFrom([]float64{0, 0.5, 3}).Draw(t, "smooth")
		if smooth > 0 {
			r.newest = float32(1 - math.Exp(-1/smooth))
		}
		for range classes {
			on := rapid.Float64Range(0, 1).Draw(t, "on")
			r.runningOn = append(r.runningOn, on)
			r.runningOff = append(r.runningOff, on*rapid.Float64Range(0, 1).Draw(t, "off"))
		}
		warm := rapid.IntRange(0, 3).Draw(t, "warm")
		s := running{probs: make([]float32, classes)}
		s.begin(false)
		average := make([]float64, classes)
		last, came, before := -1, 0, -1
		for step, p := range courses(t, 60, classes) {
			s.step(&r, p, step >= warm)
			for i, v := range p {
				if a := math.Exp(-1 / smooth); step > 0 && smooth > 0 {
					average[i] = a*average[i] + (1-a)*float64(v)
				} else {
					average[i] = float64(v)
				}
				if math.Abs(average[i]-float64(s.probs[i])) > 1e-5 {
					t.Fatalf("step %d: averages %v, want %v", step, s.probs, average)
				}
			}
			best := f32.Argmax(s.probs)
			at := func(i int) float64 { return float64(s.probs[i]) }
			mayCome := at(best) >= r.runningOn[best] && (last < 0 || best == last || step-came >= r.hold)
			stays := before >= 0 && at(before) >= r.runningOff[before]
			want := -1
			switch {
			case step < warm || mayCome:
				want = best
			case stays:
				want = before
			}
			if s.label != want {
				t.Fatalf("step %d: label %d, want %d; %v of %+v, before %d", step, s.label, want, s.probs, r, before)
			}
			if step < warm {
				continue
			}
			switch before = s.label; {
			case before < 0:
				gone++
			case before != best:
				held++
			}
			if before >= 0 && before != last {
				flips++
				last, came = before, step
			}
		}
	})
	if min(flips, gone, held) < 20 {
		t.Errorf("%d labels came, %d steps without one, %d held against a better: too few to prove anything", flips, gone, held)
	}
}
