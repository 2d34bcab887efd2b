package report

import (
	"bytes"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/internal/testkit"
	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// Each point of a threshold's curve counts what has at least that probability.
func TestThresholdsCountTheAnswers(t *testing.T) {
	r := madeUp(4, 200, 0.7, true, instrument)
	points := thresholds(r.Rows)
	if len(points) < 50 {
		t.Fatalf("%d points", len(points))
	}
	for _, q := range points {
		answered, right := 0, 0
		for i := range r.Rows {
			if row := &r.Rows[i]; row.Confirmed != "" && float64(row.P) >= q.p {
				answered++
				if row.Right() {
					right++
				}
			}
		}
		if answered != q.answered || right != q.right {
			t.Fatalf("at %v: %d of %d, want %d of %d", q.p, q.right, q.answered, right, answered)
		}
	}
	if _, err := drawThresholds(Clips{&evaluate.Report{}}); err == nil {
		t.Error("no rows: no error")
	}
}

// A tone is strongest at its frequency, at every time and in its channel alone.
func TestSpectrogramFindsATone(t *testing.T) {
	const rate = 8000
	for _, n := range []int{40, 4000, 400_000} {
		s := &dataset.Set{Kind: dataset.Audio, Labels: []string{"tone"}, Channels: 2, Rate: rate}
		x := make([]float32, 2*n)
		for i := range n {
			x[2*i], x[2*i+1] = float32(math.Sin(2*math.Pi*1000*float64(i)/rate)), float32(math.Sin(2*math.Pi*3000*float64(i)/rate))
		}
		s.Examples = []dataset.Example{{Samples: x}}
		w, err := newWaveform(s, s.Examples)
		if err != nil {
			t.Fatal(err)
		}
		p := spectra{waveform: w, window: 200}
		for k, hz := range []float64{1000, 3000} {
			for _, h := range p.lane(k) {
				if h.columns == 0 || h.columns > 2*heatColumns || h.rows != 101 {
					t.Fatalf("%d × %d", h.columns, h.rows)
				}
				for column := range h.columns {
					best := 0
					for row := range h.rows {
						if h.at(column, row) > h.at(column, best) {
							best = row
						}
					}
					if got := float64(h.rows-1-best) * rate / 200; math.Abs(got-hz) > 80 {
						t.Fatalf("%d samples, column %d: %v Hz, want %v", n, column, got, hz)
					}
				}
			}
		}
	}
	for _, s := range []*dataset.Set{{Kind: dataset.Series, Channels: 1}, {Kind: dataset.Text, Channels: 1, Rate: 1}} {
		if _, err := drawSpectrogram(s, nil); err == nil {
			t.Errorf("%s, rate %v: no error", s.Kind, s.Rate)
		}
	}
}

func TestPicturesHoldTheirWords(t *testing.T) {
	dir := t.TempDir()
	good, fair := madeUp(3, 60, 1, false, instrument).Report, madeUp(3, 60, 0.5, false, instrument).Report
	good.About.Model, fair.About.Model = "good.model", "fair.model"
	set := &dataset.Set{Kind: dataset.Series, Labels: []string{"walk"}, Channels: 2, Rate: 50, Names: []string{"x", "y"}}
	set.Examples = []dataset.Example{{Samples: make([]float32, 300)}}
	for name, c := range map[string]struct {
		write func(path string) error
		want  []string
	}{
		"pair":        {func(p string) error { return Confusions(good, fair, p) }, []string{"model good.model", "model fair.model", "60 examples, 100.0 % right"}},
		"thresholds":  {func(p string) error { return Thresholds(fair, p) }, []string{"threshold on the probability", "answered"}},
		"spectrogram": {func(p string) error { return Spectrogram(set, set.Examples, evaluate.About{Data: "d"}, p) }, []string{"x: frequency (Hz)", "walk", "0 dB", "data d"}},
	} {
		path := filepath.Join(dir, name+".svg")
		if err := c.write(path); err != nil {
			t.Fatal(err)
		}
		data := testkit.ReadFile(t, path)
		texts := svgTexts(t, name, data)
		for _, w := range c.want {
			if !slices.Contains(texts, w) {
				t.Errorf("%s: no %q among %q", name, w, texts)
			}
		}
		if bytes.Contains(data, []byte("NaN")) || strings.Contains(string(data), "Inf") {
			t.Errorf("%s: a number that is none", name)
		}
	}
}
