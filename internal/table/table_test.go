package table

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// readAll reads every row; values are copied.
func readAll(r io.Reader, name string, o Options) (*Head, []Row, error) {
	t, err := NewReader(r, name, &o)
	if err != nil {
		return nil, nil, err
	}
	var rows []Row
	for row := (Row{}); ; {
		if err := t.Read(&row); err == io.EOF {
			return t.Head(), rows, nil
		} else if err != nil {
			return t.Head(), rows, err
		}
		c := row
		c.Values = slices.Clone(row.Values)
		rows = append(rows, c)
	}
}

func TestReader(t *testing.T) {
	for name, c := range map[string]struct {
		text, name string
		o          Options
		head       string // names|units|timed labels
		rows       string // line time label values
	}{
		"usual": {"time,x [m/s²],y (g),label\n10,1,2,sit\n10.5,3,,\n", "a.csv", Options{},
			"x y|m/s² g|true true", "2 0 sit [1 2];3 0.5  [3 NaN]"},
		"byte order mark, CRLF, quotes, blank line": {"\ufeff\"t\",\"x, left\"\r\n1,\" 2\"\r\n\r\n2,3\r\n", "a.csv", Options{},
			"x, left||true false", "2 0  [2];4 1  [3]"},
		"semicolons and decimal commas": {"time;x\n0,5;1,25\n0,75;2\n", "a.csv", Options{TimeUnit: "s", Time: None, Signals: []string{"x"}},
			"x||false false", "2 0  [1.25];3 1  [2]"},
		"tabs, counter":        {"seq\tx\tactivity\n7\t1\tA\n9\t2\tB\n", "a.tsv", Options{}, "x||false true", "2 0 A [1];3 1 B [2]"},
		"no header":            {"0,1502,2215,1\n1,1667,2072,0\n", "a.csv", Options{Columns: []string{"seq", "x", "-", "label"}, Unlabelled: []string{"0"}}, "x||false true", "1 0 1 [1502];2 1  [1667]"},
		"no header, no names":  {"1,2\n3,NA\n", "a.csv", Options{}, "1 2||false false", "1 0  [1 2];2 1  [3 NaN]"},
		"text is no signal":    {"time_ms,who,x\n0,ann,1\n20,bob,2\n", "a.csv", Options{}, "x||true false", "2 0  [1];3 0.02  [2]"},
		"chosen, in order":     {"x,y,z\n1,2,3\n", "a.csv", Options{Signals: []string{"z", "X"}}, "z x||false false", "2 0  [3 1]"},
		"stamps":               {"Timestamp,x\n2026-01-02T03:04:05Z,1\n2026-01-02T03:04:05.25Z,2\n2026-01-02T05:04:06+02:00,3\n", "a.csv", Options{}, "x||true false", "2 0  [1];3 0.25  [2];4 1  [3]"},
		"stamps with a space":  {"date,x\n2026-01-02 03:04:05.5,1\n2026-01-02 03:04:06,2\n", "a.csv", Options{}, "x||true false", "2 0  [1];3 0.5  [2]"},
		"milliseconds by size": {"timestamp,x\n1700000000000,1\n1700000000020,2\n", "a.csv", Options{}, "x||true false", "2 0  [1];3 0.02  [2]"},
		"unit in the header":   {"time [us],x\n0,1\n500000,2\n", "a.csv", Options{}, "x||true false", "2 0  [1];3 0.5  [2]"},
		"gzip":                 {gzipped("t,x\n0,1\n"), "a.csv.gz", Options{}, "x||true false", "2 0  [1]"},
		"pandas":               {",x\n0,1\n1,2\n", "a.csv", Options{}, "x||false false", "2 0  [1];3 1  [2]"},
		"label by name":        {"x,state\n1,up\n", "a.csv", Options{Label: "state"}, "x||false true", "2 0 up [1]"},
	} {
		t.Run(name, func(t *testing.T) {
			h, rows, err := readAll(strings.NewReader(c.text), c.name, c.o)
			if err != nil {
				t.Fatal(err)
			}
			units := strings.TrimSpace(strings.Join(h.Units, " "))
			if got := fmt.Sprintf("%s|%s|%v %v", strings.Join(h.Names, " "), units, h.Timed, h.Labels); got != c.head {
				t.Errorf("head %s, want %s", got, c.head)
			}
			var got []string
			for _, r := range rows {
				got = append(got, fmt.Sprintf("%d %.6g %s %v", r.Line, r.Time, r.Label, r.Values))
			}
			if s := strings.Join(got, ";"); s != c.rows {
				t.Errorf("rows %s, want %s", s, c.rows)
			}
		})
	}
}

