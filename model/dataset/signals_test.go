package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTables(t *testing.T) {
	fsys := fstest.MapFS{
		"a.csv":      text("time,x [g],y [g],label\n0,1,2,sit\n0.1,2,3,sit\n0.2,3,4,\n0.3,4,5,run\n"),
		"d/b.csv":    text("time,y [g],x [g],label\n0,1,2,run\n0.1,2,3,run\n"),
		"d/a.csv":    text("time,x [g],y [g],label\n0,5,5,sit\n0.1,5,5,run\n0.2,5,5,run\n0.3,5,5,run\n2.3,6,6,sit\n2.4,6,6,sit\n"),
		"d/note.md":  text(""),
		"e/up/1.csv": text("x\n1\n2\n"), "e/down/1.tsv": text("x\n3\n"),
		"i.csv": text("file,split,group\na.csv,train,\nd/b.csv,test,g\n"),
		"j.csv": text("file,label\na.csv,all\nd/b.csv,other\n"),
	}
	for _, c := range []struct{ open, want string }{
		{"a.csv", "a.csv||a.csv|sit|[1 1 -1 0]|[1 2 2 3 3 4 4 5]"},
		{"d", "d/a.csv@0||d/a.csv|run|[1 0 0 0]|[5 5 5 5 5 5 5 5]; d/a.csv@2.3||d/a.csv|sit|[]|[6 6 6 6]; d/b.csv||d/b.csv|run|[]|[2 1 3 2]"},
		{"e", "e/down/1.tsv||e/down/1.tsv|down|[]|[3]; e/up/1.csv||e/up/1.csv|up|[]|[1 2]"},
		{"i.csv", "a.csv|train|a.csv|sit|[1 1 -1 0]|[1 2 2 3 3 4 4 5]; d/b.csv|test|g|run|[]|[2 1 3 2]"},
		{"j.csv", "a.csv||a.csv|all|[]|[1 2 2 3 3 4 4 5]; d/b.csv||d/b.csv|other|[]|[2 1 3 2]"},
	} {
		s := open(t, fsys, c.open, Options{})
		var got []string
		for _, e := range s.Examples {
			got = append(got, fmt.Sprintf("%s|%s|%s|%s|%v|%v", e.Name, e.Split, e.Group, s.Labels[e.Label], e.Steps, e.Samples))
		}
		if g := strings.Join(got, "; "); g != c.want {
			t.Errorf("%s: %s\nwant %s", c.open, g, c.want)
		}
	}
	s := open(t, fsys, "a.csv", Options{})
	if s.Kind != Series || s.Rate != 10 || s.Channels != 2 || !slices.Equal(s.Names, []string{"x", "y"}) || !slices.Equal(s.Units, []string{"g", "g"}) {
		t.Errorf("%+v", s)
	}
	if s := open(t, fsys, "a.csv", Options{Rate: 20}); !slices.Equal(s.Examples[0].Steps, []int32{1, 1, 1, 1, -1, -1, 0}) || s.Examples[0].Samples[2] != 1.5 {
		t.Errorf("at 20 Hz: %+v", s.Examples)
	}
	o := Options{}
	o.Table.Want, o.Table.WantUnits = []string{"y", "x"}, []string{"g", ""}
	if s := open(t, fsys, "d", o); !slices.Equal(s.Names, o.Table.Want) || !slices.Equal(s.Examples[2].Samples, []float32{1, 2, 2, 3}) {
		t.Errorf("in a model's order: %+v", s)
	}
	s = open(t, fsys, "d", Options{Table: TableOptions{TrainFiles: []string{"a"}}})
	if !slices.Equal(s.Splits(), []string{"test", "train"}) || s.Examples[0].Split != "train" {
		t.Errorf("splits by name: %+v", s.Examples)
	}
	if n := strings.Join(s.Notes, "\n"); !strings.Contains(n, "gaps: 1, the longest 2 s before d/a.csv:6") {
		t.Errorf("notes %q", n)
	}
}

