package dataset

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"inkling/internal/audio"
)

const trackRate = 8000

// climbing is a WAV file in which every sample has another value.
func climbing(seconds float64, from int) *fstest.MapFile {
	c := &audio.Clip{Rate: trackRate, Channels: 1, Samples: make([]float32, int(seconds*trackRate))}
	for i := range c.Samples {
		c.Samples[i] = float32((from+i)%60000-30000) / 32768
	}
	var wav bytes.Buffer
	audio.EncodeWAV(&wav, c, audio.PCM16)
	return &fstest.MapFile{Data: wav.Bytes()}
}

func lines(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func mustOpen(t *testing.T, fsys fstest.MapFS, name string, o Options) *Set {
	t.Helper()
	s, err := OpenFS(fsys, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func namesOf(s *Set) (list []string) {
	for i, e := range s.Examples {
		list = append(list, fmt.Sprintf("%s %s %.6g", s.Labels[e.Label], e.Name, s.seconds(s.Frames(i))))
	}
	return list
}

// The events of an annotated recording are examples, and what lies between is background,
// less a margin. A file alone and its folder are one data set.
func TestTrack(t *testing.T) {
	fsys := fstest.MapFS{"r/a.wav": climbing(5, 0), "r/a.txt": lines("1\t1.5\tdog\n3.25\t3.5\tcat\n\\\t1\t2\n"), "r/b.wav": climbing(1, 0)}
	for _, name := range []string{"r", "r/a.wav"} {
		s := mustOpen(t, fsys, name, Options{})
		got := namesOf(s)
		want := []string{"background r/a.wav@0 0.9", "dog r/a.wav@1 0.5", "background r/a.wav@1.6 0.775", "background r/a.wav@2.375 0.775",
			"cat r/a.wav@3.25 0.25", "background r/a.wav@3.6 1.4"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", name, got)
		}
		whole, err := audio.DecodeFile(fsys, "r/a.wav")
		if err != nil {
			t.Fatal(err)
		}
		var joined []float32
		for _, track := range s.Tracks() {
			joined = append(joined, track.Samples...)
			for _, e := range track.Events {
				if (e.End-e.Start)%2000 != 0 || e.Label != "dog" && e.Label != "cat" {
					t.Errorf("%s: %+v", track.Name, e)
				}
			}
		}
		if !slices.Equal(joined, whole.Samples) {
			t.Error("the tracks are not the recording")
		}
		if e := s.Examples[1]; !slices.Equal(e.Samples, whole.Samples[8000:12000]) {
			t.Error("the event is not where its annotation says")
		}
		if n := len(s.Background().Examples); n != 4 || len(s.Events().Examples) != 2 || !slices.Equal(s.Events().Labels, []string{"cat", "dog"}) {
			t.Errorf("%d examples of background", n)
		}
		bare := strings.Contains(strings.Join(s.Notes, "\n"), "without annotations are left out: b.wav")
		if bare != (name == "r") {
			t.Errorf("%s: %q", name, s.Notes)
		}
	}
}

// Recordings may lie beside the folders of labels or in one, with splits. One in which
// nothing happens is background.
func TestTracksBesideFolders(t *testing.T) {
	fsys := fstest.MapFS{
		"d/dog/1.wav": climbing(1, 0), "d/dog/1.txt": lines("a dog barks"), "d/cat/1.wav": climbing(1, 7), "d/long.wav": climbing(4, 3),
		"d/long.txt": lines("0\t1\tdog\n"), "d/more/x.wav": climbing(3, 9), "d/more/x.csv": lines("label;start;end\ncow;1,5;2\n"),
		"d/more/quiet.wav": climbing(2, 40), "d/more/quiet.csv": lines("start,end,label\n"), "d/more/unheard.wav": climbing(2, 50),
		"s/train/a.wav": climbing(2, 0), "s/train/a.txt": lines("0.5\t1\tdog"), "s/test/b.wav": climbing(2, 5), "s/test/b.txt": lines("1\t1.5\tdog"),
	}
	s := mustOpen(t, fsys, "d", Options{})
	want := []string{"cat d/cat/1.wav 1", "dog d/dog/1.wav 1", "dog d/long.wav@0 1", "background d/long.wav@1.1 2.9", "background d/more/quiet.wav@0 2",
		"background d/more/x.wav@0 1.4", "cow d/more/x.wav@1.5 0.5", "background d/more/x.wav@2.1 0.9"}
	got := namesOf(s)
	if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("%q", got)
	}
	if n := strings.Join(s.Notes, "\n"); !strings.Contains(n, "left out: unheard.wav") || strings.Contains(n, ".csv") {
		t.Errorf("%q", n)
	}
	s = mustOpen(t, fsys, "s", Options{})
	for _, name := range []string{"train", "test"} {
		part, err := s.Split(name)
		if err != nil {
			t.Fatal(err)
		}
		if tracks := part.Tracks(); len(tracks) != 1 || tracks[0].Split != name || len(tracks[0].Events) != 1 {
			t.Errorf("%s: %+v", name, tracks)
		}
	}
}

// What a split does not have is unknown to its tracks, and so is what annotations call
// unlabelled.
func TestUnknownParts(t *testing.T) {
	fsys := fstest.MapFS{"a.wav": climbing(6, 0), "a.txt": lines("1\t2\tdog\n3\t4\tcat\n5\t5.5\t?\n0\t6\tbackground\n")}
	for k := range 10 { // so that it stays one track
		fsys[fmt.Sprintf("%d.wav", k)], fsys[fmt.Sprintf("%d.txt", k)] = climbing(1, k), lines("")
	}
	s := mustOpen(t, fsys, ".", Options{Table: TableOptions{Unlabelled: []string{"?"}}})
	dogs, err := s.Only([]string{"dog", Background})
	if err != nil {
		t.Fatal(err)
	}
	events := func(s *Set) string {
		for _, track := range s.Tracks() {
			if track.Name == "a.wav" {
				return fmt.Sprint(track.Events)
			}
		}
		return ""
	}
	for _, c := range []struct {
		set  *Set
		want string
	}{
		{s, "[{8000 16000 dog} {24000 32000 cat} {40000 44000 }]"},
		{dogs, "[{8000 16000 dog} {24000 32000 } {40000 44000 }]"},
		{s.Events(), "[{0 7200 } {8000 16000 dog} {16800 23200 } {24000 32000 cat} {32800 39200 } {40000 44000 } {44800 48000 }]"},
	} {
		if got := events(c.set); got != c.want {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}

// Audacity writes decimal commas where the language has them.
func TestTrackWithDecimalCommas(t *testing.T) {
	comma := fstest.MapFS{"r/a.wav": climbing(5, 0), "r/a.txt": lines("1,25\t1,5\tdog, big\n3\t3,5\tcat\n")}
	point := fstest.MapFS{"r/a.wav": climbing(5, 0), "r/a.txt": lines("1.25\t1.5\tdog, big\n3\t3.5\tcat\n")}
	if got, want := namesOf(mustOpen(t, comma, "r", Options{})), namesOf(mustOpen(t, point, "r", Options{})); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A file that has the name of a recording, but no annotations, is told with it.
func TestFilesThatAnnotateNothing(t *testing.T) {
	for text, want := range map[string]string{
		"1 2 dog\n":        "r: recordings without annotations are left out: b.wav; b.txt is not a label track: a .txt has start, end and label between tabs",
		"1\t2\tdog\n":      "",
		"hello, friends\n": "b.txt is not a label track",
	} {
		fsys := fstest.MapFS{"r/a.wav": climbing(5, 0), "r/a.txt": lines("1\t2\tcat\n"), "r/b.wav": climbing(5, 7), "r/b.txt": lines(text)}
		if notes := strings.Join(mustOpen(t, fsys, "r", Options{}).Notes, "\n"); !strings.Contains(notes, want) || want == "" && strings.Contains(notes, "left out") {
			t.Errorf("%q: %q", text, notes)
		}
	}
}

// Annotations that cannot be are refused with file and line; small overlaps are divided.
func TestTrackMistakes(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"0\t1\ta\n0.2\t2\tb\n", `a.txt:2: start: the event overlaps a.txt:1, "a" from 0 to 1 s, by 0.8 s: correct one`},
		{"0\t1\ta\n0\t1\ta\n", "a.txt:2: start: the event overlaps a.txt:1"},
		{"1\t1\ta\n", "a.txt:1: end: the event has no length"},
		{"1.5\t3\ta\n", "a.txt:1: end: 3 s is after the end of the recording, 2.000 s"},
		{"1.5\t2.10000000000000009\ta\n", "a.txt:1: end: 2.1 s is after the end of the recording, 2.000 s"},
		{"0\t1\ta\nhello\n", "a.txt:2: write start, end and label"},
		{"0\t1\t\n", "a.txt:1: label: it is empty"},
	} {
		fsys := fstest.MapFS{"a.wav": climbing(2, 0), "a.txt": lines(c.text), "b.wav": climbing(2, 5), "b.txt": lines("0\t1\ta\n")}
		if _, err := OpenFS(fsys, ".", Options{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %s", c.text, err, c.says)
		}
	}
	fsys := fstest.MapFS{"a.wav": climbing(2, 0), "a.txt": lines("0\t1\ta\n0.2\t2\tb\n"), "b.wav": climbing(2, 5), "b.txt": lines("0\t1\ta\n0.9\t1.5\tb\n")}
	s := mustOpen(t, fsys, ".", Options{SkipBad: true})
	if got := namesOf(s.Events()); !slices.Equal(got, []string{"a b.wav@0 0.95", "b b.wav@0.95 0.55"}) || len(s.Skipped) != 1 {
		t.Errorf("%q, %v", got, s.Skipped)
	}
	if n := strings.Join(s.Notes, "\n"); !strings.Contains(n, "overlap the event before") || !strings.Contains(n, "b.txt:2") {
		t.Errorf("%q", n)
	}
	if _, err := OpenFS(fstest.MapFS{"a.wav": climbing(2, 0)}, "a.wav", Options{}); err == nil || !strings.Contains(err.Error(), "Audacity") {
		t.Error(err)
	}
}

// A single recording can be divided into training and test, each with every label and with
// background; both together are the recording.
func TestSplitOfOneRecording(t *testing.T) {
	var text strings.Builder
	for k := range 40 {
		fmt.Fprintf(&text, "%v\t%v\t%c\n", k, float64(k)+0.3, 'a'+rune(k%2))
	}
	fsys := fstest.MapFS{"a.wav": climbing(40, 0), "a.txt": lines(text.String())}
	s := mustOpen(t, fsys, "a.wav", Options{Rate: 4000})
	train, err := s.Train()
	if err != nil {
		t.Fatal(err)
	}
	test, err := s.Test()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(test.Events().Examples); n < 4 || n > 12 || slices.Min(test.Counts()) == 0 || slices.Min(train.Counts()) == 0 {
		t.Errorf("test has %v of %v, train %v", test.Counts(), test.Labels, train.Counts())
	}
	total := 0
	for _, track := range append(train.Tracks(), test.Tracks()...) {
		total += len(track.Samples)
		for _, e := range track.Events {
			if e.Label == "" {
				t.Errorf("%s: a stretch is divided: %v", track.Name, track.Events)
			}
		}
	}
	if total != 40*4000 {
		t.Errorf("%d samples", total)
	}
}

// Events and background lie where they should at any rate and number of channels, and never
// overlap.
func TestTrackProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Annotation
		at := 0.0
		for k := range rapid.IntRange(0, 12).Draw(t, "events") {
			start := at + rapid.Float64Range(0, 2).Draw(t, "pause")
			end := start + rapid.Float64Range(0.01, 2).Draw(t, "length")
			list = append(list, Annotation{Start: start, End: end, Label: string(rune('a' + k%3)), Where: fmt.Sprint("x:", k+1)})
			at = end
		}
		seconds := at + rapid.Float64Range(0.1, 2).Draw(t, "rest")
		events, overlaps, err := layOut(list, seconds, nil)
		if err != nil || len(overlaps) > 0 || len(events) != len(list) {
			t.Fatal(events, overlaps, err)
		}
		n := rapid.IntRange(1, 10).Draw(t, "stretches")
		sections, last, seen := divided(events, seconds, n), 0.0, 0
		for _, s := range sections {
			if s.start != last || len(sections) > 1 && len(s.events) == 0 || s.end < s.start {
				t.Fatalf("%+v", s)
			}
			for _, p := range slices.Concat(s.events, s.background()) {
				if p.start < s.start-1e-9 || p.end > s.end+1e-9 {
					t.Fatalf("%+v is not within %+v", p, s.span)
				}
				for _, q := range s.events {
					if p != q && p.start < q.end && q.start < p.end {
						t.Fatalf("%+v overlaps %+v", p, q)
					}
				}
			}
			seen, last = seen+len(s.events), s.end
		}
		if seen != len(events) || math.Abs(last-seconds) > 1e-9 {
			t.Fatalf("%d of %d events, up to %v", seen, len(events), last)
		}
	})
}

// Background is an audio file, a folder of such, what Open reads, or what lies between events.
func TestOpenBackground(t *testing.T) {
	fsys := fstest.MapFS{
		"one.wav": climbing(3, 0), "plain/a.wav": climbing(2, 1), "plain/b.wav": climbing(1, 2),
		"labels/rain/a.wav": climbing(2, 3), "labels/sea/b.wav": climbing(2, 4), "labels/readme.md": lines("x"),
		"noted/a.wav": climbing(3, 5), "noted/a.txt": lines("1\t2\tdog\n"), "noted/rain/b.wav": climbing(1, 6),
		"full/a.wav": climbing(1, 5), "full/a.txt": lines("0\t0.5\tdog\n"), "wrong/a.wav": climbing(1, 5), "wrong/a.txt": lines("0\t9\tdog\n"),
	}
	for _, c := range []struct {
		name string
		want string
	}{
		{"one.wav", "one.wav 3"}, {"plain", "plain/a.wav 2,plain/b.wav 1"}, {"labels", "labels/rain/a.wav 2,labels/sea/b.wav 2"},
		{"noted", "noted/a.wav@0 0.9,noted/a.wav@2.1 0.9,noted/rain/b.wav 1"},
	} {
		s, err := OpenBackgroundFS(fsys, c.name, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for i, e := range s.Examples {
			got = append(got, fmt.Sprintf("%s %.6g", e.Name, s.seconds(s.Frames(i))))
		}
		if slices.Sort(got); strings.Join(got, ",") != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	for name, says := range map[string]string{"full": "nothing lies between", "wrong": "after the end of the recording", "none": "none"} {
		if _, err := OpenBackgroundFS(fsys, name, Options{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A part of an event is called by its place in the recording.
func TestPart(t *testing.T) {
	fsys := fstest.MapFS{"a.wav": climbing(30, 0), "a.txt": lines("1\t2\tdog\n11\t13\tdog\n")}
	s := mustOpen(t, fsys, ".", Options{})
	for i, e := range s.Examples {
		n := s.Frames(i)
		if p := s.Part(i, n/2, n); p.Name != fmt.Sprintf("a.wav@%.6g", float64(p.at)/trackRate+p.track.start) || p.Group != e.Group || len(p.Samples) != n-n/2 {
			t.Errorf("%s: %s", e.Name, p.Name)
		}
	}
	if p := s.Part(1, 4000, 8000); p.Name != "a.wav@1.5" {
		t.Error(p.Name)
	}
}
