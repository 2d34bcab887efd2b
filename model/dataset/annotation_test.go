package dataset

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/internal/audio"
)

func TestReadAnnotations(t *testing.T) {
	want := []Annotation{{0.5, 1.25, "flute", "x:2"}, {2, 2, "piano solo", "x:1"}}
	track := "\ufeff2\t2\tpiano solo\r\n0.500000\t1.250000\tflute\n\\\t100.0\t2000.0\n\n"
	got, err := ReadAnnotations(strings.NewReader(track), "x")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	want[0].Where, want[1].Where = "x.csv:3", "x.csv:2"
	got, err = ReadAnnotations(strings.NewReader("who,Label,end, start\nme,piano solo,2,2\nme, flute,1.25,.5\n"), "x.csv")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// A mistake is told with file, line, field and what to do.
func TestAnnotationMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"x.txt", "0\t1\ta\n2\t1\tb\n", "x.txt:2: end: 1 s is before the start"},
		{"x.txt", "-1\t1\ta\n", "x.txt:1: start: -1 s is before the recording begins"},
		{"x.txt", "1\tnan\ta\n", "x.txt:1: end: NaN"},
		{"x.txt", "1:05\t2\ta\n", `x.txt:1: start: "1:05" is not a number of seconds: write one such as`},
		{"x.txt", "1\t2\t \n", "x.txt:1: label: it is empty: give one"},
		{"x.txt", "once upon a time\n", "x.txt:1: write start, end and label"},
		{"x.csv", "start,stop,label\n", "x.csv:1: the first line must name the columns start, end and label; end is missing"},
		{"x.csv", "start,end,label,end\n", `x.csv:1: there are two columns "end"`},
		{"x.csv", "start,end,label\n1,2,a\n1,x,a\n", `x.csv:3: end: "x" is not a number`},
		{"x.csv", "", "no header line"},
	} {
		if _, err := ReadAnnotations(strings.NewReader(c.text), c.name); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %s", c.text, err, c.says)
		}
	}
}

func TestRecordings(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var wav bytes.Buffer
	audio.EncodeWAV(&wav, &audio.Clip{Rate: 8000, Channels: 1, Samples: make([]float32, 16000)}, audio.PCM16)
	write("a.wav", wav.String())
	if _, _, err := Recordings(at("a.wav")); err == nil || !strings.Contains(err.Error(), "Audacity") {
		t.Errorf("without annotations: %v", err)
	}
	if list, _, err := Recordings(dir); len(list) > 0 || err != nil {
		t.Errorf("a folder without annotations: %v, %v", list, err)
	}
	write("a.txt", "0.1\t0.2\tx\n")
	write("b.wav", wav.String())
	list, notes, err := Recordings(dir)
	if err != nil || len(list) != 1 || len(notes) != 1 || list[0].Seconds != 2 || len(list[0].Annotations) != 1 {
		t.Errorf("%+v, %v, %v", list, notes, err)
	}
	for _, c := range []struct{ name, text, says string }{
		{"a.txt", "1.9\t2.5\tx\n", "a.txt:1: end: 2.5 s is after the end of the recording, 2.000 s"},
		{"a.csv", "start,end,label\n", "both"},
	} {
		write(c.name, c.text)
		if _, _, err := Recordings(dir); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %s", err, c.says)
		}
	}
}

// What is read is in order and within reason, and reads the same when written.
func FuzzAnnotations(f *testing.F) {
	f.Add([]byte("0.5\t1.25\tflute\n\\\t1\t2\n3\t3\tx\ty\n"), false)
	f.Add([]byte("start,end,label\n1,2,a\n0,0,\"b c\"\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, table bool) {
		name := map[bool]string{true: "x.csv", false: "x.txt"}[table]
		list, err := ReadAnnotations(bytes.NewReader(data), name)
		if err != nil {
			return
		}
		for i, a := range list {
			if !(a.Start >= 0 && a.Start <= a.End && a.End <= mostSeconds) || a.Label == "" || i > 0 && a.Start < list[i-1].Start {
				t.Fatalf("%d: %+v", i, a)
			}
		}
		var b bytes.Buffer
		if WriteAnnotations(&b, list) != nil {
			return // a label with a line end
		}
		again, err := ReadAnnotations(&b, "y")
		if err != nil || len(again) != len(list) {
			t.Fatalf("%d of %d, %v", len(again), len(list), err)
		}
		total := func(l []Annotation) (sum float64) {
			for _, a := range l {
				sum += a.End - a.Start
			}
			return sum
		}
		if d := total(list) - total(again); math.Abs(d) > 1e-5*float64(len(list)+1)+1e-9*total(list) {
			t.Fatalf("%v seconds differ", d)
		}
	})
}
