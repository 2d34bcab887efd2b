package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture/mic"
	"inkling/internal/doctor"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/measure"
)

type doctorCmd struct {
	Model     string   `arg:"" optional:"" help:"A model file, bundled:notes, or the configuration of serve (.toml), of which every pipeline is looked at." default:"bundled:notes"`
	Source    string   `help:"What the model is to read: mic, mic:NAME, nats:SUBJECT, jetstream:STREAM, …" placeholder:"SOURCE"`
	To        string   `help:"Where labels are to go: nats:PREFIX, or file:PATH." placeholder:"nats:PREFIX"`
	Rate      float64  `within:"0..1e9" help:"Sampling rate of the microphone." placeholder:"HZ"`
	Channels  int      `within:"0..65536" help:"Channels of the microphone."`
	Folder    []string `help:"Folders that are to be written to, comma-separated [the working folder]." placeholder:"DIR"`
	natsFlags `group:"NATS"`
	JSON      bool `help:"Print one JSON array: check, level (ok, warn, fail), text, remedy, and the values that were measured."`
}

func (doctorCmd) Help() string {
	return `Each line is ok, warn (it works, but not well or not for long) or fail, and below it is the command that mends it. Nothing is changed but a small file that is written and removed, and nothing is published. Only this machine is asked, unless --urls, --context or the configuration name a server. The exit code is 1 if a line says fail.

  device     the microphones, and whether they may be opened
  rate       their sampling rate beside the model's
  kernel     the vector kernels in use, and why no faster ones are
  headroom   what the model takes of the processor
  clock      whether NTP holds the time
  broker     the NATS server: reached, let in, let listen and publish, how far away
  jetstream  its streams, and their limits
  disk       free space, and how long a small file takes to reach the disk
  memory     what is free, and the limit of the container or service
  heat       whether the processor is slowed down`
}

// surroundings are what doctor looks at, which tests make up.
type surroundings struct {
	machine    *doctor.Machine
	processors int
	broker     string                                                                // the NATS server that is asked if none is named
	cost       func(context.Context, *model.Model) (microseconds float64, err error) // of a second of signal, or of a sample without a rate
}

var lookAround = func() *surroundings {
	m := doctor.This()
	m.Kernel, m.Kernels, m.Sound = f32.Kernel(), f32.Kernels(), cards
	return &surroundings{machine: m, processors: runtime.GOMAXPROCS(0), broker: nats.DefaultURL, cost: costOf}
}

func cards() (all []doctor.Card, err error) {
	devices, err := mic.Devices()
	for _, d := range devices {
		all = append(all, doctor.Card{Name: d.Name, Path: d.Path, Channels: d.Channels, Low: cmp.Or(d.LowestRate, d.Rate), High: cmp.Or(d.HighestRate, d.Rate), Err: d.Err, Default: d.Default})
	}
	return all, err
}

// costOf measures a model as bench does.
func costOf(ctx context.Context, m *model.Model) (us float64, err error) {
	works, err := measure.Parts(m, runningEvents(m))
	if err != nil {
		return 0, err
	}
	all := make([]measure.Case, len(works))
	for i, w := range works {
		all[i] = w.Case
	}
	times, err := measure.Alternate(ctx, measure.Plan{Budget: 300 * time.Millisecond}, all)
	if err != nil {
		return 0, err
	}
	for i, t := range times {
		us += t.Min / cmp.Or(works[i].Units, 1)
	}
	return us, nil
}

// A target is a pipeline that is looked at.
type target struct {
	name string // "": there is one alone
	cmd  *runCmd
	m    *model.Model
}

func (c *doctorCmd) Run(a *app) error {
	here := lookAround()
	began := here.machine.Clock()
	targets, all, err := c.targets(a)
	if err != nil {
		return err
	}
	m := here.machine
	all = append(all, m.Cards(listeners(targets))...)
	all = append(all, m.Vectors())
	all = append(all, here.headroom(a.ctx, targets)...)
	all = append(all, m.Time(began)...)
	all = append(all, c.brokers(a.ctx, targets, here.broker)...)
	for _, f := range c.folders(targets) {
		all = append(all, m.Folder(f)...)
	}
	all = append(all, m.Memory(demand(targets, c.configured()))...)
	all = append(all, m.Heat()...)
	for i := range all {
		all[i].Text, all[i].Remedy = c.words(all[i].Text), c.command(all[i].Remedy)
	}
	if c.JSON {
		enc := json.NewEncoder(a.data())
		enc.SetEscapeHTML(false)
		err = enc.Encode(all)
	} else {
		err = writeFindings(a.stdout, all)
	}
	if err == nil {
		err = healthy(all)
	}
	return err
}

