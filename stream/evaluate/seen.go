package evaluate

import (
	"inkling/model"
	"inkling/model/dataset"
)

// hashes are those of the examples that a model was trained on.
type hashes map[string]bool

func trainedOn(m *model.Model) hashes {
	h := hashes{}
	for _, s := range m.Config.Origin.Examples {
		h[s] = true
	}
	return h
}

// has reports whether an example is among them; models store the first digits of hashes.
func (h hashes) has(hash string) bool {
	for n := 8; n <= len(hash); n++ {
		if h[hash[:n]] {
			return true
		}
	}
	return false
}

// SeenInTraining returns how many examples of set m was trained on.
func SeenInTraining(m *model.Model, set *dataset.Set) (n int) {
	h := trainedOn(m)
	for i := range set.Examples {
		n += one(h.has(set.Examples[i].Hash))
	}
	return n
}

// Unseen returns the examples of set that m was not trained on, including those that its
// training held out, as far as the model file records them.
func Unseen(m *model.Model, set *dataset.Set) *dataset.Set {
	h := trainedOn(m)
	return set.Keep(func(e *dataset.Example) bool { return !h.has(e.Hash) })
}
