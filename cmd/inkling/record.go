package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream/collect"
)

type recordCmd struct {
	Label        string   `arg:"" optional:"" help:"The label; 'background' for sounds that are none of the labels. None with --prompts."`
	Source       []string `arg:"" optional:"" help:"mic, mic:NAME, nats:SUBJECT, - for standard input, or audio files [mic]."`
	Out          string   `short:"o" name:"out" required:"" help:"Folder of the data set; examples are written to DIR/LABEL." placeholder:"DIR"`
	sourceFlags  `group:"Source"`
	natsFlags    `group:"NATS"`
	segmentFlags `group:"Segments"`
	Whole        float64  `within:"0..86400" help:"Cut into examples of this many seconds, instead of at silence, as signals of sensors need." placeholder:"SECONDS"`
	Count        int      `within:"0..1e9" short:"n" name:"number" help:"Stop after this many examples."`
	Prompts      string   `help:"Ask for the labels in this file, one in each line, in turn: --number examples of each [1]; -n 5 --rounds 2 asks for each twice, 5 at a time." placeholder:"FILE"`
	Rounds       int      `within:"1..1e6" help:"--prompts: go through the file this often." default:"1"`
	KeepAll      bool     `help:"Keep takes that are clipped or too quiet as well."`
	Seconds      float64  `within:"0..1e9" help:"Stop after this many seconds of signal." placeholder:"SECONDS"`
	Trim         bool     `help:"With --whole: cut off the silence before and after each take of sound, all but a tenth of a second. Without --whole, takes are cut at silence anyway."`
	Countdown    *float64 `within:"0..3600" help:"Count down this many seconds before each label; what is heard meanwhile is not kept [3 for a microphone and a person at a terminal, 0 otherwise]." placeholder:"SECONDS"`

	meter *meter
}

func (c *recordCmd) Run(a *app) error {
	labels, err := c.labels()
	if err != nil {
		return err
	}
	if c.Trim && c.Whole <= 0 {
		return usagef("--trim: takes that are cut at silence have none: give --whole SECONDS, or leave it out")
	}
	cut := c.segment()
	if err := cut.Check(); err != nil {
		return usageError{err}
	}
	a.tellOtherSegments(cut.Kind)
	if c.Segment != "" && c.Segment != cut.Kind {
		a.logf("--segment %s changes nothing: examples are cut at silence, or with --whole into even lengths", c.Segment)
	}
	if len(c.Source) == 0 {
		c.Source = []string{"mic"}
	}
	if capture.IsTable(c.Source[0]) {
		return usagef("%s: a table is data already: put it into the folder %s", c.Source[0], filepath.Join(c.Out, labels[0]))
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
	src = src.looked()
	defer src.Close()
	if nc != nil {
		defer nc.Close()
	}
	defer c.drawLevel(a)()
	written, refused := 0, 0
	for i, label := range labels {
		if a.ctx.Err() != nil {
			break
		}
		if c.Prompts != "" {
			a.logf("\n%d of %d: %s", i+1, len(labels), label)
		} else if !src.finite {
			what := "make the sound, pause, make it again"
			if c.Whole > 0 {
				what = fmt.Sprintf("an example is %g s of it", c.Whole)
			}
			a.logf("recording %s into %s: %s; Ctrl-C ends", label, filepath.Join(c.Out, label), what)
		}
		n, err := c.take(a, src, label, &refused)
		if written += n; err != nil {
			return err
		}
		if c.Prompts != "" && n < c.Count {
			if a.ctx.Err() != nil {
				break
			}
			return fmt.Errorf("the source has ended before %s was recorded, after %d examples", label, written)
		}
	}
	switch {
	case c.Prompts != "":
		a.logf("%d examples in %s", written, c.Out)
	default:
		a.logf("%d examples in %s", written, filepath.Join(c.Out, labels[0]))
	}
	if written == 0 && refused > 0 {
		return errors.New("no take was of use, see above: --keep-all keeps such takes")
	}
	if written == 0 && a.ctx.Err() == nil || written == 0 && c.Prompts == "" {
		cut := c.segment()
		return fmt.Errorf("nothing was loud enough for an example: come nearer, or lower --level (%g dB now) or --on", cut.Defaults().LevelDBFS)
	}
	return nil
}

// labels returns what is to be recorded, in turn.
func (c *recordCmd) labels() ([]string, error) {
	if c.Prompts == "" {
		if c.Label == "" {
			return nil, usagef("give a label, or --prompts with a file of labels")
		}
		return []string{c.Label}, checkLabel(c.Label)
	}
	if c.Label != "" && len(c.Source) == 0 { // the first word is the source then
		c.Source, c.Label = []string{c.Label}, ""
	} else if c.Label != "" {
		return nil, usagef("--prompts has the labels: leave %q out", c.Label)
	}
	text, err := os.ReadFile(c.Prompts)
	if err != nil {
		return nil, err
	}
	var once, all []string
	for line := range strings.Lines(string(text)) {
		if label := strings.TrimSpace(line); label != "" {
			if err := checkLabel(label); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Prompts, err)
			}
			once = append(once, label)
		}
	}
	if len(once) == 0 || c.Rounds < 1 {
		return nil, usagef("--prompts %s: give a file with a label in each line, and --rounds of at least 1", c.Prompts)
	}
	c.Count = max(c.Count, 1)
	for range c.Rounds {
		all = append(all, once...)
	}
	return all, nil
}

