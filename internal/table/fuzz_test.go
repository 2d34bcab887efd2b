package table

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func FuzzReader(f *testing.F) {
	f.Add([]byte("time,x [m],label\n0,1,a\n0.1,,b\n5,3,\n"), "", "0", 10.0)
	f.Add([]byte("0;1,5;2\n1;NaN;3\n"), "seq,x,label", "", 0.0)
	f.Add([]byte("2026-01-02T03:04:05Z,1\n2026-01-02T03:04:06Z,2\n"), "t,x", "", 4.0)
	f.Add([]byte(gzipped("t,x\n0,1\n")), "", "", 1.0)
	f.Add([]byte("time,channel,value\n0,x,1\n0,y,2\n0.1,x,NA\n"), "", "", 10.0)
	f.Add([]byte("boot 1\nDate,Time,x\n01.02.2026,10:00:00,1\n01.02.2026,10:00:01,2\nDate,Time,x\n"), "", "live", 10.0)
	f.Add([]byte("1544027337.0,1544027337.0\n50,50\n1,2\n"), "", "", 50.0)
	f.Fuzz(func(t *testing.T, data []byte, columns, none string, rate float64) {
		o := Options{Unlabelled: []string{none}, Live: strings.HasPrefix(none, "l")}
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

// Whatever bytes a table has, its cells are the same byte by byte, and a stamp that is
// understood is the same as RFC 3339 says it.
func FuzzCells(f *testing.F) {
	f.Add([]byte("sep=;\r\nx;y\r1;\"2\n3\"\n"), true)
	f.Add([]byte("\xff\xfex\x00,\x00y\x00\n\x00"), false)
	f.Add([]byte("# a\n\"x\" , \"y\"\nH\xf6he\t1\n"), true)
	f.Fuzz(func(t *testing.T, data []byte, signals bool) {
		read := func(r io.Reader) string {
			c := &Cells{name: "a", signals: signals}
			if err := c.open(r); err != nil {
				return err.Error()
			}
			var b strings.Builder
			for range len(data) + 2 {
				cells, err := c.Next()
				fmt.Fprintf(&b, "%d %q %v\n", c.Line(), cells, err)
				if _, bad := err.(*LineError); err != nil && !bad {
					return b.String() + fmt.Sprint(c.Notes())
				}
			}
			t.Fatal("more lines than bytes")
			return ""
		}
		if a, b := read(bytes.NewReader(data)), read(iotest.OneByteReader(bytes.NewReader(data))); a != b {
			t.Fatalf("byte by byte: %s; want %s", b, a)
		}
	})
}

func FuzzStamp(f *testing.F) {
	for _, s := range []string{"2026-01-31T23:59:59.5+01:00", "31.12.2026 10:00", "01-Mar-2026 10:00:00 PM", "20260131T101112", "10:11:12,5 UTC", "1/2/2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for order := range 3 {
			st, err := parseStamp(s, order, time.UTC)
			if err == nil && st.date && st.clock && st.at.Year() > 0 {
				again, err := parseStamp(st.at.Format(time.RFC3339Nano), order, time.UTC)
				if err != nil || !again.at.Equal(st.at) {
					t.Fatalf("%q: %v, then %v, %v", s, st.at, again.at, err)
				}
			}
			if err == nil && !st.date && !(st.ofDay >= 0 && st.ofDay < 25*time.Hour) {
				t.Fatalf("%q: %v", s, st.ofDay)
			}
		}
	})
}
