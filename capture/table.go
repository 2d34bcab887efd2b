package capture

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"inkling/internal/table"
)

// TableOptions say how tables of signals (CSV, TSV) become samples.
type TableOptions struct {
	table.Options
	Rate   float64 // samples a second of the grid; of a table without times, what its rows are taken for, 0: unknown
	Bridge float64 // as of table.GridOptions, in seconds, or samples without Rate
	Fill   float64
	Notes  func(stream string, notes []string) // at a stream's end, where there are any
}

// IsTable tells by its name whether a file is a table, or several joined (a.csv+b.csv).
func IsTable(name string) bool { return table.IsTable(name) }

// TableFiles plays tables one after another, each a stream of its name, on the grid
// that dataset.Open puts them on at this rate, to the bit. Where rows are missing the
// offset jumps. An error comes after what was good.
func TableFiles(o Options, t TableOptions, names ...string) Source {
	s := &tableFiles{opts: o, t: t, names: names}
	for _, n := range names {
		for _, f := range table.Files(n) {
			if info, err := os.Stat(f); err == nil && !info.Mode().IsRegular() {
				return newPump(s) // a pipe may keep Read waiting
			}
		}
	}
	return s
}

// Table plays the rows of r as they arrive: every row that settles samples is a block.
func Table(r io.Reader, stream string, t TableOptions) Source {
	return newPump(&tableReader{r: r, stream: stream, t: t})
}

// tableReader is one stream that comes through a pipe.
type tableReader struct {
	r      io.Reader
	stream string
	t      TableOptions
	play   *tablePlayer
}

func (s *tableReader) Read(_ context.Context, b *Block) error {
	if s.play == nil {
		rows, err := table.NewReader(s.r, s.stream, &s.t.Options)
		if err != nil {
			return err
		}
		if s.play, err = newTablePlayer(rows, s.stream, &s.t, 1); err != nil {
			return err
		}
	}
	return s.play.read(b)
}

func (s *tableReader) Close() error {
	if c, ok := s.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

type tableFiles struct {
	opts   Options
	t      TableOptions
	names  []string
	next   int
	play   *tablePlayer
	mu     sync.Mutex // guards opened and closed
	opened []io.Closer
	closed bool
}

func (s *tableFiles) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for {
		if err := s.unlessClosed(nil); err != nil {
			return err
		}
		if s.play == nil {
			if s.next == len(s.names) {
				return io.EOF
			}
			if err := s.open(s.names[s.next]); err != nil {
				return s.unlessClosed(err)
			}
			s.next++
		}
		err := s.play.read(b)
		if err == nil {
			return nil
		}
		s.play = nil
		s.closeFiles()
		if err != io.EOF {
			return s.unlessClosed(err)
		}
	}
}

func (s *tableFiles) open(name string) error {
	rows, _, err := table.Open(s.openFile, name, &s.t.Options)
	if err != nil {
		return err
	}
	s.play, err = newTablePlayer(rows, name, &s.t, s.opts.frames(s.t.Rate))
	return err
}

func (s *tableFiles) openFile(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		f.Close()
		return nil, os.ErrClosed
	}
	s.opened = append(s.opened, f)
	return f, nil
}

func (s *tableFiles) unlessClosed(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	return err
}

func (s *tableFiles) closeFiles() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.opened {
		f.Close()
	}
	s.opened = nil
}

func (s *tableFiles) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.closeFiles()
	return nil
}

// A tablePlayer makes blocks of one stream's rows.
type tablePlayer struct {
	rows   table.Rows
	grid   *table.Grid
	stream string
	format Format
	unit   string // of the grid's times
	scale  float64
	start  time.Time // time of day of sample 0; zero: unknown
	notes  func(stream string, notes []string)
	size   int // samples a channel that a block waits for

	row   table.Row
	runs  []run // read, not given yet, from given on
	given int
	next  uint64 // sample after the last
	err   error
	told  bool // the block that is Done was given
}

