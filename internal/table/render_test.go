package table

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"
)

// begun is the time of the first row of rendered tables.
var begun = time.Date(2026, 1, 31, 23, 59, 59, 500e6, time.UTC)

// A timeForm is one way to write the times of rows.
type timeForm struct {
	names  []string // columns
	write  func(at time.Time) []string
	coarse float64 // precision in seconds
	blank  bool    // cells have blanks
	o      Options
}

func layoutOf(layout string) func(time.Time) []string {
	return func(at time.Time) []string { return []string{at.Format(layout)} }
}

// numberOf writes times as numbers of units since a time.
func numberOf(since time.Time, unit float64, digits int) func(time.Time) []string {
	return func(at time.Time) []string {
		return []string{strconv.FormatFloat(float64(at.Sub(since).Microseconds())/1e6/unit, 'f', digits, 64)}
	}
}

var (
	unix  = time.Unix(0, 0).UTC()
	boot  = begun.Add(-1234 * time.Second)
	excel = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
)

var timeForms = []timeForm{
	{names: []string{"t"}, write: numberOf(begun, 1, 3)},
	{names: []string{"Zeit [s]"}, write: numberOf(begun, 1, 2)},
	{names: []string{"seconds_elapsed"}, write: numberOf(boot, 1, 6)},
	{names: []string{"time_ms"}, write: numberOf(boot, 1e-3, 0)},
	{names: []string{"elapsed (ms)"}, write: numberOf(begun, 1e-3, 0)},
	{names: []string{"millis"}, write: numberOf(boot, 1e-3, 0)},
	{names: []string{"time"}, write: numberOf(boot, 1e-3, 0), o: Options{TimeUnit: "ms"}},
	{names: []string{"timestamp"}, write: numberOf(boot, 1e-3, 0), o: Options{Rate: 50}},
	{names: []string{"timestamp"}, write: numberOf(boot, 1e-6, 0), o: Options{Rate: 100}},
	{names: []string{"timestamp"}, write: numberOf(boot, 1e-9, 0), o: Options{Rate: 25}},
	{names: []string{"time [min]"}, write: numberOf(begun, 60, 8), coarse: 1e-6},
	{names: []string{"epoch"}, write: numberOf(unix, 1, 3), coarse: 1e-6},
	{names: []string{"epoc (ms)"}, write: numberOf(unix, 1e-3, 0)},
	{names: []string{"timestamp"}, write: numberOf(unix, 1e-3, 0)},
	{names: []string{"timestamp"}, write: numberOf(unix, 1e-6, 0)},
	{names: []string{"time"}, write: func(at time.Time) []string { return []string{strconv.FormatInt(at.UnixNano(), 10)} }, coarse: 1e-6},
	{names: []string{"time"}, write: numberOf(excel, day, 10), coarse: 2e-5},
	{names: []string{"datenum"}, write: func(at time.Time) []string {
		return []string{strconv.FormatFloat(719529+float64(at.UnixMicro())/1e6/day, 'f', 10, 64)}
	}, coarse: 3e-5},
	{names: []string{"time"}, write: layoutOf("2006-01-02T15:04:05.000Z07:00")},
	{names: []string{"Timestamp"}, write: layoutOf("2006-01-02T15:04:05.000000+0000")},
	{names: []string{"timestamp"}, write: layoutOf("2006-01-02 15:04:05.000 UTC"), blank: true},
	{names: []string{"date"}, write: layoutOf("2006/01/02 15:04:05.000"), blank: true},
	{names: []string{"Datum"}, write: layoutOf("02.01.2006 15:04:05.000"), blank: true},
	{names: []string{"datetime"}, write: layoutOf("02-Jan-2006 15:04:05.000"), blank: true},
	{names: []string{"datetime"}, write: layoutOf("02/01/2006 15:04:05.000"), blank: true, o: Options{TimeUnit: "dmy"}},
	{names: []string{"datetime"}, write: layoutOf("01/02/2006 03:04:05.000 PM"), blank: true, o: Options{TimeUnit: "mdy"}},
	{names: []string{"timestamp (+0000)"}, write: layoutOf("2006-01-02T15.04.05.000")},
	{names: []string{"time"}, write: layoutOf("20060102T150405.000")},
	{names: []string{"Uhrzeit"}, write: layoutOf("15:04:05.000")},
	{names: []string{"Date", "Time"}, write: func(at time.Time) []string { return []string{at.Format("2006-01-02"), at.Format("15:04:05.000")} }},
	{names: []string{"Uhrzeit", "Datum"}, write: func(at time.Time) []string { return []string{at.Format("15:04:05.000"), at.Format("02.01.2006")} }},
	{write: func(time.Time) []string { return nil }}, // a row is a sample
}

