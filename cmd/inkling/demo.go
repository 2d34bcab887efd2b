package main

import (
	"bytes"
	"context"
	"sync/atomic"
	"time"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/internal/bundled"
	"inkling/stream"
)

type demoCmd struct {
	Seconds float64 `help:"Stop after this many seconds of the minute." default:"60"`
	Fast    bool    `help:"Run as fast as possible instead of in real time."`
	JSON    bool    `help:"Print events as JSON lines, also on a terminal."`
	Plain   bool    `help:"On a terminal: whole lines without colour, nothing is redrawn. NO_COLOR in the environment does the same."`
	Emit    string  `help:"Which running events to print: step, change, every=100ms or confirmed." default:"step"`
	Model   string  `help:"Use another model than the bundled one." default:"bundled:notes"`

	healthFlags  `group:"Page"`
	correctFlags `group:"Page"`
	NoBrowser    bool `help:"With --http: do not open the page in a browser." group:"Page"`
}

// demoSubject is where the demo's sensor publishes.
const demoSubject = "demo.notes"

func (c *demoCmd) Run(a *app) error {
	m, err := openLabels(c.Model)
	if err != nil {
		return err
	}
	emit, err := stream.ParseEmit(c.Emit)
	if err != nil {
		return usageError{err}
	}
	if !(c.Seconds > 0) {
		return usagef("--seconds %v: give more than 0", c.Seconds)
	}
	if err := c.correctFlags.check(); err != nil {
		return err
	}
	v, end, err := c.healthFlags.start(a)
	if err != nil {
		return err
	}
	defer end()
	clip, err := audio.NewReader(bytes.NewReader(bundled.Minute()), "minute.flac")
	if err != nil {
		return err
	}
	clip.Frames = int64(min(float64(clip.Frames), c.Seconds*clip.Rate))
	way, err := openDemo(clip.Rate)
	if err != nil {
		return err
	}
	defer way.close()
	d := &demo{truth: notesWithin(int(clip.Frames)), rate: clip.Rate, began: time.Now()}
	a.logf(way.says, len(d.truth), float64(clip.Frames)/clip.Rate)
	o := &stream.RunOptions{Version: version, Live: !c.Fast, Annotate: d.annotate, Progress: d.worked, Idle: time.Minute, Forget: time.Hour}
	o.Emit = emit
	view := a.output(c.JSON, c.Plain, m, clip.Rate)
	defer view.end()
	view.with(o)
	sinks := append(way.sinks, keepOpen{view.sink})
	if v.page != nil {
		sinks = append(sinks, c.show(a, v, m, o))
	}
	if err := d.play(a.ctx, way.send, clip, c.Fast, func(ctx context.Context) error {
		return stream.Run(ctx, way.source, m, o, sinks...)
	}); err != nil {
		return err
	}
	e := d.summary()
	if err := view.sink.Write(a.ctx, &e); err != nil {
		return err
	}
	if err := view.sink.Close(); err != nil || v.page == nil || a.ctx.Err() != nil {
		return err
	}
	a.logf("the page stays until Ctrl-C")
	<-a.ctx.Done()
	return nil
}

// A demoWay is how the demo's sound comes to the model and its labels to others.
type demoWay struct {
	says   string // with the number of notes and the seconds
	send   func(samples []float32) error
	source capture.Source
	sinks  []stream.Sink
	close  func()
}

// keepOpen leaves closing to the caller, which has a line to add.
type keepOpen struct{ stream.Sink }

func (k keepOpen) Close() error { return k.Flush(context.Background()) }

func notesWithin(samples int) []bundled.Note {
	notes := bundled.Truth()
	for i, n := range notes {
		if n.End > uint64(samples) {
			return notes[:i]
		}
	}
	return notes
}

// demo knows which notes were played and judges their labels.
type demo struct {
	truth []bundled.Note
	rate  float64
	began time.Time
	done  atomic.Uint64 // samples processed
	early map[uint64]string
	best  []judged // of each note
	steps int
	run   string // the session
}

// judged is the segment that overlaps a note most, and its label.
type judged struct {
	overlap                   uint64
	running, early, confirmed string
	latency                   float64
}

// annotate is called with every event once, in order, and adds the truth to confirmed ones.
func (d *demo) annotate(e *stream.Event) {
	if d.early == nil {
		d.early, d.best = map[uint64]string{}, make([]judged, len(d.truth))
	}
	d.run = e.Session
	switch e.Type {
	case stream.Early:
		d.early[e.Segment] = e.Label
	case stream.Confirmed:
		d.steps += e.Steps
		i, over := d.note(e)
		if over == 0 {
			return
		}
		e.Truth = d.truth[i].Label
		if over > d.best[i].overlap {
			d.best[i] = judged{over, e.Running, d.early[e.Segment], e.Label, e.LatencyMS}
		}
	}
}

// note returns the note that e overlaps most, and by how many samples.
func (d *demo) note(e *stream.Event) (best int, most uint64) {
	for i, n := range d.truth {
		if over := int64(min(e.End, n.End)) - int64(max(e.Start, n.Start)); over > int64(most) {
			best, most = i, uint64(over)
		}
	}
	return best, most
}

func (d *demo) worked(b *capture.Block) { d.done.Store(b.Offset + uint64(b.Len())) }

// play decodes and sends the Frames of clip while run labels them, and stops run when all are
// labelled.
func (d *demo) play(ctx context.Context, send func([]float32) error, clip *audio.Reader, fast bool, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	finished := make(chan error, 1)
	go func() { finished <- run(ctx) }()
	all, block := int(clip.Frames), int(clip.Rate/50)
	samples := make([]float32, block)
	for at := 0; at < all; at += block {
		samples = samples[:min(block, all-at)]
		for n := 0; n < len(samples); {
			more, err := clip.Read(samples[n:])
			if err != nil {
				return err
			}
			n += more
		}
		if err := send(samples); err != nil {
			return err
		}
		var due time.Time
		if fast {
			for uint64(at) > d.done.Load()+uint64(2*clip.Rate) && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
		} else {
			due = d.began.Add(time.Duration(float64(at+block) / clip.Rate * 1e9))
		}
		select {
		case err := <-finished:
			return err
		case <-time.After(time.Until(due)):
		}
	}
	for d.done.Load() < uint64(all) && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	cancel()
	return <-finished
}

func (d *demo) summary() stream.Event {
	var running, early, confirmed, latency float64
	for i, n := range d.truth {
		if i >= len(d.best) {
			break
		}
		b := d.best[i]
		count(&running, b.running == n.Label)
		count(&early, b.early == n.Label)
		count(&confirmed, b.confirmed == n.Label)
		latency = max(latency, b.latency)
	}
	seconds := time.Since(d.began).Seconds()
	return stream.NewSummary(stream.Header{Session: d.run, Stream: demoSubject}, []stream.Count{{Name: "notes", Value: float64(len(d.truth))},
		{Name: "running_right", Value: running}, {Name: "early_right", Value: early}, {Name: "confirmed_right", Value: confirmed},
		{Name: "steps", Value: float64(d.steps)}, {Name: "confirm_latency_ms_max", Value: latency},
		{Name: "times_real_time", Value: float64(d.done.Load()) / d.rate / seconds}, {Name: "seconds", Value: seconds}}...)
}

func count(n *float64, yes bool) {
	if yes {
		*n++
	}
}
