//go:build browser

package web

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"inkling/capture"
	"inkling/internal/testkit/testbrowser"
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