// A mistake is told with file, line, column and what to do.
func TestReaderMistakes(t *testing.T) {
	cut := gzipped("t,x\n" + strings.Repeat("1,2.34567\n", 1000))
	bad := []byte(cut)
	bad[len(bad)-5] ^= 1
	for name, c := range map[string]struct {
		text, says string
		o          Options
	}{
		"empty":          {"", "a.csv: the file is empty: give", Options{}},
		"blank":          {"\n\n", "a.csv: the file is empty", Options{}},
		"header only":    {"t,x\n", "a.csv: there is only a header: give rows", Options{}},
		"ragged":         {"t,x\n0,1\n1,2,3\n", "a.csv:3: 3 cells, but the lines before have 2: complete", Options{}},
		"ragged header":  {"t,x,y\n0,1\n", "a.csv:2: 2 cells, but the header has 3", Options{}},
		"no number":      {"t,x\n0,1\n1,abc\n", `a.csv:3: column "x": "abc" is not a number: correct it`, Options{}},
		"infinite":       {"t,x\n0,1\n1,inf\n", `a.csv:3: column "x": inf is infinite or too large`, Options{}},
		"too large":      {"t,x\n0,1\n1,1e99\n", "too large for a 32-bit float", Options{}},
		"no signal":      {"t,who\n0,ann\n", "a.csv: no column has numbers of a signal: it has t, who", Options{}},
		"backwards":      {"t,x\n1,1\n2,1\n1.5,1\n", `a.csv:4: column "t": the time 1.5 is before that of the line before, 2: sort`, Options{}},
		"stamp":          {"t,x\n2026-01-02T03:04:05Z,1\n12,1\n", `a.csv:3: column "t": "12" is not a time: write RFC 3339`, Options{}},
		"no time":        {"t,x\nsoon,1\n", `a.csv:2: column "t": "soon" is not a time: write seconds`, Options{}},
		"lost time":      {"t,x\n0,1\n,1\n", `a.csv:3: column "t": "" is not a time`, Options{}},
		"centuries":      {"t,x\n0,1\n1e12,1\n", "set TableOptions.TimeUnit", Options{}},
		"twice":          {"x,y,x\n1,2,3\n", `a.csv:1: columns 1 and 3 are both named "x"`, Options{}},
		"quotes":         {"t,x\n0,1\n1,a\"b\n", "a.csv:3: column 4: bare \" in non-quoted-field: quote its cells as CSV does", Options{}},
		"binary":         {"ab\x00cd\n", "not UTF-8 text", Options{}},
		"cut off":        {cut[:len(cut)/2], "the gzip file is cut off or damaged: copy it again", Options{}},
		"damaged":        {string(bad), "damaged", Options{}},
		"names too few":  {"1,2,3\n", "a.csv:1: 3 cells, but TableOptions.Columns names 2", Options{Columns: []string{"x", "y"}}},
		"names to spare": {"x,y\n1,2\n", "a.csv:1: the table has a header, x, y: leave TableOptions.Columns out", Options{Columns: []string{"x", "y"}}},
		"no such signal": {"x,y\n1,2\n", `a.csv: there is no column "z": it has x, y`, Options{Signals: []string{"z"}}},
		"no such label":  {"x,y\n1,2\n", `there is no column "z" for the label`, Options{Label: "z"}},
		"unnamed":        {"0,1,2\n", "a.csv: 3 columns without names, but the model has the channels x, y: name", Options{Want: []string{"x", "y"}}},
		"unit":           {"t,x\n1,2\n", `there is no unit of time "weeks": set TableOptions.TimeUnit to s`, Options{TimeUnit: "weeks"}},
		"endless line":   {strings.Repeat("x,", maxWindow), "named", Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(strings.NewReader(c.text), "a.csv", c.o)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

// However the bytes come, the rows are the same.
func TestAnySplitOfBytes(t *testing.T) {
	text := "\ufefft,x,\"y [m]\",label\r\n0,1,2,a\r\n1,,\"3\",\r\n\r\n2.5,4,NaN,b"
	for _, text := range []string{text, gzipped(text)} {
		head, rows, err := readAll(strings.NewReader(text), "a", Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []io.Reader{iotest.OneByteReader(strings.NewReader(text)), iotest.HalfReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			h, again, err := readAll(r, "a", Options{})
			if err != nil || !reflect.DeepEqual(h, head) || fmt.Sprint(again) != fmt.Sprint(rows) {
				t.Errorf("%+v %v, want %+v, %v", h, again, rows, err)
			}
		}
	}
}

// A row is there as soon as its line has ended.
func TestRowsAsTheyArrive(t *testing.T) {
	r, w := io.Pipe()
	lines := make(chan string, 8)
	go func() {
		for l := range lines {
			io.WriteString(w, l)
		}
		w.Close()
	}()
	lines <- "t,x\n"
	lines <- "0,1\n"
	table, err := NewReader(r, "-", &Options{Live: true, TimeUnit: "s"})
	if err != nil {
		t.Fatal(err)
	}
	var row Row
	for i := range 5 {
		if err := table.Read(&row); err != nil || row.Time != float64(i) {
			t.Fatalf("%+v, %v", row, err)
		}
		lines <- fmt.Sprintf("%d,1\n", i+1)
	}
	close(lines)
}

// Of a row, only the string of its cells is new.
func TestReadAllocates(t *testing.T) {
	table, err := NewReader(strings.NewReader("t,x,y,label\n"+strings.Repeat("1,2,3.5,walk\n", 2000)), "a", &Options{})
	if err != nil {
		t.Fatal(err)
	}
	var row Row
	table.Read(&row)
	if n := testing.AllocsPerRun(1000, func() {
		if err := table.Read(&row); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations a row", n)
	}
}
