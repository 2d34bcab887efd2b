//go:build browser

package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testbrowser"
	"inkling/internal/testkit/testmodel"
	"inkling/stream"
)

// The steps that a stream makes in a second, and those after which a segment ends.
const (
	stepsASecond   = 60
	stepsOfSegment = 60
)

// A load is what a page is fed with: sound, steps of 8 labels, and a segment a second.
type load struct {
	streams int
	speed   int          // times real time
	fed     atomic.Int64 // steps of the first stream
}

// opened feeds a page until the test ends, and opens it.
func (l *load) opened(t *testing.T) context.Context {
	r := newRig(t, Options{}, 1)
	r.model = testmodel.New(t, testmodel.Labels(44100, 1, "a", "b", "c", "d", "e", "f", "g", "h"), rand.New(rand.NewPCG(1, 2)))
	at, end := serve(t, r.page, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); end() })
	go l.feed(ctx, r)
	tab := testbrowser.Open(t, "http://"+at+"/#stream=s0")
	testbrowser.Until(t, tab, fmt.Sprintf(`document.querySelectorAll("#rows li").length >= %d`, min(l.streams, 100)))
	return tab
}

func (l *load) feed(ctx context.Context, r *rig) {
	tick := time.NewTicker(time.Second / stepsASecond)
	defer tick.Stop()
	for at := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for range l.speed {
			l.step(r, at)
			at++
		}
		l.fed.Store(int64(at))
	}
}

// step feeds step at of the first stream, and every 60th of the others.
func (l *load) step(r *rig, at int) {
	const n = 44100 / stepsASecond
	from := at * n % (len(r.clip.Samples) - n)
	for s := range l.streams {
		if s > 0 && (at+s)%stepsASecond != 0 {
			continue
		}
		h := stream.Header{Stream: fmt.Sprint("s", s), Segment: uint64(at/stepsOfSegment + 1), Sample: uint64(at * n)}
		tapped(r, capture.Block{Stream: h.Stream, Format: capture.Format{Rate: 44100, Channels: 1}, Offset: uint64(at * n), Samples: r.clip.Samples[from : from+n]})
		p := float32(at%60) / 60
		e := stream.NewRunning(h, stream.Answer{Label: "b", P: p, Warm: true, Probs: []float32{p / 2, p, 1 - p, 0.1, 0.2, 0.3, 1 - p/3, 0}})
		r.pipeline.take(h.Stream, &e)
		if s == 0 && at%stepsOfSegment == stepsOfSegment-1 {
			e := stream.NewConfirmed(h, stream.Answer{Label: "b", P: 0.9}, stream.Outcome{Running: "b", Agrees: true}, stream.Span{Start: uint64((at + 1 - stepsOfSegment) * n), End: uint64(at * n)}, stream.HeldBack{})
			r.pipeline.take(h.Stream, &e)
		}
	}
}

// What the page takes of a processor: of one stream with 60 steps a second of 8 labels, and
// of a list of 1,000 streams beside it.
func TestBrowserLoad(t *testing.T) {
	for _, c := range []struct {
		streams int
		most    float64 // twice what it is to be, 15 and with the list 25 %, for a busy machine
	}{{1, 30}, {1000, 50}} {
		t.Run(fmt.Sprint(c.streams), func(t *testing.T) {
			tab := (&load{streams: c.streams, speed: 1}).opened(t)
			before, seconds, began := testbrowser.Metrics(t, tab), testbrowser.Seconds(t, tab), time.Now()
			time.Sleep(10 * time.Second)
			after, later, wall := testbrowser.Metrics(t, tab), testbrowser.Seconds(t, tab), time.Since(began).Seconds()
			share := func(what string) float64 { return 100 * (after[what] - before[what]) / wall }
			process := func(kind string) float64 { return 100 * (later[kind] - seconds[kind]) / wall }
			t.Logf("%d streams, one of them shown: %.1f %% of a core in the page (script %.1f %%, layout %.1f %%, styles %.1f %%); its process with drawing and compositing %.1f %%, GPU process, which has no card, %.1f %%",
				c.streams, share("TaskDuration"), share("ScriptDuration"), share("LayoutDuration"), share("RecalcStyleDuration"), process("renderer"), process("GPU"))
			if share("TaskDuration") > c.most {
				t.Errorf("want at most %.0f %% of a core in the page, half of it on a machine at rest", c.most)
			}
		})
	}
}

// The page's memory does not grow: ten minutes of a stream, after four that fill what it
// remembers, at 30 times the speed; with INKLING_LONG as they pass.
func TestBrowserMemory(t *testing.T) {
	l := &load{streams: 20, speed: 30}
	if os.Getenv("INKLING_LONG") != "" {
		l.speed = 1
	}
	tab := l.opened(t)
	heap := func(minutes int) float64 {
		for l.fed.Load() < int64(minutes*60*stepsASecond) {
			testbrowser.Value[bool](t, tab, `new Promise((r) => setTimeout(() => r(true), 200))`)
		}
		testbrowser.Collect(t, tab)
		return testbrowser.Metrics(t, tab)["JSHeapUsedSize"] / 1e6
	}
	full, later := heap(4), heap(14)
	t.Logf("heap %.2f MB after 4 minutes, %.2f MB after 14", full, later)
	if later > full+2 {
		t.Error("the page's memory grows")
	}
}
