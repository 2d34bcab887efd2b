package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/audio"
)

// writeFile writes dir/name, folders and all.
func writeFile(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeSound writes dir/name as a WAV of one channel.
func writeSound(t *testing.T, dir, name string, rate float64, samples []float32) {
	t.Helper()
	var b strings.Builder
	if err := audio.EncodeWAV(&b, &audio.Clip{Rate: rate, Channels: 1, Samples: samples}, audio.PCM16); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, name, []byte(b.String()))
}

// tone is so many seconds of harmonics of a fundamental, with levels and a time of
// decay, in a little noise.
func tone(rng *rand.Rand, rate, seconds, hertz, decay float64, levels ...float64) []float32 {
	x := make([]float32, int(rate*seconds))
	for i := range x {
		at, v := float64(i)/rate, 0.0
		for k, level := range levels {
			v += level * math.Sin(2*math.Pi*hertz*float64(k+1)*at)
		}
		v *= math.Exp(-at/decay) * min(at/0.01, 1)
		x[i] = float32(0.3*v + 0.002*rng.NormFloat64())
	}
	return x
}

// makeInstruments leaves instruments/LABEL/*.wav, notes of half a second, and
// concert.wav of three notes.
func makeInstruments(t *testing.T, dir string) {
	const rate = 16000
	rng := rand.New(rand.NewPCG(1, 1))
	note := func(label string) []float32 {
		hertz := 220 * math.Pow(2, float64(rng.IntN(12))/12)
		switch label {
		case "flute":
			return tone(rng, rate, 0.5, hertz, 5, 1, 0.1)
		case "piano":
			return tone(rng, rate, 0.5, hertz, 0.15, 1, 0.6, 0.4, 0.2)
		}
		return tone(rng, rate, 0.5, hertz, 5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.3)
	}
	concert := make([]float32, rate/2)
	for _, label := range []string{"flute", "piano", "trumpet"} {
		for i := range 10 {
			writeSound(t, dir, fmt.Sprintf("instruments/%s/%d.wav", label, i), rate, note(label))
		}
		concert = append(append(concert, note(label)...), make([]float32, rate/2)...)
	}
	writeSound(t, dir, "concert.wav", rate, concert)
}

// makeDigits leaves digits/index.csv and its files: two tones a digit, moved by the
// speaker's voice; the last speaker is the split test. spoken.wav is one of hers.
func makeDigits(t *testing.T, dir string) {
	const rate = 8000
	rng := rand.New(rand.NewPCG(2, 1))
	index := "file,label,split,group\n"
	for s, speaker := range []string{"ann", "bob", "cem", "dot"} {
		for digit := range 4 {
			for take := range 4 {
				hertz := (400 + 250*float64(digit)) * (1 + 0.03*float64(s)) * (1 + 0.01*rng.NormFloat64())
				x := append(tone(rng, rate, 0.15, hertz, 1, 1, 0.3), tone(rng, rate, 0.15, 2000-hertz, 1, 1)...)
				name := fmt.Sprintf("recordings/%d_%s_%d.wav", digit, speaker, take)
				split := map[bool]string{true: "test", false: "train"}[speaker == "dot"]
				writeSound(t, dir, "digits/"+name, rate, x)
				index += fmt.Sprintf("%s,%d,%s,%s\n", name, digit, split, speaker)
			}
		}
	}
	writeFile(t, dir, "digits/index.csv", []byte(index))
	quiet := make([]float32, rate/2)
	data, err := os.ReadFile(filepath.Join(dir, "digits/recordings/2_dot_0.wav"))
	if err != nil {
		t.Fatal(err)
	}
	clip, err := audio.Decode(strings.NewReader(string(data)), "2_dot_0.wav")
	if err != nil {
		t.Fatal(err)
	}
	writeSound(t, dir, "spoken.wav", rate, append(append(quiet, clip.Samples...), quiet...))
}

// makeAuthors leaves sentences.tsv of two made-up writers.
func makeAuthors(t *testing.T, dir string) {
	data, err := os.ReadFile(writers(t))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "sentences.tsv", data)
}

// makeWalks leaves walks/NAME.csv of four wearers at 50 Hz: they sit, walk and run, with
// a second without a label between.
func makeWalks(t *testing.T, dir string) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, name := range []string{"ann", "bob", "cem", "dot"} {
		rows := "t,x,y,z,label\n"
		lean, n := rng.NormFloat64(), 0
		for _, k := range []int{0, 1, 2, 1, 0, 2} {
			hertz, strength := []float64{0, 1.8, 2.9}[k], []float64{0, 0.3, 1.2}[k]
			for i := range 500 + rng.IntN(200) {
				label := []string{"sit", "walk", "run"}[k]
				if i < 50 {
					label = "0"
				}
				s := strength * math.Sin(2*math.Pi*hertz*float64(n)/50)
				rows += fmt.Sprintf("%.2f,%.4f,%.4f,%.4f,%s\n", float64(n)/50, lean+0.02*rng.NormFloat64(), 1+s+0.02*rng.NormFloat64(), 0.4*s+0.02*rng.NormFloat64(), label)
				n++
			}
		}
		writeFile(t, dir, "walks/"+name+".csv", []byte(rows))
	}
}
