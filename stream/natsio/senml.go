package natsio

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// record is one SenML record (RFC 8428), of what matters here: base and own name,
// time and value. Units, sums and other kinds of value are left alone.
type record struct {
	BaseName  string   `json:"bn" cbor:"-2,keyasint,omitempty"`
	BaseTime  float64  `json:"bt" cbor:"-3,keyasint,omitempty"`
	BaseValue float64  `json:"bv" cbor:"-5,keyasint,omitempty"`
	Name      string   `json:"n" cbor:"0,keyasint,omitempty"`
	Value     *float64 `json:"v" cbor:"2,keyasint,omitempty"`
	Time      float64  `json:"t" cbor:"6,keyasint,omitempty"`
}

func (m *message) senMLJSON(data []byte, names []string) error {
	var rs []record
	if err := json.Unmarshal(data, &rs); err != nil {
		return fmt.Errorf("SenML: %w", err)
	}
	return m.senML(rs, names)
}

var senMLMode = func() cbor.DecMode {
	mode, err := cbor.DecOptions{MaxNestedLevels: 8, MaxArrayElements: 1 << 17, MaxMapPairs: 64}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

func (m *message) senMLCBOR(data []byte, names []string) error {
	var rs []record
	if err := senMLMode.Unmarshal(data, &rs); err != nil {
		return fmt.Errorf("SenML: %w", err)
	}
	return m.senML(rs, names)
}

// senML resolves base fields and makes a sample of all records of one time:
// names map to channels in the order of names or, without any, of appearance.
func (m *message) senML(rs []record, names []string) error {
	names = slices.Clone(names)
	fixed := len(names) > 0
	type point struct {
		t       float64
		channel int
		v       float64
	}
	var points []point
	var base record
	for _, r := range rs {
		if r.BaseName != "" {
			base.BaseName = r.BaseName
		}
		if r.BaseTime != 0 {
			base.BaseTime = r.BaseTime
		}
		if r.BaseValue != 0 {
			base.BaseValue = r.BaseValue
		}
		if r.Value == nil {
			continue
		}
		name := base.BaseName + r.Name
		c := slices.Index(names, name)
		if c < 0 && fixed {
			if c = slices.Index(names, r.Name); c < 0 {
				return fmt.Errorf("SenML: name %q is no channel of the model: it has %v", name, names)
			}
		}
		if c < 0 {
			names = append(names, name)
			c = len(names) - 1
		}
		points = append(points, point{base.BaseTime + r.Time, c, base.BaseValue + *r.Value})
	}
	if len(points) == 0 {
		return errors.New("SenML: no record with a numeric value")
	}
	if len(names) > 1024 {
		return fmt.Errorf("SenML: %d names: at most 1024 channels", len(names))
	}
	slices.SortStableFunc(points, func(a, b point) int {
		switch {
		case a.t < b.t:
			return -1
		case a.t > b.t:
			return 1
		}
		return 0
	})
	m.format.Channels = len(names)
	if len(points)%len(names) != 0 {
		return fmt.Errorf("SenML: %d values for %d channels: each time needs a value of every channel", len(points), len(names))
	}
	for at := 0; at < len(points); at += len(names) {
		row := len(m.samples)
		m.samples = append(m.samples, make([]float32, len(names))...)
		seen := 0
		for _, p := range points[at : at+len(names)] {
			if p.t == points[at].t {
				seen++
			}
			m.samples[row+p.channel] = float32(p.v)
		}
		if seen != len(names) {
			return fmt.Errorf("SenML: at time %v %d of %d channels have a value", points[at].t, seen, len(names))
		}
	}
	return nil
}