// A run is samples without a gap.
type run struct {
	offset  uint64
	samples []float32
}

func newTablePlayer(rows table.Rows, stream string, t *TableOptions, size int) (*tablePlayer, error) {
	h := rows.Head()
	g := table.GridOptions{Rate: t.Rate, Bridge: t.Bridge, Fill: t.Fill}
	p := &tablePlayer{rows: rows, stream: stream, format: Format{t.Rate, len(h.Names)}, unit: "s", scale: 1, size: size, notes: t.Notes}
	switch {
	case len(h.Names) == 0:
		return nil, fmt.Errorf("%s: a row holds one channel's value, and nobody says which channels there are: name them with --signals", stream)
	case h.Timed && t.Rate == 0:
		return nil, fmt.Errorf("%s: the rows have times, but it is not known at what rate to take samples: give --rate, or --columns time=- to take each row as a sample", stream)
	case t.Rate > table.MostRate:
		return nil, fmt.Errorf("%s: %v samples a second are more than a table can have: give a rate up to %g", stream, t.Rate, table.MostRate)
	case h.Timed:
		p.start = rows.Start()
	default:
		if g = g.Untimed(); t.Rate > 0 {
			p.scale = 1 / t.Rate
		} else {
			p.unit = "samples"
		}
	}
	p.grid = table.NewGrid(len(h.Names), g, p.take)
	return p, nil
}

// take keeps a sample of the grid.
func (p *tablePlayer) take(k int64, frame []float32, _ int32) {
	n := len(p.runs)
	if n == 0 || uint64(k) != p.next {
		if n < cap(p.runs) {
			p.runs = p.runs[:n+1] // with its memory
		} else {
			p.runs = append(p.runs, run{})
		}
		p.runs[n].offset, p.runs[n].samples = uint64(k), p.runs[n].samples[:0]
	}
	r := &p.runs[len(p.runs)-1]
	r.samples = append(r.samples, frame...)
	p.next = uint64(k) + 1
}

// read fills b with the next run, or a part of it. The last block is Done; the Read
// after it is its error.
func (p *tablePlayer) read(b *Block) error {
	if p.given == len(p.runs) {
		p.runs, p.given = p.runs[:0], 0
	}
	for p.err == nil && len(p.runs)-p.given < 2 && !p.full() {
		p.pull()
	}
	left := len(p.runs) - p.given
	if left == 0 {
		if p.told {
			return p.err
		}
		p.told = true
		*b = Block{Stream: p.stream, Format: p.format, Offset: p.next, Done: true}
		return nil
	}
	r := &p.runs[p.given]
	p.given++
	p.told = p.err != nil && left == 1
	*b = Block{Stream: p.stream, Format: p.format, Offset: r.offset, Samples: r.samples, Done: p.told}
	if !p.start.IsZero() {
		b.Time = p.start.Add(time.Duration(float64(r.offset) / p.format.Rate * 1e9))
	}
	return nil
}

// full tells whether a block's samples are there.
func (p *tablePlayer) full() bool {
	return len(p.runs) > p.given && len(p.runs[p.given].samples) >= p.size*p.format.Channels
}

// pull takes a row, or what ends them.
func (p *tablePlayer) pull() {
	if p.err = p.rows.Read(&p.row); p.err == nil {
		p.grid.Push(&p.row, -1)
		return
	}
	p.grid.Flush()
	st := *p.grid.Stats()
	if st.Samples == 0 && p.err == io.EOF {
		p.err = fmt.Errorf("%s: no sample has a value in every channel (%s): leave out the empty ones (--signals names those to take)", p.stream, strings.Join(p.rows.Head().Names, ", "))
	}
	if p.notes != nil {
		var sum table.Stats
		sum.Add(&st, p.stream)
		sum.Longest.Seconds *= p.scale
		if notes := sum.Notes(p.rows.Head().Names, p.unit); len(notes) > 0 {
			p.notes(p.stream, notes)
		}
	}
}
