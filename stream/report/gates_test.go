package report

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/internal/testkit/testmodel"
	"inkling/internal/testkit/testset"
)

// Units are sorted by the mean of their forget gate; the picture names every panel, the
// time and the labels.
func TestGatesAreSortedByMemory(t *testing.T) {
	c := testmodel.Labels(100, 2, "flute", "<b>")
	c.Running = "softmax"
	m := testmodel.New(t, c, rand.New(rand.NewPCG(1, 1)))
	set := testset.Random(3, 4, 2, []string{"flute", "<b>"})
	d, err := drawGates(m, set, 1)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.writeSVG(&b); err != nil {
		t.Fatal(err)
	}
	texts := svgTexts(t, "gates", b.Bytes())
	for _, w := range []string{"input gate: what it takes in", "forget gate: what it keeps", "output gate: what it lets out", "cell state: what it holds",
		"output: what the heads see", "running label", "<b>", "time (s)", "channel 2", "probability"} {
		if !slices.Contains(texts, w) {
			t.Errorf("no text %q among %q", w, texts)
		}
	}
	if strings.Count(b.String(), "<image") != 5 {
		t.Errorf("%d panels", strings.Count(b.String(), "<image"))
	}
	g := &gatesPicture{m: m, hidden: 3, steps: 2}
	g.gates.Forget = []float32{0.1, 0.9, 0.5, 0.3, 0.7, 0.6}
	g.sort()
	if !slices.Equal(g.order, []int{1, 2, 0}) {
		t.Errorf("units in the order %v", g.order)
	}
}

func TestUsualLeavesOutTheLargest(t *testing.T) {
	x := make([]float32, 100)
	x[3], x[4] = 1000, -2
	for i := 10; i < 20; i++ {
		x[i] = -0.5
	}
	if got := usual(x); got != 0.5 {
		t.Errorf("%v", got)
	}
}
