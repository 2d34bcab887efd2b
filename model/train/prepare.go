package train

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"

	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// prepare is prepareUntil for as long as it takes.
func prepare(set, valid *dataset.Set, o Options) (*trainer, error) {
	return prepareUntil(context.Background(), set, valid, o, &Hooks{}, nil)
}

// prepareUntil checks set, valid and o, and returns the trainer before its first update, or
// ErrInterrupted if ctx ends before. hooks are told how far the detectors are; from, if not nil,
// is a checkpoint that may have some of them.
func prepareUntil(ctx context.Context, set, valid *dataset.Set, o Options, hooks *Hooks, from *saved) (*trainer, error) {
	if o.Next != nil {
		return prepareNext(set, valid, o, runtime.GOMAXPROCS(0))
	}
	set, valid, told, err := o.takeBackground(set, valid)
	if err != nil {
		return nil, err
	}
	if o, err = o.settle(set); err != nil {
		return nil, err
	}
	set, valid, notes, err := o.examples(set, valid)
	if err != nil {
		return nil, err
	}
	if told != "" {
		notes = append(notes, told)
	}
	workers := runtime.GOMAXPROCS(0)
	origin := set
	var heard *hearing
	z := o.constants()
	if o.Detector > 0 {
		if set, heard, z, err = o.listen(ctx, set, z, workers, hooks, from); ctx.Err() != nil {
			return nil, fmt.Errorf("%w before the first update", ErrInterrupted)
		} else if err != nil {
			return nil, err
		}
		if valid != nil {
			valid = valid.Union(&dataset.Set{Labels: []string{dataset.Background}})
		}
	}
	var folds []fold
	switch {
	case valid != nil:
	case o.Folds > 0:
		folds = folded(loosened(set), &o)
	case o.Validation > 0:
		set, valid = loosened(set).HoldOut(o.Validation, strconv.FormatUint(o.Seed, 10))
	}
	if err := checkValid(set, valid); err != nil {
		return nil, err
	}
	train, err := o.trainOn(set, z, workers)
	if err != nil {
		return nil, err
	}
	if train.varyUntil(ctx, &o, workers); ctx.Err() != nil {
		return nil, fmt.Errorf("%w before the first update", ErrInterrupted)
	}
	if heard != nil {
		train.origin = origin
		train.addCuts(heard)
	}
	var held *corpus
	if valid != nil && len(valid.Examples) > 0 {
		if held, err = newCorpus(valid, o.Front, train, workers); err != nil {
			return nil, err
		}
	}
	t := newTrainer(train, held, o, workers)
	t.notes, t.hearing = notes, heard
	t.enter(folds, true)
	if heard != nil {
		t.ledger.addDone("detector", detectorShare)
	}
	return t, t.config.Check()
}

// settle returns o with everything decided that set decides, or explains why o cannot
// train on it.
func (o Options) settle(set *dataset.Set) (Options, error) {
	if err := checkSet(set); err != nil {
		return o, err
	}
	if err := o.adoptInit(set.Rate); err != nil {
		return o, err
	}
	o = o.resolve(set)
	if o.Front.Kind == "" {
		d, _, err := Defaults(set, "")
		if err != nil {
			return o, err
		}
		o.Front = d.Front
		if o.Stem.Kind == "" {
			o.Stem = d.Stem
		}
	}
	if o.Segment.Kind != "" && o.Segment.Kind != segment.Label {
		o.Detector = 0
	}
	if o.Detector == 0 {
		o.MadeUp = 0
	}
	if o.Segment.Kind == "" {
		if o.Segment.Kind = segmenterFor(set); o.Detector > 0 {
			o.Segment.Kind = segment.Label
		}
		if set.Stepwise() && set.Rate > 0 {
			o.Segment.MaxDuration = stepwiseMaximum
		}
	}
	if err := o.checkFor(set); err != nil {
		return o, err
	}
	if o.Front.Kind == feature.KindChars && o.Front.Alphabet == "" {
		o.Front.Alphabet = alphabet(set)
	}
	front, err := o.Front.Normalize(set.Rate, set.Channels)
	if err != nil {
		return o, fmt.Errorf("train: %w", err)
	}
	o.Front = front
	if o.Stem, err = o.Stem.Normalize(front, set.Rate, set.Channels); err != nil {
		return o, fmt.Errorf("train: %w", err)
	}
	return o, nil
}

