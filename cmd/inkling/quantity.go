package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// seconds is a duration on the command line: 1h, 250ms, or a number of seconds.
type seconds float64

func (s *seconds) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		d, bad := time.ParseDuration(string(text))
		v, err = d.Seconds(), bad
	}
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%q is not a duration: give one such as 1h, 0.5s, or a number of seconds", text)
	}
	*s = seconds(v)
	return nil
}

// decibels is a level on the command line: -20dB, ±6dB, 10.
type decibels float64

func (d *decibels) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if len(s) > 2 && strings.EqualFold(s[len(s)-2:], "dB") {
		s = strings.TrimSpace(s[:len(s)-2])
	}
	v, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimPrefix(s, "±"), "+-"), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%q is not a level: give one such as -20dB", text)
	}
	*d = decibels(v)
	return nil
}

// Decode accepts --background-level -20dB without a =, although the value begins as a flag
// does.
func (d *decibels) Decode(ctx *kong.DecodeContext) error { return decodeLevel(ctx, d.UnmarshalText) }

func decodeLevel(ctx *kong.DecodeContext, parse func([]byte) error) error {
	t := ctx.Scan.Pop()
	if t.IsEOL() {
		return errors.New("give a level such as -20dB")
	}
	return parse([]byte(t.String()))
}

// secondsSpan is FROM..TO on the command line, or one duration.
type secondsSpan [2]seconds

func (s *secondsSpan) UnmarshalText(text []byte) error {
	return span(text, func(i int, part []byte) error { return s[i].UnmarshalText(part) })
}

// decibelsSpan is FROM..TO on the command line, or one level.
type decibelsSpan [2]decibels

// Decode is as that of decibels.
func (s *decibelsSpan) Decode(ctx *kong.DecodeContext) error {
	return decodeLevel(ctx, s.UnmarshalText)
}

func (s *decibelsSpan) UnmarshalText(text []byte) error {
	return span(text, func(i int, part []byte) error { return s[i].UnmarshalText(part) })
}

func span(text []byte, parse func(i int, part []byte) error) error {
	from, to, ok := strings.Cut(string(text), "..")
	if !ok {
		to = from
	}
	if err := parse(0, []byte(from)); err != nil {
		return err
	}
	return parse(1, []byte(to))
}

// perHour is a frequency on the command line: 0.5/h, 2/day, or a number per hour.
type perHour float64

func (r *perHour) UnmarshalText(text []byte) error {
	number, unit, given := strings.Cut(strings.TrimSpace(string(text)), "/")
	hours := 1.0
	if given {
		hours = map[string]float64{"min": 1.0 / 60, "minute": 1.0 / 60, "h": 1, "hour": 1, "d": 24, "day": 24, "week": 168}[strings.ToLower(strings.TrimSpace(unit))]
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || hours == 0 || !(v >= 0) || math.IsInf(v/hours, 0) {
		return fmt.Errorf("%q is not a rate: give one such as 0.5/h, 2/day, 3/week", text)
	}
	*r = perHour(v / hours)
	return nil
}

// ratio is a share on the command line: 0.95 or 95%.
type ratio float64

func (r *ratio) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(string(text)), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v >= 0 && v <= 1) {
		return fmt.Errorf("%q is not a share: give one such as 0.95 or 95%%", text)
	}
	*r = ratio(v)
	return nil
}

// byteSize is a number of bytes on the command line: 500MB, 1.5GB, 64KiB, 1000000.
type byteSize int64

func (b *byteSize) UnmarshalText(text []byte) error {
	s := strings.ToUpper(strings.TrimSpace(string(text)))
	number := strings.TrimRight(s, "BIKMGT")
	factor, ok := map[string]float64{"": 1, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "T": 1e12, "TB": 1e12,
		"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}[s[len(number):]]
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !ok || !(v > 0) || v*factor > 1<<50 {
		return fmt.Errorf("%q is not a size: give one such as 500MB or 2GiB", text)
	}
	*b = byteSize(max(v*factor, 1))
	return nil
}

func put[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}
