//go:build browser

package web

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/internal/testkit/testbrowser"
	"inkling/internal/testkit/testmodel"
	"inkling/stream"
)

// long returns a text of 200 characters that holds markup and has no space to break at.
func long(i int) string {
	s := fmt.Sprintf(`%d<b>&amp;"'</b><script>document.title="run"</script>`, i)
	return s + strings.Repeat("w", 200-len(s))
}

// 3,000 streams with names, and 40 labels with texts, of 200 characters of markup: the page
// is no wider than the screen, lists a hundred, finds each, and runs nothing.
func TestBrowserHoldsMuch(t *testing.T) {
	const streams = 3000
	r := newRig(t, Options{}, 1)
	var labels []string
	for i := range 40 {
		labels = append(labels, long(i))
	}
	r.model = testmodel.New(t, testmodel.Labels(44100, 1, labels...), rand.New(rand.NewPCG(1, 2)))
	for i := range streams {
		h := stream.Header{Stream: long(i), Segment: 1, Sample: 4410}
		e := stream.NewRunning(h, stream.Answer{Label: labels[i%40], P: 0.5, Warm: true})
		r.pipeline.take(h.Stream, &e)
	}
	watched := long(7)
	tapped(r, r.blocks(watched, 4410)...)
	e := stream.NewConfirmed(stream.Header{Stream: watched, Segment: 1}, stream.Answer{Label: labels[3], P: 0.9, Top: []stream.Score{{Label: labels[3], P: 0.9}, {Label: labels[4], P: 0.1}}}, stream.Outcome{Running: labels[5], Truth: labels[6]}, stream.Span{Start: 0, End: 22050}, stream.HeldBack{})
	r.pipeline.take(watched, &e)
	at, end := serve(t, r.page, "127.0.0.1:0")
	defer end()
	tab := testbrowser.Open(t, "http://"+at+"/")
	for _, width := range []int64{1400, 900, 390} {
		testbrowser.Resize(t, tab, width, 900)
		testbrowser.Value[bool](t, tab, `(document.querySelector("#streams").open = document.querySelector("#rules").open = true, document.querySelectorAll("#sliders details").forEach((d) => d.open = true), true)`)
		testbrowser.Until(t, tab, `document.querySelectorAll("#rows li").length === 100 && document.querySelectorAll("#segments tbody tr").length === 1 && document.querySelectorAll("#sliders input").length >= 40`)
		testbrowser.Value[bool](t, tab, `(document.querySelector("#segments tbody tr").click(), true)`)
		testbrowser.Until(t, tab, `!document.querySelector("#detail").hidden`)
		if wide := testbrowser.Value[[]float64](t, tab, `[document.documentElement.scrollWidth, innerWidth]`); wide[0] > wide[1] {
			t.Errorf("a page of %g pixels on a screen of %g: %s", wide[0], wide[1], testbrowser.Value[[]string](t, tab, `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll") && e.checkVisibility()).slice(0, 12).map((e) => e.tagName + " " + e.id + " " + e.className)`))
		}
	}
	testbrowser.Shoot(t, tab, "much")
	testbrowser.Resize(t, tab, 1400, 900)
	if tall := testbrowser.Value[float64](t, tab, `Math.max(...["#scene", "#detail"].map((s) => document.querySelector(s).offsetHeight))`); tall > 2000 {
		t.Errorf("a part of the page is %g pixels high", tall)
	}
	testbrowser.Value[bool](t, tab, `(() => { const q = document.querySelector("#query"); q.value = "2999<B>"; q.dispatchEvent(new Event("input")); return true })()`)
	testbrowser.Until(t, tab, `document.querySelectorAll("#rows li").length === 1 && document.querySelector("#count").textContent === "1 of 3000"`)
	if name := testbrowser.Value[string](t, tab, `document.querySelector("#rows b").textContent`); name != long(2999) {
		t.Errorf("found %q", name)
	}
	if title := testbrowser.Value[string](t, tab, `document.title`); title == "run" {
		t.Error("a name has run")
	}
}

// The focus stays on a stream of the list when the order of the list changes.
func TestBrowserListKeepsFocus(t *testing.T) {
	r := newRig(t, Options{}, 1)
	say := func(name string) {
		e := stream.NewRunning(stream.Header{Stream: name, Segment: 1, Sample: 4410}, stream.Answer{Label: "piano", P: 0.5, Warm: true})
		r.pipeline.take(name, &e)
	}
	for _, name := range []string{"a", "b", "c"} {
		say(name)
	}
	at, end := serve(t, r.page, "127.0.0.1:0")
	defer end()
	tab := testbrowser.Open(t, "http://"+at+"/#stream=b")
	testbrowser.Until(t, tab, `document.querySelectorAll("#rows li").length === 3 && document.querySelector("#rows b").textContent === "c"`)
	testbrowser.Value[bool](t, tab, `(document.querySelector("#rows li:last-child button").focus(), true)`)
	say("a")
	testbrowser.Until(t, tab, `document.querySelector("#rows b").textContent === "a"`)
	if name := testbrowser.Value[string](t, tab, `document.activeElement.dataset.stream || document.activeElement.tagName`); name != "a" {
		t.Errorf("the focus is on %s", name)
	}
}

// Labels may have the names of what every object of the language has.
func TestBrowserLabelsOfObjects(t *testing.T) {
	r := newRig(t, Options{}, 1)
	labels := []string{"constructor", "__proto__", "toString"}
	r.model = testmodel.New(t, testmodel.Labels(44100, 1, labels...), rand.New(rand.NewPCG(1, 2)))
	tapped(r, r.blocks("s", 4410)...)
	at, end := serve(t, r.page, "127.0.0.1:0")
	defer end()
	tab := testbrowser.Open(t, "http://"+at+"/")
	testbrowser.Until(t, tab, `document.querySelectorAll("#sliders details input").length === 3`)
	for i, label := range labels {
		script := fmt.Sprintf(`(() => { const i = document.querySelectorAll("#sliders details input")[%d]; i.value = 0.25; i.oninput(); return i.ariaLabel + " " + i.ariaValueText })()`, i)
		if got := testbrowser.Value[string](t, tab, script); got != label+" 0.25" {
			t.Errorf("%q", got)
		}
	}
	testbrowser.Until(t, tab, `document.querySelector("#replayed").textContent.startsWith("Last ")`)
}
