package train

import (
	"bytes"
	"fmt"

	"inkling/model"
	"inkling/model/dataset"
)

// learn returns detector number which: as the checkpoint has it, or trained.
func (l *listener) learn(events []*dataset.Example, back [][]float32, which int) (m *model.Model, err error) {
	if l.known != nil && which < len(l.known.Detectors) {
		if m, err = model.Load(bytes.NewReader(l.known.Detectors[which])); err != nil {
			return nil, errDamaged
		}
	} else if m, err = l.train(events, back, which); err != nil {
		return nil, err
	}
	l.under = nil
	l.saved.Detectors = append(l.saved.Detectors, m.Bytes())
	return m, nil
}

// goOn takes from the checkpoint, if there is one, what it has of the hearing.
func (l *listener) goOn() error {
	id := l.o.kept()
	id["seed"], id["training data"], id["front end"] = fmt.Sprint(l.o.Seed), l.set.Hash, fmt.Sprintf("%+v", l.o.Front)
	l.saved = &savedHearing{Made: id}
	if l.from == nil || l.from.Hearing == nil {
		return nil
	}
	l.known = l.from.Hearing
	if len(l.known.Detectors) > detectors {
		return errDamaged
	}
	return another(l.known.Made, id)
}

// save makes a checkpoint of the hearing, and of what the one before it had of the network.
func (l *listener) save() []byte {
	s := saved{Version: checkpointVersion}
	if l.from != nil {
		s = *l.from
	}
	h := *l.saved
	if l.under != nil {
		p := l.under.part()
		h.Part = &p
	}
	s.Hearing = &h
	return s.bytes()
}
