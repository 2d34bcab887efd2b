package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/internal/bundled"
	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/soak"
)

type soakCmd struct {
	Model         string       `arg:"" optional:"" help:"A model file, or bundled:notes." default:"bundled:notes"`
	Data          string       `arg:"" optional:"" help:"Labelled examples, of which streams are composed [the notes of bundled:notes]."`
	Hours         float64      `within:"0.01..1e6" help:"Length of the signal." default:"24" placeholder:"N"`
	Speed         soakSpeed    `help:"Times real time; 'max' does not wait." default:"1" placeholder:"X"`
	Every         hours        `help:"Signal of a row of the table [an hour, or a twelfth of the time if that is less]." placeholder:"TIME"`
	Streams       int          `within:"1..10000" help:"Streams at once, each with a signal of its own." default:"1" placeholder:"N"`
	Out           string       `short:"o" name:"out" help:"Keep the table in this file, as CSV." placeholder:"FILE.csv"`
	Plot          string       `help:"Draw the table." placeholder:"FILE.svg"`
	Split         string       `group:"Signal" help:"Use only the examples of this split; 'all' uses every one [as eval would choose]." placeholder:"NAME"`
	Seed          uint64       `group:"Signal" help:"Same seed, same signal." default:"1"`
	Pause         secondsSpan  `group:"Signal" help:"Pause before each event, random within this range." default:"0.5s..3s" placeholder:"FROM..TO"`
	Background    string       `group:"Signal" help:"Lay examples of these data under the whole stream [the data's own background, or silence]." placeholder:"DATA"`
	SNR           decibelsSpan `group:"Signal" name:"snr" help:"How far the mean level of the events is above each background example, random within this range." default:"20..20" placeholder:"10..25"`
	segmentFlags  `group:"Segments, instead of the model's"`
	decisionFlags `group:"Labels"`
	Emit          string `help:"Which running events are made: step, change, every=100ms or confirmed." default:"step"`
	JSON          bool   `help:"Print one JSON object at the end: the rows and the verdict."`
}

func (soakCmd) Help() string {
	return `The stream is composed of labelled examples. A row of the table has the resident memory, goroutines, open files, the time of a step and of a confirmation (median and 99th percentile), and how many events were found, took another label or were missed, beside false alarms.

The signal of the last row is that of the first. The exit code is 0 if the memory has grown by at most 2 % between the second third and the last, no goroutine and no open file has come to stay, and the last row is as accurate as the first, within an event or one in a hundred. Ctrl-C ends it with the table so far.

  inkling soak --hours 24 --speed max -o soak.csv --plot soak.svg`
}

// A soakSpeed is a factor of real time; 0: as fast as it goes.
type soakSpeed float64

