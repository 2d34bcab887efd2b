package dataset

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// Plain recordings are an audio file or a folder of them; labelled data lose their
// labels and keep groups and splits.
func TestOpenRecordings(t *testing.T) {
	fsys := fstest.MapFS{
		"plain/a.wav": wav(8000, 1, 100, 1), "plain/b.wav": wav(8000, 1, 50, 2), "plain/notes.txt": text("x"), "texts/a.txt": text("one\ntwo\n"), "texts/b.txt": text("drei"), "texts/c.md": text("#"),
		"tables/1.csv": text("x,y\n1,2\n3,4\n5,6\n"), "tables/2.csv": text("x,y,label\n1,2,a\n3,4,b\n"),
		"table.tsv":      text("author\twork\tsentence\nx\tv\tOne.\nx\tv\tTwo.\ny\tw\tThree.\n"),
		"labels/x/c.wav": wav(8000, 1, 30, 1), "labels/y/d.wav": wav(8000, 1, 30, 2),
		"index/index.csv": text("file,label,group\ne.wav,q,g\n"), "index/e.wav": wav(8000, 1, 20, 3),
	}
	for name, want := range map[string]string{"plain": "plain/a.wav plain/b.wav", "plain/a.wav": "plain/a.wav",
		"labels": "labels/x/c.wav labels/y/d.wav", "index": "index/e.wav", "texts": "texts/a.txt texts/b.txt", "tables": "tables/1.csv tables/2.csv",
		"plain/notes.txt": "plain/notes.txt", "table.tsv": "table.tsv:2 table.tsv:4"} {
		s, err := OpenRecordingsFS(fsys, name, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i := range s.Examples {
			names = append(names, s.Examples[i].Name)
			if s.Examples[i].Label != 0 {
				t.Errorf("%s has a label", s.Examples[i].Name)
			}
		}
		if got := strings.Join(names, " "); got != want || !slices.Equal(s.Labels, []string{""}) {
			t.Errorf("%s: %s, labels %q", name, got, s.Labels)
		}
	}
	if s, _ := OpenRecordingsFS(fsys, "index", Options{}); s.Examples[0].Group != "g" {
		t.Error("the group is lost")
	}
	if s, err := OpenRecordingsFS(fsys, "table.tsv", Options{}); err != nil || TextOf(s.Examples[0].Samples) != "One.\nTwo.\n" || TextOf(s.Examples[1].Samples) != "Three." {
		t.Errorf("%v, passages %+v", err, s)
	}
	for _, name := range []string{"nothing", "texts/c.md"} {
		if _, err := OpenRecordingsFS(fsys, name, Options{}); err == nil {
			t.Errorf("%s is data", name)
		}
	}
}

// The two sides of a division in time are the whole, without overlap; hashes tell them
// apart, and one recording alone is divided so.
func TestHoldOutEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Set{Kind: Series, Labels: []string{""}, Channels: rapid.IntRange(1, 3).Draw(t, "channels")}
		for range rapid.IntRange(1, 4).Draw(t, "examples") {
			e := Example{Name: "f", Group: "f"}
			for i := range s.Channels * rapid.IntRange(1, 30).Draw(t, "samples") {
				e.Samples = append(e.Samples, float32(i))
			}
			s.Examples = append(s.Examples, e)
		}
		fraction := rapid.Float64Range(0, 1).Draw(t, "fraction")
		begin, end := s.HoldOutEnds(fraction)
		var left, right int
		for i := range begin.Examples {
			left += len(begin.Examples[i].Samples)
		}
		for i := range end.Examples {
			e := &end.Examples[i]
			right += len(e.Samples)
			if len(e.Samples) == 0 || e.Name == "f" || e.Group != "f" || e.Samples[0] != float32(int(e.Samples[0])) || int(e.Samples[0])%s.Channels != 0 {
				t.Fatalf("%+v", e)
			}
		}
		total := 0
		for i := range s.Examples {
			total += len(s.Examples[i].Samples)
		}
		if len(begin.Examples) != len(s.Examples) || fraction < 1 && left+right != total {
			t.Fatalf("%d and %d values of %d", left, right, total)
		}
	})
	s := &Set{Kind: Series, Labels: []string{""}, Channels: 1, Examples: []Example{{Name: "f", Group: "f", Samples: make([]float32, 100)}}}
	train, err := s.Train()
	test, err2 := s.Test()
	if err != nil || err2 != nil || s.Examples[0].Name != "f" || train.Frames(0) != 80 || test.Frames(0) != 20 || test.Examples[0].Name != "f@80" {
		t.Error(err, err2, train.Examples, test)
	}
}
