package natsio

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// senMLRecord holds the fields of a SenML record (RFC 8428) that matter here: base and
// own name, time and value. Units, sums and other kinds of value are ignored.
type senMLRecord struct {
	BaseName  string   `json:"bn" cbor:"-2,keyasint,omitempty"`
	BaseTime  float64  `json:"bt" cbor:"-3,keyasint,omitempty"`
	BaseValue float64  `json:"bv" cbor:"-5,keyasint,omitempty"`
	Name      string   `json:"n" cbor:"0,keyasint,omitempty"`
	Value     *float64 `json:"v" cbor:"2,keyasint,omitempty"`
	Time      float64  `json:"t" cbor:"6,keyasint,omitempty"`
}

func (m *message) senMLJSON(data []byte, names []string) error {
	var records []senMLRecord
	if err := json.Unmarshal(data, &records); err != nil {
		return fmt.Errorf("SenML: %w", err)
	}
	return m.senML(records, names)
}

var senMLMode = func() cbor.DecMode {
	mode, err := cbor.DecOptions{MaxNestedLevels: 8, MaxArrayElements: 1 << 17, MaxMapPairs: 64}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

func (m *message) senMLCBOR(data []byte, names []string) error {
	var records []senMLRecord
	if err := senMLMode.Unmarshal(data, &records); err != nil {
		return fmt.Errorf("SenML: %w", err)
	}
	return m.senML(records, names)
}

// A point is a value of a channel at a time.
type point struct {
	time    float64
	channel int
	value   float64
}

// senML makes all records of one time a sample. Channels are in the order of names or,
// if there are none, of appearance.
func (m *message) senML(records []senMLRecord, names []string) error {
	points, names, err := resolve(records, names)
	if err != nil {
		return err
	}
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.time, b.time) })
	n := len(names)
	m.format.Channels = n
	if len(points)%n != 0 {
		return fmt.Errorf("SenML: %d values for %d channels: each time needs a value of every channel", len(points), n)
	}
	for ; len(points) > 0; points = points[n:] {
		row := len(m.samples)
		m.samples = append(m.samples, make([]float32, n)...)
		seen := 0
		for _, p := range points[:n] {
			if p.time == points[0].time {
				seen++
			}
			m.samples[row+p.channel] = float32(p.value)
		}
		if seen != n {
			return fmt.Errorf("SenML: at time %v only %d of %d channels have a value", points[0].time, seen, n)
		}
	}
	return nil
}

// resolve adds the base fields to the records and numbers their channels. It returns the
// names of the channels.
func resolve(records []senMLRecord, names []string) ([]point, []string, error) {
	names = slices.Clone(names)
	fixed := len(names) > 0
	var points []point
	var base senMLRecord
	for _, r := range records {
		base.BaseName = cmp.Or(r.BaseName, base.BaseName)
		base.BaseTime = cmp.Or(r.BaseTime, base.BaseTime)
		base.BaseValue = cmp.Or(r.BaseValue, base.BaseValue)
		if r.Value == nil {
			continue
		}
		name := base.BaseName + r.Name
		c := slices.Index(names, name)
		if c < 0 && fixed {
			if c = slices.Index(names, r.Name); c < 0 {
				return nil, nil, fmt.Errorf("SenML: name %q is not a channel of the model, which are %q", name, names)
			}
		}
		if c < 0 {
			names = append(names, name)
			c = len(names) - 1
		}
		points = append(points, point{base.BaseTime + r.Time, c, base.BaseValue + *r.Value})
	}
	if len(points) == 0 {
		return nil, nil, errors.New("SenML: no record has a numeric value")
	}
	if len(names) > mostChannels {
		return nil, nil, fmt.Errorf("SenML: %d names: at most %d channels are allowed", len(names), mostChannels)
	}
	return points, names, nil
}
