package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every blob is named by its digest, everything that is named is there, and equal programs
// give equal bytes.
func TestImage(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("\x7fELF and so on"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	t.Setenv("VERSION", "1.2.3")
	out := filepath.Join(dir, "image.tar")
	if err := run(out, []string{"arm64=" + program, "arm=" + program}); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(first)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = b
	}
	get := func(d descriptor) []byte {
		b, ok := files["blobs/"+strings.Replace(d.Digest, ":", "/", 1)]
		if !ok || digest(b) != d.Digest || len(b) != d.Size {
			t.Fatalf("%+v is not there as it says", d)
		}
		return b
	}
	read := func(b []byte, v any) {
		if err := json.Unmarshal(b, v); err != nil {
			t.Fatal(err)
		}
	}
	var top, all index
	read(files["index.json"], &top)
	read(get(top.Manifests[0]), &all)
	if len(all.Manifests) != 2 || all.Manifests[1].Platform.Variant != "v7" || top.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "1.2.3" {
		t.Errorf("%+v", all)
	}
	for _, d := range all.Manifests {
		var m manifest
		read(get(d), &m)
		var c config
		read(get(m.Config), &c)
		get(m.Layers[0])
		if c.Config.Entrypoint[0] != "/inkling" || c.Config.User != "65532" || c.Architecture != d.Platform.Architecture {
			t.Errorf("%+v", c)
		}
	}
	if err := run(out, []string{"arm64=" + program, "arm=" + program}); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(out); err != nil || !bytes.Equal(first, again) {
		t.Errorf("a second time it has other bytes (%v)", err)
	}
}

func TestNoProgram(t *testing.T) {
	if err := run(filepath.Join(t.TempDir(), "image.tar"), []string{"arm64=main.go"}); err == nil {
		t.Error("a text becomes an image")
	}
}
