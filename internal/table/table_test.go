package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
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
		"ragged":         {"t,x\n0,1\n1,2,3\n", "a.csv:3: 3 cells, expected 2 as before: complete", Options{}},
		"ragged header":  {"t,x,y\n0,1\n", "a.csv:2: 2 cells, but the header has 3", Options{}},
		"no number":      {"t,x\n0,1\n1,abc\n", `a.csv:3: column "x": "abc" is no number: correct it`, Options{}},
		"infinite":       {"t,x\n0,1\n1,inf\n", `a.csv:3: column "x": inf is infinite or too large`, Options{}},
		"too large":      {"t,x\n0,1\n1,1e99\n", "too large for a 32-bit float", Options{}},
		"no signal":      {"t,who\n0,ann\n", "a.csv: no column holds numbers of a signal: it has t, who", Options{}},
		"backwards":      {"t,x\n1,1\n2,1\n1.5,1\n", `a.csv:4: column "t": the time 1.5 is before that of the line before, 2: sort`, Options{}},
		"stamp":          {"t,x\n2026-01-02T03:04:05Z,1\n12,1\n", `a.csv:3: column "t": "12" is no time: write RFC 3339`, Options{}},
		"no time":        {"t,x\nsoon,1\n", `a.csv:2: column "t": "soon" is no time: write seconds`, Options{}},
		"lost time":      {"t,x\n0,1\n,1\n", `a.csv:3: column "t": "" is no time`, Options{}},
		"centuries":      {"t,x\n0,1\n1e12,1\n", "--time-unit", Options{}},
		"twice":          {"x,y,x\n1,2,3\n", `a.csv:1: columns 1 and 3 are both named "x"`, Options{}},
		"quotes":         {"t,x\n0,1\n1,a\"b\n", "a.csv:3: column 4: bare \" in non-quoted-field: write the quotes", Options{}},
		"UTF-16":         {"\xff\xfet\x00,\x00", "UTF-16", Options{}},
		"binary":         {"ab\x00cd\n", "no UTF-8 text", Options{}},
		"cut off":        {cut[:len(cut)/2], "the gzip file is cut off or damaged: copy it again", Options{}},
		"damaged":        {string(bad), "damaged", Options{}},
		"names too few":  {"1,2,3\n", "a.csv:1: 3 cells, but --columns names 2", Options{Columns: []string{"x", "y"}}},
		"names to spare": {"x,y\n1,2\n", "a.csv:1: the table has a header, x, y: leave --columns out", Options{Columns: []string{"x", "y"}}},
		"no such signal": {"x,y\n1,2\n", `a.csv: there is no column "z": it has x, y`, Options{Signals: []string{"z"}}},
		"no such label":  {"x,y\n1,2\n", `there is no column "z" for the label`, Options{Label: "z"}},
		"unnamed":        {"0,1,2\n", "a.csv: 3 columns without names, the model takes the channels x, y: name", Options{Want: []string{"x", "y"}}},
		"unit":           {"t,x\n1,2\n", `"weeks" is no unit of time`, Options{TimeUnit: "weeks"}},
		"endless line":   {strings.Repeat("x,", maxFirstLine), "named", Options{}},
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
	table, err := NewReader(r, "-", &Options{})
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

func FuzzReader(f *testing.F) {
	f.Add([]byte("time,x [m],label\n0,1,a\n0.1,,b\n5,3,\n"), "", "0", 10.0)
	f.Add([]byte("0;1,5;2\n1;NaN;3\n"), "seq,x,label", "", 0.0)
	f.Add([]byte("2026-01-02T03:04:05Z,1\n2026-01-02T03:04:06Z,2\n"), "t,x", "", 4.0)
	f.Add([]byte(gzipped("t,x\n0,1\n")), "", "", 1.0)
	f.Add([]byte("time,channel,value\n0,x,1\n0,y,2\n0.1,x,NA\n"), "", "", 10.0)
	f.Fuzz(func(t *testing.T, data []byte, columns, none string, rate float64) {
		o := Options{Unlabelled: []string{none}}
		if columns != "" {
			o.Columns = strings.Split(columns, ",")
		}
		if r, err := NewReader(bytes.NewReader(data), "a", &o); err == nil && r.Head().Long {
			if o.Signals, err = r.scan(); err != nil {
				return
			}
		}
		h, rows, err := readAll(bytes.NewReader(data), "a", o)
		if err != nil && !strings.HasPrefix(err.Error(), "a:") {
			t.Fatalf("%v names no file", err)
		}
		h2, again, err2 := readAll(iotest.OneByteReader(bytes.NewReader(data)), "a", o)
		if fmt.Sprint(h, rows, err) != fmt.Sprint(h2, again, err2) {
			t.Fatalf("byte by byte: %v, %v, %v; want %v, %v, %v", h2, again, err2, h, rows, err)
		}
		if h == nil || len(rows) == 0 || !(rate >= 0 && rate <= MostRate) {
			return
		}
		before, samples := 0.0, 0
		next := int64(-1)
		g := NewGrid(len(h.Names), GridOptions{Rate: rate, Fill: 1}, func(k int64, frame []float32, _ int32) {
			if k < next || len(frame) != len(h.Names) {
				t.Fatalf("sample %d after %d", k, next-1)
			}
			for _, v := range frame {
				if v-v != 0 {
					t.Fatalf("%v is let through", v)
				}
			}
			next = k + 1
			samples++
		})
		for i := range rows {
			if r := &rows[i]; r.Time < before || math.IsNaN(r.Time) || len(r.Values) != len(h.Names) || r.Label != "" && r.Label == none {
				t.Fatalf("%+v after %v", r, before)
			}
			before = rows[i].Time
			g.Push(&rows[i], -1)
		}
		if g.Flush(); g.Stats().Samples != samples || g.Stats().Rows != len(rows) {
			t.Fatalf("%+v of %d rows, %d samples", g.Stats(), len(rows), samples)
		}
	})
}

