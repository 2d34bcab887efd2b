package collect

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/model/segment"
)

// Silence goes, whatever noise it has, and nothing of the sound does; a steady sound stays.
func TestTrim(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, channels := range []int{1, 2} {
		for _, noise := range []float64{0, 1e-4, 0.003} {
			for _, length := range []float64{0.03, 0.4} {
				x := make([]float32, 2*rate*channels)
				for i := range x {
					x[i] = float32(noise * rng.NormFloat64())
				}
				from, to := rate/2*channels, (rate/2+int(length*rate))*channels
				for i := from; i < to; i++ {
					x[i] += 0.3 * float32(1-2*rng.IntN(2))
				}
				got := Trim(x, channels, rate)
				at := 0
				for at < len(x) && &x[at] != &got[0] {
					at++
				}
				if at > from || at < from-int(0.12*rate)*channels || at+len(got) < to || at+len(got) > to+int(0.12*rate)*channels || len(got)%channels != 0 {
					t.Errorf("%d channels, noise %g, %g s: samples %d to %d of %d to %d", channels, noise, length, at, at+len(got), from, to)
				}
			}
		}
	}
	steady := make([]float32, rate)
	for i := range steady {
		steady[i] = float32(0.1 * rng.NormFloat64())
	}
	for name, x := range map[string][]float32{"a steady noise": steady, "silence": make([]float32, rate), "nothing": nil, "one sample": {1}} {
		if got := Trim(x, 1, rate); len(got) != len(x) {
			t.Errorf("%s: %d of %d samples are left", name, len(got), len(x))
		}
	}
}

// Takes of even lengths are written trimmed.
func TestTakesAreTrimmed(t *testing.T) {
	x := make([]float32, 2*rate)
	for i := rate / 2; i < rate; i++ {
		x[i] = 0.5
	}
	src, dir := blocks{{Stream: "s", Format: capture.Format{Rate: rate, Channels: 1}, Samples: x}}, t.TempDir()
	n, err := Run(context.Background(), &src, Options{Dir: dir, Label: "a", Trim: true, Segment: segment.Config{Kind: segment.Whole, MaxDuration: 2}})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	f, err := os.ReadFile(filepath.Join(dir, "a", "a-0001.wav"))
	if err != nil {
		t.Fatal(err)
	}
	clip, err := audio.Decode(bytes.NewReader(f), "a.wav")
	if want := rate/2 + 2*rate/10; err != nil || clip.Frames() != want {
		t.Errorf("%d frames, want %d, %v", clip.Frames(), want, err)
	}
}
