package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
	"inkling/internal/testkit/testset"
	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// madeUp returns the report of a model of n labels that is right with about this accuracy.
func madeUp(n, examples int, accuracy float64, silent bool, label func(int) string) Clips {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	var labels []string
	for i := range n {
		labels = append(labels, label(i))
	}
	pick := func(truth int, accuracy float64) int {
		if rng.Float64() < accuracy {
			return truth
		}
		return rng.IntN(n)
	}
	var vs []evaluate.Outcome
	for i := range examples {
		v := evaluate.Outcome{File: fmt.Sprintf("some/folder/file-%03d.wav", i), Truth: rng.IntN(n), Steps: 20 + rng.IntN(80)}
		v.Confirmed, v.Early, v.EarlyStep = pick(v.Truth, accuracy), pick(v.Truth, accuracy*0.97), 5+rng.IntN(10)
		v.Probs = make([]float32, n)
		v.Probs[v.Confirmed] = 0.5 + 0.5*rng.Float32()
		for k := range v.Running {
			v.Running[k], v.P[k] = pick(v.Truth, accuracy*(0.5+0.05*float64(k+1))), 0.4+0.6*rng.Float32()
		}
		if silent && i%17 == 0 {
			v.Probs, v.EarlyStep = nil, 0
			v.NoSegment()
		}
		vs = append(vs, v)
	}
	return Clips{evaluate.NewReport(labels, vs, true)}
}

func instrument(i int) string {
	return []string{"flute", "trumpet", "piano", "violoncello pizzicato con sordino ma non troppo",
		"Ein <b>böses</b> & \"Wort\"\x07", "]]>", "日本"}[i%7] + strconv.Itoa(i/7)
}

// pictures returns every kind of drawing, of data of several sizes.
func pictures(t *testing.T) map[string]*drawing {
	all := map[string]*drawing{}
	add := func(name string, d *drawing, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = d
	}
	for _, n := range []int{1, 2, 9, 30} {
		r := madeUp(n, 40*n, 0.9, n%2 == 0, instrument)
		d, err := drawConfusion(r)
		add(fmt.Sprintf("confusion%d", n), d, err)
		d, err = drawRunning(r)
		add(fmt.Sprintf("running%d", n), d, err)
		d, err = drawReliability(r)
		add(fmt.Sprintf("reliability%d", n), d, err)
	}
	for _, n := range []int{1, 2, 50} {
		var points []CurvePoint
		for i := range n {
			x := float64(i) / 50
			points = append(points, CurvePoint{Epoch: i + 1, Loss: 2 - x, Confirm: x, Running: x / 2, ValidLoss: 2 - 3*x + 2*x*x, ValidConfirm: x, ValidRunning: math.NaN()})
		}
		d, err := drawCurves(points)
		add(fmt.Sprintf("curves%d", n), d, err)
	}
	for _, channels := range []int{1, 3, 40} {
		for _, n := range []int{1, 7, 300 / channels} {
			labels := []string{instrument(0), instrument(3), instrument(4), instrument(5)}
			s := testset.Random(uint64(n), n, channels, labels)
			d, err := drawWaveform(s, s.Examples)
			add(fmt.Sprintf("waveform%d-%d", channels, n), d, err)
		}
	}
	return all
}

// A PNG has twice as many pixels as the drawing has points, and is drawn on; drawn again it
// is the same file.
func TestPNGsDecodeToTheirSize(t *testing.T) {
	all := pictures(t)
	for name, again := range map[string]bool{
		"confusion1": true, "confusion30": false, "running9": true, "reliability1": true, "reliability30": false,
		"curves1": false, "curves50": true, "waveform1-300": false, "waveform3-1": true, "waveform40-7": false,
	} {
		t.Run(name, func(t *testing.T) {
			d := all[name]
			var a, b bytes.Buffer
			if err := d.writePNG(&a); err != nil {
				t.Fatal(err)
			}
			if again {
				if err := d.writePNG(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
					t.Errorf("two drawings differ, %v", err)
				}
			}
			img, err := png.Decode(&a)
			if err != nil {
				t.Fatal(err)
			}
			w, h := img.Bounds().Dx(), img.Bounds().Dy()
			if math.Abs(float64(w)-2*float64(d.width)) > 1.5 || math.Abs(float64(h)-2*float64(d.height)) > 1.5 || w > 2400 || h > 2400 {
				t.Errorf("%d × %d pixels for %v × %v points", w, h, d.width, d.height)
			}
			if n := inked(img); n < w*h/8000 {
				t.Errorf("%d of %d pixels are drawn on", n, w*h/8)
			}
		})
	}
}

