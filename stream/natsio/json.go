package natsio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

func looksLikeJSON(data []byte) bool {
	t := bytes.TrimLeft(data, " \t\r\n")
	return len(t) > 0 && (t[0] == '[' || t[0] == '{' || t[0] == '-' || t[0] >= '0' && t[0] <= '9')
}

// json reads a flat array (channels interleaved), an array of vectors (one value per
// channel), a single number, {"v": …} with any of these, or an array of such objects.
func (m *message) json(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("JSON: data after the value")
	}
	return m.value(v, 0)
}

func (m *message) value(v any, depth int) error {
	switch v := v.(type) {
	case json.Number:
		return m.number(v)
	case map[string]any:
		inner, ok := v["v"]
		if !ok {
			return errors.New(`JSON: an object without "v"`)
		}
		if _, again := inner.(map[string]any); again {
			return errors.New(`JSON: "v" must be a number or an array`)
		}
		if list, ok := inner.([]any); ok && depth > 0 {
			return m.vector(list)
		}
		return m.value(inner, depth)
	case []any:
		for _, item := range v {
			if list, ok := item.([]any); ok {
				if err := m.vector(list); err != nil {
					return err
				}
			} else if err := m.value(item, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("JSON: %s where a number should be", jsonType(v))
}

// vector reads the channels of one sample. All vectors of a message have the same length.
func (m *message) vector(list []any) error {
	if len(list) == 0 {
		return errors.New("JSON: an empty vector of channels")
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
