package quantize

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"math"
	"os"
	"strings"
	"testing"

	"inkling/internal/i8"
	"inkling/model"
)

var update = flag.Bool("update", false, "write testdata anew")

// The integer model of testdata gives the bits of testdata for fixed frames, with every
// kernel and on every processor: .ci/run runs this test on amd64, and on arm64 and arm under
// qemu.
func TestTheSameBitsEverywhere(t *testing.T) {
	const file, bits = "testdata/integer.model", "testdata/bits.txt"
	if *update {
		m := kinds(t)["deep"]
		if err := os.WriteFile(file, quantized(t, m, framesOf(t, m, 600)).Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer i8.Use(i8.Kernel())
	for _, kernel := range i8.Kernels() {
		if err := i8.Use(kernel); err != nil {
			t.Fatal(err)
		}
		m, err := model.Load(bytes.NewReader(data)) // a layer keeps its kernel
		if err != nil {
			t.Fatal(err)
		}
		frames := make([]float32, 2000*m.Dim())
		r := uint32(1)
		for i := range frames {
			r = r*1664525 + 1013904223
			frames[i] = float32(int32(r)>>16) / 8192 // exact
		}
		sum := sha256.New()
		binary.Write(sum, binary.LittleEndian, outputs(m, frames))
		d := m.NewDetector()
		for at := 0; at < len(frames); at += m.Dim() {
			binary.Write(sum, binary.LittleEndian, math.Float32bits(d.Hear(frames[at:at+m.Dim()])))
		}
		got := hex.EncodeToString(sum.Sum(nil))
		if *update && kernel == "generic" {
			if err := os.WriteFile(bits, []byte(got+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(bits)
		if err != nil {
			t.Fatal(err)
		}
		if got != strings.TrimSpace(string(want)) {
			t.Errorf("kernel %s gives %s, want %s", kernel, got, want)
		}
	}
}
