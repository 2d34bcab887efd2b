//go:build !edge

package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/internal/testkit"
	"inkling/stream/keep"
)

// keptClips is a folder of n kept segments.
func keptClips(t *testing.T, n int) (dir string, clips []keep.Clip) {
	dir = t.TempDir()
	index := "file,label,p,other,other_p,running,early,reason,rule,time,stream,session,segment,at,model\n"
	for i := range n {
		file := fmt.Sprintf("2026-01-02/030405.%03d-s-%d.wav", i, i+1)
		testkit.WriteFile(t, dir, file, []byte("sound"))
		index += fmt.Sprintf("%s,bark,0.%d,meow,0.1,,,unsure,,2026-01-02T03:04:05Z,s,x,%d,0,m\n", file, i+2, i+1)
	}
	testkit.WriteFile(t, dir, "index.csv", []byte(index))
	clips, err := keep.ReadIndex(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, clips
}

// Keys answer, play, put off and undo; a label that controls the terminal is a matter of
// the writer that app has for people.
func TestReviewByKeys(t *testing.T) {
	dir, clips := keptClips(t, 5)
	var out bytes.Buffer
	played := 0
	c := &reviewCmd{Dir: dir, To: filepath.Join(dir, "corrected"), Labels: []string{"horn"}}
	r := &reviewer{c: c, clips: clips, keys: c.keys(clips), out: &out, play: func(keep.Clip) error { played++; return errors.New("no device") }}
	if got := fmt.Sprint(r.keys); got != "[horn bark meow]" {
		t.Errorf("keys of %s", got)
	}
	// right, meow, taken back, horn, played, put off, background, undone, background, an unknown key, right
	if err := r.run(strings.NewReader(" 3u1p.xux9 ")); err != nil {
		t.Fatal(err)
	}
	all, err := keep.Corrections(c.To)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range all {
		got = append(got, fmt.Sprint(e.Segment, "-", e.Label))
	}
	if want := "[1-bark 2-horn 4-background 5-bark]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	if played != 1 || !strings.Contains(out.String(), "cannot be played: no device") || !strings.Contains(out.String(), "4 of 5 segments answered") {
		t.Errorf("played %d times: %s", played, out.String())
	}
	if left := keep.Unseen(clips, all); len(left) != 1 || left[0].Segment != 3 || !left[0].Time.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("%v left", left)
	}
}

// A table that a script fills in says the same as the keys.
func TestReviewByTable(t *testing.T) {
	dir, clips := keptClips(t, 4)
	c := &reviewCmd{Dir: dir, To: filepath.Join(dir, "corrected")}
	var table bytes.Buffer
	if err := c.print(&table, keep.Worth(clips)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(table.String()), "\n")
	for i, truth := range []string{"=", "x", "", "horn, far"} {
		lines[i+1] += fmt.Sprintf("%q", truth)
	}
	var log bytes.Buffer
	a := &app{stdin: strings.NewReader(strings.Join(lines, "\n")), stderr: &log}
	c.Read = "-"
	if err := c.read(a, clips); err != nil {
		t.Fatal(err)
	}
	all, err := keep.Corrections(c.To)
	if err != nil {
		t.Fatal(err)
	}
	said := map[uint64]string{}
	for _, e := range all {
		said[e.Segment] = e.Label
	}
	if want := "map[1:bark 2:background 4:horn, far]"; fmt.Sprint(said) != want || !strings.Contains(log.String(), "3 segments") || !strings.Contains(log.String(), "1 labels right, 2 corrected") {
		t.Errorf("%v, want %s; %s", said, want, log.String())
	}
}