func checkLabel(label string) error {
	if label == "" || label != filepath.Base(label) || strings.HasPrefix(label, ".") {
		return usagef("label %q: a label names a folder: give a word without slashes", label)
	}
	return nil
}

// take records examples of a label.
func (c *recordCmd) take(a *app, src capture.Source, label string, refused *int) (n int, err error) {
	var names []string
	if c.Names != "" {
		names = strings.Split(c.Names, ",")
	}
	taken := 0
	heard := &measured{Source: src, meter: c.meter, left: c.countdown(a), text: func() string { return c.progress(label, taken) },
		tick: func(left int) {
			if c.meter.w == nil {
				a.logf("%s in %d …", label, left)
			}
		}}
	o := collect.Options{Dir: c.Out, Label: label, Names: names, Segment: c.segment(), Count: c.Count, Seconds: c.Seconds, Quiet: label == dataset.Background,
		Trim: c.Trim && label != dataset.Background,
		Saved: func(path string, length time.Duration) {
			taken++
			c.meter.wipe()
			fmt.Fprintf(a.stdout, "%s  %s\n", path, length.Round(time.Millisecond))
		},
		Fault: func(f *capture.Fault) { a.logf("%s: %s", f.State, f.Reason) },
		Ended: func(stream string, n int) {
			if isPowerOfTen(n) {
				a.logf("there are too many streams: the quietest one, %q, has ended to make room, and begins anew if it comes back (%d so far): choose fewer of them by their subject", stream, n)
			}
		},
		Gap: func(stream string, lost uint64) {
			if lost == 0 {
				a.logf("%s began anew: what was open has ended", stream)
				return
			}
			a.logf("%s: %d samples are missing: what was open has ended before them", stream, lost)
		}}
	if !c.KeepAll {
		o.Refused = func(why string) {
			*refused++
			a.logf("a take of %s is left out: %s", label, why)
		}
	}
	n, err = collect.Run(a.ctx, heard, o)
	if errors.Is(err, collect.ErrNoRate) {
		return n, usageError{err}
	}
	return n, asUsage(err)
}

// isPowerOfTen reports whether n is 1, 10, 100 and so on.
func isPowerOfTen(n int) bool {
	for n > 1 && n%10 == 0 {
		n /= 10
	}
	return n == 1
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

// drawLevel has the level drawn while it is recorded, if standard error is a terminal.
func (c *recordCmd) drawLevel(a *app) (end func()) {
	c.meter = &meter{}
	if !terminal(a.rawErr) || os.Getenv("TERM") == "dumb" {
		return func() {}
	}
	f := a.rawErr.(*os.File)
	c.meter.w, c.meter.width = f, func() int { return columnsOf(f, 80) }
	undo := a.errors.divert(c.meter.write)
	return func() {
		c.meter.wipe()
		undo()
	}
}

// countdown returns the seconds to wait before a label.
func (c *recordCmd) countdown(a *app) float64 {
	if c.Countdown != nil {
		return *c.Countdown
	}
	if mic := c.Source[0] == "mic" || strings.HasPrefix(c.Source[0], "mic:"); mic && terminal(a.rawErr) {
		return 3
	}
	return 0
}

// progress says how many takes of a label there are.
func (c *recordCmd) progress(label string, taken int) string {
	if c.Count > 0 {
		return fmt.Sprintf("%s  %d of %d", label, taken, c.Count)
	}
	return fmt.Sprintf("%s  %d", label, taken)
}
