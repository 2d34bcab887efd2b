package train

import (
	"math"
	"slices"

	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
)

// addCuts appends to the variants of each example its cuts and what stands behind it.
func (c *corpus) addCuts(h *hearing) {
	if h == nil || len(h.cuts)+len(h.behind) == 0 {
		return
	}
	if c.variants == nil {
		c.variants = make([][][]float32, len(c.plain))
	}
	for i := range c.plain {
		if len(c.variants[i]) == 0 {
			for range variantsEach / 2 {
				c.variants[i] = append(c.variants[i], c.plain[i])
			}
		}
		at := originOf(&c.set.Examples[i])
		for _, f := range slices.Concat(h.cuts[at], h.behind[at]) {
			c.variants[i] = append(c.variants[i], c.normalized(f))
		}
	}
}

func (c *corpus) normalized(frames []float32) []float32 {
	x := append(make([]float32, 0, len(frames)), frames...)
	c.normalize(x)
	return x
}

// judgeCuts returns what p says of the examples of held as a detector first cut them. Those
// that none has found are left out.
func (t *trainer) judgeCuts(p *model.Params, held *corpus, cuts map[origin][][]float32) []calibrate.HeldOut {
	c, set := *held, *held.set
	c.set, c.plain, c.variants, set.Examples = &set, nil, nil, nil
	for i := range held.plain {
		e := held.set.Examples[i]
		if found := cuts[originOf(&e)]; len(found) > 0 {
			set.Examples = append(set.Examples, e)
			c.plain = append(c.plain, held.normalized(found[0]))
		}
	}
	if len(c.plain) == 0 {
		return nil
	}
	return t.evaluate(p, &c).finals
}

// How a threshold is chosen: as low as keeps the share of wrong labels, within bounds. Folds
// learn less than the model and are wrong more often: the upper bound is where, over sounds
// that were held out, a stricter one cost more labels than it saved alarms (docs/accuracy.md).
const (
	wrongShare       = 0.02
	lowestThreshold  = 0.3
	highestThreshold = 0.65
)

// threshold returns the lowest probability under which a confirmed label of a stream is to
// be held back, so that at most wrongShare of what is reported is wrong, among the cuts and
// the openings without a label. right is the share of the cuts whose label is right.
func threshold(c *model.Config, cuts, held []calibrate.HeldOut) (p, right float64) {
	type said struct {
		p     float64
		wrong bool
	}
	var all []said
	add := func(v *calibrate.HeldOut) bool {
		k := v.Confirmed()
		if c.Labels[k] != dataset.Background {
			all = append(all, said{tempered(v.Probs, k, c.Calibration), k != v.Label})
		}
		return k == v.Label
	}
	for i := range cuts {
		if add(&cuts[i]) {
			right++
		}
	}
	for i := range held {
		if c.Labels[held[i].Label] == dataset.Background {
			add(&held[i])
		}
	}
	for p = lowestThreshold; p < highestThreshold-1e-9; p += 0.05 {
		reported, wrong := 0, 0
		for _, s := range all {
			if s.p >= p {
				reported++
				if s.wrong {
					wrong++
				}
			}
		}
		if float64(wrong) <= wrongShare*float64(reported) {
			break
		}
	}
	return math.Round(p*100) / 100, round6(right / float64(len(cuts)))
}

// tempered is the probability of label k under the calibration of the confirmed label.
func tempered(probs []float32, k int, c *model.Calibration) float64 {
	t := 1.0
	if c != nil && c.Confirm > 0 {
		t = c.Confirm
	}
	sum := 0.0
	for _, v := range probs {
		sum += math.Pow(math.Max(float64(v), 1e-30), 1/t)
	}
	return math.Pow(math.Max(float64(probs[k]), 1e-30), 1/t) / sum
}
