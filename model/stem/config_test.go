package stem

import (
	"reflect"
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
		{Config{Kind: "wave"}, raw, 1000, `stem "wave": want conv or gabor`},
		{conv(), raw, 0, `stem conv: 0 layers: want 1 to 8`},
		{conv(Layer{2, 1, 4}, Layer{0, 1, 4}), raw, 0, `stem conv: layer 1: kernel 0: want 1 to 4096`},
		{conv(Layer{4, 5, 4}), raw, 0, `stem conv: layer 0: stride 5: want 1 to the kernel's 4`},
		{conv(Layer{4, 0, 4}), raw, 0, `stem conv: layer 0: stride 0: want 1 to the kernel's 4`},
		{conv(Layer{4, 2, 0}), raw, 0, `stem conv: layer 0: channels 0: want 1 to 4096`},
		{conv(Layer{4000, 1, 4000}), raw, 0, `stem conv: layer 0: 16000000 weights and a total stride of 1: want at most 2097152 and 1048576`},
		{conv(Layer{4000, 4000, 1}, Layer{4000, 4000, 1}), raw, 0, `stem conv: layer 1: 8000 weights and a total stride of 16000000: want at most 2097152 and 1048576`},
		{Config{Kind: KindGabor}, raw, 0, `stem gabor: sampling rate 0: want at least 1000 Hz: give the rate, or use the conv stem`},
		{Config{Kind: KindGabor}, feature.Config{Kind: feature.KindRaw, Deltas: 1}, 16000, `stem gabor: it filters the samples of a single channel: use the raw front end with one sample per step, no decimation and no deltas, on one channel`},
		{Config{Kind: KindGabor}, feature.Config{Kind: feature.KindLogMel}, 16000, `stem gabor: it filters the samples of a single channel: use the raw front end with one sample per step, no decimation and no deltas, on one channel`},
		{Config{Kind: KindGabor, WindowMS: 1e9}, raw, 16000, `stem gabor: window_ms 1e+09 is 1048576 samples: want 4 to 65536`},
		{Config{Kind: KindGabor, HopMS: 26}, raw, 16000, `stem gabor: hop_ms 26 is 416 samples: want 1 to the window's 400`},
		{Config{Kind: KindGabor, Filters: 4096}, raw, 16000, `stem gabor: 4096 filters of 400 samples: want 1 to 4096 filters with at most 2097152 weights in total`},
		{Config{Kind: KindGabor, HighHz: 9000}, raw, 16000, `stem gabor: low_hz 20 and high_hz 9000: want 0 ≤ low < high ≤ half the rate, 8000`},
		{Config{Kind: KindGabor, Floor: 2}, raw, 16000, `stem gabor: floor 2: want more than 0 and less than 1`},
	} {
		if _, err := c.Normalize(c.front, c.rate, 1); err == nil || err.Error() != c.want {
			t.Errorf("%+v:\ngot  %v\nwant %s", c.Config, err, c.want)
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
