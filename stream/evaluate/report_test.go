package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/f32"
	"inkling/internal/testkit/testset"
)

// keys returns the paths of an object's fields.
func keys(prefix string, v any) []string {
	var all []string
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			all = append(append(all, prefix+k), keys(prefix+k+".", e)...)
		}
	case []any:
		all = append(all, fmt.Sprintf("%s[%d]", prefix, len(v)))
	}
	slices.Sort(all)
	return all
}

func TestReportJSONHasExactlyTheDocumentedFields(t *testing.T) {
	s := testset.Random(11, 30, 1, testLabels)
	r, err := Run(context.Background(), randomModel(t, 11, nil), s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(`calibration calibration.confirmed_ece calibration.running_ece calibration.running_ece.[10]
		confirmed confirmed.accuracy confirmed.confusion confirmed.confusion.[4] confirmed.macro_f1 confirmed.per_class
		early early.accuracy early.earliness early.gap early.overturned
		examples labels labels.[4] running running.accuracy_at seconds seen_in_training`)
	for _, l := range testLabels {
		want = append(want, "confirmed.per_class."+l, "confirmed.per_class."+l+".precision", "confirmed.per_class."+l+".sensitivity")
	}
	for _, f := range strings.Fields("0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0") {
		want = append(want, "running.accuracy_at."+f)
	}
	slices.Sort(want)
	if got := keys("", v); !slices.Equal(got, want) {
		t.Fatalf("fields\n%q\nwant\n%q", got, want)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(&back); !bytes.Equal(again, data) {
		t.Fatalf("read back: %s\nwant %s", again, data)
	}
	row, _ := json.Marshal(Row{File: "f", Truth: "a"})
	if want := `{"file":"f","truth":"a","confirmed":null,"probs":null,"running":null,"early_step":null,"steps":0}`; string(row) != want {
		t.Fatalf("row %s, want %s", row, want)
	}
}

// Whatever the outcomes, the sums of a report agree with its rows.
func TestReportAgreesWithItsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var vs []Outcome
		for range rapid.IntRange(1, 30).Draw(t, "n") {
			v := Outcome{Truth: rapid.IntRange(0, 3).Draw(t, "truth"), Steps: rapid.IntRange(1, 50).Draw(t, "steps")}
			v.Probs = rapid.SliceOfN(rapid.Float32Range(0, 1), 4, 4).Draw(t, "probs")
			v.Confirmed = f32.Argmax(v.Probs)
			v.Early = v.Confirmed
			if rapid.Bool().Draw(t, "fires") {
				v.Early, v.EarlyStep = rapid.IntRange(0, 3).Draw(t, "early"), rapid.IntRange(1, v.Steps).Draw(t, "step")
			}
			if rapid.IntRange(0, 9).Draw(t, "segment") == 0 {
				v = Outcome{Truth: v.Truth}
				v.NoSegment()
			}
			vs = append(vs, v)
		}
		r := NewReport(testLabels, vs, true)
		right := len(r.Rows) - len(r.Wrong())
		if got := int(math.Round(float64(r.Confirmed.Accuracy) * float64(len(vs)))); got != right || r.Matrix.Total() != len(vs) {
			t.Fatalf("accuracy says %d right, the rows %d; %d in the matrix", got, right, r.Matrix.Total())
		}
		if e := float64(r.Early.Earliness); e <= 0 || e > 1 {
			t.Fatalf("earliness %v", e)
		}
		if g := r.Confirmed.Accuracy - r.Early.Accuracy - r.Early.Gap; math.Abs(float64(g)) > 1e-12 || r.Early.Gap > r.Early.Overturned+1e-12 {
			t.Fatalf("early %+v under confirmed %v", r.Early, r.Confirmed.Accuracy)
		}
	})
}
