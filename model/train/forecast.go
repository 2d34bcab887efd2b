package train

import (
	"cmp"
	"fmt"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// NextDefaults returns the options for learning what comes next in recordings, and says
// in a line what was chosen: raw samples, one a step, the difference to the last of them
// in units of the naive forecast's error.
//
// Of text: a step a character, and its code is what is learned.
func NextDefaults(set *dataset.Set) (Options, []string) {
	if set.Kind == dataset.Text {
		return nextTextDefaults(set)
	}
	o := Options{Front: feature.Config{Kind: feature.KindRaw, Samples: 1}, Next: &model.Next{Loss: model.LossSquared, Residual: true}}
	notes := []string{fmt.Sprintf("what comes next in %d recordings, %d channels: raw front end, one sample a step, the difference to the last one", len(set.Examples), set.Channels)}
	return o, append(notes, noteEnds(set)...)
}

// nextTextDefaults are those of text. Larger networks learn it better, and take longer;
// of as many characters many small updates learn more than few large ones.
func nextTextDefaults(set *dataset.Set) (Options, []string) {
	o := Options{Front: feature.Config{Kind: feature.KindChars}, Next: &model.Next{Loss: model.LossEntropy},
		Hidden: 256, Batch: 16, Span: 128, Lead: 16, MinUpdates: 6000}
	total := 0
	for i := range set.Examples {
		total += len(set.Examples[i].Samples)
	}
	notes := []string{fmt.Sprintf("what comes next in %d texts of %d characters: a step a character", len(set.Examples), total)}
	return o, append(notes, noteEnds(set)...)
}

// noteEnds says how validation divides recordings, if not by group.
func noteEnds(set *dataset.Set) []string {
	switch g := groups(set); {
	case g == 1:
		return []string{"one recording alone: validation takes its end"}
	case g < fewGroups:
		return []string{fmt.Sprintf("%d groups only: validation takes the end of each recording, and says nothing of unseen ones", g)}
	}
	return nil
}

// Defaults of pieces.
const (
	defaultSpan = 256
	defaultLead = 32
)

// withNext turns off what belongs to labels unless it was asked for, which checkNext
// refuses then.
func (o Options) withNext() Options {
	o.Span, o.Lead = cmp.Or(o.Span, defaultSpan), cmp.Or(o.Lead, defaultLead)
	o.Lead = max(o.Lead, 0)
	o.Running = or(o.Running, model.RunningNone)
	o.NoConfirm = true
	o.Segment.Kind = or(o.Segment.Kind, segment.Whole)
	o.Folds = or(o.Folds, -1)
	for _, v := range []*float64{&o.RunningWeight, &o.Smoothing, &o.Dropout, &o.DropConnect, &o.Noise, &o.Jitter, &o.Crop} {
		*v = or(*v, -1)
	}
	return o
}

// checkNext refuses what learning what comes next has no use for.
func (o *Options) checkNext() error {
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"folds", o.Folds > 0}, {"a running head", o.Running != model.RunningNone}, {"evidence for the confirm head", o.ConfirmEvidence},
		{"a weight of the running head", o.RunningWeight > 0}, {"a ramp of the running head", o.RampRunning}, {"distillation", o.Distill > 0},
		{"a segmenter", o.Segment != segment.Config{Kind: segment.Whole}},
		{"label smoothing", o.Smoothing > 0}, {"class weights", o.ClassWeights}, {"a stem", o.Stem.Kind != ""},
		{"dropped features", o.Dropout > 0}, {"noise", o.Noise > 0}, {"jitter", o.Jitter > 0}, {"a cut start", o.Crop > 0},
		{"background", o.Background != nil}, {"stretch", o.Stretch > 0}, {"gain", o.GainDB > 0}, {"polarity", o.Polarity}, {"snr", o.SNR > 0}, {"masks", o.Masks > 0},
		{"join", o.Join > 1}, {"swapped names", o.SwapNames > 0 || o.SwapWords > 0}, {"aux-next", o.AuxNext > 0}, {"init", o.Init != nil},
	} {
		if f.on {
			return fmt.Errorf("train: %s: where what comes next is learned there are no labels, and nothing is augmented: leave it out", f.name)
		}
	}
	switch {
	case o.Span < 1 || o.Span > 1<<20:
		return fmt.Errorf("train: span is %d steps: give 1 to %d", o.Span, 1<<20)
	case o.Lead > 1<<20:
		return fmt.Errorf("train: lead is %d steps: give 0 to %d", o.Lead, 1<<20)
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

// prepareNext is prepare for what comes next; o has its defaults.
func prepareNext(set, valid *dataset.Set, o Options, workers int) (*trainer, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if (set.Kind == dataset.Text) != (o.Front.Kind == feature.KindChars) {
		return nil, fmt.Errorf("train: front end %s over %s: text takes the front end %s, and it takes nothing else", o.Front.Kind, set.Kind, feature.KindChars)
	}
	if set.Kind == dataset.Text {
		o.Front.Alphabet = or(o.Front.Alphabet, alphabet(set))
	}
	var err error
	if o.Front, err = o.Front.Normalize(set.Rate, set.Channels); err != nil {
		return nil, fmt.Errorf("train: %w", err)
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

// measureNext is what validation says of the model.
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
