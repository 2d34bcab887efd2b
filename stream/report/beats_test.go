package report

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/stream/evaluate"
)

// drawnBeats returns a report of beats with counts of any kind; each count but 0 is one of its own.
func drawnBeats(t *rapid.T) *evaluate.BeatReport {
	r := &evaluate.BeatReport{Truths: []string{"N", "S", "V", "F", "Q"}, Labels: rapid.SampledFrom([][]string{{"N", "V"}, {"V", "N"}, {"N", "S", "V"}, {"Q"}}).Draw(t, "labels")}
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	next := 1000
	for range len(r.Truths) + 1 {
		row := make([]int, len(r.Labels)+2)
		for k := range row {
			if rng.IntN(3) > 0 {
				next++
				row[k] = next
			}
		}
		r.Confusion = append(r.Confusion, row)
	}
	return r
}

// A chart of beats has each count that eval has, at the row and column of that name, and no other.
func TestChartOfBeatsCountsAsEval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawnBeats(t)
		c := newChart(Beats{r}.confusion(), "")
		type cell struct{ row, column string }
		got, want := map[cell]int{}, map[cell]int{}
		for i, row := range c.m.Counts {
			for k, n := range row {
				if n > 0 {
					got[cell{c.rows[i], c.heads[k]}] += n
				}
			}
		}
		for i, row := range r.Confusion {
			for k, n := range row {
				if n > 0 {
					want[cell{append(r.Truths, "none annotated")[i], append(r.Labels, "no label", "not found")[k]}] += n
				}
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("of %v\nwant %v\ngot  %v", r.Confusion, want, got)
		}
	})
}

// The picture shows these counts, and the sensitivity and precision that eval reports.
func TestPictureOfBeatsShowsTheCounts(t *testing.T) {
	r := &evaluate.BeatReport{Beats: 1110, Truths: []string{"N", "S", "V"}, Labels: []string{"N", "V"}, Confusion: [][]int{{801, 103, 7, 9}, {11, 13, 0, 0}, {61, 71, 0, 34}, {17, 19, 0, 0}}}
	path := filepath.Join(t.TempDir(), "a.svg")
	if err := BeatConfusions(r, r, path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, m := range regexp.MustCompile(`<text[^>]*>([^<]*)<`).FindAllSubmatch(data, -1) {
		found[strings.TrimSpace(string(m[1]))]++
	}
	words := []string{"none annotated", "no label", "not found", "N", "V", "S", "87.1 %", "90.0 %"} // 801 of 920, 801 of 890
	for _, row := range r.Confusion {
		for _, n := range row {
			if n > 0 {
				words = append(words, strconv.Itoa(n))
			}
		}
	}
	for _, w := range words {
		if found[w] < 2 {
			t.Errorf("%q is there %d times, want once for each model: %v", w, found[w], found)
		}
	}
}

// What is no report of beats is refused.
func TestBeatConfusionRefusesWhatDoesNotFit(t *testing.T) {
	good := func() *evaluate.BeatReport {
		return &evaluate.BeatReport{Truths: []string{"N"}, Labels: []string{"N"}, Confusion: [][]int{{1, 0, 0}, {0, 0, 0}}}
	}
	path := filepath.Join(t.TempDir(), "a.svg")
	if err := BeatConfusion(good(), path); err != nil {
		t.Fatal(err)
	}
	for _, spoil := range []func(*evaluate.BeatReport){
		func(r *evaluate.BeatReport) { r.Labels = nil },
		func(r *evaluate.BeatReport) { r.Truths = nil },
		func(r *evaluate.BeatReport) { r.Confusion = r.Confusion[:1] },
		func(r *evaluate.BeatReport) { r.Confusion[1] = []int{1} },
		func(r *evaluate.BeatReport) { r.Confusion[0][0] = -1 },
		func(r *evaluate.BeatReport) { r.Confusion[0][0] = 1 << 50 },
	} {
		r := good()
		spoil(r)
		if err := BeatConfusion(r, path); err == nil || !strings.Contains(err.Error(), "give the JSON of a whole report") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
