package train

import (
	"cmp"
	"fmt"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// NextDefaults returns options for learning what comes next in recordings, and explains them
// in a line each. Signals are learned raw, one sample per step, as the difference to the
// last sample in units of the naive forecast's error. Text is learned one character per
// step.
func NextDefaults(set *dataset.Set) (Options, []string) {
	if set.Kind == dataset.Text {
		return nextTextDefaults(set)
	}
	o := NewOptions().forNext()
	o.Front, o.Next = feature.Config{Kind: feature.KindRaw, Samples: 1}, &model.Next{Loss: model.LossSquared, Residual: true}
	notes := []string{fmt.Sprintf("what comes next in %d recordings, %d channels: raw front end, one sample a step, the difference to the last one", len(set.Examples), set.Channels)}
	return o, append(notes, noteEnds(set)...)
}

// nextTextDefaults returns the options for text. Larger networks learn it better but take
// longer; many small updates learn more than few large ones from the same number of
// characters.
func nextTextDefaults(set *dataset.Set) (Options, []string) {
	o := NewOptions().forNext()
	o.Front, o.Next = feature.Config{Kind: feature.KindChars}, &model.Next{Loss: model.LossEntropy}
	o.Hidden, o.Batch, o.Span, o.Lead, o.MinUpdates = 256, 16, 128, 16, 6000
	total := 0
	for i := range set.Examples {
		total += len(set.Examples[i].Samples)
	}
	notes := []string{fmt.Sprintf("what comes next in %d texts of %d characters: a step a character", len(set.Examples), total)}
	return o, append(notes, noteEnds(set)...)
}

// noteEnds explains how validation divides recordings if it cannot divide by group.
func noteEnds(set *dataset.Set) []string {
	switch g := groups(set); {
	case g == 1:
		return []string{"one recording alone: validation takes its end"}
	case g < fewGroups:
		return []string{fmt.Sprintf("%d groups only: validation takes the end of each recording, and says nothing of unseen ones", g)}
	}
	return nil
}

// forNext returns o without what belongs to labels and without augmentation.
func (o Options) forNext() Options {
	for i := range declared() {
		if d := &declared()[i]; d.Only == "labels" || d.Only == "text" {
			d.in(&o).SetZero()
		}
	}
	o.Running, o.NoConfirm, o.Folds, o.DropConnect = model.RunningNone, true, 0, 0
	o.Segment.Kind = segment.Whole
	return o
}

// checkNext refuses options that have no meaning for forecasts. Those that their
// declarations mark are checked already.
func (o *Options) checkNext() error {
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"Folds", o.Folds > 0}, {"Running", o.Running != model.RunningNone}, {"Segment", o.Segment != segment.Config{Kind: segment.Whole}},
		{"Stem", o.Stem.Kind != ""}, {"Background", o.Background != nil}, {"Init", o.Init != nil},
	} {
		if f.on {
			return fmt.Errorf("train.Options.%s is for labels, which forecasts do without; leave it out", f.name)
		}
	}
	switch {
	case o.Front.Kind == feature.KindChars && o.Next.Loss != model.LossEntropy:
		return fmt.Errorf("train: the loss %s of text: leave it out, it is %s", o.Next.Loss, model.LossEntropy)
	case o.Front.Kind != feature.KindChars && (o.Front.Kind != feature.KindRaw || o.Front.Deltas > 0):
		return fmt.Errorf("train: front end %s with deltas %d: what comes next is learned of the raw one without deltas", o.Front.Kind, o.Front.Deltas)
	}
	if err := o.Next.Check(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// settleNext is settle for forecasts.
func (o Options) settleNext(set *dataset.Set) (Options, error) {
	o = o.resolve(set)
	if err := o.check(set.Kind); err != nil {
		return o, err
	}
	if err := o.checkText(set); err != nil {
		return o, err
	}
	if set.Kind == dataset.Text {
		o.Front.Alphabet = cmp.Or(o.Front.Alphabet, alphabet(set))
	}
	front, err := o.Front.Normalize(set.Rate, set.Channels)
	if err != nil {
		return o, fmt.Errorf("train: %w", err)
	}
	o.Front = front
	return o, nil
}

// prepareNext is prepare for forecasts.
func prepareNext(set, valid *dataset.Set, o Options, workers int) (*trainer, error) {
	o, err := o.settleNext(set)
	if err != nil {
		return nil, err
	}
	if valid == nil && o.Validation > 0 {
		set, valid = apart(set, &o)
	}
	if err := checkValid(set, valid); err != nil {
		return nil, err
	}
	train, err := nextCorpus(set, &o, nil, workers)
	if err != nil {
		return nil, err
	}
	var held *corpus
	if valid != nil && len(valid.Examples) > 0 {
		if held, err = nextCorpus(valid, &o, train, workers); err != nil {
			return nil, err
		}
	}
	t := newTrainer(train, held, o, workers)
	return t, t.config.Check()
}

// measureNext returns what validation measures of the model.
func (t *trainer) measureNext(p *model.Params) map[string]float64 {
	if t.valid == nil {
		return map[string]float64{}
	}
	e := t.evaluate(p, t.valid)
	return map[string]float64{"validation_loss": round6(e.loss), "validation_steps": t.valid.whole(all(e.n))}
}

func all(n int) []int {
	is := make([]int, n)
	for i := range is {
		is[i] = i
	}
	return is
}
