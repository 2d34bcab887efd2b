package wfdb

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"inkling/internal/audio"
)

// encode writes samples, interleaved, in a format.
func encode(format int, x []int) (b []byte) {
	if format == 16 {
		for _, v := range x {
			b = binary.LittleEndian.AppendUint16(b, uint16(v))
		}
		return b
	}
	for i := 0; i < len(x); i += 2 {
		first, second := x[i], 0
		if i+1 < len(x) {
			second = x[i+1]
		}
		b = append(b, byte(first), byte(first>>8&15|second>>8&15<<4))
		if i+1 < len(x) {
			b = append(b, byte(second))
		}
	}
	return b
}

// record is a folder with a record a of so many signals, format and samples.
func record(format, signals int, x []int) fstest.MapFS {
	head := fmt.Sprintf("a %d 360 %d\n", signals, len(x)/signals)
	for s := range signals {
		sum := int16(0)
		for i := s; i < len(x); i += signals {
			sum += int16(x[i])
		}
		first := 0
		if len(x) > 0 {
			first = x[s]
		}
		head += fmt.Sprintf("a.dat %d 100(10)/mV 12 0 %d %d 0 lead %c\n", format, first, sum, 'A'+s)
	}
	return fstest.MapFS{"a.hea": {Data: []byte(head + "# a comment\n")}, "a.dat": {Data: encode(format, x)}}
}

func read(fsys fstest.MapFS, leads ...string) (x []float32, err error) {
	r, err := Open(fsys, "a.hea", leads)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	buf := make([]float32, 7*len(r.Leads))
	for {
		n, err := r.Read(buf)
		if x = append(x, buf[:n]...); err == io.EOF {
			return x, nil
		}
		if err != nil {
			return x, err
		}
	}
}

// What is written is read, in both formats, whatever the number of signals.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format, signals := rapid.SampledFrom([]int{16, 212}).Draw(t, "format"), rapid.IntRange(1, 3).Draw(t, "signals")
		low, high := -2047, 2047
		if format == 16 {
			low, high = -32767, 32767
		}
		frames := rapid.IntRange(1, 50).Draw(t, "frames")
		x := rapid.SliceOfN(rapid.IntRange(low, high), frames*signals, frames*signals).Draw(t, "samples")
		got, err := read(record(format, signals, x))
		if err != nil || len(got) != len(x) {
			t.Fatalf("%d values of %d, %v", len(got), len(x), err)
		}
		for i, v := range x {
			if want := float32((float64(v) - 10) / 100); got[i] != want {
				t.Fatalf("value %d is %v, want %v", i, got[i], want)
			}
		}
		one, err := read(record(format, signals, x), fmt.Sprint("LEAD ", string(rune('A'+signals-1))))
		if err != nil || len(one) != frames || one[0] != got[signals-1] {
			t.Fatalf("one lead: %d values, %v", len(one), err)
		}
	})
}

func TestMissingSamplesAreNaN(t *testing.T) {
	for format, missing := range map[int]int{212: -2048, 16: -32768} {
		x, err := read(record(format, 1, []int{1, missing, 3}))
		if err != nil || len(x) != 3 || !math.IsNaN(float64(x[1])) {
			t.Errorf("format %d: %v, %v", format, x, err)
		}
	}
}

