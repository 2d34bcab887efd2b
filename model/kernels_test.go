package model

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"inkling/internal/f32"
)

// On models of every kind the generic kernel gives what the fused ones give, within 1e-5.
// Package stream holds the fused kernels to the bits of the previous version.
func TestKernelsAgreeOnModelsOfEveryKind(t *testing.T) {
	files, err := filepath.Glob("../stream/testdata/before/*.model")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d models, %v", len(files), err)
	}
	defer f32.Use(f32.Kernel())
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Load(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			frames := framesFor(t, m)
			var want []float32
			for _, kernel := range f32.Kernels() {
				if err := f32.Use(kernel); err != nil {
					t.Fatal(err)
				}
				got := outputs(m, frames)
				if want == nil {
					want = got
				}
				for i, v := range got {
					if w := float64(want[i]); !(math.Abs(float64(v)-w) <= 1e-5*max(1, math.Abs(w))) {
						t.Fatalf("kernel %s: value %d is %v, the generic one gives %v", kernel, i, v, w)
					}
				}
			}
		})
	}
}

// framesFor returns the frames of two seconds of sound, or of a line of text.
func framesFor(t *testing.T, m *Model) []float32 {
	x, err := m.Front()
	if err != nil {
		t.Fatal(err)
	}
	var samples []float32
	if m.Config.Text() {
		for _, r := range "The quick brown fox jumps over the lazy dog, as foxes do." {
			samples = append(samples, float32(r))
		}
	} else {
		for i := range max(200, int(2*m.Config.Rate)) * m.Config.Channels {
			samples = append(samples, float32(0.4*math.Sin(0.05*float64(i))+0.2*math.Sin(0.31*float64(i*i%977))))
		}
	}
	return x.Flush(x.Push(nil, samples))
}

// outputs returns every output of the model for the frames.
func outputs(m *Model, frames []float32) []float32 {
	if m.HasNext() {
		return m.Forecasts(frames)
	}
	p := m.Predict(frames)
	return append(append([]float32(nil), p.Running...), p.Confirm...)
}
