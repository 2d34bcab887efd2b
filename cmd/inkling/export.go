//go:build !edge

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"inkling/internal/atomicfile"
	"inkling/model/decide"
	"inkling/model/export"
	"inkling/model/segment"
	"inkling/stream/parity"
)

type exportCmd struct {
	Model        string       `arg:"" help:"A model file, float or integer, or bundled:notes."`
	C            string       `name:"c" required:"" help:"Write inkling.h, inkling.c and main.c, C99, into this folder, and test vectors: vectors.txt has samples, vectors.jsonl the events of them." placeholder:"DIR"`
	Steps        int          `help:"The longest segment, in steps, that is confirmed, at which a segment ends; 0 leaves the confirm head out. The firmware's state has room for so many." default:"256"`
	Segment      segment.Kind `help:"Segmenter: activity, label, fixed, message or whole [the model's]." enum:",activity,label,fixed,message,whole" default:"" placeholder:"KIND"`
	RunningState decide.State `help:"State of the running head between segments: reset [the model's]." enum:",reset,carry" default:"" placeholder:"STATE"`
}

func (c *exportCmd) Help() string {
	return `The code is one header and one source without allocation: front end (raw, logmel, mfcc), segmenter (activity, label with its detector, fixed, message, whole), layers, both heads, and the rules about labels: warm-up, averaging, thresholds and hold of the running label, the early rule, the evidence, thresholds and background of the confirmed one. inkling_feed takes samples and reports the events of inkling run. main.c reads samples from standard input and prints these events.

Printed is the memory that the model takes, in bytes: constants in flash, and the state of a stream in RAM.

A model with a stem, with the front ends stats, moments or chars, of heartbeats, of text, or of what comes next is refused. inkling verify MODEL --against LOG compares what a device printed of vectors.txt with the model, and with DATA what it printed of examples.`
}

func (c *exportCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	o := export.Options{Steps: c.Steps, Segment: c.Segment, State: c.RunningState}
	x, err := export.C(m, o)
	if err != nil {
		return err
	}
	s, err := export.Settle(m, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.C, 0o777); err != nil {
		return err
	}
	for _, f := range x.Files {
		if err := c.write(a, f.Name, func(w io.Writer) error {
			_, err := io.WriteString(w, f.Text)
			return err
		}); err != nil {
			return err
		}
	}
	vectors := s.Vectors()
	if err := c.write(a, "vectors.txt", func(w io.Writer) error {
		for _, v := range vectors {
			if err := export.WriteSamples(w, v, m.Config.Channels); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := c.write(a, "vectors.jsonl", func(w io.Writer) error { return parity.WriteEvents(w, m, s, vectors) }); err != nil {
		return err
	}
	for _, n := range x.Notes {
		a.logf("%s", flags(n))
	}
	return printMemory(a.stdout, x.Memory)
}

func (c *exportCmd) write(a *app, name string, write func(io.Writer) error) error {
	path := filepath.Join(c.C, name)
	if err := atomicfile.WriteFile(path, write); err != nil {
		return err
	}
	a.logf("wrote %s", path)
	return nil
}

// printMemory prints what a model takes.
func printMemory(out io.Writer, all []export.Memory) error {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	fmt.Fprintf(out, "%-32s%10s%10s\n", "bytes, without the program", "flash", "RAM")
	for _, p := range all {
		if _, err := fmt.Fprintf(out, "%-32s%10s%10s\n", p.Part, number(p.Flash), number(p.RAM)); err != nil {
			return err
		}
	}
	return nil
}
