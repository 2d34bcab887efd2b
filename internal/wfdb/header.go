// Package wfdb reads PhysioNet's records: the header NAME.hea, signals of all formats that
// are not compressed, records of several segments, and MIT annotations, as the WFDB
// Applications Guide describes them in header(5), signal(5) and annot(5) (Moody, Pollard
// and Moody, WFDB Software Package, PhysioNet, doi 10.13026/gjvw-1m31).
//
// [Open] returns a Reader that streams the samples in physical units and checks the files
// against their header: length, initial values, checksums. [ReadAnnotations] reads an
// annotation file. Errors name file, line or byte, field and remedy.
package wfdb

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// A Header is the content of NAME.hea.
type Header struct {
	File    string // NAME.hea
	Name    string
	Rate    float64 // samples per second and signal
	Frames  int64   // samples per signal; 0: unknown
	Signals []Signal

	// Segments are records that follow one another and make this one. Signals is then empty
	// until the record is opened.
	Segments []Segment

	line int // of the record
}

// A Segment is a part of a record: another record in the same folder.
type Segment struct {
	Name   string // ~: nothing was recorded
	Frames int64

	line int
}

// nullName names a segment or a signal without samples.
const nullName = "~"

// A Signal is one line of a header.
type Signal struct {
	File     string // beside the header
	Format   int    // of signal(5); 0: the signal has no samples
	Offset   int64  // bytes before the samples
	Gain     float64
	Baseline float64 // ADC units
	Units    string
	Initial  *int   // value of the first sample; nil: unknown
	Checksum *int16 // nil: unknown
	Name     string // name of the lead; "": unknown

	before int // format 8: the value that the first difference is added to
	line   int
}

const (
	defaultRate  = 250 // header(5)
	defaultGain  = 200
	mostSignals  = 256
	mostSegments = 1 << 16
	mostFrames   = 1 << 40
	mostHeader   = 1 << 20 // bytes
)

// ReadHeader reads the header file name.
func ReadHeader(fsys fs.FS, name string) (*Header, error) {
	data, err := readFile(fsys, name, mostHeader)
	if err != nil {
		return nil, err
	}
	return ParseHeader(data, name)
}

