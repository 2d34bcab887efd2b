package keep

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("KEEP_FOR_EVER"); dir != "" {
		keepForEver(dir)
	}
	goleak.VerifyTestMain(m)
}

// sink keeps confirmed events.
type sink struct{ events []stream.Event }

func (s *sink) Write(_ context.Context, e *stream.Event) error {
	if e.Type == stream.Confirmed {
		s.events = append(s.events, e.Clone())
	}
	return nil
}
func (s *sink) Flush(context.Context) error { return nil }
func (s *sink) Close() error                { return nil }

// bursts are sounds of n samples with pauses, of this many bits a sample; 0: of any value.
func bursts(seed uint64, sounds, n, channels, bits int) (x []float32) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range 2 * sounds {
		level := []float64{0.0003, 0.25}[i%2]
		for range n * channels {
			v := float32(level * (2*rng.Float64() - 1))
			if bits > 0 {
				scale := float32(int(1) << (bits - 1))
				v = float32(int(v*scale)) / scale
			}
			x = append(x, v)
		}
	}
	return append(x, make([]float32, n*channels)...)
}

// run labels x in two streams, keeps what ends, and returns the confirmed events.
func run(t *testing.T, dir string, m *model.Model, rate float64, channels int, x []float32) []stream.Event {
	t.Helper()
	k, err := Open(Options{Dir: dir, When: []When{All}, Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	var blocks []capture.Block
	for at := 0; at < len(x); at += 512 * channels {
		for _, name := range []string{"hall/öst.1", "b"} {
			blocks = append(blocks, capture.Block{Stream: name, Format: capture.Format{Rate: rate, Channels: channels}, Offset: uint64(at / channels),
				Samples: x[at:min(at+512*channels, len(x))]})
		}
	}
	var out sink
	o := &stream.RunOptions{Finite: true, Taps: []func(string) stream.Tap{k.Tap}}
	o.Segment = &segment.Config{Kind: segment.Activity, PreRoll: 0.02, Hold: 0.05, MinDuration: 0.01}
	o.Threshold = 0.34
	if m.Config.Text() {
		o.Segment = &segment.Config{Kind: segment.Line}
	}
	if err := stream.Run(t.Context(), capture.NewMemory(blocks...), m, o, &out); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if k.Lost() > 0 {
		t.Errorf("%d segments are lost", k.Lost())
	}
	return out.events
}

// What is kept of a segment gives the probabilities that it had live, to the bit, when it
// is read as the data set that the folder is.
func TestKeptSegmentsGiveLiveBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	mel := feature.Config{Kind: feature.KindLogMel, WindowMS: 25, HopMS: 10, Bands: 8}
	for name, c := range map[string]struct {
		rate, source   float64
		channels, from int // of the model and the source
		bits           int
		ext            string
	}{
		"16 bits":               {8000, 8000, 1, 1, 16, ".flac"},
		"24 bits":               {8000, 8000, 1, 1, 24, ".flac"},
		"floats":                {8000, 8000, 1, 1, 0, ".wav"},
		"resampled":             {8000, 11025, 1, 1, 16, ".wav"},
		"mixed":                 {8000, 8000, 1, 2, 16, ".flac"},
		"sensors":               {360, 360, 3, 3, 0, ".csv"},
		"sensors at other rate": {100, 360, 2, 2, 0, ".csv"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testmodel.Labels(c.rate, c.channels, "a", "b", "c")
			if c.ext != ".csv" {
				cfg.Front = mel
			}
			m := testmodel.New(t, cfg, rng)
			dir := filepath.Join(t.TempDir(), "kept")
			events := run(t, dir, m, c.source, c.from, bursts(3, 6, int(c.source/4), c.from, c.bits))
			clips, err := ReadIndex(dir)
			if err != nil || len(clips) != len(events) || len(clips) < 2 {
				t.Fatalf("%d kept of %d, %v", len(clips), len(events), err)
			}
			set, err := dataset.Open(dir, dataset.Options{Rate: c.rate, Channels: c.channels})
			if err != nil {
				t.Fatal(err)
			}
			for i := range set.Examples {
				k := slices.IndexFunc(events, func(e stream.Event) bool { return e.Kept == filepath.FromSlash(dir+"/"+clips[i].File) })
				if k < 0 {
					t.Fatalf("no event has the file %s", clips[i].File)
				}
				e := &events[k]
				probe, err := stream.NewClassifier(m, &stream.Options{Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 1000}, Threshold: -1, Top: 3})
				if err != nil {
					t.Fatal(err)
				}
				if err := probe.Feed(&capture.Block{Format: capture.Format{Rate: set.Rate, Channels: set.Channels}, Samples: set.Examples[i].Samples}); err != nil {
					t.Fatal(err)
				}
				got := probe.End(nil, segment.ByEOF)
				last := &got[len(got)-1]
				if !slices.Equal(last.Top, e.Top) || float64(last.P) != clips[i].P && float32(clips[i].P) != last.P {
					t.Errorf("%s: %v, live %v", clips[i].File, last.Top, e.Top)
				}
				if filepath.Ext(e.Kept) != c.ext || clips[i].Label != e.Top[0].Label || clips[i].Stream != e.Stream || clips[i].Model != m.Hash() || clips[i].At != e.Start {
					t.Errorf("%+v of %+v", clips[i], e)
				}
			}
		})
	}
}

