package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/model/segment"
)

type recordCmd struct {
	Label  string   `arg:"" help:"The label; 'background' for sounds that are none of the labels."`
	Source []string `arg:"" optional:"" help:"mic, mic:NAME, nats:SUBJECT, - for standard input, or audio files [mic]."`
	Out    string   `short:"o" name:"out" required:"" help:"Folder of the data set; examples are written to DIR/LABEL." placeholder:"DIR"`
	sourceFlags
	natsFlags
	segmentFlags
	Whole   float64 `help:"Cut into examples of this many seconds, instead of at silence." placeholder:"SECONDS"`
	Count   int     `short:"n" name:"number" help:"Stop after this many examples."`
	Seconds float64 `help:"Stop after this many seconds of signal." placeholder:"SECONDS"`
}

func (c *recordCmd) Run(a *app) error {
	if c.Label == "" || c.Label != filepath.Base(c.Label) || strings.HasPrefix(c.Label, ".") {
		return usagef("label %q: it names a folder: give a word without slashes", c.Label)
	}
	if len(c.Source) == 0 {
		c.Source = []string{"mic"}
	}
	if capture.IsTable(c.Source[0]) {
		return usagef("%s: a table need not be recorded: put it into the folder %s", c.Source[0], filepath.Join(c.Out, c.Label))
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
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	r := &recording{c: c, a: a, dir: dir, collectors: map[string]*collector{}}
	if !src.finite {
		a.logf("recording %s into %s: make the sound, pause, make it again; Ctrl-C ends", c.Label, dir)
	}
	err = r.loop(src)
	a.logf("%d examples in %s", r.written, dir)
	if err == nil && r.written == 0 {
		return fmt.Errorf("nothing was loud enough for an example: come nearer, or lower --level (now %g dB) or --on", r.segment().Defaults().LevelDBFS)
	}
	return err
}

// recording cuts a source into examples.
type recording struct {
	c          *recordCmd
	a          *app
	dir        string
	collectors map[string]*collector
	heard      float64 // seconds
	written    int
	number     int // of the last file name tried
}

// segment is how to cut: at silence, or at even lengths.
func (r *recording) segment() segment.Config {
	f := &r.c.segmentFlags
	s := segment.Config{Kind: segment.Activity, MaxDuration: f.Maximum, OnDB: given(f.On), OffDB: given(f.Off), LevelDBFS: given(f.Level),
		MinDuration: given(f.Minimum), PreRoll: given(f.PreRoll), Hold: given(f.Hold)}
	if r.c.Whole > 0 {
		s = segment.Config{Kind: segment.Whole, MaxDuration: r.c.Whole}
	}
	return s
}

func (r *recording) full() bool {
	return r.c.Count > 0 && r.written >= r.c.Count || r.c.Seconds > 0 && r.heard >= r.c.Seconds
}

func (r *recording) loop(src capture.Source) error {
	var b capture.Block
	for !r.full() {
		err := src.Read(r.a.ctx, &b)
		if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			return asUsage(err)
		}
		if b.Fault != nil {
			r.a.logf("%s: %s", b.Fault.State, b.Fault.Reason)
			continue
		}
		if err := r.block(&b); err != nil {
			return err
		}
	}
	for _, k := range r.collectors {
		if err := k.End(k.save); err != nil {
			return err
		}
	}
	return nil
}

// A collector cuts one stream.
type collector struct {
	*segment.Collector
	format capture.Format
	save   func(samples []float32) error
}

func (r *recording) block(b *capture.Block) error {
	k := r.collectors[b.Stream]
	if k == nil || k.format != b.Format {
		if k != nil {
			if err := k.End(k.save); err != nil {
				return err
			}
		}
		f := b.Format
		f.Channels = max(f.Channels, 1)
		c, err := segment.NewCollector(r.segment(), f.Rate, f.Channels)
		if err != nil {
			return err
		}
		k = &collector{Collector: c, format: b.Format, save: func(samples []float32) error { return r.write(samples, f) }}
		r.collectors[b.Stream] = k
	}
	r.heard += float64(b.Len()) / max(b.Format.Rate, 1)
	if err := k.Feed(b.Samples, k.save); err != nil || !b.Done {
		return err
	}
	delete(r.collectors, b.Stream)
	return k.End(k.save)
}

// write saves one example under a name that is free.
func (r *recording) write(samples []float32, f capture.Format) error {
	if r.full() {
		return nil
	}
	if f.Rate <= 0 {
		return usagef("the source does not tell its sampling rate: give --rate")
	}
	for {
		r.number++
		path := filepath.Join(r.dir, fmt.Sprintf("%s-%04d.wav", r.c.Label, r.number))
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		clip := &audio.Clip{Rate: f.Rate, Channels: f.Channels, Samples: samples}
		if err := atomicfile.WriteFile(path, func(w io.Writer) error { return audio.EncodeWAV(w, clip, audio.Float32) }); err != nil {
			return err
		}
		r.written++
		seconds := time.Duration(float64(clip.Frames()) / f.Rate * 1e9)
		fmt.Fprintf(r.a.stdout, "%s  %s\n", path, seconds.Round(time.Millisecond))
		return nil
	}
}