// inked counts the dark pixels of every fourth row and every second column.
func inked(img image.Image) (n int) {
	for y := 0; y < img.Bounds().Dy(); y += 4 {
		for x := 0; x < img.Bounds().Dx(); x += 2 {
			if r, g, b, _ := img.At(x, y).RGBA(); r+g+b < 3*0xe000 {
				n++
			}
		}
	}
	return n
}

// svgTexts returns the texts of a well-formed SVG.
func svgTexts(t *testing.T, name string, data []byte) []string {
	t.Helper()
	var texts []string
	dec := xml.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return texts
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "text" {
			var s string
			if err := dec.DecodeElement(&s, &e); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			texts = append(texts, s)
		}
	}
}

func TestSVGHoldsTheWords(t *testing.T) {
	want := map[string][]string{
		"confusion9": {"flute0", "trumpet1", "]]>0", "Ein <b>böses</b> & \"Wort…", "日本0", "confirmed label", "true label", "sensitivity", "precision"},
		"confusion2": {"no segment", "flute0", "trumpet0"},
		"running9":   {"running", "100 %", "accuracy"}, "reliability9": {"calibrated", "probability given"},
		"curves50": {"epoch", "loss", "confirmed, validation"}, "waveform3-7": {"channel 1", "channel 3", "time (s)"},
		"waveform40-7": {"channel 12", "12 of 40 channels"},
	}
	for name, d := range pictures(t) {
		var a, b bytes.Buffer
		if err := d.writeSVG(&a); err != nil {
			t.Fatal(err)
		}
		if err := d.writeSVG(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: two drawings differ, %v", name, err)
		}
		texts := svgTexts(t, name, a.Bytes())
		for _, w := range want[name] {
			if !slices.Contains(texts, w) {
				t.Errorf("%s: no text %q among %q", name, w, texts)
			}
		}
		delete(want, name)
		if bytes.Contains(a.Bytes(), []byte("Liberation Sans;")) || bytes.Contains(a.Bytes(), []byte("NaN")) || bytes.Contains(a.Bytes(), []byte("Inf")) {
			t.Errorf("%s: a font without fallback, or a number that is none", name)
		}
	}
	for name := range want {
		t.Errorf("%s was not drawn", name)
	}
}

// A cell has the colour of its share of the row, blue on the diagonal and red elsewhere.
func TestConfusionCellsAreColoured(t *testing.T) {
	r := Clips{evaluate.NewReport([]string{"a", "b"}, nil, false)}
	r.Matrix.Counts = [][]int{{3, 1}, {0, 5}}
	l := newChart(r.confusion(), "")
	var b bytes.Buffer
	if err := (&drawing{width: l.width, height: l.height, draw: l.draw}).writePNG(&b); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range [][]color.NRGBA{{tint(blue, 0.12+0.88*0.75), tint(vermilion, 0.12+0.88*0.25)}, {paper, blue}} {
		for column, c := range want {
			x := int(2 * (float64(l.left) + (float64(column)+0.15)*float64(l.cell)))
			y := int(2 * (float64(l.height-l.top) + (float64(row)+0.15)*float64(l.cell)))
			r, g, b, _ := img.At(x, y).RGBA()
			got := color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0xff}
			if got != c {
				t.Errorf("cell %d, %d is %v, want %v", row, column, got, c)
			}
		}
	}
}

// A single loud sample in a long silence is visible.
func TestWaveformKeepsPeaks(t *testing.T) {
	s := &dataset.Set{Labels: []string{"click"}, Channels: 1, Rate: 1000}
	x := make([]float32, 400_000)
	x[123_456], x[300_000] = 1, -1
	s.Examples = []dataset.Example{{Samples: x}}
	d, err := drawWaveform(s, s.Examples)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.writePNG(&b); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	for sample, half := range map[float64]float64{123_456: 0.25, 300_000: 0.75} {
		at := 2 * (waveLeft + sample/400_000*(float64(d.width)-waveLeft-waveRight))
		y := int(2 * (36 + half*170))
		found := false
		for x := int(at) - 2; x <= int(at)+2; x++ {
			if r, g, b, _ := img.At(x, y).RGBA(); r < 0xc000 && b > r && g > r {
				found = true
			}
		}
		if !found {
			t.Errorf("nothing blue near %v, %d", at, y)
		}
	}
}

func TestEnvelopeIsTheLeastAndTheGreatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		n := rapid.IntRange(1, 30).Draw(t, "n")
		x := rapid.SliceOfN(rapid.Float32Range(-5, 5), n*channels, n*channels).Draw(t, "x")
		k, from := rapid.IntRange(0, channels-1).Draw(t, "k"), rapid.IntRange(0, n-1).Draw(t, "from")
		to := rapid.IntRange(from+1, n).Draw(t, "to")
		lo, hi := envelope(x, k, channels, from, to)
		touched := 0
		for i := from; i < to; i++ {
			v := float64(x[i*channels+k])
			if v < lo || v > hi {
				t.Fatalf("%v outside %v to %v", v, lo, hi)
			}
			if v == lo || v == hi {
				touched++
			}
		}
		if touched == 0 {
			t.Fatalf("no sample is %v or %v", lo, hi)
		}
	})
}

