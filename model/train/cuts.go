package train

import (
	"math"
	"slices"

	"inkling/model"
	"inkling/model/calibrate"
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

// judgeCuts returns what p says of the examples of held as a detector first cut them, and of
// what it opened on wrongly. Examples that none has found are left out.
func (t *trainer) judgeCuts(p *model.Params, held *corpus, h *hearing) []calibrate.HeldOut {
	if h == nil {
		return nil
	}
	c, set := *held, *held.set
	c.set, c.plain, c.variants, set.Examples = &set, nil, nil, nil
	for i := range held.plain {
		e := held.set.Examples[i]
		at := originOf(&e)
		frames := held.plain[i]
		if found := h.cuts[at]; len(found) > 0 {
			frames = held.normalized(found[0])
		} else if !h.front[at] {
			continue
		}
		set.Examples = append(set.Examples, e)
		c.plain = append(c.plain, frames)
	}
	if len(c.plain) == 0 {
		return nil
	}
	return t.evaluate(p, &c).finals
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
