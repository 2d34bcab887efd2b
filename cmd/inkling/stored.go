package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/stream/natsio"
)

// storedFlags choose what is read of a JetStream stream.
type storedFlags struct {
	Since moment `help:"jetstream: begin with what was stored this long ago (2h, 3d), at this time (2026-11-01T06:00:00Z), from this sequence on (#1234), or from now on (now) [all that is stored]." placeholder:"WHEN"`
	Until moment `help:"jetstream: end with what is stored now (now), was stored until this long ago (1h) or until this time; it may lie in the future [never]." placeholder:"WHEN"`
}

// A moment is a place in what a stream has stored.
type moment struct {
	now      bool
	ago      time.Duration
	time     time.Time
	sequence uint64
}

func (m *moment) UnmarshalText(text []byte) error {
	s := string(text)
	*m = moment{now: s == "now"}
	if m.now {
		return nil
	}
	if number, ok := strings.CutPrefix(s, "#"); ok {
		n, err := strconv.ParseUint(number, 10, 64)
		if m.sequence = n; err == nil && n > 0 {
			return nil
		}
		return fmt.Errorf("%q is not a sequence: give a number from 1 on, such as #1234", s)
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			m.time = t
			return nil
		}
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n > 0 && n < 36500 {
			m.ago = time.Duration(n * 24 * float64(time.Hour))
			return nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		m.ago = d
		return nil
	}
	return fmt.Errorf("%q is no time: give how long ago, such as 2h or 3d, or a time such as 2026-11-01T06:00:00Z, or now", s)
}

// at returns the time of m; zero: it says none.
func (m *moment) at(now time.Time) time.Time {
	if m.ago > 0 {
		return now.Add(-m.ago)
	}
	return m.time
}

// options returns where reading begins and ends.
func (f *storedFlags) options(now time.Time) (o natsio.StoredOptions, err error) {
	if f.Until.sequence > 0 {
		return o, usagef("--until: give a time, not a sequence")
	}
	o.Since = natsio.Since{Sequence: f.Since.sequence, Time: f.Since.at(now), New: f.Since.now}
	o.Until, o.AtHand = f.Until.at(now), f.Until.now
	if !o.Until.IsZero() && o.Since.Time.After(o.Until) {
		return o, usagef("--since is after --until: exchange them")
	}
	return o, nil
}

// ends reports whether --until was given.
func (f *storedFlags) ends() bool { return f.Until != (moment{}) }

const storedPrefix = "jetstream:"

// isStored reports whether a source is a JetStream stream.
func isStored(name string) bool { return strings.HasPrefix(name, storedPrefix) }

// check refuses flags for another source.
func (f *storedFlags) check(source string) error {
	if *f != (storedFlags{}) && !isStored(source) {
		return usagef("--since and --until choose what is read of a JetStream stream, and %s is none: leave them out", source)
	}
	return nil
}

// stored opens jetstream:STREAM or jetstream:STREAM/SUBJECT.
func (f *sourceFlags) stored(a *app, name string, nc func() (*nats.Conn, error), prefix string) (*input, error) {
	stream, subject, _ := strings.Cut(strings.TrimPrefix(name, storedPrefix), "/")
	if stream == "" {
		return nil, usagef("jetstream: give a stream, such as jetstream:sensors, or jetstream:sensors/hall.> for some of its subjects")
	}
	o, err := f.storedFlags.options(time.Now())
	if err != nil {
		return nil, err
	}
	if o.SourceOptions, err = f.messageOptions(a, prefix); err != nil {
		return nil, err
	}
	o.Log = a.logf
	c, err := nc()
	if err != nil {
		return nil, err
	}
	s, err := natsio.NewStored(a.ctx, c, stream, subject, o)
	if err != nil {
		return nil, err
	}
	a.logf("reading the JetStream stream %s%s", stream, of(subject))
	return &input{Source: s, finite: f.storedFlags.ends()}, nil
}

func of(subject string) string {
	if subject == "" {
		return ""
	}
	return ", " + subject
}
