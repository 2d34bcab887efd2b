// Package audio decodes WAV, FLAC and MP3, and encodes WAV and FLAC. Formats are recognised by their
// content, never by names; files may be gzipped. [Decode] reads a whole file, [NewReader]
// streams one in bounded memory; both give the same samples. [EncodeWAV] and [EncodeFLAC] write a file.
//
// Samples are float32, channels interleaved. Integers of b bits are divided by 2^(b−1), so
// full scale is ±1. Floats are copied; one that is not finite is an error.
package audio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"inkling/internal/gunzip"
)

// ErrTruncated is wrapped by errors about files that end too early.
var ErrTruncated = errors.New("cut off")

// ErrFormat is wrapped by errors about files of unknown formats.
var ErrFormat = errors.New("unknown audio format")

// A Clip is a decoded file.
type Clip struct {
	Rate     float64 // samples per second and channel
	Channels int
	Samples  []float32 // channels interleaved
}

// Frames returns the number of samples per channel.
func (c *Clip) Frames() int { return len(c.Samples) / c.Channels }

// A decoder decodes one format. read fills dst with whole frames, one sample of each
// channel, and returns the number of samples, or 0 and io.EOF at the end.
type decoder interface {
	read(dst []float32) (int, error)
}

// A Reader streams the samples of one file.
type Reader struct {
	Rate     float64
	Channels int
	Frames   int64 // samples per channel according to the header; −1: unknown

	name    string
	foreign bool // other formats go through ffmpeg
	dec     decoder
	done    int64 // samples delivered
	err     error
}

// NewReader reads the header of a file. name is for errors only. r must be an io.Seeker
// only for a WAV file whose data precedes its format. The Reader reads ahead.
func NewReader(r io.Reader, name string) (*Reader, error) {
	return newReader(r, &Reader{name: name, Frames: -1})
}

// NewFileReader is NewReader, and reads other formats through the program ffmpeg if that is
// on the PATH. It is for files that the user names, not for what strangers send. The caller
// closes the Reader before r.
func NewFileReader(r io.Reader, name string) (*Reader, error) {
	return newReader(r, &Reader{name: name, Frames: -1, foreign: true})
}

func newReader(r io.Reader, a *Reader) (*Reader, error) {
	err := guard(func() error { return a.open(r) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.name, err)
	}
	return a, nil
}

// Close ends what decodes the file. It does not close the file.
func (a *Reader) Close() error {
	if c, ok := a.dec.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

func (a *Reader) open(r io.Reader) error {
	b := bufio.NewReaderSize(r, 1<<15)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gunzip.NewReader(b)
		if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		r, b = z, bufio.NewReaderSize(z, 1<<15)
	}
	skipped, err := skipID3(b)
	if err != nil {
		return err
	}
	magic, _ := b.Peek(12)
	switch {
	case len(magic) == 0:
		return errors.New("the file is empty")
	case len(magic) == 12 && isWAV(magic):
		return a.openWAV(b, r, skipped)
	case len(magic) >= 4 && string(magic[:4]) == "fLaC":
		return a.openFLAC(b)
	case isMP3(b):
		return a.openMP3(b)
	}
	kind := foreign(magic)
	if kind == "" {
		return fmt.Errorf("%w: neither WAV, FLAC nor MP3; convert it to FLAC or WAV (ffmpeg -i in out.flac)", ErrFormat)
	}
	return a.openForeign(kind, b, r)
}

// Read fills dst with whole frames and returns the number of samples, or 0 and io.EOF at
// the end. len(dst) must be at least Channels.
func (a *Reader) Read(dst []float32) (int, error) {
	if len(dst) < a.Channels {
		panic(fmt.Sprintf("audio: Read into %d samples, less than one of each of %d channels", len(dst), a.Channels))
	}
	if a.err != nil {
		return 0, a.err
	}
	dst = dst[:len(dst)/a.Channels*a.Channels]
	n, err := a.guardedRead(dst)
	for i, v := range dst[:n] {
		if v-v != 0 { // NaN or infinite
			at := a.done + int64(i)
			n, err = i/a.Channels*a.Channels, fmt.Errorf("sample %d of channel %d is %v: replace it, or drop the file",
				at/int64(a.Channels), at%int64(a.Channels)+1, v)
			break
		}
	}
	a.done += int64(n)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", a.name, err)
	}
	if a.err = err; n > 0 {
		return n, nil // the error comes with the next Read
	}
	return 0, err
}

// guardedRead calls the decoder's read and turns a panic of a foreign decoder into an error.
func (a *Reader) guardedRead(dst []float32) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("damaged: %v", p)
		}
	}()
	return a.dec.read(dst)
}

// guard calls f and turns a panic of a foreign decoder into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	return f()
}

// Decode reads a whole file. It allocates memory for samples that are there, not for those
// that the header promises.
func Decode(r io.Reader, name string) (*Clip, error) {
	a, err := NewReader(r, name)
	if err != nil {
		return nil, err
	}
	return a.decode()
}

func (a *Reader) decode() (*Clip, error) {
	c := &Clip{Rate: a.Rate, Channels: a.Channels}
	promised := math.MaxInt - a.Channels // samples
	if a.Frames >= 0 && a.Frames < int64(promised/a.Channels) {
		promised = int(a.Frames) * a.Channels
	}
	c.Samples = make([]float32, 0, min(promised, 1<<14)+a.Channels)
	for {
		if cap(c.Samples)-len(c.Samples) < a.Channels {
			size := 2 * cap(c.Samples)
			if len(c.Samples) < promised {
				size = min(promised, size)
			}
			grown := make([]float32, len(c.Samples), size+a.Channels)
			copy(grown, c.Samples)
			c.Samples = grown
		}
		n, err := a.Read(c.Samples[len(c.Samples):cap(c.Samples)])
		c.Samples = c.Samples[:len(c.Samples)+n]
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// DecodeFile is Decode of a file of fsys, and reads other formats as NewFileReader does.
func DecodeFile(fsys fs.FS, name string) (*Clip, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a, err := NewFileReader(f, name)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.decode()
}

// skipID3 discards ID3v2 tags and returns their length in bytes.
func skipID3(b *bufio.Reader) (skipped int64, err error) {
	for {
		h, _ := b.Peek(10)
		if len(h) < 10 || string(h[:3]) != "ID3" {
			return skipped, nil
		}
		size := 10 + (int64(h[6]&127)<<21 | int64(h[7]&127)<<14 | int64(h[8]&127)<<7 | int64(h[9]&127))
		if h[5]&0x10 != 0 {
			size += 10 // footer
		}
		n, err := io.CopyN(io.Discard, b, size)
		skipped += n
		if err != nil {
			return skipped, fmt.Errorf("ID3 tag of %d bytes: %w", size, ErrTruncated)
		}
	}
}

// quantise turns a sample into an integer of 16 bits, nearest, clipped.
func quantise(v float32) int16 {
	x := math.RoundToEven(float64(v) * 32768)
	return int16(min(max(x, -32768), 32767))
}

func checkEncodable(rate float64, channels, samples int) error {
	switch {
	case channels < 1 || channels > math.MaxUint16:
		return fmt.Errorf("audio: cannot write %d channels", channels)
	case rate != math.Trunc(rate) || rate < 1 || rate > math.MaxUint32:
		return fmt.Errorf("audio: cannot write a sampling rate of %v Hz: it must be a whole number", rate)
	case samples%channels != 0:
		return fmt.Errorf("audio: %d samples are no whole number of frames of %d channels", samples, channels)
	}
	return nil
}
