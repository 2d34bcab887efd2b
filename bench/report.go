package main

import (
	"fmt"
	"io"
	"strings"

	"inkling/internal/measure"
)

// line is a result on one line, for who waits.
func (r *result) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-9s %-26s inkling %s", r.section, r.what, span(r.times[inklingName], r.scale))
	for _, p := range r.peers {
		fmt.Fprintf(&b, "  %s %s (%.2f×)", p.Name, span(r.times[p.Name], r.scale), r.faster(p.Name))
	}
	if r.ours.Flops > 0 {
		fmt.Fprintf(&b, "  %.1f GFLOP/s", rate(r.ours.Flops, r.times[inklingName]))
	}
	if s := r.share(); s > 0 {
		fmt.Fprintf(&b, " = %.2f of %.1f", s, r.peak)
	}
	return b.String()
}

// span is the fastest and the middle run.
func span(t measure.Times, scale float64) string {
	if scale == 0 {
		scale = 1
	}
	return fmt.Sprintf("%s (%s)", duration(t.Min*scale), duration(t.Median*scale))
}

// duration writes microseconds with three digits.
func duration(us float64) string {
	switch {
	case us >= 1e6:
		return digits(us/1e6) + " s"
	case us >= 1e3:
		return digits(us/1e3) + " ms"
	}
	return digits(us) + " µs"
}

func digits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (p *peers) report(w io.Writer, results []result) error { return nil }
