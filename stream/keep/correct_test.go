package keep

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model/dataset"
)

// What people say becomes a data set: the last word on a segment counts, and may be taken
// back.
func TestCorrections(t *testing.T) {
	kept, dir := t.TempDir(), filepath.Join(t.TempDir(), "corrected")
	k, err := Open(Options{Dir: kept, Max: leastMax})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 4 {
		k.put(sound(at, uint64(i+1), 4000+4*i))
	}
	k.Close()
	clips, err := ReadIndex(kept)
	if err != nil || len(clips) != 4 {
		t.Fatalf("%d clips, %v", len(clips), err)
	}
	for i, label := range []string{"bark", "meow", "bark", "x"} {
		if _, err := CorrectKept(dir, kept, clips[i], label); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := CorrectKept(dir, kept, clips[0], "horn"); err != nil { // on second thoughts
		t.Fatal(err)
	}
	if was, err := Undo(dir, clips[3]); !was || err != nil {
		t.Error(was, err)
	}
	if was, err := Undo(dir, clips[3]); was || err != nil {
		t.Error(was, err)
	}
	page := Example{Label: "bark", Told: "meow", P: 0.5, Time: at, Stream: "mic, front", Session: "s2", Segment: 9}
	file, err := Correct(dir, page, capture.Format{Rate: 8000, Channels: 1}, []float32{0.5, 0.25, 0.1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	all, err := Corrections(dir)
	if err != nil || len(all) != 4 {
		t.Fatalf("%d corrections, %v", len(all), err)
	}
	set, err := dataset.Open(dir, dataset.Options{})
	if err != nil || len(set.Examples) != 4 || fmt.Sprint(set.Labels) != "[bark horn meow]" {
		t.Fatalf("%+v, %v", set, err)
	}
	for i := range all {
		if got := set.Labels[set.Examples[i].Label]; got != all[i].Label || set.Examples[i].Group != all[i].Stream {
			t.Errorf("example %d has label %s and group %s, want %s and %s", i, got, set.Examples[i].Group, all[i].Label, all[i].Stream)
		}
	}
	if left := Unseen(clips, all); len(left) != 1 || left[0].Segment != 4 {
		t.Errorf("%v is unseen", left)
	}
	for _, bad := range []string{"", " a", "a\n", string(make([]byte, 300))} {
		if _, err := CorrectKept(dir, kept, clips[0], bad); err == nil {
			t.Errorf("label %q was taken", bad)
		}
	}
	if _, err := Correct(dir, Example{Text: "words", Label: "a", Time: at}, capture.Format{}, nil); err == nil {
		t.Error("a text was taken among sounds")
	}
}

// What the index could not say again is refused, and the folder stays as it was: what a browser
// sends may be anything.
func TestCorrectionThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for i, e := range []Example{{P: 5}, {P: -0.1}, {P: math.NaN()}, {P: math.Inf(1)}, {Time: now.AddDate(9000, 0, 0)}, {Time: now.AddDate(-3000, 0, 0)}, {P: 1, Time: now}} {
		e.Label, e.Stream, e.Segment = "a", "s", uint64(i)
		good := e.P == 1
		if _, err := Correct(dir, e, capture.Format{Rate: 8000, Channels: 1}, []float32{0.5, 0}); (err == nil) != good {
			t.Errorf("%v, %v: %v", e.P, e.Time, err)
		}
		if got, err := Corrections(dir); err != nil || good != (len(got) == 1) {
			t.Errorf("after %v, %v: %d corrections, %v", e.P, e.Time, len(got), err)
		}
	}
}

// Many may correct at once.
func TestCorrectionsAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			e := Example{Label: "a", Time: time.Now(), Stream: "s", Segment: uint64(i)}
			if _, err := Correct(dir, e, capture.Format{Rate: 8000, Channels: 1}, []float32{0.5, 0}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := Corrections(dir); len(got) != 12 || err != nil {
		t.Errorf("%d corrections, %v", len(got), err)
	}
}

// What is worth a look comes first, and no kind hides another.
func TestWorth(t *testing.T) {
	var clips []Clip
	for i := range 100 {
		clips = append(clips, Clip{File: fmt.Sprint("same", i), Label: "a", Other: "b", P: 0.5, OtherP: 0.45, Reason: []When{Unsure}})
	}
	clips = append(clips, Clip{File: "other", Label: "b", Other: "c", P: 0.7, OtherP: 0.1, Reason: []When{Unsure}},
		Clip{File: "nearest", Label: "c", Other: "a", P: 0.5, OtherP: 0.49, Reason: []When{Unsure}},
		Clip{File: "turned", Label: "c", Other: "b", P: 0.7, OtherP: 0.2, Running: "b", Reason: []When{Overturned}})
	got := Worth(clips)
	var first []string
	for _, c := range got[:4] {
		first = append(first, c.File)
	}
	if want := "[nearest same0 turned other]"; fmt.Sprint(first) != want || len(got) != len(clips) {
		t.Errorf("%v, want %s; %d of %d", first, want, len(got), len(clips))
	}
}

func FuzzCorrections(f *testing.F) {
	e := Example{File: "a.wav", Label: "b\n\"", Stream: "s", Time: time.Unix(1, 0)}
	f.Add([]byte(exampleHeader(false) + e.row(false)))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseExamples("index.csv", data)
		if err != nil || len(all) == 0 {
			return
		}
		text := all[0].File == ""
		again, err := parseExamples("again", []byte(exampleHeader(text)+all[0].row(text)))
		if err != nil || len(again) != 1 || again[0].File != all[0].File || again[0].Segment != all[0].Segment {
			t.Fatalf("%+v became %+v, %v", all[0], again, err)
		}
	})
}
