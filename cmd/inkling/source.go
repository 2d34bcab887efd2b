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
	"inkling/capture/mic"
	"inkling/capture/program"
	"inkling/model"
	"inkling/model/feature"
	"inkling/stream/natsio"
)

// natsFlags choose a NATS server, by the flags and variables of the nats command line.
type natsFlags struct {
	URLs     string `name:"urls" env:"NATS_URL" help:"NATS servers, comma-separated [those of the context, or nats://127.0.0.1:4222]." placeholder:"URL"`
	Context  string `env:"NATS_CONTEXT" help:"Context of the nats command line [the selected one, unless --urls is given]." placeholder:"NAME"`
	User     string `env:"NATS_USER" help:"User of NATS, or a token if there is no --password." placeholder:"NAME"`
	Password string `env:"NATS_PASSWORD" help:"Password of --user. The variable NATS_PASSWORD hides it from the list of processes." placeholder:"TEXT"`
	Creds    string `env:"NATS_CREDS" help:"NATS credentials file." placeholder:"FILE"`
	NKey     string `name:"nkey" env:"NATS_NKEY" help:"NATS nkey seed file." placeholder:"FILE"`
	TLSCA    string `name:"tls-ca" env:"NATS_CA" help:"File of certificates to trust." placeholder:"FILE"`
	TLSCert  string `name:"tls-cert" env:"NATS_CERT" help:"Client certificate file." placeholder:"FILE"`
	TLSKey   string `name:"tls-key" env:"NATS_KEY" help:"Key file of the client certificate." placeholder:"FILE"`
}

func (f *natsFlags) connect(more ...nats.Option) (*nats.Conn, error) {
	o := natsio.Options{URLs: f.URLs, Context: f.Context, Selected: true, User: f.User, Password: f.Password,
		Creds: f.Creds, NKey: f.NKey, CA: f.TLSCA, Cert: f.TLSCert, Key: f.TLSKey}
	if f.Password == "" {
		o.User, o.Token = "", f.User
	}
	return natsio.Connect(o, more...)
}

// sourceFlags choose where samples come from.
type sourceFlags struct {
	Device            string        `help:"Microphone, by name or a part of it; the same as mic:NAME." placeholder:"NAME"`
	Rate              float64       `within:"0..1e9" help:"Sampling rate of raw samples, of the microphone, or of messages without one." placeholder:"HZ"`
	Channels          int           `within:"0..65536" help:"Number of channels, likewise."`
	Format            string        `help:"Encoding of raw samples: s16le, s16be, f32le, …; csv if standard input is a table."`
	Speed             float64       `within:"0..1e6" help:"Play files at this speed; 1 is real time [as fast as possible]." placeholder:"X"`
	Leads             []string      `help:"WFDB records: use only these leads, by name or number, comma-separated." placeholder:"NAME"`
	Names             string        `help:"Messages: names of the channels in SenML and in objects of JSON, in the order of the model's channels, comma-separated [the model's names]." placeholder:"A,B"`
	ContentType       string        `name:"content-type" help:"Messages without the header Content-Type are of this type, as application/json or text/csv [what they look like]." placeholder:"TYPE"`
	Clock             string        `help:"Messages with times: sensor puts their rows on an even grid by these times; arrival leaves the times out [sensor]." enum:",sensor,arrival" default:"" placeholder:"CLOCK"`
	Late              time.Duration `help:"Messages with times: how long after those behind it a row may come, and one of the subjects that belong together after another [500ms]." placeholder:"TIME"`
	TrustStreamHeader bool          `help:"Let the header Inkling-Stream be a stream's whole name. Whoever may publish on one subject can then write into any stream."`
	MaxSamples        int           `within:"1..1e12" help:"Samples of all channels in a message from NATS; longer ones are refused [16777216]." default:"16777216" placeholder:"N"`
	KeepRepeats       bool          `help:"MQTT devices: label messages of quality of service 1 also if they equal an earlier one of their stream, as a repeat does."`
	tableFlags        `group:"Tables"`
	storedFlags

	model   *model.Config // of the model that the source is for; nil: none
	pending int           // bytes of messages that may wait; 0: the default
}