// ParseHeader parses the content of a header file. name is for errors.
func ParseHeader(data []byte, name string) (*Header, error) {
	h := &Header{File: name, Rate: defaultRate}
	n, want := 0, -1
	for line := range bytes.Lines(data) {
		n++
		f := strings.Fields(string(line))
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		var err error
		switch {
		case want < 0:
			h.line = n
			want, err = h.record(f)
		case len(h.Signals)+h.segments() == want && want > 0:
			err = fmt.Errorf("number of %s: the record line says %d, but more lines follow: correct the number, or delete the line", h.parts(), want)
		case h.Segments != nil:
			err = h.segment(f, n)
		default:
			err = h.signal(f, n)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	switch {
	case want < 0:
		return nil, fmt.Errorf("%s: it has no record line (NAME SIGNALS RATE SAMPLES): fetch it again", name)
	case len(h.Signals)+h.segments() < want:
		return nil, fmt.Errorf("%s: number of %s: the record line says %d, but %d lines follow: the file is cut off; fetch it again", name, h.parts(), want, len(h.Signals)+h.segments())
	}
	if err := h.sum(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, h.line, err)
	}
	return h, nil
}

func (h *Header) segments() int { return len(h.Segments) }

// parts says what the lines after the record line are.
func (h *Header) parts() string {
	if h.Segments != nil {
		return "segments"
	}
	return "signals"
}

// record parses NAME[/SEGMENTS] SIGNALS [RATE[/…] [SAMPLES [TIME [DATE]]]]. It returns how
// many lines of signals or segments follow.
func (h *Header) record(f []string) (lines int, err error) {
	name, segments, several := strings.Cut(f[0], "/")
	h.Name = name
	if len(f) < 2 {
		return 0, fmt.Errorf("number of signals: it is missing: write NAME SIGNALS RATE SAMPLES")
	}
	if lines, err = strconv.Atoi(f[1]); err != nil || lines < 1 || lines > mostSignals {
		return 0, fmt.Errorf("number of signals: %q: write 1 to %d", f[1], mostSignals)
	}
	if several {
		if lines, err = strconv.Atoi(segments); err != nil || lines < 1 || lines > mostSegments {
			return 0, fmt.Errorf("number of segments: %q: write 1 to %d", f[0], mostSegments)
		}
		h.Segments = []Segment{}
	}
	if len(f) > 2 {
		text, _, _ := strings.Cut(f[2], "/")
		text, _, _ = strings.Cut(text, "(")
		if h.Rate, err = strconv.ParseFloat(text, 64); err != nil || !(h.Rate > 0 && h.Rate <= 1e6) {
			return 0, fmt.Errorf("sampling frequency: %q: write a number of hertz over 0", f[2])
		}
	}
	if len(f) > 3 {
		if h.Frames, err = strconv.ParseInt(f[3], 10, 64); err != nil || h.Frames < 0 || h.Frames > mostFrames {
			return 0, fmt.Errorf("number of samples: %q: write a whole number of samples per signal", f[3])
		}
	}
	return lines, nil
}

// signal parses FILE FORMAT [GAIN [BITS [ZERO [INITIAL [CHECKSUM [BLOCK [NAME]]]]]]].
func (h *Header) signal(f []string, line int) error {
	s := Signal{File: f[0], Gain: defaultGain, Units: "mV", line: line}
	if len(f) < 2 {
		return fmt.Errorf("format: it is missing: write FILE FORMAT GAIN BITS ZERO INITIAL CHECKSUM BLOCK NAME")
	}
	if s.File == "." || s.File == ".." || s.File == "-" || strings.ContainsAny(s.File, `/\`) {
		return fmt.Errorf("file name: %q: name a file in the folder of the header", s.File)
	}
	if err := s.format(f[1]); err != nil {
		return err
	}
	if s.Format == 0 && s.File != nullName {
		return fmt.Errorf("format: 0 is for signals without samples, whose file name is ~: correct one")
	}
	explicit := false
	if len(f) > 2 {
		var err error
		if explicit, err = s.gain(f[2]); err != nil {
			return err
		}
	}
	var number [5]int // bits, zero, initial, checksum, block
	for i := range number {
		if len(f) <= 3+i {
			break
		}
		v, err := strconv.ParseInt(f[3+i], 10, 32)
		if err != nil {
			return fmt.Errorf("%s: %q is not a whole number: correct it", [...]string{"ADC resolution", "ADC zero", "initial value", "checksum", "block size"}[i], f[3+i])
		}
		number[i] = int(v)
	}
	if !explicit {
		s.Baseline = float64(number[1])
	}
	s.before = number[1]
	if len(f) > 5 {
		s.Initial, s.before = &number[2], number[2]
	}
	if s.Format != difference {
		s.before = 0
	}
	if len(f) > 6 {
		sum := int16(number[3]) // some programs write it unsigned
		s.Checksum = &sum
	}
	if len(f) > 8 {
		s.Name = strings.Join(f[8:], " ")
	}
	h.Signals = append(h.Signals, s)
	return h.sameFile()
}

// format parses FORMAT[xSAMPLES][:SKEW][+OFFSET].
func (s *Signal) format(text string) (err error) {
	rest, offset, ok := strings.Cut(text, "+")
	if ok {
		if s.Offset, err = strconv.ParseInt(offset, 10, 64); err != nil || s.Offset < 0 || s.Offset > mostFrames {
			return fmt.Errorf("byte offset: %q in the format %q: write 0 or more", offset, text)
		}
	}
	rest, skew, ok := strings.Cut(rest, ":")
	if ok && skew != "0" {
		return fmt.Errorf("skew: %q in the format %q: shifted signals are not supported: convert the record (xform)", skew, text)
	}
	rest, several, ok := strings.Cut(rest, "x")
	if ok && several != "1" {
		return fmt.Errorf("samples per frame: %q in the format %q: signals of several rates are not supported: convert the record (xform)", several, text)
	}
	s.Format, err = strconv.Atoi(rest)
	if err != nil {
		return fmt.Errorf("format: %q is not a number: write one of signal(5), such as 16", text)
	}
	if s.Format == 0 {
		return nil
	}
	if _, err := codingOf(s.Format); err != nil {
		return fmt.Errorf("format: %w", err)
	}
	return nil
}

// gain parses GAIN[(BASELINE)][/UNITS] and reports whether there is a baseline.
func (s *Signal) gain(text string) (baseline bool, err error) {
	rest, units, ok := strings.Cut(text, "/")
	if ok {
		s.Units = units
	}
	rest, base, baseline := strings.Cut(rest, "(")
	if baseline {
		if s.Baseline, err = strconv.ParseFloat(strings.TrimSuffix(base, ")"), 64); err != nil || math.Abs(s.Baseline) > math.MaxInt32 || s.Baseline-s.Baseline != 0 {
			return false, fmt.Errorf("baseline: %q in the gain %q is not a number: correct it", base, text)
		}
	}
	if s.Gain, err = strconv.ParseFloat(rest, 64); err != nil || s.Gain-s.Gain != 0 || math.Abs(s.Gain) > 1e12 || s.Gain != 0 && math.Abs(s.Gain) < 1e-12 {
		return false, fmt.Errorf("gain: %q is not a number of ADC units per physical unit: correct it", text)
	}
	if s.Gain == 0 { // not calibrated
		s.Gain = defaultGain
	}
	return baseline, nil
}

// sameFile checks that the signals of one file are consecutive and have one format.
func (h *Header) sameFile() error {
	n := len(h.Signals)
	s := &h.Signals[n-1]
	for i := range h.Signals[:n-1] {
		o := &h.Signals[i]
		switch {
		case o.File != s.File:
		case o.Format != s.Format || o.Offset != s.Offset && s.Offset != 0:
			return fmt.Errorf("format: %s has format %d in line %d and %d here: a file has one format; correct one line", s.File, o.Format, o.line, s.Format)
		case h.Signals[n-2].File != s.File:
			return fmt.Errorf("file name: line %[2]d names %[1]s too, with another file between: put the signals of a file on consecutive lines", s.File, o.line)
		}
	}
	return nil
}

// Leads returns the indices of signals, given by name in any case or by number from 1. No
// names mean all signals.
func (h *Header) Leads(names []string) ([]int, error) {
	var which []int
	for _, name := range names {
		at := -1
		for i := range h.Signals {
			if strings.EqualFold(h.Signals[i].Name, name) || strconv.Itoa(i+1) == name {
				at = i
				break
			}
		}
		if at < 0 {
			return nil, fmt.Errorf("%s: there is no lead %q: the record has %s", h.File, name, strings.Join(h.names(), ", "))
		}
		which = append(which, at)
	}
	for i := range h.Signals {
		if len(names) == 0 {
			which = append(which, i)
		}
	}
	return which, nil
}

func (h *Header) names() (names []string) {
	for i, s := range h.Signals {
		if s.Name == "" {
			s.Name = strconv.Itoa(i + 1)
		}
		names = append(names, s.Name)
	}
	return names
}

// beside returns the path of a file in the header's folder.
func (h *Header) beside(file string) string { return path.Join(path.Dir(h.File), file) }