func (s *soakSpeed) UnmarshalText(text []byte) error {
	if string(text) == "max" {
		*s = 0
		return nil
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(v > 0 && v <= 1e6) {
		return fmt.Errorf("%q: give a number above 0, such as 1 for real time, or max", text)
	}
	*s = soakSpeed(v)
	return nil
}

// hours is a time with a unit.
type hours = time.Duration

func (c *soakCmd) Run(a *app) error {
	o, m, set, err := c.prepare(a)
	if err != nil {
		return err
	}
	report := &soak.Report{Labels: m.Config.Labels}
	o.Progress = soakProgress(a)
	var failed error
	o.Row = func(r *soak.Row) {
		if !c.JSON {
			if len(report.Rows) == 0 {
				fmt.Fprintln(a.stdout, soakHead)
			}
			writeSoakRow(a.stdout, r)
		}
		report.Rows = append(report.Rows, *r)
		if err := c.keep(report); err != nil && failed == nil {
			failed = err
			a.logf("the table is not kept: %v", err)
		}
	}
	a.logf("%.6g hours of signal, %s", c.Hours, c.pace())
	report, err = soak.Run(a.ctx, m, set, *o)
	if err != nil {
		return err
	}
	if err := c.keep(report); err != nil {
		return err
	}
	if c.Plot != "" && len(report.Rows) > 1 {
		if err := drawSoak(report, c.Plot); err != nil {
			return err
		}
		a.logf("wrote %s", c.Plot)
	}
	return c.conclude(a, report)
}

func (c *soakCmd) pace() string {
	if c.Speed == 0 {
		return "as fast as it goes"
	}
	return fmt.Sprintf("at %.6g times real time, which takes %s", float64(c.Speed), roughly(time.Duration(c.Hours/float64(c.Speed)*float64(time.Hour))))
}

// prepare reads what a soak needs.
func (c *soakCmd) prepare(a *app) (*soak.Options, *model.Model, *dataset.Set, error) {
	total := time.Duration(c.Hours * float64(time.Hour))
	switch {
	case c.Every < 0 || c.Every > 0 && c.Every < time.Second:
		return nil, nil, nil, usagef("--every %v: give 1s or more", c.Every)
	case c.Every > total/soak.LeastRows:
		return nil, nil, nil, usagef("--every %v: there are too few such rows in --hours %v: give %v at most", c.Every, c.Hours, total/soak.LeastRows)
	}
	if err := checkPicture(c.Plot); err != nil {
		return nil, nil, nil, err
	}
	m, err := openLabels(c.Model)
	if err != nil {
		return nil, nil, nil, err
	}
	if m.Config.Text() || m.Config.Segment.Kind == segment.Beat {
		return nil, nil, nil, usagef("%s is a model of text or of heartbeats: give one of sounds or sensors", c.Model)
	}
	set, err := c.examples(a, m, c.Data)
	if err != nil {
		return nil, nil, nil, err
	}
	emit, err := stream.ParseEmit(c.Emit)
	if err != nil {
		return nil, nil, nil, usageError{err}
	}
	decision, err := c.decide(m)
	if err != nil {
		return nil, nil, nil, err
	}
	o := &soak.Options{Duration: total, Every: c.Every, Streams: c.Streams, Speed: float64(c.Speed),
		Stream: stream.Options{Segment: c.over(m, true), Decision: decision, Emit: emit}}
	a.tellOtherSegments(o.Stream.Segment.Kind)
	o.Compose = compose.Options{Seed: c.Seed, Pause: [2]float64{float64(c.Pause[0]), float64(c.Pause[1])},
		SNR: [2]float64{float64(c.SNR[0]), float64(c.SNR[1])}}
	if c.Background != "" {
		if o.Compose.Background, err = c.examples(a, m, c.Background); err != nil {
			return nil, nil, nil, err
		}
	}
	return o, m, set, nil
}

// examples returns those of the test split of data, at the rate of the model.
func (c *soakCmd) examples(a *app, m *model.Model, data string) (*dataset.Set, error) {
	switch {
	case data == "" && c.Model == bundledNotes, data == bundledNotes:
		return minuteNotes()
	case data == "":
		return nil, usagef("%s: give DATA with examples of its labels, of which the stream is composed", c.Model)
	}
	return openExamples(a, data, c.Split, m.Config.Rate, m.Config.Channels)
}

// minuteNotes returns the whole notes of the bundled minute as examples.
func minuteNotes() (*dataset.Set, error) {
	clip, err := audio.Decode(bytes.NewReader(bundled.Minute()), "minute.flac")
	if err != nil {
		return nil, err
	}
	set := &dataset.Set{Kind: dataset.Audio, Channels: 1, Rate: clip.Rate}
	for _, n := range bundled.Truth() {
		if !slices.Contains(set.Labels, n.Label) {
			set.Labels = append(set.Labels, n.Label)
		}
	}
	slices.Sort(set.Labels)
	for i, n := range notesWithin(len(clip.Samples)) {
		set.Examples = append(set.Examples, dataset.Example{Name: fmt.Sprintf("%s %d", n.Label, i+1), Label: slices.Index(set.Labels, n.Label), Samples: clip.Samples[n.Start:n.End], Rate: clip.Rate})
	}
	return set, nil
}

// keep writes the table so far.
func (c *soakCmd) keep(r *soak.Report) error {
	if c.Out == "" {
		return nil
	}
	return atomicfile.WriteFile(c.Out, r.WriteCSV)
}

const soakHead = "   hours  resident  goroutines  files    step p50, p99   confirm p50, p99  events  found  wrong  missed  false alarms"

func writeSoakRow(w io.Writer, r *soak.Row) {
	fmt.Fprintf(w, "%8.3g %6.1f MB %11d %6d %17s %18s %7d %6d %6d %7d %13d\n", r.Hours, float64(r.Resident)/1e6, r.Goroutines, r.Files,
		spans(r.StepP50, r.StepP99), spans(r.ConfirmP50, r.ConfirmP99), r.Events, r.Found, r.Wrong, r.Missed, r.FalseAlarms)
}

// spans writes two durations of seconds.
func spans(a, b float64) string {
	text := func(v float64) string {
		switch {
		case v == 0:
			return "-"
		case v < 1e-3:
			return fmt.Sprintf("%.3g µs", v*1e6)
		}
		return fmt.Sprintf("%.3g ms", v*1e3)
	}
	return text(a) + ", " + text(b)
}

// conclude prints the verdict, and returns an error if it is not good.
func (c *soakCmd) conclude(a *app, r *soak.Report) error {
	checks := r.Verdict()
	speed := 0.0
	if n := len(r.Rows); n > 0 {
		speed = r.Rows[n-1].Hours * 3600 / r.Rows[n-1].Wall
	}
	if c.JSON {
		if err := json.NewEncoder(a.data()).Encode(struct {
			*soak.Report
			Speed   float64      `json:"times_real_time"`
			Verdict []soak.Check `json:"verdict"`
		}{r, speed, checks}); err != nil {
			return err
		}
	} else {
		if r.Interrupted {
			fmt.Fprintf(a.stdout, "interrupted after %d complete rows\n", len(r.Rows))
		}
		for _, check := range checks {
			fmt.Fprintf(a.stdout, "%-4s  %-10s  %s\n", map[bool]string{true: "ok", false: "fail"}[check.OK], check.Name, check.Text)
		}
		if speed > 0 {
			fmt.Fprintf(a.stdout, "%.4g times real time\n", speed)
		}
	}
	var bad []string
	for _, check := range checks {
		if !check.OK {
			bad = append(bad, check.Name)
		}
	}
	switch {
	case len(bad) > 0:
		return fmt.Errorf("not steady: %s", strings.Join(bad, ", "))
	case len(checks) == 0:
		return fmt.Errorf("%d rows are too few for a verdict", len(r.Rows))
	}
	return nil
}

// checkPicture refuses the name of a picture that cannot be drawn.
func checkPicture(name string) error {
	if ext := strings.ToLower(filepath.Ext(name)); name != "" && ext != ".png" && ext != ".svg" {
		return usagef("--plot %s: the name of a picture ends in .png or .svg", name)
	}
	return pictures(name)
}
