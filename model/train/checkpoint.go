package train

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"inkling/model"
)

// saved is a checkpoint's content.
type saved struct {
	Version int
	Made    map[string]string // what it was made from, see identity
	Whole   part
	Crossed crossing
	Fold    *part // under way
}

// part is where one training stands.
type part struct {
	Progress progress
	Step     int
	Tensors  [][]float32 // of params, best, average, m, v, in that order
}

// identity is everything that a training follows from.
func (t *trainer) identity() map[string]string {
	config, err := json.Marshal(t.config)
	if err != nil {
		panic(err) // a checked Config holds no value that JSON cannot
	}
	id := t.o.kept()
	id["seed"] = fmt.Sprint(t.o.Seed)
	id["training data"] = t.train.origin.Hash
	id["network, front end and segmenter"] = string(config)
	if t.valid != nil {
		id["validation data"] = t.valid.set.Hash
	}
	return id
}

func (t *trainer) arrays() [][]float32 {
	var a [][]float32
	for _, p := range []*model.Params{t.params, t.best, t.average, t.opt.m, t.opt.v} {
		for _, x := range p.Tensors() {
			a = append(a, x.Data)
		}
	}
	return a
}

// save makes a checkpoint of the training between two updates.
func (t *trainer) save() []byte {
	s := saved{Version: 2, Made: t.identity(), Whole: t.part(), Crossed: t.crossed}
	if t.fold != nil {
		p := t.fold.part()
		s.Fold = &p
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(&s); err != nil {
		panic(err) // nothing in saved can fail
	}
	return buf.Bytes()
}

func (t *trainer) part() part {
	return part{Progress: t.progress, Step: t.opt.step, Tensors: t.arrays()}
}

// restore continues from a checkpoint of the same data and options.
func (t *trainer) restore(data []byte) error {
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&s); err != nil {
		return fmt.Errorf("train: the checkpoint cannot be read (%w): remove it to begin anew", err)
	}
	if d := difference(s.Made, t.identity()); s.Version != 2 || d != "" {
		return fmt.Errorf("train: the checkpoint is of another training (%s): give the same data and options, or remove it to begin anew", d)
	}
	if n := s.Crossed.Done; n < 0 || n > len(t.folds) {
		return errDamaged
	}
	t.crossed, t.resumed = s.Crossed, s.Fold
	return t.take(&s.Whole)
}

var errDamaged = errors.New("train: the checkpoint is damaged: remove it to begin anew")

// take continues from what a checkpoint holds of this training.
func (t *trainer) take(s *part) error {
	dst := t.arrays()
	same := len(s.Tensors) == len(dst)
	for i := range dst {
		same = same && len(s.Tensors[i]) == len(dst[i])
	}
	p := &s.Progress
	if !same || s.Step < 0 || p.Epoch != len(p.Rows) || p.BestEpoch < 0 || p.BestEpoch > p.Epoch || p.Epoch > t.o.Epochs ||
		p.Update < 0 || p.Update > t.perEpoch || s.Step != p.Epoch*t.perEpoch+p.Update {
		return errDamaged
	}
	for i, d := range dst {
		copy(d, s.Tensors[i])
	}
	t.progress, t.opt.step = s.Progress, s.Step
	return nil
}

func difference(a, b map[string]string) string {
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if a[k] != b[k] {
			return fmt.Sprintf("%s was %q, now %q", k, a[k], b[k])
		}
	}
	return ""
}
