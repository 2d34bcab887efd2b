//go:build browser

package main

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"inkling/internal/testkit/testbrowser"
	"inkling/stream/report"
)

// TestBrowserDesign chooses a network on the page of design, looks at what it draws and at
// the problems that it names, trains it there, and compares what was drawn with what inspect
// says of the model.
func TestBrowserDesign(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	log := newTranscript()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"design", bundledNotes, "--http", "127.0.0.1:0", "--no-browser", "--folds", "0", "--validation", "0.2", "-o", "drawn.model"}, strings.NewReader(""), io.Discard, log)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	tab := testbrowser.Open(t, log.find(t, `the page is at (http://\S+)`))
	has := func(condition string) { t.Helper(); testbrowser.Until(t, tab, condition) }
	choose := func(field, value string) {
		t.Helper()
		testbrowser.Value[bool](t, tab, `(() => { const f = document.querySelector("#field-`+field+`"); f.value = "`+value+`"; f.dispatchEvent(new Event("input")); return true })()`)
	}
	has(`document.querySelector("#net").naturalWidth > 100`)
	has(`document.querySelector("#field-hidden").placeholder === "100"`)
	testbrowser.Shoot(t, tab, "design")

	// What is wrong is named where it is, and nothing can be trained until it is mended.
	choose("hop", "40")
	has(`document.querySelector("#field-hop").getAttribute("aria-invalid") === "true" && /hop_ms 40/.test(document.querySelector("#field-hop-said").textContent)`)
	has(`document.querySelector("#train").disabled`)
	testbrowser.Shoot(t, tab, "design-problem")
	testbrowser.Accessible(t, tab)
	choose("hop", "")
	choose("front", "raw")
	choose("samples", "100")
	has(`/divide/.test(document.querySelector("#field-samples-said").textContent)`)
	choose("samples", "147")
	choose("hidden", "12")
	choose("layers", "2")
	choose("epochs", "40")
	has(`document.querySelector("#command").textContent === "inkling train bundled:notes --folds 0 --validation 0.2 --front raw --samples 147 --hidden 12 --layers 2 --epochs 40 -o drawn.model"`)
	has(`document.querySelector("#field-samples-said").textContent === "" && !document.querySelector("#train").disabled`)
	drawn := testbrowser.Value[[][]string](t, tab, `[...document.querySelectorAll("#layers tbody tr")].map(r => [...r.cells].map(c => c.textContent))`)

	testbrowser.Value[bool](t, tab, `(document.querySelector("#train").click(), true)`)
	has(`document.querySelectorAll("#keys li").length === 4`)
	has(`document.querySelectorAll("#loss canvas, #accuracy canvas").length === 2`)
	testbrowser.Shoot(t, tab, "design-training")
	has(`document.querySelector("#state").textContent.startsWith("Done")`)
	testbrowser.Shoot(t, tab, "design-trained")
	testbrowser.Accessible(t, tab)
	has(`/: .*confirmed, validation [\d.]+ %/.test(document.querySelector("#accuracy").ariaLabel) && document.querySelector("#told").textContent === "the training is done"`)
	m, err := openModel("drawn.model")
	if err != nil {
		t.Fatal(err)
	}
	layers := report.Layers(m)
	if len(drawn) != len(layers) {
		t.Fatalf("drawn %q, trained %d layers", drawn, len(layers))
	}
	for i, l := range layers {
		if d := drawn[i]; d[0] != l.Name || strings.ReplaceAll(d[1], ",", "") != strconv.Itoa(l.Values) || d[2] != strings.Join(l.Tensors, ", ") {
			t.Errorf("drawn %q, trained %+v", d, l)
		}
	}
	if c := m.Config; c.Front.Samples != 147 || c.Hidden != 12 || c.Layers != 2 {
		t.Errorf("%+v", c)
	}
	if _, err := os.Stat("drawn.csv"); err != nil {
		t.Error(err)
	}
	has(`/there already/.test(document.querySelector("#replaces").textContent)`)

	// Examples, by index and at random.
	testbrowser.Value[bool](t, tab, `(document.querySelector("#tab-examples").click(), true)`)
	has(`document.querySelectorAll("#shown li").length === 3 && [...document.querySelectorAll("#shown img")].every(i => i.naturalWidth > 100)`)
	testbrowser.Shoot(t, tab, "examples")
	testbrowser.Accessible(t, tab)
	testbrowser.Value[bool](t, tab, `(document.querySelector("#numbers").value = "1 2 5-8", document.querySelector("#pick").requestSubmit(), true)`)
	has(`document.querySelectorAll("#shown li").length === 6 && document.querySelector("#pick-command").textContent === "inkling play bundled:notes 1 2 5-8"`)
	testbrowser.Value[bool](t, tab, `(document.querySelector("#play-all").click(), true)`)
	has(`document.querySelector("#audio").duration > 0.05`)
	has(`document.querySelector("#audio").src.endsWith("n=8")`)
}
