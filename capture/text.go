package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"
)

// Text reads UTF-8 from r until it ends: a sample a character, its code point, one
// channel, no rate. Blocks come as r gives them, so what is typed is there with its
// line. A byte that is no UTF-8 is an error, after what came before it; a mark of byte
// order at the begin is left out. Close closes r if it can be closed.
func Text(r io.Reader, stream string) Source {
	return newPump(&textSource{r: r, stream: stream})
}

// TextFiles reads files of UTF-8 one after another; each is a stream of its path's name
// that ends with a block that is Done.
func TextFiles(paths ...string) Source { return newPump(&textFiles{paths: paths}) }

// textBytes is the most that is read at once.
const textBytes = 4096

type textSource struct {
	r            io.Reader
	stream       string
	bytes        []byte // read, not yet decoded: at most a part of a character
	samples      []float32
	offset       uint64
	line, column int // of the next character, less one
	err          error
}

func (s *textSource) Read(_ context.Context, b *Block) error {
	if s.err != nil {
		return s.err
	}
	s.samples = s.samples[:0]
	for len(s.samples) == 0 && s.err == nil {
		have := len(s.bytes)
		s.bytes = slices.Grow(s.bytes, textBytes)
		n, err := s.r.Read(s.bytes[have : have+textBytes])
		s.bytes = s.bytes[:have+n]
		if err != nil && err != io.EOF {
			err = fmt.Errorf("%s: %w", s.stream, err)
		}
		s.err = err
		s.decode(err != nil)
	}
	*b = Block{Stream: s.stream, Format: Format{Channels: 1}, Offset: s.offset, Samples: s.samples, Done: s.err != nil}
	s.offset += uint64(len(s.samples))
	return nil
}

// decode makes samples of the characters in bytes; the last one may be incomplete
// unless the input has ended.
func (s *textSource) decode(ended bool) {
	rest := s.bytes
	for len(rest) > 0 && (ended || utf8.FullRune(rest)) {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			s.err = fmt.Errorf("%s:%d: column %d: the byte %#02x is no UTF-8: convert the text, for example with iconv -f WINDOWS-1252 -t UTF-8",
				s.stream, s.line+1, s.column+1, rest[0])
			break
		}
		rest = rest[size:]
		if r == '\ufeff' && s.line+s.column == 0 && s.offset == 0 && len(s.samples) == 0 {
			continue
		}
		s.samples = append(s.samples, float32(r))
		s.column++
		if r == '\n' {
			s.line, s.column = s.line+1, 0
		}
	}
	s.bytes = s.bytes[:copy(s.bytes, rest)]
}

func (s *textSource) Close() error {
	if c, ok := s.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// textFiles is a textSource a path.
type textFiles struct {
	paths  []string
	now    *textSource
	mu     sync.Mutex // guards file and closed
	file   *os.File
	closed bool
}

func (s *textFiles) Read(ctx context.Context, b *Block) error {
	for {
		if s.now == nil {
			if len(s.paths) == 0 {
				return io.EOF
			}
			if err := s.open(s.paths[0]); err != nil {
				return err
			}
			s.paths = s.paths[1:]
		}
		err := s.now.Read(ctx, b)
		if !errors.Is(err, io.EOF) {
			return err
		}
		s.now = nil
		s.file.Close()
	}
}

func (s *textFiles) open(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		f.Close()
		return os.ErrClosed
	}
	s.file, s.now = f, &textSource{r: f, stream: path}
	return nil
}

func (s *textFiles) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.file != nil {
		s.file.Close()
	}
	return nil
}
