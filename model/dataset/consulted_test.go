package dataset

import (
	"strings"
	"testing"

	"inkling/internal/testkit"
	"inkling/internal/testkit/testaudio"
)

// TestOptionsThatChangeNothing: options that no reader has a use for are told, each by its
// name; those that one has are not.
func TestOptionsThatChangeNothing(t *testing.T) {
	dir := t.TempDir()
	testaudio.Write(t, dir, "sounds/a/1.wav", 8000, make([]float32, 800))
	testaudio.Write(t, dir, "sounds/b/1.wav", 8000, make([]float32, 900))
	testkit.WriteFile(t, dir, "walks/a/1.csv", []byte("time,x\n0,1\n1,2\n2,1\n3,4\n"))
	testkit.WriteFile(t, dir, "walks/b/1.csv", []byte("time,x\n0,2\n1,2\n2,5\n3,4\n"))
	all := Options{Axes: "NCT", Columns: map[string]string{"label": "l"},
		Table: TableOptions{Signals: []string{"x"}, TimeUnit: "s", Unlabelled: []string{"none"}, Bridge: 2, Fill: 2, TrainFiles: []string{"1"}, Time: "time"}}
	told := func(name string) string {
		s, err := Open(dir+"/"+name, all)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(s.Notes, "\n")
	}
	notes := told("sounds")
	for _, f := range []string{"Options.Axes", "Options.Columns", "TableOptions.Signals", "TableOptions.TimeUnit", "TableOptions.Unlabelled", "TableOptions.Bridge", "TableOptions.Fill", "TableOptions.TrainFiles"} {
		if !strings.Contains(notes, f+" changes nothing") {
			t.Errorf("%s is not told:\n%s", f, notes)
		}
	}
	notes = told("walks")
	if strings.Count(notes, "changes nothing") != 1 || !strings.Contains(notes, "Options.Axes changes nothing") {
		t.Errorf("of tables:\n%s", notes)
	}
}
