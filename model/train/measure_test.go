package train

import (
	"os"
	"path/filepath"
	"testing"

	"inkling/internal/testkit"

	"inkling/model/dataset"
)

// The default options reach the accuracies that the documents promise on official test
// splits. Cross-fitting is off: it fits the calibration, which moves no label, and would
// train five more networks. The spoken digits take ten seconds
// and run with INKLING_LONG=1 alone.
func TestDefaultsReachPromisedAccuracy(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("INKLING_DATA")
	if dir == "" || testing.Short() || testkit.Race {
		t.Skip("trains for seconds: set INKLING_DATA to the folder of data sets, without -short and -race")
	}
	for _, c := range []struct {
		name               string
		confirmed, running float64
		long               bool
	}{
		{"japanese-vowels/JapaneseVowels", 0.96, 0.93, false},
		{"fsdd", 0.95, 0.9, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long {
				testkit.Long(t)
			}
			set, err := dataset.Open(filepath.Join(dir, c.name), dataset.Options{})
			if err != nil {
				t.Fatal(err)
			}
			train, err := set.Train()
			if err != nil {
				t.Fatal(err)
			}
			test, err := set.Test()
			if err != nil {
				t.Fatal(err)
			}
			o, _, _ := Defaults(train, "")
			o.Seed, o.Folds, o.Validation = 1, 0, 0
			r, err := Fit(t.Context(), train, nil, o, Hooks{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			confirmed, running := rightOf(t, r.Model, test)
			n := float64(len(test.Examples))
			t.Logf("%d examples: confirmed %.2f %%, running at the end %.2f %%", len(test.Examples), 100*float64(confirmed)/n, 100*float64(running)/n)
			if float64(confirmed) < c.confirmed*n || float64(running) < c.running*n {
				t.Errorf("want %v and %v", c.confirmed, c.running)
			}
		})
	}
}