// Channels at different rates, in two files and in one long one.
func TestJoinedTables(t *testing.T) {
	fsys := fstest.MapFS{
		"d/acc.csv":  text("ms,x,y,label\n0,0,1,a\n10,1,1,a\n20,2,1,b\n30,3,1,b\n40,4,1,b\n"),
		"d/heat.csv": text("ms,heat\n10,5\n30,7\n"),
		"long.csv": text("time,sensor,value,label\n0,x,0,a\n0,y,1,a\n0.01,x,1,a\n0.01,heat,5,a\n0.01,y,1,a\n" +
			"0.02,x,2,b\n0.02,y,1,b\n0.03,x,3,b\n0.03,heat,7,b\n0.03,y,1,b\n0.04,x,4,b\n0.04,y,1,b\n"),
		"index.csv": text("file,split\nd/acc.csv+heat.csv,train\n"),
	}
	for open1, want := range map[string]string{
		"d/acc.csv+heat.csv": "[x y heat] [1 1 5 2 1 6 3 1 7 4 1 7] [0 1 1 1]",
		".":                  "[x y heat] [1 1 5 2 1 6 3 1 7 4 1 7] [0 1 1 1]",
		"long.csv":           "[heat x y] [5 1 1 6 2 1 7 3 1 7 4 1] [0 1 1 1]",
	} {
		s := open(t, fsys, open1, Options{})
		if got := fmt.Sprint(s.Names, s.Examples[0].Samples, s.Examples[0].Steps); s.Rate != 100 || strings.ReplaceAll(got, "][", "] [") != want {
			t.Errorf("%s: %v Hz, %s, want %s", open1, s.Rate, got, want)
		}
	}
	o := Options{}
	o.Table.Signals = []string{"heat", "x"}
	for _, name := range []string{"d/acc.csv+heat.csv", "long.csv"} {
		if s := open(t, fsys, name, o); !slices.Equal(s.Names, o.Table.Signals) || !slices.Equal(s.Examples[0].Samples[:4], []float32{5, 1, 6, 2}) {
			t.Errorf("%s: chosen: %+v", name, s)
		}
	}
	for name, c := range map[string][2]string{
		"no times":  {"heat\n5\n", "heat.csv has no column of times to be joined by"},
		"stamps":    {"time,heat\n2026-01-02T03:04:05Z,5\n", "have different kinds of times"},
		"twice":     {"time,x\n0,5\n", `heat.csv has a column "x" too`},
		"labels":    {"time,h,label\n0,5,a\n", "heat.csv has a column of labels too"},
		"centuries": {"time_s,h\n1e11,5\n", "centuries after"},
	} {
		fsys["d/heat.csv"] = text(c[0])
		if _, err := OpenFS(fsys, "d/acc.csv+heat.csv", Options{}); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want %s", name, err, c[1])
		}
	}
}

func TestHeaderlessTables(t *testing.T) {
	fsys := fstest.MapFS{"1.csv": text("0,7,8,1\n1,7,8,0\n2,9,9,2\n"), "2.csv": text("0,7,8,2\n1,7,8,2\n")}
	o := Options{Rate: 52, Table: TableOptions{}}
	o.Table.Columns, o.Table.Unlabelled = []string{"seq", "x", "y", "label"}, []string{"0"}
	s := open(t, fsys, ".", o)
	if s.Rate != 52 || !slices.Equal(s.Labels, []string{"1", "2"}) || !slices.Equal(s.Examples[0].Steps, []int32{0, -1, 1}) || s.Examples[1].Steps != nil {
		t.Errorf("%+v", s)
	}
	two, err := s.Only([]string{"2"})
	if err != nil || len(two.Examples) != 2 || !slices.Equal(two.Examples[0].Steps, []int32{-1, -1, 0}) || two.Examples[0].Label != 0 {
		t.Errorf("only: %+v, %v", two, err)
	}
	crops, err := s.Crops(1.0 / 52)
	if err != nil || len(crops.Examples) != 4 || crops.Examples[1].Label != 1 || crops.Examples[1].Steps != nil {
		t.Errorf("crops: %+v, %v", crops, err)
	}
}

