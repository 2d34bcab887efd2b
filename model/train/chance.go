package train

import (
	"cmp"
	"fmt"
	"math"

	"inkling/model/dataset"
	"inkling/model/feature"
)

// A watch detects trainings that learn nothing. It looks at every epoch and warns once of
// each sign. It judges by validation or, without one, by the training accuracy.
type watch struct {
	majority   float64 // accuracy of always naming the commonest label
	n, classes int     // examples judged by
	validation bool
	raw, audio bool
	steps      float64 // mean length of a sequence
	total      int     // updates
	streak     int     // bad epochs on end that it takes

	oneClass, atChance             int // such epochs on end
	warnedOneClass, warnedAtChance bool
}

// longStreak is the number of consecutive epochs without a sign of learning that cause a
// warning.
const longStreak = 3

func newWatch(t *trainer) *watch {
	if t.config.IsNext() {
		return nil
	}
	w := &watch{classes: len(t.config.Labels), raw: t.o.Front.Kind == feature.KindRaw, total: t.total,
		audio: t.train.set.Kind == dataset.Audio, streak: min(longStreak, t.o.Epochs), validation: t.valid != nil}
	_, w.steps = t.train.steps()
	judge := t.train.set
	if w.validation {
		judge = t.valid.set
	}
	w.n = len(judge.Examples)
	if judge.Stepwise() {
		w.n = cmp.Or(t.valid, t.train).labelled()
	}
	_, w.majority = judge.Majority()
	return w
}

// look returns a warning, or "". A nil watch never warns.
func (w *watch) look(r Row) string {
	if w == nil {
		return ""
	}
	if r.Updates < min(max(60, w.total/6), w.total) {
		return ""
	}
	name, accuracy := "training", r.Confirm
	if w.validation {
		name, accuracy = "validation", r.ValidConfirm
	}
	spread := math.Sqrt(w.majority * (1 - w.majority) / float64(w.n))
	w.oneClass = further(w.oneClass, w.validation && r.Majority == w.n && w.n >= 2*w.classes)
	w.atChance = further(w.atChance, accuracy <= w.majority+spread)
	if w.oneClass >= w.streak && !w.warnedOneClass {
		w.warnedOneClass = true
		return fmt.Sprintf("after %d updates every validation example gets the same label. %s", r.Updates, w.advice())
	}
	if w.atChance >= w.streak && !w.warnedAtChance && !w.warnedOneClass {
		w.warnedAtChance = true
		return fmt.Sprintf("after %d updates %s accuracy is %.0f %%, no better than always naming the commonest label (%.0f %%). %s",
			r.Updates, name, 100*accuracy, 100*w.majority, w.advice())
	}
	return ""
}

func further(streak int, bad bool) int {
	if !bad {
		return 0
	}
	return streak + 1
}

func (w *watch) advice() string {
	switch {
	case w.raw && w.audio:
		return "Raw audio is hard for an LSTM: try feature.Config.Kind logmel."
	case w.raw && w.steps > 200:
		return fmt.Sprintf("Sequences of %.0f steps are long for an LSTM: take more samples per step (feature.Config.Samples %.0f, feature.Config.Deltas 1).", w.steps, math.Ceil(w.steps/60))
	case w.total < 500:
		return "Train longer: raise train.Options.Epochs."
	}
	return "Try a lower train.Options.LR, look at examples to check their labels, or add examples for each label."
}
