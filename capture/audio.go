package capture

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"inkling/internal/audio"
	"inkling/internal/wfdb"
)

// Options configures sources of audio and of WFDB records.
type Options struct {
	Block time.Duration // length of a block [20 ms]; a block holds at least one sample per channel
	Leads []string      // leads of WFDB records to read, by name or by number from 1 on [all]
}

// mostValues is the greatest number of values of a block of several samples.
const mostValues = 1 << 20

// frames returns the number of samples per channel in a block.
func (o Options) frames(f Format) int {
	d := o.Block
	if d <= 0 {
		d = 20 * time.Millisecond
	}
	return int(max(min(math.Round(f.Rate*d.Seconds()), float64(mostValues/max(f.Channels, 1))), 1))
}

// Files plays WAV, FLAC and MP3 files, which may be compressed by gzip, and WFDB
// records, named by their header (NAME.hea), one after another and as fast as they
// are read. Each is a stream named by its path. If a file is cut off or damaged, the
// samples before the damage are delivered, and the Read after them returns the error.
func Files(o Options, paths ...string) Source {
	return newFileList(paths, onePath, func(path string, hold func(io.Closer) error) (player, error) {
		if strings.EqualFold(filepath.Ext(path), ".hea") {
			return openRecord(path, o, hold)
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		if err := hold(f); err != nil {
			return nil, err
		}
		r, err := audio.NewFileReader(f, path)
		if err != nil {
			return nil, err
		}
		if err := hold(r); err != nil {
			return nil, err
		}
		return newChunks(path, Format{r.Rate, r.Channels}, o, r.Read), nil
	})
}

func openRecord(path string, o Options, hold func(io.Closer) error) (player, error) {
	dir, name := filepath.Split(path)
	r, err := wfdb.Open(os.DirFS(filepath.Clean(dir+".")), name, o.Leads)
	if err != nil {
		return nil, err
	}
	if err := hold(r); err != nil {
		return nil, err
	}
	return newChunks(path, Format{r.Header.Rate, len(r.Leads)}, o, r.Read), nil
}

// Audio reads one stream from r: raw samples if f names their encoding, as PCM does,
// else a WAV, FLAC or MP3 file, recognised by its first bytes. Close closes r if it
// is an io.Closer.
func Audio(r io.Reader, f PCMFormat, o Options) (Source, error) {
	if f.Encoding != "" || f.Format != (Format{}) {
		return PCM(r, f, o)
	}
	f.name()
	return newReader(r, func() (player, error) {
		a, err := audio.NewFileReader(r, f.Stream)
		if errors.Is(err, audio.ErrFormat) {
			return nil, fmt.Errorf("%w; %w", err, ErrNoFormat)
		}
		if err != nil {
			return nil, err
		}
		return newChunks(f.Stream, Format{a.Rate, a.Channels}, o, a.Read), nil
	}), nil
}

// Func plays one stream that read generates. read fills dst with whole samples of all
// channels and returns the number of values; at the end it returns 0 and io.EOF.
func Func(stream string, f Format, o Options, read func(dst []float32) (int, error)) Source {
	return &oneStream{play: newChunks(stream, f, o, read)}
}

// chunks cuts the samples that fill writes into blocks.
type chunks struct {
	stream string
	format Format
	buf    []float32
	offset uint64
	fill   func(dst []float32) (int, error)
	err    error
}

func newChunks(stream string, f Format, o Options, fill func(dst []float32) (int, error)) *chunks {
	return &chunks{stream: stream, format: f, buf: make([]float32, o.frames(f)*f.Channels), fill: fill}
}

func (c *chunks) read(b *Block) error {
	if c.err != nil {
		return c.err
	}
	n := 0
	for n < len(c.buf) && c.err == nil {
		var m int
		m, c.err = c.fill(c.buf[n:])
		n += m
	}
	*b = Block{Stream: c.stream, Format: c.format, Offset: c.offset, Samples: c.buf[:n], Done: c.err != nil}
	c.offset += uint64(n / c.format.Channels)
	return nil
}
