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