// Each mistake is told with file, line or byte, field and what to do.
func TestMistakes(t *testing.T) {
	good := record(212, 2, []int{1, 2, 3, 4, 5, 6})
	head, dat := string(good["a.hea"].Data), string(good["a.dat"].Data)
	for _, c := range []struct {
		head, dat string
		says      []string
	}{
		{"", dat, []string{"a.hea", "record line", "fetch"}},
		{"# only\n", dat, []string{"record line"}},
		{"a/3 2 360 100\n", dat, []string{"a.hea", "number of segments", "0 lines follow"}},
		{"a\n", dat, []string{"a.hea:1", "number of signals"}},
		{"a x 360\n", dat, []string{"a.hea:1", "number of signals"}},
		{"a 1 -4\n", dat, []string{"a.hea:1", "sampling frequency"}},
		{"a 1 360 -4\n", dat, []string{"a.hea:1", "number of samples"}},
		{"a 3 360 3\n" + head[len("a 2 360 3\n"):], dat, []string{"signals", "cut off"}},
		{"a 1 360 3\n" + head[len("a 2 360 3\n"):], dat, []string{"a.hea:3", "but more lines follow"}},
		{strings.Replace(head, " 212 ", " 516 ", 1), dat, []string{"a.hea:2", "format", "xform", "FLAC"}},
		{strings.Replace(head, " 212 ", " 17 ", 1), dat, []string{"a.hea:2", "format", "8 16 24", "xform"}},
		{strings.Replace(head, " 212 ", " 212x4 ", 1), dat, []string{"a.hea:2", "samples per frame"}},
		{strings.Replace(head, " 212 ", " 212:4 ", 1), dat, []string{"a.hea:2", "skew"}},
		{strings.Replace(head, " 212 ", " 212+x ", 1), dat, []string{"a.hea:2", "byte offset"}},
		{strings.Replace(head, " 212 ", " 212+99 ", 2), dat, []string{"a.dat", "byte", "cut off"}},
		{strings.Replace(head, " 212 ", " 16 ", 1), dat, []string{"a.hea:3", "format"}},
		{strings.Replace(head, "100(10)/mV", "nan", 1), dat, []string{"a.hea:2", "gain"}},
		{strings.Replace(head, "(10)", "(x)", 1), dat, []string{"a.hea:2", "baseline"}},
		{strings.Replace(head, " 12 0 1 ", " 12 zero 1 ", 1), dat, []string{"a.hea:2", "ADC zero"}},
		{strings.Replace(head, "a.dat", "../a.dat", 1), dat, []string{"a.hea:2", "file name"}},
		{strings.Replace(head, "a.dat", "b.dat", 2), dat, []string{"a.hea:2", "b.dat", "beside"}},
		{strings.Replace(head, " 12 0 1 ", " 12 0 5 ", 1), dat, []string{"a.hea:2", "initial value", "5", "1"}},
		{strings.Replace(head, " 9 0 lead A", " 8 0 lead A", 1), dat, []string{"a.hea:2", "checksum", "8", "9"}},
		{strings.Replace(head, "360 3", "360 4", 1), dat, []string{"a.dat", "sample 3", "cut off", "a.hea:1", "number of samples"}},
		{strings.Replace(head, "360 3", "360 2", 1), dat, []string{"a.hea:1", "number of samples", "a.dat has more"}},
		{head, dat[:len(dat)-2], []string{"a.dat", "cut off"}},
		{strings.Replace(head, "360 3", "360", 1), dat[:len(dat)-4], []string{"a.dat", "cut off"}},
	} {
		_, err := read(fstest.MapFS{"a.hea": {Data: []byte(c.head)}, "a.dat": {Data: []byte(c.dat)}})
		for _, word := range c.says {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%q: %v, want a word of %q", c.head, err, word)
			}
		}
	}
	if _, err := Open(good, "a.hea", []string{"V9"}); err == nil || !strings.Contains(err.Error(), "lead A") {
		t.Errorf("no such lead: %v", err)
	}
}

// mark is one word of an annotation file.
func mark(code, value int) []byte {
	return binary.LittleEndian.AppendUint16(nil, uint16(code<<10|value))
}

// note is an annotation of a text at the time of the one before.
func note(text string) []byte {
	b := slices.Concat(mark(codeNote, 0), mark(codeAux, len(text)), []byte(text))
	return append(b, make([]byte, len(text)%2)...)
}

// plain returns the annotations without their codes.
func plain(list []Annotation) []Annotation {
	list = slices.Clone(list)
	for i := range list {
		list[i].code = 0
	}
	return list
}

