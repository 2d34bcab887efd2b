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

	"pgregory.net/rapid"

	"inkling/internal/testkit/testset"
	"inkling/model/dataset"
	"inkling/model/train"
	"inkling/stream/evaluate"
)

// madeUp is the report of n labels that are right about so often.
func madeUp(n, examples int, accuracy float64, unheard bool, label func(int) string) Clips {
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
		if unheard && i%17 == 0 {
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

// pictures are all kinds of drawing, of data of several sizes.
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

func TestPicturesDecode(t *testing.T) {
	for name, d := range pictures(t) {
		var a, b bytes.Buffer
		if err := d.writePNG(&a); err != nil {
			t.Fatal(err)
		}
		if d.width*d.height < 2e5 { // the small ones, for time
			if err := d.writePNG(&b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("%s: two drawings differ, %v", name, err)
			}
		}
		img, err := png.Decode(&a)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w, h := img.Bounds().Dx(), img.Bounds().Dy()
		if math.Abs(float64(w)-2*float64(d.width)) > 1.5 || math.Abs(float64(h)-2*float64(d.height)) > 1.5 || w > 2400 || h > 2400 {
			t.Errorf("%s: %d × %d pixels for %v × %v points", name, w, h, d.width, d.height)
		}
		if n := inked(img); n < w*h/2000 {
			t.Errorf("%s: %d of %d pixels are drawn on", name, n, w*h/2)
		}
	}
}

func inked(img image.Image) (n int) {
	for y := 0; y < img.Bounds().Dy(); y += 2 {
		for x := range img.Bounds().Dx() {
			if r, g, b, _ := img.At(x, y).RGBA(); r+g+b < 3*0xe000 {
				n++
			}
		}
	}
	return n
}

// svgTexts are the texts of a well-formed SVG.
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
		"curves50": {"epoch", "loss", "confirmed, validation"}, "waveform3-7": {"ch 1", "ch 3", "s"},
		"waveform40-7": {"ch 12", "12 of 40 channels"},
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

// The cells of the chart have the colours that the counts ask for.
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

// One loud sample in a long silence is seen.
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

func TestEnvelopeProperty(t *testing.T) {
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

func TestFileNamesAndFormats(t *testing.T) {
	dir := t.TempDir()
	r := madeUp(3, 30, 0.9, false, instrument)
	for _, name := range []string{"a.png", "a.svg", "a.PNG"} {
		path := filepath.Join(dir, name)
		for _, draw := range []func(*evaluate.Report, string) error{Confusion, RunningAccuracy, Reliability} {
			if err := draw(r.Report, path); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if isPNG := bytes.HasPrefix(data, []byte("\x89PNG")); isPNG == strings.HasSuffix(name, "svg") {
				t.Errorf("%s is a PNG: %v", name, isPNG)
			}
		}
	}
	for _, name := range []string{"a.jpg", "a", ".png.gz"} {
		path := filepath.Join(dir, name)
		err := Confusion(r.Report, path)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), ".png or .svg") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestNothingToDraw(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	s := &dataset.Set{Labels: []string{"a"}, Channels: 1, Examples: []dataset.Example{{}}}
	bad := madeUp(3, 30, 0.9, false, instrument)
	bad.Matrix.Counts = bad.Matrix.Counts[:2]
	for name, err := range map[string]error{
		"waveform": Waveform(s, s.Examples, path), "no examples": Waveform(s, nil, path), "curves": Curves(nil, path),
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

// ReadCurves reads what training writes.
func TestCurvesOfTraining(t *testing.T) {
	rows := []train.Row{{Epoch: 1, Updates: 9, Loss: 1.5, Confirm: 0.25, Running: 0.125, ValidLoss: 1.25, ValidConfirm: 0.5, ValidRunning: 0.375, Seconds: 3},
		{Epoch: 2, Loss: 1, Confirm: 0.5, Running: 0.5, ValidLoss: math.NaN(), ValidConfirm: math.NaN(), ValidRunning: math.NaN()}}
	var b bytes.Buffer
	if err := train.WriteCSV(&b, rows); err != nil {
		t.Fatal(err)
	}
	got, err := ReadCurves(&b)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	if want := (CurvePoint{1, 1.5, 0.25, 0.125, 1.25, 0.5, 0.375}); got[0] != want {
		t.Errorf("%+v, want %+v", got[0], want)
	}
	if p := got[1]; p.Epoch != 2 || p.Loss != 1 || !math.IsNaN(p.ValidLoss) || !math.IsNaN(p.ValidRunning) {
		t.Errorf("%+v", p)
	}
	if best := bestEpoch(got); best != 1 {
		t.Errorf("best epoch %d", best)
	}
	for in, want := range map[string]string{"": "empty", "a,b\n1,2\n": `"epoch"`, "epoch,loss\n": "no epoch", "epoch,loss\n1,x\n": `line 2: loss: "x"`,
		"epoch,loss\n1.5,1\n": "epoch: 1.5", "epoch,loss\n1\n": "line 2", "epoch,loss\n,1\n": "epoch"} {
		if _, err := ReadCurves(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", in, err, want)
		}
	}
}

func FuzzReadCurves(f *testing.F) {
	f.Add([]byte("epoch,updates,loss,valid_loss,valid_confirm\n1,9,1.5,2,0.5\n2,18,1,NaN,NaN\n"))
	f.Add([]byte("loss,epoch\n1e308,-5\n-1e308,999999999\n+Inf,7\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		points, err := ReadCurves(bytes.NewReader(data))
		if (err == nil) != (len(points) > 0) {
			t.Fatalf("%d points, %v", len(points), err)
		}
		if err != nil || len(points) > 100 {
			return
		}
		d, err := drawCurves(points)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.writeSVG(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}
