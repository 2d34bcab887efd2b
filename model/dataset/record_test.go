package dataset

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"inkling/internal/audio"
	"inkling/internal/ecgtest"
	"inkling/internal/qrs"
	"inkling/model/segment"
)

// addRecord puts a synthetic electrocardiogram NAME.wav with its table into fsys.
func addRecord(t *testing.T, fsys fstest.MapFS, name string, o ecgtest.Options) {
	t.Helper()
	x, beats := ecgtest.Signal(o)
	for i := range x {
		x[i] /= 4
	}
	var wav bytes.Buffer
	if err := audio.EncodeWAV(&wav, &audio.Clip{Rate: o.Rate, Channels: 1, Samples: x}, audio.Float32); err != nil {
		t.Fatal(err)
	}
	table := "sample,symbol\n"
	for _, b := range beats {
		table += fmt.Sprintf("%d,%s\n", b.Sample, b.Symbol)
	}
	fsys[name+".wav"] = &fstest.MapFile{Data: wav.Bytes()}
	fsys[name+".beats.csv"] = &fstest.MapFile{Data: []byte(table)}
}

func twoRecords(t *testing.T) fstest.MapFS {
	fsys := fstest.MapFS{"records.csv": {Data: []byte("split,record\nDS1,a\nDS2,b\n")}}
	addRecord(t, fsys, "leads/a", ecgtest.Options{Rate: 250, Seconds: 40, Seed: 1, Atrial: 0.1, Ventric: 0.1, Noise: 0.01})
	addRecord(t, fsys, "leads/b", ecgtest.Options{Rate: 360, Seconds: 30, Seed: 2, Atrial: 0.1, Ventric: 0.1, Noise: 0.01})
	return fsys
}

func TestRecords(t *testing.T) {
	fsys := twoRecords(t)
	for _, name := range []string{".", "leads"} {
		list, _, err := recordsOf(fsys, name, RecordOptions{})
		if err != nil || len(list) != 2 || list[0].Name != "a" || list[1].Split != "DS2" || len(list[0].Beats) < 30 {
			t.Fatalf("%s: %d records, %v", name, len(list), err)
		}
	}
	list, _, err := recordsOf(fsys, "leads/b.wav", RecordOptions{})
	if err != nil || len(list) != 1 || list[0].Split != "DS2" {
		t.Errorf("one: %+v, %v", list, err)
	}
	fsys["none/x.wav"] = fsys["leads/a.wav"]
	if _, _, err := recordsOf(fsys, "none/x.wav", RecordOptions{}); err == nil || !strings.Contains(err.Error(), "beats.csv") {
		t.Errorf("without a table: %v", err)
	}
	if list, _, err := recordsOf(fsys, "none", RecordOptions{}); err != nil || len(list) > 0 {
		t.Errorf("a folder without records: %v, %v", list, err)
	}
}

func TestRecordMistakes(t *testing.T) {
	for table, says := range map[string]string{
		"":                                       "the file is empty: the first line must name the columns",
		"at,symbol\n1,N\n":                       `"sample"`,
		"sample,symbol\nx,N\n":                   "x.beats.csv:2: sample",
		"sample,symbol\n-1,N\n":                  "x.beats.csv:2: sample",
		"sample,symbol,aami\n1,,\n":              "x.beats.csv:2: symbol and aami",
		"sample,symbol,aami\n1,N,Z\n":            "x.beats.csv:2: aami",
		"sample,symbol\n10,N\n99999999,N\n":      "x.wav: sample: the beat at sample 99999999 is after the end",
		"sample,symbol,sample\n1,N,2\n":          "two columns",
		"sample,symbol\n1,N,3\n":                 "x.beats.csv:2: 3 cells, the first line has 2",
		"sample,symbol\n9000000000000000000,N\n": "sample",
	} {
		fsys := fstest.MapFS{}
		addRecord(t, fsys, "x", ecgtest.Options{Rate: 250, Seconds: 5})
		fsys["x.beats.csv"] = &fstest.MapFile{Data: []byte(table)}
		list, _, err := recordsOf(fsys, ".", RecordOptions{})
		if err == nil {
			_, err = LoadBeats(list, BeatOptions{Segment: segment.Config{Kind: segment.Beat}})
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", table, err, says)
		}
	}
	fsys := twoRecords(t)
	fsys["leads/records.csv"] = &fstest.MapFile{Data: []byte("record,split\na,x\na,y\n")}
	if _, _, err := recordsOf(fsys, "leads", RecordOptions{}); err == nil || !strings.Contains(err.Error(), "records.csv:3") {
		t.Errorf("a record twice: %v", err)
	}
}

