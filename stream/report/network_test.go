package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/stem"
)

// The picture has a box for every layer that inspect lists, with its parameters, and the
// sum is that of all tensors.
func TestNetworkShowsEveryLayer(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	deep := testmodel.Labels(100, 2, "a", "<b>")
	deep.Layers, deep.Detector = 3, &model.DetectorConfig{Hidden: 4}
	stemmed := testmodel.Labels(100, 1, "a", "b")
	stemmed.Stem = stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 5, Stride: 2, Channels: 4}}}
	running := testmodel.Labels(0, 1, "a", "b")
	running.Confirm = false
	for name, c := range map[string]model.Config{"deep": deep, "stem": stemmed, "running": running, "next": testmodel.Next(10, 2, 1, []float64{0.1, 0.5, 0.9})} {
		m := testmodel.New(t, c, rng)
		var b bytes.Buffer
		if err := drawNetwork(m).writeSVG(&b); err != nil {
			t.Fatal(err)
		}
		texts := svgTexts(t, name, b.Bytes())
		total := 0
		for _, l := range Layers(m) {
			total += l.Values
			if want := fmt.Sprintf("%d parameters", l.Values); !slices.Contains(texts, want) {
				t.Errorf("%s: no %q of %s among %q", name, want, l.Name, texts)
			}
		}
		if !strings.HasPrefix(texts[0], fmt.Sprintf("%d parameters", total)) {
			t.Errorf("%s: the title is %q, want %d parameters", name, texts[0], total)
		}
		p := planNetwork(m)
		sum := 0
		for _, b := range p.blocks {
			sum += b.values
		}
		if sum != total {
			t.Errorf("%s: the boxes have %d parameters of %d", name, sum, total)
		}
	}
}