// checkCut explains why segments cannot be cut as o says.
func (o *Options) checkCut() error {
	if o.Segment.Kind == segment.Label && o.Detector == 0 && o.Next == nil {
		return fmt.Errorf("train.Options.Segment is %s, which a detector cuts, and train.Options.Detector is 0: give it units, such as 32, or choose another segmenter", segment.Label)
	}
	return nil
}

// segmenterFor returns the segmenter for models of set.
func segmenterFor(set *dataset.Set) segment.Kind {
	switch {
	case set.Kind == dataset.Text:
		return segment.Line
	case set.Kind == dataset.Audio && !set.Stepwise():
		return segment.Activity
	}
	return segment.Whole
}

// checkFor is check, and whether o suits set.
func (o *Options) checkFor(set *dataset.Set) error {
	if err := o.check(set.Kind); err != nil {
		return err
	}
	if err := o.checkText(set); err != nil {
		return err
	}
	if set.Kind == dataset.Text && o.Carry > 0 {
		return fmt.Errorf("train.Options.Carry is %v: it is for signals, not for %s; join examples instead (train.Options.Join)", o.Carry, set.Kind)
	}
	if set.Stepwise() {
		return o.checkStepwise()
	}
	return nil
}

// checkText refuses text with another front end than chars, and chars with other data.
func (o *Options) checkText(set *dataset.Set) error {
	if (set.Kind == dataset.Text) == (o.Front.Kind == feature.KindChars) {
		return nil
	}
	return fmt.Errorf("train: front end %s over %s: text takes the front end %s, and it takes nothing else", o.Front.Kind, set.Kind, feature.KindChars)
}

// examples returns the sets to train on and, unless valid is nil, to validate by: cut to
// activity and with background, if o says so. notes are what a user should know of that.
func (o *Options) examples(set, valid *dataset.Set) (_, _ *dataset.Set, notes []string, err error) {
	if o.CutActivity {
		for _, s := range []**dataset.Set{&set, &valid} {
			if *s == nil {
				continue
			}
			cut, note, err := o.cutToActivity(*s)
			if err != nil {
				return nil, nil, nil, err
			}
			if *s = cut; note != "" {
				notes = append(notes, note)
			}
		}
	}
	if o.Background != nil {
		set, valid, err = o.addBackground(set, valid)
	}
	return set, valid, notes, err
}

// stepwiseMaximum is the longest segment, in seconds, of models whose data have a label for
// every step. Such streams have no segments but those of the labels.
const stepwiseMaximum = 3600

// trainOn returns the corpus of set or of its pieces; see newCorpus for z.
func (o *Options) trainOn(set *dataset.Set, z *corpus, workers int) (*corpus, error) {
	pieces := set
	if set.Stepwise() {
		var err error
		if pieces, err = o.pieces(set); err != nil {
			return nil, err
		}
		if err := checkSet(pieces); err != nil {
			return nil, err
		}
	}
	c, err := newCorpus(pieces, o.Front, z, workers)
	if err != nil {
		return nil, err
	}
	c.origin = set
	return c, nil
}

