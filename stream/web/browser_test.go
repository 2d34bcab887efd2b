//go:build browser

package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testbrowser"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/stream"
)

// serve serves a page at an address, as a process does, and returns where and what ends it.
func serve(t *testing.T, p *Page, at string) (address string, end func()) {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: p.Handler()}
	go srv.Serve(l)
	return l.Addr().String(), func() { p.Close(); srv.Close() }
}

// Names and labels that hold markup are shown as text, and run nothing.
func TestBrowserShowsMarkupAsText(t *testing.T) {
	const evil = `<img src=x onerror="document.title='run'"><b>`
	r := newRig(t, Options{}, 1)
	cfg := r.model.Config
	cfg.Labels = []string{evil, "a\u202eb", "c"}
	m, err := model.New(cfg, r.model.Params)
	if err != nil {
		t.Fatal(err)
	}
	r.model = m
	tapped(r, r.blocks(evil, 4410)...)
	for i := range 3 {
		h := stream.Header{Stream: evil, Segment: uint64(i + 1)}
		e := stream.NewConfirmed(h, stream.Answer{Label: evil, P: 0.9, Top: []stream.Score{{Label: evil, P: 0.9}}}, stream.Outcome{Running: evil, Truth: evil}, stream.Span{Start: 0, End: 9}, stream.HeldBack{})
		r.pipeline.take(evil, &e)
		e = stream.NewStatus(h, capture.Down, evil)
		r.pipeline.take(evil, &e)
	}
	at, end := serve(t, r.page, "127.0.0.1:0")
	defer end()
	ctx := testbrowser.Open(t, "http://"+at+"/")
	testbrowser.Until(t, ctx, `document.querySelectorAll("#segments tbody tr").length === 3`)
	found := testbrowser.Value[struct {
		Marked      int
		Title, Name string
	}](t, ctx, `document.querySelector("#segments tbody tr").click(), new Promise(r => setTimeout(() => r({Marked: document.querySelectorAll("img, td b, li b b").length, Title: document.title, Name: document.querySelector("#stream").textContent}), 300))`)
	if found.Marked != 0 || found.Name != evil || !strings.HasPrefix(found.Title, "<img") {
		t.Errorf("%+v", found)
	}
}

// The page goes on when the server, or the source, has begun anew, and shows what is new.
func TestBrowserSurvivesRestarts(t *testing.T) {
	begin := func(session string, segments int) *rig {
		r := newRig(t, Options{}, 1)
		tapped(r, r.blocks("notes", 4410)...)
		for i := range segments {
			r.confirm(session, i+1)
		}
		return r
	}
	r := begin("one", 3)
	at, end := serve(t, r.page, "127.0.0.1:0")
	ctx := testbrowser.Open(t, "http://"+at+"/")
	rows := func(n int) {
		t.Helper()
		testbrowser.Until(t, ctx, fmt.Sprintf(`document.querySelectorAll("#segments tbody tr").length === %d`, n))
	}
	rows(3)
	end()
	testbrowser.Until(t, ctx, `document.querySelector("#link").textContent !== "live"`)
	r = begin("two", 5)
	_, end = serve(t, r.page, at)
	defer end()
	rows(5)
	tapped(r, r.blocks("notes", 4410)[0]) // from sample 0 again: the source has begun anew
	rows(0)
	r.confirm("two", 1)
	rows(1)
	testbrowser.Until(t, ctx, `document.querySelector("#link").textContent === "live"`)
}

func (r *rig) confirm(session string, segment int) {
	e := stream.NewConfirmed(stream.Header{Session: session, Stream: "notes", Segment: uint64(segment)}, stream.Answer{Label: "piano", P: 0.9}, stream.Outcome{}, stream.Span{Start: uint64(100 * segment), End: uint64(100*segment + 50)}, stream.HeldBack{})
	r.pipeline.take("notes", &e)
}

// What the page takes of the browser: 60 steps a second of 8 labels, and a list of 1,000
// streams, together, in time of the processor. With INKLING_LONG it looks for ten minutes
// whether the page's memory grows.
func TestBrowserLoad(t *testing.T) {
	r := newRig(t, Options{}, 1)
	r.model = testmodel.New(t, testmodel.Labels(44100, 1, "a", "b", "c", "d", "e", "f", "g", "h"), rand.New(rand.NewPCG(1, 2)))
	at, end := serve(t, r.page, "127.0.0.1:0")
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go feed(ctx, r, 1000)
	tab := testbrowser.Open(t, "http://"+at+"/#stream=s0")
	testbrowser.Until(t, tab, `document.querySelectorAll("#rows li").length >= 100`)
	before, began := testbrowser.Metrics(t, tab), time.Now()
	watched := 10 * time.Second
	if os.Getenv("INKLING_LONG") != "" {
		watched = 10 * time.Minute
	}
	time.Sleep(watched)
	after, wall := testbrowser.Metrics(t, tab), time.Since(began).Seconds()
	share := func(what string) float64 { return 100 * (after[what] - before[what]) / wall }
	t.Logf("1,000 streams, one of them shown: %.1f %% of a core in the page (script %.1f %%, layout %.1f %%, styles %.1f %%); heap %.1f MB, then %.1f MB",
		share("TaskDuration"), share("ScriptDuration"), share("LayoutDuration"), share("RecalcStyleDuration"), before["JSHeapUsedSize"]/1e6, after["JSHeapUsedSize"]/1e6)
	if share("TaskDuration") > 80 { // the figure is for reading; a page that never rests is a fault
		t.Error("the page never rests")
	}
	if after["JSHeapUsedSize"] > before["JSHeapUsedSize"]+20e6 {
		t.Error("the page's memory grows")
	}
}

// feed has a page see streams of sound with 60 steps a second.
func feed(ctx context.Context, r *rig, streams int) {
	tick := time.NewTicker(time.Second / 60)
	defer tick.Stop()
	const n = 44100 / 60
	for at := 0; ; at += n {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		from := at % (len(r.clip.Samples) - n)
		for s := range streams {
			if s > 0 && (at/n+s)%60 != 0 {
				continue
			}
			name := fmt.Sprint("s", s)
			tapped(r, capture.Block{Stream: name, Format: capture.Format{Rate: 44100, Channels: 1}, Offset: uint64(at), Samples: r.clip.Samples[from : from+n]})
			p := float32(at/n%60) / 60
			e := stream.NewRunning(stream.Header{Stream: name, Segment: uint64(at/n/60 + 1), Sample: uint64(at)}, stream.Answer{Label: "b", P: p, Warm: true, Probs: []float32{p / 2, p, 1 - p, 0.1, 0.2, 0.3, 1 - p/3, 0}})
			r.pipeline.take(name, &e)
		}
	}
}