// Texts are rows of their own.
func TestTextsAreKeptInTheirRows(t *testing.T) {
	cfg := testmodel.Labels(0, 1, "a", "b")
	cfg.Front = feature.Config{Kind: feature.KindChars, Alphabet: "\n \",ab"}
	m := testmodel.New(t, cfg, rand.New(rand.NewPCG(1, 2)))
	var x []float32
	for _, r := range "ab, \"ba\nbb\n" {
		x = append(x, float32(r))
	}
	dir := t.TempDir()
	events := run(t, dir, m, 0, 1, x)
	clips, err := ReadIndex(dir)
	if err != nil || len(clips) != len(events) || len(events) != 4 {
		t.Fatalf("%d of %d events, %v", len(clips), len(events), err)
	}
	if !strings.Contains(clips[0].Text, `ab, "ba`) || clips[0].File != "" {
		t.Errorf("%+v", clips[0])
	}
	set, err := dataset.Open(filepath.Join(dir, "index.csv"), dataset.Options{})
	if err != nil || len(set.Examples) != 4 {
		t.Errorf("%v, %v", set, err)
	}
}

// a job of n bytes as a file of sound at time at.
func sound(at time.Time, segment uint64, n int) job {
	return job{clip: Clip{File: fileStem(&Clip{Time: at, Stream: "s", Segment: segment}) + ".wav", Label: "a\n,\"", P: 0.5, Time: at, Stream: "s", Segment: segment, Reason: []When{Unsure}},
		format: capture.Format{Rate: 8000, Channels: 1}, signal: make([]float32, n/4)}
}

