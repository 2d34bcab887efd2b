package table

import (
	"fmt"
	"strings"
)

// A Conversion takes values from one unit to another: v·Scale + Shift. The zero value leaves
// them as they are.
type Conversion struct{ Scale, Shift float64 }

// Of returns v converted.
func (c Conversion) Of(v float32) float32 {
	if c.Scale == 0 {
		return v
	}
	return float32(float64(float64(v)*c.Scale) + c.Shift)
}

// quantities are units by what they measure, each with the factor and the shift that take
// its values to the first unit of its line.
var quantities = map[string]struct {
	what         string
	scale, shift float64
}{
	"m/s2": {"acceleration", 1, 0}, "g": {"acceleration", 9.80665, 0}, "mg": {"acceleration", 9.80665e-3, 0}, "gn": {"acceleration", 9.80665, 0},
	"k": {"temperature", 1, 0}, "°c": {"temperature", 1, 273.15}, "°f": {"temperature", 5.0 / 9, 459.67 * 5 / 9},
	"v": {"voltage", 1, 0}, "mv": {"voltage", 1e-3, 0}, "uv": {"voltage", 1e-6, 0}, "kv": {"voltage", 1e3, 0},
	"a": {"current", 1, 0}, "ma": {"current", 1e-3, 0}, "ua": {"current", 1e-6, 0},
	"rad": {"angle", 1, 0}, "deg": {"angle", degree, 0},
	"rad/s": {"angular velocity", 1, 0}, "deg/s": {"angular velocity", degree, 0}, "rpm": {"angular velocity", 6 * degree, 0},
	"pa": {"pressure", 1, 0}, "hpa": {"pressure", 100, 0}, "kpa": {"pressure", 1e3, 0}, "mbar": {"pressure", 100, 0}, "bar": {"pressure", 1e5, 0},
	"t": {"magnetic field", 1, 0}, "mt": {"magnetic field", 1e-3, 0}, "ut": {"magnetic field", 1e-6, 0},
	"m": {"length", 1, 0}, "cm": {"length", 1e-2, 0}, "mm": {"length", 1e-3, 0}, "um": {"length", 1e-6, 0}, "km": {"length", 1e3, 0},
	"m/s": {"velocity", 1, 0}, "km/h": {"velocity", 1 / 3.6, 0},
	"w": {"power", 1, 0}, "mw": {"power", 1e-3, 0}, "kw": {"power", 1e3, 0},
	"hz": {"frequency", 1, 0}, "khz": {"frequency", 1e3, 0}, "bpm": {"frequency", 1.0 / 60, 0}, "beat/min": {"frequency", 1.0 / 60, 0},
	"/": {"ratio", 1, 0}, "%": {"ratio", 1e-2, 0}, "%rh": {"ratio", 1e-2, 0},
}

const degree = 3.14159265358979323846 / 180

// spellings are other ways to write units.
var spellings = strings.NewReplacer("²", "2", "^2", "2", "**2", "2", "·s⁻2", "/s2", "µ", "u", "μ", "u", " ", "", "º", "°")

// alike are units that have several names, in lower case.
var alike = map[string]string{
	"m/s/s": "m/s2", "ms-2": "m/s2", "mps2": "m/s2", "m/sec2": "m/s2", "g0": "g",
	"cel": "°c", "c": "°c", "degc": "°c", "celsius": "°c", "kelvin": "k", "degf": "°f", "f": "°f", "fahrenheit": "°f",
	"volt": "v", "volts": "v", "ampere": "a",
	"degree": "deg", "degrees": "deg", "°": "deg", "radian": "rad", "radians": "rad",
	"°/s": "deg/s", "dps": "deg/s", "degree/s": "deg/s", "degrees/s": "deg/s", "deg/sec": "deg/s", "rad/sec": "rad/s", "rps": "rad/s",
	"hectopascal": "hpa", "pascal": "pa", "tesla": "t", "percent": "%", "1/s": "hz",
}

// capitals tell units apart that would be alike in lower case. MW and mW, or MV and mV, are
// a factor of a billion apart.
var capitals = map[string]bool{"MV": true, "MW": true, "MA": true, "MPa": true, "MT": true, "MHz": true, "Mm": true, "MM": true}

func plainUnit(unit string) string {
	u := spellings.Replace(strings.TrimSpace(unit))
	if capitals[u] {
		return u
	}
	u = strings.ToLower(u)
	if other, ok := alike[u]; ok {
		return other
	}
	return u
}

// Convert returns how values of a channel become those of the unit that is wanted. A unit
// that is not known, "", is taken for the right one.
func Convert(channel, have, want string) (Conversion, error) {
	h, w := plainUnit(have), plainUnit(want)
	if h == "" || w == "" || h == w {
		return Conversion{}, nil
	}
	from, ok := quantities[h]
	to, known := quantities[w]
	if !ok || !known || from.what != to.what {
		return Conversion{}, fmt.Errorf("column %q is in %s, but the model needs %s: convert it", channel, have, want)
	}
	return Conversion{from.scale / to.scale, (from.shift - to.shift) / to.scale}, nil
}
