package bundled

import (
	"bytes"
	"encoding/csv"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mewkiz/flac"
)

// The set has the promised size and shape, and no pitch on both sides.
func TestNotes(t *testing.T) {
	index, err := fs.ReadFile(Notes(), "index.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(index)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	count, sides, size := map[string]int{}, map[string]map[string]bool{}, 0
	for _, r := range rows[1:] {
		file, label, split, pitch := r[0], r[1], r[2], r[3]
		count[label]++
		if sides[pitch] == nil {
			sides[pitch] = map[string]bool{}
		}
		sides[pitch][split] = true
		b, err := fs.ReadFile(Notes(), file)
		if err != nil {
			t.Fatal(err)
		}
		size += len(b)
		checkStream(t, file, b, 3528)
		if !strings.HasPrefix(file, label+"/") {
			t.Errorf("%s is labelled %s", file, label)
		}
	}
	for _, label := range []string{"flute", "piano", "trumpet"} {
		if count[label] != 147 {
			t.Errorf("%d of %s, want 147", count[label], label)
		}
	}
	for pitch, s := range sides {
		if len(s) != 1 {
			t.Errorf("%s is in train and test", pitch)
		}
	}
	if len(rows)-1 != 441 || size > 3<<20 {
		t.Errorf("%d crops of %d bytes, want 441 under 3 MB", len(rows)-1, size)
	}
}

func checkStream(t *testing.T, name string, b []byte, samples uint64) {
	t.Helper()
	s, err := flac.New(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if i := s.Info; i.NSamples != samples || i.SampleRate != 44100 || i.NChannels != 1 || i.BitsPerSample != 16 {
		t.Errorf("%s: %d samples at %d Hz, %d channels, %d bits", name, i.NSamples, i.SampleRate, i.NChannels, i.BitsPerSample)
	}
}

// The small build's part of the minute is the minute's begin.
func TestQuarter(t *testing.T) {
	part, err := os.ReadFile("data/quarter.flac")
	if err != nil {
		t.Fatal(err)
	}
	const n = 15.2 * 44100
	checkStream(t, "quarter.flac", part, n)
	if got, want := samples(t, part), samples(t, Minute())[:n]; !slices.Equal(got, want) {
		t.Error("the quarter is not the begin of the minute")
	}
}

// samples decodes a mono FLAC.
func samples(t *testing.T, b []byte) (x []int32) {
	t.Helper()
	s, err := flac.New(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for {
		f, err := s.ParseNext()
		if err == io.EOF {
			return x
		}
		if err != nil {
			t.Fatal(err)
		}
		x = append(x, f.Subframes[0].Samples...)
	}
}

func TestMinute(t *testing.T) {
	b := Minute()
	checkStream(t, "minute.flac", b, 60*44100)
	if len(b) > 2<<20 {
		t.Errorf("the minute takes %d bytes, want at most 2 MB", len(b))
	}
	var at uint64
	for _, n := range Truth() {
		long := float64(n.End-n.Start) / 44100
		if n.Start < at || long < 0.15 || long > 1.1 || n.End > 60*44100 {
			t.Errorf("note %+v", n)
		}
		at = n.End + 44100*29/100
	}
	if n := len(Truth()); n < 50 {
		t.Errorf("%d notes in the minute", n)
	}
}
