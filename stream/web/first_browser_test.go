//go:build browser

package web

import (
	"math"
	"testing"

	"inkling/internal/testkit/testbrowser"
)

// A page that is opened draws a label soon.
func TestBrowserFirstLabel(t *testing.T) {
	r := newRig(t, Options{}, 20)
	r.options.Probs = true
	r.run(t, r.options)
	at, end := serve(t, r.page, "127.0.0.1:0")
	defer end()
	best := math.Inf(1)
	for range 5 {
		tab := testbrowser.Open(t, "http://"+at+"/")
		testbrowser.Until(t, tab, `performance.getEntriesByName("first label").length > 0`)
		since := testbrowser.Value[[]float64](t, tab, `(() => {
			const n = performance.getEntriesByType("navigation")[0], label = performance.getEntriesByName("first label")[0].startTime;
			return [label - n.responseStart, label - n.domContentLoadedEventEnd, n.domContentLoadedEventEnd - n.responseStart] })()`)
		t.Logf("the first label is drawn %.0f ms after the page came, %.0f ms after it was loaded, which took %.0f ms", since[0], since[1], since[2])
		best = min(best, since[1])
	}
	if best > 300 {
		t.Errorf("the first label is drawn %.0f ms after the page was loaded: want 300 at most", best)
	}
}
