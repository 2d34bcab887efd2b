package web

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/stream"
)

// A heard is what a browser has been told.
type heard struct {
	hellos          int
	id              string
	running, ended  []string
	columns         map[uint64]string
	total, matching int
	names           []string
}

func (h *heard) take(t testing.TB, message string) {
	t.Helper()
	for line := range strings.Lines(message) {
		line = strings.TrimSuffix(line, "\n")
		if id, ok := strings.CutPrefix(line, "id: "); ok {
			h.id = id
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var m struct {
			Hello *hello
			Tick  *struct {
				Run, Ev []json.RawMessage
			}
			Wave *strip
			List *struct {
				Total, Match int
				Rows         [][]any
			}
		}
		if err := json.Unmarshal([]byte(data), &m); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if m.Hello != nil {
			h.hellos++
		}
		if m.Tick != nil {
			for _, r := range m.Tick.Run {
				h.running = append(h.running, string(r))
			}
			for _, r := range m.Tick.Ev {
				if strings.Contains(string(r), `"stream":"notes"`) { // not of the source as a whole
					h.ended = append(h.ended, string(r))
				}
			}
		}
		if m.Wave != nil {
			h.wave(t, m.Wave)
		}
		if m.List != nil {
			h.total, h.matching, h.names = m.List.Total, m.List.Match, nil
			for _, r := range m.List.Rows {
				h.names = append(h.names, r[0].(string))
			}
		}
	}
}

func (h *heard) wave(t testing.TB, w *strip) {
	ranges, err1 := base64.StdEncoding.DecodeString(w.Ranges)
	spectrum, err2 := base64.StdEncoding.DecodeString(w.Spectrum)
	if err1 != nil || err2 != nil || len(ranges) != w.N*w.Channels*8 || len(spectrum) != w.N*w.Bands {
		t.Fatalf("%d columns: %d and %d bytes, %v %v", w.N, len(ranges), len(spectrum), err1, err2)
	}
	if h.columns == nil {
		h.columns = map[uint64]string{}
	}
	for i := range w.N {
		h.columns[w.From+uint64(i)] = string(ranges[i*w.Channels*8:(i+1)*w.Channels*8]) + string(spectrum[i*w.Bands:(i+1)*w.Bands])
	}
}

func tapped(r *rig, blocks ...capture.Block) {
	for i := range blocks {
		tap := r.pipeline.Tap(blocks[i].Stream)
		tap.Block(&blocks[i], 0)
		tap.Close()
	}
}

// A browser gets the same columns whenever it asks, also if it was away meanwhile.
func TestColumnsDoNotDependOnWhenTheyAreMade(t *testing.T) {
	base := newRig(t, Options{}, 1)
	tapped(base, base.blocks("notes", 44100)...)
	g := &guest{page: base.page}
	var want heard
	for range 10 {
		want.take(t, string(g.news(nil, time.Now())))
	}
	if len(want.columns) != 100 {
		t.Fatalf("%d columns of 1 s", len(want.columns))
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := &rig{page: New(Options{}), model: base.model, clip: base.clip}
		r.pipeline = r.page.Pipeline("bench", base.setup)
		g, got := &guest{page: r.page}, heard{}
		for _, b := range r.blocks("notes", rapid.IntRange(100, 30000).Draw(rt, "block")) {
			tapped(r, b)
			switch rapid.IntRange(0, 3).Draw(rt, "then") {
			case 0, 1:
				got.take(t, string(g.news(nil, time.Now())))
			case 2: // the connection is lost
				if g = (&guest{page: r.page}); got.id != "" {
					g.goOn(got.id)
				}
			}
		}
		for range 10 {
			got.take(t, string(g.news(nil, time.Now())))
		}
		for k, c := range want.columns {
			if got.columns[k] != c {
				rt.Fatalf("column %d is missing, or another one", k)
			}
		}
	})
}

// Columns stop before lost samples and go on after them.
func TestColumnsAroundAGap(t *testing.T) {
	r := newRig(t, Options{}, 2)
	all := r.blocks("notes", 4410)
	tapped(r, append(slices.Clone(all[:5]), all[8:]...)...)
	g, got := &guest{page: r.page}, heard{}
	for range 5 {
		got.take(t, string(g.news(nil, time.Now())))
	}
	if len(got.columns) != 170 || got.columns[49] == "" || got.columns[50] != "" || got.columns[79] != "" || got.columns[80] == "" {
		t.Errorf("%d columns", len(got.columns))
	}
}

// Over HTTP every event comes once, also if the connection is lost in between.
func TestLiveTellsEveryEventOnce(t *testing.T) {
	r := newRig(t, Options{}, 6)
	srv := httptest.NewServer(r.page.Handler())
	defer srv.Close()
	events := r.run(t, r.options)
	running, others := 0, 0
	for _, e := range events {
		switch {
		case e.Type == stream.Running:
			running++
		case e.Stream != "":
			others++
		}
	}
	got := heard{}
	for range 3 {
		listen(t, srv.URL, &got, func() bool { return len(got.ended) > 0 })
	}
	if others == 0 || len(got.running) != running || len(got.ended) != others {
		t.Errorf("%d running events of %d, %d others of %d", len(got.running), running, len(got.ended), others)
	}
	before := len(got.ended)
	if listen(t, srv.URL, &got, func() bool { return got.total > 0 }); len(got.ended) != before {
		t.Errorf("events came again")
	}
}

