//go:build browser

package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"inkling/internal/testkit/testbrowser"
	"inkling/stream"
)

// A wire is what a page's server sends on one connection of events.
type wire struct {
	http.ResponseWriter
	mu             sync.Mutex
	sent           bytes.Buffer
	longest, tries int // bytes of the longest message; messages, also one that nobody takes
	ended          bool
}

func (w *wire) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *wire) Write(data []byte) (int, error) {
	w.mu.Lock()
	w.longest, w.tries = max(w.longest, len(data)), w.tries+1
	w.mu.Unlock()
	n, err := w.ResponseWriter.Write(data)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent.Write(data[:n])
	return n, err
}

// wires are the connections of a page, in the order in which they were opened.
type wires struct {
	mu  sync.Mutex
	all []*wire
}

func (s *wires) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/live" {
			next.ServeHTTP(w, r)
			return
		}
		c := &wire{ResponseWriter: w}
		s.mu.Lock()
		s.all = append(s.all, c)
		s.mu.Unlock()
		next.ServeHTTP(c, r)
		c.mu.Lock()
		c.ended = true
		c.mu.Unlock()
	})
}

// sent is what a page's connections have had together.
type sent struct {
	all, open      int // connections
	bytes, longest int
	tries          int
}

func (s *wires) sent() (r sent) {
	s.each(func(w *wire) {
		r.all++
		if !w.ended {
			r.open++
		}
		r.bytes, r.longest, r.tries = r.bytes+w.sent.Len(), max(r.longest, w.longest), r.tries+w.tries
	})
	return r
}

// has reports whether words have been sent.
func (s *wires) has(words string) (found bool) {
	s.each(func(w *wire) { found = found || bytes.Contains(w.sent.Bytes(), []byte(words)) })
	return found
}

func (s *wires) each(do func(*wire)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.all {
		w.mu.Lock()
		do(w)
		w.mu.Unlock()
	}
}

// await waits for what happens outside of the browser.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it does not come true", what)
		}
	}
}

// A sleeper is a page in a tab that sleeps, and what it is fed with.
type sleeper struct {
	rig   *rig
	wires wires
	tab   context.Context
	fed   int // segments
	steps int
}

func newSleeper(t *testing.T) *sleeper {
	s := &sleeper{rig: newRig(t, Options{}, 1)}
	tapped(s.rig, s.rig.blocks("s", 4410)...)
	srv := httptest.NewServer(s.wires.handler(s.rig.page.Handler()))
	t.Cleanup(func() { s.rig.page.Close(); srv.Close() })
	s.confirm(19)
	s.tab = testbrowser.Open(t, srv.URL+"/#stream=s")
	s.shows(t, 19)
	testbrowser.Value[bool](t, s.tab, `(() => {
		window.lived = 0; setInterval(() => window.lived++, 10);
		window.drawn = 0; const fill = document.querySelector("#ribbon").getContext("2d"), clear = fill.clearRect;
		fill.clearRect = function (...a) { window.drawn++; return clear.apply(this, a); };
		return true })()`)
	s.confirm(1)
	s.shows(t, 20)
	return s
}

// confirm feeds n more segments.
func (s *sleeper) confirm(n int) {
	for range n {
		s.fed++
		h := stream.Header{Stream: "s", Segment: uint64(s.fed), Sample: uint64(100 * s.fed)}
		e := stream.NewConfirmed(h, stream.Answer{Label: "flute", P: 0.9}, stream.Outcome{Running: "flute", Agrees: true}, stream.Span{Start: h.Sample - 90, End: h.Sample}, stream.HeldBack{})
		s.rig.pipeline.take("s", &e)
	}
}

// flood feeds n running labels.
func (s *sleeper) flood(n int) {
	for range n {
		s.steps++
		e := stream.NewRunning(stream.Header{Stream: "s", Segment: uint64(s.fed + 1), Sample: uint64(100 * s.fed)}, stream.Answer{Label: "piano", P: 0.5, Warm: true, Probs: []float32{0.25, 0.5, 0.25}})
		s.rig.pipeline.take("s", &e)
	}
}

