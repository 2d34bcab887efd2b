package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"inkling/capture"
	"inkling/internal/audio"
)

// bodyMost bounds what a browser may send.
const bodyMost = 64 << 10

// A refusal is an error that the browser is to blame for, or that it must be told of.
type refusal struct {
	code int
	text string
}

func (r refusal) Error() string { return r.text }

func refuse(code int, format string, args ...any) error {
	return refusal{code, fmt.Sprintf(format, args...)}
}

// A request is what a browser asks for; each call reads the fields that it needs.
type request struct {
	Pipeline string  `json:"pipeline"`
	Stream   string  `json:"stream"`
	Epoch    int     `json:"epoch"`
	Session  string  `json:"session"`
	Segment  uint64  `json:"segment"`
	Start    uint64  `json:"start"`
	End      uint64  `json:"end"`
	Told     string  `json:"told"`
	P        float64 `json:"p"`
	Label    string  `json:"label"`
	Rules    *rules  `json:"rules"`
}

// post serves a call that has JSON in and out.
func post[Q any](call func(context.Context, *Q) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			http.Error(w, "send application/json", http.StatusUnsupportedMediaType)
			return
		}
		var q Q
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyMost))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&q); err != nil {
			http.Error(w, "the request is not the JSON that this page sends: load the page again", http.StatusBadRequest)
			return
		}
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
		answer, err := call(r.Context(), &q)
		if err != nil {
			fail(w, err, http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer)
	}
}

// fail answers with an error; code is that of one which is no refusal.
func fail(w http.ResponseWriter, err error, code int) {
	if r := (refusal{}); errors.As(err, &r) {
		code = r.code
	}
	http.Error(w, err.Error(), code)
}

// find returns what a request is about. The caller holds the lock.
func (p *Page) find(q *request) (*Pipeline, *lane, error) {
	l := p.pipeline(q.Pipeline)
	if l == nil {
		return nil, nil, refuse(http.StatusNotFound, "there is no pipeline %q", q.Pipeline)
	}
	s := l.lanes[q.Stream]
	if s == nil {
		return nil, nil, refuse(http.StatusNotFound, "there is no stream %q", q.Stream)
	}
	if s.epoch != q.Epoch {
		return nil, nil, refuse(http.StatusGone, "the source has begun anew since: what came before is no longer remembered")
	}
	return l, s, nil
}

// cut returns the samples of a span of a stream, and their format.
func (s *lane) cut(from, to uint64) ([]float32, capture.Format, error) {
	if from >= to || s.format.Rate > 0 && float64(to-from) > 600*s.format.Rate {
		return nil, capture.Format{}, refuse(http.StatusBadRequest, "samples %d to %d are no segment", from, to)
	}
	all := s.stretches(from, to)
	if samples := s.samples(from, to); samples != nil {
		return samples, all[0].format, nil
	}
	return nil, capture.Format{}, refuse(http.StatusGone, "these samples are no longer remembered")
}

// sound serves GET /api/sound: the samples of a segment as a WAV file.
func (p *Page) sound(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	q := &request{Pipeline: v.Get("pipeline"), Stream: v.Get("stream")}
	var errs [3]error
	q.Epoch, errs[0] = strconv.Atoi(v.Get("epoch"))
	q.Start, errs[1] = strconv.ParseUint(v.Get("start"), 10, 64)
	q.End, errs[2] = strconv.ParseUint(v.Get("end"), 10, 64)
	if err := errors.Join(errs[:]...); err != nil {
		http.Error(w, "give pipeline, stream, epoch, start and end", http.StatusBadRequest)
		return
	}
	clip, err := p.clip(q)
	if err != nil {
		fail(w, err, http.StatusInternalServerError)
		return
	}
	serveSound(w, r, clip)
}

func (p *Page) clip(q *request) (*audio.Clip, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, s, err := p.find(q)
	if err != nil {
		return nil, err
	}
	samples, format, err := s.cut(q.Start, q.End)
	if err != nil {
		return nil, err
	}
	if !isSound(format) {
		return nil, refuse(http.StatusUnsupportedMediaType, "a signal of %v Hz and %d channels is no sound", format.Rate, format.Channels)
	}
	return &audio.Clip{Rate: format.Rate, Channels: max(format.Channels, 1), Samples: samples}, nil
}

// correct serves POST /api/correct: it has a label of a segment corrected, or with no label a
// correction taken back.
func (p *Page) correct(_ context.Context, q *request) (any, error) {
	if q.Label != "" {
		if err := checkLabel(q.Label); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	l, s, err := p.find(q)
	var c Correction
	var keep func(Correction) (string, error)
	if err == nil {
		keep = l.setup.Correct
		c = Correction{Session: s.session, Stream: s.name, Segment: q.Segment, Start: q.Start, End: q.End, Told: q.Told, P: q.P, Label: q.Label,
			Rate: s.format.Rate, Channels: max(s.format.Channels, 1)}
		var format capture.Format
		if c.Samples, format, err = s.cut(q.Start, q.End); err == nil {
			c.Rate, c.Channels = format.Rate, max(format.Channels, 1)
		}
	}
	p.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if keep == nil {
		return nil, refuse(http.StatusConflict, "%s", l.hint("correct"))
	}
	where, err := keep(c)
	return map[string]string{"where": where}, err
}

// checkLabel refuses what is no name of a label.
func checkLabel(label string) error {
	if len(label) > 200 || !utf8.ValidString(label) {
		return refuse(http.StatusBadRequest, "give a label of 1 to 200 bytes of UTF-8")
	}
	if !printable(label) {
		return refuse(http.StatusBadRequest, "the label %q has a character that cannot be printed", label)
	}
	return nil
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// save serves POST /api/save: the model is written with the rules.
func (p *Page) save(_ context.Context, q *request) (any, error) {
	p.mu.Lock()
	l := p.pipeline(q.Pipeline)
	p.mu.Unlock()
	switch {
	case l == nil:
		return nil, refuse(http.StatusNotFound, "there is no pipeline %q", q.Pipeline)
	case q.Rules == nil:
		return nil, refuse(http.StatusBadRequest, "give rules")
	case l.setup.Save == nil:
		return nil, refuse(http.StatusConflict, "%s", l.hint("save"))
	}
	m, o := l.setup.Now()
	o, err := q.Rules.apply(m, o)
	if err != nil {
		return nil, err
	}
	if m, err = with(m, o); err != nil {
		return nil, err
	}
	where, err := l.setup.Save(m, o)
	return map[string]string{"where": where, "model": m.Hash()}, err
}

// network serves GET /api/network: the model as a picture.
func (p *Page) network(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	l := p.pipeline(r.URL.Query().Get("pipeline"))
	p.mu.Unlock()
	if l == nil || l.setup.Network == nil {
		http.Error(w, "this model is not drawn", http.StatusNotFound)
		return
	}
	m, _ := l.setup.Now()
	svg, err := l.setup.Network(m)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeSVG(w, svg)
}

// writeSVG answers with a picture, which has styles of its own and may do nothing else.
func writeSVG(w http.ResponseWriter, svg []byte) {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Write(svg)
}
