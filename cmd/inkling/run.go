package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/natsio"
)

type runCmd struct {
	Model         string   `arg:"" help:"A model file, or bundled:notes."`
	Source        []string `arg:"" optional:"" help:"mic, mic:NAME, nats:SUBJECT, jetstream:STREAM[/SUBJECT], exec:COMMAND, the URL of a network stream, - for standard input, audio files, or tables (.csv, .tsv; A.csv+B.csv are joined by their times); for a model of text, .txt files. None with --service alone."`
	sourceFlags   `group:"Source"`
	natsFlags     `group:"NATS"`
	segmentFlags  `group:"Segments, instead of the model's"`
	decisionFlags `group:"Labels"`
	continueFlags `group:"Writing text"`
	keepFlags     `group:"Keeping sound"`
	To            []string      `help:"Also send events to nats:PREFIX, or append them to a file as JSON lines: file:PATH." placeholder:"nats:PREFIX"`
	Emit          string        `help:"Which running events to print: step, change, every=100ms or confirmed; for text also word." default:"step"`
	Listen        *seconds      `help:"Listen for this long before the first segment may open, say what is heard (level, clipping, the detector's probability), and then warn of what keeps the stream from working [2s for a microphone, 0 otherwise]." placeholder:"TIME"`
	Gap           decide.Gap    `help:"What to do when samples are lost: reset, hold or fill [the model's]." enum:",reset,hold,fill" default:"" placeholder:"POLICY"`
	State         string        `help:"Keep the state of all streams in this file, and go on from it after a restart." placeholder:"FILE"`
	SaveEvery     time.Duration `help:"How often --state is written if it has changed." default:"1s"`
	SaveDaily     byteSize      `help:"About the most that writing --state of a live source may put on the disk in a day; it is then written less often, but every hour [40MB in the small build for devices, else no limit]." placeholder:"SIZE"`
	RunningState  decide.State  `help:"State of the running head between segments: reset or carry [the model's]." enum:",reset,carry" default:"" placeholder:"STATE"`
	Background    bool          `name:"report-background" help:"Report segments of the background label as well."`
	OldBackground bool          `name:"background" hidden:"" help:"Old name of --report-background."`
	Ahead         int           `help:"Model of what comes next: forecast this many steps ahead [1]." placeholder:"N"`
	Why           bool          `help:"List the rules applied to every confirmed label, and the sounds that were too soft to open a segment."`
	Gather        time.Duration `help:"Longest time that a step waits for steps of other streams, to be computed together; 0 computes each stream by itself." default:"2ms"`
	Drain         time.Duration `help:"After Ctrl-C or SIGTERM: how long to go on labelling and delivering what has already arrived. A second signal leaves at once." default:"10s"`
	OutageMemory  byteSize      `help:"Memory for events that must not be lost while a sink takes nothing, as during an outage [128MB]." default:"128MB" placeholder:"SIZE"`
	Spill         string        `help:"Keep events that must not be lost in this folder until --to nats has delivered them: during an outage that is longer than --outage-memory allows, and across restarts." placeholder:"DIR"`
	SpillMax      byteSize      `help:"The most that --spill may take on the disk [1GB]." default:"1GB" placeholder:"SIZE"`
	MaxMemory     byteSize      `help:"Memory for signals that wait and for streams, beside the model and --outage-memory [1GB]." default:"1GB" placeholder:"SIZE"`
	MaxStreams    int           `help:"Streams at once; of further ones nothing is labelled until one has been idle [10000]." default:"10000" placeholder:"N"`
	Service       string        `help:"Answer requests on this NATS subject, beside the source or without one; a request holds one whole segment." placeholder:"SUBJECT"`
	StaleAfter    time.Duration `help:"With --http: not ready if no samples have been labelled for this long [never]." placeholder:"DURATION"`
	correctFlags  `group:"Page and health"`
	healthFlags   `group:"Page and health"`
	JSON          bool `help:"Print events as JSON lines, also on a terminal."`
	Plain         bool `help:"On a terminal: whole lines without colour, nothing is redrawn. NO_COLOR in the environment does the same."`
	Quiet         bool `short:"q" help:"Print nothing on standard output."`

	sources *sources // of the service that the pipeline is one of; nil: none
}

