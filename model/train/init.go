package train

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"inkling/model"
)

// adoptInit fills what o leaves open of the network's shape from o.Init, and refuses a shape
// that differs from it.
func (o *Options) adoptInit(rate float64) error {
	if o.Init == nil {
		return nil
	}
	c := &o.Init.Config
	if o.Front.Kind == "" || o.Front.Kind == c.Front.Kind && o.Front.Alphabet == "" && c.Text() {
		o.Front = c.Front
	}
	if o.Stem.Kind == "" {
		o.Stem = c.Stem
	}
	o.Hidden, o.Layers = cmp.Or(o.Hidden, c.Hidden), cmp.Or(o.Layers, c.Layers)
	front, err := o.Front.Normalize(rate, c.Channels)
	switch {
	case c.Integer():
		return fmt.Errorf("train: init: it is a model of integers, which cannot be trained: take the float model that it was made of (hash %s)", c.Origin.Float)
	case c.Rate != rate:
		return fmt.Errorf("train: init: its rate is %v, the data's %v: take a model of the data's rate", c.Rate, rate)
	case err != nil:
		return fmt.Errorf("train: init: %w", err)
	case front != c.Front:
		return fmt.Errorf("train: init: its front end is %+v, the training's %+v: leave the front end to it", c.Front, front)
	case o.Stem.String() != c.Stem.String():
		return fmt.Errorf("train: init: its stem is %s, the training's %s: leave the stem to it", c.Stem, o.Stem)
	case o.Hidden != c.Hidden || o.Layers != c.Layers:
		return fmt.Errorf("train: init: it has %d layers of %d units, the training %d of %d: leave them to it", c.Layers, c.Hidden, o.Layers, o.Hidden)
	}
	return nil
}

// copyInit copies the values of the layers and the stem of o.Init, and of its heads those of
// labels that both have. What else there is of heads begins anew.
func (t *trainer) copyInit() {
	if t.o.Init == nil {
		return
	}
	from := map[string]model.Tensor{}
	for _, x := range t.o.Init.Params.Tensors() {
		from[x.Name] = x
	}
	old := &t.o.Init.Config
	for _, x := range t.params.Tensors() {
		y, ok := from[x.Name]
		if !ok {
			continue
		}
		switch part, _, _ := strings.Cut(x.Name, "."); part {
		case "stem", "lower", "lstm":
			if len(x.Data) == len(y.Data) {
				copy(x.Data, y.Data)
			}
		case "running", "confirm":
			if part == "confirm" || old.Running == t.config.Running {
				copyLabels(x, y, t.config.Labels, old.Labels)
			}
		}
	}
}

// copyLabels copies the rows of labels that both heads have. A tensor with another number of
// rows, or of another length of row, stays as it is.
func copyLabels(to, from model.Tensor, labels, old []string) {
	if to.Shape[0] != len(labels) || from.Shape[0] != len(old) || len(old) == 0 {
		return
	}
	n := len(to.Data) / len(labels)
	if n != len(from.Data)/len(old) {
		return
	}
	for i, label := range labels {
		if k := slices.Index(old, label); k >= 0 {
			copy(to.Data[i*n:(i+1)*n], from.Data[k*n:(k+1)*n])
		}
	}
}
