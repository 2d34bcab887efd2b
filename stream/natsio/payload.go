package natsio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/internal/table"
)

// Headers of a message of samples.
const (
	HeaderStream  = "Inkling-Stream"  // the stream's name [the subject]
	HeaderOffset  = "Inkling-Offset"  // index, per channel, of the first sample [it follows the message before]
	HeaderRate    = "Inkling-Rate"    // samples per second
	HeaderTime    = "Inkling-Time"    // when the first sample was taken: RFC 3339, or a number as in a table
	HeaderSegment = "Inkling-Segment" // begin, end or begin,end: bounds of a segment
	HeaderDoubt   = "Inkling-Doubt"   // of a Service's reply: why the request is unlike what the model learned from
	HeaderType    = "Content-Type"    // a ContentType, with its parameters
)

// ContentType says how a payload holds samples. Those of integers and floats take the
// parameters rate and channels (RFC 3551).
type ContentType string

const (
	TypeL16       ContentType = "audio/l16"              // 16 bit, big endian, channels interleaved
	TypeS16LE     ContentType = "application/x-s16le"    // the same, little endian
	TypeF32LE     ContentType = "application/x-f32le"    // float32, little endian, channels interleaved
	TypeWAV       ContentType = "audio/wav"              // a WAV file, which gives rate and channels itself
	TypeFLAC      ContentType = "audio/flac"             // a FLAC file, likewise
	TypeText      ContentType = "text/plain"             // UTF-8: a sample per character
	TypeJSON      ContentType = "application/json"       // numbers, or vectors of channels
	TypeSenMLJSON ContentType = "application/senml+json" // RFC 8428
	TypeSenMLCBOR ContentType = "application/senml+cbor"
	TypeCSV       ContentType = "text/csv" // rows of a table, a sample each
)

func (t ContentType) String() string { return string(t) }

// mostChannels bounds the channels that a message may have.
const mostChannels = 1024

// Format describes the messages that do not describe themselves.
type Format struct {
	capture.Format
	Encoding capture.Encoding // of payloads that have no Content-Type and are no text
	Type     ContentType      // of messages without the header; "": what they look like
	Names    []string         // of the channels in order, as SenML and objects of JSON name them [in order of appearance]
	Units    []string         // of the channels: values in other units are converted, or refused; "" or nil: unknown
	Width    int              // channels of numbers in JSON that follow one another, if Channels is 0 [as many as Names, or 1]
	Columns  []string         // what the values of a vector or a row are, in order: times, channels by name, "-" for others
	Time     string           // field of the time ["": found by the usual names; "-": none]
	TimeUnit string           // of times that are numbers: s, ms, us, ns, min, h or d ["": found by name, by what is plausible, and by the rate]
}

// message is a decoded payload.
type message struct {
	samples []float32 // NaN: missing, only if there are times
	format  capture.Format
	offset  uint64
	placed  bool // offset is known
	mark    capture.Mark

	times    []table.Time // of each sample; nil: none
	has      []table.Mask // the channels of each sample; nil: all
	at       table.Time   // of the first sample, if timed
	timed    bool
	timeName string // the field of times
	timeUnit string // "": not said
	partial  bool   // some samples lack channels
}

// frames returns the number of samples per channel.
func (m *message) frames() int { return len(m.samples) / max(m.format.Channels, 1) }

// mark64 notes which channels the last k samples have.
func (m *message) mark64(has table.Mask, k int, partial bool) {
	if !partial && m.has == nil {
		return
	}
	n := m.frames()
	for len(m.has) < n-k {
		m.has = append(m.has, table.All)
	}
	for range k {
		m.has = append(m.has, has)
	}
	m.partial = m.partial || partial
}

// maskOf returns the channels of sample i.
func (m *message) maskOf(i int) table.Mask {
	if i < len(m.has) {
		return m.has[i]
	}
	return table.All
}

// decode reads a message's headers and payload into m, reusing its memory. The schema is
// that of its stream.
func (m *message) decode(h nats.Header, data []byte, s *schema) error {
	*m = message{samples: m.samples[:0], times: m.times[:0], has: m.has[:0], format: s.f.Format}
	if err := m.headers(h); err != nil {
		return err
	}
	kind := h.Get(HeaderType)
	if kind == "" {
		kind = string(s.f.Type)
	}
	if err := m.payload(kind, data, s); err != nil {
		return err
	}
	m.format.Channels = max(m.format.Channels, 1)
	if len(m.samples)%m.format.Channels != 0 {
		return fmt.Errorf("%d values are not a whole number of samples of %d channels", len(m.samples), m.format.Channels)
	}
	if len(m.times) > 0 {
		m.timed = false
	} else if m.timed && m.frames() == 1 {
		m.times, m.timed = append(m.times, m.at), false
	}
	for i, v := range m.samples {
		if v-v != 0 && (v == v || len(m.times) == 0) {
			return fmt.Errorf("value %d is %v, but samples must be finite", i, v)
		}
	}
	return nil
}

func (m *message) headers(h nats.Header) (err error) {
	if v := h.Get(HeaderRate); v != "" {
		if m.format.Rate, err = parseRate(v); err != nil {
			return fmt.Errorf("%s %q: give samples per second", HeaderRate, v)
		}
	}
	if v := h.Get(HeaderOffset); v != "" {
		if m.offset, err = strconv.ParseUint(v, 10, 63); err != nil {
			return fmt.Errorf("%s %q: give the index of the first sample", HeaderOffset, v)
		}
		m.placed = true
	}
	if v := h.Get(HeaderTime); v != "" {
		if len(v) > maxText {
			return fmt.Errorf("%s of %d bytes: give a number, or RFC 3339", HeaderTime, len(v))
		}
		m.at, m.timed, m.timeName = table.ParseTime(v), true, HeaderTime
	}
	switch v := strings.ReplaceAll(h.Get(HeaderSegment), " ", ""); v {
	case "":
	case "begin":
		m.mark = capture.MarkBegin
	case "end":
		m.mark = capture.MarkEnd
	case "begin,end":
		m.mark = capture.MarkBegin | capture.MarkEnd
	default:
		return fmt.Errorf("%s %q: give begin, end or begin,end", HeaderSegment, v)
	}
	return nil
}

