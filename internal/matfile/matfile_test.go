package matfile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"inkling/internal/ndarray"
)

// dump writes an array as testdata/make.py does.
func dump(a *ndarray.Array) string {
	var parts []string
	each := func(a *ndarray.Array, f func(i int) string) []string {
		var list []string
		for i := range a.Size() {
			list = append(list, f(i))
		}
		return list
	}
	dims := strings.ReplaceAll(a.Dims(), "×", "x")
	switch {
	case a.Refused != nil:
		return "refused"
	case a.Fields != nil:
		for _, f := range a.Fields {
			parts = append(parts, f.Name+"=("+strings.Join(each(f, func(i int) string { return dump(f.Cell(i)) }), " ")+")")
		}
		return "{" + strings.Join(parts, " ") + "}"
	case a.Text != nil:
		return "text(" + strings.Join(each(a, func(i int) string { return `"` + strings.ReplaceAll(a.Text(i), "\n", `\n`) + `"` }), " ") + ")"
	case a.Size() == 0:
		return "empty"
	case a.Cell != nil:
		return dims + "(" + strings.Join(each(a, func(i int) string { return dump(a.Cell(i)) }), " ") + ")"
	}
	return dims + "[" + strings.Join(each(a, func(i int) string { return strconv.FormatFloat(a.Float(i), 'g', 9, 64) }), " ") + "]"
}

// TestReadsWhatSciPyReads reads files that MATLAB and SciPy wrote, in both byte orders.
func TestReadsWhatSciPyReads(t *testing.T) {
	golden, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	vars := map[string][]*ndarray.Array{}
	for line := range strings.Lines(string(golden)) {
		lines++
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
		name, key, want := f[0], f[1], f[2]
		if vars[name] == nil {
			vars[name] = read(t, name)
		}
		found := false
		for _, a := range vars[name] {
			if a.Name == key {
				found = true
				if got := normal(dump(a)); got != normal(want) {
					t.Errorf("%s %s:\n got %s\nwant %s", name, key, got, want)
				}
			}
		}
		if !found {
			t.Errorf("%s: no variable %s", name, key)
		}
	}
	if lines < 20 {
		t.Errorf("golden.txt has %d lines", lines)
	}
}

// normal writes empty texts and arrays alike, as SciPy does not tell them apart, and
// exponents as Python does.
func normal(s string) string {
	return strings.NewReplacer(`text("")`, "empty", "e+0", "e+", "e-0", "e-").Replace(s)
}

func read(t *testing.T, name string) []*ndarray.Array {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	list, err := Parse(data, name)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestRefused names the line of MATLAB that converts what is not read.
func TestRefused(t *testing.T) {
	for name, want := range map[string]string{
		"refused_73.mat":       "load('refused_73.mat'); save('refused_73.mat', '-v7')",
		"version4.mat":         "load('version4.mat'); save('version4.mat', '-v7')",
		"refused_sparse.mat":   "testsparse = full(testsparse); save('refused_sparse.mat', '-v7')",
		"refused_complex.mat":  "testcomplex = abs(testcomplex)",
		"refused_function.mat": "clear testfunc",
		"refused_object.mat":   "testobject",
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		list, err := Parse(data, name)
		for _, a := range list {
			if a.Refused != nil {
				err = a.Refused
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// builder writes elements.
type builder struct{ bytes.Buffer }

func (b *builder) element(kind uint32, data []byte) {
	b.Write(binary.LittleEndian.AppendUint32(nil, kind))
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(data))))
	b.Write(data)
	b.Write(make([]byte, -len(data)&7))
}

func words(v ...uint32) (b []byte) {
	for _, w := range v {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

func withHeader(body []byte) []byte {
	head := make([]byte, headerSize)
	copy(head, "MATLAB 5.0 MAT-file")
	head[125], head[126], head[127] = 1, 'I', 'M'
	return append(head, body...)
}

func matrix(class uint32, dims []uint32, name string, rest func(b *builder)) []byte {
	var in, out builder
	in.element(miUint32, words(class, 0))
	in.element(miInt32, words(dims...))
	in.element(miInt8, []byte(name))
	rest(&in)
	out.element(miMatrix, in.Bytes())
	return out.Bytes()
}

// TestClaimsAreBounded refuses sizes that the file does not hold before they are allocated.
func TestClaimsAreBounded(t *testing.T) {
	for class := uint32(1); class <= classUint64; class++ {
		if class == classObject || class == classSparse {
			continue
		}
		data := withHeader(matrix(class, []uint32{1 << 20, 1 << 20}, "X", func(b *builder) {
			b.element(miDouble, make([]byte, 64))
		}))
		if _, err := Parse(data, "x.mat"); err == nil || !strings.Contains(err.Error(), "claims") {
			t.Errorf("class %d: %v", class, err)
		}
		data = withHeader(matrix(class, []uint32{1 << 31, 2}, "X", func(b *builder) {}))
		if _, err := Parse(data, "x.mat"); err == nil {
			t.Errorf("class %d: a negative dimension was read", class)
		}
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	for range 66 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	var b builder
	b.element(miCompressed, z.Bytes())
	if _, err := Parse(withHeader(b.Bytes()), "x.mat"); err == nil || !strings.Contains(err.Error(), "unpack") {
		t.Errorf("a variable of zeros: %v", err)
	}
}

// TestObjects names the class of objects and the line that converts them.
func TestObjects(t *testing.T) {
	for class, want := range map[string]string{
		"categorical": "in MATLAB, load('n.mat'); y = cellstr(y); save('n.mat', '-v7')",
		"string":      "y = cellstr(y);",
		"datetime":    "y = posixtime(y);",
		"Mine":        "y = struct(y);",
	} {
		var in, out builder
		in.element(miUint32, words(classOpaque, 0))
		in.element(miInt8, []byte("y"))
		in.element(miInt8, []byte("MCOS"))
		in.element(miInt8, []byte(class))
		out.element(miMatrix, in.Bytes())
		list, err := Parse(withHeader(out.Bytes()), "n.mat")
		if err != nil {
			t.Fatal(err)
		}
		if err := list[0].Refused; err == nil || !strings.Contains(err.Error(), want) || list[0].Name != "y" {
			t.Errorf("%s: %v", class, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.mat")
	if err != nil || len(files) < 10 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Parse(data, "x.mat")
		if err != nil {
			return
		}
		for _, a := range list {
			walk(a)
		}
	})
}

// walk reads every element.
func walk(a *ndarray.Array) {
	_ = fmt.Sprint(a.Dims(), a.Squeeze().Size())
	for _, f := range a.Fields {
		walk(f)
	}
	if a.Refused != nil || a.Fields != nil {
		return
	}
	for i := range min(a.Size(), 1<<12) {
		at := a.Offset(i)
		switch {
		case a.Float != nil:
			a.Float(at)
		case a.Text != nil:
			_ = a.Text(at)
		case a.Cell != nil:
			walk(a.Cell(at))
		}
	}
}
