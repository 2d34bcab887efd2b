package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"inkling/internal/f32"
	"inkling/internal/testkit/testset"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// textSet has n texts of 5 to 64 characters; five in a row are a passage.
func textSet(n int) *dataset.Set {
	s := &dataset.Set{Kind: dataset.Text, Labels: testLabels, Channels: 1}
	for i := range n {
		e := dataset.Example{Name: fmt.Sprint("x.tsv:", i), Label: i / 5 % len(testLabels), Passage: fmt.Sprint(i / 5), Hash: fmt.Sprintf("%016x", i)}
		for k := range 5 + 7*i%60 {
			e.Samples = append(e.Samples, float32("the cat sat"[(k+i)%11]))
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

func textModel(t testing.TB) *model.Model {
	return randomModel(t, 5, func(c *model.Config) {
		c.Rate, c.Front = 0, feature.Config{Kind: feature.KindChars, Alphabet: " acehst"}
	})
}

// The running label of a text is judged at milestones; shorter texts count with their last
// label.
func TestAccuracyAtMilestones(t *testing.T) {
	m, s := textModel(t), textSet(40)
	r, err := Run(context.Background(), m, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Share{}
	for _, n := range []int{25, 50} {
		right := 0
		for _, e := range s.Examples {
			x, err := m.Front()
			if err != nil {
				t.Fatal(err)
			}
			p := m.Predict(x.Push(nil, e.Samples))
			at := min(n, p.Steps) - 1
			right += one(f32.Argmax(p.Running[at*len(testLabels):][:len(testLabels)]) == e.Label)
		}
		want[fmt.Sprint(n)] = ShareOf(right, len(s.Examples))
	}
	if fmt.Sprint(r.Running.AccuracyAfter) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", r.Running.AccuracyAfter, want)
	}
	data, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(data), `"accuracy_after":{"25":`) {
		t.Errorf("%s, %v", data, err)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil || fmt.Sprint(back.Running.Milestones()) != "[25 50]" {
		t.Errorf("read back: %v, %v", back.Running, err)
	}
}

// Joined texts are one example, which training has seen if it has seen one of them.
func TestJoinedTextsAreOneExample(t *testing.T) {
	m, s := textModel(t), textSet(42)
	m.Config.Origin.Examples = []string{s.Examples[3].Hash[:8] + "xxxx", s.Examples[7].Hash}
	r, err := Run(context.Background(), m, s, Options{Join: 5})
	if err != nil {
		t.Fatal(err)
	}
	if r.Examples != 8 || r.SeenInTraining != 1 || r.Unit != "examples of 5 consecutive texts" || r.Rows[1].File != "x.tsv:5" {
		t.Errorf("%d examples, %d seen, %q, %+v", r.Examples, r.SeenInTraining, r.Unit, r.Rows[1])
	}
	steps := 4
	for _, e := range s.Examples[5:10] {
		steps += len(e.Samples)
	}
	if r.Rows[1].Steps != steps {
		t.Errorf("%d steps, want %d", r.Rows[1].Steps, steps)
	}
	if _, err := Run(context.Background(), m, s, Options{Join: 9}); err == nil || !strings.Contains(err.Error(), "join fewer") {
		t.Error(err)
	}
	sound := testset.Random(1, 9, 1, testLabels)
	if _, err := Run(context.Background(), randomModel(t, 1, nil), sound, Options{Join: 2}); err == nil || !strings.Contains(err.Error(), "only text") {
		t.Error(err)
	}
}