// segmentFlags override the model's segmenter.
type segmentFlags struct {
	Segment segment.Kind `help:"Segmenter: activity, label, fixed, message, whole or beat; for text also line or sentence [the model's]." enum:",activity,label,fixed,message,whole,line,sentence,beat" default:"" placeholder:"KIND"`
	Level   *float64     `segments:"activity" help:"activity: no segment opens below this level, in dB of full scale." placeholder:"DB"`
	cutFlags
}

// cutFlags override how the segmenter cuts. A flag that is nil was not given.
type cutFlags struct {
	Steps     int      `segments:"fixed" help:"fixed: steps per segment." placeholder:"N"`
	Maximum   float64  `help:"End a segment after this many seconds at the latest." placeholder:"SECONDS"`
	DetectOn  *float64 `segments:"label" help:"label: a segment opens when the detector's probability that a label is sounding reaches this." placeholder:"P"`
	DetectOff *float64 `segments:"label" help:"label: a segment stays open down to this probability." placeholder:"P"`
	On        *float64 `segments:"activity" help:"activity: a segment opens this many dB above the noise floor." placeholder:"DB"`
	Off       *float64 `segments:"activity" help:"activity: a segment stays open down to this many dB above the noise floor." placeholder:"DB"`
	Minimum   *float64 `segments:"activity,label" help:"activity, label: drop segments shorter than this many seconds." placeholder:"SECONDS"`
	PreRoll   *float64 `segments:"activity,label" help:"activity, label: seconds of signal kept from before the opening." placeholder:"SECONDS"`
	Hold      *float64 `segments:"activity,label" help:"activity, label: seconds without sound that end a segment." placeholder:"SECONDS"`
	beatFlags
}

// beatFlags choose the segment around a heartbeat.
type beatFlags struct {
	Before float64 `within:"0..86400" segments:"beat" help:"beat: seconds of signal before the R peak." placeholder:"SECONDS"`
	After  float64 `within:"0..86400" segments:"beat" help:"beat: seconds of signal after the R peak." placeholder:"SECONDS"`
	Wait   float64 `segments:"beat" help:"beat: wait up to this many seconds for the next R peak, so that the interval after the beat is known; negative does not wait." placeholder:"SECONDS"`
}

func (f *beatFlags) over(s *segment.Config) {
	put(&s.Before, f.Before)
	put(&s.After, f.After)
	put(&s.Wait, f.Wait)
	s.Wait = max(s.Wait, 0)
}

// given returns the value of a flag for segment.Config, where 0 means the default: a 0
// that the user gave becomes the least number above it.
func given(v *float64) float64 {
	switch {
	case v == nil:
		return 0
	case *v == 0:
		return 1e-9
	}
	return *v
}

// over returns the model's segmenter for a source that ends or not, overridden by the
// flags.
func (f *segmentFlags) over(m *model.Model, endless bool) *segment.Config {
	s := m.Config.Segment
	if endless && f.Segment == "" {
		s = m.Config.LiveSegmenter()
	}
	put(&s.Kind, f.Segment)
	put(&s.LevelDBFS, given(f.Level))
	f.cutFlags.over(&s)
	return &s
}

func (f *cutFlags) over(s *segment.Config) {
	put(&s.Steps, f.Steps)
	put(&s.MaxDuration, f.Maximum)
	put(&s.OnDB, given(f.On))
	put(&s.OffDB, given(f.Off))
	put(&s.DetectOn, given(f.DetectOn))
	put(&s.DetectOff, given(f.DetectOff))
	put(&s.MinDuration, given(f.Minimum))
	put(&s.PreRoll, given(f.PreRoll))
	put(&s.Hold, given(f.Hold))
	f.beatFlags.over(s)
}

