package dataset

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

const tsHead = "# a comment\n@problemName P\n@timeStamps false\n@univariate false\n@dimensions 2\n@equalLength false\n@classLabel true b a\n@data\n"

func TestTS(t *testing.T) {
	train := tsHead + "1,2,3:4, 5 ,6e-1:a\n\n# between\n-1:.5:b\n"
	test := strings.ReplaceAll(tsHead, "b a", "a c b") + "7:8:c\r\n9:10:a"
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(test))
	w.Close()
	fsys := fstest.MapFS{"d/P_TRAIN.ts": text(train), "d/P_TEST.ts.gz": {Data: z.Bytes()}}
	s := open(t, fsys, "d/P", Options{})
	if !slices.Equal(s.Labels, []string{"a", "b", "c"}) || s.Channels != 2 || s.Kind != Series || s.Rate != 0 {
		t.Fatalf("%+v", s)
	}
	for i, want := range []struct {
		name, split, label string
		samples            []float32
	}{
		{"d/P_TRAIN.ts:9", "train", "a", []float32{1, 4, 2, 5, 3, 0.6}},
		{"d/P_TRAIN.ts:12", "train", "b", []float32{-1, 0.5}},
		{"d/P_TEST.ts.gz:9", "test", "c", []float32{7, 8}},
		{"d/P_TEST.ts.gz:10", "test", "a", []float32{9, 10}},
	} {
		e := s.Examples[i]
		if e.Name != want.name || e.Split != want.split || s.Labels[e.Label] != want.label || !slices.Equal(e.Samples, want.samples) {
			t.Errorf("%+v, want %+v", e, want)
		}
	}
	if alone := open(t, fsys, "d/P_TRAIN.ts", Options{}); len(alone.Examples) != 2 || !slices.Equal(alone.Splits(), []string{"train"}) {
		t.Errorf("one file alone: %+v", alone.Examples)
	}
}

func TestTSErrors(t *testing.T) {
	uni := "@univariate true\n@classLabel true a b\n@equalLength true\n@seriesLength 2\n@data\n"
	for name, c := range map[string][2]string{
		"missing":         {tsHead + "1,?:3,4:a\n", "x.ts:9: channel 1, value 2 is missing: fill"},
		"nan":             {tsHead + "1,2:3,NaN:a\n", "channel 2, value 2 is missing"},
		"empty":           {tsHead + "1,2:3,:a\n", "x.ts:9: "},
		"infinite":        {tsHead + "1,2:inf,1:a\n", "channel 2, value 1 is inf, which is infinite"},
		"too large":       {tsHead + "1,2:1e40,1:a\n", "too large"},
		"no number":       {tsHead + "1,2:hm,1:a\n", `"hm", which is not a number`},
		"stamped":         {tsHead + "(0,1),(1,2):(0,1),(1,3):a\n", "time stamp"},
		"unknown label":   {tsHead + "1:2:c\n", `the label "c" is not one of @classLabel (b a)`},
		"cut off":         {tsHead + "1:2:a\n1,2:3", `x.ts:10: the label "3"`},
		"no colon":        {tsHead + "123\n", "no label"},
		"channels":        {tsHead + "1:2:3:a\n", "3 channels, but the lines before have 2"},
		"lengths":         {tsHead + "1,2:3,4,5:a\n", "channel 2 has 3 values"},
		"declared length": {uni + "1,2,3:a\n", "3 values"},
		"stamps":          {"@timestamps true\n", "x.ts:1: series with time stamps"},
		"regression":      {"@targetLabel true\n", "regression"},
		"no labels":       {"@classLabel false\n", "no labels"},
		"never labels":    {"@univariate true\n@data\n", "x.ts:2: the examples have no labels"},
		"twice":           {"@univariate true\n@univariate true\n", "@univariate is there twice"},
		"label twice":     {"@classLabel true a a\n@data\n1:a\n", "twice"},
		"contradiction":   {"@univariate true\n@dimensions 3\n", "@dimensions: the lines above say 1 channels"},
		"not boolean":     {"@timestamps maybe\n", "neither true nor false"},
		"no header":       {"1,2,3\n", "@data"},
		"no data":         {"@univariate true\n", "no @data"},
		"nothing after":   {tsHead, "no examples"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := OpenFS(fstest.MapFS{"x.ts": text(c[0])}, "x.ts", Options{})
			if err == nil || !strings.Contains(err.Error(), c[1]) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, c[1])
			}
		})
	}
	s := open(t, fstest.MapFS{"x.ts": text(tsHead + "1,?:3,4:a\n1:2:a\n")}, "x.ts", Options{SkipBad: true})
	if len(s.Examples) != 1 || len(s.Skipped) != 1 {
		t.Errorf("%d examples, skipped %v", len(s.Examples), s.Skipped)
	}
	half := &bytes.Buffer{}
	w := gzip.NewWriter(half)
	w.Write([]byte(strings.Repeat(tsHead, 1)))
	w.Close()
	if _, err := OpenFS(fstest.MapFS{"x.ts.gz": {Data: half.Bytes()[:half.Len()-9]}}, "x.ts.gz", Options{}); err == nil || !strings.Contains(err.Error(), "x.ts.gz") {
		t.Errorf("a gzip file cut off: %v", err)
	}
}

