package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/model/segment"
	"inkling/stream/collect"
)

type recordCmd struct {
	Label        string   `arg:"" help:"The label; 'background' for sounds that are none of the labels."`
	Source       []string `arg:"" optional:"" help:"mic, mic:NAME, nats:SUBJECT, - for standard input, or audio files [mic]."`
	Out          string   `short:"o" name:"out" required:"" help:"Folder of the data set; examples are written to DIR/LABEL." placeholder:"DIR"`
	sourceFlags  `group:"Source"`
	natsFlags    `group:"NATS"`
	segmentFlags `group:"Segments"`
	Whole        float64 `help:"Cut into examples of this many seconds, instead of at silence, as signals of sensors need." placeholder:"SECONDS"`
	Count        int     `short:"n" name:"number" help:"Stop after this many examples."`
	Seconds      float64 `help:"Stop after this many seconds of signal." placeholder:"SECONDS"`
}

func (c *recordCmd) Run(a *app) error {
	if c.Label == "" || c.Label != filepath.Base(c.Label) || strings.HasPrefix(c.Label, ".") {
		return usagef("label %q: a label names a folder: give a word without slashes", c.Label)
	}
	if len(c.Source) == 0 {
		c.Source = []string{"mic"}
	}
	if capture.IsTable(c.Source[0]) {
		return usagef("%s: a table is data already: put it into the folder %s", c.Source[0], filepath.Join(c.Out, c.Label))
	}
	var nc *nats.Conn
	src, err := c.open(a, c.Source, func() (*nats.Conn, error) {
		var err error
		nc, err = c.connect()
		return nc, err
	}, "")
	if err != nil {
		return err
	}
	defer src.Close()
	if nc != nil {
		defer nc.Close()
	}
	dir := filepath.Join(c.Out, c.Label)
	if !src.finite {
		what := "make the sound, pause, make it again"
		if c.Whole > 0 {
			what = fmt.Sprintf("an example is %g s of it", c.Whole)
		}
		a.logf("recording %s into %s: %s; Ctrl-C ends", c.Label, dir, what)
	}
	var names []string
	if c.Names != "" {
		names = strings.Split(c.Names, ",")
	}
	cut := c.segment()
	n, err := collect.Run(a.ctx, src, collect.Options{Dir: c.Out, Label: c.Label, Names: names, Segment: cut, Count: c.Count, Seconds: c.Seconds,
		Saved: func(path string, length time.Duration) {
			fmt.Fprintf(a.stdout, "%s  %s\n", path, length.Round(time.Millisecond))
		},
		Fault: func(f *capture.Fault) { a.logf("%s: %s", f.State, f.Reason) },
		Gap: func(stream string, lost uint64) {
			if lost == 0 {
				a.logf("%s began anew: what was open has ended", stream)
				return
			}
			a.logf("%s: %d samples are missing: what was open has ended before them", stream, lost)
		}})
	a.logf("%d examples in %s", n, dir)
	if err == nil && n == 0 {
		return fmt.Errorf("nothing was loud enough for an example: come nearer, or lower --level (%g dB now) or --on", cut.Defaults().LevelDBFS)
	}
	if errors.Is(err, collect.ErrNoRate) {
		return usageError{err}
	}
	return asUsage(err)
}

// segment returns how to cut: at silence, or into even lengths.
func (c *recordCmd) segment() segment.Config {
	if c.Whole > 0 {
		return segment.Config{Kind: segment.Whole, MaxDuration: c.Whole}
	}
	f := &c.segmentFlags
	return segment.Config{Kind: segment.Activity, MaxDuration: f.Maximum, OnDB: given(f.On), OffDB: given(f.Off), LevelDBFS: given(f.Level),
		MinDuration: given(f.Minimum), PreRoll: given(f.PreRoll), Hold: given(f.Hold)}
}
