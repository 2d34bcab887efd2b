package tune

import (
	"fmt"
	"math"

	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// Streams are composed of labelled examples, for Run.
type Streams struct {
	Search   []evaluate.Recording
	Proof    []evaluate.Recording // nil: what was observed on Search is enough
	Distinct float64              // hours in which no example and no piece of the background comes twice; 0: unknown
	Examples [2]int               // that Search and Proof are composed of
}

// proofShare is the share of the examples, and of those of the background, that are kept
// for the proof.
const proofShare = 0.5

// alarmsAllowed is the number of false alarms that the proof is made long enough for, as
// far as the examples go.
const alarmsAllowed = 2

// Compose composes streams of o.Duration each. With a confidence, half of the examples and
// of the background are kept for the proof, which lasts seconds, or if that is 0 as long
// as the goal takes and the examples go. Set Goal.Distinct to that of the result.
func Compose(name string, set *dataset.Set, o compose.Options, g Goal, seconds float64) (s Streams, err error) {
	s.Examples[0] = len(set.Examples)
	if g.Confidence == 0 {
		s.Search, err = streams(name, set, o, 1)
		return s, err
	}
	proof := o
	search, held := set.HoldOut(proofShare, "proof")
	if o.Background != nil {
		o.Background, proof.Background = o.Background.HoldOut(proofShare, "proof")
	}
	if len(held.Examples) == 0 || proof.Background != nil && len(proof.Background.Examples) == 0 {
		return s, fmt.Errorf("%s: too few examples, of a label or of the background, to keep half of them for a proof: give more, or set Options.Confidence to 0", name)
	}
	if s.Distinct, err = distinct(held, proof); err != nil {
		return s, err
	}
	if seconds == 0 && g.FalseAlarms > 0 {
		g.Distinct = s.Distinct
		seconds = 3600 * min(g.Hours(alarmsAllowed), s.Distinct)
	}
	parts := max(int(math.Ceil(seconds/o.Duration-1e-9)), 1)
	s.Examples = [2]int{len(search.Examples), len(held.Examples)}
	if s.Search, err = streams(name, search, o, (parts+1)/2); err == nil {
		s.Proof, err = streams(name, held, proof, parts)
	}
	return s, err
}

// streams composes the first parts of a stream.
func streams(name string, set *dataset.Set, o compose.Options, parts int) (list []evaluate.Recording, err error) {
	for o.Part = range parts {
		s, err := compose.New(set, o)
		if err != nil {
			return nil, err
		}
		list = append(list, evaluate.Composed(name, s))
	}
	return list, nil
}

// distinct returns after how many hours of streams an example or a piece of the background
// comes again.
func distinct(set *dataset.Set, o compose.Options) (hours float64, err error) {
	s, err := compose.New(set, o)
	if err != nil {
		return 0, err
	}
	hours = o.Duration / 3600 * float64(len(set.Examples)) / float64(len(s.Events))
	if b := o.Background; b != nil {
		frames := 0
		for i := range b.Examples {
			frames += b.Frames(i)
		}
		hours = min(hours, float64(frames)/b.Rate/3600)
	}
	return hours, nil
}

// Examples returns the examples of the split train that m was not trained on, and a note
// about the others; all of the split where training has seen every example of a label.
func Examples(m *model.Model, set *dataset.Set) (_ *dataset.Set, note string, err error) {
	if set, err = set.Train(); err != nil {
		return nil, "", err
	}
	unseen := evaluate.Unseen(m, set)
	if unseen.LabelsUsed() < set.LabelsUsed() {
		return set, fmt.Sprintf("training has seen all the examples of some label: the streams are composed of all %d examples outside the test split, and flatter", len(set.Examples)), nil
	}
	if n := len(set.Examples) - len(unseen.Examples); n > 0 {
		note = fmt.Sprintf("%d examples that training has seen are left out", n)
	}
	return unseen, note, nil
}
