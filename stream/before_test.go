package stream

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Model files of an earlier version load and give the events of that version to the bit. Only
// an early label waits until its segment can no longer be dropped as too short, and numbers
// differ in the last digits where the front end has a spectrum, of which the version computed
// all in float64.
// testdata/before/maker.go.txt made both files and events.
func TestOldModelsGiveTheSameEvents(t *testing.T) {
	if f32.Kernel() == "generic" {
		t.Skip("the events are those of the fused kernels")
	}
	want := eventsOfBefore(t)
	files, err := filepath.Glob("testdata/before/*.model")
	if err != nil || len(files) != len(want) || len(files) == 0 {
		t.Fatalf("%d models, events of %d: %v", len(files), len(want), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".model")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			m, err := model.Load(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(data); m.Hash() != hex.EncodeToString(sum[:8]) { // the hash of the file without the checksum
				t.Error("the model is written otherwise than it was")
			}
			got, then := replayBefore(t, m), want[name]
			if name == "early" {
				got, then = withoutEarly(got), withoutEarly(then)
			}
			for i := range max(len(got), len(then)) {
				if i >= len(got) || i >= len(then) || got[i] != then[i] && !(spectral(m) && nearly(got[i], then[i])) {
					t.Fatalf("event %d of %d:\n got %s\nthen %s", i+1, len(then), lineAt(got, i), lineAt(then, i))
				}
			}
		})
	}
}

func spectral(m *model.Model) bool {
	k := m.Config.Front.Kind
	return k == feature.KindLogMel || k == feature.KindMFCC || k == feature.KindMoments
}

var decimal = regexp.MustCompile(`-?\d+\.\d+(e-?\d+)?`)

// nearly reports whether two lines are equal but for decimals, and these within 1e-5.
func nearly(a, b string) bool {
	x, y := decimal.FindAllString(a, -1), decimal.FindAllString(b, -1)
	if len(x) != len(y) || decimal.ReplaceAllString(a, "") != decimal.ReplaceAllString(b, "") {
		return false
	}
	for i := range x {
		u, errU := strconv.ParseFloat(x[i], 64)
		v, errV := strconv.ParseFloat(y[i], 64)
		if errU != nil || errV != nil || math.Abs(u-v) > 1e-5 {
			return false
		}
	}
	return true
}

// withoutEarly leaves out early events, and what the early rule says afterwards.
func withoutEarly(lines []string) (left []string) {
	for _, line := range lines {
		if !strings.Contains(line, `"type":"early"`) {
			left = append(left, earlyVerdict.ReplaceAllString(line, ""))
		}
	}
	return left
}

var earlyVerdict = regexp.MustCompile(`,?\{"rule":"early",[^}]*\}`)

func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "none"
}

// eventsOfBefore reads the events of each model, a line each.
func eventsOfBefore(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("testdata/before/events.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	all, name := map[string][]string{}, ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "-- ") {
			name = strings.Trim(line, "- ")
			continue
		}
		all[name] = append(all[name], line)
	}
	return all
}

// signalOfBefore is sound and silence out of integers, the same on every machine.
func signalOfBefore(c *model.Config) []float32 {
	if c.Text() {
		var x []float32
		for _, r := range "He has a hat. The sea, at least?\n\nIs that the hate 3.5 has!" {
			x = append(x, float32(r))
		}
		return x
	}
	x := make([]float32, 1200*c.Channels)
	state := uint32(12345)
	for i := range x {
		state = state*1664525 + 1013904223
		v := float32(int32(state)>>16) / 32768
		if int(float64(i/c.Channels)/max(c.Rate, 1)*5)%2 == 0 {
			v /= 4096
		}
		x[i] = v / 2
	}
	if c.Segment.Kind == segment.Beat {
		for i := range x {
			x[i] /= 50
			if k := i % 200; k > 100 && k < 104 {
				x[i] += float32(2 - max(k-102, 102-k))
			}
		}
		x = append(x, x...)
	}
	return x
}

// replayBefore feeds the signal in blocks of 77 samples, with a gap after the twelfth.
func replayBefore(t *testing.T, m *model.Model) (lines []string) {
	t.Helper()
	k, err := NewClassifier(m, &Options{Session: "s", Stream: "before", Why: true, Background: true})
	if err != nil {
		t.Fatal(err)
	}
	f := capture.Format{Rate: m.Config.Rate, Channels: m.Config.Channels}
	var events []Event
	add := func() {
		for i := range events {
			lines = append(lines, string(AppendJSON(nil, &events[i])))
		}
	}
	offset := uint64(0)
	for x := signalOfBefore(&m.Config); len(x) > 0; {
		n := min(77*f.Channels, len(x))
		if err := k.Feed(&capture.Block{Format: f, Samples: x[:n], Offset: offset}); err != nil {
			t.Fatal(err)
		}
		if offset += uint64(n / f.Channels); offset == 77*12 {
			offset += 30
		}
		events = k.Advance(events[:0])
		add()
		x = x[n:]
	}
	events = k.End(events[:0], segment.ByEOF)
	add()
	return lines
}