const shown = `[...document.querySelectorAll("#segments tbody tr")].map((r) => r.segment.segment)`

// shows waits until the page shows n segments, and checks that they are the first n, each
// once, the newest first.
func (s *sleeper) shows(t *testing.T, n int) {
	t.Helper()
	testbrowser.Until(t, s.tab, fmt.Sprintf(`document.querySelectorAll("#segments tbody tr").length >= %d`, n))
	var want []int
	for i := n; i > 0; i-- {
		want = append(want, i)
	}
	if got := testbrowser.Value[[]int](t, s.tab, shown); !slices.Equal(got, want) {
		t.Errorf("the page shows the segments %v, want %d to 1", got, n)
	}
}

type pulse struct{ Lived, Drawn, Rows int }

func (s *sleeper) pulse(t *testing.T) pulse {
	return testbrowser.Value[pulse](t, s.tab, `({Lived: window.lived, Drawn: window.drawn, Rows: document.querySelectorAll("#segments tbody tr").length})`)
}

// asleep puts the tab to sleep.
func (s *sleeper) asleep(t *testing.T) pulse {
	testbrowser.Until(t, s.tab, `window.lived > 0 && window.drawn > 0`) // both would tell that it is awake
	testbrowser.Freeze(t, s.tab)
	return s.pulse(t)
}

// A tab that the browser freezes draws nothing, and when it wakes up it shows every segment
// that was confirmed meanwhile, each once.
func TestBrowserTabThatSleepsCatchesUp(t *testing.T) {
	s := newSleeper(t)
	before := s.asleep(t)
	s.confirm(200)
	await(t, "the server sends what a sleeper misses", func() bool { return s.wires.has(`"segment":220,`) })
	if now := s.pulse(t); now != before || now.Rows != 20 {
		t.Errorf("a tab that sleeps goes on: %+v, then %+v", before, now)
	}
	testbrowser.Wake(t, s.tab)
	s.shows(t, 220)
	testbrowser.Until(t, s.tab, fmt.Sprintf(`window.lived > %d && window.drawn > %d`, before.Lived, before.Drawn))
	s.confirm(1)
	s.shows(t, 221)
}

// A sleeper that takes nothing any more is let go, with nothing kept for it: when it wakes
// up, it connects anew and is told what it missed out of the log that all share.
func TestBrowserTabThatSleepsForLongIsLetGo(t *testing.T) {
	s := newSleeper(t)
	before, begun := s.asleep(t), s.wires.sent()
	now := begun
	for now.open > 0 { // what the system and the browser take in, and then ten seconds of nothing
		if s.fed < 200 {
			s.confirm(1)
		}
		s.flood(3000)
		last := now.tries
		await(t, "a tick, or the end", func() bool { now = s.wires.sent(); return now.open == 0 || now.tries > last })
		if now.bytes-begun.bytes > 256<<20 {
			t.Fatal("the sleeper takes whatever comes")
		}
	}
	await(t, "the server forgets the sleeper", func() bool { return len(s.rig.page.guests) == 0 })
	t.Logf("the sleeper was let go after %.1f MB that system and browser took in; the longest message has %.0f KB; the log of all streams %.1f of %d MB",
		float64(now.bytes-begun.bytes)/1e6, float64(now.longest)/1e3, float64(s.rig.page.bytes)/1e6, s.rig.page.o.Memory>>20)
	if now.longest > 4<<20 {
		t.Errorf("a message of %d bytes", now.longest)
	}
	s.confirm(280 - s.fed)
	if now := s.pulse(t); now != before {
		t.Errorf("a tab that sleeps goes on: %+v, then %+v", before, now)
	}
	testbrowser.Wake(t, s.tab)
	s.shows(t, 280)
	if s.wires.sent().all <= now.all {
		t.Error("it has not connected anew")
	}
}
