package capture

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"inkling/internal/audio"
)

// Encoding says how raw samples lie in bytes: signedness, bits and byte order.
type Encoding string

// The encodings of raw samples. Integers of b bits are divided by 2^(b−1).
const (
	U8    = Encoding(audio.U8) // 128 is zero
	S16LE = Encoding(audio.S16LE)
	S16BE = Encoding(audio.S16BE)
	S24LE = Encoding(audio.S24LE) // three bytes
	S32LE = Encoding(audio.S32LE)
	F32LE = Encoding(audio.F32LE)
	F64LE = Encoding(audio.F64LE)
)

func (e Encoding) String() string { return string(e) }

// Bytes returns the size of a sample; 0 if the encoding is unknown.
func (e Encoding) Bytes() int { return audio.Encoding(e).Bytes() }

// Decode decodes p, which holds whole samples, into dst and returns their number.
func (e Encoding) Decode(dst []float32, p []byte) int { return audio.Encoding(e).Decode(dst, p) }

// ParseEncoding returns the encoding of that name, in any case.
func ParseEncoding(name string) (Encoding, error) {
	e := audio.Encoding(strings.ToLower(name))
	if all := audio.Encodings(); !slices.Contains(all, e) {
		names := make([]string, len(all))
		for i, v := range all {
			names[i] = string(v)
		}
		return "", fmt.Errorf("unknown encoding %q of raw samples: use one of %s", name, strings.Join(names, ", "))
	}
	return Encoding(e), nil
}

// ErrNoFormat is wrapped by the errors of PCM and Audio about raw samples of unknown
// format.
var ErrNoFormat = errors.New("raw samples need PCMFormat.Encoding, Format.Rate and Format.Channels")

// mostRate is the greatest number of values per second of raw samples: 400 MB of them.
const mostRate = 1e8

// PCMFormat describes raw samples.
type PCMFormat struct {
	Encoding Encoding
	Format   Format
	Stream   string // the stream's name [stdin]
}

// name sets the default of Stream.
func (f *PCMFormat) name() {
	if f.Stream == "" {
		f.Stream = "stdin"
	}
}

func (f *PCMFormat) check() error {
	if f.Encoding == "" || f.Format == (Format{}) {
		return ErrNoFormat
	}
	if f.Encoding.Bytes() == 0 {
		_, err := ParseEncoding(string(f.Encoding))
		return err
	}
	r, n := f.Format.Rate, f.Format.Channels
	switch {
	case !(r > 0 && r <= mostRate):
		return fmt.Errorf("rate %v of raw samples: set Format.Rate to more than 0 and at most %g samples per second", r, mostRate)
	case n < 1 || n > math.MaxUint16:
		return fmt.Errorf("%d channels of raw samples: set Format.Channels to 1 to %d", n, math.MaxUint16)
	case r*float64(n) > mostRate:
		return fmt.Errorf("%d channels of raw samples at %v samples per second: at most %g values per second can be read, so lower Format.Channels or Format.Rate", n, r, mostRate)
	}
	return nil
}

// PCM reads raw samples, channels interleaved, from r until it ends. A Read of r may
// split a sample anywhere. A value that is not finite, or an end in the middle of a
// frame, is an error, returned after the samples before it. Close closes r if it is an
// io.Closer.
func PCM(r io.Reader, f PCMFormat, o Options) (Source, error) {
	f.name()
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Stream, err)
	}
	return newReader(r, func() (player, error) {
		d := &pcmDecoder{r: r, f: f, bytes: make([]byte, o.frames(f.Format)*f.Format.Channels*f.Encoding.Bytes())}
		return newChunks(f.Stream, f.Format, o, d.decode), nil
	}), nil
}

type pcmDecoder struct {
	r     io.Reader
	f     PCMFormat
	bytes []byte
	done  uint64 // values delivered
	err   error  // returned after them
}

// decode reads raw samples into dst: whole frames, or 0 and an error.
func (d *pcmDecoder) decode(dst []float32) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	size, channels := d.f.Encoding.Bytes(), d.f.Format.Channels
	frame := size * channels
	n, err := io.ReadFull(d.r, d.bytes[:len(dst)*size])
	rest := n % frame
	got := d.f.Encoding.Decode(dst, d.bytes[:n-rest])
	switch {
	case err == io.EOF:
		d.err = io.EOF
	case err == io.ErrUnexpectedEOF && rest == 0:
		d.err = io.EOF
	case err == io.ErrUnexpectedEOF:
		d.err = fmt.Errorf("%s: ends %d bytes into a frame of %d bytes, after sample %d: check that the encoding is %s with %d channels",
			d.f.Stream, rest, frame, (d.done+uint64(got))/uint64(channels), d.f.Encoding, channels)
	case err != nil:
		d.err = fmt.Errorf("%s: %w", d.f.Stream, err)
	}
	got = d.checkFinite(dst[:got])
	d.done += uint64(got)
	if got > 0 {
		return got, nil
	}
	return 0, d.err
}

// checkFinite returns the number of values in the whole frames before one that is not
// finite; that becomes the error.
func (d *pcmDecoder) checkFinite(x []float32) int {
	for i, v := range x {
		if v-v != 0 {
			channels := uint64(d.f.Format.Channels)
			at := d.done + uint64(i)
			d.err = fmt.Errorf("%s: sample %d of channel %d is %v, but samples must be finite: check that the encoding is %s",
				d.f.Stream, at/channels, at%channels+1, v, d.f.Encoding)
			return i / int(channels) * int(channels)
		}
	}
	return len(x)
}
