package capture

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"inkling/internal/table"
	"inkling/model/dataset"
)

// blocks reads src to its end, and copies what it gives.
func blocks(t *testing.T, src Source) (list []Block, err error) {
	t.Helper()
	defer src.Close()
	for {
		var b Block
		if err := src.Read(background, &b); err == io.EOF {
			return list, nil
		} else if err != nil {
			return list, err
		}
		b.Samples = slices.Clone(b.Samples)
		list = append(list, b)
	}
}

// samplesOf are the samples of blocks by their offset.
func samplesOf(list []Block) map[uint64]string {
	at := map[uint64]string{}
	for _, b := range list {
		for i := range b.Len() {
			at[b.Offset+uint64(i)] = fmt.Sprint(b.Samples[i*b.Format.Channels : (i+1)*b.Format.Channels])
		}
	}
	return at
}

// jittered is a table at about 50 Hz, with a gap, holes and a label.
func jittered() string {
	var b strings.Builder
	b.WriteString("time,x [g],y [g],label\n")
	for i := range 500 {
		at := float64(i)*0.02 + 0.004*float64(i*i%7)/7
		if i >= 300 {
			at += 3.3
		}
		y := fmt.Sprint(i % 91)
		if i%11 == 0 || i > 120 && i < 140 {
			y = ""
		}
		fmt.Fprintf(&b, "%.4f,%.3f,%s,%c\n", at, float64(i*i%1000)/7, y, 'a'+i/100)
	}
	return b.String()
}

