package report

import (
	"bytes"
	"encoding/base64"
	"html"
	"math"
	"regexp"
	"strings"
	"testing"

	"inkling/internal/audio"
	"inkling/model/dataset"
)

// heard returns a report whose examples have signals of a kind.
func heard(kind dataset.Kind, channels, n int) Clips {
	r := madeUp(7, 60, 0.6, true, instrument)
	r.Set = &dataset.Set{Kind: kind, Channels: channels, Rate: 8000}
	for i := range r.Rows {
		x := make([]float32, n*channels)
		for k := range x {
			x[k] = float32(math.Sin(float64(k*(i+1)))) / 2
			if kind == dataset.Text {
				x[k] = float32("<i>\x1b"[k%4])
			}
		}
		r.Signals = append(r.Signals, x)
	}
	return r
}

func pageOf(t *testing.T, r Clips) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Each cell of the confusion leads to its examples: wrong ones of the greatest probability
// first, then right ones of the least. All are in some cell.
func TestCellsHoldTheirExamplesWorstFirst(t *testing.T) {
	r := heard(dataset.Audio, 1, 50)
	table := r.cellTable(0)
	total, right := 0, false
	for _, c := range table.Cells {
		total += c.Count
		if right && !c.Right {
			t.Errorf("%s is after cells of right ones", c.Title)
		}
		right = c.Right
		if len(c.rows) != c.Count || len(c.Exhibits)+c.More != c.Count {
			t.Errorf("%s: %d rows, %d shown, %d more of %d", c.Title, len(c.rows), len(c.Exhibits), c.More, c.Count)
		}
		for i := 1; i < len(c.rows); i++ {
			if a, b := r.Rows[c.rows[i-1]].P, r.Rows[c.rows[i]].P; a != b && a < b != c.Right {
				t.Errorf("%s: p %v before %v", c.Title, a, b)
			}
		}
	}
	if total != len(r.Rows) {
		t.Errorf("%d examples in cells of %d", total, len(r.Rows))
	}
}

var soundURL = regexp.MustCompile(`src="data:audio/wav;base64,([^"]*)"`)

// What a page plays are the example's samples.
func TestPagePlaysTheExamples(t *testing.T) {
	r := heard(dataset.Audio, 2, 300)
	sounds := soundURL.FindAllStringSubmatch(pageOf(t, r), -1)
	shown := 0
	var first []float32
	for _, c := range r.cellTable(0).Cells {
		if shown == 0 {
			first = r.Signals[c.rows[0]]
		}
		shown += len(c.Exhibits)
	}
	if len(sounds) != shown {
		t.Fatalf("%d sounds of %d examples", len(sounds), shown)
	}
	data, err := base64.StdEncoding.DecodeString(html.UnescapeString(sounds[0][1]))
	if err != nil {
		t.Fatal(err)
	}
	clip, err := audio.Decode(bytes.NewReader(data), "page")
	if err != nil || clip.Rate != 8000 || clip.Channels != 2 || len(clip.Samples) != len(first) {
		t.Fatalf("%+v, %v", clip, err)
	}
	for i, v := range clip.Samples {
		if math.Abs(float64(v-first[i])) > 1.0/32768 {
			t.Fatalf("sample %d is %v, want %v", i, v, first[i])
		}
	}
}

// A page is bounded: it says what is cut and what has no sound.
func TestPageOfLongSoundsIsBounded(t *testing.T) {
	r := heard(dataset.Audio, 2, 12*8000)
	page := pageOf(t, r)
	if len(page) > mostSound*4/3*11/10+1<<20 || !strings.Contains(page, "first 10 s of 12s") || !strings.Contains(page, "without sound: a page holds 8 MB of it.") {
		t.Errorf("%d bytes", len(page))
	}
}

// Labels, names and texts that hold markup are text, and nothing is loaded from elsewhere.
func TestPageShowsMarkupAsText(t *testing.T) {
	for _, kind := range []dataset.Kind{dataset.Audio, dataset.Series, dataset.Text} {
		r := heard(kind, 1, 40)
		r.About.Card = "a <b>card</b>"
		r.Rows[0].File = `"><img src=x onerror=alert(1)>`
		r.Signals[0][0] = float32(math.NaN())
		page := pageOf(t, r)
		for _, bad := range []string{"<b>böses", "<img", "<i>", "<b>card", "src=\"http", "href=\"http", "url(", "ZgotmplZ", "NaN"} {
			if bad == "NaN" && kind == dataset.Text {
				continue
			}
			if i := strings.Index(page, bad); i >= 0 {
				t.Errorf("%s: %.80q", kind, page[max(0, i-40):])
			}
		}
		if strings.Contains(page, "<audio") != (kind == dataset.Audio) || strings.Contains(page, `class="sketch"`) == (kind == dataset.Text) {
			t.Errorf("%s: it has sound or sketches", kind)
		}
	}
}
