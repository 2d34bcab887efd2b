package wfdb

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"inkling/internal/testkit"
)

// Every format gives the samples that an independent script encoded.
func TestFormats(t *testing.T) {
	data, err := os.ReadFile("testdata/want.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]*float32
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != 3*len(codings) {
		t.Fatalf("%d records for %d formats", len(want), len(codings))
	}
	for name, values := range want {
		r, err := Open(os.DirFS("testdata"), name+".hea", nil)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(values)+len(r.Leads))
		n, err := r.Read(got)
		if err != nil || n != len(values) {
			t.Fatalf("%s: %d values of %d, %v", name, n, len(values), err)
		}
		if _, err := r.Read(got); err != io.EOF {
			t.Errorf("%s: at the end: %v", name, err)
		}
		for i, v := range values {
			if missing := math.IsNaN(float64(got[i])); missing != (v == nil) || !missing && got[i] != *v {
				t.Errorf("%s: value %d is %v", name, i, got[i])
			}
		}
		r.Close()
	}
}

// segmented is a record of segments of one sample each 1, 2, 3 …, and of gaps.
func segmented(lines string, segments ...string) fstest.MapFS {
	fsys := fstest.MapFS{"a.hea": {Data: []byte(lines)}}
	for i, head := range segments {
		name := string(rune('p' + i))
		fsys[name+".hea"] = &fstest.MapFile{Data: []byte(head)}
		var dat []byte
		for v := range 4 {
			dat = append(dat, byte(10*(i+1)+v), 0)
		}
		fsys[name+".dat"] = &fstest.MapFile{Data: dat}
	}
	return fsys
}

func TestSegments(t *testing.T) {
	const two = "p 2 100 2\np.dat 16 1/u 16 0 10 22 0 A\np.dat 16 1/u 16 0 11 24 0 B\n"
	const swapped = "q 2 100 2\nq.dat 16 1/u 16 0 20 42 0 B\nq.dat 16 1/u 16 0 21 44 0 A\n"
	const layout = "r 2 100 0\n~ 0 1/u\n~ 0 1/u\n"
	for _, c := range []struct {
		name  string
		fsys  fstest.MapFS
		leads []string
		want  string
	}{
		{"fixed layout", segmented("a/2 2 100 4\np 2\nq 2\n", two, swapped), nil, "[10 11 12 13 21 20 23 22]"},
		{"one lead", segmented("a/2 2 100 4\np 2\nq 2\n", two, swapped), []string{"b"}, "[11 13 20 22]"},
		{"a gap", segmented("a/3 2 100\np 2\n~ 1\nq 2\n", two, swapped), nil, "[10 11 12 13 NaN NaN 21 20 23 22]"},
		{"a gap first", segmented("a/2 2 100\n~ 2\nq 2\n", two, swapped), []string{"A"}, "[NaN NaN 21 23]"},
		{"variable layout", segmented("a/4 2 100\nr 0\np 4\n~ 1\nq 2\n", "p 1 100 4\np.dat 16 2/u 16 0 10 46 0 B\n", swapped,
			"r 2 100 0\n~ 0 1/u 16 0 0 0 0 A\n~ 0 1/u 16 0 0 0 0 B\n"), nil, "[NaN 5 NaN 5.5 NaN 6 NaN 6.5 NaN NaN 21 20 23 22]"},
	} {
		x, err := read(c.fsys, c.leads...)
		if err != nil || fmt.Sprint(x) != c.want {
			t.Errorf("%s: %v, %v, want %s", c.name, x, err, c.want)
		}
	}
	for _, c := range []struct {
		name string
		fsys fstest.MapFS
		want string
	}{
		{"too long", segmented("a/2 2 100 5\np 2\nq 2\n", two, swapped), "a.hea:1: number of samples: it says 5, but the segments have 4: correct the number, or fetch the file again"},
		{"another length", segmented("a/2 2 100\np 2\nq 3\n", two, swapped), "a.hea:3: number of samples: it says 3, but q.hea says 2: fetch both again"},
		{"another rate", segmented("a/1 2 200\np 2\n", two), "p.hea:1: sampling frequency: it says 100, but a.hea says 200: fetch both again"},
		{"missing", segmented("a/2 2 100\np 2\nx 3\n", two), "a.hea:3: segment x: open x.hea: file does not exist"},
		{"nested", segmented("a/1 2 100\np 2\n", "p/1 2 100\nq 2\n"), "a.hea:2: segment p has segments itself: name those instead"},
		{"another lead", segmented("a/2 2 100\np 2\nq 2\n", two, strings.Replace(swapped, " A", " C", 1)), `q.hea: there is no lead "A", which the first segment of a.hea has: it has B, C; choose leads that all segments have`},
		{"another unit", segmented("a/2 2 100\np 2\nq 2\n", two, strings.ReplaceAll(swapped, "/u", "/mu")), "q.hea:3: units: the lead A is in mu here, and in u at the beginning of a.hea: convert one"},
		{"only gaps", segmented("a/1 2 100\n~ 2\n"), "a.hea: every segment is empty (~): fetch the record again"},
		{"outside", segmented("a/1 2 100\n../p 2\n"), `a.hea:2: segment name: "../p": name a record in the folder of the header`},
		{"a layout alone", segmented(layout), "a.hea:2: file name: the signal has no samples (~): give the header of a record that has some"},
	} {
		_, err := read(c.fsys)
		testkit.Message(t, c.name, err, c.want)
	}
}
