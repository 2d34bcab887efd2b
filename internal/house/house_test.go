// Package house tests the house rules: the table of imports in HACKING.md, and that the
// programs of docs/library.md compile.
package house

import (
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layers reads the table of HACKING.md: what of the module each package may import. A
// name that ends in /... stands for everything below.
func layers(t *testing.T) map[string][]string {
	text, err := os.ReadFile("../../HACKING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n| package | may import |\n")
	if !ok {
		t.Fatal("HACKING.md has no table headed | package | may import |")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	name := regexp.MustCompile("`([a-z0-9/.]+)`")
	names := func(cell string) (all []string) {
		for _, m := range name.FindAllStringSubmatch(cell, -1) {
			all = append(all, m[1])
		}
		return all
	}
	may := map[string][]string{}
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) != 4 {
			t.Fatalf("HACKING.md: a row of the table of imports has %d cells, want 2: %s", len(cells)-2, row)
		}
		for _, p := range names(cells[1]) {
			if _, twice := may[p]; twice {
				t.Errorf("HACKING.md has %s twice in the table of imports", p)
			}
			may[p] = names(cells[2])
		}
	}
	return may
}

// watch looks at every source file, so that go test does not take a result from its
// cache after one has changed: what a go command under test reads it does not see.
func watch(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() != ".." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") {
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImports(t *testing.T) {
	watch(t)
	may := layers(t)
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
			t.Errorf("%s is not in the table of HACKING.md: add it there", name)
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
