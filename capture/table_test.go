package capture

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"inkling/internal/table"
	"inkling/internal/testkit"
	"inkling/model/dataset"
)

// samplesOf returns the samples of blocks by their offset.
func samplesOf(list []Block) map[uint64]string {
	at := map[uint64]string{}
	for _, b := range list {
		for i := range b.Len() {
			at[b.Offset+uint64(i)] = fmt.Sprint(b.Samples[i*b.Format.Channels : (i+1)*b.Format.Channels])
		}
	}
	return at
}

// jittered returns a table at about 50 Hz with jitter, a gap, missing values and labels.
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

// Where rows are missing Offset jumps; a data set is divided there.
func TestTablesPlayAsDataSetsHoldThem(t *testing.T) {
	text := jittered()
	name := testkit.WriteFile(t, t.TempDir(), "a.csv", []byte(text))
	for _, rate := range []float64{50, 33, 120} {
		t.Run(fmt.Sprint(rate, " Hz"), func(t *testing.T) {
			set, err := dataset.Open(name, dataset.Options{Rate: rate})
			if err != nil {
				t.Fatal(err)
			}
			var want []float32
			for i := range set.Examples {
				want = append(want, set.Examples[i].Samples...)
			}
			var notes []string
			o := TableOptions{Rate: rate, Notes: func(_ string, n []string) { notes = n }}
			file := play(t, TableFiles(Options{}, o, name))
			testkit.Message(t, "end", file.err, "")
			testkit.SameBits(t, "samples", file.x[name], want)
			if len(set.Examples) != 2 || len(notes) == 0 || !slices.Contains(set.Notes, notes[0]) {
				t.Errorf("%d examples, notes %q and %q", len(set.Examples), notes, set.Notes)
			}
			jumps, next := 0, file.blocks[0].Offset
			for i, b := range file.blocks {
				if b.Offset != next {
					jumps++
				}
				next = b.Offset + uint64(b.Len())
				if b.Format != (Format{rate, 2}) || b.Stream != name {
					t.Errorf("block %d: %+v", i, b)
				}
			}
			if jumps != 1 {
				t.Errorf("%d gaps", jumps)
			}
			at := fmt.Sprint(samplesOf(file.blocks))
			for way, r := range map[string]io.Reader{"at once": strings.NewReader(text),
				"byte by byte": iotest.OneByteReader(strings.NewReader(text)), "in halves": iotest.HalfReader(strings.NewReader(text))} {
				piped := play(t, Table(r, "stdin", TableOptions{Rate: rate}))
				if piped.err != nil || fmt.Sprint(samplesOf(piped.blocks)) != at {
					t.Errorf("through a pipe %s: %d blocks, %v", way, len(piped.blocks), piped.err)
				}
			}
		})
	}
}