func TestEndingOfThePathChoosesTheFormat(t *testing.T) {
	dir := t.TempDir()
	r := madeUp(2, 30, 0.9, false, instrument)
	for name, draw := range map[string]func(*evaluate.Report, string) error{"a.png": Confusion, "a.svg": RunningAccuracy, "a.PNG": Reliability} {
		path := filepath.Join(dir, name)
		if err := draw(r.Report, path); err != nil {
			t.Fatal(err)
		}
		if isPNG := bytes.HasPrefix(testkit.ReadFile(t, path), []byte("\x89PNG")); isPNG == strings.HasSuffix(name, "svg") {
			t.Errorf("%s is a PNG: %v", name, isPNG)
		}
	}
	for _, name := range []string{"a.jpg", "a", ".png.gz"} {
		path := filepath.Join(dir, name)
		if err := Confusion(r.Report, path); err == nil || err.Error() != path+": the name of a picture ends in .png or .svg" {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestNothingToDrawIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	s := &dataset.Set{Labels: []string{"a"}, Channels: 1, Examples: []dataset.Example{{}}}
	bad := madeUp(3, 30, 0.9, false, instrument)
	bad.Matrix.Counts = bad.Matrix.Counts[:2]
	for name, err := range map[string]error{
		"waveform": Waveform(s, s.Examples, evaluate.About{}, path), "no examples": Waveform(s, nil, evaluate.About{}, path), "curves": Curves(nil, evaluate.About{}, path),
		"running":     RunningAccuracy(evaluate.NewReport([]string{"a", "b"}, nil, false), path),
		"reliability": Reliability(&evaluate.Report{}, path), "confusion": Confusion(&evaluate.Report{}, path), "shape": Confusion(bad.Report, path),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a picture of nothing was written")
	}
}

// A picture about something is higher by lines that say so, and otherwise the same.
func TestAPictureSaysWhatItIsAbout(t *testing.T) {
	d, err := drawConfusion(madeUp(3, 60, 0.9, false, instrument))
	if err != nil {
		t.Fatal(err)
	}
	if d.about(evaluate.About{}) != d {
		t.Error("about nothing it is another picture")
	}
	about := evaluate.About{Model: "a\x1b[2J.model", Hash: "0123", Data: strings.Repeat("long/", 40), Date: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	with := d.about(about)
	if with.width != d.width || with.height != d.height+3*aboutLine+6 {
		t.Errorf("%v × %v after %v × %v", with.width, with.height, d.width, d.height)
	}
	var b bytes.Buffer
	if err := with.writeSVG(&b); err != nil {
		t.Fatal(err)
	}
	texts := svgTexts(t, "about", b.Bytes())
	for _, w := range []string{"model a\\u001b[2J.model, hash 0123", "2026-03-01", "true label"} {
		if !slices.Contains(texts, w) {
			t.Errorf("no text %q among %q", w, texts)
		}
	}
}

// The ends of an axis are round and around the values; sound is symmetric.
func TestAxesHaveRoundEnds(t *testing.T) {
	for _, c := range []struct{ lo, hi, wantLo, wantHi, step float64 }{
		{-0.59, 0.5, -0.6, 0.6, 0.2}, {0, 0.9, 0, 1, 0.2}, {3, 47, 0, 50, 10}, {5, 5, 4, 6, 0.5}, {math.Inf(1), math.Inf(-1), -1, 1, 0.5}, {1e30, 1e30, 1e30 - 1e27, 1e30 + 1e27, 5e26},
	} {
		r := rangeOf(c.lo, c.hi)
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }
		if !near(r.lo, c.wantLo) || !near(r.hi, c.wantHi) || !near(r.step, c.step) {
			t.Errorf("%v to %v: %+v, want %v to %v by %v", c.lo, c.hi, r, c.wantLo, c.wantHi, c.step)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Float64Range(-1e6, 1e6).Draw(t, "lo")
		hi := lo + rapid.Float64Range(1e-3, 1e6).Draw(t, "more")
		r := rangeOf(lo, hi)
		if slack := 1e-8 * r.step; r.lo > lo+slack || r.hi < hi-slack || len(r.ticks(400)) > 12 || len(r.ticks(20)) != 2 {
			t.Fatalf("%v to %v: %+v, ticks %v and %v", lo, hi, r, r.ticks(400), r.ticks(20))
		}
	})
}
