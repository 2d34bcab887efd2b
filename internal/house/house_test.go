// Package house holds the table of layers in HACKING.md: who may import whom.
package house

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers has a line for each package: what of the module it may import. A name that ends
// in /... stands for everything below. It is the table of HACKING.md.
const layers = `
internal/f32:
internal/f32/gen:
internal/audio:
internal/resample:
internal/table:
internal/atomicfile:
internal/bundled:
internal/qrs:
internal/codec:
internal/ecgtest:
internal/wfdb:
internal/parallel:
internal/house:
internal/testkit:
internal/testkit/testaudio: internal/testkit internal/audio
internal/testkit/testset: model/dataset
internal/testkit/testmodel: internal/testkit model model/segment model/decide model/feature
internal/measure: model model/segment model/decide model/feature model/dataset model/train cell internal/f32
cell: internal/f32
model/feature: internal/f32
model/stem: model/feature internal/f32
model: cell model/feature model/stem model/segment model/decide internal/f32 internal/qrs
model/dataset: model model/segment model/feature internal/audio internal/resample internal/qrs internal/wfdb internal/table internal/parallel
model/compose: model/dataset internal/audio internal/atomicfile
model/calibrate: model model/decide internal/f32
model/segment: model/feature internal/codec internal/qrs
model/decide: internal/codec internal/f32
model/train: model model/segment model/decide model/calibrate model/feature model/stem model/dataset cell internal/f32 internal/resample internal/qrs
capture: internal/audio internal/resample internal/wfdb internal/table
capture/mic: capture
stream: model model/segment model/decide model/feature capture internal/codec internal/f32 internal/resample
stream/evaluate: model model/... stream capture internal/...
stream/report: stream/evaluate model/... internal/...
stream/tune: model model/segment model/decide model/dataset model/compose stream/evaluate
stream/view: stream model/segment model/decide
stream/parity: model model/... stream stream/evaluate capture internal/...
stream/natsio: stream capture model model/segment model/feature internal/audio internal/resample
cmd/inkling: ...
`

// may is layers by package.
var may = func() map[string][]string {
	m := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(layers)) {
		name, imports, _ := strings.Cut(line, ":")
		m[name] = strings.Fields(imports)
	}
	return m
}()

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,CgoFiles", "inkling/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath        string
			Imports, CgoFiles []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := strings.TrimPrefix(p.ImportPath, "inkling/")
		allowed, ok := may[name]
		if !ok {
			t.Errorf("%s is in no layer: add it to the table here and in HACKING.md", name)
		}
		for _, i := range p.Imports {
			of, ours := strings.CutPrefix(i, "inkling/")
			if ours && !permitted(allowed, of) {
				t.Errorf("%s must not import %s", name, of)
			}
			if ours && forTests(of) && !forTests(name) {
				t.Errorf("%s must not import %s, which is for tests", name, of)
			}
			if i == "C" {
				t.Errorf("%s uses cgo", name)
			}
		}
	}
	if seen < len(may)-2 {
		t.Errorf("go list named %d packages of %d", seen, len(may))
	}
}

// forTests reports whether only tests may import a package.
func forTests(name string) bool {
	return name == "internal/testkit" || strings.HasPrefix(name, "internal/testkit/") || name == "internal/ecgtest"
}

func permitted(allowed []string, name string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		below, ok := strings.CutSuffix(a, "...")
		return a == name || ok && strings.HasPrefix(name, below)
	})
}
