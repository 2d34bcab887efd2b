package stem

import (
	"reflect"
	"strings"
	"testing"

	"inkling/model/feature"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"none", "conv", "gabor", "conv:8/2x64,5/2x64", "gabor:25/5.5x40", "conv:,", "gabor:NaN/1x1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		back, err := Parse(c.String())
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%q is %+v, %q is %+v: %v", text, c, c.String(), back, err)
		}
		if c, err = c.Normalize(feature.Config{Kind: feature.KindRaw}, 1000, 1); err == nil && c.Kind != "" && (c.Dim() < 1 || c.Values(1) < 1) {
			t.Fatalf("%q: %+v", text, c)
		}
	})
}

func TestInvalidConfigsAreRefused(t *testing.T) {
	raw, conv := feature.Config{Kind: feature.KindRaw}, func(l ...Layer) Config { return Config{Kind: KindConv, Layers: l} }
	for _, c := range []struct {
		Config
		front feature.Config
		rate  float64
		want  string
	}{
		{Config{Kind: "wave"}, raw, 1000, `stem "wave"`},
		{conv(), raw, 0, "0 layers"},
		{conv(Layer{2, 1, 4}, Layer{0, 1, 4}), raw, 0, "layer 1: kernel 0"},
		{conv(Layer{4, 5, 4}), raw, 0, "stride 5"},
		{conv(Layer{4, 0, 4}), raw, 0, "stride 0"},
		{conv(Layer{4, 2, 0}), raw, 0, "channels 0"},
		{conv(Layer{4000, 1, 4000}), raw, 0, "weights"},
		{conv(Layer{4000, 4000, 1}, Layer{4000, 4000, 1}), raw, 0, "total stride"},
		{Config{Kind: KindGabor}, raw, 0, "sampling rate"},
		{Config{Kind: KindGabor}, feature.Config{Kind: feature.KindRaw, Deltas: 1}, 16000, "no deltas"},
		{Config{Kind: KindGabor}, feature.Config{Kind: feature.KindLogMel}, 16000, "raw front end"},
		{Config{Kind: KindGabor, WindowMS: 1e9}, raw, 16000, "window_ms"},
		{Config{Kind: KindGabor, HopMS: 26}, raw, 16000, "hop_ms"},
		{Config{Kind: KindGabor, Filters: 4096}, raw, 16000, "filters"},
		{Config{Kind: KindGabor, HighHz: 9000}, raw, 16000, "high_hz"},
		{Config{Kind: KindGabor, Floor: 2}, raw, 16000, "floor"},
	} {
		if _, err := c.Normalize(c.front, c.rate, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.Config, err, c.want)
		}
	}
}

func BenchmarkPush(b *testing.B) {
	for text, rate := range map[string]float64{"conv": 1000, "gabor": 44100} {
		b.Run(text, func(b *testing.B) {
			c, _ := Parse(text)
			c, err := c.Normalize(feature.Config{Kind: feature.KindRaw}, rate, 1)
			if err != nil {
				b.Fatal(err)
			}
			base, _ := feature.New(feature.Config{Kind: feature.KindRaw}, rate, 1)
			x := New(c, rate, 1, NewParams(&c, 1)).Front(base, []float32{0}, []float32{1}, 1)
			samples, dst := noise(int(rate), 1), make([]float32, 0, 1<<16)
			for b.Loop() { // a second, in blocks of 10 ms
				for at := 0; at < len(samples); at += len(samples) / 100 {
					dst = x.Push(dst[:0], samples[at:at+len(samples)/100])
				}
			}
		})
	}
}
