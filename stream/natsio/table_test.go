package natsio

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/segment"
	"inkling/stream"
)

// A sheet is a table of a signal: its header and its rows.
type sheet struct {
	names []string
	rows  [][]string
	at    []float64 // seconds
}

func (s *sheet) add(at float64, row ...string) {
	s.rows, s.at = append(s.rows, row), append(s.at, at)
}

func (s *sheet) csv() []byte {
	var b bytes.Buffer
	for _, row := range append([][]string{s.names}, s.rows...) {
		b.WriteString(strings.Join(row, ",") + "\n")
	}
	return b.Bytes()
}

// json returns a row as an object.
func (s *sheet) json(row []string) string {
	var list []string
	for i, cell := range row {
		switch {
		case cell == "":
			cell = "null"
		case strings.ContainsAny(cell, ":"):
			cell = `"` + cell + `"`
		}
		list = append(list, fmt.Sprintf("%q:%s", s.names[i], cell))
	}
	return "{" + strings.Join(list, ",") + "}"
}

// renderedSheet is about 50 Hz with jitter, a gap and missing values. stamp writes the time of a
// row.
func renderedSheet(stamp func(seconds float64) string) *sheet {
	s := &sheet{names: []string{"t", "x", "y", "z"}}
	for i := range 600 {
		at := float64(i)*0.02 + 0.004*float64(i*i%7)/7
		if i >= 400 {
			at += 3.3
		}
		y := fmt.Sprint(i % 91)
		if i%11 == 5 || i > 120 && i < 140 {
			y = ""
		}
		s.add(at, stamp(at), fmt.Sprintf("%.3f", float64(i*i%1000)/7), y, fmt.Sprintf("%.2f", 9.81-float64(i%17)/10))
	}
	return s
}