func parseRate(s string) (float64, error) {
	rate, err := strconv.ParseFloat(s, 64)
	if err == nil && !(rate > 0 && rate < 1e9) {
		err = strconv.ErrRange
	}
	return rate, err
}

func (m *message) payload(contentType string, data []byte, s *schema) error {
	if contentType == "" {
		return m.guess(data, s)
	}
	name, params, err := mime.ParseMediaType(contentType)
	if err == nil {
		err = m.parameters(params)
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", HeaderType, contentType, err)
	}
	switch ContentType(name) {
	case TypeWAV, "audio/x-wav", "audio/wave", "audio/vnd.wave", TypeFLAC, "audio/x-flac":
		return m.file(data)
	case TypeL16:
		return m.pcm(capture.S16BE, data)
	case TypeS16LE:
		return m.pcm(capture.S16LE, data)
	case TypeF32LE:
		return m.pcm(capture.F32LE, data)
	case TypeText:
		if s.f.Columns == nil && s.f.Names == nil && s.f.Width <= 1 {
			return m.text(data)
		}
		return m.guess(data, s) // a device that says text/plain of its numbers
	case TypeJSON, "text/json", "application/x-ndjson", "application/jsonl":
		return m.json(data, s)
	case TypeCSV, "text/tab-separated-values":
		return m.csv(data, s)
	case TypeSenMLJSON:
		return m.senMLJSON(data, s)
	case TypeSenMLCBOR:
		return m.senMLCBOR(data, s)
	}
	return fmt.Errorf("%s %q is none of %s, %s, %s, %s, %s, %s, %s, %s, %s, %s", HeaderType, contentType,
		TypeL16, TypeS16LE, TypeF32LE, TypeWAV, TypeFLAC, TypeText, TypeJSON, TypeCSV, TypeSenMLJSON, TypeSenMLCBOR)
}

// guess decodes a payload without a content type: a WAV or FLAC file, JSON, SenML in CBOR,
// a row of a table, else raw samples of the default encoding.
func (m *message) guess(data []byte, s *schema) error {
	if len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WAVE" || bytes.HasPrefix(data, []byte("fLaC")) {
		return m.file(data)
	}
	clean := *m
	raw := s.f.Encoding != ""
	if looksLikeJSON(data) {
		err := m.json(data, s)
		if err == nil || json.Valid(data) && (!raw || len(data) > 8) { // raw samples hardly ever are
			return err
		}
		if !raw && (data[0] == '{' || data[0] == '[') {
			return err
		}
		*m = clean
	}
	switch {
	case raw:
		return m.pcm(s.f.Encoding, data)
	case looksLikeCBOR(data):
		return m.senMLCBOR(data, s)
	case looksLikeRow(data):
		return m.csv(data, s)
	}
	return fmt.Errorf("no %s, and the payload is not JSON numbers: set the header, or Format.Encoding", HeaderType)
}

// parameters reads the rate and channels of a content type.
func (m *message) parameters(p map[string]string) (err error) {
	if v, ok := p["rate"]; ok {
		if m.format.Rate, err = parseRate(v); err != nil {
			return fmt.Errorf("rate %q: give samples per second", v)
		}
	}
	if v, ok := p["channels"]; ok {
		if m.format.Channels, err = strconv.Atoi(v); err != nil || m.format.Channels < 1 || m.format.Channels > mostChannels {
			return fmt.Errorf("channels %q: give 1 to %d", v, mostChannels)
		}
	}
	return nil
}

func (m *message) pcm(e capture.Encoding, data []byte) error {
	size := e.Bytes()
	if size == 0 || len(data)%size != 0 {
		return fmt.Errorf("%d bytes are not a whole number of %s samples", len(data), e)
	}
	n := len(data) / size
	if cap(m.samples) < n {
		m.samples = make([]float32, n)
	}
	m.samples = m.samples[:n]
	e.Decode(m.samples, data)
	return nil
}

// mostValues bounds the values of a file, which may be many more than its bytes.
const mostValues = 1 << 22

// file decodes a file of sound, whose rate and channels count instead of the message's.
func (m *message) file(data []byte) error {
	r, err := audio.NewReader(bytes.NewReader(data), "the file")
	if err != nil {
		return err
	}
	m.format = capture.Format{Rate: r.Rate, Channels: r.Channels}
	if r.Channels > mostChannels {
		return fmt.Errorf("the file has %d channels, at most %d are taken", r.Channels, mostChannels)
	}
	for {
		m.samples = slices.Grow(m.samples, max(r.Channels, min(len(data), 1<<12)))
		n, err := r.Read(m.samples[len(m.samples):cap(m.samples)])
		m.samples = m.samples[:len(m.samples)+n]
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case len(m.samples) > mostValues:
			return fmt.Errorf("the file holds more than %d values: send it in pieces", mostValues)
		}
	}
}

// text makes each character a sample, its code point.
func (m *message) text(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("the text is not UTF-8")
	}
	m.format = capture.Format{Channels: 1}
	for _, r := range string(data) {
		m.samples = append(m.samples, float32(r))
	}
	return nil
}
