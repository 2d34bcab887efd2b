package table

import (
	"math"
	"testing"

	"inkling/internal/testkit"
)

func TestUnitsAreConverted(t *testing.T) {
	for _, c := range []struct {
		have, want string
		v, is      float64
	}{
		{"g", "m/s²", 1, 9.80665}, {"m/s2", "g", 9.80665, 1}, {"mg", "m/s^2", 1000, 9.80665},
		{"°C", "K", 20, 293.15}, {"Cel", "K", -273.15, 0}, {"K", "°C", 273.15, 0}, {"°F", "Cel", 212, 100}, {"C", "°F", 100, 212},
		{"mV", "V", 1500, 1.5}, {"V", "mV", 1.5, 1500}, {"µV", "mV", 1500, 1.5}, {"uV", "μV", 3, 3},
		{"deg", "rad", 180, math.Pi}, {"rad", "°", math.Pi, 180}, {"dps", "rad/s", 180, math.Pi}, {"°/s", "deg/s", 7, 7},
		{"hPa", "Pa", 1013, 101300}, {"%", "/", 50, 0.5}, {"", "g", 3, 3}, {"g", "", 3, 3}, {"G", "g", 3, 3}, {"parrots", "parrots", 3, 3},
	} {
		k, err := Convert("x", c.have, c.want)
		if got := k.Of(float32(c.v)); err != nil || math.Abs(float64(got)-c.is) > 1e-5*max(1, math.Abs(c.is)) {
			t.Errorf("%v %s are %v %s, want %v (%v)", c.v, c.have, got, c.want, c.is, err)
		}
	}
	for _, c := range [][2]string{{"g", "°C"}, {"parrots", "g"}, {"MW", "mW"}, {"mV", "MV"}} {
		_, err := Convert("x", c[0], c[1])
		testkit.Message(t, "Convert", err, `column "x" is in `+c[0]+", but the model needs "+c[1]+": convert it")
	}
}
