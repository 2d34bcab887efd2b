package view

import "testing"

func TestMeter(t *testing.T) {
	for _, c := range []struct {
		rms, peak float64
		width     int
		want      string
	}{
		{0.1, 0.5, 80, "████████████████·····▏·· -20 dB"},
		{0, 0, 20, "············· -99 dB"},
		{1, 1, 20, "█████   0 dB clipped"},
		{0.5, 0.5, 4, "  -6"},
		{0.5, 0.5, 0, ""},
	} {
		if got := Meter(c.rms, c.peak, c.width); got != c.want {
			t.Errorf("%v: %q", c, got)
		}
	}
}
