//go:build !edge

package main

import (
	"fmt"

	"inkling/stream/report"
)

type plotConfusion struct {
	resultFlags
	Beside string `help:"Draw that of a second model, on the same data, or of a second output of 'inkling eval --json' beside it." placeholder:"MODEL"`
}

func (c *plotConfusion) Run(a *app) error {
	first, err := c.result(a, true)
	if err != nil {
		return err
	}
	if c.Beside == "" {
		err = first.confusion(c.Out)
	} else {
		other := c.resultFlags
		other.Report = c.Beside
		second, err2 := other.result(a, true)
		if err2 != nil {
			return fmt.Errorf("--beside: %w", err2)
		}
		err = first.confusions(c.Report, second, c.Beside, c.Out)
	}
	if err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return nil
}

// confusion draws the confusion of r.
func (r result) confusion(path string) error {
	if r.beats != nil {
		return report.BeatConfusion(r.beats, path)
	}
	return report.Confusion(r.clips, path)
}

// confusions draws those of r and s side by side.
func (r result) confusions(name string, s result, other, path string) error {
	switch {
	case r.beats != nil && s.beats != nil:
		return report.BeatConfusions(r.beats, s.beats, path)
	case r.beats != nil || s.beats != nil:
		return usagef("--beside %s: one of %s and %s is of heartbeats, and the other is not: give two of a kind", other, name, other)
	}
	return report.Confusions(r.clips, s.clips, path)
}
