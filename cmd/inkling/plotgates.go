//go:build !edge

package main

import (
	"inkling/model/dataset"
	"inkling/stream/report"
)

type plotGates struct {
	Model     string  `arg:"" help:"A model file, or bundled:notes."`
	Data      string  `arg:"" help:"A file of sound, a table or a text; or labelled data."`
	Number    int     `arg:"" optional:"" default:"1" help:"Of labelled data the example, from 1."`
	From      seconds `help:"Draw from this time on." placeholder:"TIME"`
	Length    seconds `help:"Draw at most this much [20s]." placeholder:"TIME"`
	Out       string  `short:"o" required:"" help:"Picture to write: .png or .svg." placeholder:"FILE"`
	readFlags `group:"Data"`
}

func (c *plotGates) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	c.model = &m.Config
	set, _, err := c.openAny(a, c.Data, m.Config.Rate)
	if err != nil {
		return err
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return err
		}
	}
	if c.Number < 1 || c.Number > len(set.Examples) {
		return usagef("example %d: there are %d: give a number from 1", c.Number, len(set.Examples))
	}
	one, err := c.cut(a, set, set.Examples[c.Number-1])
	if err != nil {
		return err
	}
	s := *set
	s.Examples = []dataset.Example{one}
	data := c.Data
	if one.Name != data {
		data += ", " + one.Name
	}
	if err := report.Gates(m, &s, 0, about(c.Model, m, data), c.Out); err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return nil
}

// longGates is how much is drawn if nothing else is asked for: in seconds, or a thousand
// times as many samples if the rate is unknown.
const longGates = 20

// cut returns the part of e to draw.
func (c *plotGates) cut(a *app, set *dataset.Set, e dataset.Example) (dataset.Example, error) {
	if c.From < 0 || c.Length < 0 {
		return e, usagef("--from %v, --length %v: give 0 or more", float64(c.From), float64(c.Length))
	}
	rate, unit := set.Rate, "s"
	if rate <= 0 || set.Kind == dataset.Text {
		rate, unit = 1, "samples"
	}
	frames := len(e.Samples) / set.Channels
	length := float64(c.Length)
	if length == 0 {
		if length = longGates; unit != "s" {
			length *= 1000
		}
		if float64(frames)-float64(c.From)*rate > length*rate {
			a.logf("the first %v %s are drawn: --from and --length choose others", length, unit)
		}
	}
	within := func(t float64) int { return int(min(t*rate, float64(frames))) }
	from := within(float64(c.From))
	if from >= frames {
		return e, usagef("--from %v: the signal has %v %s", float64(c.From), float64(frames)/rate, unit)
	}
	to := min(frames, from+within(length))
	e.Samples = e.Samples[from*set.Channels : to*set.Channels]
	if e.Steps != nil {
		e.Steps = e.Steps[from:to]
	}
	return e, nil
}