func (c *doctorCmd) configured() bool { return strings.EqualFold(filepath.Ext(c.Model), ".toml") }

// targets reads what is to run. What is wrong with a configuration or a model is a finding.
func (c *doctorCmd) targets(a *app) (all []target, found []doctor.Finding, err error) {
	const remedy = "inkling serve --check "
	if !c.configured() {
		p := target{cmd: &runCmd{}}
		if _, err := parserOf(p.cmd).Parse([]string{c.Model}); err != nil {
			return nil, nil, usageError{err}
		}
		p.cmd.natsFlags, p.cmd.Rate, p.cmd.Channels, p.cmd.Model = c.natsFlags, c.Rate, c.Channels, c.Model
		if c.Source != "" {
			p.cmd.Source = []string{c.Source}
		}
		if c.To != "" {
			if kind, _, _ := strings.Cut(c.To, ":"); kind != "nats" && kind != "file" {
				return nil, nil, usagef("--to %s: give nats:PREFIX or file:PATH", c.To)
			}
			p.cmd.To = []string{c.To}
		}
		if p.m, err = openModel(c.Model); err != nil {
			return []target{p}, []doctor.Finding{{Check: "model", Level: doctor.Fail, Text: err.Error(), Remedy: "inkling inspect " + c.Model}}, nil
		}
		return []target{p}, nil, nil
	}
	if c.Source != "" || c.To != "" || c.Rate != 0 || c.Channels != 0 {
		return nil, nil, usagef("%s says what each pipeline reads and where its labels go: leave --source, --to, --rate and --channels out", c.Model)
	}
	s, err := loadService(a, c.Model)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			found = append(found, doctor.Finding{Check: "config", Level: doctor.Fail, Text: strings.TrimSpace(line), Remedy: remedy + c.Model})
		}
	} else {
		found = append(found, doctor.Finding{Check: "config", Level: doctor.OK, Text: fmt.Sprintf("%s: %d %s, nothing wrong", c.Model, len(s.pipelines), plural(len(s.pipelines), "pipeline", "pipelines"))})
	}
	if s == nil {
		return nil, found, nil
	}
	for _, p := range s.pipelines {
		all = append(all, target{name: p.table.Name, cmd: p.cmd, m: p.model})
	}
	return all, found, nil
}

// listeners are the targets that read a microphone.
func listeners(targets []target) (all []doctor.Listener) {
	for _, p := range targets {
		if len(p.cmd.Source) == 0 {
			continue
		}
		kind, name, _ := strings.Cut(p.cmd.Source[0], ":")
		if kind != "mic" {
			continue
		}
		l := doctor.Listener{Device: cmp.Or(name, p.cmd.Device), Asked: p.cmd.Rate, AskedFor: p.cmd.Channels, By: p.name}
		if p.m != nil {
			l.Rate, l.Channels = p.m.Config.Rate, p.m.Config.Channels
		}
		all = append(all, l)
	}
	return all
}

// headroom measures what the models take of the processors, each once.
func (r *surroundings) headroom(ctx context.Context, targets []target) (all []doctor.Finding) {
	const check = "headroom"
	costs := map[*model.Model]float64{}
	busy := 0.0
	for _, p := range targets {
		if p.m == nil {
			continue
		}
		us, known := costs[p.m]
		if !known {
			var err error
			if us, err = r.cost(ctx, p.m); err != nil {
				return append(all, doctor.Finding{Check: check, Level: doctor.Fail, Text: err.Error()})
			}
			costs[p.m] = us
		}
		rate := p.m.Config.Rate
		if rate == 0 {
			if !known {
				all = append(all, doctor.Finding{Check: check, Level: doctor.OK, Text: fmt.Sprintf("%s: %.0f samples a second on each of %d processors", p.cmd.Model, 1e6/us, r.processors),
					Values: map[string]float64{"samples_per_second": 1e6 / us * float64(r.processors)}})
			}
			continue
		}
		busy += us / 1e6
		if !known {
			all = append(all, r.fits(p.cmd.Model, rate, us))
		}
	}
	if len(targets) > 1 && busy > 0.7*float64(r.processors) {
		f := doctor.Finding{Check: check, Level: doctor.Warn, Remedy: slower, Text: fmt.Sprintf("one stream of each pipeline together takes %.0f %% of %d processors", 100*busy/float64(r.processors), r.processors)}
		if busy > float64(r.processors) {
			f.Level = doctor.Fail
		}
		all = append(all, f)
	}
	return all
}

