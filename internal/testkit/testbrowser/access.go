//go:build browser

package testbrowser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A Part is what a screen reader is told of a part of the page.
type Part struct{ Role, Name, Value string }

// Parts returns the accessibility tree of the page, as the browser gives it to screen
// readers.
func Parts(t testing.TB, ctx context.Context) []Part {
	t.Helper()
	r, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		t.Fatal(err)
	}
	words := func(v *accessibility.Value) string {
		if v == nil || len(v.Value) == 0 {
			return ""
		}
		var s any
		if err := json.Unmarshal(v.Value, &s); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(s)
	}
	var all []Part
	for _, n := range r.Nodes {
		if n.Ignored {
			continue
		}
		p := Part{Role: words(n.Role), Name: words(n.Name), Value: words(n.Value)}
		all = append(all, p)
	}
	return all
}

// named are the roles of parts that mean nothing without a name.
var named = []string{"button", "link", "textbox", "searchbox", "combobox", "slider", "spinbutton", "checkbox", "image", "img", "meter", "progressbar", "tab", "tablist", "tabpanel", "grid", "DisclosureTriangle"}

// valued are those that also have a value.
var valued = []string{"slider", "meter", "progressbar", "combobox"}

// Accessible checks the page as it is now for people who do not see it, do not use a mouse,
// or do not see well: parts have names and values, references lead somewhere, pictures say in
// words what they show, the Tab key reaches what can be used, in the order of the page, with
// a frame that shows it, and text has a contrast of 4.5 (3 where it is large), light and
// dark.
func Accessible(t testing.TB, ctx context.Context) {
	t.Helper()
	parts := Parts(t, ctx)
	if len(parts) < 20 {
		t.Fatalf("%d parts in the accessibility tree", len(parts))
	}
	for _, p := range parts {
		if slices.Contains(named, p.Role) && strings.TrimSpace(p.Name) == "" {
			t.Errorf("a %s without a name", p.Role)
		}
		if slices.Contains(valued, p.Role) && p.Value == "" {
			t.Errorf("the %s %q has no value", p.Role, p.Name)
		}
	}
	for _, wrong := range Value[[]string](t, ctx, looseEnds) {
		t.Error(wrong)
	}
	for _, scheme := range []string{"light", "dark"} {
		Theme(t, ctx, scheme)
		faint := Value[[]string](t, ctx, contrast)
		if len(faint) == 0 || faint[0] == "0" {
			t.Fatalf("%s: no text was looked at", scheme)
		}
		for _, f := range faint[1:] {
			t.Errorf("%s: %s", scheme, f)
		}
	}
	set(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	reached(t, ctx)
}

// reached goes over the page with the Tab key.
func reached(t testing.TB, ctx context.Context) {
	t.Helper()
	want := Value[int](t, ctx, `(() => {
		getSelection().removeAllRanges();
		document.body.tabIndex = -1; // the Tab key goes on from the top
		document.body.focus();
		document.body.removeAttribute("tabindex");
		window.tabbed = [...document.querySelectorAll("button, input, select, summary, textarea, [tabindex='0']")].filter((e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}));
		window.missed = new Set(window.tabbed);
		return window.tabbed.length })()`)
	if want == 0 {
		t.Fatal("the Tab key has nothing to reach")
	}
	for range 2*want + 20 { // boxes that scroll are reached as well
		if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Tab)); err != nil {
			t.Fatal(err)
		}
		if wrong := Value[string](t, ctx, `(() => {
			const e = document.activeElement;
			if (!e || e === document.body || !window.missed.delete(e)) return "";
			const s = getComputedStyle(e);
			return s.outlineStyle === "none" || parseFloat(s.outlineWidth) === 0 ? "no frame shows that the focus is on " + (e.id || e.outerHTML.slice(0, 80)) : "" })()`); wrong != "" {
			t.Error(wrong)
		}
		if Value[bool](t, ctx, `window.missed.size === 0`) {
			break
		}
	}
	for _, m := range Value[[]string](t, ctx, `[...window.missed].filter((e) => e.isConnected && e.tabIndex >= 0).map((e) => e.id || e.outerHTML.slice(0, 80))`) {
		t.Errorf("the Tab key does not reach %s", m)
	}
	if n := Value[int](t, ctx, `[...document.querySelectorAll("[tabindex]")].filter((e) => e.tabIndex > 0).length`); n > 0 {
		t.Errorf("%d parts are reached out of the order of the page", n)
	}
}

// Theme has the page be "light" or "dark".
func Theme(t testing.TB, ctx context.Context, scheme string) {
	t.Helper()
	set(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// Reduced has the page be one for people who want little motion, or again for all.
func Reduced(t testing.TB, ctx context.Context, reduced bool) {
	t.Helper()
	p := emulation.SetEmulatedMediaParams{}
	if reduced {
		p.Features = []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	}
	set(t, ctx, emulation.SetEmulatedMedia, p)
}

// looseEnds returns what refers to nothing, and pictures that say nothing.
const looseEnds = `(() => {
	const wrong = [];
	for (const a of ["aria-controls", "aria-labelledby", "aria-describedby"])
		for (const e of document.querySelectorAll("[" + a + "]"))
			for (const id of e.getAttribute(a).split(/\s+/)) if (!document.getElementById(id)) wrong.push(a + " names " + id + ", which is not there");
	for (const c of document.querySelectorAll("canvas")) {
		if (!c.checkVisibility()) continue;
		const e = c.closest("[role=img]");
		if (!e || (e.getAttribute("aria-label") || "").length < 15) wrong.push("the canvas " + (c.id || c.parentElement.className) + " does not say what it shows");
	}
	const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push("two parts are called " + id);
	return wrong })()`

// contrast returns how many texts there are, and those that are hard to read. Ratios are
// those of WCAG 2.2; what is disabled need not have any.
const contrast = `(() => {
	const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgba = (c) => { probe.clearRect(0, 0, 1, 1); probe.fillStyle = c; probe.fillRect(0, 0, 1, 1); return [...probe.getImageData(0, 0, 1, 1).data]; };
	const bright = (c) => { const f = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
	const over = (a, b) => [0, 1, 2].map((i) => (a[i] * a[3] + b[i] * (255 - a[3])) / 255).concat(255);
	const ground = (e) => {
		const all = [];
		for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 0) all.push(c); if (c[3] === 255) break; }
		return all.reverse().reduce((b, c) => over(c, b), [255, 255, 255, 255]);
	};
	const faint = [];
	let n = 0;
	const look = (e, words, style) => {
		const s = getComputedStyle(e, style);
		const size = parseFloat(s.fontSize), large = size >= 24 || size >= 18.66 && +s.fontWeight >= 700;
		let alpha = 1;
		for (let p = e; p; p = p.parentElement) alpha *= +getComputedStyle(p).opacity;
		const b = ground(e), f = rgba(s.color);
		f[3] *= alpha;
		const x = bright(over(f, b)), y = bright(b), r = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
		n++;
		if (r < (large ? 3 : 4.5) - 0.005) faint.push(words.slice(0, 40) + ": " + s.color + " on " + b.slice(0, 3) + " has " + r.toFixed(2));
	};
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, words = walk.currentNode.textContent.trim();
		if (!words || !e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}) || e.closest("script, style, :disabled, option, .unseen")) continue;
		look(e, words);
	}
	for (const e of document.querySelectorAll("input[placeholder]")) if (e.checkVisibility() && !e.disabled && !e.value) look(e, e.placeholder, "::placeholder");
	return [String(n), ...faint] })()`
