package stream

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"inkling/internal/codec"
	"inkling/internal/f32"
	"inkling/model/decide"
	"inkling/model/segment"
)

// An identity says which classifiers may go on from a saved state: those with the same
// arithmetic, model and settings, in whatever process.
type identity struct {
	arithmetic string // all kernels with fused multiply-add agree to the bit
	model      string // hash
	settings   string // JSON
}

// settings are the options that shape the state or the events, with every default
// filled in: events are counted when a source is read again, so what thins them belongs
// here too. Session and Stream do not, so that a stream may go on under other names.
type settings struct {
	Segment    segment.Config `json:"segment"`
	Decision   decide.Config  `json:"decision"`
	Emit       Emit           `json:"emit"`
	Background bool           `json:"background"`
	Why        bool           `json:"why"`
	Top        int            `json:"top"`
	Ahead      int            `json:"ahead"`
	Listen     time.Duration  `json:"listen,omitempty"`
}

// identify makes the identity of the plan's streams.
func (p *plan) identify() *identity {
	s, err := json.Marshal(settings{p.segment, p.dec, p.o.Emit, p.o.Background, p.o.Why, p.top(), max(p.o.Ahead, 1), p.o.Listen})
	if err != nil {
		panic("stream: settings that passed their check have no JSON: " + err.Error())
	}
	return &identity{arithmetic(), p.m.Hash(), string(s)}
}

func arithmetic() string {
	if f32.Kernel() == "generic" {
		return "generic"
	}
	return "fused"
}

func (id *identity) visit(k *codec.Codec) {
	k.String(&id.arithmetic)
	k.String(&id.model)
	k.String(&id.settings)
}

// fits returns an error that names the first thing in which own differs from the saved id.
func (id *identity) fits(own *identity) error {
	switch {
	case id.model != own.model:
		return fmt.Errorf("the saved state is of the model %s, this stream has %s: restore it with its own model, or begin anew", id.model, own.model)
	case id.settings != own.settings:
		return fmt.Errorf("the saved state is of other options: %s: restore it with the same, or begin anew", difference(id.settings, own.settings))
	case id.arithmetic != own.arithmetic:
		return fmt.Errorf("the saved state is of %s kernels, this process has %s ones, whose sums differ in the last bits: restore it on such a machine, or begin anew",
			id.arithmetic, own.arithmetic)
	}
	return nil
}

// difference describes the first field, in order of names, that two settings do not share.
func difference(saved, own string) string {
	a, b := leaves(saved), leaves(own)
	names := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(names)
	for _, name := range names {
		if a[name] != b[name] {
			return fmt.Sprintf("%s was %s and is %s", name, orUnset(a[name]), orUnset(b[name]))
		}
	}
	return "they are written differently"
}

func orUnset(s string) string {
	if s == "" {
		return "unset"
	}
	return s
}

// leaves returns the values of a JSON object that are no objects, as JSON, by their
// path: "segment.hold".
func leaves(object string) map[string]string {
	out := map[string]string{}
	var walk func(path string, data []byte)
	walk = func(path string, data []byte) {
		var members map[string]json.RawMessage
		if json.Unmarshal(data, &members) != nil {
			out[path] = string(data)
			return
		}
		for name, v := range members {
			if path != "" {
				name = path + "." + name
			}
			walk(name, v)
		}
	}
	walk("", []byte(object))
	return out
}
