package train

import (
	"fmt"
	"math"

	"inkling/model/dataset"
	"inkling/model/feature"
)

// watch is the chance detector: it looks at every epoch and warns once of each
// sign that nothing is being learned.
type watch struct {
	majority         float64
	n, classes       int
	raw              bool
	steps            float64
	total            int
	audio            bool
	warned, oneClass bool
}

func newWatch(t *trainer) *watch {
	w := &watch{classes: len(t.config.Labels), raw: t.o.Front.Kind == feature.KindRaw, total: t.total,
		audio: t.train.set.Kind == dataset.Audio}
	_, w.steps = t.train.steps()
	if t.valid == nil {
		return w
	}
	count := make([]int, w.classes)
	for _, e := range t.valid.set.Examples {
		count[e.Label]++
	}
	w.n = len(t.valid.set.Examples)
	for _, c := range count {
		w.majority = max(w.majority, float64(c)/float64(w.n))
	}
	return w
}

// look returns a warning, or "".
func (w *watch) look(r Row) string {
	if w.n == 0 || r.Updates < max(60, w.total/6) {
		return ""
	}
	if !w.oneClass && r.Majority == w.n && w.n >= 2*w.classes {
		w.oneClass = true
		return fmt.Sprintf("after %d updates every validation example gets the same label. %s", r.Updates, w.advice())
	}
	spread := math.Sqrt(w.majority * (1 - w.majority) / float64(w.n))
	if !w.warned && !w.oneClass && r.ValidConfirm <= w.majority+spread {
		w.warned = true
		return fmt.Sprintf("after %d updates validation accuracy is %.0f %%, no better than always naming the commonest label (%.0f %%). %s",
			r.Updates, 100*r.ValidConfirm, 100*w.majority, w.advice())
	}
	return ""
}

func (w *watch) advice() string {
	switch {
	case w.raw && w.audio:
		return "Raw audio is hard for an LSTM: try --front logmel."
	case w.raw && w.steps > 200:
		return fmt.Sprintf("Sequences of %.0f steps are long for an LSTM: take more samples a step (--front raw --samples %.0f --deltas 1).", w.steps, math.Ceil(w.steps/60))
	case w.total < 500:
		return "Train longer: give more --epochs."
	}
	return "Try a lower --lr, check the labels (inkling plot waveform DATA), or give more examples a label."
}