func TestSamplesComeWithTheirRow(t *testing.T) {
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

func TestTableErrorsComeAfterWhatIsGood(t *testing.T) {
	for _, c := range []struct {
		name, text string
		o          TableOptions
		samples    int
		want       string // after the table's name; "…" stands for the words of package table; a bad line of a live table is a Fault
	}{
		{"a cell", "x\n1\n2\nq\n", TableOptions{}, 2, ":4: …"},
		{"time runs backwards", "t,x\n0,1\n1,2\n0.5,3\n", TableOptions{Rate: 1}, 2, ":4: …"},
		{"times without a rate", "t,x\n0,1\n1,2\n", TableOptions{}, 0,
			`: the rows have times, but the rate is not known: set TableOptions.Rate, or TableOptions.Time to "-" to make each row a sample`},
		{"a rate too high", "t,x\n0,1\n1,2\n", TableOptions{Rate: 1e9}, 0,
			": rate 1e+09 is too high for a table: set TableOptions.Rate to at most 1e+06 samples per second"},
		{"empty", "", TableOptions{}, 0, ": …"},
		{"no complete sample", "x,y\n1,\n2,\n", TableOptions{}, 0,
			": no sample has a value in every channel (x, y): list in TableOptions.Signals those that have values"},
		{"channels of other names", "a,b\n1,2\n", TableOptions{Channels: []string{"x"}}, 0, ": …"},
		{"channels of another unit", "x [V]\n1\n", TableOptions{Channels: []string{"x"}, Units: []string{"g"}}, 0, ": …"},
		{"a long table of unknown channels", "time,channel,value\n0,x,1\n0,y,2\n", TableOptions{Rate: 1}, -1,
			": each row holds the value of one channel, but the channels are not known: list them in TableOptions.Signals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := testkit.WriteFile(t, t.TempDir(), "a.csv", []byte(c.text))
			ways := map[string]Source{file: TableFiles(Options{}, c.o, file), "stdin": Table(strings.NewReader(c.text), "stdin", c.o)}
			if c.samples < 0 { // a file can be searched for its channels
				delete(ways, file)
			}
			for name, src := range ways {
				got := play(t, src)
				if name == "stdin" && strings.HasPrefix(c.want, ":4:") {
					testkit.Message(t, name, got.err, "")
				} else if place, ok := strings.CutSuffix(name+c.want, "…"); !ok {
					testkit.Message(t, name, got.err, name+c.want)
				} else if got.err == nil || !strings.HasPrefix(got.err.Error(), place) {
					t.Errorf("%v, want one that begins with %s", got.err, place)
				}
				if n := len(got.x[name]); n != max(c.samples, 0) {
					t.Errorf("%s: %d samples, want %d", name, n, c.samples)
				}
			}
		})
	}
}

func TestLongTableIsOrderedByItsChannels(t *testing.T) {
	got := play(t, Table(strings.NewReader("time,channel,value\n0,x,1\n0,y,2\n"), "stdin", TableOptions{Rate: 1, Channels: []string{"y", "x"}}))
	testkit.Message(t, "end", got.err, "")
	testkit.SameBits(t, "samples", got.x["stdin"], []float32{2, 1})
}

func TestGridPlayerAllocatesNothing(t *testing.T) {
	rows := &endless{head: table.Head{Names: []string{"x", "y"}, Units: make([]string, 2), Timed: true}}
	p, err := newGridPlayer(rows, "s", &TableOptions{Rate: 50}, 1, true)
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

// endless yields rows without end, with gaps.
type endless struct {
	head table.Head
	n    int
	at   float64
}

func (e *endless) Head() *table.Head { return &e.head }
func (e *endless) Start() time.Time  { return time.Time{} }
func (e *endless) Notes() []string   { return nil }
func (e *endless) Read(r *table.Row) error {
	e.n++
	if e.at += 0.0199; e.n%100 == 0 {
		e.at++
	}
	r.Time, r.Values = e.at, append(r.Values[:0], float32(e.n), 1)
	return nil
}

// A live table reports a bad line as a fault and goes on; where the header comes again the
// offsets begin anew.
func TestLiveTableGoesOn(t *testing.T) {
	var notes []string
	o := TableOptions{Rate: 10, Notes: func(_ string, n []string) { notes = append(notes, n...) }}
	src := Table(strings.NewReader("t,x\n0,1\n0.1,2\nboot\nrst:1,2\nagain\n0.2,3\nt,x\n7,4\n7.1,5\n"), "s", o)
	defer src.Close()
	var got []string
	for b := (Block{}); ; {
		if err := src.Read(background, &b); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if b.Fault != nil {
			got = append(got, fmt.Sprint(b.Fault.State, " ", b.Fault.Reason))
		}
		for i, v := range b.Samples {
			got = append(got, fmt.Sprintf("%d:%v", b.Offset+uint64(i), v))
		}
	}
	want := []string{"0:1", "1:2",
		"down line left out (1 so far): s:4: 1 cells, but the lines before have 2: complete the line or delete it",
		`down line left out (2 so far): s:5: column "t": "rst:1" is not a time: write a number as in the lines before, or delete the line`,
		"2:3", "0:4", "1:5"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !slices.Equal(notes, []string{"lines that are no rows, left out: 3"}) {
		t.Errorf("%q", notes)
	}
}
