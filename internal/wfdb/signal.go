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

	files  []*signalFile
	values []int   // one frame: a sample per signal
	done   int64   // frames read
	sums   []int16 // checksums so far
	err    error
}

// A signalFile has the signals [first, first+count), interleaved.
type signalFile struct {
	name         string
	first, count int
	format       int
	f            fs.File
	r            *bufio.Reader
	kept         int  // format 212: the second sample of a pair
	have         bool // kept is the next sample
}

// Open reads the header file name and opens its signals. leads chooses channels; see
// Header.Leads.
func Open(fsys fs.FS, name string, leads []string) (*Reader, error) {
	h, err := ReadHeader(fsys, name)
	if err != nil {
		return nil, err
	}
	r := &Reader{Header: h, values: make([]int, len(h.Signals)), sums: make([]int16, len(h.Signals))}
	if r.Leads, err = h.Leads(leads); err != nil {
		return nil, err
	}
	for i := range h.Signals {
		s := &h.Signals[i]
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

func openSignal(fsys fs.FS, h *Header, first int) (*signalFile, error) {
	s := &h.Signals[first]
	name := h.beside(s.File)
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: file name: %w: put it beside the header", h.File, s.line, err)
	}
	b := bufio.NewReaderSize(f, 1<<15)
	if n, err := io.CopyN(io.Discard, b, s.Offset); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: byte %d: %w before the samples, which begin at byte %d: fetch it again", name, n, ErrTruncated, s.Offset)
	}
	return &signalFile{name: name, first: first, count: 1, format: s.Format, f: f, r: b}, nil
}

// Close closes the files.
func (r *Reader) Close() error {
	var err error
	for _, f := range r.files {
		err = errors.Join(err, f.f.Close())
	}
	return err
}

// Read fills dst with whole frames of the leads, in physical units, and returns the number
// of values, or 0 and io.EOF at the end. A sample that the recorder marked as missing is
// NaN. Read checks the samples of all signals against the header, not only those of leads.
func (r *Reader) Read(dst []float32) (int, error) {
	if len(dst) < len(r.Leads) {
		panic(fmt.Sprintf("wfdb: Read into %d values, less than one of each of %d leads", len(dst), len(r.Leads)))
	}
	n := 0
	for ; r.err == nil && n+len(r.Leads) <= len(dst); n += len(r.Leads) {
		if r.err = r.frame(); r.err != nil {
			break
		}
		for i, lead := range r.Leads {
			dst[n+i] = r.Header.Signals[lead].physical(r.values[lead])
		}
	}
	if n > 0 {
		return n, nil // the error comes with the next Read
	}
	return 0, r.err
}

// missing returns the value that marks a missing sample.
func (s *Signal) missing() int {
	if s.Format == 212 {
		return -1 << 11
	}
	return math.MinInt16
}

func (s *Signal) physical(v int) float32 {
	if v == s.missing() {
		return float32(math.NaN())
	}
	return float32((float64(v) - s.Baseline) / s.Gain)
}

// frame reads one sample of every signal.
func (r *Reader) frame() error {
	h := r.Header
	if h.Frames > 0 && r.done == h.Frames {
		return r.finish()
	}
	for _, f := range r.files {
		for i := range f.count {
			v, err := f.next()
			if err == nil {
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
		if r.done == 0 && s.Initial != nil && v != *s.Initial {
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
func (r *Reader) finish() error {
	h := r.Header
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

// next returns the next sample of the file.
func (f *signalFile) next() (int, error) {
	if f.have {
		f.have = false
		return f.kept, nil
	}
	var b [3]byte
	if f.format == 16 {
		_, err := io.ReadFull(f.r, b[:2])
		return int(int16(uint16(b[0]) | uint16(b[1])<<8)), err
	}
	n, err := io.ReadFull(f.r, b[:3])
	if n < 2 {
		if n == 1 {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	f.kept, f.have = signed12(int(b[2])|int(b[1]>>4)<<8), n == 3 // an odd last sample has two bytes
	return signed12(int(b[0]) | int(b[1]&15)<<8), nil
}

func signed12(v int) int { return (v ^ 1<<11) - 1<<11 }

// rest reports whether the file has more samples, not counting zeros that complete its last
// pair.
func (f *signalFile) rest() bool {
	if _, err := f.r.Peek(1); err == nil {
		return true
	}
	return f.have && f.kept != 0
}
