package stream

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// benchModel has 100 units, as trained models have by default.
func benchModel(b testing.TB, front feature.Config, rate float64) *model.Model {
	c := model.Config{Version: 1, Labels: []string{"a", "b", "c"}, Rate: rate, Channels: 1, Hidden: 100, Layers: 1,
		Running: model.RunningSoftmax, Confirm: true, Segment: segment.Config{Kind: segment.Fixed, Steps: segmentSteps, MaxDuration: 3600},
		Decision: decide.Config{State: "reset", Gap: "reset"}}
	var err error
	if c.Front, err = front.Normalize(rate, 1); err != nil {
		b.Fatal(err)
	}
	x, err := feature.New(c.Front, rate, 1)
	if err != nil {
		b.Fatal(err)
	}
	p := model.NewParams(&c, x.Dim())
	p.Init(rand.New(rand.NewPCG(1, 1)))
	m, err := model.New(c, p)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// many is a source of many streams, a block of each in turn: all of them at once,
// or, with a pace, each round's at moments drawn evenly from it. At a pace streams
// begin one after another, so that their segments do not end together.
type many struct {
	names  []string
	rounds int
	block  capture.Block // of each; the offset is the source's
	pace   time.Duration

	began time.Time
	order []int
	at    []time.Duration // in the round
	n     int
}

func newMany(streams, rounds int, pace time.Duration, block capture.Block) *many {
	rng := rand.New(rand.NewPCG(2, 2))
	s := &many{rounds: rounds, pace: pace, block: block, order: rng.Perm(streams)}
	for i := range streams {
		s.names = append(s.names, fmt.Sprintf("in.s%d", i))
		s.at = append(s.at, time.Duration(rng.Int64N(int64(max(pace, 1)))))
	}
	slices.Sort(s.at)
	return s
}

const segmentSteps = 50

// skip leaves out what comes before a stream's begin.
func (s *many) skip() {
	for s.pace > 0 && s.n < s.rounds*len(s.names) && s.n/len(s.names) < s.order[s.n%len(s.names)]%segmentSteps {
		s.n++
	}
}

// due is when the next block comes.
func (s *many) due() time.Time {
	return s.began.Add(time.Duration(s.n/len(s.names))*s.pace + s.at[s.n%len(s.names)])
}

func (s *many) Read(ctx context.Context, b *capture.Block) error {
	if s.n == 0 {
		s.began = time.Now()
	}
	if s.skip(); s.n == s.rounds*len(s.names) {
		return io.EOF
	}
	*b = s.block
	if s.pace > 0 {
		time.Sleep(time.Until(s.due()))
		b.Time = time.Now()
	}
	b.Stream = s.names[s.order[s.n%len(s.names)]]
	b.Offset = uint64(s.n / len(s.names) * s.block.Len())
	s.n++
	return nil
}

func (s *many) Ready() bool {
	s.skip()
	return s.n < s.rounds*len(s.names) && (s.pace == 0 || !time.Now().Before(s.due()))
}

func (s *many) Close() error { return nil }

// benchCase is a front end, and a block of one step, or of two.
type benchCase struct {
	name  string
	m     *model.Model
	block capture.Block
	steps int   // a block
	live  []int // streams that a machine of two cores carries
}

func benchCases(b *testing.B) []benchCase {
	rng := rand.New(rand.NewPCG(1, 1))
	noise := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(0.1 * rng.NormFloat64())
		}
		return x
	}
	return []benchCase{
		{"raw40", benchModel(b, feature.Config{Kind: feature.KindRaw, Samples: 40}, 4000),
			capture.Block{Format: capture.Format{Rate: 4000, Channels: 1}, Samples: noise(40)}, 1, []int{1, 100, 1000}},
		{"logmel16k", benchModel(b, feature.Config{Kind: feature.KindLogMel}, 16000),
			capture.Block{Format: capture.Format{Rate: 16000, Channels: 1}, Samples: noise(320)}, 2, []int{1, 100, 300}},
	}
}

// alone advances each stream by itself as its blocks come, and returns steps a second of
// processor time.
func (c *benchCase) alone(b *testing.B, streams, rounds int) float64 {
	src := newMany(streams, rounds, 0, c.block)
	all := map[string]*Classifier{}
	for _, name := range src.names {
		k, err := NewClassifier(c.m, &Options{Stream: name, Emit: Emit{Confirmed: true}})
		if err != nil {
			b.Fatal(err)
		}
		all[name] = k
	}
	var block capture.Block
	var events []Event
	began := processorTime(b)
	for src.Read(context.Background(), &block) == nil {
		k := all[block.Stream]
		if err := k.Feed(&block); err != nil {
			b.Fatal(err)
		}
		events = k.Advance(events[:0])
	}
	return float64(streams*rounds*c.steps) / (processorTime(b) - began).Seconds()
}

// gathered has Run do it.
func (c *benchCase) gathered(b *testing.B, o RunOptions, streams, rounds int) float64 {
	src := newMany(streams, rounds, 0, c.block)
	o.Emit, o.Finite = Emit{Confirmed: true}, true
	began := processorTime(b)
	if err := Run(context.Background(), src, c.m, &o); err != nil {
		b.Fatal(err)
	}
	return float64(streams*rounds*c.steps) / (processorTime(b) - began).Seconds()
}

// Steps of a thousand streams in a second of processor time, and the ratio to the same streams
// advanced one by one.
func BenchmarkThousandStreams(b *testing.B) {
	const streams, rounds = 1000, 200
	for _, c := range benchCases(b) {
		for workers := 1; workers <= runtime.GOMAXPROCS(0); workers *= 2 {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				var alone, gathered float64
				for range b.N {
					alone = max(alone, c.alone(b, streams, rounds))
					gathered = max(gathered, c.gathered(b, RunOptions{Workers: workers}, streams, rounds))
				}
				b.ReportMetric(alone, "alone-steps/s")
				b.ReportMetric(gathered, "steps/s/core")
				b.ReportMetric(gathered/alone, "x-alone")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// How long after its arrival a block is worked off, but for those that end a
// segment: streams of a block every 20 ms, spread evenly over the time.
func BenchmarkDelay(b *testing.B) {
	for _, c := range benchCases(b) {
		for _, streams := range c.live {
			b.Run(fmt.Sprintf("%s/streams=%d", c.name, streams), func(b *testing.B) {
				var delays []time.Duration
				for range b.N {
					delays = append(delays, c.delays(b, streams)...)
				}
				slices.Sort(delays)
				for _, q := range []struct {
					name string
					at   int
				}{{"p50-us", len(delays) / 2}, {"p99-us", len(delays) * 99 / 100}, {"max-us", len(delays) - 1}} {
					b.ReportMetric(float64(delays[q.at].Nanoseconds())/1000, q.name)
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func (c *benchCase) delays(b *testing.B, streams int) (delays []time.Duration) {
	src := newMany(streams, 3*segmentSteps, 20*time.Millisecond, c.block)
	ended := ""
	o := RunOptions{Live: true, Annotate: func(e *Event) {
		if e.Type == Confirmed {
			ended = e.Stream
		}
	}, Progress: func(k *capture.Block) {
		if k.Stream != ended {
			delays = append(delays, time.Since(k.Time))
		}
		ended = ""
	}}
	if err := Run(context.Background(), src, c.m, &o); err != nil {
		b.Fatal(err)
	}
	return delays
}
