package cell

import (
	"encoding/binary"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"inkling/internal/f32"
)

var update = flag.Bool("update", false, "rewrite testdata/bits.txt with the fastest kernel and the generic one")

const bitsFile = "testdata/bits.txt"

// All kernels with fused multiply-add give the same bits on every machine, and so
// does the generic one. bits.txt holds hashes of seeded runs for both.
func TestBitsOnEveryMachine(t *testing.T) {
	defer f32.Use(f32.Kernel())
	kernels := f32.Kernels()
	if *update {
		if len(kernels) == 1 {
			t.Fatal("this machine has no kernel with fused multiply-add")
		}
		var out strings.Builder
		for _, kernel := range []string{"generic", kernels[len(kernels)-1]} {
			out.WriteString(bitsOf(t, kernel))
		}
		if err := os.WriteFile(bitsFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(bitsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, kernel := range kernels {
		if got := bitsOf(t, kernel); !strings.Contains(string(want), got) {
			t.Errorf("kernel %s:\n%snot in %s:\n%s", kernel, got, bitsFile, want)
		}
	}
}

// bitsOf returns one line per shape.
func bitsOf(t *testing.T, kernel string) string {
	if err := f32.Use(kernel); err != nil {
		t.Fatal(err)
	}
	sort := "fused"
	if kernel == "generic" {
		sort = kernel
	}
	var lines strings.Builder
	for _, shape := range [][2]int{{1, 1}, {2, 6}, {3, 17}, {12, 31}, {5, 43}, {9, 64}, {1, 100}, {13, 100}, {40, 100}} {
		fmt.Fprintf(&lines, "%s D=%d H=%d %016x\n", sort, shape[0], shape[1], bitsOfRuns(shape[0], shape[1]))
	}
	return lines.String()
}

// bitsOfRuns hashes the results of every path. The inputs are multiples of a power
// of two, so that no machine rounds them.
func bitsOfRuns(d, h int) uint64 {
	rng := rand.New(rand.NewPCG(uint64(d), uint64(h)))
	draw := func(x []float32, scale float32) []float32 {
		for i := range x {
			x[i] = float32(rng.IntN(2048)-1024) / 1024 * scale
		}
		return x
	}
	w := NewWeights(d, h)
	draw(w.IH, 0.5)
	draw(w.HH, 0.25)
	draw(w.BiasIH, 1)
	draw(w.BiasHH, 1)
	l := New(w)
	hash := fnv.New64a()
	add := func(values ...[]float32) {
		for _, x := range values {
			if err := binary.Write(hash, binary.LittleEndian, x); err != nil {
				panic(err)
			}
		}
	}

	xs := draw(make([]float32, 70*d), 4)
	add(stepAll(l, xs[:9*d]))
	s, hs := l.NewState(), make([]float32, 70*h)
	l.Sequence(s, hs, xs)
	add(hs, s.C)
	logits := make([]float32, 3)
	f32.Affine(logits, draw(make([]float32, 3*h), 1), draw(make([]float32, 3), 1), s.H)
	add(logits)

	active := []int{8, 8, 7, 3, 1}
	rows := total(active)
	var tape Tape
	add(l.Forward(&tape, active, draw(make([]float32, rows*d), 4), nil, nil))
	grad, dx := NewWeights(d, h), make([]float32, rows*d)
	backwardInto(l, &tape, w, grad, dx, draw(make([]float32, rows*h), 1))
	add(grad.IH, grad.HH, grad.BiasIH, grad.BiasHH, dx)
	return hash.Sum64()
}
