// Package testkit holds the helpers that tests of several packages share. Only tests
// import it, which internal/house checks.
//
// The package itself imports nothing of the module, so that every package's own tests can
// use it. What needs the module stands below: testkit/testaudio writes recordings,
// testkit/testmodel makes small models.
package testkit

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TB is what *testing.T, *testing.B and *rapid.T share.
type TB interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// SkipPools skips a test that counts what pools keep: under the race detector they forget
// at random.
func SkipPools(t *testing.T) {
	t.Helper()
	if Race {
		t.Skip("pools forget at random under -race")
	}
}

// SameBits fails t if got and want differ in length or in a bit.
func SameBits(t TB, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: value %d is %v, want %v to the bit", what, i, got[i], want[i])
		}
	}
}

// Near fails t if a value of got is further from want than 1e-5, or than 1e-5 of want
// where that is larger than 1. NaN is near nothing.
func Near(t TB, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, v := range got {
		b := float64(want[i])
		if !(math.Abs(float64(v)-b) <= 1e-5*max(1, math.Abs(b))) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, v, b)
		}
	}
}

// Normal returns n normally distributed values of mean 0 and variance 1.
func Normal(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// Cases reads the golden cases of a JSON file. It fails t if there are fewer than least,
// so that a truncated file does not pass for a test.
func Cases[T any](t TB, file string, least int) (cases []T) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(cases) < least {
		t.Fatalf("%s holds %d cases, want at least %d", file, len(cases), least)
	}
	return cases
}

// Data returns the path of a data set below the folder that INKLING_DATA names, and skips
// the test if that is not set. A folder that is set and lacks the data set fails the test.
func Data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("INKLING_DATA")
	if dir == "" {
		t.Skip("needs real data: set INKLING_DATA to the folder of data sets")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		if _, err := os.Stat(filepath.Dir(path)); err != nil { // a name may be a prefix of files
			t.Fatalf("INKLING_DATA: %v", err)
		}
	}
	return path
}

// Long skips the test unless INKLING_LONG is 1, as .ci/run sets it.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv("INKLING_LONG") != "1" {
		t.Skip("takes long: set INKLING_LONG=1 to run it")
	}
}

// WriteFile writes dir/name, creating folders as needed, and returns its path.
func WriteFile(t TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// ReadFile returns the contents of a file.
func ReadFile(t TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// CodePoints returns the samples of a text: its code points.
func CodePoints(text string) (x []float32) {
	for _, r := range text {
		x = append(x, float32(r))
	}
	return x
}
