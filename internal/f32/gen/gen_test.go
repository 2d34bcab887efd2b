package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCommittedFilesAreGenerated(t *testing.T) {
	for name, generate := range files {
		got, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, generate()) {
			t.Errorf("%s differs from what gen writes: run go generate ./internal/f32", name)
		}
	}
}