// Joined tables give their rows in the order of time, each with its own values.
func FuzzJoin(f *testing.F) {
	f.Add([]byte("t,x,label\n0,1,a\n1,2,b\n"), []byte("time [ms],y\n500,1\n1500,\n"))
	f.Add([]byte("date,x\n2026-01-02 03:04:05,1\n"), []byte("t;y\n2026-01-02T03:04:05Z;1,5\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		files := map[string][]byte{"d/a.csv": a, "d/b.csv": b}
		open := func(name string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files[name])), nil }
		rows, c, err := Open(open, "d/a.csv+b.csv", &Options{})
		if err != nil {
			return
		}
		defer c.Close()
		before := 0.0
		for row := (Row{}); ; {
			if err := rows.Read(&row); err != nil {
				return
			}
			if !(row.Time >= before) || len(row.Values) != len(rows.Head().Names) {
				t.Fatalf("%+v after %v", row, before)
			}
			before = row.Time
		}
	})
}

type sample struct {
	k     int64
	frame []float32
	label int32
}

func gridOf(rows []Row, labels []int32, channels int, o GridOptions) (out []sample, st *Stats) {
	g := NewGrid(channels, o, func(k int64, frame []float32, label int32) {
		out = append(out, sample{k, slices.Clone(frame), label})
	})
	for i := range rows {
		g.Push(&rows[i], labels[i])
	}
	g.Flush()
	return out, g.Stats()
}

func TestGrid(t *testing.T) {
	n := nan
	row := func(at float64, v ...float32) Row { return Row{Time: at, Values: v} }
	for name, c := range map[string]struct {
		rows []Row
		o    GridOptions
		want string
	}{
		"even":           {[]Row{row(0, 1), row(0.1, 2), row(0.2, 3)}, GridOptions{Rate: 10}, "0[1] 1[2] 2[3]"},
		"between":        {[]Row{row(0, 0), row(0.15, 3), row(0.25, 5), row(0.4, 8)}, GridOptions{Rate: 10}, "0[0] 1[2] 2[4] 3[6] 4[8]"},
		"untimed":        {[]Row{row(0, 1), row(1, n), row(2, 3)}, GridOptions{}, "0[1] 1[2] 2[3]"},
		"gap":            {[]Row{row(0, 1), row(1, 2), row(9, 3), row(10, 4)}, GridOptions{}, "0[1] 1[2] 9[3] 10[4]"},
		"filled":         {[]Row{row(0, 1), row(1, 2), row(8, 3)}, GridOptions{Fill: 7}, "0[1] 1[2] 2[2] 3[2] 4[2] 5[2] 6[2] 7[2] 8[3]"},
		"slow channel":   {[]Row{row(0, 0, 0), row(1, 1, n), row(2, 2, n), row(3, 3, 6)}, GridOptions{}, "0[0 0] 1[1 2] 2[2 4] 3[3 6]"},
		"slower channel": {[]Row{row(0, 0, 0), row(1, 1, n), row(2, 2, n), row(3, 3, 6)}, GridOptions{Bridge: 2}, "0[0 0] 1[1 0] 2[2 0] 3[3 6]"},
		"late channel":   {[]Row{row(0, 0, n), row(1, 1, n), row(2, n, 2), row(3, 3, 3)}, GridOptions{}, "2[2 2] 3[3 3]"},
		"ends early":     {[]Row{row(0, 0, 5), row(1, 1, n), row(2, 2, n)}, GridOptions{}, "0[0 5] 1[1 5] 2[2 5]"},
		"twice":          {[]Row{row(0, 1), row(1, 2), row(1, 9), row(2, 3)}, GridOptions{}, "0[1] 1[2] 2[3]"},
		"long":           {[]Row{row(0, 1, n), row(0, n, 2), row(1, 3, n), row(1, n, 4)}, GridOptions{}, "0[1 2] 1[3 4]"},
		"nothing":        {[]Row{row(0, 1, n), row(1, 2, n)}, GridOptions{}, ""},
		"a thousandth":   {[]Row{row(0.00001, 1), row(0.10002, 2), row(0.2, 3)}, GridOptions{Rate: 10}, "0[1] 1[2] 2[3]"},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := gridOf(c.rows, make([]int32, len(c.rows)), len(c.rows[0].Values), c.o)
			var got []string
			for _, s := range out {
				got = append(got, fmt.Sprint(s.k, s.frame))
			}
			if s := strings.Join(got, " "); strings.ReplaceAll(s, " [", "[") != c.want {
				t.Errorf("%s, want %s", s, c.want)
			}
		})
	}
}