func TestChooseRecords(t *testing.T) {
	var list []Record
	for i := range 10 {
		list = append(list, Record{Name: fmt.Sprint(i)})
	}
	names := func(l []Record, err error) string {
		if err != nil {
			return err.Error()
		}
		return recordNames(l)
	}
	if got := names(ChooseRecords(list, []string{"7", "2", "7"}, "", true)); got != "2, 7" {
		t.Error(got)
	}
	train, _ := ChooseRecords(list, nil, "", false)
	test, _ := ChooseRecords(list, nil, "", true)
	if len(test) != 2 || len(train) != 8 || slices.ContainsFunc(train, func(r Record) bool { return r.Name == test[0].Name }) {
		t.Errorf("%v and %v", recordNames(train), recordNames(test))
	}
	for i := range list {
		list[i].Split = []string{"DS1", "DS2"}[i%2]
	}
	if got := names(ChooseRecords(list, nil, "", false)); got != "0, 2, 4, 6, 8" {
		t.Error(got)
	}
	if got := names(ChooseRecords(list, nil, "ds2", false)); got != "1, 3, 5, 7, 9" {
		t.Error(got)
	}
	for want, got := range map[string]string{
		`no record "x"`:            names(ChooseRecords(list, []string{"x"}, "", true)),
		"DS1, DS2":                 names(ChooseRecords(list, nil, "DS3", true)),
		"there is only one record": names(ChooseRecords(list[:1:1], nil, "", true)),
	} {
		if want != "there is only one record" && !strings.Contains(got, want) {
			t.Errorf("%q has no %q", got, want)
		}
	}
	if _, err := ChooseRecords([]Record{{Name: "a"}}, nil, "", true); err == nil || !strings.Contains(err.Error(), "choose the record by name, or the split all") {
		t.Error(err)
	}
	if _, err := ChooseRecords([]Record{{Name: "a", Split: "x"}}, nil, "", true); err == nil || !strings.Contains(err.Error(), "choose the split x, or all") {
		t.Error(err)
	}
}

func TestLoadBeats(t *testing.T) {
	list, _, err := recordsOf(twoRecords(t), ".", RecordOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o := BeatOptions{Segment: segment.Config{Kind: segment.Beat}}
	s, err := LoadBeats(list, o)
	if err != nil {
		t.Fatal(err)
	}
	marks := len(list[0].Beats) + len(list[1].Beats)
	if s.Kind != Beats || s.Rate != 250 || s.Channels != 1 || len(s.Examples) < marks-4 || len(s.Examples) > marks {
		t.Errorf("%v at %v Hz: %d of %d beats", s.Kind, s.Rate, len(s.Examples), marks)
	}
	if got := strings.Join(s.Labels, ""); got != "NSV" {
		t.Error(got)
	}
	early := 0
	for _, e := range s.Examples {
		if len(e.Context) != qrs.Features || e.Group == "" || len(e.Samples) == 0 {
			t.Fatalf("%+v", e)
		}
		if e.Label > 0 && e.Context[qrs.Prematurity] < -0.2 {
			early++
		}
	}
	if early < 8 {
		t.Errorf("%d premature beats", early)
	}
	o.Most = 12
	if s, err = LoadBeats(list, o); err != nil || slices.Max(s.Counts()) > 12 || len(s.Notes) == 0 {
		t.Errorf("at most 12 of each: %v, %v, %v", s.Counts(), s.Notes, err)
	}
	o.Labels = []string{"N", "X"}
	if _, err := LoadBeats(list, o); err == nil || !strings.Contains(err.Error(), `"X"`) {
		t.Error(err)
	}
	if _, err := LoadBeats(list, BeatOptions{Rate: 50}); err == nil || !strings.Contains(err.Error(), "50 Hz") {
		t.Error(err)
	}
}

func TestShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 8).Draw(t, "sizes")
		most := rapid.IntRange(len(sizes), 300).Draw(t, "most")
		each, sum, more := share(slices.Clone(sizes), most), 0, 0
		for _, n := range sizes {
			sum, more = sum+min(n, each), more+min(n, each+1)
		}
		if sum > most || more <= most && more > sum {
			t.Fatalf("%d each of %v: %d of %d, or %d", each, sizes, sum, most, more)
		}
	})
}

