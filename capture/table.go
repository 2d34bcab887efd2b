package capture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"inkling/internal/table"
)

// TableOptions says how tables of signals (CSV, TSV) become samples.
type TableOptions struct {
	Columns  []string // names of the columns of tables without a header, in order; "-": ignored
	Signals  []string // columns that are channels, in this order; nil: all without another use
	Time     string   // column of times; "": found by the usual names; "-": none
	TimeUnit string   // s, ms, us, ns, min, h or d; dmy or mdy for dates such as 01/02/2026; "": found by name, or by what is plausible
	Label    string   // column of labels, which is not a channel; "": found by the usual names; "-": none

	// Without Signals: the channels to deliver, with their units; "" or nil: unknown. A
	// table whose header names them may have its columns in any order.
	Channels, Units []string

	Rate   float64 // samples per second of the grid; without times, of the rows; 0: unknown
	Bridge float64 // longest time between two values to interpolate over, in seconds, or in samples without Rate [five samples]
	Fill   float64 // gaps up to this long repeat the values before them; longer ones are left out

	// Notes, if set, is called with remarks about a stream, if there are any: at its
	// begin about how it is understood, at its end about gaps and missing values.
	Notes func(stream string, notes []string)
}

func (t *TableOptions) columns() *table.Options {
	return &table.Options{Columns: t.Columns, Signals: t.Signals, Time: t.Time, TimeUnit: t.TimeUnit, Label: t.Label,
		Want: t.Channels, WantUnits: t.Units, Rate: t.Rate}
}

// IsTable reports whether name, by its ending, is a table, or several joined by time
// (a.csv+b.csv).
func IsTable(name string) bool { return table.IsTable(name) }

// TableFiles plays tables one after another. Each is a stream named as its table, on an
// even grid of Rate samples per second: the same one, to the bit, as that of training
// data. Where rows are missing Offset jumps. An error comes after what was good.
func TableFiles(o Options, t TableOptions, names ...string) Source {
	return newFileList(names, table.Files, func(name string, hold func(io.Closer) error) (player, error) {
		open := func(path string) (io.ReadCloser, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			if err := hold(f); err != nil {
				return nil, err
			}
			return f, nil
		}
		columns := t.columns()
		columns.Live = !regular(table.Files(name))
		rows, _, err := table.Open(open, name, columns)
		if err != nil {
			return nil, err
		}
		return newGridPlayer(rows, name, &t, o.frames(Format{Rate: t.Rate}), columns.Live)
	})
}

