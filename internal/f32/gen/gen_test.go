package main

import (
	"bytes"
	"os"
	"testing"
)

func TestCommittedFileIsGenerated(t *testing.T) {
	got, err := os.ReadFile("../kernel_avx2_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, generate()) {
		t.Error("kernel_avx2_amd64.s differs from what gen writes: run go generate ./internal/f32")
	}
}