// used returns the bytes that the files below dir take, without the lock.
func used(t testing.TB, dir string) (sum int64) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, ".lock") {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// The folder is never larger than it may be, the oldest go first, and the index always
// lists files that are there.
func TestTheOldestMakeRoom(t *testing.T) {
	dir := t.TempDir()
	f, err := openFolder(dir, leastMax, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 1, 23, 59, 0, 0, time.UTC)
	if err := f.load(at); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		at = at.Add(10 * time.Second)
		j := sound(at, uint64(i+1), 40_000+i*997%30_000)
		if err := f.add(&j); err != nil {
			t.Fatal(err)
		}
		if n := used(t, dir); n > leastMax {
			t.Fatalf("%d bytes", n)
		}
	}
	clips, err := ReadIndex(dir)
	if err != nil || len(clips) < 15 || clips[len(clips)-1].Segment != 60 {
		t.Fatalf("%d clips, %v", len(clips), err)
	}
	for i, c := range clips {
		if c.Segment != uint64(60-len(clips)+i+1) || c.Label != "a\n,\"" {
			t.Errorf("clip %d is segment %d, %q", i, c.Segment, c.Label)
		}
		if _, err := os.Stat(f.path(c.File)); err != nil {
			t.Error(err)
		}
	}
	large := sound(at, 99, 2*leastMax)
	if err := f.add(&large); err == nil {
		t.Error("a segment larger than all was kept")
	}
	f.age = time.Minute
	if err := f.expire(at.Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if clips, _ := ReadIndex(dir); len(clips) != 4 {
		t.Errorf("%d clips of the last minute", len(clips))
	}
	f.close()
}

// What a crash leaves is mended, and files that are not the Keeper's stay.
func TestOpenMends(t *testing.T) {
	dir := t.TempDir()
	open := func() *Keeper {
		t.Helper()
		k, err := Open(Options{Dir: dir, Max: leastMax})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := open()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 3 {
		k.put(sound(at, uint64(i+1), 4000))
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second Keeper: %v", err)
	}
	k.Close()
	clips, err := ReadIndex(dir)
	if err != nil || len(clips) != 3 {
		t.Fatalf("%d clips, %v", len(clips), err)
	}
	index := filepath.Join(dir, "index.csv")
	whole := testkit.ReadFile(t, index)
	os.Remove(filepath.Join(dir, clips[0].File))
	mine := testkit.WriteFile(t, dir, "2026-01-02/mine.wav", []byte("mine"))
	orphan := testkit.WriteFile(t, dir, "2026-01-02/030405.000-s-9.wav", []byte("orphan"))
	half := testkit.WriteFile(t, dir, "2026-01-02/.030405.000-s-8.wav.0123abcd.tmp", []byte("half"))
	last := strings.LastIndexByte(strings.TrimSuffix(string(whole), "\n"), '\n') + 1
	for cut := last; cut < len(whole); cut++ { // a last row of any length
		if err := os.WriteFile(index, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		if clips, err := ReadIndex(dir); err != nil || len(clips) != 2 {
			t.Fatalf("cut at %d: %d clips, %v", cut, len(clips), err)
		}
	}
	open().Close()
	if clips, err := ReadIndex(dir); err != nil || len(clips) != 1 || clips[0].Segment != 2 {
		t.Errorf("%v, %v", clips, err)
	}
	for path, stays := range map[string]bool{mine: true, orphan: false, half: false} {
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: %v", path, err)
		}
	}
	for name, text := range map[string]string{
		"another table":  "file,label\na.wav,b\n",
		"a file outside": header(false) + "../x.wav,a,1,,0,,,unsure,,2026-01-02T03:04:05Z,s,s,1,1,m\n",
		"a broken row":   header(false) + "2026-01-02/030405.000-s-1.wav,a,7,,0,,,unsure,,2026-01-02T03:04:05Z,s,s,1,1,m\n",
	} {
		if err := os.WriteFile(index, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Dir: dir}); err == nil {
			t.Errorf("%s was accepted", name)
		}
		if got := string(testkit.ReadFile(t, index)); got != text {
			t.Errorf("%s: changed to %q", name, got)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for _, o := range []Options{{}, {Dir: dir, When: []When{"never"}}, {Dir: dir, Unsure: 2}, {Dir: dir, Max: 10}, {Dir: dir, Age: -1}} {
		if k, err := Open(o); err == nil {
			k.Close()
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestReasons(t *testing.T) {
	top := func(label string, p float32) stream.Answer {
		return stream.Answer{Label: label, P: p, Top: []stream.Score{{Label: label, P: p}}}
	}
	sure := stream.Event{Answer: top("a", 0.9), Outcome: stream.Outcome{Running: "a"}}
	other := stream.Event{Answer: top("a", 0.9), Outcome: stream.Outcome{Running: "b"}}
	early := stream.Event{Answer: top("a", 0.9)}
	low := stream.Event{Answer: top("a", 0.5), Outcome: stream.Outcome{Running: "a", Rejected: true}}
	for _, c := range []struct {
		when []When
		e    stream.Event
		want string
	}{
		{nil, sure, ""}, {nil, other, "overturned"}, {nil, early, ""}, {nil, low, "unsure rejected"},
		{[]When{Confirmed}, sure, "confirmed"}, {[]When{Confirmed}, low, ""}, {[]When{All}, low, "all"},
	} {
		o := Options{Dir: "x", When: c.when}
		if err := o.fill(); err != nil {
			t.Fatal(err)
		}
		k := &Keeper{o: o}
		if got := strings.Join(names(k.why(&c.e)), " "); got != c.want {
			t.Errorf("%v of %+v: %q, want %q", c.when, c.e, got, c.want)
		}
	}
}

// A disk that does not keep up loses segments, which are counted, and holds up nothing.
func TestWhatDoesNotFitTheQueueIsCounted(t *testing.T) {
	o := Options{Dir: "x", Queue: 10_000}
	if err := o.fill(); err != nil {
		t.Fatal(err)
	}
	k := &Keeper{o: o, daily: newDaily(&o), jobs: make(chan job, 4)}
	for i := range 9 {
		if ok := k.put(sound(time.Now(), uint64(i), 2000)); ok != (i < 3) {
			t.Errorf("segment %d: %v", i, ok)
		}
	}
	if k.Lost() != 6 {
		t.Errorf("%d lost", k.Lost())
	}
}

// A full disk is told once and ends nothing.
func TestFailuresAreTold(t *testing.T) {
	var told []error
	dir := t.TempDir()
	k, err := Open(Options{Dir: dir, Max: leastMax, Failed: func(err error) { told = append(told, err) }})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 3 {
		k.put(sound(at, uint64(i), 2*leastMax))
	}
	k.put(sound(at, 9, 2000))
	k.Close()
	if len(told) != 2 || told[0] == nil || told[1] != nil || k.Lost() != 3 {
		t.Errorf("%v, %d lost", told, k.Lost())
	}
}

func FuzzIndex(f *testing.F) {
	j := sound(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 1, 8)
	f.Add([]byte(header(false) + j.clip.row(false)))
	f.Add([]byte(header(true) + j.clip.row(true) + "\"torn"))
	f.Fuzz(func(t *testing.T, data []byte) {
		clips, rows, err := parseIndex("index.csv", data)
		if err != nil {
			return
		}
		for i, c := range clips {
			text := c.File == ""
			again, _, err := parseIndex("again", []byte(header(text)+rows[i]))
			if err != nil || len(again) != 1 || fmt.Sprint(again[0]) != fmt.Sprint(c) {
				t.Fatalf("row %q: %v, %v", rows[i], again, err)
			}
		}
	})
}