// input is an opened SOURCE.
type input struct {
	capture.Source
	finite bool    // ends by itself
	live   bool    // cannot wait for the reader
	rate   float64 // 0: unknown
	device string  // the microphone's name; "": it is none
	raw    bool    // nobody knows yet whether its samples look right
}

// An opener opens a source, with connect for NATS; prefix is the subject under which events
// are published, if they are.
type opener func(a *app, names []string, connect func() (*nats.Conn, error), prefix string) (*input, error)

// looked has a first look at samples of which nobody knows yet whether they look right.
func (in *input) looked() *input {
	if in.raw {
		in.Source, in.raw = capture.Look(in.Source), false
	}
	return in
}

// openText is open for models of text.
func (f *sourceFlags) openText(a *app, names []string, nc func() (*nats.Conn, error), prefix string) (*input, error) {
	kind, rest, _ := strings.Cut(names[0], ":")
	switch {
	case f.Rate != 0 || f.Channels != 0 || f.Format != "" || f.Speed != 0 || f.Device != "":
		return nil, usagef("--rate, --channels, --format, --speed and --device are for samples, and the model takes text: leave them out")
	case kind == "mic":
		return nil, usagef("%s: the model takes text: give .txt files, - for standard input, or nats:SUBJECT", names[0])
	case len(names) > 1 && (kind == "nats" || isStored(names[0]) || names[0] == "-"):
		return nil, usagef("%s: only files can be combined: give one source, or files alone", names[0])
	case kind == "nats":
		return f.subject(a, rest, nc, prefix)
	case isStored(names[0]):
		return f.stored(a, names[0], nc, prefix)
	case names[0] == "-":
		return &input{Source: capture.Text(a.stdin, "stdin"), finite: true}, nil
	}
	for _, n := range names {
		if err := folder(n); err != nil {
			return nil, err
		}
		if _, err := os.Stat(n); err != nil {
			return nil, fmt.Errorf("%w (a source of text is a file, - or nats:SUBJECT)", err)
		}
	}
	return &input{Source: capture.TextFiles(names...), finite: true}, nil
}

// open opens SOURCE: mic[:NAME], nats:SUBJECT, exec:COMMAND, a URL, - or files. nc connects to NATS when it is
// needed; prefix is the subject under which events are published, if they are.
func (f *sourceFlags) open(a *app, names []string, nc func() (*nats.Conn, error), prefix string) (*input, error) {
	name := names[0]
	kind, rest, _ := strings.Cut(name, ":")
	if err := f.storedFlags.check(name); err != nil {
		return nil, err
	}
	single := endless(name) || name == "-"
	if single && len(names) > 1 {
		return nil, usagef("%s: only files can be combined: give one source, or files alone", name)
	}
	switch {
	case kind == "mic":
		return f.microphone(a, rest)
	case kind == "nats":
		return f.subject(a, rest, nc, prefix)
	case isStored(name):
		return f.stored(a, name, nc, prefix)
	case kind == "exec", program.IsURL(name):
		return f.program(a, name)
	case name == "-":
		return f.stdin(a)
	}
	in, err := f.files(a, names)
	if err != nil {
		return nil, err
	}
	if f.Speed > 0 {
		in.Source = capture.Replay(in.Source, f.Speed, nil)
	}
	return in, nil
}

