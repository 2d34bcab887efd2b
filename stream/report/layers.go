package report

import (
	"fmt"
	"strings"

	"inkling/model"
)

// A layer is a part of a network, with its tensors.
type layer struct {
	name    string
	tensors []string
	values  int
}

// layers groups the parameters of m by layer, in the order of a step. The constants of the
// front end's normalisation belong to the first.
func layers(m *model.Model) (all []*layer) {
	of := map[string]*layer{}
	for _, t := range m.Params.Tensors() {
		name := layerOf(t.Name)
		if of[name] == nil {
			of[name] = &layer{name: name}
			all = append(all, of[name])
		}
		l := of[name]
		l.values += len(t.Data)
		dims := strings.ReplaceAll(strings.Trim(fmt.Sprint(t.Shape), "[]"), " ", "×")
		l.tensors = append(l.tensors, t.Name[strings.LastIndexByte(t.Name, '.')+1:]+" "+dims)
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
	for _, l := range layers(m) {
		w.say("", "%-14s %10d  %s", l.name, l.values, strings.Join(l.tensors, ", "))
	}
}
