package model

import (
	"strings"
	"testing"

	"inkling/model/feature"
)

func TestUnlike(t *testing.T) {
	logmel := func(rate, high float64) Config {
		return Config{Rate: rate, Channels: 1, Front: feature.Config{Kind: feature.KindLogMel, HighHz: high}}
	}
	raw := func(rate float64) Config {
		return Config{Rate: rate, Channels: 3, Front: feature.Config{Kind: feature.KindRaw}}
	}
	for _, tt := range []struct {
		c    Config
		rate float64
		want string // "": nothing
	}{
		{logmel(44100, 0), 44100, ""},
		{logmel(44100, 0), 48000, ""},
		{logmel(48000, 24000), 44100, ""}, // the edge of the band that no recording has
		{logmel(44100, 0), 22050, ""},     // up to 8,000 Hz are used
		{logmel(44100, 0), 8000, "8000 samples per second hold nothing above 3600 Hz, and the model uses up to 8000 Hz"},
		{logmel(44100, 0), 16000, "16000 samples per second hold nothing above 7200 Hz"},
		{logmel(44100, 3000), 8000, ""},
		{logmel(44100, 20000), 22050, "nothing above 9922 Hz"},
		{logmel(16000, 0), 8000, "record at 16000 Hz"},
		{raw(100), 25, "25 samples per second hold nothing above 11.25 Hz, and the model uses up to 50 Hz"},
		{raw(100), 100, ""},
		{raw(100), 1000, ""},
		{raw(50), 44100, "44100 samples per second are 882 times the model's 50"},
		{raw(0), 44100, ""},
		{raw(50), 0, ""},
		{Config{Channels: 1, Front: feature.Config{Kind: feature.KindChars}}, 8000, ""},
	} {
		got := tt.c.Unlike(tt.rate)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("a model at %v Hz of %s, samples at %v: %q, want %q", tt.c.Rate, tt.c.Front.Kind, tt.rate, got, tt.want)
		}
	}
}
