//go:build !edge

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/export"
	"inkling/model/segment"
)

// device writes the samples of the chosen examples, or compares what exported code printed
// of them.
func (c *verifyCmd) device(a *app, m *model.Model) error {
	switch {
	case c.Samples != "" && c.Against != "":
		return usagef("--samples writes what the device reads, and --against reads what it said: give one, and then the other")
	case m.HasNext() || m.Config.Segment.Kind == segment.Beat:
		return usagef("%s: export writes models of labels without heartbeats, so no device can have said anything of it: leave --samples and --against out", c.Model)
	}
	for _, l := range m.Config.Labels {
		if strings.ContainsAny(l, "\t\r\n") {
			return usagef("%s: the label %q has a tab or a line break, which the program of export cannot print", c.Model, l)
		}
	}
	c.model = &m.Config
	set, order, err := c.chosen(a, m)
	if err != nil {
		return err
	}
	if set.Channels != m.Config.Channels {
		return fmt.Errorf("%s has %d channels, and the code of the model takes %d", c.Data, set.Channels, m.Config.Channels)
	}
	if c.Samples != "" {
		err := atomicfile.WriteFile(c.Samples, func(w io.Writer) error {
			for _, i := range order {
				if err := export.WriteSamples(w, set.Examples[i].Samples, set.Channels); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			a.logf("wrote %s: %d examples", c.Samples, len(order))
		}
		return err
	}
	f, err := os.Open(c.Against)
	if err != nil {
		return err
	}
	defer f.Close()
	check, err := export.NewCheck(m, c.Tolerance)
	if err != nil {
		return err
	}
	log := export.NewLog(bufio.NewReader(f), m.Config.Labels)
	for _, i := range order {
		e := &set.Examples[i]
		said, err := log.Next()
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("it ends after %d of %d examples", check.Result.Examples, len(order))
		}
		if err == nil {
			err = check.Example(e.Name, e.Samples, said)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c.Against, err)
		}
	}
	if _, err := log.Next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: it goes on after %d examples, so it is of other ones: give the same -n and --seed as for --samples", c.Against, len(order))
	}
	return c.compared(a, &check.Result)
}

func (c *verifyCmd) compared(a *app, r *export.Compared) error {
	if c.JSON {
		if err := json.NewEncoder(a.data()).Encode(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, "%d examples, %d steps; greatest difference of a probability from the model: %g\n", r.Examples, r.Steps, r.Greatest)
	}
	if r.Different > 0 {
		return fmt.Errorf("%s: %d steps differ by more than %v; the first is %s", c.Against, r.Different, c.Tolerance, r.First)
	}
	if r.ByStepsAlone > 0 {
		a.logf("%d examples had no probabilities at their end, and were compared by their steps alone", r.ByStepsAlone)
	}
	if !c.JSON {
		fmt.Fprintln(a.stdout, "the device says what the model says")
	}
	return nil
}
