//go:build !edge

package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/model/segment"
)

// composeFlags choose how streams are composed of examples.
type composeFlags struct {
	Duration        seconds       `with:"stream" help:"Length of each stream." default:"1h"`
	Seed            uint64        `with:"stream" help:"Same seed, same streams." default:"1"`
	Pause           secondsSpan   `with:"stream" help:"Pause before each event, random within this range." default:"0.5s..3s" placeholder:"FROM..TO"`
	Level           decibels      `with:"stream" help:"Raise or lower each event by a random amount up to this." default:"0dB" placeholder:"±6dB"`
	Background      string        `with:"stream" help:"Lay examples of these data under the whole stream, cross-faded [silence]." placeholder:"DATA"`
	BackgroundSplit string        `with:"background" help:"Use only this split of the background; 'all' uses every example [as eval would choose]." placeholder:"NAME"`
	BackgroundLevel *decibels     `with:"background" help:"Level of the background relative to the mean level of the events [-20dB]." placeholder:"-20dB"`
	SNR             *decibelsSpan `with:"background" name:"snr" help:"Instead of --background-level: how far the mean level of the events is above each background example, random within this range." placeholder:"10..25"`
}

type composeCmd struct {
	Data      string `arg:"" help:"Labelled audio, as for train."`
	Out       string `short:"o" name:"out" required:"" help:"Folder for stream.wav and stream.txt, a label track for Audacity." placeholder:"DIR"`
	dataFlags `group:"Data"`
	Segment   segment.Kind `group:"Data" help:"As for train; it does not change what is read, and beat is refused." enum:",activity,fixed,message,whole,line,sentence,beat" default:""`
	composeFlags
	Parts          int     `help:"Write this many streams, each of --duration: stream-1, stream-2 and so on." default:"1" placeholder:"N"`
	Rate           float64 `within:"0..1e9" help:"Sampling rate [that of the data]." placeholder:"HZ"`
	Float          bool    `help:"Write 32-bit float samples instead of 16-bit integers."`
	MarkBackground bool    `help:"Annotate the background examples too, as 'background'."`
}

func (c *composeCmd) Run(a *app) error {
	if err := noBeats(c.Segment, "compose"); err != nil {
		return err
	}
	if c.Parts < 1 || c.Parts > 10000 {
		return usagef("--parts %d: give 1 to 10000", c.Parts)
	}
	if c.Rate < 0 || c.Rate != math.Trunc(c.Rate) {
		return usagef("--rate %v: give a whole number of samples per second", c.Rate)
	}
	set, err := c.openTest(a, c.Data, c.Rate)
	if err != nil {
		return err
	}
	o, err := c.options(a, set)
	if err != nil {
		return err
	}
	o.MarkBackground = c.MarkBackground
	if err := os.MkdirAll(c.Out, 0o777); err != nil {
		return err
	}
	f := compose.File{Progress: a.progress("composing")}
	if c.Float {
		f.Format = compose.Float32
	}
	for part := range c.Parts {
		name := "stream"
		if c.Parts > 1 {
			name = fmt.Sprintf("stream-%0*d", len(strconv.Itoa(c.Parts)), part+1)
		}
		o.Part = part
		s, err := compose.New(set, o)
		if err != nil {
			return err
		}
		if s.Lowered > 0 {
			a.logf("%s: lowered by %.1f dB, so that it does not clip", name, s.Lowered)
		}
		if err := s.Write(a.ctx, c.Out, name, f); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s  %v, %d events\n", filepath.Join(c.Out, name+".wav"), time.Duration(float64(c.Duration)*float64(time.Second)), len(s.Events))
	}
	return nil
}

// options reads the background at the rate and with the channels of set.
func (c *composeFlags) options(a *app, set *dataset.Set) (compose.Options, error) {
	o := compose.Options{Duration: float64(c.Duration), Seed: c.Seed, Pause: [2]float64{float64(c.Pause[0]), float64(c.Pause[1])},
		Level: math.Abs(float64(c.Level)), SNR: compose.Default().SNR}
	switch {
	case c.SNR != nil && c.BackgroundLevel != nil:
		return o, usagef("--snr and --background-level exclude each other: give one of them")
	case (c.SNR != nil || c.BackgroundLevel != nil || c.BackgroundSplit != "") && c.Background == "":
		return o, usagef("--snr, --background-level and --background-split need a background: give --background DATA")
	case c.SNR != nil:
		o.SNR = [2]float64{float64(c.SNR[0]), float64(c.SNR[1])}
	case c.BackgroundLevel != nil:
		o.SNR = [2]float64{-float64(*c.BackgroundLevel), -float64(*c.BackgroundLevel)}
	}
	if c.Background == "" {
		return o, nil
	}
	d := dataFlags{Split: c.BackgroundSplit, background: true, channels: set.Channels}
	var err error
	o.Background, err = d.openTest(a, c.Background, set.Rate)
	return o, err
}

// tellComposed tells of flags that compose streams where the data are recordings already.
func (a *app) tellComposed(data string) {
	composing := flagNames(parserOf(&composeFlags{}))
	for _, f := range a.given {
		if slices.Contains(composing, f.Name) {
			a.logf("--%s changes nothing: %s holds annotated recordings, and no streams are composed", f.Name, data)
		}
	}
}