// What is played is what a data set holds, to the bit, from a file or a pipe, however
// the bytes come; where rows are missing the offset jumps.
func TestTablesAsDataSets(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.csv")
	text := jittered()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, rate := range []float64{50, 33, 120} {
		set, err := dataset.Open(name, dataset.Options{Rate: rate})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range set.Examples {
			for k := range set.Frames(i) {
				want = append(want, fmt.Sprint(set.Examples[i].Samples[k*2:k*2+2]))
			}
		}
		var notes []string
		o := TableOptions{Rate: rate, Notes: func(_ string, n []string) { notes = n }}
		file, err := blocks(t, TableFiles(Options{}, o, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(set.Examples) != 2 || len(notes) == 0 || !slices.Contains(set.Notes, notes[0]) {
			t.Errorf("%d examples, notes %q and %q", len(set.Examples), notes, set.Notes)
		}
		at := samplesOf(file)
		var got []string
		jumps, next := 0, file[0].Offset
		for i, b := range file {
			if b.Offset != next {
				jumps++
			}
			next = b.Offset + uint64(b.Len())
			if b.Done != (i == len(file)-1) || b.Format != (Format{rate, 2}) || b.Stream != name {
				t.Errorf("block %d: %+v", i, b)
			}
			for k := range b.Len() {
				got = append(got, at[b.Offset+uint64(k)])
			}
		}
		if jumps != 1 || !slices.Equal(got, want) {
			t.Errorf("%v Hz: %d jumps, %d samples, want %d", rate, jumps, len(got), len(want))
		}
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.HalfReader(strings.NewReader(text))} {
			piped, err := blocks(t, Table(r, "stdin", TableOptions{Rate: rate}))
			if err != nil || fmt.Sprint(samplesOf(piped)) != fmt.Sprint(at) {
				t.Errorf("%v Hz through a pipe: %d blocks, %v", rate, len(piped), err)
			}
		}
	}
}

// Samples are there as soon as their row is.
func TestTableAsItArrives(t *testing.T) {
	r, w := io.Pipe()
	src := Table(r, "stdin", TableOptions{Rate: 10})
	defer src.Close()
	lines := make(chan string, 100)
	go func() {
		for l := range lines {
			io.WriteString(w, l)
		}
		w.Close()
	}()
	lines <- "time,x\n"
	for i := range 20 {
		lines <- fmt.Sprintf("2026-01-02T03:04:%02d.%dZ,%d\n", 5+i/10, i%10, i)
		var b Block
		if err := src.Read(background, &b); err != nil || b.Len() != 1 || b.Samples[0] != float32(i) || b.Offset != uint64(i) {
			t.Fatalf("row %d: %+v, %v", i, b, err)
		}
		if want := time.Date(2026, 1, 2, 3, 4, 5, i*100e6, time.UTC); b.Time.Sub(want).Abs() > time.Microsecond {
			t.Errorf("row %d is at %v, want %v", i, b.Time, want)
		}
	}
	close(lines)
}

// An error comes after what was good.
func TestTableMistakes(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text, says string
		samples    int
		o          TableOptions
	}{
		"cell":        {"x\n1\n2\nq\n", `"q" is no number`, 2, TableOptions{}},
		"backwards":   {"t,x\n0,1\n1,2\n0.5,3\n", "is before that of the line before", 2, TableOptions{Rate: 1}},
		"no rate":     {"t,x\n0,1\n1,2\n", "give --rate, or --columns time=-", 0, TableOptions{}},
		"rate":        {"t,x\n0,1\n1,2\n", "give a rate up to", 0, TableOptions{Rate: 1e9}},
		"empty":       {"", "the file is empty", 0, TableOptions{}},
		"no channel":  {"x,y\n1,\n2,\n", "no sample has a value in every channel (x, y)", 0, TableOptions{}},
		"other names": {"a,b\n1,2\n", `no column "x", which the model takes`, 0, TableOptions{Options: table.Options{Want: []string{"x"}}}},
		"other unit":  {"x [V]\n1\n", `column "x" is in V, the model takes g`, 0, TableOptions{Options: table.Options{Want: []string{"x"}, WantUnits: []string{"g"}}}},
	} {
		file := filepath.Join(dir, name+".csv")
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		for way, src := range map[string]Source{"file": TableFiles(Options{}, c.o, file), "pipe": Table(strings.NewReader(c.text), "stdin", c.o)} {
			list, err := blocks(t, src)
			n := 0
			for _, b := range list {
				n += b.Len()
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || n != c.samples {
				t.Errorf("%s, %s: %d samples, %v; want %d, %s", name, way, n, err, c.samples, c.says)
			}
		}
	}
	long := "time,channel,value\n0,x,1\n0,y,2\n"
	if _, err := blocks(t, Table(strings.NewReader(long), "stdin", TableOptions{Rate: 1})); err == nil || !strings.Contains(err.Error(), "--signals") {
		t.Errorf("a long table of unknown channels: %v", err)
	}
	o := TableOptions{Rate: 1, Options: table.Options{Want: []string{"y", "x"}}}
	if list, err := blocks(t, Table(strings.NewReader(long), "stdin", o)); err != nil || fmt.Sprint(samplesOf(list)) != "map[0:[2 1]]" {
		t.Errorf("%v, %v", list, err)
	}
	src := TableFiles(Options{}, TableOptions{}, filepath.Join(dir, "cell.csv"))
	src.Close()
	if err := src.Read(background, new(Block)); err != os.ErrClosed {
		t.Errorf("after Close: %v", err)
	}
}

func TestTablePlayerAllocates(t *testing.T) {
	rows := &endless{head: table.Head{Names: []string{"x", "y"}, Units: make([]string, 2), Timed: true}}
	p, err := newTablePlayer(rows, "s", &TableOptions{Rate: 50}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var b Block
	read := func() {
		if err := p.read(&b); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		read()
	}
	if n := testing.AllocsPerRun(1000, read); n > 0 {
		t.Errorf("%v allocations a block", n)
	}
}

// endless are rows without end, with gaps.
type endless struct {
	head table.Head
	n    int
	at   float64
}

func (e *endless) Head() *table.Head { return &e.head }
func (e *endless) Start() time.Time  { return time.Time{} }
func (e *endless) Read(r *table.Row) error {
	e.n++
	if e.at += 0.0199; e.n%100 == 0 {
		e.at++
	}
	r.Time, r.Values = e.at, append(r.Values[:0], float32(e.n), 1)
	return nil
}