// listen reads from /api/live until enough returns true.
func listen(t *testing.T, url string, h *heard, enough func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	q, _ := http.NewRequestWithContext(ctx, "GET", url+"/api/live", nil)
	q.Header.Set("Last-Event-ID", h.id)
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	in := bufio.NewReader(res.Body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if h.take(t, line); strings.HasPrefix(line, "data") && enough() {
			return
		}
	}
}

func TestBrowsersAtOnceAreBounded(t *testing.T) {
	r := newRig(t, Options{Most: 2}, 1)
	srv := httptest.NewServer(r.page.Handler())
	defer srv.Close()
	var open []*http.Response
	for range 2 {
		res, err := http.Get(srv.URL + "/api/live")
		if err != nil || res.StatusCode != 200 {
			t.Fatal(res.StatusCode, err)
		}
		open = append(open, res)
	}
	res, err := http.Get(srv.URL + "/api/live")
	if err != nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Error(res.StatusCode, err)
	}
	res.Body.Close()
	r.page.Close()
	for _, res := range open {
		for buf := make([]byte, 1024); err == nil; _, err = res.Body.Read(buf) {
		}
		res.Body.Close()
	}
}

// What is remembered stays within its bound, whatever the streams are, and the bound counts
// all of it.
func TestMemoryIsBounded(t *testing.T) {
	m := newRig(t, Options{}, 0.1)
	rapid.Check(t, func(rt *rapid.T) {
		most := rapid.IntRange(200_000, 2_000_000).Draw(rt, "memory")
		base := &rig{page: New(Options{Memory: most, Back: time.Minute})}
		base.pipeline = base.page.Pipeline("bench", m.setup)
		rate := rapid.SampledFrom([]float64{0, 1, 100, 8000, 44100}).Draw(rt, "rate")
		channels := rapid.IntRange(1, 3).Draw(rt, "channels")
		streams := rapid.IntRange(1, 20).Draw(rt, "streams")
		offset := uint64(0)
		for range 30 {
			n := rapid.IntRange(0, 2000).Draw(rt, "samples")
			for s := range streams {
				name := fmt.Sprint("s", s)
				tapped(base, capture.Block{Stream: name, Format: capture.Format{Rate: rate, Channels: channels}, Offset: offset, Samples: make([]float32, n*channels)})
				e := stream.NewRunning(stream.Header{Stream: name, Segment: 1, Sample: offset}, stream.Answer{Warm: true, Probs: []float32{1, 0, 0}})
				base.pipeline.take(name, &e)
				e = stream.NewGap(stream.Header{Stream: name}, 1, "hold", strings.Repeat("x", 100))
				base.pipeline.take(name, &e)
			}
			offset += uint64(n)
			if rapid.IntRange(0, 20).Draw(rt, "again") == 0 {
				offset = 0
			}
		}
		sum, pieces := 0, 0
		for _, s := range base.pipeline.lanes {
			for _, c := range slices.Concat(s.signal, s.log) {
				sum, pieces = sum+c.bytes, pieces+1
				if 4*cap(c.values)+4*cap(c.probs)+len(c.entries)*90 > c.bytes {
					rt.Fatalf("a piece of %d values and %d entries counts as %d bytes", cap(c.values), len(c.entries), c.bytes)
				}
			}
		}
		if sum != base.page.bytes || pieces != base.page.held.Len() || sum > most {
			rt.Fatalf("%d bytes in %d pieces; the page counts %d in %d, and may have %d", sum, pieces, base.page.bytes, base.page.held.Len(), most)
		}
		base.page.Forget("bench")
		if base.page.bytes != 0 {
			rt.Fatalf("%d bytes are left of a pipeline that is no more", base.page.bytes)
		}
	})
}

// A source that begins anew, and a run that does, are told as such.
func TestBeginningAnew(t *testing.T) {
	r := newRig(t, Options{}, 2)
	all := r.blocks("notes", 4410)
	tapped(r, all...)
	g, got := &guest{page: r.page}, heard{}
	got.take(t, string(g.news(nil, time.Now())))
	tapped(r, all[0])
	got.take(t, string(g.news(nil, time.Now())))
	e := stream.NewStatus(stream.Header{Session: "a", Stream: "notes"}, capture.Up, "")
	r.pipeline.take("notes", &e)
	got.take(t, string(g.news(nil, time.Now())))
	e.Session = "b"
	r.pipeline.take("notes", &e)
	got.take(t, string(g.news(nil, time.Now())))
	if got.hellos != 4 {
		t.Errorf("%d times told what is watched, want 4", got.hellos)
	}
}

func TestListFindsStreams(t *testing.T) {
	r := newRig(t, Options{}, 0.1)
	for i := range 1000 {
		name := fmt.Sprintf("Room %d", i)
		tapped(r, r.blocks(name, 4410)[0])
	}
	e := stream.NewConfirmed(stream.Header{Stream: "Room 77", Segment: 1}, stream.Answer{Label: "piano", P: 0.5}, stream.Outcome{}, stream.Span{End: 9}, stream.HeldBack{})
	r.pipeline.take("Room 77", &e)
	list := func(g *guest) (h heard) {
		g.page = r.page
		h.take(t, string(g.news(nil, time.Now())))
		return h
	}
	if h := list(&guest{}); h.total != 1000 || h.matching != 1000 || len(h.names) != rowsMost || h.names[0] != "Room 77" {
		t.Errorf("%d streams, %d rows, %s first", h.total, len(h.names), h.names[0])
	}
	if h := list(&guest{query: "room 99"}); h.matching != 11 || len(h.names) != 11 {
		t.Errorf("%d found: %v", h.matching, h.names)
	}
	if h := list(&guest{byName: true}); h.names[1] != "Room 1" {
		t.Errorf("by name: %v", h.names[:3])
	}
}
