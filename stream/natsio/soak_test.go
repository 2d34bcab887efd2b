package natsio

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream"
)

// soakModel returns a model of random weights.
func soakModel(t *testing.T) *model.Model {
	c := testmodel.Labels(1000, 1, "a", "b", "c")
	c.Front = feature.Config{Kind: feature.KindLogMel, WindowMS: 40, HopMS: 20, Bands: 5}
	c.Hidden, c.Layers = 17, 2
	c.Segment = segment.Config{Kind: segment.Activity, MinDuration: 0.05, PreRoll: 0.04, Hold: 0.06}
	c.Decision.Warm, c.Decision.EarlyP, c.Decision.EarlySteps = 1, 0.4, 2
	return testmodel.New(t, c, rand.New(rand.NewPCG(3, 3)))
}

// beeps returns noise that comes and goes.
func beeps(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	level := 1e-4
	for i := range x {
		if rng.IntN(150) == 0 {
			level = 0.3 - level
		}
		x[i] = float32(level * rng.NormFloat64())
	}
	return x
}

// collector is a sink that keeps the events of each stream, as line returns them.
type collector map[string][]string

func (c collector) Write(_ context.Context, e *stream.Event) error {
	if e.Stream != "" {
		c[e.Stream] = append(c[e.Stream], line(*e))
	}
	return nil
}
func (collector) Flush(context.Context) error { return nil }
func (collector) Close() error                { return nil }

// line returns an event as JSON, without what depends on the clock.
func line(e stream.Event) string {
	e.Session, e.Time, e.LatencyMS = "", time.Time{}, 0
	return string(stream.AppendJSON(nil, &e))
}

// Through a server and Run the events of every stream are those of its samples alone:
// none missing, none twice, in order.
func TestHundredsOfSubjectsGiveTheSameEvents(t *testing.T) {
	const subjects, samples = 500, 1500
	nc := connect(t)
	m := soakModel(t)
	src := newSource(t, nc, "in.*", SourceOptions{})
	var done atomic.Int64
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	o := &stream.RunOptions{Idle: time.Minute, Progress: func(b *capture.Block) {
		if done.Add(int64(len(b.Samples))) == subjects*samples {
			cancel()
		}
	}}
	got, finished := collector{}, make(chan error)
	go func() { finished <- stream.Run(ctx, src, m, o, got) }()
	all := publishInTurn(t, &Publisher{Conn: nc, Rate: 1000}, subjects, samples)
	if err := <-finished; err != nil {
		t.Fatal(err)
	}
	if n := done.Load(); n != subjects*samples || src.Lost.Load()+src.Bad.Load() > 0 {
		t.Fatalf("%d of %d samples were processed, %d messages lost, %d bad", n, subjects*samples, src.Lost.Load(), src.Bad.Load())
	}
	events := 0
	for name, x := range all {
		want := expected(t, m, name, x)
		events += len(want)
		if n := len(got[name]); n != len(want) {
			t.Fatalf("%s: %d events, want %d", name, n, len(want))
		}
		for i := range want {
			if got[name][i] != want[i] {
				t.Fatalf("%s: event %d:\n got %s\nwant %s", name, i, got[name][i], want[i])
			}
		}
	}
	if len(got) > subjects || events < 50*subjects {
		t.Errorf("%d streams, %d events", len(got), events)
	}
}

// publishInTurn publishes a signal on each subject in messages of any length, and
// returns the signals.
func publishInTurn(t *testing.T, p *Publisher, subjects, samples int) map[string][]float32 {
	rng := rand.New(rand.NewPCG(1, 1))
	all := map[string][]float32{}
	var senders []*Publisher
	for i := range subjects {
		one := *p
		one.Subject = fmt.Sprintf("in.s%d", i)
		all[one.Subject] = beeps(rng, samples)
		senders = append(senders, &one)
	}
	for left := subjects; left > 0; {
		for i := range senders {
			one := senders[i]
			rest := all[one.Subject][one.offset:]
			if len(rest) == 0 {
				continue
			}
			if err := one.Send(rest[:min(1+rng.IntN(200), len(rest))]); err != nil {
				t.Fatal(err)
			}
			if one.offset == uint64(samples) {
				left--
			}
		}
	}
	return all
}

// expected returns the events of a classifier that gets the samples alone.
func expected(t *testing.T, m *model.Model, name string, x []float32) (lines []string) {
	c, err := stream.NewClassifier(m, &stream.Options{Stream: name})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Feed(&capture.Block{Stream: name, Format: capture.Format{Rate: 1000, Channels: 1}, Samples: x}); err != nil {
		t.Fatal(err)
	}
	for _, e := range c.End(nil, segment.ByInterrupt) {
		lines = append(lines, line(e))
	}
	return lines
}
