package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestCommittedFilesAreGenerated(t *testing.T) {
	for pkg, names := range files {
		for name, generate := range names {
			got, err := os.ReadFile(filepath.Join("../..", pkg, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, generate()) {
				t.Errorf("%s of package %s differs from what gen writes: run go generate ./internal/%s", name, pkg, pkg)
			}
		}
	}
}
