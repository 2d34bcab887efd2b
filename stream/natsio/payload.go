package natsio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"inkling/capture"
)

// Headers of a message of samples.
const (
	headerStream  = "Inkling-Stream"
	headerOffset  = "Inkling-Offset"
	headerRate    = "Inkling-Rate"
	headerSegment = "Inkling-Segment"
	headerType    = "Content-Type"
)

// Format is what a message is taken for where it does not say.
type Format struct {
	capture.Format
	Encoding capture.Encoding // of a payload without Content-Type that is no JSON
	Names    []string         // channel names in order, for SenML [as they appear]
}

// message is a decoded payload.
type message struct {
	samples []float32
	format  capture.Format
	offset  uint64
	placed  bool // offset is known
	mark    capture.Mark
}

// decode reads a message's headers and payload into m, whose samples it reuses.
func (m *message) decode(h nats.Header, data []byte, def *Format) error {
	*m = message{samples: m.samples[:0], format: def.Format}
	if m.format.Channels == 0 {
		m.format.Channels = 1
	}
	if err := m.headers(h); err != nil {
		return err
	}
	if err := m.payload(h.Get(headerType), data, def); err != nil {
		return err
	}
	if len(m.samples)%m.format.Channels != 0 {
		return fmt.Errorf("%d values are no whole number of samples of %d channels", len(m.samples), m.format.Channels)
	}
	for i, v := range m.samples {
		if v-v != 0 {
			return fmt.Errorf("value %d is not a finite number", i)
		}
	}
	return nil
}

func (m *message) headers(h nats.Header) (err error) {
	if v := h.Get(headerRate); v != "" {
		if m.format.Rate, err = strconv.ParseFloat(v, 64); err != nil || !(m.format.Rate > 0 && m.format.Rate < 1e9) {
			return fmt.Errorf("%s %q: give samples per second", headerRate, v)
		}
	}
	if v := h.Get(headerOffset); v != "" {
		if m.offset, err = strconv.ParseUint(v, 10, 63); err != nil {
			return fmt.Errorf("%s %q: give the index of the first sample", headerOffset, v)
		}
		m.placed = true
	}
	switch v := strings.ReplaceAll(h.Get(headerSegment), " ", ""); v {
	case "":
	case "begin":
		m.mark = capture.MarkBegin
	case "end":
		m.mark = capture.MarkEnd
	case "begin,end":
		m.mark = capture.MarkBegin | capture.MarkEnd
	default:
		return fmt.Errorf("%s %q: give begin, end or begin,end", headerSegment, v)
	}
	return nil
}

func (m *message) payload(contentType string, data []byte, def *Format) error {
	if contentType == "" {
		if looksLikeJSON(data) && m.json(data) == nil {
			return nil
		}
		m.samples = m.samples[:0]
		if def.Encoding == "" {
			return errors.New("no Content-Type, and no JSON numbers: set the header, or give --format")
		}
		return m.pcm(def.Encoding, data)
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("Content-Type %q: %w", contentType, err)
	}
	if err := m.parameters(params); err != nil {
		return fmt.Errorf("Content-Type %q: %w", contentType, err)
	}
	switch strings.ToLower(kind) {
	case "audio/l16":
		return m.pcm("s16be", data)
	case "application/x-s16le":
		return m.pcm("s16le", data)
	case "application/x-f32le":
		return m.pcm("f32le", data)
	case "text/plain":
		return m.text(data)
	case "application/json":
		return m.json(data)
	case "application/senml+json":
		return m.senMLJSON(data, def.Names)
	case "application/senml+cbor":
		return m.senMLCBOR(data, def.Names)
	}
	return fmt.Errorf("Content-Type %q is none of audio/L16, application/x-s16le, application/x-f32le, text/plain, application/json, application/senml+json, application/senml+cbor", contentType)
}

// parameters are the content type's rate and channels (RFC 3551).
func (m *message) parameters(p map[string]string) (err error) {
	if v, ok := p["rate"]; ok {
		if m.format.Rate, err = strconv.ParseFloat(v, 64); err != nil || !(m.format.Rate > 0 && m.format.Rate < 1e9) {
			return fmt.Errorf("rate %q", v)
		}
	}
	if v, ok := p["channels"]; ok {
		if m.format.Channels, err = strconv.Atoi(v); err != nil || m.format.Channels < 1 || m.format.Channels > 1024 {
			return fmt.Errorf("channels %q", v)
		}
	}
	return nil
}

func (m *message) pcm(e capture.Encoding, data []byte) error {
	size := e.Bytes()
	if size == 0 || len(data)%size != 0 {
		return fmt.Errorf("%d bytes are no whole number of %s samples", len(data), e)
	}
	n := len(data) / size
	if cap(m.samples) < n {
		m.samples = make([]float32, n)
	}
	m.samples = m.samples[:n]
	e.Decode(m.samples, data)
	return nil
}

// text makes a sample of every character: its code point.
func (m *message) text(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("the text is no UTF-8")
	}
	m.format = capture.Format{Channels: 1}
	for _, r := range string(data) {
		m.samples = append(m.samples, float32(r))
	}
	return nil
}

func looksLikeJSON(data []byte) bool {
	t := bytes.TrimLeft(data, " \t\r\n")
	return len(t) > 0 && (t[0] == '[' || t[0] == '{' || t[0] == '-' || t[0] >= '0' && t[0] <= '9')
}

// json reads a flat array (channels interleaved), an array of channel vectors, one
// number, {"v": any of those}, or an array of such objects.
func (m *message) json(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("JSON: more after the value")
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
	return fmt.Errorf("JSON: %T where a number belongs", v)
}

// vector is one sample's channels; every vector of a message has as many.
func (m *message) vector(list []any) error {
	if len(list) == 0 {
		return errors.New("JSON: an empty channel vector")
	}
	if len(m.samples) == 0 {
		m.format.Channels = len(list)
	} else if m.format.Channels != len(list) {
		return fmt.Errorf("JSON: a vector of %d channels after one of %d", len(list), m.format.Channels)
	}
	for _, v := range list {
		n, ok := v.(json.Number)
		if !ok {
			return fmt.Errorf("JSON: %T in a channel vector", v)
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
