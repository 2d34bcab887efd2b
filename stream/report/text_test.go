package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"inkling/stream/evaluate"
)

func textOf(t *testing.T, r Clips) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextHoldsTheFigures(t *testing.T) {
	vs := make([]evaluate.Outcome, 20)
	for i := range vs {
		v := &vs[i]
		*v = evaluate.Outcome{Truth: i % 2, Confirmed: i % 2, Early: i % 2, EarlyStep: 3, Steps: 10, Probs: []float32{0.5, 0.5}}
		for k := range v.Running {
			v.Running[k], v.P[k] = 0, 0.75
		}
	}
	vs[0].Confirmed, vs[0].Early = 1, 0
	r := Clips{evaluate.NewReport([]string{"cat", "dog"}, vs, true)}
	r.Warnings = []string{"mind the gap"}
	got := textOf(t, r)
	for _, want := range []string{"20 examples, 2 labels", "note: mind the gap", "confirmed            95.0 %", "76.4 % to 99.1 %", "“cat”: 50.0 %",
		"macro F1              0.950", "running              50.0 %", "early               100.0 %", "30.0 % of the segment", "5.0 points above confirmed",
		"overturned            5.0 %", "none of them was trained on", "cat    9    1\ndog    ·   10\n", "cat          10       90.0 %    100.0 %  0.947",
		" 10 %  ████████████████████                      50.0 %"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// However long the labels, no line is wider than 130 characters, and none holds a control
// character.
func TestTextFitsTheTerminal(t *testing.T) {
	for _, n := range []int{2, 5, 12, 30} {
		r := madeUp(n, 30*n, 0.9, true, instrument)
		r.Title, r.Warnings = "a\x1b[31mb", []string{"c\x07d"}
		for _, line := range strings.Split(textOf(t, r), "\n") {
			if w := len([]rune(line)); w > 130 {
				t.Errorf("%d labels: %d characters: %s", n, w, line)
			}
			if strings.ContainsAny(line, "\x1b\x07") {
				t.Errorf("control characters in %q", line)
			}
		}
	}
}

// A report that was read from its JSON has the same text.
func TestReportReadFromJSONHasTheSameText(t *testing.T) {
	r := madeUp(4, 100, 0.9, false, instrument)
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back := Clips{&evaluate.Report{}}
	if err := json.Unmarshal(data, back.Report); err != nil {
		t.Fatal(err)
	}
	if a, b := textOf(t, r), textOf(t, back); a != b {
		t.Errorf("written\n%s\nread\n%s", a, b)
	}
	back.Confirmed.Confusion = nil
	if err := back.WriteText(io.Discard); err == nil {
		t.Error("a report without confusion: no error")
	}
}

func TestHTMLStandsAlone(t *testing.T) {
	r := madeUp(7, 1000, 0.3, true, instrument)
	r.Title, r.Warnings = "Clips <script>alert(1)</script>", []string{"mind <i>the</i> gap"}
	var b bytes.Buffer
	if err := WriteHTML(&b, "notes & more", r.Report, madeUp(2, 10, 1, false, instrument).Report); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if n := strings.Count(page, "<svg"); n != 6 {
		t.Errorf("%d charts, want 6", n)
	}
	for _, bad := range []string{"<script", "<b>böses", "<i>the", "<?xml", "ZgotmplZ", "NaN"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if loads := regexp.MustCompile(`(?i)(src|href|url|@import|action)\s*[=(]`).FindString(page); loads != "" {
		t.Errorf("the page loads something: %q", loads)
	}
	for _, want := range []string{"<h1>notes &amp; more</h1>", "Clips &lt;script&gt;", "some/folder/file-", "no segment", "No example was wrong.", "No example"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	wrong := r.Wrong()
	if len(wrong) <= mostListed || !strings.Contains(page, fmt.Sprintf("and %d more", len(wrong)-mostListed)) ||
		strings.Count(page, `<td class="file">`) != mostListed {
		t.Errorf("%d wrong examples, %d listed", len(wrong), strings.Count(page, `<td class="file">`))
	}
	dec := xml.NewDecoder(strings.NewReader(page)) // every element is closed
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteHTML(io.Discard, "none"); err == nil {
		t.Error("no report: no error")
	}
}
