package table

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// Cells reads the same lines whatever lies between the cells, and goes on after a line
// that is none.
func TestCellsOfEveryTable(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		verbatim   bool
		want       [][]string // nil: a line that is not cells
	}{
		"commas":       {"a.csv", "x,y\n1,\"2,3\"\n\n4,5\n", false, [][]string{{"x", "y"}, {"1", "2,3"}, {"4", "5"}}},
		"semicolons":   {"a.csv", "x;y\n1;2,3\n", false, [][]string{{"x", "y"}, {"1", "2,3"}}},
		"tabs":         {"a.txt", "x\ty\n1\t2\n", false, [][]string{{"x", "y"}, {"1", "2"}}},
		"a mark":       {"a.csv", "\ufeffx,y\r\n1,2\r\n", false, [][]string{{"x", "y"}, {"1", "2"}}},
		"bad quotes":   {"a.csv", "x,y\n1\",2\n3,4\n", false, [][]string{{"x", "y"}, nil, {"3", "4"}}},
		"plain quotes": {"a.tsv", "x\ty\n\"1\t2\"\n\n3\t\n", true, [][]string{{"x", "y"}, {"\"1", "2\""}, {"3", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			open := NewCells
			if c.verbatim {
				open = NewVerbatim
			}
			cells, err := open(strings.NewReader(c.text), c.file)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range c.want {
				got, err := cells.Next()
				var bad *LineError
				if errors.As(err, &bad) != (want == nil) || want != nil && (err != nil || !slices.Equal(got, want)) {
					t.Fatalf("line %d of cells: %q, %v; want %q", i+1, got, err, want)
				}
			}
			if _, err := cells.Next(); err != io.EOF {
				t.Errorf("after the last line: %v", err)
			}
		})
	}
}

// endless is a line that does not end, after a header.
type endless struct{ head string }

func (e *endless) Read(p []byte) (int, error) {
	if n := copy(p, e.head); n > 0 {
		e.head = e.head[n:]
		return n, nil
	}
	for i := range p {
		p[i] = '1'
	}
	return len(p), nil
}

func TestALineWithoutEndIsRefused(t *testing.T) {
	defer func(most int) { maxLine = most }(maxLine)
	maxLine = 1 << 20
	for name, open := range map[string]func(io.Reader, string) (*Cells, error){"a.csv": NewCells, "a.tsv": NewVerbatim} {
		c, err := open(&endless{"x,y\n"}, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Next(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Next(); !errors.Is(err, ErrLine) || !strings.HasPrefix(err.Error(), name+": after line 1: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A row of too many cells, and one whose quote is not closed, are refused before they fill
// the memory, in time that grows with their length alone.
func TestRowsAreBounded(t *testing.T) {
	defer func(line, cells int) { maxLine, mostCells = line, cells }(maxLine, mostCells)
	maxLine, mostCells = 1<<20, 1000
	head := "x,y\n1,2\n"
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"cells":             {head + strings.Repeat(",", 100_000), ErrCells},
		"cells of a header": {strings.Repeat("x,", 100_000), ErrCells},
		"a quote":           {head + "\"" + strings.Repeat("\n", 3<<20), ErrRow},
		"quotes":            {head + "\"" + strings.Repeat("\"\"\n", 1<<20), ErrRow},
		"cells with lines":  {head + "\"" + strings.Repeat("\n\",\"", 2000), nil},
		"many rows":         {head + strings.Repeat("3,4\n", 1<<20), io.EOF},
		"as many as may be": {strings.Repeat("1,", 999) + "1\n", io.EOF},
	} {
		r, err := NewCells(strings.NewReader(c.text), "a.csv")
		for err == nil {
			_, err = r.Next()
		}
		if c.want == nil && err == io.EOF || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %.100v, want %v", name, err, c.want)
		}
	}
}
