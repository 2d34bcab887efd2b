package view

import (
	"fmt"
	"strconv"
	"strings"

	"inkling/internal/plain"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// heldBack explains why e was suppressed; empty if it was not.
func heldBack(e *stream.Event) string {
	if e.Rule == "" {
		return ""
	}
	return words(decide.Verdict{Rule: e.Rule, Value: e.Value, Threshold: e.Threshold}, topLabel(e))
}

// notes lists the other rules that e failed, each after two spaces.
func notes(e *stream.Event) string {
	var b strings.Builder
	for _, v := range e.Why {
		if !v.Passed && v.Rule != e.Rule {
			fmt.Fprintf(&b, "  %s", words(v, topLabel(e)))
		}
	}
	return b.String()
}

// topLabel returns the most probable label of e; empty if it has none.
func topLabel(e *stream.Event) string {
	if len(e.Top) == 0 {
		return ""
	}
	return e.Top[0].Label
}

// words explains v, a rule that label failed.
func words(v decide.Verdict, label string) string {
	value, threshold := apart(v.Value, v.Threshold)
	switch v.Rule {
	case decide.Rule(segment.BelowOn):
		return fmt.Sprintf("not opened: peaked %.3g dB over the floor, %.3g needed (on)", v.Value, v.Threshold)
	case decide.Rule(segment.BelowLevel):
		return fmt.Sprintf("not opened: peaked at %.3g dB, %.3g needed (level)", v.Value, v.Threshold)
	case decide.Background:
		return "background"
	case decide.Threshold:
		return fmt.Sprintf("held back: p %s < %s (threshold of %q)", value, threshold, label)
	case decide.CUSUM:
		return fmt.Sprintf("held back: evidence %s < %s (cusum), best: %s", value, threshold, plain.Text(label))
	case decide.EarlyScore:
		return fmt.Sprintf("no early: score %s < %s", value, threshold)
	case decide.EarlyP:
		return fmt.Sprintf("no early: p %s < %s", value, threshold)
	case decide.EarlySteps:
		return fmt.Sprintf("no early: held %.0f of %.0f steps", v.Value, v.Threshold)
	}
	return fmt.Sprintf("dropped: %s (%.3g, at least %.3g)", plain.Text(string(v.Rule)), v.Value, v.Threshold)
}

// apart formats a and b with two decimals, or with as many as it takes to differ.
func apart(a, b float64) (x, y string) {
	for digits := 2; ; digits++ {
		x, y = strconv.FormatFloat(a, 'f', digits, 64), strconv.FormatFloat(b, 'f', digits, 64)
		if x != y || a == b || digits == 17 {
			return x, y
		}
	}
}
