package house

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The programs of docs/library.md compile in a module of their own, beside this one in
// a workspace, as the document describes.
func TestLibraryProgramsCompile(t *testing.T) {
	watch(t)
	text, err := os.ReadFile("../../docs/library.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put := func(name, content string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	version := regexp.MustCompile(`(?m)^go .*$`)
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	needs := version.FindString(string(mod))
	put("go.mod", "module example.com/library\n\n"+needs+"\n")
	put("go.work", needs+"\n\nuse (\n\t.\n\t"+filepath.ToSlash(root)+"\n)\n")
	programs := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindAllStringSubmatch(string(text), -1)
	if blocks := strings.Count(string(text), "```go\n"); len(programs) != blocks || blocks < 4 {
		t.Fatalf("docs/library.md has %d blocks of Go, %d of them programs: want 4 or more, all of them programs", blocks, len(programs))
	}
	for i, p := range programs {
		put(fmt.Sprintf("program%d/main.go", i+1), p[1])
	}
	cmd := exec.Command("go", "vet", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docs/library.md: %v\n%s", err, out)
	}
}
