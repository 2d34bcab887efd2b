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
	"inkling/model/feature"
)

// benchModel has 100 units, as trained models have by default.
func benchModel(b *testing.B, front feature.Config, rate float64) *model.Model {
	c := model.Config{Version: 1, Labels: []string{"a", "b", "c"}, Rate: rate, Channels: 1, Hidden: 100, Layers: 1,
		Running: model.RunningSoftmax, Confirm: true, Segment: model.Segment{Kind: model.SegmentFixed, Steps: 100, Maximum: 3600},
		Decision: model.Decision{State: "reset", Gap: "reset"}}
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
// or, with a pace, each round's at moments drawn evenly from it.
type many struct {
	names  []string
	rounds int
	block  capture.Block // of each; the offset is the source's
	pace   time.Duration

	began time.Time
	order []int
	at    []time.Duration // in the round
	n     int
	rng   *rand.Rand
}

func newMany(streams, rounds int, pace time.Duration, block capture.Block) *many {
	s := &many{rounds: rounds, pace: pace, block: block, rng: rand.New(rand.NewPCG(2, 2))}
	for i := range streams {
		s.names = append(s.names, fmt.Sprintf("in.s%d", i))
		s.at = append(s.at, time.Duration(s.rng.Int64N(int64(max(pace, 1)))))
	}
	slices.Sort(s.at)
	s.order = s.rng.Perm(streams)
	return s
}

// due is when the next block comes.
func (s *many) due() time.Time {
	return s.began.Add(time.Duration(s.n/len(s.names))*s.pace + s.at[s.n%len(s.names)])
}

func (s *many) Read(ctx context.Context, b *capture.Block) error {
	if s.n == 0 {
		s.began = time.Now()
	}
	if s.n == s.rounds*len(s.names) {
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
	return s.n < s.rounds*len(s.names) && (s.pace == 0 || !time.Now().Before(s.due()))
}

func (s *many) Close() error { return nil }

// benchCase is a front end, and a block of one step, or of two.
type benchCase struct {
	name  string
	m     *model.Model
	block capture.Block
	steps int // a block
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
			capture.Block{Format: capture.Format{Rate: 4000, Channels: 1}, Samples: noise(40)}, 1},
		{"logmel16k", benchModel(b, feature.Config{Kind: feature.KindLogMel}, 16000),
			capture.Block{Format: capture.Format{Rate: 16000, Channels: 1}, Samples: noise(320)}, 2},
	}
}

// alone advances each stream by itself as its blocks come, and returns steps a second.
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
	began := time.Now()
	for src.Read(context.Background(), &block) == nil {
		k := all[block.Stream]
		if err := k.Feed(&block); err != nil {
			b.Fatal(err)
		}
		events = k.Advance(events[:0])
	}
	return float64(streams*rounds*c.steps) / time.Since(began).Seconds()
}

// gathered has Run do it.
func (c *benchCase) gathered(b *testing.B, o RunOptions, streams, rounds int) float64 {
	src := newMany(streams, rounds, 0, c.block)
	o.Emit, o.Finite = Emit{Confirmed: true}, true
	if err := Run(context.Background(), src, c.m, &o); err != nil {
		b.Fatal(err)
	}
	return float64(streams*rounds*c.steps) / time.Since(src.began).Seconds()
}

// Steps a second and core of a thousand streams, and the ratio to the same streams
// advanced one by one on one core.
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
				b.ReportMetric(gathered/float64(workers), "steps/s/core")
				b.ReportMetric(gathered/alone, "x-alone")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// How long after its arrival a block of a live source is worked off, a thousand
// streams of 20 ms blocks spread evenly over the time.
func BenchmarkDelay(b *testing.B) {
	for _, c := range benchCases(b) {
		for _, streams := range []int{1, 30, 300, 1000} {
			b.Run(fmt.Sprintf("%s/streams=%d", c.name, streams), func(b *testing.B) {
				var delays []time.Duration
				for range b.N {
					src := newMany(streams, 100, 20*time.Millisecond, c.block)
					o := RunOptions{Live: true, Progress: func(k *capture.Block) { delays = append(delays, time.Since(k.Time)) }}
					o.Emit = Emit{Confirmed: true}
					if err := Run(context.Background(), src, c.m, &o); err != nil {
						b.Fatal(err)
					}
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
