package main

import (
	"math"
	"testing"
)

func TestQuantities(t *testing.T) {
	var s secondsSpan
	var d decibelsSpan
	if err := s.UnmarshalText([]byte("500ms..1h")); err != nil || s != (secondsSpan{0.5, 3600}) {
		t.Error(s, err)
	}
	if err := d.UnmarshalText([]byte("-20dB..±6 dB")); err != nil || d != (decibelsSpan{-20, 6}) {
		t.Error(d, err)
	}
}

// Whatever is taken for a span is finite.
func FuzzSpans(f *testing.F) {
	f.Add("0.5s..3s")
	f.Add("-20dB..±6dB")
	f.Add("1e400")
	f.Fuzz(func(t *testing.T, text string) {
		var s secondsSpan
		var d decibelsSpan
		err, bad := s.UnmarshalText([]byte(text)), d.UnmarshalText([]byte(text))
		for _, v := range []float64{float64(s[0]), float64(s[1])} {
			if err == nil && v-v != 0 {
				t.Errorf("%q: %v", text, s)
			}
		}
		for _, v := range []float64{float64(d[0]), float64(d[1])} {
			if bad == nil && v-v != 0 {
				t.Errorf("%q: %v", text, d)
			}
		}
	})
}

func TestPerHour(t *testing.T) {
	for text, want := range map[string]float64{"0.5/h": 0.5, "1/day": 1.0 / 24, "0.5": 0.5, "2 / Min": 120, "168/week": 1, "0/h": 0} {
		var r perHour
		if err := r.UnmarshalText([]byte(text)); err != nil || math.Abs(float64(r)-want) > 1e-12 {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
	for _, text := range []string{"x", "", "/h", "1/", "1/fortnight", "-1/h", "NaN/h", "Inf/day", "1e308/min", "1/h/h"} {
		var r perHour
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, r)
		}
	}
}

// Whatever is taken for a rate or a share is finite and not negative.
func FuzzRates(f *testing.F) {
	for _, s := range []string{"0.5/h", "1/day", "x", "95%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r perHour
		var s ratio
		if r.UnmarshalText([]byte(text)) == nil && !(r >= 0 && !math.IsInf(float64(r), 0)) {
			t.Errorf("%q: %v", text, r)
		}
		if s.UnmarshalText([]byte(text)) == nil && !(s >= 0 && s <= 1) {
			t.Errorf("%q: %v", text, s)
		}
	})
}
