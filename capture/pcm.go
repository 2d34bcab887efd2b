package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"inkling/internal/audio"
)

// Encoding is how raw samples lie in bytes: sign, bits and order.
type Encoding = audio.Encoding

// What raw samples may be. Integers of b bits are divided by 2^(b−1).
const (
	U8    = audio.U8
	S16LE = audio.S16LE
	S16BE = audio.S16BE
	S24LE = audio.S24LE
	S32LE = audio.S32LE
	F32LE = audio.F32LE
	F64LE = audio.F64LE
)

// ErrNoFormat is wrapped by the error for raw samples of which nobody said
// what they are.
var ErrNoFormat = errors.New("raw samples need rate, channels and format")

// ParseEncoding reads the name of an encoding.
func ParseEncoding(name string) (Encoding, error) {
	e := Encoding(strings.ToLower(name))
	if all := audio.Encodings(); !slices.Contains(all, e) {
		names := make([]string, len(all))
		for i, v := range all {
			names[i] = string(v)
		}
		return "", fmt.Errorf("unknown format %q: it is one of %s", name, strings.Join(names, " "))
	}
	return e, nil
}

// PCMFormat describes raw samples.
type PCMFormat struct {
	Encoding Encoding
	Format   Format
	Stream   string // the stream's name [stdin]
}

func (f *PCMFormat) complete() error {
	if f.Stream == "" {
		f.Stream = "stdin"
	}
	if f.Encoding == "" || f.Format == (Format{}) {
		return fmt.Errorf("%s: %w", f.Stream, ErrNoFormat)
	}
	if f.Encoding.Bytes() == 0 {
		_, err := ParseEncoding(string(f.Encoding))
		return fmt.Errorf("%s: %w", f.Stream, err)
	}
	if err := checkFormat(f.Format); err != nil {
		return fmt.Errorf("%s: %w", f.Stream, err)
	}
	return nil
}

// PCM reads raw samples, channels interleaved, from r until it ends. A read may
// split a sample anywhere. A sample that is not finite, and a rest that is no
// whole frame at the end, is an error, after what came before it. Close closes
// r if it can be closed.
func PCM(r io.Reader, f PCMFormat, o Options) (Source, error) {
	if err := f.complete(); err != nil {
		return nil, err
	}
	return newPump(&pcmSource{r: r, f: f, opts: o}), nil
}

// Stdin is PCM where the encoding is given. Where nothing is, r must hold a WAV,
// FLAC or MP3 file, as its first bytes tell.
func Stdin(r io.Reader, f PCMFormat, o Options) (Source, error) {
	if f.Encoding != "" || f.Format != (Format{}) {
		return PCM(r, f, o)
	}
	if f.Stream == "" {
		f.Stream = "stdin"
	}
	return newPump(&pcmSource{r: r, f: f, opts: o}), nil
}

// pcmSource is a player of raw samples, or of a file that comes through a pipe.
type pcmSource struct {
	r    io.Reader
	f    PCMFormat
	opts Options
	play *player

	bytes []byte
	done  uint64 // samples delivered
	err   error  // after done
}

func (s *pcmSource) Read(_ context.Context, b *Block) error {
	if s.play == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	return s.play.read(b)
}

func (s *pcmSource) open() error {
	if s.f.Encoding != "" {
		s.bytes = make([]byte, s.opts.frames(s.f.Format.Rate)*s.f.Format.Channels*s.f.Encoding.Bytes())
		s.play = newPlayer(s.f.Stream, s.f.Format, s.opts, s.decode)
		return nil
	}
	a, err := audio.NewReader(s.r, s.f.Stream)
	if errors.Is(err, audio.ErrFormat) {
		return fmt.Errorf("%w; %w", err, ErrNoFormat)
	}
	if err != nil {
		return err
	}
	s.play = newPlayer(s.f.Stream, Format{a.Rate, a.Channels}, s.opts, a.Read)
	return nil
}

// decode reads raw samples into dst: whole frames, or 0 and an error.
func (s *pcmSource) decode(dst []float32) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	size := s.f.Encoding.Bytes()
	frame := size * s.f.Format.Channels
	n, err := io.ReadFull(s.r, s.bytes[:len(dst)*size])
	rest := n % frame
	got := s.f.Encoding.Decode(dst, s.bytes[:n-rest])
	switch {
	case err == io.EOF:
		s.err = io.EOF
	case err == io.ErrUnexpectedEOF && rest == 0:
		s.err = io.EOF
	case err == io.ErrUnexpectedEOF:
		s.err = fmt.Errorf("%s: ends %d bytes into a frame of %d bytes, after sample %d: are format %s and %d channels right?",
			s.f.Stream, rest, frame, (s.done+uint64(got))/uint64(s.f.Format.Channels), s.f.Encoding, s.f.Format.Channels)
	case err != nil:
		s.err = fmt.Errorf("%s: %w", s.f.Stream, err)
	}
	got = s.checkFinite(dst[:got])
	s.done += uint64(got)
	if got > 0 {
		return got, nil
	}
	return 0, s.err
}

// checkFinite is the number of samples in whole frames before one that is not
// finite, which becomes err.
func (s *pcmSource) checkFinite(x []float32) int {
	for i, v := range x {
		if v-v != 0 {
			channels := uint64(s.f.Format.Channels)
			at := s.done + uint64(i)
			s.err = fmt.Errorf("%s: sample %d of channel %d is %v: samples must be finite; is format %s right?",
				s.f.Stream, at/channels, at%channels+1, v, s.f.Encoding)
			return i / int(channels) * int(channels)
		}
	}
	return len(x)
}

func (s *pcmSource) Close() error {
	if c, ok := s.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