// The grid row by row is the definition's.
func TestGridIsAsDefined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		o := GridOptions{Rate: rapid.SampledFrom([]float64{0, 1, 2.5, 10}).Draw(t, "rate"), Bridge: rapid.SampledFrom([]float64{0, 0.5, 3}).Draw(t, "bridge"),
			Fill: rapid.SampledFrom([]float64{0, 8}).Draw(t, "fill")}
		at := 0.0
		var rows []Row
		var labels []int32
		for range rapid.IntRange(1, 40).Draw(t, "rows") {
			r := Row{Time: at}
			for range channels {
				v := nan
				if rapid.IntRange(0, 2).Draw(t, "there") > 0 {
					v = float32(rapid.IntRange(-9, 9).Draw(t, "value"))
				}
				r.Values = append(r.Values, v)
			}
			rows, labels = append(rows, r), append(labels, int32(rapid.IntRange(-1, 2).Draw(t, "label")))
			at += rapid.SampledFrom([]float64{0, 0.1, 0.4, 1, 1, 1, 2.7, 12}).Draw(t, "step")
		}
		got, _ := gridOf(rows, labels, channels, o)
		want := defined(rows, labels, channels, o)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// defined is what Grid's comment says, sample by sample.
func defined(rows []Row, labels []int32, channels int, o GridOptions) (out []sample) {
	g := NewGrid(channels, o, nil)
	type point struct {
		p float64
		v float32
	}
	var places []float64
	var used []int
	emit := func() {
		points := make([][]point, channels)
		begin := math.Inf(-1)
		for c := range channels {
			for j, i := range used {
				if v := rows[i].Values[c]; v == v && (len(points[c]) == 0 || points[c][len(points[c])-1].p < places[j]) {
					points[c] = append(points[c], point{places[j], v})
				}
			}
			if len(points[c]) == 0 {
				return
			}
			begin = max(begin, points[c][0].p)
		}
		for k := int64(math.Ceil(begin)); float64(k) <= places[len(places)-1]; k++ {
			s := sample{k: k}
			for c := range channels {
				a, b := points[c][0], point{p: math.Inf(1)}
				for _, q := range points[c] {
					if q.p <= float64(k) {
						a = q
					} else {
						b = q
						break
					}
				}
				v := a.v
				if a.p < float64(k) && b.p-a.p <= g.bridge {
					v = float32(float64(a.v) + float64((float64(b.v)-float64(a.v))*((float64(k)-a.p)/(b.p-a.p))))
				}
				s.frame = append(s.frame, v)
			}
			i := 0
			for j := range places {
				if places[j] <= float64(k) && places[j] > places[i] {
					i = j
				}
			}
			s.label = labels[used[i]]
			next := slices.IndexFunc(places, func(p float64) bool { return p > places[i] })
			if next >= 0 && places[i] < float64(k) && places[next]-places[i] > g.bridge {
				s.label = -1
			}
			out = append(out, s)
		}
	}
	for i := range rows {
		if !slices.ContainsFunc(rows[i].Values, func(v float32) bool { return v == v }) {
			continue
		}
		p := g.place(rows[i].Time)
		if n := len(places); n > 0 && p-places[n-1] > max(g.bridge, g.fill) {
			emit()
			places, used = nil, nil
		}
		places, used = append(places, p), append(used, i)
	}
	if len(places) > 0 {
		emit()
	}
	return out
}

func TestPushAllocatesNothing(t *testing.T) {
	g := NewGrid(3, GridOptions{Rate: 50}, func(int64, []float32, int32) {})
	row := Row{Values: []float32{1, 2, 3}}
	push := func() {
		g.Push(&row, 1)
		row.Time += 0.0199
		row.Values[1] = nan
		g.Push(&row, 1)
		row.Time += 0.0199
		row.Values[1] = 2
	}
	for range 200 {
		push()
	}
	if n := testing.AllocsPerRun(1000, push); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRows(b *testing.B) {
	var text strings.Builder
	text.WriteString("time,x,y,z,label\n")
	for i := range 100000 {
		fmt.Fprintf(&text, "%.3f,%d,%.4f,%.4f,walk\n", float64(i)/50, i%4096, math.Sin(float64(i)), math.Cos(float64(i)))
	}
	for b.Loop() {
		r, err := NewReader(strings.NewReader(text.String()), "b", &Options{})
		if err != nil {
			b.Fatal(err)
		}
		g := NewGrid(3, GridOptions{Rate: 50}, func(int64, []float32, int32) {})
		for row := (Row{}); r.Read(&row) == nil; {
			g.Push(&row, 0)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100000, "ns/row")
}

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
