package main

import (
	"cmp"
	"fmt"
	"time"

	"inkling/internal/disk"
	"inkling/model"
	"inkling/stream/keep"
)

// keepFlags keep the signal of segments.
type keepFlags struct {
	Keep       string      `help:"Keep the signal of segments in this folder, a file each, with what the model said in index.csv: for inkling review." placeholder:"DIR"`
	KeepWhen   []keep.When `help:"Which segments --keep keeps: unsure, rejected, overturned, confirmed or all; several with commas." default:"unsure,rejected,overturned" placeholder:"WHEN"`
	KeepUnsure ratio       `help:"A segment whose label has a lower probability than this is unsure." default:"0.8" placeholder:"P"`
	KeepMax    byteSize    `help:"The most that --keep may take on the disk; the oldest segments make room [2GB]." default:"2GB" placeholder:"SIZE"`
	KeepDaily  byteSize    `help:"About the most that --keep may write in a day (UTC); then nothing more is kept until the next one [100MB in the small build for devices, else no limit]." placeholder:"SIZE"`
	KeepDays   float64     `help:"Remove kept segments after this many days [they stay]." placeholder:"N"`
}

// mostDays bounds --keep-days, so that it is a time.Duration.
const mostDays = 36500

// check refuses flags that keep cannot take, or not of this model.
func (f *keepFlags) check(m *model.Model) error {
	switch {
	case f.Keep == "" && f.KeepDays != 0:
		return usagef("--keep-days %v: give --keep DIR as well, or leave it out", f.KeepDays)
	case f.Keep == "" && f.KeepDaily != 0:
		return usagef("--keep-daily: give --keep DIR as well, or leave it out")
	case f.Keep == "":
		return nil
	case !(f.KeepDays >= 0 && f.KeepDays <= mostDays):
		return usagef("--keep-days %v: give more than 0, up to %d", f.KeepDays, mostDays)
	}
	if err := keep.Check(m); err != nil {
		return usagef("--%s", err)
	}
	o := f.options()
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	return nil
}

func (f *keepFlags) options() keep.Options {
	return keep.Options{Dir: f.Keep, When: f.KeepWhen, Unsure: float64(f.KeepUnsure), Max: int64(f.KeepMax), Daily: int64(cmp.Or(f.KeepDaily, keepDaily)),
		Age: time.Duration(f.KeepDays * 24 * float64(time.Hour))}
}

// open opens the folder; nil without one. end closes it, and says if segments are missing.
func (f *keepFlags) open(a *app) (k *keep.Keeper, end func(), err error) {
	if f.Keep == "" {
		return nil, nil, nil
	}
	o := f.options()
	o.Failed = func(err error) {
		if err != nil {
			a.logf("segments are not kept: %v", err)
		} else {
			a.logf("segments are kept in %s again", f.Keep)
		}
	}
	if k, err = keep.Open(o); disk.Ill(err) { // labels matter more
		a.logf("--keep: %v: nothing is kept until the next start", err)
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("--keep: %w", err)
	}
	return k, func() {
		err := k.Close()
		if n := k.Lost(); n > 0 || err != nil {
			a.logf("%s: %d segments that were to be kept are not there%s", f.Keep, n, because(err))
		}
	}, nil
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}
