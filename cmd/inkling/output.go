package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"golang.org/x/term"

	"inkling/model"
	"inkling/stream"
	"inkling/stream/natsio"
	"inkling/stream/view"
)

// sinks opens the sinks of --to.
func (c *runCmd) sinks(a *app, connect func() (*nats.Conn, error)) (sinks []stream.Sink, prefix string, err error) {
	for _, to := range c.To {
		if name, ok := strings.CutPrefix(to, "file:"); ok {
			f, err := stream.OpenJSON(name)
			if err != nil {
				return nil, "", err
			}
			if n := f.Cut(); n > 0 {
				a.logf("%s: the last line has no end, its %d bytes are cut off", name, n)
			}
			sinks = append(sinks, f)
			continue
		}
		p, ok := strings.CutPrefix(to, "nats:")
		if !ok && to != "nats" {
			return nil, "", usagef("--to %s: give nats:PREFIX or file:PATH", to)
		}
		if p == "nats" || p == "" {
			p = natsio.DefaultPrefix
		}
		nc, err := connect()
		if err != nil {
			return nil, "", err
		}
		var s stream.Sink
		if s, err = natsio.NewSink(nc, p); err != nil {
			return nil, "", usageError{err}
		}
		if s, err = c.spilled(s, p); err != nil {
			return nil, "", err
		}
		sinks, prefix = append(sinks, s), p
	}
	if c.Spill != "" && prefix == "" {
		return nil, "", usagef("--spill %s: it keeps what NATS has not taken: give --to nats:PREFIX, or leave it out", c.Spill)
	}
	return sinks, prefix, nil
}

// spilled returns s with its folder in that of --spill, if there is one.
func (c *runCmd) spilled(s stream.Sink, prefix string) (stream.Sink, error) {
	if c.Spill == "" {
		return s, nil
	}
	if c.SpillMax < 1<<20 {
		return nil, usagef("--spill-max %d: give 1MB or more", c.SpillMax)
	}
	return stream.Spill(s, stream.SpillOptions{Dir: filepath.Join(c.Spill, "nats-"+url.PathEscape(prefix)), Max: int64(c.SpillMax)})
}

// A shown is how a run is shown on standard output: a sink, and what shows more than events.
// The sink is a field, since an embedded one would hide what it can do besides, as to go on
// from a position.
type shown struct {
	sink  stream.Sink                    // nil: there is nothing here to show it on
	tap   func(stream string) stream.Tap // nil: none
	close func()                         // gives the terminal back, at any time
}

// output shows the events of a run: as JSON lines, or on a terminal as a screen, or in plain
// lines without colours of which none is redrawn. source is what of the run's standard input
// may be.
func (a *app) output(json, plain bool, m *model.Model, rate float64, source ...string) shown {
	if json || !terminal(a.rawOut) {
		if f, ok := a.data().(*os.File); ok && regular(f) {
			return shown{sink: stream.AppendTo(f, readable(f))}
		}
		return shown{sink: stream.NewJSON(quitter{a.data()})}
	}
	f := a.rawOut.(*os.File)
	plain = plain || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	if !plain {
		if s := a.screen(f, m, rate, slices.Contains(source, "-")); s.sink != nil {
			return s
		}
	}
	columns := func() int { return columnsOf(f, 0) }
	return shown{sink: view.New(f, view.Options{Colour: !plain, Live: !plain, Width: 80, Columns: columns, Rate: rate})}
}

// columnsOf returns the width of a terminal, or what stands for it if it does not say it.
func columnsOf(f *os.File, otherwise int) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return otherwise
	}
	return width
}

// with shows a run with these options.
func (s *shown) with(o *stream.RunOptions) {
	if s.tap != nil {
		o.Probs = true
		o.Taps = append(o.Taps, s.tap)
	}
}

// end gives the terminal back.
func (s *shown) end() {
	if s.close != nil {
		s.close()
	}
}

// diverted writes to w, or has something else write the lines that would garble what is
// drawn on the same terminal.
type diverted struct {
	w  io.Writer
	mu sync.Mutex
	to func(lines string) // nil: to w
}

func (d *diverted) Write(lines []byte) (int, error) {
	d.mu.Lock()
	to := d.to
	d.mu.Unlock()
	if to == nil {
		return d.w.Write(lines)
	}
	to(string(lines))
	return len(lines), nil
}

// divert has to write the lines until undo is called, if w is a terminal.
func (d *diverted) divert(to func(lines string)) (undo func()) {
	set := func(to func(string)) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.to = to
	}
	if terminal(d.w) {
		set(to)
	}
	return func() { set(nil) }
}

// quitter reports a closed pipe (inkling run … | head) in plain words.
type quitter struct{ io.Writer }

func (q quitter) Write(p []byte) (int, error) {
	n, err := q.Writer.Write(p)
	if errors.Is(err, os.ErrClosed) || err != nil && strings.Contains(err.Error(), "broken pipe") {
		err = errors.New("standard output was closed")
	}
	return n, err
}

// regular reports whether f is a file, and no pipe or device.
func regular(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// readable returns a reader of what f, which may be open for writing alone, has; nil if the
// system has no name for it.
func readable(f *os.File) io.ReaderAt {
	again, err := os.Open(fmt.Sprintf("/dev/fd/%d", f.Fd()))
	if err != nil {
		return nil
	}
	one, err := f.Stat()
	if err == nil {
		var other os.FileInfo
		if other, err = again.Stat(); err == nil && os.SameFile(one, other) {
			return again
		}
	}
	again.Close()
	return nil
}