func TestTableMistakes(t *testing.T) {
	xy := "x,label\n1,a\n"
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		o    TableOptions
		says string
	}{
		"no label":        {fstest.MapFS{"1.csv": text("x\n1\n")}, TableOptions{}, "1.csv: no column label, activity or class"},
		"all unlabelled":  {fstest.MapFS{"1.csv": text("x,label\n1,\n")}, TableOptions{}, "1.csv: no row has a label: fill"},
		"empty channel":   {fstest.MapFS{"1.csv": text("x,y,label\n1,,a\n")}, TableOptions{}, "1.csv: no sample has a value in every channel (x, y)"},
		"columns differ":  {fstest.MapFS{"1.csv": text(xy), "2.csv": text("y,label\n1,a\n")}, TableOptions{}, `2.csv: no column "x", which 1.csv has`},
		"more columns":    {fstest.MapFS{"1.csv": text(xy), "2.csv": text("x,y,label\n1,2,a\n")}, TableOptions{}, "2.csv: 2 channels (x, y), but 1.csv has 1 (x)"},
		"units differ":    {fstest.MapFS{"1.csv": text("x [g],label\n1,a\n"), "2.csv": text("x [V],label\n1,a\n")}, TableOptions{}, `2.csv: column "x" is in "V", but in "g" in 1.csv`},
		"no such file":    {fstest.MapFS{"1.csv": text(xy)}, TableOptions{TrainFiles: []string{"7"}}, `no file matches "7"`},
		"in both":         {fstest.MapFS{"1.csv": text(xy)}, TableOptions{TrainFiles: []string{"1"}, TestFiles: []string{"1.csv"}}, "1.csv: both TableOptions.TrainFiles and TableOptions.TestFiles match it"},
		"mixed index":     {fstest.MapFS{"index.csv": text("file,label\n1.csv,a\n1.wav,b\n")}, TableOptions{}, "index.csv: lists 1 tables among 2 files"},
		"lost":            {fstest.MapFS{"index.csv": text("file,label\n1.csv,a\n")}, TableOptions{}, "index.csv:2: open 1.csv"},
		"coarse clock":    {fstest.MapFS{"1.csv": text("time,x,label\n0,1,a\n0,2,a\n0,3,a\n1,4,a\n1,4,a\n1,4,a\n")}, TableOptions{}, "1.csv: 4 of 6 rows have the time of the row before, as the clock is too coarse"},
		"wrong time unit": {fstest.MapFS{"1.csv": text("time_ns,x,label\n0,1,a\n1,1,a\n")}, TableOptions{}, "give the unit of the times (TableOptions.TimeUnit)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := OpenFS(c.fsys, ".", Options{Table: c.o})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
	slow := fstest.MapFS{"1.csv": text("time,x,label\n0,1,a\n1,2,b\n")}
	if _, err := OpenFS(slow, ".", Options{Rate: 10}); err == nil || !strings.Contains(err.Error(), "set TableOptions.Bridge to 5 or more") {
		t.Errorf("rows far apart: %v", err)
	}
	if s, err := OpenFS(slow, ".", Options{Rate: 10, Table: TableOptions{Bridge: 5}}); err != nil || s.Frames(0) != 11 {
		t.Errorf("rows far apart, bridged: %v", err)
	}
	plain := fstest.MapFS{"1.csv": text("x,label\n1,a\n2,b\n"), "2.csv": text("x\n3\n")}
	if s, err := OpenFS(plain, ".", Options{Table: TableOptions{Plain: true}}); err != nil || len(s.Examples) != 2 || !slices.Equal(s.Labels, []string{""}) || s.Examples[0].Steps != nil {
		t.Errorf("plain signals: %+v, %v", s, err)
	}
	good := fstest.MapFS{"1.csv": text(xy), "2.csv": text("x,label\nq,a\n")}
	if s, err := OpenFS(good, ".", Options{SkipBad: true}); err != nil || len(s.Examples) != 1 || len(s.Skipped) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

// Times rounded to milliseconds do no harm to the rate.
func TestRateOfRoundedTimes(t *testing.T) {
	var b strings.Builder
	b.WriteString("ms,x,label\n")
	for i := range 2000 {
		at := float64(i) * 1000 / 52
		if i > 1000 {
			at += 700
		}
		fmt.Fprintf(&b, "%.0f,%d,%c\n", math.Round(at), i, 'a'+i%2)
	}
	s := open(t, fstest.MapFS{"1.csv": text(b.String())}, "1.csv", Options{})
	if s.Rate != 52 || len(s.Examples) != 2 {
		t.Errorf("%v Hz, %d examples, %q", s.Rate, len(s.Examples), s.Notes)
	}
}

// Whatever a table holds, labels and samples are within their bounds.
func FuzzTable(f *testing.F) {
	f.Add([]byte("time,x [g],label\n0,1,sit\n0.1,2,\n9,3,run\n"), 0.0)
	f.Add([]byte("seq,x,y,label\n0,7,8,1\n1,,8,0\n"), 52.0)
	f.Fuzz(func(t *testing.T, p []byte, rate float64) {
		if !(rate >= 0 && rate < 1000) || len(p) > 1<<12 {
			return
		}
		s, err := OpenFS(fstest.MapFS{"x.csv": {Data: p}}, "x.csv", Options{Rate: rate, Table: TableOptions{}})
		if err != nil {
			return
		}
		for i := range s.Examples {
			e := &s.Examples[i]
			if s.Frames(i) == 0 || e.Label < 0 || e.Label >= len(s.Labels) || e.Steps != nil && len(e.Steps) != s.Frames(i) {
				t.Fatalf("%+v", e)
			}
			for _, l := range e.Steps {
				if l < -1 || int(l) >= len(s.Labels) {
					t.Fatalf("%+v", e)
				}
			}
		}
	})
}
