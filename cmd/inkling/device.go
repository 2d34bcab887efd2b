//go:build !edge

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/export"
	"inkling/model/segment"
	"inkling/stream/parity"
)

// device writes the samples of the chosen examples, or compares what exported code printed
// of them.
func (c *verifyCmd) device(a *app, m *model.Model) error {
	switch {
	case c.Samples != "" && c.Against != "":
		return usagef("--samples writes what the device reads, and --against reads what it said: give one, and then the other")
	case c.Samples != "" && c.Data == "":
		return usagef("--samples writes the samples of examples: give data as well; export has written vectors.txt")
	case m.HasNext() || m.Config.Segment.Kind == segment.Beat:
		return usagef("%s: export writes models of labels without heartbeats, so no device can have said anything of it: leave --samples and --against out", c.Model)
	}
	c.model = &m.Config
	streams, err := c.streams(a, m)
	if err != nil {
		return err
	}
	if c.Samples != "" {
		err := atomicfile.WriteFile(c.Samples, func(w io.Writer) error {
			for _, s := range streams {
				if err := export.WriteSamples(w, s.samples, m.Config.Channels); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			a.logf("wrote %s: %d examples", c.Samples, len(streams))
		}
		return err
	}
	f, err := os.Open(c.Against)
	if err != nil {
		return err
	}
	defer f.Close()
	d, err := parity.NewDevice(m, f, c.Tolerance)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Against, err)
	}
	if c.Data == "" {
		streams = vectors(d.Settings())
	}
	for _, s := range streams {
		if err := d.Example(s.name, s.samples); err != nil {
			return fmt.Errorf("%s: %w", c.Against, err)
		}
	}
	if err := d.End(); err != nil {
		return fmt.Errorf("%s: %w", c.Against, err)
	}
	return c.compared(a, &d.Result)
}

// A deviceStream is what a device reads up to a line "end".
type deviceStream struct {
	name    string
	samples []float32
}

// streams returns the chosen examples; without data there are none but the test vectors of
// export, which depend on how the code cuts segments.
func (c *verifyCmd) streams(a *app, m *model.Model) (all []deviceStream, err error) {
	if c.Data == "" {
		return nil, nil
	}
	set, order, err := c.chosen(a, m)
	if err != nil {
		return nil, err
	}
	if set.Channels != m.Config.Channels {
		return nil, fmt.Errorf("%s has %d channels, and the code of the model takes %d", c.Data, set.Channels, m.Config.Channels)
	}
	for _, i := range order {
		e := &set.Examples[i]
		all = append(all, deviceStream{e.Name, e.Samples})
	}
	return all, nil
}

// vectors returns the test vectors that export has written.
func vectors(s *export.Settings) (all []deviceStream) {
	for i, x := range s.Vectors() {
		all = append(all, deviceStream{fmt.Sprintf("stream %d of vectors.txt", i+1), x})
	}
	return all
}

func (c *verifyCmd) compared(a *app, r *parity.Compared) error {
	if c.JSON {
		if err := json.NewEncoder(a.data()).Encode(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, "%d examples, %d steps, %d events, %d confirmed segments; greatest difference of a probability from the model: %g\n", r.Examples, r.Steps, r.Events, r.Confirmed, r.Greatest)
	}
	if r.Different > 0 {
		return fmt.Errorf("%s: %d events are not as the model's, or differ by more than %v; the first is %s", c.Against, r.Different, c.Tolerance, r.First)
	}
	if r.Confirmed == 0 {
		a.logf("no segment was confirmed, so this says little: give other examples")
	}
	if !c.JSON {
		fmt.Fprintln(a.stdout, "the device says what the model says")
	}
	return nil
}