// slower makes a model that takes less.
const slower = "inkling quantize MODEL DATA -o SMALL.model, or inkling train DATA --hidden 32 -o SMALL.model"

// fits says how many streams of a model fit in real time, if a second of signal takes us
// microseconds.
func (r *surroundings) fits(name string, rate, us float64) doctor.Finding {
	streams := 1e6 / us * float64(r.processors)
	f := doctor.Finding{Check: "headroom", Level: doctor.OK, Values: map[string]float64{"streams": streams},
		Text: fmt.Sprintf("%s: %.0f streams of %.6g Hz in real time on %d processors", name, streams, rate, r.processors)}
	switch one := 1e6 / us; {
	case one < 1:
		f.Level, f.Remedy = doctor.Fail, slower
		f.Text = fmt.Sprintf("%s: a second of signal takes %.2g s, so a stream of %.6g Hz does not run in real time", name, us/1e6, rate)
	case one < 2:
		f.Level, f.Remedy = doctor.Warn, slower
		f.Text = fmt.Sprintf("%s: one stream of %.6g Hz takes %.0f %% of a processor, and little is left for anything else", name, rate, 100/one)
	}
	return f
}

// folders are what the targets write to.
func (c *doctorCmd) folders(targets []target) (all []doctor.Folder) {
	add := func(f doctor.Folder) {
		if f.Path != "" && !slices.ContainsFunc(all, func(o doctor.Folder) bool { return o.Path == f.Path && o.For == f.For }) {
			all = append(all, f)
		}
	}
	for _, dir := range c.Folder {
		add(doctor.Folder{Path: dir, For: "folder"})
	}
	for _, p := range targets {
		for _, to := range p.cmd.To {
			if name, ok := strings.CutPrefix(to, "file:"); ok {
				add(doctor.Folder{Path: filepath.Dir(name), File: filepath.Base(name), For: "to", By: p.name})
			}
		}
		if p.cmd.State != "" {
			add(doctor.Folder{Path: filepath.Dir(p.cmd.State), File: filepath.Base(p.cmd.State), For: "state", By: p.name})
		}
		add(doctor.Folder{Path: p.cmd.Keep, For: "keep", Made: true, Most: int64(p.cmd.KeepMax), Key: "keep-max", By: p.name})
		add(doctor.Folder{Path: p.cmd.Spill, For: "spill", Made: true, Most: int64(p.cmd.SpillMax), Key: "spill-max", By: p.name})
	}
	if len(all) == 0 {
		all = append(all, doctor.Working())
	}
	return all
}

// demand is what the targets let wait in the memory.
func demand(targets []target, service bool) (d doctor.Demand) {
	d.Service = service
	for _, p := range targets {
		if p.speaks("nats:", storedPrefix) {
			d.Waiting += int64(p.cmd.MaxMemory)
		}
		if len(p.prefixes()) > 0 && p.cmd.Spill == "" {
			d.Waiting += int64(p.cmd.OutageMemory)
		}
	}
	return d
}

// speaks reports whether the source of p has one of these prefixes.
func (p *target) speaks(prefixes ...string) bool {
	return len(p.cmd.Source) > 0 && slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(p.cmd.Source[0], prefix) })
}

// ownFlag matches a flag of run with its value.
var ownFlag = regexp.MustCompile(`^--([a-z-]+) ([^ ,]+)`)

// words names flags, or keys of a configuration, in a message.
func (c *doctorCmd) words(text string) string {
	if c.configured() {
		return keysFor(fmt.Errorf("%s", text))
	}
	return flags(text)
}

// command writes a remedy for the command line, or for a configuration.
func (c *doctorCmd) command(remedy string) string {
	remedy = flags(remedy)
	if m := ownFlag.FindStringSubmatch(remedy); m != nil && c.configured() {
		value := m[2]
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			value = strconv.Quote(value)
		}
		remedy = m[1] + " = " + value + strings.TrimPrefix(remedy, m[0])
	}
	return remedy
}

func writeFindings(w io.Writer, all []doctor.Finding) error {
	for _, f := range all {
		if _, err := fmt.Fprintf(w, "%-4s  %-9s  %s\n", f.Level, f.Check, f.Text); err != nil {
			return err
		}
		if f.Remedy != "" {
			fmt.Fprintf(w, "%17s%s\n", "", f.Remedy)
		}
	}
	return nil
}

// healthy returns an error if something fails.
func healthy(all []doctor.Finding) error {
	fails := 0
	for _, f := range all {
		if f.Level == doctor.Fail {
			fails++
		}
	}
	switch fails {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("one check fails")
	}
	return fmt.Errorf("%d checks fail", fails)
}