func (c *runCmd) Run(a *app) error {
	if err := c.checkSource(); err != nil {
		return err
	}
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	if err := c.renamed(a, m); err != nil {
		return err
	}
	if c.Continue != 0 {
		return c.continueText(a, m)
	}
	options, err := c.options(m)
	if err != nil {
		return err
	}
	if options.Segment != nil {
		a.tellOtherSegments(options.Segment.Kind)
	}
	if c.StaleAfter != 0 && c.HTTP == "" {
		return usagef("--stale-after %v: give --http HOST:PORT, which shows it", c.StaleAfter)
	}
	if c.Corrections != "" && c.HTTP == "" {
		return usagef("--corrections %s: give --http HOST:PORT, where the page is that they are made on", c.Corrections)
	}
	v, end, err := c.healthFlags.start(a)
	if err != nil {
		return err
	}
	defer end()
	const name = "run"
	v.fail(name, "the run has not begun")
	conn := &connector{flags: &c.natsFlags, made: func(nc *nats.Conn) { v.reconnects("nats", nc) }}
	defer conn.close()
	limitMemory(int(c.MaxMemory), int(c.OutageMemory))
	s, err := c.openSession(a, m, options, conn.connect, v.meter(name))
	if err != nil {
		return err
	}
	v.set(name, s.checks...)
	var out shown
	if !c.Quiet {
		out = a.output(c.JSON, c.Plain, m, s.source.rate, c.Source...)
		defer out.end()
		out.with(s.options)
	}
	defer context.AfterFunc(a.ctx, func() { v.fail(name, stopping) })()
	c.show(v, s, m)
	if !c.Quiet {
		s.sinks = append(s.sinks, out.sink)
	}
	return s.run(a.ctx)
}

// checkSource refuses a command without a source that has no service either, or that says
// how to cut one.
func (c *runCmd) checkSource() error {
	if len(c.Source) > 0 {
		return nil
	}
	if c.Service == "" {
		return usagef("there is nothing to label: give a SOURCE (mic, a file, nats:SUBJECT), or --service SUBJECT to answer requests")
	}
	if c.Keep != "" {
		return usagef("--service without a SOURCE: --keep keeps segments of a source, so leave it out")
	}
	if c.segmentFlags != (segmentFlags{}) {
		return usagef("--service without a SOURCE: a request is one segment, so leave out the flags that cut a source into segments")
	}
	return nil
}

// noSource opens what a service without a source reads: the health of its connection.
func (c *runCmd) noSource(_ *app, _ []string, nc func() (*nats.Conn, error), _ string) (*input, error) {
	conn, err := nc()
	if err != nil {
		return nil, err
	}
	return &input{Source: natsio.Watch(conn, c.Service), live: true}, nil
}

// serve answers requests.
func (c *runCmd) serve(a *app, m *model.Model, o *stream.Options, connect func() (*nats.Conn, error)) (*natsio.Service, error) {
	conn, err := connect()
	if err != nil {
		return nil, err
	}
	format, err := c.messages()
	if err != nil {
		return nil, err
	}
	grid, err := c.grid()
	if err != nil {
		return nil, err
	}
	svc, err := natsio.NewService(conn, m, natsio.ServiceOptions{Subject: c.Service, Version: version, Format: format, Grid: grid, TrustStreamHeader: c.TrustStreamHeader,
		Pending: int(c.MaxMemory / 8), Decision: o.Decision})
	if err == nil {
		a.logf("answering requests on %s", c.Service)
	}
	return svc, err
}

// endless reports whether the source never ends by itself.
func (c *runCmd) endless() bool {
	return len(c.Source) == 0 || endless(c.Source[0]) && !(isStored(c.Source[0]) && c.storedFlags.ends())
}

// explain says how long the segments of a source that does not end are, where the user has
// not said it.
func (c *runCmd) explain(a *app, s *segment.Config) {
	if s == nil || s.Kind != segment.Fixed || c.Steps != 0 || len(c.Source) == 0 || !c.endless() {
		return
	}
	a.logf("segments of %d steps: --steps N chooses their length, --segment another way to cut", s.Defaults().Steps)
}

// limitMemory has the collector keep the process within --max-memory beside the model, and
// --outage-memory. Messages that wait may take a quarter of the former, streams half.
func limitMemory(most, outage int) {
	if os.Getenv("GOMEMLIMIT") == "" {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		debug.SetMemoryLimit(int64(now.HeapAlloc) + int64(most) + int64(outage))
	}
}

