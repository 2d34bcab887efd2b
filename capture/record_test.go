package capture

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// all reads a source to its end.
func all(src Source) (x []float32, f Format, err error) {
	defer src.Close()
	for {
		var b Block
		if err := src.Read(background, &b); err != nil {
			if err == io.EOF {
				err = nil
			}
			return x, f, err
		}
		x, f = append(x, b.Samples...), b.Format
	}
}

// A WFDB record is a source, all of its leads or some.
func TestRecordIsASource(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("r.hea", "r 2 360 3\nr.dat 16 100 16 0 1 6 0 I\nr.dat 16 100 16 0 10 60 0 II\n")
	put("r.dat", "\x01\x00\x0a\x00\x02\x00\x14\x00\x03\x00\x1e\x00")
	x, f, err := all(File(Options{}, filepath.Join(dir, "r.hea")))
	if err != nil || f != (Format{360, 2}) || len(x) != 6 || x[3] != 0.2 {
		t.Errorf("%v %v %v", x, f, err)
	}
	x, f, err = all(File(Options{Leads: []string{"ii"}}, filepath.Join(dir, "r.hea")))
	if err != nil || f.Channels != 1 || len(x) != 3 || x[2] != 0.3 {
		t.Errorf("one lead: %v %v %v", x, f, err)
	}
	put("r.dat", "\x01\x00\x0a\x00\x02")
	x, _, err = all(File(Options{}, filepath.Join(dir, "r.hea")))
	if err == nil || !strings.Contains(err.Error(), "r.dat") || len(x) != 2 {
		t.Errorf("cut off: %v %v", x, err)
	}
	if _, _, err := all(File(Options{}, filepath.Join(dir, "none.hea"))); err == nil {
		t.Error("a record that is not there was read")
	}
}

func TestGzippedFileIsTheSame(t *testing.T) {
	name := write(t, "tone.wav", 8000, 2, 500)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	if err := os.WriteFile(name+".gz", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	want, _, err := all(File(Options{}, name))
	if err != nil {
		t.Fatal(err)
	}
	got, f, err := all(File(Options{}, name+".gz"))
	if err != nil || f != (Format{8000, 2}) || len(got) != len(want) || got[77] != want[77] {
		t.Errorf("%d values of %d, %v", len(got), len(want), err)
	}
	if err := os.WriteFile(name+".gz", b.Bytes()[:b.Len()/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := all(File(Options{}, name+".gz")); err == nil || !strings.Contains(err.Error(), "tone.wav.gz") {
		t.Errorf("cut off: %v", err)
	}
}