// What is written as .ts is read back to the bit.
func TestTSRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 4).Draw(t, "channels")
		var b strings.Builder
		fmt.Fprintf(&b, "@dimensions %d\n@classLabel true x y\n@data\n", channels)
		all := rapid.SliceOfN(rapid.SliceOfN(rapid.Float32Range(-1e30, 1e30), 1, 20), 1, 5).Draw(t, "series")
		for _, x := range all {
			for c := range channels {
				for i, v := range x {
					if i > 0 {
						b.WriteByte(',')
					}
					fmt.Fprint(&b, v*float32(c+1))
				}
				b.WriteByte(':')
			}
			b.WriteString("y\n")
		}
		s, err := OpenFS(fstest.MapFS{"x.ts": text(b.String())}, "x.ts", Options{})
		if err != nil {
			t.Fatal(err)
		}
		for j, x := range all {
			for i, v := range x {
				for c := range channels {
					if got := s.Examples[j].Samples[i*channels+c]; got != v*float32(c+1) {
						t.Fatalf("example %d, step %d, channel %d: %v, want %v", j, i, c, got, v*float32(c+1))
					}
				}
			}
		}
	})
}

func FuzzTS(f *testing.F) {
	f.Add([]byte(tsHead + "1,2,3:4, 5 ,6e-1:a\n"))
	f.Add([]byte("@univariate true\n@classLabel true a b\n@equalLength true\n@seriesLength 2\n@data\n1,2:a\n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		s, err := OpenFS(fstest.MapFS{"x.ts": {Data: p}}, "x.ts", Options{})
		if err != nil {
			return
		}
		total := 0
		for i := range s.Examples {
			e := &s.Examples[i]
			if len(e.Samples) == 0 || len(e.Samples)%s.Channels != 0 || e.Label >= len(s.Labels) {
				t.Fatalf("%+v", e)
			}
			for _, v := range e.Samples {
				if v-v != 0 {
					t.Fatalf("%v is let through", v)
				}
			}
			total += len(e.Samples)
		}
		if total > len(p) {
			t.Fatalf("%d samples out of %d bytes", total, len(p))
		}
	})
}

func FuzzIndexCSV(f *testing.F) {
	f.Add([]byte("file,label,split,group\na.wav,x,train,g\n"))
	f.Add([]byte("path;begin [ms];duration [ms];class\nb.wav;1:02;5;a\n"))
	f.Add([]byte("\ufefflabel,file\n\"q\"\"\",../b.wav\n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		x, err := readIndex(fstest.MapFS{"d/index.csv": {Data: p}}, "d/index.csv", Options{})
		if err != nil {
			return
		}
		if len(x.files) == 0 {
			t.Fatal("neither files nor an error")
		}
		for _, e := range x.files {
			if q := e.piece; q != nil && !(q.from >= 0 && q.from < q.to) {
				t.Fatalf("%+v", q)
			}
			if e.file == "" {
				t.Fatalf("%+v", e)
			}
		}
	})
}
