package collect

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/audio"
)

// A corrected segment is an example of its last label alone, and every correction is noted.
func TestCorrectionsAreExamples(t *testing.T) {
	s := &Corrections{Dir: filepath.Join(t.TempDir(), "new")}
	c := Correction{Session: "s", Stream: "<a>/b", Segment: 3, Start: 10, End: 13, Told: "cat", Label: "dog", Rate: 8000, Channels: 1, Samples: []float32{0.5, -0.25, 1.5}}
	first, err := s.Add(c)
	if err != nil {
		t.Fatal(err)
	}
	clip, err := audio.DecodeFile(os.DirFS(filepath.Dir(first)), filepath.Base(first))
	if err != nil || clip.Rate != 8000 || len(clip.Samples) != 3 || clip.Samples[2] != 1.5 {
		t.Fatalf("%+v, %v", clip, err)
	}
	c.Label = "ä b"
	second, err := s.Add(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first); !os.IsNotExist(err) {
		t.Errorf("the first example is still there: %v", err)
	}
	other := c
	other.Start = 11
	if third, err := s.Add(other); err != nil || third == second {
		t.Errorf("%s, %v", third, err)
	}
	data, _ := os.ReadFile(filepath.Join(s.Dir, "corrections.jsonl"))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	var last Correction
	if err := json.Unmarshal([]byte(lines[1]), &last); err != nil || len(lines) != 3 || last.Stream != c.Stream || last.Label != c.Label || filepath.Join(s.Dir, last.File) != second {
		t.Errorf("%s", data)
	}
}

func TestCorrectionsRefuse(t *testing.T) {
	s := &Corrections{Dir: t.TempDir()}
	for _, label := range []string{"", ".", "..", "../x", "a/b", `a\b`, ".hidden", "a\x00"} {
		if _, err := s.Add(Correction{Label: label, Rate: 1}); err == nil {
			t.Errorf("label %q was taken", label)
		}
	}
	if _, err := s.Add(Correction{Label: "x"}); err != ErrNoRate {
		t.Error(err)
	}
}
