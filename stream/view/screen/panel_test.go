package screen

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"inkling/capture"
	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/view"
)

var update = flag.Bool("update", false, "rewrite the golden frames")

const rate = 16000

var labels = []string{"flute", "piano", "trumpet"}

// newPanel returns a panel with keys, of a size.
func newPanel(width, height int) *panel {
	b := newBoard(labels, rate)
	m := &panel{ctx: context.Background(), board: b, labels: labels, keys: true, lines: view.NewFormatter(view.Options{Width: width, Rate: rate})}
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return m
}

// look has m look at its board.
func (m *panel) lookNow() { m.Update(m.board.take(m.rows(), m.columns(), m.chosen)) }

// notes plays n notes of a second each, with pauses of half a second, on a stream; the last
// one has not ended. Every third one ran as the label before it.
func notes(b *board, name string, n int) {
	tap, format := b.tap(name), capture.Format{Rate: rate, Channels: 1}
	for i := range n {
		start, label := uint64(i*rate*3/2), labels[i%3]
		ran := label
		if i%3 == 2 {
			ran = labels[(i+2)%3]
		}
		block := capture.Block{Stream: name, Format: format, Offset: start, Samples: tone(rate, 0.5/float64(i+1))}
		tap.Block(&block, start)
		for step := 1; step <= 10; step++ {
			probs := []float32{0.1, 0.1, 0.1}
			for k := range labels {
				if labels[k] == ran {
					probs[k] = 0.8
				}
			}
			at := start + uint64(step)*rate/10
			e := stream.NewRunning(stream.Header{Stream: name, Segment: uint64(i + 1), Step: step, Sample: at},
				stream.Answer{Label: ran, P: 0.8, Warm: true, Probs: probs})
			b.event(&e)
		}
		if i == n-1 {
			break
		}
		end := start + rate
		silence := capture.Block{Stream: name, Format: format, Offset: end, Samples: make([]float32, rate/2)}
		tap.Block(&silence, end)
		e := stream.NewConfirmed(stream.Header{Stream: name, Segment: uint64(i + 1), Step: 10, Sample: end + rate/2}, stream.Answer{Label: label, P: 0.9},
			stream.Outcome{Running: ran, Agrees: ran == label, Steps: 10}, stream.Span{Start: start, End: end, EndedBy: segment.BySilence}, stream.HeldBack{})
		if s, ok := tap.(stream.SegmentTap); ok {
			s.Segment(&e, nil, format, tone(10, 0.5))
		}
		b.event(&e)
	}
}

func tone(n int, level float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(level * math.Sin(float64(i)))
	}
	return x
}

var sgr = regexp.MustCompile(`\x1b\[[0-9]*m`)

// frame is what a panel draws, without colours.
func frame(m *panel) string { return sgr.ReplaceAllString(m.View().Content, "") + "\n" }

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s (go test -update rewrites it), %v:\n%s", path, err, got)
	}
}

func TestFrames(t *testing.T) {
	for _, width := range []int{40, 80, 120} {
		m := newPanel(width, 24)
		notes(m.board, "dir/notes.flac", 7)
		m.lookNow()
		golden(t, fmt.Sprintf("one-%d", width), frame(m))

		m = newPanel(width, 24)
		for i := range 14 {
			notes(m.board, fmt.Sprintf("hall.%02d", i), 2+i%4)
		}
		m.lookNow()
		m.Update(key("down"))
		golden(t, fmt.Sprintf("many-%d", width), frame(m))
	}
}

// Whatever the size of the terminal and the number of streams and labels, the panel leaves
// room for a line above it, no line is wider than the terminal, and every frame has its
// first line.
func TestFramesFit(t *testing.T) {
	for _, streams := range []int{1, 2, 5, 40} {
		b := newBoard(labels, rate)
		for i := range streams {
			notes(b, strings.Repeat("längst 日本語 ", 1+i%5)+fmt.Sprint(i), 3)
		}
		for width := 1; width < 150; width += 7 {
			for _, height := range []int{1, 2, 3, 4, 6, 9, 30} {
				m := newPanel(width, height)
				m.board = b
				m.lookNow()
				lines := strings.Split(strings.TrimRight(frame(m), "\n"), "\n")
				if len(lines) > max(height-1, 1) {
					t.Fatalf("%d lines on a terminal of %d", len(lines), height)
				}
				for _, l := range lines {
					if n := view.Columns(l); n > max(width, view.LeastWidth) {
						t.Fatalf("width %d: %d columns: %q", width, n, l)
					}
				}
			}
		}
	}
}