// files opens audio files, or tables.
func (f *sourceFlags) files(a *app, names []string) (*input, error) {
	tables := 0
	if err := unlikeFiles(a, f.model, f.Rate, names); err != nil {
		return nil, err
	}
	for _, n := range names {
		if err := folder(n); err != nil {
			return nil, err
		}
		if capture.IsTable(n) {
			tables++
			continue
		}
		if _, err := os.Stat(n); err != nil {
			return nil, fmt.Errorf("%w (a source is mic, mic:NAME, nats:SUBJECT, exec:COMMAND, a URL, -, audio files or tables)", err)
		}
	}
	switch tables {
	case 0:
		return &input{Source: capture.Files(capture.Options{Leads: f.Leads}, names...), finite: true}, nil
	case len(names):
		o, err := f.tables(a)
		if err != nil {
			return nil, err
		}
		return &input{Source: capture.TableFiles(capture.Options{}, o, names...), finite: true, rate: o.Rate}, nil
	}
	return nil, usagef("%d of the %d files are tables: run tables and audio apart", tables, len(names))
}

// tables returns the options of tables: at --rate, or else at the model's.
func (f *sourceFlags) tables(a *app) (o capture.TableOptions, err error) {
	o = capture.TableOptions{Rate: f.Rate, Bridge: float64(f.Bridge), Fill: float64(f.Fill)}
	if f.model != nil && o.Rate == 0 {
		o.Rate = f.model.Rate
	}
	o.Notes = f.notes(a)
	t, err := f.table(f.model)
	o.Columns, o.Signals, o.Time, o.TimeUnit, o.Label = t.Columns, t.Signals, t.Time, t.TimeUnit, t.Label
	o.Channels, o.Units = t.Want, t.WantUnits
	return o, err
}

// notes returns what logs remarks about streams.
func (f *sourceFlags) notes(a *app) func(stream string, notes []string) {
	return func(stream string, notes []string) {
		for _, n := range notes {
			a.logf("%s: %s", stream, n)
		}
	}
}

// endless reports whether a source never ends by itself.
func endless(name string) bool {
	kind, _, _ := strings.Cut(name, ":")
	return kind == "mic" || kind == "nats" || isStored(name) || kind == "exec" || program.IsURL(name)
}

// program opens exec:COMMAND, or a URL, which ffmpeg reads.
func (f *sourceFlags) program(a *app, name string) (*input, error) {
	line, shell := strings.CutPrefix(name, "exec:")
	p, err := f.raw()
	if err != nil {
		return nil, err
	}
	var s *program.Source
	if shell {
		s, err = program.Shell(line, program.Options{PCM: p})
	} else if p != (capture.PCMFormat{}) {
		return nil, usagef("--rate, --channels and --format describe raw samples, and the stream of a URL describes itself: leave them out")
	} else {
		s, err = program.URL(name, program.Options{})
	}
	if err != nil {
		return nil, asUsage(err)
	}
	return &input{Source: s, live: true, rate: f.Rate}, nil
}

// raw returns the format of raw samples that the flags describe.
func (f *sourceFlags) raw() (p capture.PCMFormat, err error) {
	p.Format = capture.Format{Rate: f.Rate, Channels: f.Channels}
	if f.Format != "" {
		if p.Encoding, err = capture.ParseEncoding(f.Format); err != nil {
			return p, usageError{err}
		}
	}
	return p, nil
}

func (f *sourceFlags) microphone(a *app, name string) (*input, error) {
	if name == "" {
		name = f.Device
	}
	m, err := mic.Open(mic.Options{Device: name, Rate: f.Rate, Channels: f.Channels})
	if err != nil {
		return nil, err
	}
	a.logf("microphone %s, %.6g Hz, %d channels", m.Name(), m.Format().Rate, m.Format().Channels)
	return &input{Source: m, raw: true, live: true, rate: m.Format().Rate, device: m.Name()}, nil
}

