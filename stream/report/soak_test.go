package report

import (
	"bytes"
	"strings"
	"testing"

	"inkling/stream/soak"
)

// A soak's picture has its panels, also of one row and of rows without a measurement.
func TestSoakPicture(t *testing.T) {
	rows := []soak.Row{{Hours: 1, Resident: 60e6, StepP50: 5e-6, StepP99: 60e-6, ConfirmP50: 4e-3, ConfirmP99: 20e-3, Events: 100, Found: 97, Wrong: 1}, {Hours: 2, Resident: 61e6}, {Hours: 3, Resident: 61e6, StepP50: 6e-6, Events: 90, Found: 90}}
	for n := 1; n <= len(rows); n++ {
		d, err := drawSoak(rows[:n])
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := d.writeSVG(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"memory, MB", "a step, µs", "confirming, ms", "hours of signal", "99th percentile"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%d rows: no %q", n, want)
			}
		}
	}
	if _, err := drawSoak(nil); err == nil {
		t.Error("no rows are drawn")
	}
}
