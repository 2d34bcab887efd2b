package web

import (
	"math"
	"strconv"

	"inkling/stream"
)

// An entry is an event as the log of a stream keeps it: the running and detector ones, of
// which there are many, as numbers, and others as JSON.
type entry struct {
	seq     uint64
	sample  uint64
	segment uint64
	label   int32 // of running: −1: none
	kind    entryKind
	p       float32
	probs   []float32
	json    []byte
}

type entryKind uint8

const (
	entryEvent entryKind = iota
	entryRunning
	entryUnsure // running, before the warm-up is over
	entryDetector
)

// pieceEntries is the length of a piece of a log.
const pieceEntries = 64

// add appends an event to the log.
func (s *lane) add(e *stream.Event) {
	c := s.logPiece(len(s.pipeline.names()))
	s.seq++
	n := entry{seq: s.seq, sample: e.Sample, segment: e.Segment, label: -1, p: e.P}
	grown := 0
	switch e.Type {
	case stream.Running:
		n.kind = entryRunning
		if !e.Warm {
			n.kind = entryUnsure
		}
		n.label = int32(s.pipeline.index(e.Label))
		n.probs = c.keepProbs(s.pipeline, e)
	case stream.Detector:
		n.kind = entryDetector
	default:
		n.json = stream.AppendJSON(nil, e)
		grown = len(n.json)
	}
	c.entries = append(c.entries, n)
	c.bytes += grown
	s.pipeline.page.grow(c, grown)
}

// keepProbs copies the probabilities of e, of all labels; without Event.Probs of the best.
func (c *piece) keepProbs(l *Pipeline, e *stream.Event) []float32 {
	n := len(l.names())
	if !e.Warm || len(c.probs)+n > cap(c.probs) {
		return nil
	}
	from := len(c.probs)
	c.probs = c.probs[:from+n]
	to := c.probs[from : from+n : from+n]
	clear(to)
	if len(e.Probs) == n {
		copy(to, e.Probs)
		return to
	}
	for _, t := range e.Top {
		if i := l.index(t.Label); i >= 0 {
			to[i] = t.P
		}
	}
	return to
}

// logPiece returns the piece that the next entry goes to.
func (s *lane) logPiece(labels int) *piece {
	if n := len(s.log); n > 0 {
		if c := s.log[n-1]; len(c.entries) < pieceEntries && cap(c.probs)-len(c.probs) >= labels {
			return c
		}
	}
	c := &piece{lane: s, entries: make([]entry, 0, pieceEntries), probs: make([]float32, 0, pieceEntries*labels)}
	c.bytes = 128 + 96*pieceEntries + 4*cap(c.probs)
	s.log = append(s.log, c)
	s.pipeline.page.keep(c)
	return c
}

// since calls yield with every entry after seq, in order, until it returns false.
func (s *lane) since(seq uint64, yield func(*entry) bool) {
	for _, c := range s.log {
		if n := len(c.entries); n == 0 || c.entries[n-1].seq <= seq {
			continue
		}
		for i := range c.entries {
			if c.entries[i].seq > seq && !yield(&c.entries[i]) {
				return
			}
		}
	}
}

// appendShort appends a probability with the digits that a chart shows.
func appendShort(dst []byte, p float32) []byte {
	if !(p >= 0 && p <= 1) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, math.Round(float64(p)*1e4)/1e4, 'f', -1, 64)
}
