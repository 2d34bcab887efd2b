package table

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

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

// A value before time 0 counts once, and is no value of another channel.
func TestRowsBeforeTheFirst(t *testing.T) {
	s := NewSampler(2, GridOptions{Rate: 50}, 1)
	for i, at := range []float64{-0.03, -0.01, 0.02} {
		s.Push(&Row{Line: i, Time: at, Values: []float32{1, nan}})
	}
	if s.Begun() != 1 || !s.Lacks(1) || s.Runs() != 0 {
		t.Errorf("%d channels have begun, channel 1 lacks values: %v, %d runs", s.Begun(), s.Lacks(1), s.Runs())
	}
	for i, at := range []float64{-0.05, 0.02} {
		s.Push(&Row{Line: i, Time: at, Values: []float32{1, 2}})
	}
	s.Flush("x")
	if r := s.Take(); r.Offset > 1 || s.Runs() != 0 {
		t.Errorf("samples from %d on", r.Offset)
	}
}

// Rows that come more slowly than the samples are told.
func TestSlowRowsAreTold(t *testing.T) {
	for rate, told := range map[float64]bool{10: false, 14: false, 50: true} {
		g := NewGrid(1, GridOptions{Rate: rate}, func(int64, []float32, int32) {})
		for i := range 100 {
			g.Push(&Row{Line: i, Time: float64(i) / 10, Values: []float32{float32(i)}}, -1)
		}
		g.Flush()
		if notes := g.Stats().Notes([]string{"x"}, "s"); (len(notes) > 0) != told {
			t.Errorf("100 rows at 10 a second, samples at %v: %q", rate, notes)
		}
	}
}
