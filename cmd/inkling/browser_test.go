//go:build browser

package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"inkling/internal/bundled"
	"inkling/internal/testkit/testbrowser"
	"inkling/stream/keep"
)

// TestBrowserDemo opens the demo's page as it opens by itself, and looks at what it shows.
func TestBrowserDemo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	log, dir := newTranscript(), filepath.Join(t.TempDir(), "corrected")
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--http", "127.0.0.1:0", "--no-browser", "--json", "--emit", "confirmed", "--corrections", dir}, strings.NewReader(""), io.Discard, log)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	address := log.find(t, `the page is at (http://\S+)`)
	tab := testbrowser.Open(t, address)
	testbrowser.Until(t, tab, `document.querySelector("#label").textContent.length > 1`)
	testbrowser.Until(t, tab, `document.querySelectorAll("#segments tbody tr").length >= 12`)
	testbrowser.Shoot(t, tab, "demo")
	testbrowser.Until(t, tab, `document.querySelectorAll("#segments tbody tr").length >= 56`)
	checkNotes(t, testbrowser.Value[[][]string](t, tab, `[...document.querySelectorAll("#segments tbody tr")].map(r => [r.cells[0].textContent, r.cells[1].textContent])`))

	// The second newest segment is chosen by key, played, explained, and corrected.
	testbrowser.Press(t, tab, kb.ArrowDown, kb.ArrowDown, "p", "?")
	testbrowser.Until(t, tab, `document.querySelectorAll("#reasons li").length > 0`)
	testbrowser.Until(t, tab, `document.querySelector("#audio").duration > 0.1`)
	testbrowser.Press(t, tab, "3")
	testbrowser.Until(t, tab, `document.querySelector("#corrected").textContent.startsWith("corrected: trumpet")`)
	kept, err := keep.Corrections(dir)
	if err != nil || len(kept) != 1 || kept[0].Label != "trumpet" || kept[0].Segment != 55 {
		t.Errorf("corrected to trumpet: %+v, %v", kept, err)
	}
	testbrowser.Press(t, tab, "u")
	testbrowser.Until(t, tab, `document.querySelector("#corrected").textContent.startsWith("taken back")`)
	if kept, err := keep.Corrections(dir); err != nil || len(kept) != 0 {
		t.Errorf("taken back, and still there: %+v, %v", kept, err)
	}
	testbrowser.Shoot(t, tab, "segment")

	// A slider labels the minute again. Space opens its box, and corrects nothing.
	testbrowser.Value[bool](t, tab, `(document.querySelector("#rules summary").focus(), true)`)
	testbrowser.Press(t, tab, " ")
	testbrowser.Until(t, tab, `document.querySelector("#rules").open`)
	if kept, err := keep.Corrections(dir); err != nil || len(kept) != 0 {
		t.Errorf("space on a box corrected: %+v, %v", kept, err)
	}
	testbrowser.Value[bool](t, tab, `(() => { const s = document.querySelector("#sliders input"); s.value = 0.93; s.dispatchEvent(new Event("input")); return true })()`)
	testbrowser.Until(t, tab, `/with these; [1-9]\d* gone, 0 new, 0 other\.$/.test(document.querySelector("#replayed").textContent)`)
	t.Log(testbrowser.Value[string](t, tab, `document.querySelector("#replayed").textContent`))
	testbrowser.Shoot(t, tab, "thresholds")
	testbrowser.Accessible(t, tab) // with sliders, reasons, and three labels in their colours

	testbrowser.Value[bool](t, tab, `(document.querySelector("#tab-network").click(), true)`)
	testbrowser.Until(t, tab, `(document.querySelector("#network img") || {}).naturalWidth > 100`)
	testbrowser.Shoot(t, tab, "network")

	again := testbrowser.Open(t, address)
	testbrowser.Until(t, again, `performance.getEntriesByName("first label").length > 0`)
	t.Logf("a page that is opened now draws its first label %.0f ms after it is loaded, %.0f ms after it was asked for",
		testbrowser.Value[float64](t, again, `performance.getEntriesByName("first label")[0].startTime - performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`),
		testbrowser.Value[float64](t, again, `performance.getEntriesByName("first label")[0].startTime`))
}

// checkNotes compares the rows of the table, begin and label, with the notes that were
// played.
func checkNotes(t *testing.T, rows [][]string) {
	t.Helper()
	right := 0
	for _, n := range bundled.Truth() {
		for _, r := range rows {
			begins, err := shownSeconds(r[0])
			if err != nil {
				t.Fatalf("%q: %v", r[0], err)
			}
			if d := begins - float64(n.Start)/44100; d > -0.1 && d < 0.1 && r[1] == n.Label {
				right++
				break
			}
		}
	}
	if all := len(bundled.Truth()); right < all*95/100 {
		t.Errorf("%d of %d notes have their label at their time on the page", right, all)
	} else {
		t.Logf("%d of %d notes have their label at their time on the page", right, all)
	}
}

// shownSeconds reads a time as the page writes it: "9.12 s" or "1:02.50".
func shownSeconds(s string) (float64, error) {
	if minutes, rest, ok := strings.Cut(s, ":"); ok {
		m, err1 := time.ParseDuration(minutes + "m")
		r, err2 := time.ParseDuration(rest + "s")
		if err1 != nil {
			return 0, err1
		}
		return (m + r).Seconds(), err2
	}
	d, err := time.ParseDuration(strings.ReplaceAll(s, " ", ""))
	return d.Seconds(), err
}
