package stream

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// AppendJSON appends e as one JSON object without a line end: the fields of its
// type in a fixed order, as docs/events.md lists them.
func AppendJSON(dst []byte, e *Event) []byte {
	w := writer{append(dst, `{"v":1`...)}
	w.str("type", string(e.Type))
	w.str("session", e.Session)
	w.str("stream", e.Stream)
	if e.Segment > 0 {
		w.uint("segment", e.Segment)
		w.uint("step", uint64(e.Step))
	}
	if e.Type != Summary {
		w.uint("sample", e.Sample)
	}
	if y := e.Time.UTC().Year(); !e.Time.IsZero() && y >= 0 && y <= 9999 { // RFC 3339 has no others
		w.key("time")
		w.b = append(w.b, '"')
		w.b = e.Time.UTC().AppendFormat(w.b, time.RFC3339Nano)
		w.b = append(w.b, '"')
		w.str("clock", string(cmp.Or(e.Clock, capture.ArrivalTime)))
	}
	w.fields(e)
	return append(w.b, '}')
}

func (w *writer) fields(e *Event) {
	switch e.Type {
	case Running:
		w.labelled(e)
		w.bool("warm", e.Warm)
	case Detector:
		w.num("p", float64(e.P), 32)
		w.num("threshold", e.Threshold, 64)
	case Early:
		w.label("label", e.Label)
		w.num("p", float64(e.P), 32)
	case Confirmed:
		w.labelled(e)
		w.bool("rejected", e.Rejected)
		if e.Rejected {
			w.heldBack(e)
		}
		w.label("running", e.Running)
		w.bool("agrees", e.Agrees)
		w.uint("steps", uint64(e.Steps))
		w.span(e)
		if e.EndedBy == segment.ByBeat {
			w.uint("peak", e.Peak)
		}
		w.num("latency_ms", e.LatencyMS, 64)
		if e.Truth != "" {
			w.str("truth", e.Truth)
		}
		if e.Kept != "" {
			w.str("kept", e.Kept)
		}
		w.why(e.Why)
	case Dropped:
		w.heldBack(e)
		w.span(e)
		w.why(e.Why)
	case Forecast:
		w.forecast(e)
	case Gap:
		w.uint("lost", e.Lost)
		w.str("policy", string(e.Policy))
		if e.Reason != "" {
			w.str("reason", e.Reason)
		}
	case Status:
		w.str("state", string(e.State))
		w.str("reason", e.Reason)
		if e.Version != "" {
			w.str("version", e.Version)
			w.str("model", e.Model)
		}
	case Summary:
		for _, c := range e.Counts {
			w.b = append(appendString(append(w.b, ','), c.Name), ':')
			w.b = appendNumber(w.b, c.Value, 64)
		}
	}
}

type writer struct{ b []byte }

func (w *writer) key(k string) {
	w.b = append(w.b, ',', '"')
	w.b = append(w.b, k...)
	w.b = append(w.b, '"', ':')
}

func (w *writer) str(k, v string) {
	w.key(k)
	w.b = appendString(w.b, v)
}

func (w *writer) label(k, v string) {
	if v != "" {
		w.str(k, v)
		return
	}
	w.key(k)
	w.b = append(w.b, "null"...)
}

func (w *writer) uint(k string, v uint64) {
	w.key(k)
	w.b = strconv.AppendUint(w.b, v, 10)
}

func (w *writer) bool(k string, v bool) {
	w.key(k)
	w.b = strconv.AppendBool(w.b, v)
}

func (w *writer) num(k string, v float64, bits int) {
	w.key(k)
	w.b = appendNumber(w.b, v, bits)
}

// appendNumber appends the shortest decimal that reads back as v, or null if v is not
// finite, which JSON has no number for.
func appendNumber(b []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}

func (w *writer) span(e *Event) {
	w.uint("start", e.Start)
	w.uint("end", e.End)
	w.str("ended_by", string(e.EndedBy))
}

