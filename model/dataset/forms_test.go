package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"inkling/internal/testkit"
)

// npyFile is a .npy file. elements are float32, strings or int64.
func npyFile[T float32 | int64 | string](elements []T, shape ...int) []byte {
	var body []byte
	descr := "<f4"
	for _, e := range elements {
		switch e := any(e).(type) {
		case float32:
			body = binary.LittleEndian.AppendUint32(body, math.Float32bits(e))
		case int64:
			descr = "<i8"
			body = binary.LittleEndian.AppendUint64(body, uint64(e))
		case string:
			descr = "<U8"
			for _, r := range fmt.Sprintf("%-8s", e) {
				body = binary.LittleEndian.AppendUint32(body, uint32(strings.TrimSpace(string(r) + "\x00")[0]))
			}
		}
	}
	dims := strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ", "), "[]")
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }", descr, dims)
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	return append(append(out, head...), body...)
}

func npzFile(t testing.TB, arrays map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		data := arrays[name]
		w, err := z.Create(name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		w.Write(data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// matElement and its callers write .mat files of version 5.
func matElement(kind uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(append(b, data...), make([]byte, -len(data)&7)...)
}

func matArray(class byte, name string, rows, columns int, content []byte) []byte {
	flags := make([]byte, 8)
	flags[0] = class
	dims := binary.LittleEndian.AppendUint32(nil, uint32(rows))
	dims = binary.LittleEndian.AppendUint32(dims, uint32(columns))
	body := append(matElement(6, flags), matElement(5, dims)...)
	body = append(append(body, matElement(1, []byte(name))...), content...)
	return matElement(14, body)
}

// matNumbers is a matrix whose values are column by column.
func matNumbers(name string, rows, columns int, values []float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return matArray(7, name, rows, columns, matElement(7, b))
}

func matText(name, text string) []byte {
	return matArray(4, name, 1, len(text), matElement(16, []byte(text)))
}

func matCells(name string, cells ...[]byte) []byte {
	return matArray(1, name, len(cells), 1, bytes.Join(cells, nil))
}

func matFile(variables ...[]byte) []byte {
	head := make([]byte, 128)
	copy(head, "MATLAB 5.0 MAT-file")
	head[125], head[126], head[127] = 1, 'I', 'M'
	return append(head, bytes.Join(variables, nil)...)
}

func file(data []byte) *fstest.MapFile { return &fstest.MapFile{Data: data} }

// TestGunPointInEveryForm reads the same set, with the same hashes, from each form.
func TestGunPointInEveryForm(t *testing.T) {
	dir := testkit.Data(t, "ucr-uea")
	want, err := Open(filepath.Join(dir, "GunPoint"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{}
	arrays, cells := map[string][]byte{}, [][]byte{}
	for _, split := range []string{"TRAIN", "TEST"} {
		data, err := os.ReadFile(filepath.Join(dir, "GunPoint_"+split+".ts"))
		if err != nil {
			t.Fatal(err)
		}
		var tabs, commas, blanks, rows strings.Builder
		var x []float32
		var y []string
		var sequences, labels [][]byte
		for line := range strings.Lines(string(data)) {
			values, label, ok := strings.Cut(strings.TrimSpace(line), ":")
			if !ok || line[0] == '#' || line[0] == '@' {
				continue
			}
			fmt.Fprintf(&commas, "%s,%s\n", label, values)
			fmt.Fprintf(&rows, "%s,%s\n", values, label)
			tabs.WriteString(label + "\t" + strings.ReplaceAll(values, ",", "\t") + "\n")
			blanks.WriteString("   " + label + ".0000000e+00   " + strings.ReplaceAll(values, ",", "   ") + "\n")
			at := len(x)
			for v := range strings.SplitSeq(values, ",") {
				f, err := strconv.ParseFloat(v, 32)
				if err != nil {
					t.Fatal(err)
				}
				x = append(x, float32(f))
			}
			y = append(y, label)
			sequences, labels = append(sequences, matNumbers("", 1, 150, x[at:])), append(labels, matText("", label))
		}
		var head strings.Builder
		head.WriteString("@relation GunPoint\n")
		for i := range 150 {
			fmt.Fprintf(&head, "@attribute att%d numeric\n", i)
		}
		head.WriteString("@attribute target {1,2}\n@data\n")
		low := strings.ToLower(split)
		fsys["tsv/GunPoint_"+split+".tsv"] = text(tabs.String())
		fsys["txt/GunPoint_"+split+".txt"] = text(blanks.String())
		fsys["csv/GunPoint_"+split+".csv"] = text(commas.String())
		fsys["plain/GunPoint_"+split] = text(commas.String())
		fsys["arff/GunPoint_"+split+".arff"] = text(head.String() + rows.String())
		fsys["npy/X_"+low+".npy"] = file(npyFile(x, len(y), 1, 150))
		fsys["npy/y_"+low+".npy"] = file(npyFile(y, len(y)))
		arrays["X_"+low], arrays["y_"+low] = npyFile(x, len(y), 150), npyFile(y, len(y))
		cells = append(cells, matCells("X"+split, sequences...), matCells("Y"+split, labels...))
	}
	fsys["gun.npz"] = file(npzFile(t, arrays))
	fsys["gun.mat"] = file(matFile(cells...))
	for _, name := range []string{"tsv", "txt/GunPoint", "csv", "plain", "arff", "npy", "gun.npz", "gun.mat"} {
		got, err := OpenFS(fsys, name, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Hash != want.Hash || len(got.Examples) != 200 || strings.Join(got.Labels, " ") != "1 2" || strings.Join(got.Splits(), " ") != "test train" {
			t.Errorf("%s: %s with %d examples, labels %q, splits %q; want %s", name, got.Hash, len(got.Examples), got.Labels, got.Splits(), want.Hash)
		}
	}
}

// oneSet opens a file with this content.
func oneSet(t *testing.T, name string, data []byte, o Options) (*Set, error) {
	t.Helper()
	return OpenFS(fstest.MapFS{"d/" + name: file(data)}, "d/"+name, o)
}

func ramp(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i)
	}
	return x
}

// TestAxes tells channels from samples by their number, or by Options.Axes, or asks.
func TestAxes(t *testing.T) {
	for _, c := range []struct {
		shape      []int
		axes, want string  // want: channels×frames, or part of the error
		at1, at2   float32 // the second value of channel 1, and of channel 2
	}{
		{[]int{2, 12}, "", "1×12", 1, 1},
		{[]int{12, 2}, "", "1×12", 2, 2},
		{[]int{2, 3, 12}, "", "3×12", 1, 13},
		{[]int{2, 12, 3}, "", "3×12", 3, 4},
		{[]int{3, 12, 2}, "", "3×12", 2, 26},
		{[]int{2, 4, 9}, "", "may each be", 0, 0},
		{[]int{2, 4, 9}, "NCT", "4×9", 1, 10},
		{[]int{2, 4, 9}, "n,t,c", "9×4", 9, 10},
		{[]int{2, 4, 9}, "NT", "Options.Axes", 0, 0},
		{[]int{2, 4, 9}, "NNT", "Options.Axes", 0, 0},
		{[]int{5, 4, 9}, "", "2 labels", 0, 0},
		{[]int{2, 1, 1, 9}, "", "4 axes", 0, 0},
	} {
		n := 1
		for _, d := range c.shape {
			n *= d
		}
		s, err := oneSet(t, "a.npz", npzFile(t, map[string][]byte{"X": npyFile(ramp(n), c.shape...), "y": npyFile([]int64{0, 1}, 2)}), Options{Axes: c.axes})
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v %s: %v", c.shape, c.axes, err)
			}
			continue
		}
		x := s.Examples[0].Samples
		if got := fmt.Sprintf("%d×%d", s.Channels, s.Frames(0)); got != c.want || x[s.Channels] != c.at1 || x[s.Channels+min(1, s.Channels-1)] != c.at2 {
			t.Errorf("%v %s: %s %v, notes %q", c.shape, c.axes, got, x, s.Notes)
		}
		if len(c.shape) == 3 && c.axes == "" && len(s.Notes) != 1 {
			t.Errorf("%v: notes %q", c.shape, s.Notes)
		}
	}
}

// TestNotes reads sequences of different lengths in a cell array.
func TestCellArrays(t *testing.T) {
	x := matCells("notes", matNumbers("", 2, 5, ramp(10)), matNumbers("", 2, 3, ramp(6)), matNumbers("", 2, 4, ramp(8)))
	fs44 := matNumbers("fs", 1, 1, []float32{44100})
	for name, y := range map[string][]byte{
		"cellstr": matCells("names", matText("", "do"), matText("", "re"), matText("", "do")),
		"chars":   matArray(4, "labels", 3, 2, matElement(16, []byte("drdoeo"))),
		"numbers": matNumbers("y", 3, 1, []float32{1, 2, 1}),
	} {
		s, err := oneSet(t, "notes.mat", matFile(x, fs44, y), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(s.Examples) != 3 || s.Channels != 2 || s.Frames(1) != 3 || s.Rate != 44100 || len(s.Labels) != 2 || s.Examples[2].Label != 0 {
			t.Errorf("%s: %+v", name, s)
		}
		if e := s.Examples[1]; e.Name != "d/notes.mat:notes{2}" || e.Samples[2] != 2 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	rows := matCells("X", matNumbers("", 5, 2, ramp(10)), matNumbers("", 3, 2, ramp(6)))
	s, err := oneSet(t, "x.mat", matFile(rows, matNumbers("y", 1, 2, []float32{0, 1})), Options{})
	if err != nil || s.Channels != 2 || s.Frames(0) != 5 || s.Examples[0].Samples[1] != 5 || !strings.Contains(fmt.Sprint(s.Notes), "T×C") {
		t.Errorf("%+v %v", s, err)
	}
	both := matArray(1, "data", 2, 2, bytes.Join([][]byte{matNumbers("", 1, 5, ramp(5)), matNumbers("", 1, 3, ramp(3)), matText("", "a"), matText("", "b")}, nil))
	if s, err = oneSet(t, "x.mat", matFile(both), Options{}); err != nil || len(s.Examples) != 2 || s.Labels[1] != "b" {
		t.Errorf("%+v %v", s, err)
	}
}

// TestArrayErrors names file, variable and remedy.
func TestArrayErrors(t *testing.T) {
	x, y := npyFile(ramp(24), 2, 12), npyFile([]int64{0, 1}, 2)
	for want, arrays := range map[string]map[string][]byte{
		"there are no labels for X":        {"X": x},
		"3 labels":                         {"X": x, "y": npyFile([]int64{0, 1, 2}, 3)},
		"both X and x may be the data":     {"X": x, "x": x},
		"not a whole number":               {"X": x, "y": npyFile([]float32{0.5, 1}, 2)},
		`"NaN" means that there is none`:   {"X": x, "y": npyFile([]float32{float32(math.NaN()), 1}, 2)},
		"channel 1, value 3 is missing":    {"X": npyFile([]float32{0, 1, float32(math.NaN()), 3, 4, 5, 6, 7}, 2, 4), "y": y},
		"infinite":                         {"X": npyFile([]float32{0, 1, float32(math.Inf(1)), 3, 4, 5, 6, 7}, 2, 4), "y": y},
		"no variable has the sequences":    {"y": y},
		"give one label for each sequence": {"X": x, "y": npyFile(ramp(24), 2, 12)},
	} {
		_, err := oneSet(t, "a.npz", npzFile(t, arrays), Options{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "d/a.npz") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	object := append(matElement(6, []byte{17, 0, 0, 0, 0, 0, 0, 0}), bytes.Join([][]byte{matElement(1, []byte("what")), matElement(1, []byte("MCOS")), matElement(1, []byte("categorical"))}, nil)...)
	_, err := oneSet(t, "a.mat", matFile(matCells("X", matNumbers("", 1, 5, ramp(5)), matNumbers("", 1, 3, ramp(3))), matElement(14, object)), Options{})
	if err == nil || !strings.Contains(err.Error(), "load('a.mat'); what = cellstr(what); save('a.mat', '-v7')") {
		t.Error(err)
	}
	_, err = oneSet(t, "a.npz", npzFile(t, map[string][]byte{"X": x, "y": y}), Options{Columns: map[string]string{"label": "z"}})
	if err == nil || !strings.Contains(err.Error(), `no variable "z"`) {
		t.Error(err)
	}
}

// TestArraysByName takes variables, splits and groups by their names or as asked for.
func TestArraysByName(t *testing.T) {
	long := npzFile(t, map[string][]byte{
		"signal": npyFile(ramp(24), 2, 12), "who": npyFile([]string{"ann", "bob"}, 2), "what": npyFile([]string{"a", "b"}, 2),
		"split": npyFile([]string{"Training", "TEST"}, 2)})
	s, err := oneSet(t, "a.npz", long, Options{Columns: map[string]string{"label": "what", "group": "who"}})
	if err != nil || s.Examples[1].Group != "signal group bob" || s.Examples[1].Split != TestSplit || s.Labels[1] != "b" {
		t.Errorf("%+v %v", s, err)
	}
	padded := []float32{1, 2, 3, float32(math.NaN()), 5, 6, 7, 8}
	s, err = oneSet(t, "a.npz", npzFile(t, map[string][]byte{"arr_0": npyFile(padded, 2, 4), "arr_1": npyFile([]float32{1, 0, 0, 1}, 2, 2)}), Options{})
	if err != nil || s.Frames(0) != 3 || s.Frames(1) != 4 || s.Examples[1].Label != 1 || len(s.Notes) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	s, err = OpenFS(fstest.MapFS{"a/1.npy": file(npyFile(ramp(24), 12, 2)), "b/2.npy": file(npyFile(ramp(30), 15, 2))}, ".", Options{})
	if err != nil || s.Channels != 2 || s.Frames(1) != 15 || strings.Join(s.Labels, "") != "ab" {
		t.Errorf("%+v %v", s, err)
	}
	s, err = OpenFS(fstest.MapFS{"X.npy": file(npyFile(ramp(24), 2, 12)), "y.npy": file(npyFile([]int64{5, 7}, 2))}, "X.npy", Options{})
	if err != nil || strings.Join(s.Labels, " ") != "5 7" {
		t.Errorf("%+v %v", s, err)
	}
}

// TestFormsBesideEachOther takes the first form of a set that has several, and all channels
// of one that also has a file for each.
func TestFormsBesideEachOther(t *testing.T) {
	const ts = "@univariate true\n@classLabel true 1 2\n@data\n1,2,3:1\n4,5,6:2\n"
	fsys := fstest.MapFS{"A_TRAIN.ts": text(ts), "A_TEST.ts": text(ts), "A_TRAIN.txt": text("1 1 2 3\n"), "A_TEST.txt": text("2 4 5 6\n"),
		"ADimension1_TRAIN.arff": text("x"), "ADimension1_TEST.arff": text("x"), "README.md": text("x")}
	s, err := OpenFS(fsys, ".", Options{})
	if err != nil || len(s.Examples) != 4 || !strings.Contains(fmt.Sprint(s.Notes), "other forms") {
		t.Errorf("%+v %v", s, err)
	}
	var missing *fs.PathError
	if _, err := OpenFS(fsys, "B", Options{}); err == nil || missing != nil || !strings.Contains(err.Error(), "no pair B_TRAIN.ts") {
		t.Error(err)
	}
}

// TestMultivariateARFF reads a relational attribute, a row per channel.
func TestMultivariateARFF(t *testing.T) {
	const head = "@relation M\n@attribute r relational\n@attribute a numeric\n@attribute b numeric\n@attribute c numeric\n@end r\n@attribute activity {walk,'sit down'}\n@data\n"
	s, err := oneSet(t, "M.arff", []byte(head+"'1,2,3\\n4,5,6',walk\n'7,8,9\\n1,2,?',\"sit down\"\n'1,2,3\\n4,5,?',walk\n"), Options{SkipBad: true})
	if err != nil || s.Channels != 2 || len(s.Examples) != 1 || len(s.Skipped) != 2 || s.Examples[0].Samples[1] != 4 || strings.Join(s.Labels, ",") != "sit down,walk" {
		t.Errorf("%+v %v", s, err)
	}
	for row, want := range map[string]string{
		"'1,2,3\\n4,5',walk":   "channel 2 has 2 values, channel 1 has 3",
		"'1,2,3\\n4,5,6',run":  `the label "run" is not one of`,
		"'1,2,3\\n4,5,6',?":    "the label is missing",
		"'1,2,3\\n4,x,6',walk": "channel 2, value 2",
	} {
		if _, err := oneSet(t, "M.arff", []byte(head+row+"\n"), Options{}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "d/M.arff:9: ") {
			t.Errorf("%s: %v", row, err)
		}
	}
}

// TestTSAsOthersWriteIt reads comments with % and labels with blanks.
func TestTSAsOthersWriteIt(t *testing.T) {
	const data = "%# cut down\n@univariate true\n@classLabel true sitting down walking lying down\n@data\n% one\n1,2:sitting down\n3,4:walking\n5,6:lying down\n"
	s, err := oneSet(t, "x.ts", []byte(data), Options{})
	if err != nil || strings.Join(s.Labels, ",") != "lying down,sitting down,walking" || len(s.Notes) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := oneSet(t, "x.ts", []byte(data+"1,2:down walking sitting\n"), Options{}); err == nil {
		t.Error("a label that is not listed was read")
	}
}

// TestUCRErrors names line and value.
func TestUCRErrors(t *testing.T) {
	for data, want := range map[string]string{
		"1\t2\t3\n2\t4\tx\n":      `d/A_TRAIN.tsv:2: value 2 is "x"`,
		"1\t2\t3\n2\n":            "d/A_TRAIN.tsv:2: there is only one value",
		"1\t2\t3\n2\t1\tNaN\t3\n": "channel 1, value 2 is missing",
		"1\t2\t3\nNaN\t1\t3\n":    `"NaN" means that there is none`,
		"1\t2\t3\n2\t1e99\t3\n":   "too large",
	} {
		if _, err := oneSet(t, "A_TRAIN.tsv", []byte(data), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", data, err)
		}
	}
	s, err := oneSet(t, "A_TRAIN.tsv", []byte("1.0\t2\t3\tNaN\n-1.0000000e+00\t4\t5\t6\n"), Options{})
	if err != nil || s.Frames(0) != 2 || strings.Join(s.Labels, ",") != "-1,1" {
		t.Errorf("%+v %v", s, err)
	}
}

// FuzzForms opens bytes as a file of each form. What is read has finite samples.
func FuzzForms(f *testing.F) {
	names := []string{"a.npz", "a.npy", "a.mat", "a.arff", "A_TRAIN.tsv", "A_TRAIN.txt", "a.ts"}
	add := func(form int, data []byte) { f.Add(uint8(form), data, "") }
	add(0, npzFile(f, map[string][]byte{"X": npyFile(ramp(24), 2, 2, 6), "y": npyFile([]string{"a", "b"}, 2)}))
	add(1, npyFile(ramp(24), 2, 12))
	add(2, matFile(matCells("X", matNumbers("", 2, 5, ramp(10)), matNumbers("", 2, 3, ramp(6))), matCells("y", matText("", "do"), matText("", "re"))))
	add(2, matFile(matNumbers("X", 2, 12, ramp(24)), matNumbers("y", 1, 2, ramp(2))))
	add(3, []byte("@attribute r relational\n@attribute a numeric\n@end r\n@attribute c {a,b}\n@data\n'1\\n2',a\n"))
	add(4, []byte("1\t2\t3\n2\t4\t5\n"))
	add(5, []byte("  1.0e+00  2  3\n  2  4  5\n"))
	add(6, []byte("@classLabel true a b c\n@data\n1,2:3,4:a b\n"))
	f.Fuzz(func(t *testing.T, form uint8, data []byte, axes string) {
		name := names[int(form)%len(names)]
		for _, o := range []Options{{Axes: axes}, {SkipBad: true, Table: TableOptions{Plain: true}}} {
			s, err := OpenFS(fstest.MapFS{name: file(data)}, name, o)
			if err != nil {
				continue
			}
			for i, e := range s.Examples {
				if s.Frames(i)*s.Channels != len(e.Samples) || len(e.Samples) == 0 || e.Label >= len(s.Labels) {
					t.Fatalf("%s: %+v", name, e)
				}
				for _, v := range e.Samples {
					if v-v != 0 {
						t.Fatalf("%s: %v", name, v)
					}
				}
			}
		}
	})
}
