package main

import (
	"slices"
	"testing"
)

// A negative number belongs to the flag before it; everything else stays as it is.
func TestNegativeValuesOfFlags(t *testing.T) {
	for _, c := range []struct{ args, want []string }{
		{[]string{"train", "x", "--decay", "-1"}, []string{"train", "x", "--decay=-1"}},
		{[]string{"run", "--level", "-40dB", "--cut-start", "-.5"}, []string{"run", "--level=-40dB", "--cut-start=-.5"}},
		{[]string{"--decay=-1", "-1"}, []string{"--decay=-1", "-1"}},
		{[]string{"--decay", "-o", "-q", "-1"}, []string{"--decay", "-o", "-q", "-1"}},
		{[]string{"run", "m", "--decay", "--", "-1"}, []string{"run", "m", "--decay", "--", "-1"}},
		{nil, nil},
	} {
		if got := joinNegatives(c.args); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.args, got, c.want)
		}
	}
}