func (f *sourceFlags) subject(a *app, subject string, nc func() (*nats.Conn, error), prefix string) (*input, error) {
	if subject == "" {
		return nil, usagef("nats: give a subject, for example nats:sensors.>")
	}
	o, err := f.messageOptions(a, prefix)
	if err != nil {
		return nil, err
	}
	c, err := nc()
	if err != nil {
		return nil, err
	}
	s, err := natsio.NewSource(c, subject, o)
	if err != nil {
		return nil, err
	}
	a.logf("listening on %s", subject)
	return &input{Source: s, raw: true, live: true}, nil
}

// messageOptions returns how messages are read.
func (f *sourceFlags) messageOptions(a *app, prefix string) (o natsio.SourceOptions, err error) {
	if f.MaxSamples < 1 {
		return o, usagef("--max-samples %d: give 1 or more", f.MaxSamples)
	}
	o = natsio.SourceOptions{Prefix: prefix, Pending: f.pending, Samples: f.MaxSamples, TrustStreamHeader: f.TrustStreamHeader, KeepRepeats: f.KeepRepeats, Clock: capture.Timing(f.Clock), Notes: f.notes(a)}
	if o.Format, err = f.messages(); err != nil {
		return o, err
	}
	o.Grid, err = f.grid()
	return o, err
}

// messages returns how messages hold samples, where they do not say it themselves.
func (f *sourceFlags) messages() (o natsio.Format, err error) {
	o.Rate, o.Channels = f.Rate, f.Channels
	if m := f.model; m != nil {
		o.Names, o.Width = m.Names, m.Channels
	}
	t, err := f.table(f.model)
	if err != nil {
		return o, err
	}
	o.Columns, o.Time, o.TimeUnit, o.Units = t.Columns, t.Time, t.TimeUnit, t.WantUnits
	o.Type = natsio.ContentType(f.ContentType)
	if len(f.Signals) > 0 {
		o.Names = f.Signals
	}
	if f.Names != "" {
		o.Names = strings.Split(f.Names, ",")
	}
	if m := f.model; m != nil && len(o.Names) > 0 && m.Channels > 0 && len(o.Names) != m.Channels {
		return o, usagef("--names %s: %d names, but the model has %d channels", f.Names, len(o.Names), m.Channels)
	}
	if f.Format != "" {
		if o.Encoding, err = capture.ParseEncoding(f.Format); err != nil {
			return o, usageError{err}
		}
	}
	return o, nil
}

// grid returns how rows with times become samples.
func (f *sourceFlags) grid() (o natsio.GridOptions, err error) {
	if f.Late < 0 {
		return o, usagef("--late %v: give 0 or more", f.Late)
	}
	o = natsio.GridOptions{Rate: f.Rate, Bridge: float64(f.Bridge), Fill: float64(f.Fill), Late: f.Late}
	if f.model != nil && o.Rate == 0 {
		o.Rate = f.model.Rate
	}
	return o, nil
}

func (f *sourceFlags) stdin(a *app) (*input, error) {
	if f.Format == "csv" || f.Format == "tsv" {
		o, err := f.tables(a)
		if err != nil {
			return nil, err
		}
		return &input{Source: capture.Table(a.stdin, "stdin", o), finite: true, rate: o.Rate}, nil
	}
	p, err := f.raw()
	if err != nil {
		return nil, err
	}
	s, err := capture.Audio(a.stdin, p, capture.Options{})
	if err != nil {
		return nil, asUsage(err)
	}
	return &input{Source: s, raw: true, finite: true, rate: f.Rate}, nil
}

// asUsage makes an error about a missing format of raw samples one of usage.
func asUsage(err error) error {
	if errors.Is(err, capture.ErrNoFormat) {
		return usageError{err}
	}
	return err
}

// leadsHint adds to an error about the channels of a WFDB record how to choose leads.
func leadsHint(names []string, err error) error {
	var c *feature.ChannelError
	if errors.As(err, &c) && len(names) > 0 && strings.EqualFold(filepath.Ext(names[0]), ".hea") {
		return fmt.Errorf("%w: choose leads of the record with --leads", err)
	}
	return err
}
