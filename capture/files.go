package capture

import (
	"context"
	"io"
	"os"
	"sync"
)

// A player yields the blocks of one stream. The last one is Done; after it read
// returns io.EOF, or the error that cut the stream short.
type player interface{ read(b *Block) error }

// fileList plays files one after another, each as a stream of its own. An error ends
// it; what was read before the error has been delivered by then.
type fileList struct {
	all     []string
	names   []string // not opened yet
	open    openFunc
	play    player // of the open file; nil: none is open
	err     error  // io.EOF at the end
	at      place  // of the next Read, if tracked
	tracked bool

	mu     sync.Mutex // guards opened and closed
	opened []io.Closer
	closed bool
}

// An openFunc opens a file and passes it, and whatever else Close has to close, to
// hold. If the source has been closed meanwhile hold closes it and returns
// os.ErrClosed.
type openFunc func(name string, hold func(io.Closer) error) (player, error)

// newFileList returns a source of the named files. If one of them is a pipe or a
// device, which may keep Read waiting, the files are read in a goroutine. parts
// returns the paths that a name stands for.
func newFileList(names []string, parts func(name string) []string, open openFunc) Source {
	s := &fileList{all: names, names: names, open: open}
	for _, name := range names {
		for _, path := range parts(name) {
			if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
				return newPrefetch(s)
			}
		}
	}
	return s
}

// onePath is the parts of a name that is a path.
func onePath(name string) []string { return []string{name} }

func (s *fileList) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.unlessClosed(nil); err != nil {
		return err
	}
	for s.err == nil {
		switch {
		case s.play != nil:
			err := s.play.read(b)
			if err == nil {
				if s.tracked {
					s.at.add(b)
				}
				return nil
			}
			s.end(err)
		case len(s.names) == 0:
			s.err = io.EOF
		default:
			name := s.names[0]
			s.names = s.names[1:]
			var err error
			if s.play, err = s.open(name, s.hold); err != nil {
				s.end(err)
			}
		}
	}
	return s.unlessClosed(s.err)
}

// end leaves the open file, whose stream ended with err.
func (s *fileList) end(err error) {
	s.play = nil
	closing := s.closeFiles()
	if err == io.EOF {
		s.at.next()
		err = closing
	}
	s.err = err
}

func (s *fileList) hold(c io.Closer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return os.ErrClosed
	}
	s.opened = append(s.opened, c)
	return nil
}

// unlessClosed returns err or, if the source is closed, which may have caused err,
// os.ErrClosed.
func (s *fileList) unlessClosed(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	return err
}

// closeFiles closes what is open and returns the first error.
func (s *fileList) closeFiles() (first error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.opened {
		if err := c.Close(); first == nil {
			first = err
		}
	}
	s.opened = s.opened[:0]
	return first
}

// Close implements Source. Files are only read, so that errors of closing them do not
// matter.
func (s *fileList) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.closeFiles()
	return nil
}

// oneStream is a source of one stream, which open begins at the first Read.
type oneStream struct {
	open  func() (player, error)
	play  player
	input any // closed by Close if it is an io.Closer
}

// newReader returns a source of the stream that open finds in r. A goroutine reads r,
// as a Read of r cannot be cancelled.
func newReader(r io.Reader, open func() (player, error)) Source {
	return newPrefetch(&oneStream{open: open, input: r})
}

func (s *oneStream) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.play == nil {
		var err error
		if s.play, err = s.open(); err != nil {
			return err
		}
	}
	return s.play.read(b)
}

func (s *oneStream) Close() error {
	if c, ok := s.input.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