// A rendering is a table in one of many layouts.
type rendering struct {
	text []byte
	o    Options
	form timeForm
}

// draw draws a layout and renders n rows of values in it, at 50 Hz.
func draw(t *rapid.T, n int, values [][]float32) rendering {
	form := rapid.SampledFrom(timeForms).Draw(t, "times")
	comma := rapid.SampledFrom([]string{",", ";", "\t", "|", " "}).Draw(t, "comma")
	end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "end")
	quote := rapid.SampledFrom([]string{"", "all", "after blanks"}).Draw(t, "quote")
	decimals := comma != "," && rapid.Bool().Draw(t, "decimal commas")
	trailing := comma != " " && rapid.Bool().Draw(t, "trailing")
	unitRow := rapid.Bool().Draw(t, "units")
	var b strings.Builder
	if comma == ";" && rapid.Bool().Draw(t, "sep=") {
		b.WriteString("sep=;" + end)
	}
	for range rapid.IntRange(0, 2).Draw(t, "preamble") {
		b.WriteString(rapid.SampledFrom([]string{"# device: logger 3", "Logger made by ACME", "Serial Number: 17", "% rate: 50", "-----------", ""}).Draw(t, "line") + end)
	}
	write := func(cells []string, more bool) {
		for i, c := range cells {
			if quote != "" || comma == " " && (c == "" || strings.Contains(c, " ")) {
				c = `"` + c + `"`
			}
			if i > 0 {
				b.WriteString(comma)
				if quote == "after blanks" {
					b.WriteString(" ")
				}
			}
			b.WriteString(c)
		}
		if more {
			b.WriteString(comma)
		}
		b.WriteString(end)
	}
	head := append(slices.Clone(form.names), "Höhe [m/s²]", "y", "z")
	write(head, trailing && rapid.Bool().Draw(t, "header too"))
	if unitRow {
		write(append(make([]string, len(form.names)), "m/s²", "g", "g"), trailing)
	}
	for i := range n {
		cells := form.write(begun.Add(time.Duration(i) * 20 * time.Millisecond))
		numeric := len(cells) == 1 && !strings.ContainsAny(cells[0], ":-/TP")
		for _, v := range values[i] {
			cells = append(cells, strconv.FormatFloat(float64(v), 'f', -1, 32))
		}
		for k, c := range cells {
			if decimals && (k >= len(form.names) || numeric) {
				cells[k] = strings.Replace(c, ".", ",", 1)
			}
		}
		write(cells, trailing)
	}
	return rendering{encode(t, b.String()), form.o, form}
}

func encode(t *rapid.T, s string) []byte {
	var text string
	var err error
	switch rapid.SampledFrom([]string{"UTF-8", "mark", "UTF-16LE", "UTF-16BE", "UTF-16 without a mark", "Windows-1252", "gzip"}).Draw(t, "encoding") {
	case "mark":
		return []byte("\ufeff" + s)
	case "UTF-16LE":
		text, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
	case "UTF-16BE":
		text, err = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(s)
	case "UTF-16 without a mark":
		text, err = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(s)
	case "Windows-1252":
		text, err = charmap.Windows1252.NewEncoder().String(s)
	case "gzip":
		text = gzipped(s)
	default:
		text = s
	}
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

// However a table is laid out, its rows are the same, whether it is a file or arrives live;
// or it is refused by name.
func TestEveryLayoutGivesTheSameRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 80
		values := make([][]float32, n)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := range values {
			for range 3 {
				values[i] = append(values[i], float32(random.IntN(199999)-99999)/1e4)
			}
		}
		r := draw(t, n, values)
		for _, live := range []bool{false, true} {
			o := r.o
			o.Live = live
			checkRows(t, r, o, values)
		}
	})
}

