//go:build !edge

package main

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"inkling/model/train"
)

// A paper is a terminal as far as canvas uses one.
type paper struct {
	t       *testing.T
	columns int
	rows    [][]rune
	row     int
	col     int
}

var escape = regexp.MustCompile(`^\x1b\[(\d*)([A-Z])`)

func (p *paper) Write(b []byte) (int, error) {
	for s := string(b); s != ""; {
		if m := escape.FindStringSubmatch(s); m != nil {
			switch m[2] {
			case "A":
				n := 0
				for _, d := range m[1] {
					n = 10*n + int(d-'0')
				}
				p.row -= n
			case "J":
				if p.row >= len(p.rows) {
					break
				}
				p.rows = p.rows[:p.row+1]
				p.rows[p.row] = p.rows[p.row][:min(p.col, len(p.rows[p.row]))]
			default:
				p.t.Fatalf("%q", m[0])
			}
			s = s[len(m[0]):]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch r {
		case '\r':
			p.col = 0
		case '\n':
			p.row, p.col = p.row+1, 0
		default:
			p.put(r)
		}
	}
	return len(b), nil
}

func (p *paper) put(r rune) {
	if p.row < 0 {
		p.t.Fatal("above the first row")
	}
	for len(p.rows) <= p.row {
		p.rows = append(p.rows, nil)
	}
	if p.col >= p.columns {
		p.t.Fatalf("a line of more than %d columns: %s", p.columns, string(p.rows[p.row]))
	}
	p.rows[p.row] = append(p.rows[p.row][:p.col], r)
	p.col++
}

func (p *paper) String() string {
	var b strings.Builder
	for _, r := range p.rows {
		b.WriteString(strings.TrimRight(string(r), " ") + "\n")
	}
	return b.String()
}

// onPaper returns the progress of a training on a terminal with the given number of columns.
func onPaper(t *testing.T, columns int) (*trainProgress, *paper) {
	p := &paper{t: t, columns: columns}
	return &trainProgress{canvas: &canvas{w: p}, columns: func() int { return p.columns }, undo: func() {}}, p
}

// train20 is a training of 20 epochs of 10 updates, after a detector.
func train20(p *trainProgress, said string) {
	now := func() { p.last = time.Time{} } // draw, however little time has passed
	for u := 1; u <= 5; u++ {
		now()
		p.update(train.Progress{Part: "detector", Update: u, Updates: 5, Loss: 9, Share: float64(u) / 50})
	}
	for u := 1; u <= 200; u++ {
		now()
		share := 0.1 + 0.9*float64(u)/200
		p.update(train.Progress{Part: train.FinalModel, Update: u, Updates: 200, Loss: 2 / math.Sqrt(float64(u)), Share: share, Left: time.Duration(float64(20*time.Second) * (1 - share))})
		if u%10 == 0 {
			e := float64(u) / 200
			p.epoch(train.Row{Updates: u, ValidLoss: 2 - 1.5*e, ValidConfirm: e, ValidRunning: 0.5 * e, Validated: 9})
		}
		if u == 100 && said != "" {
			p.print(said + "\n")
		}
	}
	p.end()
}

// What is drawn stays in its place, whatever is printed meanwhile, and fits any terminal.
func TestTrainingCurvesOnATerminal(t *testing.T) {
	p, out := onPaper(t, 100)
	train20(p, "warning: it overfits")
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) != 6 || lines[0] != "warning: it overfits" || !strings.HasPrefix(lines[1], "loss       ▆") || !strings.HasSuffix(lines[1], "▁ 0.141") ||
		!strings.HasPrefix(lines[2], "validation ") || !strings.HasSuffix(lines[3], "█ 100.0 %") || !strings.HasSuffix(lines[2], " 0.5") || !strings.HasPrefix(lines[4], "running ") ||
		lines[5] != strings.Repeat("━", 24)+" 100 %  final model, loss 0.141" {
		t.Errorf("\n%s", out)
	}
	for columns := 2; columns < 140; columns += 3 {
		p, out := onPaper(t, columns)
		train20(p, "")
		if len(out.rows) > 5 || columns >= 60 && len(out.rows) != 5 {
			t.Errorf("%d columns:\n%s", columns, out)
		}
	}
}

func TestBlocks(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		points []curvePoint
		total  int
		want   string
	}{
		{nil, 10, ""},
		{[]curvePoint{{1, nan}}, 10, ""},
		{[]curvePoint{{1, 0}, {10, 1}}, 10, "▁▁▁▁▁▁▁▁▁█"},
		{[]curvePoint{{3, 0.5}, {5, 0.25}}, 10, "  ▅▅▃     "},
		{[]curvePoint{{3, 0.5}, {4, nan}, {5, 2}, {6, -2}}, 10, "  ▅▅█▁    "},
		{[]curvePoint{{1, 0}, {2, 1}}, 0, "         ▅"},
		{[]curvePoint{{1, 0}, {99, 1}}, 10, "▁▁▁▁▁▁▁▁▁█"},
	} {
		if got := blocks(c.points, 0, 1, c.total, 10); got != c.want {
			t.Errorf("%v: %q, want %q", c.points, got, c.want)
		}
	}
	if got := blocks([]curvePoint{{1, 3}, {2, 3}}, 3, 3, 2, 2); got != "▁▁" {
		t.Errorf("%q", got)
	}
}

// A training that is watched for long keeps few points, its first and its last among them.
func TestCurvesAreThinned(t *testing.T) {
	var c trainCurves
	for u := range 10 * mostPoints {
		c.update(train.Progress{Part: train.FinalModel, Update: u + 1, Updates: 10 * mostPoints}, 1)
	}
	if n := len(c.loss); n > mostPoints || c.loss[0].updates != 1 || c.loss[n-1].updates != 10*mostPoints {
		t.Errorf("%d points, %v to %v", n, c.loss[0], c.loss[n-1])
	}
}

// Without a terminal there are lines, and no curves.
func TestTrainingCurvesAreForTerminals(t *testing.T) {
	var log bytes.Buffer
	p := (&trainCmd{}).newProgress(&app{stderr: &log, rawErr: &log})
	train20(p, "")
	if s := log.String(); strings.ContainsAny(s, "\x1b\r█━") || strings.Count(s, "\n") != 205 {
		t.Errorf("%.500q", s)
	}
}