// Nothing in an event, and nothing in a stream's name, controls the terminal.
func TestLabelsAreText(t *testing.T) {
	const mean = "\x1b[2J\x1b]0;pwned\a\u009b31m\r\nforged\u202e<b>"
	for _, n := range []int{1, 3} {
		b := newBoard([]string{mean, "b"}, rate)
		m := &panel{ctx: context.Background(), board: b, labels: []string{mean, "b"}, keys: true, lines: view.NewFormatter(view.Options{Width: 80, Rate: rate})}
		m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		for i := range n {
			name := fmt.Sprint(mean, i)
			tap := b.tap(name)
			e := stream.NewConfirmed(stream.Header{Stream: name, Segment: 1, Sample: rate}, stream.Answer{Label: mean, P: 1}, stream.Outcome{Running: mean},
				stream.Span{End: rate}, stream.HeldBack{})
			tap.(stream.SegmentTap).Segment(&e, nil, capture.Format{Rate: rate, Channels: 1}, tone(10, 1))
			b.event(&e)
			e = stream.NewRunning(stream.Header{Stream: name, Segment: 2, Sample: 2 * rate}, stream.Answer{Label: mean, P: 1, Warm: true, Top: []stream.Score{{Label: mean, P: 1}}})
			b.event(&e)
		}
		m.lookNow()
		m.play = func(context.Context, []float32, float64, int) error { return errors.New(mean) }
		_, cmd := m.Update(key("p"))
		var printed string
		if _, cmd = m.Update(cmd()); cmd != nil {
			printed = fmt.Sprint(cmd())
		}
		got := frame(m) + printed
		if strings.ContainsAny(got, "\x1b\a\r\u009b\u202e") || strings.Contains(got, "\nforged") || !strings.Contains(got, `\u001b[2J`) {
			t.Errorf("%d streams: %q", n, got)
		}
	}
}

func TestKeys(t *testing.T) {
	m := newPanel(80, 24)
	var heard []int
	m.play = func(_ context.Context, x []float32, _ float64, _ int) error {
		heard = append(heard, len(x))
		return nil
	}
	m.Update(key("p"))
	if m.note == "" {
		t.Error("nothing to hear, and nothing says so")
	}
	notes(m.board, "a", 3)
	notes(m.board, "b", 1)
	m.lookNow()
	_, cmd := m.Update(key("p"))
	if _, again := m.Update(key("p")); again != nil {
		t.Error("plays twice at once")
	}
	m.Update(cmd())
	if len(heard) != 1 || heard[0] != 10 {
		t.Fatalf("heard %v", heard)
	}
	m.Update(key("up")) // b, of which no segment has ended
	m.lookNow()
	if _, cmd = m.Update(key("p")); m.chosen != "b" || cmd != nil {
		t.Errorf("chosen %q, plays %v", m.chosen, cmd != nil)
	}
	m.Update(endingMsg{})
	if _, cmd = m.Update(key("p")); cmd != nil || !strings.Contains(frame(m), "ending") {
		t.Error("keys count while it ends")
	}
	m.Update(closedMsg{})
	if got := frame(m); got != "\n" {
		t.Errorf("drawn after the end: %q", got)
	}
}

// A stream of text, of sensors or of forecasts has a panel as well.
func TestOtherSignals(t *testing.T) {
	m := newPanel(60, 24)
	tap := m.board.tap("imu")
	tap.Block(&capture.Block{Stream: "imu", Format: capture.Format{Rate: 50, Channels: 3}, Samples: []float32{1, 2, 3, 0.5, -9.81, 0.25}}, 0)
	e := stream.NewRunning(stream.Header{Stream: "imu", Segment: 1, Step: 1, Sample: 2}, stream.Answer{Label: "piano", P: 0.7, Warm: true, Top: []stream.Score{{Label: "piano", P: 0.7}}})
	m.board.event(&e)
	m.lookNow()
	if got := frame(m); !strings.Contains(got, "0.5  -9.81  0.25") || !strings.Contains(got, "▸ piano") {
		t.Errorf("sensor:\n%s", got)
	}
	m = newPanel(60, 24)
	e = stream.NewForecast(stream.Header{Stream: "f", Segment: 1, Step: 5, Sample: 5}, stream.Prediction{Values: []float32{0.125}, Ahead: []float32{0.25}}, nil)
	m.board.event(&e)
	m.lookNow()
	if got := frame(m); !strings.Contains(got, "0.125 → 0.25") {
		t.Errorf("forecast:\n%s", got)
	}
}

// A board keeps to its bounds, and a stream that begins anew has nothing of before.
func TestBoardIsBounded(t *testing.T) {
	b := newBoard(labels, rate)
	var taps []stream.Tap
	for i := range 2 * mostTracks {
		name := fmt.Sprint(i)
		if tap := b.tap(name); tap != nil {
			taps = append(taps, tap)
		}
		e := stream.NewRunning(stream.Header{Stream: name, Segment: 1, Sample: uint64(i) * 1e9}, stream.Answer{Label: fmt.Sprint("label", i), P: 1, Warm: true})
		b.event(&e)
	}
	if len(b.tracks) != mostTracks || len(taps) != mostTaps {
		t.Errorf("%d tracks, %d taps", len(b.tracks), len(taps))
	}
	for _, tap := range taps {
		tap.Close()
	}
	notes(b, "again", 3)
	first := *b.tracks["again"]
	notes(b, "again", 1)
	if now := b.tracks["again"]; now.sound.samples != nil || now.ribbon.at >= first.ribbon.at || b.taps != 2 {
		t.Errorf("after a second beginning: %d samples, column %d of %d, %d taps", len(now.sound.samples), now.ribbon.at, first.ribbon.at, b.taps)
	}
}

func TestNamesOfKeys(t *testing.T) {
	for in, want := range map[string]string{"p": "p", "\x1b[A": "up", "\x1bOB": "down", "\x1b": "esc", "\x1b[1;5Cq": "q", "é": "é", "\x1b[12": "", "jk": "j k", "\xff": "\xff"} {
		if got := strings.Join(keyNames([]byte(in)), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzNamesOfKeys(f *testing.F) {
	f.Add([]byte("\x1b[A\x1bOBp\x1b[1;5"))
	f.Fuzz(func(t *testing.T, b []byte) { keyNames(b) })
}
