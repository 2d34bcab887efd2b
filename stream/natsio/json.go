package natsio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

func looksLikeJSON(data []byte) bool {
	t := bytes.TrimLeft(data, " \t\r\n")
	return len(t) > 0 && (t[0] == '[' || t[0] == '{' || t[0] == '-' || t[0] >= '0' && t[0] <= '9')
}

// json reads a flat array (channels interleaved), an array of vectors (one value per
// channel), a single number, {"v": …} with any of these, an object with the channels by
// their names, or an array of such objects. Records of SenML are read as such.
func (m *message) json(data []byte, f *Format) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("JSON: data after the value")
	}
	if list, ok := v.([]any); ok && len(list) > 0 && isSenML(list[0]) {
		return m.senMLJSON(data, f.Names)
	}
	if isSenML(v) {
		return m.senMLJSON(inArray(data), f.Names)
	}
	if m.format.Channels == 0 {
		m.format.Channels = max(f.Width, len(f.Names), 1)
	}
	r := jsonReader{m: m, names: f.Names}
	return r.value(v, 0)
}

// isSenML reports whether v is a record of SenML: an object that names its one value, or
// only has base fields.
func isSenML(v any) bool {
	o, ok := v.(map[string]any)
	if !ok {
		return false
	}
	_, name := o["n"].(string)
	_, base := o["bn"].(string)
	if v, ok := o["v"]; ok {
		_, ok = v.(json.Number)
		return ok && (name || base)
	}
	for _, other := range []string{"vs", "vb", "vd", "s"} {
		if _, ok := o[other]; ok && name {
			return true
		}
	}
	return base
}

// inArray returns the text of an array that has the value data alone.
func inArray(data []byte) []byte {
	return append(append([]byte{'['}, data...), ']')
}

// A jsonReader appends decoded values to a message. The samples of one message are all
// numbers, or all vectors.
type jsonReader struct {
	m       *message
	names   []string
	numbers bool // there were numbers that follow one another, channels interleaved
	vectors bool // there were vectors of channels
}

func (r *jsonReader) value(v any, depth int) error {
	switch v := v.(type) {
	case json.Number:
		if r.numbers = true; r.vectors {
			return r.mixed()
		}
		return r.m.number(v)
	case map[string]any:
		return r.object(v, depth)
	case []any:
		for _, item := range v {
			if list, ok := item.([]any); ok {
				if err := r.vector(list); err != nil {
					return err
				}
			} else if err := r.value(item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("JSON: %s where a number should be", jsonType(v))
}

// object reads {"v": …}, or an object with the channels by their names.
func (r *jsonReader) object(v map[string]any, depth int) error {
	inner, ok := v["v"]
	if row := r.named(v); row != nil && (!ok || len(row) == len(r.names)) {
		return r.columns(row, v)
	}
	switch {
	case !ok && len(r.names) > 0:
		return fmt.Errorf(`JSON: an object without "v" and without the channels %s`, quoted(r.names))
	case !ok:
		return errors.New(`JSON: an object without "v": name the channels that it holds (Format.Names)`)
	}
	if _, again := inner.(map[string]any); again {
		return errors.New(`JSON: "v" must be a number or an array`)
	}
	if list, ok := inner.([]any); ok && depth > 0 {
		return r.vector(list)
	}
	return r.value(inner, depth)
}

// named returns the members of an object that are channels, in the order of the channels;
// nil if there are none.
func (r *jsonReader) named(v map[string]any) (keys []string) {
	for _, name := range r.names {
		if _, ok := v[name]; ok {
			keys = append(keys, name)
		} else if key, ok := r.folded(v, name); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// folded returns the one member whose name differs from name by the case of its letters.
func (r *jsonReader) folded(v map[string]any, name string) (found string, ok bool) {
	for key := range v {
		if !strings.EqualFold(key, name) || slices.Contains(r.names, key) {
			continue
		}
		if ok {
			return "", false
		}
		found, ok = key, true
	}
	return found, ok
}

// columns reads the channels of an object: a number each, or arrays of equal length.
func (r *jsonReader) columns(keys []string, v map[string]any) error {
	if len(keys) < len(r.names) {
		return fmt.Errorf("JSON: an object with %s, but without another of the channels %s: each sample needs a value of every channel", quoted(keys), quoted(r.names))
	}
	first, ok := v[keys[0]].([]any)
	if !ok {
		row := make([]any, len(keys))
		for i, key := range keys {
			row[i] = v[key]
		}
		return r.vector(row)
	}
	rows := make([][]any, len(first))
	for _, key := range keys {
		list, ok := v[key].([]any)
		if !ok || len(list) != len(first) {
			return fmt.Errorf("JSON: %q has %d values, and %q not: give arrays of equal length", keys[0], len(first), key)
		}
		for i, x := range list {
			rows[i] = append(rows[i], x)
		}
	}
	for _, row := range rows {
		if err := r.vector(row); err != nil {
			return err
		}
	}
	return nil
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = strconv.Quote(n)
	}
	return strings.Join(list, ", ")
}

// vector reads the channels of one sample. All vectors of a message have the same length.
func (r *jsonReader) vector(list []any) error {
	m := r.m
	if len(list) == 0 {
		return errors.New("JSON: an empty vector of channels")
	}
	if r.vectors = true; r.numbers {
		return r.mixed()
	}
	if len(m.samples) == 0 {
		m.format.Channels = len(list)
	} else if m.format.Channels != len(list) {
		return fmt.Errorf("JSON: a vector of %d channels after one of %d", len(list), m.format.Channels)
	}
	for _, v := range list {
		n, ok := v.(json.Number)
		if !ok {
			return fmt.Errorf("JSON: %s in a vector of channels", jsonType(v))
		}
		if err := m.number(n); err != nil {
			return err
		}
	}
	return nil
}

func (r *jsonReader) mixed() error {
	return errors.New("JSON: numbers and vectors of channels in one message: give one or the other")
}

func (m *message) number(n json.Number) error {
	f, err := strconv.ParseFloat(n.String(), 32)
	if err != nil {
		return fmt.Errorf("JSON: %s is out of range", n)
	}
	m.samples = append(m.samples, float32(f))
	return nil
}

// jsonType names the type of a decoded value.
func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	return "a number"
}
