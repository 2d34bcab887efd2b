package compose

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/audio"
	"inkling/model/dataset"
)

const rate = 1000

// noises are examples of 16-bit noise, each of another length and level.
func noises(seed uint64, n, channels int) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := &dataset.Set{Kind: dataset.Audio, Labels: []string{"a", "b"}, Channels: channels, Rate: rate}
	for i := range n {
		x := make([]float32, channels*(20+rng.IntN(300)))
		peak := 1 + rng.IntN(1<<15)
		for k := range x {
			x[k] = float32(rng.IntN(2*peak)-peak) / (1 << 15)
		}
		s.Examples = append(s.Examples, dataset.Example{Name: fmt.Sprintf("n%d", i), Label: i % 2, Samples: x, Rate: rate})
	}
	return s
}

func render(t testing.TB, s *Stream, cut func() int) (all []float32) {
	t.Helper()
	r := s.Reader()
	for buf := make([]float32, 1<<16); ; {
		n, err := r.Read(buf[:cut()*s.Channels])
		if err == io.EOF {
			break
		}
		all = append(all, buf[:n]...)
	}
	if len(all) != int(s.Frames)*s.Channels {
		t.Fatalf("%d values of %d samples in %d channels", len(all), s.Frames, s.Channels)
	}
	return all
}

// With no background and no change of level the cut at an annotation, as written and
// read again, is its example, sample by sample; what lies between is silent.
func TestCutsAreTheExamples(t *testing.T) {
	set, dir := noises(1, 7, 2), t.TempDir()
	s, err := New(set, Options{Duration: 20, Seed: 3, Pause: [2]float64{0.01, 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(context.Background(), dir, "x", File{}); err != nil {
		t.Fatal(err)
	}
	recordings, _, err := dataset.Recordings(filepath.Join(dir, "x.wav"))
	if err != nil {
		t.Fatal(err)
	}
	clip, err := audio.DecodeFile(os.DirFS(dir), "x.wav")
	if err != nil || clip.Frames() != 20*rate {
		t.Fatal(clip, err)
	}
	list := recordings[0].Annotations
	if len(list) < 30 || len(list) != len(s.Events) {
		t.Fatalf("%d annotations of %d events", len(list), len(s.Events))
	}
	used := map[string]int{}
	for i, a := range list {
		from, to := int(math.Round(a.Start*rate)), int(math.Round(a.End*rate))
		k := slices.IndexFunc(set.Examples, func(e dataset.Example) bool { return e.Name == s.Events[i].Where })
		e := set.Examples[k]
		if set.Labels[e.Label] != a.Label || !slices.Equal(clip.Samples[2*from:2*to], e.Samples) {
			t.Fatalf("annotation %d, %+v, is not %s", i, a, e.Name)
		}
		clear(clip.Samples[2*from : 2*to])
		used[e.Name]++
	}
	if slices.ContainsFunc(clip.Samples, func(v float32) bool { return v != 0 }) {
		t.Error("there is sound between the events")
	}
	for name, n := range used { // a deck is dealt to its end before the next one
		if d := n - len(list)/7; d < 0 || d > 1 {
			t.Errorf("%s was used %d times of %d", name, n, len(list))
		}
	}
}

// Same seed, same bytes, however they are read; no sample clips; another part is
// another stream; the background does not move the events.
func TestComposition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 2).Draw(t, "channels")
		o := Options{Duration: 5, Seed: rapid.Uint64().Draw(t, "seed"), Pause: [2]float64{0, 0.4}, Level: rapid.Float64Range(0, 12).Draw(t, "level"),
			SNR: [2]float64{-10, 10}, MarkBackground: true}
		set := noises(o.Seed, 5, channels)
		bare, err := New(set, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Background = noises(o.Seed+1, rapid.IntRange(1, 4).Draw(t, "backgrounds"), channels)
		s, err := New(set, o)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := New(set, o)
		tt := &testing.T{}
		whole := render(tt, s, func() int { return 5 * rate })
		if !slices.Equal(whole, render(tt, again, func() int { return rapid.IntRange(1, 999).Draw(t, "block") })) {
			t.Fatal("blocks matter")
		}
		for i, v := range whole {
			if !(v >= -1 && v <= 1) {
				t.Fatalf("value %d is %v", i, v)
			}
		}
		if !slices.Equal(bare.Events, s.Events) {
			t.Fatal("the background moves the events")
		}
		for i, m := range s.Marks {
			if i > 0 && m.Start > s.Marks[i-1].End || i == 0 && m.Start != 0 || i == len(s.Marks)-1 && m.End != 5 {
				t.Fatalf("background %d: %+v after %+v", i, m, s.Marks[max(i-1, 0)])
			}
		}
		o.Part++
		if other, err := New(set, o); err != nil || slices.Equal(other.Events, s.Events) {
			t.Fatal("parts are equal", err)
		}
	})
}

// The background lies as far under the events as was asked, also when it is padded
// with silence.
func TestBackgroundLevel(t *testing.T) {
	set, back := noises(1, 5, 1), noises(2, 1, 1)
	back.Examples[0].Samples = append(slices.Repeat(back.Examples[0].Samples, 20), make([]float32, 5000)...)
	s, err := New(set, Options{Duration: 60, Pause: [2]float64{1, 1}, Background: back, SNR: [2]float64{15, 15}})
	if err != nil {
		t.Fatal(err)
	}
	x := render(t, s, func() int { return 1000 })
	for i, e := range s.Events { // what is left is background alone
		scale := float32(decibel(-s.Lowered))
		k := slices.IndexFunc(set.Examples, func(x dataset.Example) bool { return x.Name == e.Where })
		for j, v := range set.Examples[k].Samples {
			x[int(s.events[i].start)+j] -= scale * v
		}
	}
	got := 10*math.Log10(meanPower(set)/soundPower(x, s.block())) - s.Lowered
	if math.Abs(got-15) > 0.5 {
		t.Errorf("the background is %.2f dB under the events", got)
	}
}

func TestRefusals(t *testing.T) {
	set := noises(1, 3, 1)
	other := noises(1, 3, 2)
	slow := noises(1, 3, 1)
	slow.Rate = 10
	for says, o := range map[string]Options{
		"raise Options.Duration":              {Duration: 0.01},
		"shorter one first":                   {Duration: 1, Pause: [2]float64{2, 1}},
		"lower one first":                     {Duration: 1, SNR: [2]float64{2, 1}},
		"finite":                              {Duration: math.NaN()},
		"2 channels":                          {Duration: 1, Background: other},
		"open it with the rate of the events": {Duration: 1, Background: slow},
	} {
		if _, err := New(set, o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
	s, _ := New(set, Options{Duration: 1})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	if err := s.Write(ctx, dir, "x", File{}); err == nil {
		t.Error("it goes on after its end was asked for")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Error("left behind:", left)
	}
	var a, b bytes.Buffer
	if s.writeWAV(context.Background(), &a, File{}) != nil || s.writeWAV(context.Background(), &b, File{}) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("one stream, two files")
	}
}
