package train

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// saved is a checkpoint's content.
type saved struct {
	Version  int
	Data     string
	Options  map[string]string
	Progress progress
	Step     int
	Tensors  [][]float32 // of params, best, average, m, v, in that order
}

func (t *trainer) arrays() [][]float32 {
	var a [][]float32
	for _, x := range t.params.Tensors() {
		a = append(a, x.Data)
	}
	for _, x := range t.best.Tensors() {
		a = append(a, x.Data)
	}
	for _, x := range t.average.Tensors() {
		a = append(a, x.Data)
	}
	for _, x := range t.opt.m.Tensors() {
		a = append(a, x.Data)
	}
	for _, x := range t.opt.v.Tensors() {
		a = append(a, x.Data)
	}
	return a
}

// save makes a checkpoint of the training between two epochs.
func (t *trainer) save() []byte {
	var buf bytes.Buffer
	s := saved{Version: 1, Data: t.train.set.Hash, Options: t.o.strings(), Progress: t.progress, Step: t.opt.step, Tensors: t.arrays()}
	if err := gob.NewEncoder(&buf).Encode(&s); err != nil {
		panic(err) // nothing in saved can fail
	}
	return buf.Bytes()
}

// restore continues from a checkpoint of the same data and options.
func (t *trainer) restore(data []byte) error {
	var s saved
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&s); err != nil {
		return fmt.Errorf("train: the checkpoint cannot be read (%w): remove it to begin anew", err)
	}
	if s.Version != 1 || s.Data != t.train.set.Hash {
		return errors.New("train: the checkpoint is of other training data: remove it to begin anew")
	}
	if d := difference(s.Options, t.o.strings()); d != "" {
		return fmt.Errorf("train: the checkpoint was made with other options (%s): give the same, or remove it to begin anew", d)
	}
	dst := t.arrays()
	if len(s.Tensors) != len(dst) {
		return errors.New("train: the checkpoint is of another network: remove it to begin anew")
	}
	for i, d := range dst {
		if len(s.Tensors[i]) != len(d) {
			return errors.New("train: the checkpoint is of another network: remove it to begin anew")
		}
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

// strings lists the options that are not zero, as the model file keeps them.
func (o *Options) strings() map[string]string {
	out := map[string]string{}
	v := reflect.ValueOf(*o)
	for i := range v.NumField() {
		name := strings.ToLower(v.Type().Field(i).Name)
		if name == "front" || name == "segment" || name == "seed" || v.Field(i).IsZero() {
			continue
		}
		out[name] = fmt.Sprint(v.Field(i).Interface())
	}
	return out
}