// The notes before the annotations set the unit of times, and define types.
func TestPreamble(t *testing.T) {
	back := slices.Concat(mark(codeSkip, 0), []byte{255, 255, 255, 255}, mark(0, 1)) // as wrann writes it
	for _, c := range []struct {
		name string
		data []byte
		want string // sample and symbol of each
	}{
		{"none", slices.Concat(mark(1, 90), mark(5, 90), mark(0, 0)), "90 N, 180 V"},
		{"the rate's own", slices.Concat(note("## time resolution: 360"), back, mark(1, 90), mark(0, 0)), "90 N"},
		{"finer", slices.Concat(note("## time resolution: 1000.0"), mark(1, 500), mark(5, 1003), mark(0, 0)), "180 N, 541 V"},
		{"coarser", slices.Concat(note("## time resolution: 90"), mark(1, 1), mark(5, 1), mark(0, 0)), "4 N, 8 V"},
		{"types", slices.Concat(note("## annotation type definitions"), note("42 q my own kind"), note("5 V2 another"), note("## end of definitions"), back,
			mark(42, 10), mark(5, 10), mark(1, 10), mark(0, 0)), "10 q, 20 V2, 30 N"},
		{"types and resolution", slices.Concat(note("## annotation type definitions"), note("43 V mine"), note("## end of definitions"), note("## time resolution: 720"),
			mark(43, 10), mark(0, 0)), "5 V"},
		{"a note of another kind", slices.Concat(note("hello"), mark(1, 4), mark(0, 0)), "0 \", 4 N"},
		{"too late", slices.Concat(mark(1, 4), note("## time resolution: 720"), mark(1, 4), mark(0, 0)), "4 N, 4 \", 8 N"},
	} {
		list, err := ParseAnnotations(c.data, "a.atr", 360)
		var got []string
		for _, a := range list {
			got = append(got, fmt.Sprint(a.Sample, " ", a.Symbol))
		}
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestAnnotations(t *testing.T) {
	data := slices.Concat(
		mark(28, 18), mark(codeAux, 3), []byte("(N\x00\x00"), // rhythm
		mark(1, 59), mark(codeNum, 2), mark(codeChn, 1),
		mark(codeSkip, 0), []byte{1, 0, 0, 0}, mark(5, 1), mark(codeSub, 0x3ff), // 65536 further
		mark(0, 100), mark(12, 5), mark(0, 0), []byte("what follows is not read"))
	got, err := ParseAnnotations(data, "a.atr", 360)
	if err != nil {
		t.Fatal(err)
	}
	want := []Annotation{{Sample: 18, Symbol: "+", Aux: "(N\x00"}, {Sample: 77, Symbol: "N", Number: 2, Channel: 1, Byte: 8},
		{Sample: 65614, Symbol: "V", Number: 2, Channel: 1, Subtype: -1, Byte: 20}, {Sample: 65719, Symbol: "/", Number: 2, Channel: 1, Byte: 26}}
	if fmt.Sprint(plain(got)) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for _, c := range []struct {
		data []byte
		says []string
	}{
		{nil, []string{"a.atr", "byte 0", "end mark"}},
		{mark(1, 5), []string{"byte 2", "end mark", "cut off"}},
		{mark(1, 5)[:1], []string{"byte 0"}},
		{append(mark(codeSkip, 0), 1, 0), []string{"byte 0", "cut off"}},
		{slices.Concat(mark(codeSkip, 0), []byte{255, 255, 0, 0}, mark(1, 0), mark(0, 0)), []string{"byte 6", "outside every record"}},
		{slices.Concat(mark(1, 1), mark(codeAux, 9), []byte("abc")), []string{"byte 2", "auxiliary", "cut off"}},
		{mark(codeSub, 1), []string{"byte 0", "none before"}},
		{mark(55, 1), []string{"byte 0", "annotation code", "55"}},
		{slices.Concat(note("## time resolution: 0"), mark(0, 0)), []string{"byte 0", "time resolution"}},
		{slices.Concat(note("## annotation type definitions"), note("42 x"), mark(0, 0)), []string{"end of definitions"}},
		{slices.Concat(note("## annotation type definitions"), note("77 x y"), mark(0, 0)), []string{"byte 34", "1 to 49"}},
	} {
		_, err := ParseAnnotations(c.data, "a.atr", 360)
		for _, word := range c.says {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%x: %v, want %q", c.data, err, word)
			}
		}
	}
}

func TestClasses(t *testing.T) {
	for symbol, want := range map[string]string{"N": "N", "L": "N", "R": "N", "e": "N", "j": "N", "A": "S", "a": "S", "J": "S", "S": "S",
		"V": "V", "E": "V", "F": "F", "/": "Q", "f": "Q", "Q": "Q", "+": "", "~": "", "!": "", "": ""} {
		if got := Class(symbol); got != want {
			t.Errorf("%q is %q, want %q", symbol, got, want)
		}
	}
}

// Records 100, 119 and 208 of the MIT-BIH Arrhythmia Database: the lead MLII and the
// beats are those of files that other programs made.
func TestRealRecords(t *testing.T) {
	dir := os.Getenv("INKLING_DATA")
	if dir == "" {
		t.Skip("set INKLING_DATA to the folder of data sets")
	}
	dir = filepath.Join(dir, "mitbih")
	for _, name := range []string{"100", "119", "208"} {
		r, err := Open(os.DirFS(filepath.Join(dir, "wfdb")), name+".hea", []string{"MLII"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		want, err := audio.DecodeFile(os.DirFS(dir), "mlii/"+name+".wav.gz")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(want.Samples))
		if n, err := r.Read(got); n != len(got) || err != nil {
			t.Fatal(n, err)
		}
		if _, err := r.Read(make([]float32, 1)); err != io.EOF {
			t.Errorf("%s: %v at the end", name, err)
		}
		for i, v := range want.Samples {
			if d := float64(got[i]) - float64(v)*32768/200; math.Abs(d) > 1e-6 {
				t.Fatalf("%s: sample %d is %v mV", name, i, got[i])
			}
		}
		checkBeats(t, dir, name)
	}
}

func checkBeats(t *testing.T, dir, name string) {
	marks, err := ReadAnnotations(os.DirFS(filepath.Join(dir, "wfdb")), name+".atr", 360)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range marks {
		if c := Class(a.Symbol); c != "" {
			got = append(got, fmt.Sprintf("%d,%s,%s", a.Sample, a.Symbol, c))
		}
	}
	f, err := os.Open(filepath.Join(dir, "mlii", name+".beats.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		if i >= len(got) || got[i] != strings.Join(row, ",") {
			t.Fatalf("%s: beat %d of %d is not %v", name, i, len(got), row)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n100.dat 212 200 11 1024 1011 20052 0 V5\n# 69 M\n"))
	f.Add([]byte("a/2 1 360 10\n~ 4\nb 6\n"))
	f.Add([]byte("a 1 360/400(5) 10 12:00 1/1/2000\na.dat 16x1:0+24 100(5)/uV 16 0 1 2 0 a b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := ParseHeader(data, "a.hea"); err == nil && (len(h.Signals)+len(h.Segments) == 0 || !(h.Rate > 0)) {
			t.Errorf("%+v", h)
		}
	})
}

func FuzzSignal(f *testing.F) {
	g := record(212, 2, []int{1, 2, 3, 4, 5, 6})
	f.Add(g["a.hea"].Data, g["a.dat"].Data)
	g = record(16, 1, []int{1, 2, -3})
	f.Add(g["a.hea"].Data, g["a.dat"].Data)
	for format := range codings {
		f.Add(fmt.Appendf(nil, "a 1 360\na.dat %d 200 12 0 0 0\n", format), []byte("abcdefghijklmnopqrst"))
	}
	f.Add([]byte("a/3 1 360 4\nb 0\nb 2\n~ 2\n"), []byte("abcd"))
	f.Fuzz(func(t *testing.T, head, dat []byte) {
		if h, err := ParseHeader(head, "a.hea"); err == nil && len(h.Segments) > 0 && h.Frames > 1e4 {
			return // long, and nothing but gaps
		}
		read(fstest.MapFS{"a.hea": {Data: head}, "a.dat": {Data: dat}, "b.hea": {Data: []byte("b 1 360\na.dat 16\n")}})
	})
}

func FuzzAnnotations(f *testing.F) {
	f.Add(slices.Concat(mark(28, 18), mark(codeAux, 3), []byte("(N\x00\x00"), mark(codeSkip, 0), []byte{1, 0, 0, 0}, mark(5, 1), mark(0, 0)))
	f.Add(slices.Concat(note("## time resolution: 1000"), note("## annotation type definitions"), note("42 q x"), note("## end of definitions"), mark(42, 9), mark(0, 0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseAnnotations(data, "a.atr", 360)
		for _, a := range list {
			if err == nil && a.Sample < 0 {
				t.Errorf("%+v", a)
			}
		}
	})
}
