package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/model"
)

// walk is rows of a sensor at 50 Hz that shakes at so many hertz, from a time on.
func walk(rng *rand.Rand, from float64, rows int, hertz float64, tail string) string {
	var b strings.Builder
	for i := range rows {
		at := from + float64(i)/50
		fmt.Fprintf(&b, "%.3f,%.3f,%.3f%s\n", at, math.Sin(2*math.Pi*hertz*at)+0.1*rng.NormFloat64(), 0.1*rng.NormFloat64(), tail)
	}
	return b.String()
}

// Tables in folders by label are trained on, shown, drawn and judged; the model takes
// a table with its columns in another order, from a pipe as well, and tells gaps.
func TestTables(t *testing.T) {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(3, 1))
	for i := range 8 {
		writeFile(t, dir, fmt.Sprintf("d/slow/%d.csv", i), []byte("time,x [g],y [g]\n"+walk(rng, 0, 60, 1, "")))
		writeFile(t, dir, fmt.Sprintf("d/fast/%d.csv", i), []byte("time,x [g],y [g]\n"+walk(rng, 0, 60, 5, "")))
	}
	t.Chdir(dir)
	mustRun(t, "train", "d", "-o", "m", "--updates", "40", "--hidden", "8", "-q")
	if out := mustRun(t, "inspect", "m"); !strings.Contains(out, "50 Hz, 2 channels: x [g], y [g]") {
		t.Error(out)
	}
	if out := mustRun(t, "inspect", "d"); !strings.Contains(out, "50 Hz: x [g], y [g]") {
		t.Error(out)
	}
	mustRun(t, "plot", "waveform", "d", "-o", "w.png")
	mustRun(t, "eval", "m", "d")
	if out := mustRun(t, "verify", "m", "d", "-n", "2"); !strings.Contains(out, "equal to the bit") {
		t.Error(out)
	}

	rows := walk(rng, 0, 100, 5, "") + walk(rng, 7, 100, 5, "")
	turned := "y (g),label,x,time\n"
	for _, line := range strings.Split(strings.TrimSpace(rows), "\n") {
		f := strings.Split(line, ",")
		turned += fmt.Sprintf("%s,none,%s,%s\n", f[2], f[1], f[0])
	}
	writeFile(t, dir, "a.csv", []byte("time,x,y\n"+rows))
	writeFile(t, dir, "b.csv", []byte(turned))
	events := func(stdin string, source ...string) string {
		out, log, code := inkling(t, stdin, append([]string{"run", "m", "--segment", "fixed", "--steps", "10", "--json"}, source...)...)
		if code != 0 || !strings.Contains(log, "gaps: 1") {
			t.Fatalf("exit %d: %s", code, log)
		}
		var kept []string
		for _, line := range strings.Split(out, "\n") {
			if i := strings.Index(line, `"segment":`); i >= 0 || strings.Contains(line, `"type":"gap"`) {
				line, _, _ = strings.Cut(line[max(i, strings.Index(line, `"sample":`)):], `,"latency_ms"`)
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\n")
	}
	a := events("", "a.csv")
	if !strings.Contains(a, `"lost":250`) || a != events("", "b.csv") || a != events("time,x,y\n"+rows, "-", "--format", "csv") {
		t.Errorf("the same rows, other events: %s", a)
	}
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{1, `no column "y", which the model takes`, []string{"run", "m", "c.csv"}},
		{2, "run them apart from the audio", []string{"run", "m", "a.csv", "m.png"}},
		{2, "a table need not be recorded", []string{"record", "fast", "a.csv", "-o", "d"}},
		{2, "give time=NAME or label=NAME", []string{"inspect", "a.csv", "--columns", "what=x"}},
		{1, "no column label, activity or class", []string{"train", "a.csv", "-o", "n"}},
	} {
		writeFile(t, dir, "c.csv", []byte("time,x,z\n0,1,2\n"))
		if _, log, code := inkling(t, "", c.args...); code != c.code || !strings.Contains(log, c.says) {
			t.Errorf("inkling %s: exit %d, want %d and %q:\n%s", strings.Join(c.args, " "), code, c.code, c.says, log)
		}
	}
}

// What the flags say of columns.
func TestTableFlags(t *testing.T) {
	f := tableFlags{Columns: []string{"label=state", "time=-"}, Signals: []string{"x"}}
	o, err := f.table(&model.Config{Names: []string{"a"}})
	if err != nil || o.Label != "state" || o.Time != "-" || o.Columns != nil || o.Want[0] != "a" {
		t.Errorf("%+v, %v", o, err)
	}
}