// checkSet explains why set cannot be trained on; nil if it can.
func checkSet(set *dataset.Set) error {
	if err := set.CheckTrainable(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	labels := set.LabelsUsed()
	if n := len(set.Examples); n < 2*labels && !set.Stepwise() {
		return fmt.Errorf("train: %d examples of %d labels are too few: give at least two of each label, better twenty", n, labels)
	}
	return nil
}

// checkValid explains why valid, which may be nil, cannot judge a training on set; nil if it
// can.
func checkValid(set, valid *dataset.Set) error {
	switch {
	case valid == nil:
	case !slices.Equal(valid.Labels, set.Labels):
		return fmt.Errorf("train: the validation set has the labels %v, the training set %v: give both the same", valid.Labels, set.Labels)
	case valid.Rate != set.Rate:
		return fmt.Errorf("train: the validation set has %v samples a second, the training set %v: read both at one rate (dataset.Options.Rate)", valid.Rate, set.Rate)
	case valid.Channels != set.Channels:
		return fmt.Errorf("train: the validation set has %d channels, the training set %d: give both the same", valid.Channels, set.Channels)
	}
	return nil
}

// few is the number of examples under which a label causes a warning.
const few = 8

// scarce returns a warning for each label with too few examples.
func (t *trainer) scarce() (warnings []string) {
	if t.config.IsNext() {
		return nil
	}
	for label, n := range t.train.set.Counts() {
		name := t.train.set.Labels[label]
		switch {
		case n == 0:
			warnings = append(warnings, fmt.Sprintf("the label %q has no training example: the model will never say it; add examples, or leave the label out", name))
		case n < few:
			warnings = append(warnings, fmt.Sprintf("the label %q has %d training examples: add more, %d at the least", name, n, few))
		}
	}
	return append(warnings, t.mute()...)
}

// mute warns of examples of sound that hold one value alone, as a microphone that is switched
// off gives it. Background may.
func (t *trainer) mute() []string {
	set, n, first := t.train.origin, 0, ""
	if set.Kind != dataset.Audio || set.Stepwise() {
		return nil
	}
	for i := range set.Examples {
		e := &set.Examples[i]
		if !isBackground(set, e) && len(e.Samples) > 0 && slices.Min(e.Samples) == slices.Max(e.Samples) {
			n, first = n+1, cmp.Or(first, e.Name)
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("examples that are silence, all of one value: %d, the first is %s: record them again, or remove them", n, first)}
}

// fewGroups is the number of groups under which none can be spared. The validation examples
// then come from all groups, and say nothing of unseen ones.
const fewGroups = 10

// loosened returns set with every event as a group of its own if there are too few groups of
// events to spare any, and every example of background likewise.
func loosened(set *dataset.Set) *dataset.Set {
	if set.Stepwise() { // a recording's parts are alike
		return set
	}
	events, background := countGroups(set)
	all := groups(set)
	loose := *set
	loose.Examples = slices.Clone(set.Examples)
	for i := range loose.Examples {
		e := &loose.Examples[i]
		few := events < fewGroups
		if isBackground(set, e) {
			few = background < fewGroups && all < fewGroups
		}
		if few {
			e.Group = e.Hash
		}
	}
	return &loose
}

// isBackground reports whether the whole example is background.
func isBackground(set *dataset.Set, e *dataset.Example) bool {
	return e.Steps == nil && e.Label >= 0 && e.Label < len(set.Labels) && set.Labels[e.Label] == dataset.Background
}

// groupsWith returns the groups of the examples that belong.
func groupsWith(set *dataset.Set, belongs func(e *dataset.Example) bool) map[string]bool {
	seen := map[string]bool{}
	for i := range set.Examples {
		if e := &set.Examples[i]; belongs(e) {
			seen[e.Group] = true
		}
	}
	return seen
}

// eventGroups returns the groups of examples that are not background.
func eventGroups(set *dataset.Set) map[string]bool {
	return groupsWith(set, func(e *dataset.Example) bool { return !isBackground(set, e) })
}

// allGroups returns the groups of all examples.
func allGroups(set *dataset.Set) map[string]bool {
	return groupsWith(set, func(*dataset.Example) bool { return true })
}

// countGroups counts the groups of events, and those of background.
func countGroups(set *dataset.Set) (events, background int) {
	return len(eventGroups(set)), len(groupsWith(set, func(e *dataset.Example) bool { return isBackground(set, e) }))
}

// groupsOfEvents counts the groups of examples that are not background.
func groupsOfEvents(set *dataset.Set) int { return len(eventGroups(set)) }

func groups(set *dataset.Set) int { return len(allGroups(set)) }
