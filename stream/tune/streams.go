package tune

import (
	"errors"
	"fmt"
	"math"

	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// Streams are the recordings that a model is tuned on: some to search on, others for the
// proof. Without any for the proof, Run divides those to search on.
type Streams struct {
	Search, Proof []evaluate.Recording

	SearchExamples, ProofExamples int     // what they were composed of
	Distinct                      float64 // hours after which the contents of the proof repeat, for Goal.Distinct
}

// proofShare is the share of the examples, and of those of the background, that is kept
// for the proof.
const proofShare = 0.5

// Compose makes streams out of labelled examples for a goal: one half of the examples, and
// of the background, is for the search and the other half for the proof. The proof lasts
// proof seconds; if that is 0, as long as the goal takes and the examples go, but at least
// o.Duration. With a Confidence of 0 there is one stream for both.
func Compose(name string, set *dataset.Set, o compose.Options, g *Goal, proof float64) (*Streams, error) {
	s := &Streams{SearchExamples: len(set.Examples)}
	var err error
	if g.Confidence == 0 {
		s.Search, err = composed(name, set, o, 1)
		return s, err
	}
	search, rest := set.HoldOut(proofShare, "proof")
	p := o
	if o.Background != nil {
		o.Background, p.Background = o.Background.HoldOut(proofShare, "proof")
	}
	if len(rest.Examples) == 0 || p.Background != nil && len(p.Background.Examples) == 0 {
		return nil, errors.New("too few examples, of a label or of the background, to keep half of them for a proof: give more, or tune.Options.Confidence 0")
	}
	s.SearchExamples, s.ProofExamples = len(search.Examples), len(rest.Examples)
	var perHour float64
	if s.Distinct, perHour, err = distinct(rest, p); err != nil {
		return nil, err
	}
	if proof == 0 {
		proof = 3600 * min(g.proofHours(perHour), s.Distinct)
	}
	n := max(int(math.Ceil(proof/o.Duration-1e-9)), 1)
	if s.Search, err = composed(name, search, o, (n+1)/2); err != nil {
		return nil, err
	}
	s.Proof, err = composed(name, rest, p, n)
	return s, err
}

// composed returns n composed streams.
func composed(name string, set *dataset.Set, o compose.Options, n int) (list []evaluate.Recording, err error) {
	for o.Part = range n {
		s, err := compose.New(set, o)
		if err != nil {
			return nil, err
		}
		list = append(list, evaluate.Composed(name, s))
	}
	return list, nil
}

// distinct returns the hours of streams after which an example or one of the background
// comes again, and the number of events in an hour.
func distinct(set *dataset.Set, o compose.Options) (hours, perHour float64, err error) {
	s, err := compose.New(set, o)
	if err != nil {
		return 0, 0, err
	}
	perHour = float64(len(s.Events)) * 3600 / o.Duration
	hours = o.Duration / 3600 * float64(len(set.Examples)) / float64(len(s.Events))
	if b := o.Background; b != nil {
		frames := 0
		for i := range b.Examples {
			frames += b.Frames(i)
		}
		hours = min(hours, float64(frames)/b.Rate/3600)
	}
	return hours, perHour, nil
}

// alarmsAllowed is the number of false alarms that the proof is made long enough for, as
// far as the examples go.
const alarmsAllowed = 2

// proofHours returns the hours that a proof of the budgets takes, with that many events an
// hour; 0 without a budget. The search takes half as many, the first stream alone for
// segmenters.
func (g *Goal) proofHours(perHour float64) (hours float64) {
	if g.FalseAlarms > 0 {
		hours = g.Hours(alarmsAllowed)
	}
	if g.Wrong > 0 && perHour > 0 {
		hours = max(hours, g.Events(alarmsAllowed)/perHour)
	}
	return hours
}

// Examples returns the examples of the split train that m was not trained on, and a note
// about the others; all of the split if training has seen every example of some label.
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
