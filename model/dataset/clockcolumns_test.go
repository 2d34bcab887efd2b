package dataset

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// Columns that rise evenly, or number a file or a person, are no channels unless they are
// named, and this is told.
func TestClocksAndNumbersAreNoChannels(t *testing.T) {
	write := func(head string, row func(file, i int) string) fstest.MapFS {
		fsys := fstest.MapFS{}
		for f := range 4 {
			var b strings.Builder
			b.WriteString(head + "\n")
			for i := range 40 {
				b.WriteString(row(f, i) + "\n")
			}
			fsys[fmt.Sprintf("d/%s/%d.csv", []string{"a", "b"}[f%2], f)] = &fstest.MapFile{Data: []byte(b.String())}
		}
		return fsys
	}
	x := func(f, i int) int { return (i*i + f*7) % 23 }
	for name, c := range map[string]struct {
		files fstest.MapFS
		o     TableOptions
		names string
		note  string
		err   string
	}{
		"a counter": {write("n,x", func(f, i int) string { return fmt.Sprintf("%d,%d", 1000+i, x(f, i)) }), TableOptions{}, "x",
			"columns that rise evenly, as clocks and counters do, are no channels: n", ""},
		"a second clock": {write("t,clk,x", func(f, i int) string {
			return fmt.Sprintf("%.2f,%d,%d", float64(i)/50, 1690000000123+20*int64(i), x(f, i))
		}), TableOptions{}, "x", "no channels: clk", ""},
		"a number of the file": {write("g,x", func(f, i int) string { return fmt.Sprintf("%d,%d", f, x(f, i)) }), TableOptions{}, "x",
			"columns that number a file, a person or the like are no channels: g", ""},
		"a person": {write("subject,x", func(f, i int) string { return fmt.Sprintf("%d,%d", i/20, x(f, i)) }), TableOptions{}, "x", "no channels: subject", ""},
		"named": {write("n,x", func(f, i int) string { return fmt.Sprintf("%d,%d", i, x(f, i)) }), TableOptions{Signals: []string{"n", "x"}}, "n x",
			"", ""},
		"constant": {write("c,x", func(f, i int) string { return fmt.Sprintf("9.8,%d", x(f, i)) }), TableOptions{}, "c x", "", ""},
		"no names": {write("0,0,0", func(f, i int) string { return fmt.Sprintf("%d,%d,%d", i+1, x(f, i), x(i, f)) }), TableOptions{}, "", "",
			"the columns 1 have no names, and look like clocks, counters or numbers of a file, not like signals: name all columns in TableOptions.Columns"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := OpenFS(c.files, "d", Options{Table: c.o})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(s.Names, " "); got != c.names || s.Channels != len(s.Names) || len(s.Examples[0].Samples) != 40*s.Channels {
				t.Errorf("channels %s, want %s", got, c.names)
			}
			if notes := strings.Join(s.Notes, "; "); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
		})
	}
}

// Files whose times must be in different units are refused.
func TestFilesWhoseUnitsDisagree(t *testing.T) {
	table := func(step float64) *fstest.MapFile {
		var b strings.Builder
		b.WriteString("t,x\n")
		for i := range 20 {
			fmt.Fprintf(&b, "%g,%d\n", float64(i)*step, i*i%7)
		}
		return &fstest.MapFile{Data: []byte(b.String())}
	}
	_, err := OpenFS(fstest.MapFS{"d/a/1.csv": table(0.001), "d/b/1.csv": table(2)}, "d", Options{})
	if err == nil || !strings.Contains(err.Error(), "their times may be in different units") {
		t.Error(err)
	}
}
