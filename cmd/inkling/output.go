package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go"
	"golang.org/x/term"

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

// output returns a sink of JSON lines, or on a terminal the view. A plain view has neither
// colours nor lines that are redrawn.
func (a *app) output(json, plain bool, rate float64) stream.Sink {
	if json || !terminal(a.rawOut) {
		if f, ok := a.data().(*os.File); ok && regular(f) {
			return stream.AppendTo(f, readable(f))
		}
		return stream.NewJSON(quitter{a.data()})
	}
	f := a.rawOut.(*os.File)
	columns := func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return width
	}
	plain = plain || os.Getenv("NO_COLOR") != ""
	return view.New(f, view.Options{Colour: !plain, Live: !plain, Width: 80, Columns: columns, Rate: rate})
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
