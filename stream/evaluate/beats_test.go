package evaluate

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
)

// Missed and false beats count, a beat without a label is found but wrong, and the accuracy
// of always naming the commonest class is given for comparison.
func TestBeatFiguresByHand(t *testing.T) {
	mark := func(at int64, class string) dataset.BeatMark { return dataset.BeatMark{Sample: at, Class: class} }
	r := dataset.Record{Name: "a", Beats: []dataset.BeatMark{mark(1000, "N"), mark(2000, "N"), mark(3000, "S"), mark(4000, "V"), mark(5000, "N"), mark(6000, "F")}}
	rows := pairRows(&r, []beat{{1010, "N"}, {1500, "V"}, {2000, "S"}, {3000, "S"}, {4000, ""}, {6020, "V"}}, 1000)
	m := &model.Model{Config: model.Config{Labels: []string{"N", "S", "V"}, Origin: model.Origin{Options: map[string]string{"records": "a,b"}}}}
	b := newBeatReport(m, []dataset.Record{r}, [][]BeatRow{rows})
	if q := b.QRS; q.Found != 5 || q.Missed != 1 || q.False != 1 || float64(q.Sensitivity) != 5.0/6 || math.Abs(float64(q.ErrorMS)-6) > 1e-9 {
		t.Errorf("%+v", q)
	}
	c := b.Classes
	if n := c.PerClass["N"]; n.Beats != 3 || float64(n.Sensitivity) != 1.0/3 || n.Precision != 1 {
		t.Errorf("N %+v", n)
	}
	if s, v := c.PerClass["S"], c.PerClass["V"]; s.Sensitivity != 1 || s.Precision != 0.5 || v.Sensitivity != 0 || v.Precision != 0 {
		t.Errorf("S %+v, V %+v", s, v)
	}
	if c.Always != "N" || c.Baseline != 0.5 || float64(c.Accuracy) != 2.0/6 || math.Abs(float64(c.MacroF1)-(0.5+2.0/3)/3) > 1e-9 {
		t.Errorf("%+v", c)
	}
	if _, err := json.Marshal(b); err != nil {
		t.Error(err)
	}
}

// EC57 does not count fusion and unclassifiable beats called V as false, nor unclassifiable
// ones called S; beats found where nothing is annotated it does.
func TestPrecisionOfEC57(t *testing.T) {
	var rows []BeatRow
	for _, r := range [][2]string{{"V", "V"}, {"F", "V"}, {"Q", "V"}, {"", "V"}, {"S", "S"}, {"Q", "S"}, {"F", "S"}, {"N", "N"}, {"F", "N"}, {"Q", "N"}} {
		rows = append(rows, BeatRow{Truth: r[0], Found: true, Label: r[1]})
	}
	m := &model.Model{Config: model.Config{Labels: []string{"N", "S", "V"}}}
	c := newBeatReport(m, []dataset.Record{{}}, [][]BeatRow{rows}).Classes.PerClass
	for label, want := range map[string][2]float64{"V": {1.0 / 4, 1.0 / 2}, "S": {1.0 / 3, 1.0 / 2}, "N": {1.0 / 3, 1.0 / 3}} {
		if got := [2]float64{float64(c[label].Precision), float64(c[label].PrecisionEC57)}; got != want {
			t.Errorf("%s: precision %v, want %v", label, got, want)
		}
	}
}

func TestBeatsRefusesOtherSegmentersAndNoRecords(t *testing.T) {
	m := &model.Model{Config: model.Config{Labels: []string{"N", "V"}, Segment: segment.Config{Kind: segment.Whole}}}
	if _, err := Beats(t.Context(), m, nil, BeatOptions{}); err == nil {
		t.Error("no records were taken")
	}
	if _, err := Beats(t.Context(), m, []dataset.Record{{}}, BeatOptions{}); err == nil || !strings.Contains(err.Error(), "segment.Config.Kind beat") {
		t.Error(err)
	}
}