func checkRows(t *rapid.T, r rendering, o Options, values [][]float32) {
	h, rows, err := readAll(bytes.NewReader(r.text), "a.csv", o)
	if err != nil {
		t.Fatalf("live %v: %v\n%.600s", o.Live, err, r.text)
	}
	if len(rows) != len(values) || h.Timed != (len(r.form.names) > 0) || len(h.Names) != 3 || h.Names[0] != "Höhe" || h.Units[0] != "m/s²" {
		t.Fatalf("live %v: %d rows of %q in %q, timed %v\n%.600s", o.Live, len(rows), h.Names, h.Units, h.Timed, r.text)
	}
	for i, row := range rows {
		at := float64(i) / 50
		if !h.Timed {
			at = float64(i)
		}
		if !slices.Equal(row.Values, values[i]) || math.Abs(row.Time-at) > r.form.coarse+1e-9 {
			t.Fatalf("live %v: row %d is %v at %v, want %v at %v\n%.600s", o.Live, i, row.Values, row.Time, values[i], at, r.text)
		}
	}
}

// What has several meanings is asked for.
func TestAmbiguousTablesAreAskedAbout(t *testing.T) {
	rows := func(head string, cells ...string) string {
		return head + "\n" + strings.Join(cells, "\n") + "\n"
	}
	for name, c := range map[string]struct {
		text, says string
		o          Options
	}{
		"milliseconds, maybe": {rows("timestamp,x", "0,1", "20,2", "40,3"), "a.csv:2: column \"timestamp\": the times have no unit, and their rows are 20 apart: 0.05 Hz if they are s, 50 Hz if they are ms", Options{}},
		"minutes, maybe":      {rows("t,x", "0,1", "60,2", "120,3"), "set TableOptions.TimeUnit", Options{}},
		"nanoseconds of boot": {rows("time,x", "49106012326000,1", "49106062326000,2"), "20 Hz if they are ns", Options{}},
		"day or month":        {rows("date,x", "01/02/2026 10:00,1", "01/02/2026 10:01,2"), `the date "01/02/2026 10:00" may be day/month or month/day: set TableOptions.TimeUnit to dmy or mdy`, Options{}},
		"thousands":           {rows("t,x", `0,"1,234"`, `1,"2,345"`), `"1,234" may have a decimal comma or a separator of thousands`, Options{}},
		"both decimals":       {rows("t;x", "0;1,5", "1;2.5"), "the table has decimal points and decimal commas", Options{}},
		"no such date":        {rows("date,x", "31.02.2026 10:00:00,1"), `is not a time`, Options{}},
		"a zone by its name":  {rows("time,x", "2026-01-02 10:00:00 CET,1"), `is not a time`, Options{}},
		"a header again":      {rows("t,x", "0,1", "t,x", "0,2"), "a.csv:3: the header again: split the file here", Options{}},
		"a text before":       {rows("t,x", "0,1,2", "1,1,2", "2,1,2"), "a.csv:2: 3 cells, but the header has 2", Options{}},
		"a decimal comma":     {rows("x", "0,5", "1,5"), "a.csv:2: 2 cells, but the header has 1", Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := readAll(strings.NewReader(c.text), "a.csv", c.o); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

// A day or a month over twelve settles the order of both.
func TestOrderOfDayAndMonth(t *testing.T) {
	for text, want := range map[string]string{
		"date,x\n01/02/2026 10:00,1\n13/02/2026 10:00,2\n": "2026-02-01",
		"date,x\n01/02/2026 10:00,1\n01/13/2026 10:00,2\n": "2026-01-02",
		"date,x\n02/02/2026 10:00,1\n":                     "2026-02-02",
	} {
		r, err := NewReader(strings.NewReader(text), "a.csv", &Options{})
		if err != nil || r.Start().Format("2006-01-02") != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// What was understood without being said is told.
func TestReaderNotes(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"Latin-1":  {"t,H\xf6he\n0,1\n1,2\n", "not UTF-8 (line 1)"},
		"preamble": {"made by ACME\nt,x\n0,1\n0.1,2\n", `left out: 1, the first: "made by ACME"`},
		"comments": {"t,x\n0,1\n# here\n0.1,2\n", "comments among the rows are left out: 1"},
		"seconds":  {"t,x\n0,1\n1,2\n2,2\n", "taken for seconds, so that rows come every 1 s"},
		"days":     {"t,x\n46000.5,1\n46000.500011574,2\n", "taken for days as Excel counts them"},
		"wrist":    {"1544027337.0,1544027337.0\n50.0,50.0\n1,2\n3,4\n", "the first two lines are taken for the start, 2018-12-05T16:28:57Z, and the rate, 50 Hz"},
		"usual":    {"t,x\n0,1\n0.1,2\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(c.text), "a.csv", &Options{})
			if err != nil {
				t.Fatal(err)
			}
			for row := (Row{}); err == nil; {
				err = r.Read(&row)
			}
			if notes := strings.Join(r.Notes(), "; "); err != io.EOF || !strings.Contains(notes, c.says) || c.says == "" && notes != "" {
				t.Errorf("%s, %v", notes, err)
			}
		})
	}
}

// A live table goes on after lines that are no rows, and begins anew where its header comes
// again or its clock steps back.
func TestLiveTablesGoOn(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"boot lines in between":   {"t,x\n0,1\nets Jun  8 2016\nrst:0x1 (POWER),boot:0x13\n0.1,2\n", "0:1 bad bad 0.1:2"},
		"boot lines before":       {"ets Jun  8 2016 00:22:57\nrst:0x1 (POWER),boot:0x13\nt,x\n0,1\n0.1,2\n", "0:1 0.1:2"},
		"the header again":        {"t,x\n5,1\n5.1,2\nt,x\n0,3\n0.1,4\n", "0:1 0.1:2 anew 0:3 0.1:4"},
		"the header, cut off":     {"t,x\n5,1\n5.1,2\nt,\n0,3\n0.1,4\n0.2,5\n", "0:1 0.1:2 bad bad anew 0:4 0.1:5"},
		"the clock steps back":    {"t,x\n5,1\n5.1,2\n0,3\n0.1,4\n0.2,5\n", "0:1 0.1:2 bad anew 0:4 0.1:5"},
		"one row in wrong order":  {"t,x\n0,1\n0.2,2\n0.1,3\n0.3,4\n", "0:1 0.2:2 bad 0.3:4"},
		"a quote does not close":  {"t,x\n0,1\n0.1,\"2\n0.2,3\n", "0:1 bad 0.2:3"},
		"a cell and half a line":  {"t,x\n0,1\n0.1,q\n0.\n0.3,4\n", "0:1 bad bad 0.3:4"},
		"rows are samples":        {"x,y\n1,1\nboot\n2,2\nx,y\n3,3\n", "0:1 bad 1:2 anew 0:3"},
		"dates":                   {"time,x\n2026-01-02T10:00:00Z,1\noops\n2026-01-02T10:00:01Z,2\n", "0:1 bad 1:2"},
		"no header":               {"0,1\nboot\n1,2\n", "0:0 bad 1:1"},
		"nothing complete before": {"t,x\n\n0.\nq\n0,1\n0.1,2\n", "0:1 0.1:2"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(c.text), "-", &Options{Live: true})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for row := (Row{}); ; {
				err := r.Read(&row)
				if err == io.EOF {
					break
				}
				if _, bad := err.(*LineError); bad {
					got = append(got, "bad")
					continue
				} else if err != nil {
					t.Fatal(err)
				}
				if row.Anew {
					got = append(got, "anew")
				}
				got = append(got, fmt.Sprintf("%.6g:%v", row.Time, row.Values[0]))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("%s, want %s", s, c.want)
			}
		})
	}
}
