package wfdb

import (
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// segment parses NAME SAMPLES.
func (h *Header) segment(f []string, line int) error {
	if len(f) != 2 {
		return fmt.Errorf("segment: %d words: write NAME SAMPLES", len(f))
	}
	s := Segment{Name: f[0], line: line}
	if s.Name == "." || s.Name == ".." || strings.ContainsAny(s.Name, `/\`) {
		return fmt.Errorf("segment name: %q: name a record in the folder of the header", s.Name)
	}
	var err error
	if s.Frames, err = strconv.ParseInt(f[1], 10, 64); err != nil || s.Frames < 0 || s.Frames > mostFrames {
		return fmt.Errorf("number of samples: %q: write a whole number of samples per signal", f[1])
	}
	h.Segments = append(h.Segments, s)
	return nil
}

// mostEmpty bounds the frames of a record that no file holds: eight days at 360 Hz.
const mostEmpty = 1 << 28

// sum checks the number of samples of a record against its segments, or takes it from
// them.
func (h *Header) sum() error {
	if h.Segments == nil {
		return nil
	}
	n, empty := int64(0), int64(0)
	for _, s := range h.Segments {
		n += s.Frames
		if s.Name == nullName {
			empty += s.Frames
		}
	}
	if empty > mostEmpty {
		return fmt.Errorf("segments: %d samples without a signal (~), more than the %d that are allowed: give the headers of parts of the record", empty, mostEmpty)
	}
	if h.Frames > 0 && h.Frames != n {
		return fmt.Errorf("number of samples: it says %d, but the segments have %d: correct the number, or fetch the file again", h.Frames, n)
	}
	h.Frames = n
	return nil
}

// A joined record reads one segment after another.
type joined struct {
	fsys  fs.FS
	h     *Header
	leads []int // index into h.Signals
	next  int   // index of the segment after the one that is read
	left  int64 // frames of a part without samples, still to come
	now   *single
}

// openSegments opens a record of several segments. The signals of h become those of its
// first segment, which may describe the signals alone: it has no samples then, and every
// other segment has some of its signals.
func openSegments(fsys fs.FS, h *Header, leads []string) (*Reader, error) {
	for i := range h.Segments {
		if s := &h.Segments[i]; s.Name != nullName {
			first, err := segmentHeader(fsys, h, s)
			if err != nil {
				return nil, err
			}
			h.Signals = first.Signals
			break
		}
	}
	if len(h.Signals) == 0 {
		return nil, fmt.Errorf("%s: every segment is empty (~): fetch the record again", h.File)
	}
	r := &Reader{Header: h}
	var err error
	if r.Leads, err = h.Leads(leads); err != nil {
		return nil, err
	}
	r.frames = &joined{fsys: fsys, h: h, leads: r.Leads}
	return r, nil
}

// segmentHeader reads the header of a segment, and checks it against the record's.
func segmentHeader(fsys fs.FS, h *Header, s *Segment) (*Header, error) {
	g, err := ReadHeader(fsys, h.beside(s.Name+".hea"))
	if err != nil {
		return nil, fmt.Errorf("%s:%d: segment %s: %w", h.File, s.line, s.Name, err)
	}
	switch {
	case len(g.Segments) > 0:
		return nil, fmt.Errorf("%s:%d: segment %s has segments itself: name those instead", h.File, s.line, s.Name)
	case g.Rate != h.Rate:
		return nil, fmt.Errorf("%s:%d: sampling frequency: it says %v, but %s says %v: fetch both again", g.File, g.line, g.Rate, h.File, h.Rate)
	case s.Frames > 0 && g.Frames > 0 && g.Frames != s.Frames:
		return nil, fmt.Errorf("%s:%d: number of samples: it says %d, but %s says %d: fetch both again", h.File, s.line, s.Frames, g.File, g.Frames)
	}
	if g.Frames == 0 {
		g.Frames = s.Frames
	}
	return g, nil
}

func (j *joined) frame(dst []float32) error {
	for {
		if j.left > 0 {
			j.left--
			for i := range dst {
				dst[i] = missing
			}
			return nil
		}
		if j.now != nil {
			err := j.now.frame(dst)
			if err != io.EOF {
				return err
			}
			if err := j.Close(); err != nil {
				return err
			}
		}
		if j.next == len(j.h.Segments) {
			return io.EOF
		}
		if err := j.open(&j.h.Segments[j.next]); err != nil {
			return err
		}
		j.next++
	}
}

// open begins to read a segment.
func (j *joined) open(s *Segment) error {
	if s.Frames == 0 {
		return nil
	}
	if s.Name == nullName {
		j.left = s.Frames
		return nil
	}
	g, err := segmentHeader(j.fsys, j.h, s)
	if err != nil {
		return err
	}
	leads, err := j.match(g)
	if err == nil {
		j.now, err = openRecord(j.fsys, g, leads)
	}
	return err
}

// match returns the signals of a segment that are the leads, by name; −1: it has none of
// the name.
func (j *joined) match(g *Header) ([]int, error) {
	leads := make([]int, len(j.leads))
	for i, at := range j.leads {
		want := &j.h.Signals[at]
		leads[i] = -1
		for k := range g.Signals {
			if s := &g.Signals[k]; s.Name == want.Name && before(g.Signals, k) == before(j.h.Signals, at) && s.File != nullName {
				leads[i] = k
			}
		}
		if leads[i] < 0 && j.h.Segments[0].Frames > 0 {
			return nil, fmt.Errorf("%s: there is no lead %q, which the first segment of %s has: it has %s; choose leads that all segments have", g.File, want.Name, j.h.File, strings.Join(g.names(), ", "))
		}
		if k := leads[i]; k >= 0 && g.Signals[k].Units != want.Units {
			return nil, fmt.Errorf("%s:%d: units: the lead %s is in %s here, and in %s at the beginning of %s: convert one", g.File, g.Signals[k].line, want.Name, g.Signals[k].Units, want.Units, j.h.File)
		}
	}
	return leads, nil
}

// before counts the signals before signals[at] that have its name.
func before(signals []Signal, at int) (n int) {
	for _, s := range signals[:at] {
		if s.Name == signals[at].Name {
			n++
		}
	}
	return n
}

// Close closes the segment that is read.
func (j *joined) Close() error {
	if j.now == nil {
		return nil
	}
	err := j.now.Close()
	j.now = nil
	return err
}