// chestSheet is the acceleration of one person, with times.
func chestSheet(t *testing.T) *sheet {
	f, err := os.Open(testkit.Data(t, "chest-accel/1.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := &sheet{names: []string{"t", "x", "y", "z"}}
	for lines := bufio.NewScanner(z); lines.Scan() && len(s.rows) < 1000; {
		cells := strings.Split(lines.Text(), ",")
		at := float64(len(s.rows)) / 52
		s.add(at, fmt.Sprintf("%.6f", 1.7e9+at), cells[1], cells[2], cells[3])
	}
	return s
}

// imuSheet is the movements of a wrist: six channels at 10 Hz.
func imuSheet(t *testing.T) *sheet {
	data, err := os.ReadFile(testkit.Data(t, "imu/BasicMotions_TRAIN.ts"))
	if err != nil {
		t.Fatal(err)
	}
	s := &sheet{names: []string{"t", "ax", "ay", "az", "gx", "gy", "gz"}}
	_, data, _ = bytes.Cut(data, []byte("@data\n"))
	for line := range bytes.Lines(data) {
		var channels [][]string
		for c := range strings.SplitSeq(strings.TrimSpace(string(line)), ":") {
			channels = append(channels, strings.Split(c, ","))
		}
		for i := range channels[0] {
			row := []string{fmt.Sprint(len(s.rows) * 100)} // milliseconds since the start
			for _, c := range channels[:6] {
				row = append(row, c[i])
			}
			s.add(float64(len(s.rows))/10, row...)
		}
		if len(s.rows) >= 400 {
			break
		}
	}
	return s
}

// sensorModel labels segments of 20 steps of named channels.
func sensorModel(t testkit.TB, rate float64, names ...string) *model.Model {
	c := testmodel.Labels(rate, len(names), "calm", "wild")
	c.Names = names
	c.Segment = segment.Config{Kind: segment.Fixed, Steps: 20}
	return testmodel.New(t, c, rand.New(rand.NewPCG(1, 2)))
}

// outcome is what came of a source.
type outcome struct {
	mu      sync.Mutex
	events  []string
	samples map[uint64]string
}

// Write keeps what does not depend on the source's name and on the machine's clock.
func (o *outcome) Write(_ context.Context, given *stream.Event) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := *given
	if e.Type == stream.Status || e.Type == stream.Summary {
		return nil
	}
	e.Session, e.Stream, e.LatencyMS = "", "", 0
	if e.EndedBy == segment.ByEOF || e.EndedBy == segment.ByInterrupt {
		e.EndedBy = "end"
	}
	if e.Clock != capture.SensorTime {
		e.Time, e.Clock = time.Time{}, ""
	}
	o.events = append(o.events, string(stream.AppendJSON(nil, &e)))
	return nil
}

func (o *outcome) Flush(context.Context) error { return nil }
func (o *outcome) Close() error                { return nil }

// runOver returns what comes of a source that ctx ends, or that ends by itself.
func runOver(t *testing.T, ctx context.Context, src capture.Source, m *model.Model, finite bool) *outcome {
	t.Helper()
	defer src.Close()
	o := &outcome{samples: map[uint64]string{}}
	seg := m.Config.Segment
	err := stream.Run(ctx, src, m, &stream.RunOptions{Options: stream.Options{Segment: &seg}, Finite: finite, Drain: time.Minute, Progress: func(b *capture.Block) {
		for i := range b.Len() {
			o.samples[b.Offset+uint64(i)] = fmt.Sprint(b.Samples[i*b.Format.Channels : (i+1)*b.Format.Channels])
		}
	}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// same fails if two outcomes differ.
func (o *outcome) same(t *testing.T, want *outcome) {
	t.Helper()
	if !maps.Equal(o.samples, want.samples) {
		t.Errorf("%d samples, want %d", len(o.samples), len(want.samples))
		for k, v := range want.samples {
			if o.samples[k] != v {
				t.Errorf("sample %d: %s, want %s", k, o.samples[k], v)
				break
			}
		}
	}
	if len(want.events) == 0 {
		t.Error("no events to compare")
	}
	if !slices.Equal(o.events, want.events) {
		t.Errorf("%d events, want %d", len(o.events), len(want.events))
		for i := range want.events {
			if i >= len(o.events) || o.events[i] != want.events[i] {
				t.Fatalf("event %d:\n%s, want\n%s", i, slices.Concat(o.events, []string{""})[min(i, len(o.events))], want.events[i])
			}
		}
	}
}

// published returns what comes of messages on the subjects of a source.
func published(t *testing.T, m *model.Model, subject string, o SourceOptions, messages []*nats.Msg) *outcome {
	t.Helper()
	nc := connect(t)
	o.Format.Names, o.Format.Units, o.Format.Width = m.Config.Names, m.Config.Units, m.Config.Channels
	o.Grid.Rate = m.Config.Rate
	s := newSource(t, nc, subject, o)
	s.quiet = time.Hour
	for _, msg := range messages {
		if err := nc.PublishMsg(msg); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	end() // Run reads what has arrived
	return runOver(t, ctx, s, m, false)
}

func played(t *testing.T, m *model.Model, s *sheet) *outcome {
	t.Helper()
	name := testkit.WriteFile(t, t.TempDir(), "x.csv", s.csv())
	return runOver(t, context.Background(), capture.TableFiles(capture.Options{},
		capture.TableOptions{Rate: m.Config.Rate, Channels: m.Config.Names, Units: m.Config.Units}, name), m, true)
}

// batches divides rows into messages.
func batches(s *sheet, rows [][]string, rng *rand.Rand, most int) (list []*nats.Msg) {
	for len(rows) > 0 {
		n := min(1+rng.IntN(most), len(rows))
		var items []string
		for _, row := range rows[:n] {
			items = append(items, s.json(row))
		}
		text := items[0]
		switch {
		case n > 1 && rng.IntN(2) == 0:
			text = strings.Join(items, "\n")
		case n > 1:
			text = "[" + strings.Join(items, ",") + "]"
		}
		list, rows = append(list, &nats.Msg{Subject: "in", Data: []byte(text)}), rows[n:]
	}
	return list
}

// lose leaves out rows, by itself and in stretches.
func (s *sheet) lose(rng *rand.Rand, share float64) *sheet {
	kept := &sheet{names: s.names}
	for i := 0; i < len(s.rows); i++ {
		switch {
		case i > 0 && rng.Float64() < share/10:
			i += 10 + rng.IntN(30)
		case i > 0 && rng.Float64() < share:
		default:
			kept.add(s.at[i], s.rows[i]...)
		}
	}
	return kept
}

// shuffle returns the rows with a share of them late by up to 200 ms.
func (s *sheet) shuffle(rng *rand.Rand, share float64) [][]string {
	comes := slices.Clone(s.at)
	for i := range comes {
		if rng.Float64() < share {
			comes[i] += 0.2 * rng.Float64()
		}
	}
	order := make([]int, len(comes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(comes[a], comes[b]) })
	var rows [][]string
	for _, i := range order {
		rows = append(rows, s.rows[i])
	}
	return rows
}

// The rows of a table, published in any number of messages, give the samples, gaps and
// events of the table: also if rows are lost, or come late.
func TestRowsGiveWhatTheirTableGives(t *testing.T) {
	for _, c := range []struct {
		name  string
		rate  float64
		sheet func(t *testing.T) *sheet
	}{
		{"seconds", 50, func(*testing.T) *sheet {
			return renderedSheet(func(at float64) string { return fmt.Sprintf("%.4f", at) })
		}},
		{"milliseconds since 1970, another rate", 33, func(*testing.T) *sheet {
			return renderedSheet(func(at float64) string { return fmt.Sprintf("%.1f", 1.76e12+at*1000) })
		}},
		{"dates", 50, func(*testing.T) *sheet {
			return renderedSheet(func(at float64) string {
				return time.Unix(1.76e9, 0).UTC().Add(time.Duration(at * 1e9)).Format(time.RFC3339Nano)
			})
		}},
		{"chest acceleration", 52, chestSheet},
		{"wrist", 10, imuSheet},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.sheet(t)
			m := sensorModel(t, c.rate, s.names[1:]...)
			rng := rand.New(rand.NewPCG(3, uint64(len(c.name))))
			want := played(t, m, s)
			published(t, m, "in", SourceOptions{}, batches(s, s.rows, rng, 1)).same(t, want)
			tries := 1
			if os.Getenv("INKLING_LONG") != "" {
				tries = 20
			}
			for range tries {
				published(t, m, "in", SourceOptions{}, batches(s, s.rows, rng, 1+rng.IntN(200))).same(t, want)
				lossy := s.lose(rng, 0.01)
				want := played(t, m, lossy)
				published(t, m, "in", SourceOptions{}, batches(lossy, lossy.rows, rng, 20)).same(t, want)
				published(t, m, "in", SourceOptions{}, batches(lossy, lossy.shuffle(rng, 0.05), rng, 1+rng.IntN(3))).same(t, want)
			}
		})
	}
}
