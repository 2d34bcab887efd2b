package main

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"inkling/capture"
	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/stream"
	"inkling/stream/keep"
	"inkling/stream/report"
	"inkling/stream/web"
)

// correctFlags say where corrections go.
type correctFlags struct {
	Corrections string `help:"With --http: segments that are corrected on the page become examples in this folder, which train reads [with --keep the folder corrected in it]." placeholder:"DIR"`
}

// keep has the page keep corrections where the flags say; kept is --keep.
func (f *correctFlags) keep(s *web.Setup, kept string) {
	dir := f.Corrections
	if dir == "" && kept != "" {
		dir = keep.CorrectedDir(kept)
	}
	if dir == "" {
		return
	}
	s.Correct = func(c web.Correction) (string, error) {
		if c.Label == "" {
			_, err := keep.Undo(dir, keep.Clip{Session: c.Session, Stream: c.Stream, Segment: c.Segment})
			return dir, err
		}
		m, _ := s.Now()
		e := keep.Example{Label: c.Label, Told: c.Told, P: c.P, Time: time.Now(), Session: c.Session, Stream: c.Stream, Segment: c.Segment, At: c.Start, Model: m.Hash()}
		return keep.Correct(dir, e, capture.Format{Rate: c.Rate, Channels: c.Channels}, c.Samples)
	}
}

// shown returns options with what the page needs to see of a stream, if there is a page.
func (v *vitals) shown(o *stream.Options) *stream.Options {
	if v.page == nil {
		return o
	}
	all := *o
	all.Probs, all.Aside = true, true
	return &all
}

// show has the page, if there is one, show what a run does.
func (s *session) show(v *vitals, name string, setup web.Setup) {
	if v.page == nil {
		return
	}
	s.options.Options = *v.shown(&s.options.Options)
	s.sinks = append(s.sinks, showRun(v.page, name, setup, s.options))
}

// showRun has a page show a run with these options, and returns the sink that tells it of
// events.
func showRun(page *web.Page, name string, setup web.Setup, o *stream.RunOptions) stream.Sink {
	p := page.Pipeline(name, setup)
	o.Taps = append(o.Taps, p.Tap)
	o.Meter = p.Metered(o.Meter)
	return p
}

// A choice is the model and the options that streams go on with, which may change.
type choice struct {
	turn stream.Switch

	mu      sync.Mutex // guards what follows
	model   *model.Model
	options *stream.Options
}

// now returns the model and the options that a run begins with.
func (c *choice) now() (*model.Model, *stream.Options) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.model, c.options
}

// A current is what the streams of a run go on with: at first what the command line says,
// then what the page has saved.
type current struct {
	choice
	path string // of the model
}

// save writes a model with other thresholds, and has the streams go on with it.
func (c *current) save(m *model.Model, o *stream.Options) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := atomicfile.WriteFile(c.path, m.Save); err != nil {
		return "", err
	}
	if err := c.turn.To(m, o); err != nil {
		return "", err
	}
	c.model, c.options = m, o
	return c.path, nil
}

// setup returns what the page may do with a run.
func (c *current) setup(f *correctFlags, kept string) web.Setup {
	s := web.Setup{Now: c.now, Hint: pageHint, Network: drawn}
	f.keep(&s, kept)
	if c.path != bundledNotes {
		s.Save = c.save
	}
	return s
}

// drawn draws a model for the page.
func drawn(m *model.Model) ([]byte, error) {
	var b bytes.Buffer
	err := report.WriteNetwork(&b, m)
	return b.Bytes(), err
}

// pageHint says how what the page cannot do comes to be.
func pageHint(what string) string {
	if what == "save" {
		return bundledNotes + " cannot be changed: run a model file, and thresholds can be saved into it"
	}
	return "nothing keeps corrections: give --keep DIR or --corrections DIR"
}

// browse opens an address in the browser of whoever sits at this machine, if somebody does.
func browse(address string) error {
	var name string
	var args []string
	switch {
	case runtime.GOOS == "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler"}
	case runtime.GOOS == "darwin":
		name = "open"
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return nil
	default:
		name = "xdg-open"
	}
	c := exec.Command(name, append(args, address)...)
	if err := c.Start(); err != nil {
		return err
	}
	go c.Wait()
	return nil
}

// withToken returns the address of the page with the token that opens it.
func withToken(address, token string) string {
	if token == "" {
		return address
	}
	return strings.TrimSuffix(address, "/") + "/?token=" + url.QueryEscape(token)
}
