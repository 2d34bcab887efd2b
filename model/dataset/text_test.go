package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

const tsvHead = "author\twork\tsplit\tsentence\tnote\n"

func TestTextTable(t *testing.T) {
	fsys := fstest.MapFS{
		"d/x.tsv": text("\ufeff" + tsvHead + "b\tw\ttrain\tÉté, \"so\"!\t\r\n\na\tv\ttest\tTwo words\tx\n"),
		"d/x.csv": text("label,text,split\nb,\"Été, \"\"so\"\"!\",train\na,Two words,test\n"),
	}
	for name, groups := range map[string][]string{"d/x.tsv": {"w", "v"}, "d/x.csv": {"d/x.csv:2", "d/x.csv:3"}} {
		s := open(t, fsys, name, Options{})
		if s.Kind != Text || s.Channels != 1 || s.Rate != 0 || !slices.Equal(s.Labels, []string{"a", "b"}) || !slices.Equal(s.Splits(), []string{"test", "train"}) {
			t.Fatalf("%s: %+v", name, s)
		}
		for i, want := range []string{`Été, "so"!`, "Two words"} {
			e := s.Examples[i]
			if TextOf(e.Samples) != want || e.Group != groups[i] || e.Samples[0] != []float32{'É', 'T'}[i] || s.Frames(i) != utf8.RuneCountInString(want) {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
	s := open(t, fsys, "d/x.tsv", Options{Columns: map[string]string{"text": "note", "label": "work"}, SkipBad: true})
	if len(s.Examples) != 1 || TextOf(s.Examples[0].Samples) != "x" || s.Labels[0] != "v" || len(s.Skipped) != 1 {
		t.Errorf("other columns: %+v", s)
	}
	only, err := s.Only([]string{"v"})
	if err != nil || len(only.Examples) != 1 {
		t.Error(err)
	}
}

func TestTextFolder(t *testing.T) {
	fsys := fstest.MapFS{"d/a/1.txt": text("one\r\ntwo\n"), "d/b/deep/2.TXT": text("\ufeffdrei"), "d/a/x.md": text("no")}
	s := open(t, fsys, "d", Options{})
	if s.Kind != Text || len(s.Examples) != 2 || TextOf(s.Examples[0].Samples) != "one\ntwo" || TextOf(s.Examples[1].Samples) != "drei" ||
		s.Examples[1].Name != "d/b/deep/2.TXT" || len(s.Notes) != 1 {
		t.Errorf("%+v", s)
	}
	crops, err := s.Crops(3)
	if err != nil || len(crops.Examples) != 3 || TextOf(crops.Examples[1].Samples) != "\ntw" {
		t.Errorf("%v, %+v", err, crops)
	}
}

func TestTextErrors(t *testing.T) {
	for name, c := range map[string]struct{ file, content, want string }{
		"not UTF-8":      {"x.tsv", tsvHead + "a\tw\ttrain\tok\t\nb\tw\ttrain\tgr\xfcn\t\n", "x.tsv:3: column 13: the byte 0xfc is not UTF-8: convert"},
		"not UTF-8, csv": {"x.csv", "text,label\n\"a\xff\",b\n", "x.csv:2: column 3: the byte 0xff"},
		"no text":        {"x.tsv", "label\tbody\na\tb\n", "no column has numbers of a signal: it has label, body; a table of texts names its columns in Options.Columns (text=NAME)"},
		"no label":       {"x.tsv", "text\tbody\na\tb\n", "Options.Columns says what they are called (text=NAME, label=NAME)"},
		"empty":          {"x.tsv", "", "the file is empty"},
		"no rows":        {"x.tsv", tsvHead, "there are no rows after the first line"},
		"empty text":     {"x.tsv", tsvHead + "a\tw\ttrain\t \t\n", "x.tsv:2: the text is empty: delete"},
		"empty label":    {"x.tsv", tsvHead + "\tw\ttrain\tx\t\n", "x.tsv:2: the label is empty: give"},
		"label NA":       {"x.tsv", tsvHead + "NA\tw\ttrain\tx\t\n", `x.tsv:2: the label "NA" means that there is none: give`},
		"a tab inside":   {"x.tsv", tsvHead + "a\tw\ttrain\tx\ty\t\n", "x.tsv:2: 6 cells, the first line has 5: replace tabs"},
		"two texts":      {"x.tsv", "text\tText\tlabel\na\tb\tc\n", "two columns"},
		"a quote":        {"x.csv", "text,label\n\"a\"b,c\n", "x.csv:2: column"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := OpenFS(fstest.MapFS{c.file: text(c.content)}, c.file, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	fsys := fstest.MapFS{"x.tsv": text("text\tlabel\na\tb\n"), "d/a/1.txt": text("\n"), "d/b/1.txt": text("x\n\xff")}
	if _, err := OpenFS(fsys, "x.tsv", Options{Columns: map[string]string{"words": "text"}}); err == nil || !strings.Contains(err.Error(), `there is no part "words" of a text`) {
		t.Error(err)
	}
	for want, labels := range map[string]string{"d/a/1.txt: the text is empty": "a", "d/b/1.txt:2: column 1": "b"} {
		one := fstest.MapFS{"d/" + labels + "/1.txt": fsys["d/"+labels+"/1.txt"]}
		if _, err := OpenFS(one, "d", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := OpenFS(fsys, "d", Options{SkipBad: true}); err == nil || !strings.Contains(err.Error(), "none of the examples") {
		t.Error(err)
	}
}

// Joined texts follow one another in the data: same label, group and split.
func TestJoin(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("label\tgroup\tsplit\ttext\n")
	for i, where := range []string{"a w train", "a w train", "a w train", "a v train", "b v train", "b v test", "b v test"} {
		fmt.Fprintf(&rows, "%s\tt%d\n", strings.ReplaceAll(where, " ", "\t"), i)
	}
	s := open(t, fstest.MapFS{"x.tsv": text(rows.String())}, "x.tsv", Options{})
	if got := s.Passages(); !slices.Equal(got, [][2]int{{0, 3}, {3, 4}, {4, 5}, {5, 7}}) {
		t.Errorf("passages %v", got)
	}
	joined, parts, err := s.Join(2)
	if err != nil || !slices.Equal(parts, [][2]int{{0, 2}, {5, 7}}) || TextOf(joined.Examples[0].Samples) != "t0 t1" || joined.Hash == s.Hash {
		t.Errorf("%v, %v, %+v", err, parts, joined)
	}
	if one, _, err := s.Join(1); err != nil || one.Hash != s.Hash {
		t.Errorf("joined by ones: %v", err)
	}
	for want, n := range map[string]int{"join fewer": 4, "give 1": 0} {
		if _, _, err := s.Join(n); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, _, err := (&Set{Kind: Audio}).Join(2); err == nil {
		t.Error("audio was joined")
	}
}

func FuzzTextTable(f *testing.F) {
	f.Add([]byte(tsvHead+"a\tw\ttrain\tx\t\n"), true, false)
	f.Add([]byte("text,label\n\"a \"\"b\",c\n\xff,d\n"), false, true)
	f.Fuzz(func(t *testing.T, p []byte, tabs, skip bool) {
		name := "x.csv"
		if tabs {
			name = "x.tsv"
		}
		s, err := OpenFS(fstest.MapFS{name: {Data: p}}, name, Options{SkipBad: skip})
		if err != nil {
			return
		}
		if s.Kind != Text {
			return // a table of a signal
		}
		total := 0
		for i := range s.Examples {
			e := &s.Examples[i]
			if len(e.Samples) == 0 || e.Label >= len(s.Labels) || e.Group == "" || !utf8.ValidString(TextOf(e.Samples)) {
				t.Fatalf("%+v", e)
			}
			total += len(e.Samples)
		}
		if total > len(p) {
			t.Fatalf("%d characters out of %d bytes", total, len(p))
		}
	})
}
