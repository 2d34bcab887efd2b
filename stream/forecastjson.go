package stream

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// forecast writes the fields of a forecast: rows of values are arrays.
func (w *writer) forecast(e *Event) {
	if e.Text != nil {
		w.label("text", *e.Text)
		if e.Step > 1 {
			w.num("bits", e.Bits, 64)
		}
		w.top(e.Top)
		return
	}
	w.key("values")
	w.b = appendValues(w.b, e.Values)
	if e.Errors != nil {
		w.key("errors")
		w.b = appendValues(w.b, e.Errors)
	}
	w.key("forecast")
	w.b = append(w.b, '[')
	for at := 0; at < len(e.Ahead); at += len(e.Values) {
		if at > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendValues(w.b, e.Ahead[at:at+len(e.Values)])
	}
	w.b = append(w.b, ']')
	if len(e.Levels) == 0 {
		return
	}
	w.key("quantiles")
	w.b = append(w.b, '[')
	for i, q := range e.Levels {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = strconv.AppendFloat(append(w.b, '['), q, 'g', -1, 64)
		w.b = append(appendValues(append(w.b, ','), e.Quantiles[i*len(e.Values):][:len(e.Values)]), ']')
	}
	w.b = append(w.b, ']')
}

func appendValues(b []byte, x []float32) []byte {
	b = append(b, '[')
	for i, v := range x {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, float64(v), 32)
	}
	return append(b, ']')
}

// readForecast takes the fields of a forecast out of raw.
func (e *Event) readForecast(raw map[string]json.RawMessage) error {
	if text, ok := raw["text"]; ok {
		return e.readText(raw, text)
	}
	var rows [][]float32
	var quantiles []quantile
	for key, dst := range map[string]any{"values": &e.Values, "errors": &e.Errors, "forecast": &rows, "quantiles": &quantiles} {
		if v, ok := raw[key]; ok {
			if err := json.Unmarshal(v, dst); err != nil {
				return fmt.Errorf("event: %s: %w", key, err)
			}
			delete(raw, key)
		}
	}
	n := len(e.Values)
	for _, q := range quantiles {
		e.Levels = append(e.Levels, q.level)
		rows = append(rows, q.values)
	}
	if n == 0 || e.Errors != nil && len(e.Errors) != n {
		return fmt.Errorf("event: forecast: %d values and %d errors, want one or more, and as many", n, len(e.Errors))
	}
	for i, row := range rows {
		switch {
		case len(row) != n:
			return fmt.Errorf("event: forecast: a row of %d values, want %d", len(row), n)
		case i < len(rows)-len(quantiles):
			e.Ahead = append(e.Ahead, row...)
		default:
			e.Quantiles = append(e.Quantiles, row...)
		}
	}
	return nil
}

// readText takes the fields of a forecast of text but for its top list; text null is a
// character without a code.
func (e *Event) readText(raw map[string]json.RawMessage, text json.RawMessage) error {
	e.Text = new(string)
	if err := json.Unmarshal(text, e.Text); err != nil {
		return fmt.Errorf("event: text: %w", err)
	}
	delete(raw, "text")
	if bits, ok := raw["bits"]; ok {
		if err := json.Unmarshal(bits, &e.Bits); err != nil {
			return fmt.Errorf("event: bits: %w", err)
		}
		delete(raw, "bits")
	}
	return nil
}

// A quantile is [level, values].
type quantile struct {
	level  float64
	values []float32
}

func (q *quantile) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[2]any{&q.level, &q.values})
}