func (w *writer) heldBack(e *Event) {
	w.str("reason", string(e.Rule))
	w.num("threshold", e.Threshold, 64)
	w.num("value", e.Value, 64)
}

// why writes the verdicts, if there are any.
func (w *writer) why(verdicts []decide.Verdict) {
	if len(verdicts) == 0 {
		return
	}
	w.key("why")
	w.b = append(w.b, '[')
	for i, v := range verdicts {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = appendString(append(w.b, `{"rule":`...), string(v.Rule))
		w.num("value", v.Value, 64)
		w.num("threshold", v.Threshold, 64)
		w.bool("passed", v.Passed)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}

// labelled writes label, p and top; without a label p is null and top empty.
func (w *writer) labelled(e *Event) {
	w.label("label", e.Label)
	w.key("p")
	if e.Type == Running && !e.Warm {
		w.b = append(w.b, `null,"top":[]`...)
		return
	}
	w.b = appendNumber(w.b, float64(e.P), 32)
	w.top(e.Top)
}

// top writes [label, p] of each.
func (w *writer) top(scores []Score) {
	w.key("top")
	w.b = append(w.b, '[')
	for i, s := range scores {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '[')
		w.b = appendString(w.b, s.Label)
		w.b = append(w.b, ',')
		w.b = appendNumber(w.b, float64(s.P), 32)
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, ']')
}

// appendString quotes s for JSON; bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029':
			b = append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// MarshalJSON is AppendJSON, for encoding/json.
func (e Event) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &e), nil }

// UnmarshalJSON reads what AppendJSON wrote. An unknown field is an error, so that a reader
// notices a newer version.
func (e *Event) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*e = Event{}
	if err := json.Unmarshal(raw["type"], &e.Type); err != nil {
		return fmt.Errorf("event: type: %w", err)
	}
	if e.Type == Forecast {
		if err := e.readForecast(raw); err != nil {
			return err
		}
	}
	var reason any = &e.Reason
	if e.Type == Confirmed || e.Type == Dropped {
		reason = &e.Rule
	}
	for key, dst := range map[string]any{"type": &e.Type, "session": &e.Session, "stream": &e.Stream, "segment": &e.Segment,
		"step": &e.Step, "sample": &e.Sample, "time": &e.Time, "clock": &e.Clock, "label": &e.Label, "p": &e.P, "top": &e.Top, "warm": &e.Warm,
		"rejected": &e.Rejected, "running": &e.Running, "agrees": &e.Agrees, "steps": &e.Steps, "start": &e.Start, "end": &e.End,
		"ended_by": &e.EndedBy, "peak": &e.Peak, "latency_ms": &e.LatencyMS, "truth": &e.Truth, "kept": &e.Kept, "reason": reason, "threshold": &e.Threshold,
		"value": &e.Value, "why": &e.Why, "lost": &e.Lost, "policy": &e.Policy, "state": &e.State, "version": &e.Version, "model": &e.Model} {
		if e.Type == Summary && key != "type" && key != "session" && key != "stream" && key != "time" && key != "clock" {
			continue // a summary's counts may have any name
		}
		if v, ok := raw[key]; ok {
			if err := json.Unmarshal(v, dst); err != nil {
				return fmt.Errorf("event: %s: %w", key, err)
			}
			delete(raw, key)
		}
	}
	delete(raw, "v")
	for _, key := range sortedKeys(raw) {
		var v *float64
		if e.Type != Summary || json.Unmarshal(raw[key], &v) != nil {
			return fmt.Errorf("event: unknown field %q", key)
		}
		if v != nil {
			e.Counts = append(e.Counts, Count{key, *v})
		}
	}
	return nil
}

func sortedKeys(m map[string]json.RawMessage) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// UnmarshalJSON reads [label, p].
func (s *Score) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[2]any{&s.Label, &s.P})
}
