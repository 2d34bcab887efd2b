package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"inkling/internal/testkit"
)

// makeMistakes leaves the files of docs/mistakes.md in the working directory.
func makeMistakes(t *testing.T, mp3 []byte) {
	mustRun(t, "play", "bundled:notes", "-n", "1", "--pause", "0", "-o", "note.wav")
	mustRun(t, "play", "bundled:notes", "-n", "1", "--pause", "0", "-o", "other.wav", "--seed", "2")
	note, other := testkit.ReadFile(t, "note.wav"), testkit.ReadFile(t, "other.wav")
	for name, data := range map[string][]byte{
		"sounds/clap/1.wav": note, "sounds/knock/1.wav": other,
		"loose/1.wav": note, "single/a/1.csv": []byte("x\n1\n2\n3\n"),
		"cut.wav": note[:1000], "note.pcm": bytes.Repeat([]byte{7, 1, 9}, 100), "cut.mp3": mp3[:len(mp3)-50],
		"gsm.wav":          []byte("RIFF\x3c\x00\x00\x00WAVEfmt \x14\x00\x00\x00\x31\x00\x01\x00\x40\x1f\x00\x00\x59\x06\x00\x00\x41\x00\x00\x00\x02\x00\x40\x01data\x00\x00\x00\x00"),
		"sensor.csv":       []byte("t,x\n0,1\n1,2\n2,3\n"),
		"days.csv":         []byte("time,x\n03/04/2024 00:00:00,1\n03/04/2024 00:00:01,2\n03/04/2024 00:00:02,3\n"),
		"walks/fast/1.csv": millis(1),
		"walks/slow/1.csv": millis(2),
		"hearts/a.hea":     []byte("a 1 250 500\na.dat 16 200 16 0 0 0 0 ECG\n"),
		"hearts/a.dat":     make([]byte, 1000),
		"hearts/a.atr":     {0, 0},
		"series.mat":       append([]byte("MATLAB 7.3 MAT-file, Platform: GLNXA64"), make([]byte, 600)...),
	} {
		testkit.WriteFile(t, ".", name, data)
	}
}

// millis is a table with a time column of millis, without a unit.
func millis(step float64) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "time,x,y,z")
	for i := range 40 {
		fmt.Fprintf(&b, "%d,%g,%g,%g\n", 20*i, step*float64(i%5), step, float64(i%3))
	}
	return b.Bytes()
}

// TestCommonMistakes runs docs/mistakes.md: each command fails with the message beside it.
// With -update the messages are rewritten.
func TestCommonMistakes(t *testing.T) {
	const doc = "../../docs/mistakes.md"
	page, mp3 := string(testkit.ReadFile(t, doc)), testkit.ReadFile(t, "../../internal/audio/testdata/mono44.mp3")
	row := regexp.MustCompile("(?m)^(\\| `inkling ([^`]+)` \\| [^|]+ \\| `)(.*)` \\|$")
	rows := row.FindAllStringSubmatch(page, -1)
	if len(rows) < 20 {
		t.Fatalf("%d rows", len(rows))
	}
	if !*update {
		t.Chdir(t.TempDir())
	} else {
		home, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		t.Chdir(t.TempDir())
		defer func() {
			if err := os.WriteFile(home+"/"+doc, []byte(page), 0o644); err != nil {
				t.Error(err)
			}
		}()
	}
	makeMistakes(t, mp3)
	for _, r := range rows {
		_, log, code := inkling(t, "", strings.Fields(r[2])...)
		_, message, _ := strings.Cut(log, "inkling: ")
		message = strings.ReplaceAll(strings.TrimSpace(message), "\n", " ")
		if code != 1 && code != 2 {
			t.Errorf("inkling %s: exit %d\n%s", r[2], code, log)
		}
		if message = strings.ReplaceAll(strings.ReplaceAll(message, "`", "'"), "|", "or"); message != r[3] && !*update {
			t.Errorf("inkling %s:\ngot  %s\nwant %s", r[2], message, r[3])
		}
		page = strings.Replace(page, r[0], r[1]+message+"` |", 1)
	}
}