// regular reports whether all paths are regular files, or none.
func regular(paths []string) bool {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// Table plays the rows of a table as they arrive from r. Every row that completes
// samples becomes a block. A line that is no row is left out, and reported as a [Fault]: the
// first of several in turn, and then those whose number is a power of two. Where the header
// comes again, or times step back, Offset begins anew. Close closes r if it is an io.Closer.
func Table(r io.Reader, stream string, t TableOptions) Source {
	return newReader(r, func() (player, error) {
		columns := t.columns()
		columns.Live = true
		rows, err := table.NewReader(r, stream, columns)
		if err != nil {
			return nil, err
		}
		return newGridPlayer(rows, stream, &t, 1, true)
	})
}

// A gridPlayer puts rows on a grid and yields its samples as blocks.
type gridPlayer struct {
	rows    table.Rows
	samples *table.Sampler
	stream  string
	format  Format
	unit    string    // of the grid's times
	start   time.Time // time of day of sample 0; zero: unknown
	notes   func(stream string, notes []string)
	size    int // samples per channel that a block waits for

	live   bool   // a bad line does not end the rows
	bad    int    // bad lines
	badRun int    // bad lines in turn
	fault  *Fault // to be delivered

	row  table.Row
	err  error
	done bool // the block that is Done has been delivered
}

func newGridPlayer(rows table.Rows, stream string, t *TableOptions, size int, live bool) (player, error) {
	h := rows.Head()
	g := table.GridOptions{Rate: t.Rate, Bridge: t.Bridge, Fill: t.Fill}
	p := &gridPlayer{rows: rows, stream: stream, format: Format{t.Rate, len(h.Names)}, unit: "s", size: size, live: live, notes: t.Notes}
	scale := 1.0
	switch {
	case len(h.Names) == 0:
		return nil, fmt.Errorf("%s: each row holds the value of one channel, but the channels are not known: list them in TableOptions.Signals", stream)
	case h.Timed && t.Rate == 0:
		return nil, fmt.Errorf("%s: the rows have times, but the rate is not known: set TableOptions.Rate, or TableOptions.Time to %q to make each row a sample", stream, table.None)
	case t.Rate > table.MostRate:
		return nil, fmt.Errorf("%s: rate %v is too high for a table: set TableOptions.Rate to at most %g samples per second", stream, t.Rate, table.MostRate)
	case h.Timed:
		p.start = rows.Start()
	default:
		if g = g.Untimed(); t.Rate > 0 {
			scale = 1 / t.Rate
		} else {
			p.unit = "samples"
		}
	}
	p.samples = table.NewSampler(len(h.Names), g, scale)
	if notes := rows.Notes(); len(notes) > 0 && p.notes != nil {
		p.notes(stream, notes)
	}
	return p, nil
}

// read fills b with the next run, or with as much of it as has been read.
func (p *gridPlayer) read(b *Block) error {
	for p.err == nil && p.fault == nil && p.samples.Runs() < 2 && !p.full() {
		p.readRow()
	}
	if p.fault != nil {
		*b = Block{Stream: p.stream, Format: p.format, Offset: p.samples.Next(), Fault: p.fault}
		p.fault = nil
		return nil
	}
	left := p.samples.Runs()
	switch {
	case left == 0 && p.done:
		return p.err
	case left == 0:
		*b = Block{Stream: p.stream, Format: p.format, Offset: p.samples.Next()}
	default:
		r := p.samples.Take()
		*b = Block{Stream: p.stream, Format: p.format, Offset: r.Offset, Samples: r.Samples}
	}
	p.done = left == 0 || p.err != nil && left == 1
	b.Done = p.done
	if !p.start.IsZero() {
		b.Clock = SensorTime
		b.Time = p.start.Add(time.Duration(float64(b.Offset) / p.format.Rate * 1e9))
	}
	return nil
}

// full reports whether the next run fills a block.
func (p *gridPlayer) full() bool {
	return p.samples.Runs() > 0 && len(p.samples.Run().Samples) >= p.size*p.format.Channels
}

// readRow adds a row to the grid; at the end of the rows it sets err.
func (p *gridPlayer) readRow() {
	err := p.rows.Read(&p.row)
	switch {
	case err == nil:
		if p.badRun = 0; p.row.Anew {
			p.begin()
		}
		p.samples.Push(&p.row)
	case p.live && isLine(err):
		p.leaveOut(err)
	default:
		p.err = err
		p.end()
	}
}

// isLine reports whether the lines after the one of err can be read.
func isLine(err error) bool {
	var line *table.LineError
	return errors.As(err, &line)
}

// leaveOut counts a line that is no row.
func (p *gridPlayer) leaveOut(err error) {
	p.bad++
	if p.badRun++; p.badRun&(p.badRun-1) == 0 {
		p.fault = &Fault{Down, fmt.Sprintf("line left out (%d so far): %v", p.bad, err)}
	}
}

// begin begins the samples anew.
func (p *gridPlayer) begin() {
	p.samples.Anew(p.stream)
	if !p.start.IsZero() {
		p.start = p.rows.Start()
	}
}

// end tells what was done to the rows.
func (p *gridPlayer) end() {
	p.samples.Flush(p.stream)
	names, sum := p.rows.Head().Names, p.samples.Stats()
	if sum.Samples == 0 && p.err == io.EOF {
		p.err = fmt.Errorf("%s: no sample has a value in every channel (%s): list in TableOptions.Signals those that have values", p.stream, strings.Join(names, ", "))
	}
	notes := sum.Notes(names, p.unit)
	if p.bad > 0 {
		notes = append(notes, fmt.Sprintf("lines that are no rows, left out: %d", p.bad))
	}
	if p.notes != nil && len(notes) > 0 {
		p.notes(p.stream, notes)
	}
}
