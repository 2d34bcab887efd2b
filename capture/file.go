package capture

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"inkling/internal/audio"
	"inkling/internal/wfdb"
)

// Options of the sources of this package.
type Options struct {
	Block time.Duration // length of a block, at least one sample a channel [20 ms]
	Leads []string      // of WFDB records, by name or number from 1 on [all]
}

// frames is the number of samples per channel in a block.
func (o Options) frames(rate float64) int {
	d := o.Block
	if d <= 0 {
		d = 20 * time.Millisecond
	}
	return int(min(max(math.Round(rate*d.Seconds()), 1), 1<<20))
}

// File plays WAV, FLAC and MP3 files, with gzip or without, and WFDB records, named by
// their headers (NAME.hea), one after another, as fast as they are
// read. Each is a stream of its path's name. At a file's end comes a block that
// is Done; if the file is cut off or damaged, what was good is delivered so,
// and the next Read is the error.
func File(o Options, paths ...string) Source {
	s := &fileSource{opts: o, paths: paths}
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil && !info.Mode().IsRegular() {
			return newPump(s) // a pipe or a device may keep Read waiting
		}
	}
	return s
}

type fileSource struct {
	opts   Options
	paths  []string
	next   int // in paths
	play   *player
	mu     sync.Mutex // guards file and closed
	file   io.Closer
	closed bool
}

func (s *fileSource) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.unlessClosed(nil); err != nil {
		return err
	}
	for {
		if s.play == nil {
			if s.next == len(s.paths) {
				return s.unlessClosed(io.EOF)
			}
			if err := s.open(s.paths[s.next]); err != nil {
				return s.unlessClosed(err)
			}
			s.next++
		}
		err := s.play.read(b)
		if err == nil {
			return nil
		}
		s.play = nil
		if err := s.closeFile(); err != nil {
			return err
		}
		if err != io.EOF {
			return s.unlessClosed(err)
		}
	}
}

func (s *fileSource) open(path string) error {
	if strings.EqualFold(filepath.Ext(path), ".hea") {
		return s.openRecord(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file = f; s.closed {
		f.Close()
		return os.ErrClosed
	}
	r, err := audio.NewReader(f, path)
	if err != nil {
		return err
	}
	s.play = newPlayer(path, Format{r.Rate, r.Channels}, s.opts, r.Read)
	return nil
}

func (s *fileSource) openRecord(path string) error {
	dir, name := filepath.Split(path)
	r, err := wfdb.Open(os.DirFS(filepath.Clean(dir+".")), name, s.opts.Leads)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file = r; s.closed {
		r.Close()
		return os.ErrClosed
	}
	s.play = newPlayer(path, Format{r.Header.Rate, len(r.Leads)}, s.opts, r.Read)
	return nil
}

// unlessClosed is err, or that the source is closed, which may have caused it.
func (s *fileSource) unlessClosed(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	return err
}

func (s *fileSource) closeFile() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	return s.file.Close()
}

func (s *fileSource) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.file != nil {
		s.file.Close()
	}
	return nil
}

// A player cuts what read gives into blocks. read fills dst with whole frames
// as audio.Reader does.
type player struct {
	stream string
	format Format
	buf    []float32
	offset uint64
	fill   func(dst []float32) (int, error)
	err    error
}

func newPlayer(stream string, f Format, o Options, read func([]float32) (int, error)) *player {
	return &player{stream: stream, format: f, buf: make([]float32, o.frames(f.Rate)*f.Channels), fill: read}
}

// read fills b. The last block is Done; the Read after it is its error.
func (p *player) read(b *Block) error {
	if p.err != nil {
		return p.err
	}
	n := 0
	for n < len(p.buf) && p.err == nil {
		var m int
		m, p.err = p.fill(p.buf[n:])
		n += m
	}
	*b = Block{Stream: p.stream, Format: p.format, Offset: p.offset, Samples: p.buf[:n], Done: p.err != nil}
	p.offset += uint64(n / p.format.Channels)
	return nil
}

// Func plays one stream of what read gives, which fills dst with whole samples of
// all channels and returns how many values that was; at the end 0 and io.EOF.
func Func(stream string, f Format, o Options, read func(dst []float32) (int, error)) Source {
	return &funcSource{newPlayer(stream, f, o, read)}
}

type funcSource struct{ play *player }

func (s *funcSource) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.play.read(b)
}

func (s *funcSource) Close() error { return nil }

// checkFormat tells what is wrong with the format of raw samples.
func checkFormat(f Format) error {
	if !(f.Rate > 0) || math.IsInf(f.Rate, 0) || f.Channels < 1 || f.Channels > math.MaxUint16 {
		return fmt.Errorf("raw samples at %v Hz in %d channels: the rate must be positive, the channels 1 or more", f.Rate, f.Channels)
	}
	return nil
}
