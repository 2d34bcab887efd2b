package house

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestSmallBuild holds the build with the tag edge to the list of HACKING.md: what it leaves
// out does not come back by an import.
func TestSmallBuild(t *testing.T) {
	text, err := os.ReadFile("../../HACKING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(text), "\nThe small build has none of ")
	if !ok {
		t.Fatal("HACKING.md does not say what the small build has none of")
	}
	list, _, _ = strings.Cut(list, ". ")
	without := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(list, -1)
	if len(without) < 5 {
		t.Fatalf("HACKING.md names %d packages that the small build has none of", len(without))
	}
	watch(t)
	goList := func(how ...string) []byte {
		c := exec.Command("go", append(append([]string{"list", "-tags", "edge"}, how...), "./cmd/inkling")...)
		c.Dir = "../.."
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: HACKING.md, Builds, says how to leave something out\n%s", err, out)
		}
		return out
	}
	goList("-export") // compiles it
	out := goList("-deps")
	for _, p := range strings.Fields(string(out)) {
		for _, w := range without {
			name := strings.TrimSuffix(w[1], "/...")
			if !strings.Contains(strings.Split(name, "/")[0], ".") {
				name = "inkling/" + name
			}
			if p == name || strings.HasPrefix(p, name+"/") && strings.HasSuffix(w[1], "/...") {
				t.Errorf("the small build has %s: HACKING.md, Builds, says how to leave it out", p)
			}
		}
	}
}
