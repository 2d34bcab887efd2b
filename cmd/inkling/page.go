//go:build !edge

package main

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"inkling/capture"
	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/stream"
	"inkling/stream/keep"
	"inkling/stream/report"
	"inkling/stream/web"
)

// build is what `inkling version` calls this build.
const build = ""

// saveDaily is the default of --save-daily: no limit.
const saveDaily byteSize = 0

// keepDaily is the default of --keep-daily: no limit.
const keepDaily byteSize = 0

// page shows signals, labels and probabilities in a browser.
type page = web.Page

// newPage returns a page. open says that other machines may ask for it.
func newPage(token string, open bool) *page { return web.New(web.Options{Token: token, Open: open}) }

// where says where the page is. open says that other machines may ask for it.
func (v *vitals) where(a *app, f *healthFlags, open bool) {
	switch {
	case open && f.HTTPToken == "":
		a.logf("no page: other machines could see and hear the signals there; --http-token TEXT gives it a token")
	case f.HTTPToken != "":
		a.logf("the page is at %s?token=TEXT", v.address)
	default:
		a.logf("the page is at %s", v.address)
	}
}

// check refuses what the page of this build cannot do: nothing.
func (f *correctFlags) check() error { return nil }

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

// show has the page, if there is one, show the run, and change its thresholds.
func (c *runCmd) show(v *vitals, s *session, m *model.Model) {
	now := &current{path: c.Model, choice: choice{model: m, options: v.shown(&s.options.Options)}}
	if v.page != nil {
		s.options.Switch = &now.turn
	}
	s.show(v, "run", now.setup(&c.correctFlags, c.Keep))
}

// setup returns what the page may do with the pipeline. A model that it has written is taken
// over as any other that has changed.
func (p *pipeline) setup() web.Setup {
	s := web.Setup{Now: p.now, Hint: pageHint, Network: drawn}
	p.cmd.correctFlags.keep(&s, p.cmd.Keep)
	if path := p.path; path != bundledNotes {
		s.Save = func(m *model.Model, _ *stream.Options) (string, error) {
			return path, atomicfile.WriteFile(path, m.Save)
		}
	}
	return s
}

// show has the page, if there is one, show a session of the pipeline.
func (p *pipeline) show(v *vitals, s *session, name string) { s.show(v, name, p.setup()) }

// show has the page show the demo, and opens it.
func (c *demoCmd) show(a *app, v *vitals, m *model.Model, o *stream.RunOptions) stream.Sink {
	now := &current{path: c.Model, choice: choice{model: m, options: v.shown(&o.Options)}}
	o.Options, o.Switch = *now.options, &now.turn
	if !c.NoBrowser {
		if err := browse(withToken(v.address, c.HTTPToken)); err != nil {
			a.logf("no browser opens here (%v): open the page in one yourself", err)
		}
	}
	return showRun(v.page, "demo", now.setup(&c.correctFlags, ""), o)
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
