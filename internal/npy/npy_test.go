package npy

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"inkling/internal/ndarray"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// elements writes the elements of an array, row by row.
func elements(a *ndarray.Array) string {
	var list []string
	for i := range min(a.Size(), 1<<12) {
		at := a.Offset(i)
		if a.Text != nil {
			list = append(list, a.Text(at))
			continue
		}
		s := strconv.FormatFloat(a.Float(at), 'g', 9, 64)
		list = append(list, strings.NewReplacer("e+0", "e+", "e-0", "e-", "+Inf", "inf", "-Inf", "-inf").Replace(s))
	}
	return strings.Join(list, "|")
}

// TestReadsWhatNumPyWrites reads every type, in both byte orders, by rows and by columns.
func TestReadsWhatNumPyWrites(t *testing.T) {
	list, err := ReadZip(read(t, "arrays.npz"), "arrays.npz")
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for line := range strings.Lines(string(read(t, "golden.txt"))) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		a := list[i]
		i++
		want := strings.NewReplacer("e+0", "e+", "e-0", "e-").Replace(f[2])
		if a.Name != f[0] || a.Dims() != f[1] || elements(a) != want || a.Refused != nil {
			t.Errorf("%s %s %s\nwant %v", a.Name, a.Dims(), elements(a), f)
		}
	}
	if i != len(list) || i < 40 {
		t.Errorf("%d arrays, golden.txt has %d", len(list), i)
	}
}

// TestRefused says how to save what is not read.
func TestRefused(t *testing.T) {
	for file, wants := range map[string][]string{
		"pickled.npz": {"pickle", "dtype=str"},
		"refused.npz": {"np.abs", "datetime64", "float64", "structured_to_unstructured", "float32"},
	} {
		list, err := ReadZip(read(t, file), file)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range list {
			if want := wants[min(i, len(wants)-1)]; a.Refused == nil || !strings.Contains(a.Refused.Error(), want) {
				t.Errorf("%s: %v, want %q", a.Name, a.Refused, want)
			}
		}
	}
}

func withHeader(text string) []byte {
	return append([]byte{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, byte(len(text)), byte(len(text) >> 8)}, text...)
}

// TestClaimsAreBounded refuses sizes that the file does not hold before they are allocated.
func TestClaimsAreBounded(t *testing.T) {
	for _, shape := range []string{"1000000, 1000000", "9223372036854775807, 9223372036854775807", "1000000000000,", "4294967296, 4294967296", "-1,"} {
		for _, descr := range []string{"<f8", "|b1", "<U3", "|S0"} {
			data := withHeader(fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape))
			if a, err := Parse(append(data, make([]byte, 64)...), "x.npy"); err == nil {
				t.Errorf("%s of %s: %s", shape, descr, a.Dims())
			}
		}
	}
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	f, err := w.Create("X.npy")
	if err != nil {
		t.Fatal(err)
	}
	f.Write(withHeader("{'descr': '|b1', 'fortran_order': False, 'shape': (69206016,), }"))
	for range 66 {
		f.Write(make([]byte, 1<<20))
	}
	w.Close()
	if _, err := ReadZip(z.Bytes(), "x.npz"); err == nil || !strings.Contains(err.Error(), "unpack") {
		t.Errorf("an array of zeros: %v", err)
	}
}

// TestDamaged reports files that are cut off.
func TestDamaged(t *testing.T) {
	good := withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4), }")
	good = append(good, make([]byte, 64)...)
	if _, err := Parse(good, "x.npy"); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, err := Parse(good[:n], "x.npy"); err == nil {
			t.Fatalf("%d of %d bytes were read", n, len(good))
		}
	}
	packed := read(t, "arrays.npz")
	for n := 0; n < len(packed); n += 397 {
		if _, err := ReadZip(packed[:n], "x.npz"); err == nil {
			t.Fatalf("%d of %d bytes were read", n, len(packed))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(append(withHeader("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }"), make([]byte, 16)...))
	f.Add(append(withHeader("{'descr': '>U2', 'fortran_order': False, 'shape': (2,), }"), make([]byte, 16)...))
	f.Add(withHeader("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (), }"))
	for _, name := range []string{"arrays.npz", "pickled.npz", "refused.npz"} {
		z, err := zip.NewReader(bytes.NewReader(read(f, name)), int64(len(read(f, name))))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(read(f, name))
		for _, m := range z.File[:2] {
			r, err := m.Open()
			if err != nil {
				f.Fatal(err)
			}
			var b bytes.Buffer
			b.ReadFrom(r)
			f.Add(b.Bytes())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if a, err := Parse(data, "x.npy"); err == nil && a.Refused == nil {
			elements(a)
		}
		if list, err := ReadZip(data, "x.npz"); err == nil {
			for _, a := range list {
				if a.Refused == nil {
					elements(a)
				}
			}
		}
	})
}
