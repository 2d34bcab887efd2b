//go:build browser

package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"inkling/internal/testkit/testbrowser"
)

// What the page says to those who do not see it, with a stream, a chosen segment and open
// sliders.
func TestBrowserAccessible(t *testing.T) {
	l := &load{streams: 3, speed: 1}
	tab := l.opened(t)
	testbrowser.Until(t, tab, `document.querySelectorAll("#segments tbody tr").length >= 3`)
	testbrowser.Accessible(t, tab)

	testbrowser.Value[bool](t, tab, `(document.querySelector("#rules").open = true, document.querySelector("#segments tbody tr").click(), true)`)
	testbrowser.Until(t, tab, `!document.querySelector("#detail").hidden && document.querySelectorAll("#sliders input").length > 3`)
	testbrowser.Until(t, tab, `/ b at \d/.test(document.querySelector("#ribbon").ariaLabel)`)
	testbrowser.Accessible(t, tab)
	has := func(role, name, value string) {
		t.Helper()
		for _, p := range testbrowser.Parts(t, tab) {
			if p.Role == role && strings.Contains(p.Name, name) && strings.Contains(p.Value, value) {
				return
			}
		}
		t.Errorf("no %s %q %q", role, name, value)
	}
	has("image", "Signal of s0 from ", "")
	has("image", "Spectrogram of s0 from ", "")
	has("image", "newest first: ", "")
	has("image", "Running probabilities, the last ones: ", "")
	has("slider", "A label is reported from", "0")
	has("meter", "Input level", "-")
	has("grid", "Segments, newest first", "")
	has("button", "Freeze", "")
	has("combobox", "Seconds shown", "10 s")
	has("searchbox", "Find a stream", "")

	if words := testbrowser.Value[[]string](t, tab, `[...document.querySelectorAll("#sliders input")].map((i) => i.ariaValueText)`); !slices.Contains(words, "0 steps") {
		t.Errorf("the sliders say %q of their values", words)
	}

	// On a phone, where the parts are in another order.
	testbrowser.Resize(t, tab, 390, 844)
	testbrowser.Until(t, tab, `document.querySelector("#streams").getBoundingClientRect().top > document.querySelector("#scene").getBoundingClientRect().top`)
	testbrowser.Accessible(t, tab)

	// The network, in the other tab.
	testbrowser.Value[bool](t, tab, `(document.querySelector("#tab-network").click(), true)`)
	testbrowser.Until(t, tab, `document.querySelector("#network").childNodes.length > 0`)
}

// The colours of a theme are there as soon as the theme is: what is drawn before the event of
// its change, because the window has changed as well, does not keep those of the other one.
func TestBrowserColoursFollowTheTheme(t *testing.T) {
	tab := (&load{streams: 1, speed: 1}).opened(t)
	for i := range 20 {
		testbrowser.Theme(t, tab, []string{"dark", "light"}[i%2])
		for _, wrong := range testbrowser.Value[[]string](t, tab, `import("/page/common.js").then(({css}) => ["--line", "--quiet", "--ink", "--card"].filter((n) => css(n) !== getComputedStyle(document.documentElement).getPropertyValue(n).trim()))`) {
			t.Errorf("%s is that of the other theme", wrong)
		}
	}
}

// A segment is reached, chosen and let go of by keys alone, and the focus goes with it.
func TestBrowserKeys(t *testing.T) {
	l := &load{streams: 1, speed: 1}
	tab := l.opened(t)
	testbrowser.Until(t, tab, `document.querySelectorAll("#segments tbody tr").length >= 4`)
	testbrowser.Value[bool](t, tab, `(document.querySelector("#segments tbody tr[tabindex='0']").focus(), true)`)
	testbrowser.Press(t, tab, kb.Enter)
	testbrowser.Until(t, tab, `document.activeElement.getAttribute("aria-selected") === "true" && !document.querySelector("#detail").hidden`)
	first := testbrowser.Value[int](t, tab, `document.activeElement.segment.segment`)
	testbrowser.Press(t, tab, kb.ArrowDown) // the one before
	testbrowser.Until(t, tab, fmt.Sprintf(`document.activeElement.getAttribute("aria-selected") === "true" && document.activeElement.segment.segment === %d`, first-1))
	if n := testbrowser.Value[int](t, tab, `document.querySelectorAll("#segments tbody tr[tabindex='0']").length`); n != 1 {
		t.Errorf("the Tab key reaches %d rows", n)
	}
	testbrowser.Press(t, tab, kb.Escape)
	testbrowser.Until(t, tab, `document.querySelector("#detail").hidden`)
}

// watch counts, from now on, what is announced (said), what else is that should not be
// (noise), and the pictures that are drawn (drawn).
const watch = `(() => {
	const seen = window.seen = {said: 0, noise: [], drawn: 0, began: performance.now()};
	for (const e of document.querySelectorAll("[aria-live], [role=status]:not(#link), [role=alert], output")) // link: a busy machine may answer late
		new MutationObserver(() => { if (e.id === "said") seen.said++; else seen.noise.push((e.id || e.outerHTML.slice(0, 40)) + ": " + e.textContent); }).observe(e, {childList: true, characterData: true, subtree: true});
	const fill = document.querySelector("#ribbon").getContext("2d"), clear = fill.clearRect;
	fill.clearRect = function (...a) { seen.drawn++; return clear.apply(this, a); };
	return true })()`

type seen struct {
	Said, Drawn int
	Noise       []string
	Seconds     float64
}

const look = `(() => ({...window.seen, Seconds: (performance.now() - window.seen.began) / 1000}))()`

// Confirmations are announced, politely, a few at once, and nothing else is; pictures are
// drawn 10 times a second, and once for those who want nothing to move.
func TestBrowserIsCalm(t *testing.T) {
	l := &load{streams: 3, speed: 3} // three segments a second
	tab := l.opened(t)
	testbrowser.Until(t, tab, `document.querySelector("#said").textContent !== ""`)
	if live := testbrowser.Value[string](t, tab, `document.querySelector("#said").getAttribute("aria-live")`); live != "polite" {
		t.Errorf("confirmations are announced: %q", live)
	}
	for _, still := range []bool{false, true} {
		testbrowser.Reduced(t, tab, still)
		testbrowser.Value[bool](t, tab, watch)
		testbrowser.Until(t, tab, `window.seen.said >= 2 && window.seen.drawn >= 2`)
		s := testbrowser.Value[seen](t, tab, look)
		most := 11.5
		if still {
			most = 1
		}
		if float64(s.Drawn) > most*s.Seconds+2 {
			t.Errorf("little motion %v: drawn %d times in %.1f s", still, s.Drawn, s.Seconds)
		}
		if float64(s.Said) > s.Seconds/2+2 || len(s.Noise) > 0 {
			t.Errorf("announced %d times in %.1f s, and %q", s.Said, s.Seconds, s.Noise)
		}
	}
}