// No time is paired twice, none farther than the tolerance, and what has a partner of
// its own gets it.
func TestPairBeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := func(name string) []float64 {
			return slices.Sorted(slices.Values(rapid.SliceOfNDistinct(rapid.Float64Range(0, 10), 0, 20, rapid.ID).Draw(t, name)))
		}
		truth, found := times("truth"), times("found")
		used := map[int]bool{}
		for i, j := range PairBeats(truth, found, 0.1) {
			if j >= 0 && (used[j] || math.Abs(truth[i]-found[j]) > 0.1) {
				t.Fatalf("%v with %v", truth[i], found[j])
			}
			used[j] = j >= 0
		}
	})
	if got := PairBeats([]float64{1, 2, 2.05, 3}, []float64{1.01, 2.04, 2.9}, 0.075); !slices.Equal(got, []int{0, -1, 1, -1}) {
		t.Error(got)
	}
}

func FuzzBeatTable(f *testing.F) {
	f.Add("sample,symbol,aami\n77,N,N\n370,+,\n")
	f.Add("sample,aami\n77,V\n")
	f.Fuzz(func(t *testing.T, text string) {
		beats, err := readBeatTable(fstest.MapFS{"x": {Data: []byte(text)}}, "x")
		for _, b := range beats {
			if err == nil && (b.Sample < 0 || !slices.Contains(aami, b.Class)) {
				t.Errorf("%+v", b)
			}
		}
	})
}

// wfdbRecord is a WFDB record of noise with beats at these samples.
func wfdbRecord(fsys fstest.MapFS, name string, frames int, beats ...int) {
	atr, now := []byte{}, 0
	for _, b := range beats {
		atr = append(atr, byte(b-now), byte(1<<2|(b-now)>>8))
		now = b
	}
	fsys[name+".hea"] = &fstest.MapFile{Data: fmt.Appendf(nil, "%s 1 250 %d\n%s.dat 16 200/mV 12 0\n", name, frames, name)}
	fsys[name+".dat"] = &fstest.MapFile{Data: make([]byte, 2*frames)}
	fsys[name+".atr"] = &fstest.MapFile{Data: append(atr, 0, 0)}
}

// Beats a little after the end are left out and told; beats of another record are refused.
func TestBeatsAfterTheEnd(t *testing.T) {
	fsys := fstest.MapFS{}
	wfdbRecord(fsys, "a", 1000, 100, 900, 1000, 1200)
	list, notes, err := recordsOf(fsys, ".", RecordOptions{})
	if err != nil || len(list[0].Beats) != 2 || strings.Join(notes, "") != "a.atr: 2 beats after the end of the signal (1000 samples) are left out" {
		t.Errorf("%+v, %q, %v", list, notes, err)
	}
	fsys["a.hea"].Data = []byte("a 1 250\na.dat 16\n") // of unknown length
	if list, notes, err = recordsOf(fsys, ".", RecordOptions{}); err != nil || len(list[0].Beats) != 2 || len(notes) != 1 {
		t.Errorf("unknown length: %+v, %q, %v", list, notes, err)
	}
	wfdbRecord(fsys, "a", 1000, 100, 900, 1800, 2700, 3600)
	if _, _, err = recordsOf(fsys, ".", RecordOptions{}); err == nil || !strings.Contains(err.Error(), "belong to another signal") {
		t.Errorf("long after the end: %v", err)
	}
}

func TestSkipBadRecords(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, name := range []string{"a", "b", "c", "d"} {
		wfdbRecord(fsys, name, 1000, 100)
	}
	fsys["b.hea"].Data = []byte("nonsense")
	fsys["c.dat"].Data = fsys["c.dat"].Data[:500]
	fsys["d.atr"].Data = []byte{1}
	list, notes, err := recordsOf(fsys, ".", RecordOptions{SkipBad: true})
	if err != nil || recordNames(list) != "a" || len(notes) != 3 || !strings.HasPrefix(notes[1], "skipped: c.dat: sample 250 of signal 1: cut off") {
		t.Errorf("%v, %q, %v", recordNames(list), notes, err)
	}
}
