package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// shown writes the examples as NAME=LABEL/SPLIT:FRAMES.
func shown(s *Set) string {
	var list []string
	for i, e := range s.Examples {
		list = append(list, fmt.Sprintf("%s=%s/%s:%d", e.Name, s.Labels[e.Label], e.Split, s.Frames(i)))
	}
	return strings.Join(list, " ")
}

// ramped is a table of signals at 10 Hz.
func ramped(n int) *fstest.MapFile {
	var b strings.Builder
	b.WriteString("time,x\n")
	for i := range n {
		fmt.Fprintf(&b, "%.1f,%d\n", float64(i)/10, i)
	}
	return text(b.String())
}

// TestLists reads the layouts of files that data sets of others have.
func TestLists(t *testing.T) {
	tone := func(k int) *fstest.MapFile { return wav(8000, 1, 8000, k) }
	for name, c := range map[string]struct {
		fsys fstest.MapFS
		open string
		o    Options
		want string // the examples, or the begin of the error
		note string // part of the notes
	}{
		"seconds": {fstest.MapFS{"i.csv": text("file,start,end,label\na.wav,0,0.5,x\na.wav,0.5,1,y\n"), "a.wav": tone(1)}, "i.csv", Options{},
			"a.wav@0=x/:4000 a.wav@0.5=y/:4000", "columns start and end, in seconds"},
		"duration and names": {fstest.MapFS{"i.csv": text("path;onset;duration;class\na.wav;0.25;0.5;x\nb.wav;;;y\n"), "a.wav": tone(1), "b.wav": tone(2)}, "i.csv", Options{},
			"a.wav@0.25=x/:4000 b.wav=y/:8000", "column class"},
		"milliseconds": {fstest.MapFS{"i.csv": text("file,start_ms,end_ms,label\na.wav,100,200,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "a.wav@100=x/:800", "in ms"},
		"samples":      {fstest.MapFS{"i.csv": text("file,start (samples),end (samples),label\na.wav,100,200,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "a.wav@100=x/:100", "in samples"},
		"samples unsaid": {fstest.MapFS{"i.csv": text("file,start,end,label\na.wav,0,4000,x\na.wav,4000,8000,y\n"), "a.wav": tone(1)}, "i.csv", Options{},
			"a.wav@0=x/:4000 a.wav@4000=y/:4000", "so they are samples"},
		"frames":        {fstest.MapFS{"i.csv": text("file,frame_offset,num_frames,event_label\na.wav,100,200,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "a.wav@100=x/:200", "in samples"},
		"start only":    {fstest.MapFS{"i.csv": text("file,start,label\na.wav,0.5,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "a.wav@0.5=x/:4000", "start, in seconds"},
		"starts only":   {fstest.MapFS{"i.csv": text("file,start,label\na.wav,0,x\na.wav,0.5,y\n"), "a.wav": tone(1)}, "i.csv", Options{}, "i.csv:3: a.wav has several pieces with a start and no end", ""},
		"no labels":     {fstest.MapFS{"i.csv": text("file,split,kind\na.wav,train,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "i.csv: no column has the labels", ""},
		"minutes":       {fstest.MapFS{"i.csv": text("file,start,end,label\na.wav,0:00.5,0:01,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "a.wav@0.5=x/:4000", ""},
		"asked":         {fstest.MapFS{"i.csv": text("file,t0,t1,label\na.wav,0.5,1,x\n"), "a.wav": tone(1)}, "i.csv", Options{Columns: map[string]string{"start": "t0", "end": "t1"}}, "a.wav@0.5=x/:4000", ""},
		"asked not":     {fstest.MapFS{"i.csv": text("file,start,end,label\na.wav,7,9,x\n"), "a.wav": tone(1)}, "i.csv", Options{Columns: map[string]string{"start": "-", "end": "-"}}, "a.wav=x/:8000", ""},
		"past the end":  {fstest.MapFS{"i.csv": text("file,start,end,label\na.wav,0.5,1.5,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "i.csv:2: a.wav: end: 1.5 is after the end", ""},
		"backwards":     {fstest.MapFS{"i.csv": text("file,start,end,label\na.wav,0.5,0.2,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "i.csv:2: the piece ends at 0.2", ""},
		"no number":     {fstest.MapFS{"i.csv": text("file,start,end,label\na.wav,early,0.2,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, `i.csv:2: start: "early" is no place`, ""},
		"two units":     {fstest.MapFS{"i.csv": text("file,start_ms,end_sample,label\na.wav,1,2,x\n"), "a.wav": tone(1)}, "i.csv", Options{}, "i.csv: the columns start_ms and end_sample", ""},
		"a table":       {fstest.MapFS{"i.csv": text("file,start,end,label\na.csv,1,2,x\na.csv,2,4,y\n"), "a.csv": ramped(40)}, "i.csv", Options{}, "a.csv@1=x/:10 a.csv@2=y/:20", ""},
		"no label":      {fstest.MapFS{"i.csv": text("file,label\na.wav,NA\n"), "a.wav": tone(1)}, "i.csv", Options{}, `i.csv:2: label: "NA" means`, ""},
		"slices":        {fstest.MapFS{"m/u.csv": text("slice_file_name,fsID,start,end,fold,classID,class\n1-0.wav,1,17,21,1,0,dog\n2-0.wav,2,9,9.5,2,1,cat\n"), "audio/fold1/1-0.wav": tone(1), "audio/fold2/2-0.wav": tone(2)}, ".", Options{}, "audio/fold1/1-0.wav=dog/:8000 audio/fold2/2-0.wav=cat/:8000", "are ignored"},
		"folds":         {fstest.MapFS{"fold1/1.wav": tone(1), "fold2/2.wav": tone(2)}, ".", Options{}, ".: the folders, such as fold1, are named as folds", ""},
		"split by fold": {fstest.MapFS{"i.csv": text("filename,fold,category\na.wav,1,x\n"), "a.wav": tone(1)}, "i.csv", Options{Columns: map[string]string{"split": "fold"}}, "a.wav=x/1:8000", ""},
		"names":         {fstest.MapFS{"i.csv": text("clip,kind\na.wav,x\n"), "a.wav": tone(1)}, "i.csv", Options{Columns: map[string]string{"file": "clip", "label": "kind"}}, "a.wav=x/:8000", ""},
		"beside":        {fstest.MapFS{"meta/e.csv": text("filename,category\na,x\nb,y\n"), "audio/a.wav": tone(1), "audio/b.wav": tone(2)}, "meta/e.csv", Options{}, "audio/a.wav=x/:8000 audio/b.wav=y/:8000", "other folders"},
		"splits of lists": {fstest.MapFS{"train.csv": text("file,label\nwav/a.wav,x\n"), "test.csv": text("file,label\nwav/b.wav,y\n"), "wav/a.wav": tone(1), "wav/b.wav": tone(2)}, ".", Options{},
			"wav/b.wav=y/test:8000 wav/a.wav=x/train:8000", ""},
		"usual splits": {fstest.MapFS{"i.csv": text("file,label,split\na.wav,x,Training\nb.wav,y,VAL\n"), "a.wav": tone(1), "b.wav": tone(2)}, "i.csv", Options{}, "a.wav=x/train:8000 b.wav=y/valid:8000", `"VAL" as valid`},
		"split folders": {fstest.MapFS{"Train/x/1.wav": tone(1), "Train/y/2.wav": tone(2), "Testing/x/3.wav": tone(3), "val/y/4.wav": tone(4), "extra/z/5.wav": tone(5)}, ".", Options{},
			"Testing/x/3.wav=x/test:8000 Train/x/1.wav=x/train:8000 Train/y/2.wav=y/train:8000 val/y/4.wav=y/valid:8000", "ignored: extra"},
		"split folders within": {fstest.MapFS{"x/train/1.wav": tone(1), "x/test/2.wav": tone(2), "y/train/3.wav": tone(3), "y/test/4.wav": tone(4)}, ".", Options{},
			"x/test/2.wav=x/test:8000 x/train/1.wav=x/train:8000 y/test/4.wav=y/test:8000 y/train/3.wav=y/train:8000", ""},
		"labels that sound so": {fstest.MapFS{"train/1.wav": tone(1), "test/2.wav": tone(2)}, ".", Options{}, "test/2.wav=test/:8000 train/1.wav=train/:8000", ""},
		"tables of splits":     {fstest.MapFS{"train.csv": text("x,label\n1,a\n2,a\n"), "test.csv": text("x,label\n1,b\n2,b\n")}, ".", Options{}, "test.csv=b/test:2 train.csv=a/train:2", ""},
		"list files": {fstest.MapFS{"x/1.wav": tone(1), "x/2.wav": tone(2), "y/3.wav": tone(3), "testing_list.txt": text("x/2.wav\r\nq/9.wav\r\n"), "validation_list.txt": text("./y/3.wav\n")}, ".", Options{},
			"x/1.wav=x/train:8000 x/2.wav=x/test:8000 y/3.wav=y/valid:8000", "1 files that are not here, such as q/9.wav"},
		"list with labels": {fstest.MapFS{"x/1.wav": tone(1), "y/3.wav": tone(3), "train.txt": text("x/1 0\n"), "test.txt": text("y/3 1\n")}, ".", Options{}, "x/1.wav=x/train:8000 y/3.wav=y/test:8000", ""},
		"no list":          {fstest.MapFS{"x/1.wav": tone(1), "y/3.wav": tone(3), "test.txt": text("hello\n")}, ".", Options{}, "x/1.wav=x/:8000 y/3.wav=y/:8000", ".txt"},
		"list of others":   {fstest.MapFS{"x/1.wav": tone(1), "y/3.wav": tone(3), "test_list.txt": text("hello\n")}, ".", Options{}, "test_list.txt: none of its 1 lines", ""},
		"listed twice":     {fstest.MapFS{"x/1.wav": tone(1), "y/3.wav": tone(3), "test_list.txt": text("x/1.wav\n"), "train_list.txt": text("x/1.wav\n")}, ".", Options{}, "train_list.txt: x/1.wav is in test_list.txt too", ""},
		"background":       {fstest.MapFS{"yes/1.wav": tone(1), "_background_noise_/3.wav": tone(3)}, ".", Options{}, "_background_noise_/3.wav=background/:8000 yes/1.wav=yes/:8000", "label background"},
		"one number":       {fstest.MapFS{"a.csv": text("x,label\n1,0.0\n2,1\n"), "b.csv": text("x,label\n1,0\n2,1.0\n")}, ".", Options{}, "a.csv=0/:2 b.csv=0/:2", `"0" and "0.0" are one number`},
		"NA":               {fstest.MapFS{"a.csv": text("x,label\n1,0\n2,NA\n3,1\n4,nan\n")}, ".", Options{}, "a.csv=0/:4", "2 rows have a label such as NA"},
		"alike":            {fstest.MapFS{"Dog/1.wav": tone(1), "dog/2.wav": tone(2)}, ".", Options{}, "Dog/1.wav=Dog/:8000 dog/2.wav=dog/:8000", "nearly alike"},
		"contradiction":    {fstest.MapFS{"x/1.wav": tone(1), "y/2.wav": tone(1)}, ".", Options{}, "x/1.wav=x/:8000 y/2.wav=y/:8000", "x/1.wav (x) and y/2.wav (y)"},
	} {
		s, err := OpenFS(c.fsys, c.open, c.o)
		if err != nil {
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if got := shown(s); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if !strings.Contains(strings.Join(s.Notes, "\n"), c.note) {
			t.Errorf("%s: notes %q, want %q", name, s.Notes, c.note)
		}
	}
}

// TestPiecesStayTogether keeps the pieces of a recording in one split.
func TestPiecesStayTogether(t *testing.T) {
	fsys, list := fstest.MapFS{}, "file,start,end,label\n"
	for i := range 10 {
		name := fmt.Sprintf("%d.wav", i)
		fsys[name] = wav(8000, 1, 8000, i+1)
		for k := range 4 {
			list += fmt.Sprintf("%s,%v,%v,%s\n", name, float64(k)/4, float64(k+1)/4, []string{"a", "b"}[k%2])
		}
	}
	fsys["i.csv"] = text(list)
	s := open(t, fsys, "i.csv", Options{})
	train, test := s.HoldOut(0.3, "x")
	if len(train.Examples) == 0 || len(test.Examples) == 0 {
		t.Fatal(len(train.Examples), len(test.Examples))
	}
	for _, e := range test.Examples {
		if slices.ContainsFunc(train.Examples, func(f Example) bool { return f.Group == e.Group }) {
			t.Errorf("%s is on both sides", e.Group)
		}
	}
}