// renamed accepts the flags of the previous version and notes their new names.
func (c *runCmd) renamed(a *app, m *model.Model) error {
	if c.OldBackground {
		a.logf("--background is now --report-background; the next version will not know the old name")
		c.Background = true
	}
	if old := decide.State(c.State); old == decide.Reset || old == decide.Carry {
		a.logf("--state %s is now --running-state %s; --state names a file, in the next version also one of this name", old, old)
		c.RunningState, c.State = old, ""
	}
	if m.HasNext() && c.Steps != 0 {
		if c.Ahead != 0 {
			return usagef("--steps is the old name of --ahead: give --ahead alone")
		}
		a.logf("--steps is now --ahead for a model of what comes next; the next version will not know the old name")
		c.Ahead, c.Steps = c.Steps, 0
	}
	return nil
}

// options returns the options of the stream, checked against the model.
func (c *runCmd) options(m *model.Model) (*stream.Options, error) {
	emit, err := stream.ParseEmit(c.Emit)
	if err != nil {
		return nil, usageError{err}
	}
	if emit.Word && !m.Config.Text() {
		return nil, usagef("--emit word needs a model of text, and this one has the front end %s: give step, change, every=DURATION or confirmed", m.Config.Front.Kind)
	}
	if c.Drain <= 0 {
		return nil, usagef("--drain %v: give more than 0", c.Drain)
	}
	if c.MaxStreams < 1 {
		return nil, usagef("--max-streams %d: give 1 or more", c.MaxStreams)
	}
	if c.StaleAfter < 0 {
		return nil, usagef("--stale-after %v: give more than 0", c.StaleAfter)
	}
	if c.SaveEvery <= 0 {
		return nil, usagef("--save-every %v: give more than 0", c.SaveEvery)
	}
	if c.Gather < 0 {
		return nil, usagef("--gather %v: give 0 or more", c.Gather)
	}
	if err := c.keepFlags.check(m); err != nil {
		return nil, err
	}
	if err := c.correctFlags.check(); err != nil {
		return nil, err
	}
	if m.HasNext() {
		return c.nextOptions(m, emit)
	}
	if c.Ahead != 0 {
		return nil, usagef("--ahead is for a model of what comes next; %s is one of labels: leave it out", c.Model)
	}
	decision, err := c.decide(m)
	if err != nil {
		return nil, err
	}
	cfg := m.Config
	seg := c.over(m, c.endless())
	cfg.Segment, cfg.Decision = *seg, *decision
	put(&cfg.Decision.State, c.RunningState)
	if err := cfg.CheckDecision(); err != nil {
		return nil, usageError{err}
	}
	if c.Segment == segment.Whole && m.Config.Confirm && c.endless() {
		return nil, usagef("--segment whole needs a source that ends: give activity, fixed or message; for text line or sentence")
	}
	listen, err := c.listen(seg.Kind)
	if err != nil {
		return nil, err
	}
	return &stream.Options{Segment: seg, Decision: decision, Gap: c.Gap, State: c.RunningState,
		Background: c.Background, Emit: emit, Why: c.Why, Listen: listen}, nil
}

// nextOptions returns the options of a stream of forecasts.
func (c *runCmd) nextOptions(m *model.Model, emit stream.Emit) (*stream.Options, error) {
	d := &c.decisionFlags
	if c.segmentFlags != (segmentFlags{}) || c.Background || c.Listen != nil || c.Why || c.RunningState != "" || c.Service != "" || emit.Change || emit.Word || emit.Confirmed ||
		len(d.Threshold)+len(d.RunningOn)+len(d.RunningOff) > 0 || d.Smooth != nil || d.LabelHold != nil || d.CUSUMLimit != nil || d.CUSUMDrift != nil {
		return nil, usagef("%s is a model of what comes next, without segments and labels: leave out the flags about them, and give --emit step or every=DURATION", c.Model)
	}
	o := &stream.Options{Gap: c.Gap, Emit: emit, Ahead: c.Ahead}
	if _, err := stream.NewClassifier(m, o); err != nil {
		return nil, usageError{err}
	}
	return o, nil
}
