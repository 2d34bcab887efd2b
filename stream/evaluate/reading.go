package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
)

// ReadingOptions are the options of Reading.
type ReadingOptions struct {
	Each     func(r *ReadingRow) error // called after the evaluation, for every text in the order of the data
	Progress func(done, total int)     // called after each text; calls do not overlap
}

// A ReadingReport says how well a model predicts text: the bits that a character costs if
// it is coded with the probability that the model gave it, and how often the most probable
// character came. The first character of a text is not predicted.
type ReadingReport struct {
	About      About  `json:"about,omitzero"` // set by the caller
	Texts      int    `json:"texts"`
	Characters int    `json:"characters"` // that were predicted
	Bits       Number `json:"bits_per_character"`
	Right      Share  `json:"right"`   // share of them that were the most probable one
	Unknown    Share  `json:"unknown"` // share of them that have no code of their own

	SeenInTraining int      `json:"seen_in_training"`
	Warnings       []string `json:"warnings,omitempty"`
	Seconds        float64  `json:"seconds"`

	Rows []ReadingRow `json:"-"` // in the order of the data
}

// A ReadingRow holds the figures of one text.
type ReadingRow struct {
	File       string `json:"file"`
	Characters int    `json:"characters"`
	Bits       Number `json:"bits_per_character"`
	Right      Share  `json:"right"`
}

// Reading evaluates m, a model that predicts the next character, on every text of set;
// labels are ignored. The report does not depend on the number of processors.
func Reading(ctx context.Context, m *model.Model, set *dataset.Set, o ReadingOptions) (*ReadingReport, error) {
	began := time.Now()
	switch {
	case !m.HasNext() || !m.Config.Text():
		return nil, errors.New("evaluate: the model does not predict the next character")
	case set.Kind != dataset.Text:
		return nil, fmt.Errorf("evaluate: the model reads text, the data are %s: give texts", set.Kind)
	case len(set.Examples) == 0:
		return nil, errors.New("there are no texts to evaluate: choose another split, or give a data set that has some")
	}
	sums := make([]readingSums, len(set.Examples))
	errs := parallel.ForEach(len(set.Examples), false, o.Progress, func(i int) error { return sums[i].read(ctx, m, &set.Examples[i]) })
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r := &ReadingReport{Texts: len(sums), SeenInTraining: SeenInTraining(m, set)}
	var total readingSums
	for i, s := range sums {
		total.n += s.n
		total.bits += s.bits
		total.right += s.right
		total.unknown += s.unknown
		r.Rows = append(r.Rows, ReadingRow{set.Examples[i].Name, s.n, Number(s.bits / float64(s.n)), ShareOf(s.right, s.n)})
		if o.Each != nil {
			if err := o.Each(&r.Rows[i]); err != nil {
				return nil, err
			}
		}
	}
	if total.n == 0 {
		return nil, errors.New("evaluate: no text has a second character that could be predicted")
	}
	r.Characters, r.Bits, r.Right, r.Unknown = total.n, Number(total.bits/float64(total.n)), ShareOf(total.right, total.n), ShareOf(total.unknown, total.n)
	r.Seconds = time.Since(began).Seconds()
	return r, nil
}

// readingSums adds up over characters.
type readingSums struct {
	n, right, unknown int
	bits              float64
}

func (s *readingSums) read(ctx context.Context, m *model.Model, e *dataset.Example) error {
	front, err := m.Front()
	if err != nil {
		return err
	}
	codes := front.Push(nil, e.Samples)
	net, probs := m.NewState(), make([]float32, m.Outputs())
	for t := range codes {
		if t%(1<<12) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if t > 0 {
			k := int(codes[t])
			s.n++
			s.bits -= math.Log2(max(float64(probs[k]), 1e-30))
			s.right += one(f32.Argmax(probs) == k)
			s.unknown += one(k == 0)
		}
		m.Step(nil, net, codes[t:t+1])
		m.Next(probs, net)
	}
	return nil
}
