package report

import (
	"fmt"
	"strings"

	"inkling/model"
)

// A Layer is a part of a network.
type Layer struct {
	Name    string
	Tensors []string // the name of each, and its shape
	Values  int      // parameters
}

// Layers groups the parameters of m by layer, in the order of a step. The constants of the
// front end's normalisation belong to the first.
func Layers(m *model.Model) (all []*Layer) {
	of := map[string]*Layer{}
	for _, t := range m.Params.Tensors() {
		name := layerOf(t.Name)
		if of[name] == nil {
			of[name] = &Layer{Name: name}
			all = append(all, of[name])
		}
		l := of[name]
		l.Values += len(t.Data)
		dims := strings.ReplaceAll(strings.Trim(fmt.Sprint(t.Shape), "[]"), " ", "×")
		l.Tensors = append(l.Tensors, t.Name[strings.LastIndexByte(t.Name, '.')+1:]+" "+dims)
	}
	return all
}

// layerOf returns the layer that a tensor belongs to.
func layerOf(name string) string {
	head, last, _ := strings.Cut(name, ".")
	switch {
	case head == "lstm" && strings.HasSuffix(last, "_reverse"):
		return "backward LSTM"
	case head == "lstm":
		return "forward LSTM"
	case head == "lower":
		i, _, _ := strings.Cut(last, ".")
		return "lower LSTM " + i
	case head == "front":
		return "front end"
	}
	return head
}

// layerTable lists the layers with their parameters.
func (w lines) layerTable(m *model.Model) {
	w.say("layers", "%-14s %10s  %s", "", "parameters", "tensors")
	for _, l := range Layers(m) {
		w.say("", "%-14s %10d  %s", l.Name, l.Values, strings.Join(l.Tensors, ", "))
	}
}
