package stream

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// blocks cuts the samples of s into blocks of a stream; cut gives the next size.
func (s *setting) blocks(stream string, cut func() int) (all []capture.Block) {
	n := len(s.samples) / s.channels
	format, offset, breaks := s.format, 1000, s.breaks
	for at := 0; at < n; {
		mark, limit := messages(at, n)
		for len(breaks) > 0 && breaks[0].at == at {
			if offset += breaks[0].jump; breaks[0].rate > 0 {
				format.Rate = breaks[0].rate
			}
			breaks = breaks[1:]
		}
		full := limit
		if len(breaks) > 0 {
			limit = min(limit, breaks[0].at-at)
		}
		size := min(cut(), limit)
		if size < full {
			mark &^= capture.MarkEnd
		}
		all = append(all, capture.Block{Stream: stream, Format: format, Offset: uint64(offset + at), Mark: mark,
			Samples: s.samples[at*s.channels : (at+size)*s.channels]})
		at += size
	}
	return all
}

// mixed is a source that interleaves the blocks of several streams and reuses the
// memory of its samples, as a source may.
type mixed struct {
	blocks  [][]capture.Block // of each stream
	pick    func(n int) int
	ready   func() bool
	samples []float32
}

func (s *mixed) Read(_ context.Context, b *capture.Block) error {
	if len(s.blocks) == 0 {
		return io.EOF
	}
	i := s.pick(len(s.blocks))
	*b = s.blocks[i][0]
	clear(s.samples) // what Run has not copied is lost
	s.samples = append(s.samples[:0], b.Samples...)
	b.Samples = s.samples
	if s.blocks[i] = s.blocks[i][1:]; len(s.blocks[i]) == 0 {
		s.blocks = slices.Delete(s.blocks, i, i+1)
	}
	return nil
}

func (s *mixed) Ready() bool { return s.ready() }

func (s *mixed) Close() error { return nil }

// Each stream has the events of a classifier of its own, in the same order, for any
// gathering time, batch size and number of workers.
func TestGatheringDoesNotChangeEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.drawRules(t)
		s.o.Gap = rapid.SampledFrom([]decide.Gap{decide.GapReset, decide.GapHold, decide.GapFill}).Draw(t, "all gaps")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		src := &mixed{pick: rng.IntN, ready: func() bool { return rng.IntN(4) > 0 }}
		wanted := map[string][]Event{}
		for i := range rapid.IntRange(1, 9).Draw(t, "streams") {
			one := s
			one.samples = bursts(rng, 1+rng.IntN(2000), s.channels, s.format.Rate)
			if rapid.Bool().Draw(t, "disturbed") {
				one.disturb(t, false)
				one.o.Gap = s.o.Gap
			}
			most := rapid.SampledFrom([]int{30, 300, 3000}).Draw(t, "block")
			blocks := one.blocks(fmt.Sprint(i), func() int { return 1 + rng.IntN(most) })
			blocks[len(blocks)-1].Done = rapid.Bool().Draw(t, "done")
			wanted[fmt.Sprint(i)] = alone(t, one.m, one.o, blocks)
			src.blocks = append(src.blocks, blocks)
		}
		o := &RunOptions{Options: s.o, Session: "s", Finite: rapid.Bool().Draw(t, "finite"), Workers: rapid.IntRange(1, 3).Draw(t, "workers"),
			Gather: rapid.SampledFrom([]time.Duration{-1, 1, 0}).Draw(t, "gather"), most: rapid.IntRange(1, 6).Draw(t, "most")}
		var k kept
		if err := Run(context.Background(), src, s.m, o, &k); err != nil {
			t.Fatal(err)
		}
		got := map[string][]Event{}
		for _, e := range k.events {
			e.LatencyMS = 0
			got[e.Stream] = append(got[e.Stream], e)
		}
		for name, want := range wanted {
			same(t, "stream "+name, got[name], want)
			checkIDs(t, got[name])
		}
	})
}

