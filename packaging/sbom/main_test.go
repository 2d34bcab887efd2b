package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// The bill of this test's own binary names the standard library and the program.
func TestOwnBinary(t *testing.T) {
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := write(&out, file); err != nil {
		t.Fatal(err)
	}
	var b bill
	if err := json.Unmarshal(out.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || len(b.Components) < 1 || b.Components[0].Name != "std" || len(b.Metadata.Component.Hashes[0].Content) != 64 {
		t.Errorf("%+v", b)
	}
}

func TestNoBinary(t *testing.T) {
	if err := write(new(bytes.Buffer), "main.go"); err == nil {
		t.Error("a text has a bill")
	}
}
