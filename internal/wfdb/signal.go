package wfdb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// ErrTruncated is wrapped by errors about files that end too early.
var ErrTruncated = errors.New("cut off")

// A Reader streams a record's samples.
type Reader struct {
	Header *Header
	Leads  []int // index into Header.Signals of each channel

	frames frames
	err    error
}

// frames reads one frame after another.
type frames interface {
	// frame sets dst to the samples of the leads, in physical units; io.EOF at the end.
	frame(dst []float32) error
	Close() error
}

// Open reads the header file name and opens its signals. leads chooses channels; see
// Header.Leads.
func Open(fsys fs.FS, name string, leads []string) (*Reader, error) {
	h, err := ReadHeader(fsys, name)
	if err != nil {
		return nil, err
	}
	if len(h.Segments) > 0 {
		return openSegments(fsys, h, leads)
	}
	r := &Reader{Header: h}
	if r.Leads, err = h.Leads(leads); err != nil {
		return nil, err
	}
	r.frames, err = openRecord(fsys, h, r.Leads)
	return r, err
}

// Close closes the files.
func (r *Reader) Close() error { return r.frames.Close() }

// Read fills dst with whole frames of the leads, in physical units, and returns the number
// of values, or 0 and io.EOF at the end. A sample that the recorder marked as missing, or
// of a segment that does not have its lead, is NaN. Read checks the samples of all signals
// against the header, not only those of leads.
func (r *Reader) Read(dst []float32) (int, error) {
	c := len(r.Leads)
	if len(dst) < c {
		panic(fmt.Sprintf("wfdb: Read into %d values, less than one of each of %d leads", len(dst), c))
	}
	n := 0
	for r.err == nil && n+c <= len(dst) {
		if r.err = r.frames.frame(dst[n : n+c]); r.err == nil {
			n += c
		}
	}
	if n > 0 {
		return n, nil // the error comes with the next Read
	}
	return 0, r.err
}

// A single reads the signals of a record without segments.
type single struct {
	h      *Header
	leads  []int // index into h.Signals of each channel; −1: the record does not have it
	files  []*signalFile
	values []int   // one frame: a sample per signal
	done   int64   // frames read
	sums   []int16 // checksums so far
}

// A signalFile has the signals [first, first+count), interleaved.
type signalFile struct {
	name         string
	first, count int
	coding       *coding
	f            fs.File
	r            *bufio.Reader
	bytes        [4]int // of the block that is read
	values       [3]int // its samples
	kept, have   int    // those that were taken, and those that there are
}

func openRecord(fsys fs.FS, h *Header, leads []int) (*single, error) {
	r := &single{h: h, leads: leads, values: make([]int, len(h.Signals)), sums: make([]int16, len(h.Signals))}
	for i := range h.Signals {
		s := &h.Signals[i]
		r.values[i] = s.before
		if n := len(r.files); n > 0 && r.files[n-1].name == h.beside(s.File) {
			r.files[n-1].count++
			continue
		}
		f, err := openSignal(fsys, h, i)
		if err != nil {
			r.Close()
			return nil, err
		}
		r.files = append(r.files, f)
	}
	return r, nil
}

// Measure returns the frames that the first file of a record has room for; 0: unknown.
func (h *Header) Measure(fsys fs.FS) int64 {
	if len(h.Signals) == 0 || h.Signals[0].Format == 0 {
		return 0
	}
	first := &h.Signals[0]
	info, err := fs.Stat(fsys, h.beside(first.File))
	if err != nil {
		return 0
	}
	signals := int64(0)
	for i := range h.Signals {
		if h.Signals[i].File == first.File {
			signals++
		}
	}
	c := codings[first.Format]
	bytes, block := max(info.Size()-first.Offset, 0), int64(c.bytes)
	return (bytes/block*int64(c.whole[c.bytes]) + int64(c.whole[bytes%block])) / signals
}

func openSignal(fsys fs.FS, h *Header, first int) (*signalFile, error) {
	s := &h.Signals[first]
	name := h.beside(s.File)
	if s.File == nullName {
		return nil, fmt.Errorf("%s:%d: file name: the signal has no samples (~): give the header of a record that has some", h.File, s.line)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: file name: %w: put it beside the header", h.File, s.line, err)
	}
	b := bufio.NewReaderSize(f, 1<<15)
	if n, err := io.CopyN(io.Discard, b, s.Offset); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: byte %d: %w before the samples, which begin at byte %d: fetch it again", name, n, ErrTruncated, s.Offset)
	}
	return &signalFile{name: name, first: first, count: 1, coding: codings[s.Format], f: f, r: b}, nil
}

// Close closes the files.
func (r *single) Close() error {
	var err error
	for _, f := range r.files {
		err = errors.Join(err, f.f.Close())
	}
	return err
}

func (r *single) frame(dst []float32) error {
	if err := r.next(); err != nil {
		return err
	}
	for i, lead := range r.leads {
		dst[i] = missing
		if lead >= 0 {
			dst[i] = r.h.Signals[lead].physical(r.values[lead])
		}
	}
	return nil
}

// missing is the value of a sample that is not there.
var missing = float32(math.NaN())

func (s *Signal) physical(v int) float32 {
	if v == codings[s.Format].missing {
		return missing
	}
	return float32((float64(v) - s.Baseline) / s.Gain)
}

// frame reads one sample of every signal.
func (r *single) next() error {
	h := r.h
	if h.Frames > 0 && r.done == h.Frames {
		return r.finish()
	}
	for _, f := range r.files {
		for i := range f.count {
			v, err := f.next()
			if err == nil {
				if h.Signals[f.first+i].Format == difference {
					v += r.values[f.first+i]
				}
				r.values[f.first+i] = v
				continue
			}
			whole := f.first == 0 && i == 0 && err == io.EOF
			if whole && h.Frames == 0 {
				return r.finish()
			}
			if h.Frames == 0 {
				return fmt.Errorf("%s: sample %d of signal %d: %w: fetch it again", f.name, r.done, f.first+i+1, truncated(err))
			}
			return fmt.Errorf("%s: sample %d of signal %d: %w; %s:1: number of samples: it says %d: fetch both files again, or correct the number",
				f.name, r.done, f.first+i+1, truncated(err), h.File, h.Frames)
		}
	}
	for i, v := range r.values {
		s := &h.Signals[i]
		if r.done == 0 && s.Initial != nil && v != *s.Initial && s.Format != difference {
			return fmt.Errorf("%s:%d: initial value: it says %d, %s begins with %d: the files belong to different records; fetch both again", h.File, s.line, *s.Initial, h.beside(s.File), v)
		}
		r.sums[i] += int16(v)
	}
	r.done++
	return nil
}

// truncated returns ErrTruncated for the end of a file, and other errors unchanged.
func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrTruncated
	}
	return err
}

// finish checks length and checksums against the header.
func (r *single) finish() error {
	h := r.h
	for _, f := range r.files {
		if f.rest() {
			return fmt.Errorf("%s:1: number of samples: it says %d, but %s has more: correct the number, or fetch both files again", h.File, r.done, f.name)
		}
	}
	for i, sum := range r.sums {
		if s := &h.Signals[i]; s.Checksum != nil && r.done > 0 && sum != *s.Checksum {
			return fmt.Errorf("%s:%d: checksum: it says %d, but the samples in %s give %d: one of the files is damaged; fetch both again", h.File, s.line, *s.Checksum, h.beside(s.File), sum)
		}
	}
	return io.EOF
}