// alone returns the events of a classifier of its own over the blocks.
func alone(t interface{ Fatal(...any) }, m *model.Model, o Options, blocks []capture.Block) (events []Event) {
	o.Session, o.Stream = "s", blocks[0].Stream
	c, err := NewClassifier(m, &o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range blocks {
		if err := c.Feed(&blocks[i]); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Advance(nil) {
			events = append(events, e.Clone())
		}
	}
	return append(events, c.End(nil, segment.ByEOF)...)
}

// trickle is a live source on the clock of a synctest bubble. It gives a block of each
// stream in turn, after the wait that each returns. With more set, Ready reports true
// although the next block takes a while.
type trickle struct {
	streams, n int
	each       func(i int) time.Duration
	more       bool
	i          int
}

func (s *trickle) Read(ctx context.Context, b *capture.Block) error {
	if s.i == s.n {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(s.each(s.i))
	*b = block(uint64(s.i/s.streams), 1)
	b.Stream, b.Time = fmt.Sprint(s.i%s.streams), time.Now()
	s.i++
	return nil
}

func (s *trickle) Ready() bool { return s.more }

func (s *trickle) Close() error { return nil }

// delays runs the source and returns how long after its arrival each block was
// processed, and at how many distinct moments.
func (s *trickle) delays(t *testing.T, o RunOptions) (delays []time.Duration, moments int) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		at := map[time.Time]bool{}
		o.Progress = func(b *capture.Block) {
			delays = append(delays, time.Since(b.Time))
			at[time.Now()] = true
		}
		o.Segment = &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}
		if err := Run(ctx, s, signModel(t, decide.Config{}), &o); err != nil {
			t.Error(err)
		}
		moments = len(at)
	})
	if len(delays) != s.n {
		t.Errorf("%d of %d blocks were worked off", len(delays), s.n)
	}
	return delays, moments
}

// No step waits for others longer than the bound, even if the source has more to come.
// None waits at all if the source has nothing, if there is one stream, or if gathering
// is off.
func TestNoStepWaitsPastTheGatheringBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	slow := func(int) time.Duration { return time.Duration(rng.IntN(700)) * time.Microsecond }
	for _, bound := range []time.Duration{0, 500 * time.Microsecond, 10 * time.Millisecond} {
		s := trickle{streams: 300, n: 3000, each: slow, more: true}
		delays, moments := s.delays(t, RunOptions{Gather: bound})
		if bound == 0 {
			bound = 2 * time.Millisecond
		}
		if most := slices.Max(delays); most > bound {
			t.Errorf("a step waited for %v, at most %v", most, bound)
		}
		if bound > time.Millisecond && moments > s.n/2 {
			t.Errorf("%d blocks were worked off at %d moments: nothing was gathered within %v", s.n, moments, bound)
		}
	}
	together := func(n int) func(int) time.Duration { // so many at once, a second between
		return func(i int) time.Duration {
			if i%n == 0 {
				return time.Second
			}
			return 0
		}
	}
	for _, c := range []struct {
		what string
		s    trickle
		o    RunOptions
		may  int // that may have waited: of the first round, when there are few streams yet
	}{
		{"nothing more", trickle{streams: 300, n: 1000, each: slow}, RunOptions{}, 0},
		{"one stream", trickle{streams: 1, n: 1000, each: slow, more: true}, RunOptions{}, 0},
		{"a full batch", trickle{streams: 200, n: 64 * 30, each: together(64), more: true}, RunOptions{}, 64},
		{"a block of every stream", trickle{streams: 3, n: 90, each: together(3), more: true}, RunOptions{}, 3},
		{"off", trickle{streams: 300, n: 1000, each: slow, more: true}, RunOptions{Gather: -1}, 0},
	} {
		delays, _ := c.s.delays(t, c.o)
		waited := 0
		for _, d := range delays {
			if d > 0 {
				waited++
			}
		}
		if waited > c.may {
			t.Errorf("%s: %d steps waited, for up to %v", c.what, waited, slices.Max(delays))
		}
	}
}
