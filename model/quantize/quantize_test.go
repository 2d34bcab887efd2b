package quantize

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/internal/testkit"
	"inkling/internal/testkit/testmodel"
	"inkling/internal/testkit/testnotes"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/stem"
)

// kinds returns a small model of every kind, with weights that are random.
func kinds(t *testing.T) map[string]*model.Model {
	rng := rand.New(rand.NewPCG(1, 1))
	all := map[string]*model.Model{}
	add := func(name string, c model.Config) { all[name] = testmodel.New(t, c, rng) }
	labels := testmodel.Labels(8000, 1, "a", "b", "c")
	labels.Front = feature.Config{Kind: feature.KindRaw, Samples: 5}
	add("labels", labels)
	deep := labels
	deep.Layers, deep.Hidden, deep.ConfirmEvidence, deep.Running = 3, 9, true, model.RunningEvidence
	deep.Detector = &model.DetectorConfig{Hidden: 7}
	add("deep", deep)
	stems := labels
	stems.Stem = stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 4, Stride: 2, Channels: 6}}}
	add("stem", stems)
	add("next", testmodel.Next(100, 2, 3, []float64{0.1, 0.5, 0.9}))
	text := testmodel.Labels(0, 1, "a", "b")
	text.Front = feature.Config{Kind: feature.KindChars, Alphabet: " abcdefgh"}
	add("text", text)
	return all
}

func framesOf(t *testing.T, m *model.Model, n int) []float32 {
	x, err := m.Front()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	samples := make([]float32, n*m.Config.Channels)
	for i := range samples {
		samples[i] = float32(rng.NormFloat64())
		if m.Config.Text() {
			samples[i] = float32('a' + rng.IntN(9))
		}
	}
	return x.Push(nil, samples)
}

func quantized(t *testing.T, m *model.Model, frames []float32) *model.Model {
	c, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	c.Add(frames)
	small, err := c.Model()
	if err != nil {
		t.Fatal(err)
	}
	return small
}

// Models of every kind are near their float models, are the same after they have been saved
// and loaded, and step by step, in a batch and through a saved state give the bits of the
// whole sequence.
func TestEveryKindOfModel(t *testing.T) {
	for name, m := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			frames := framesOf(t, m, 600)
			small := quantized(t, m, frames)
			loaded, err := model.Load(bytes.NewReader(small.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(loaded.Bytes(), small.Bytes()) || loaded.Hash() == m.Hash() {
				t.Error("the loaded model has other bytes")
			}
			a := NewAgreement(m, small)
			a.Add(frames, 1)
			if a.Greatest > 0.05 || a.Examples != 1 {
				t.Errorf("the models differ: %+v", a)
			}
			sameBits(t, loaded, outputs(small, frames), frames)
			if again, err := New(small); err == nil {
				t.Errorf("an integer model was taken: %v", again)
			}
			small.Watch(frames[:2*m.Dim()])
		})
	}
}

func outputs(m *model.Model, frames []float32) []float32 {
	if m.HasNext() {
		return m.Forecasts(frames)
	}
	p := m.Predict(frames)
	return append(append([]float32(nil), p.Running...), p.Confirm...)
}

// sameBits compares steps, of which every third follows a restored state, with want, and so
// the batch and the detector.
func sameBits(t *testing.T, m *model.Model, want, frames []float32) {
	var got, tops []float32
	s, batch := m.NewState(), m.NewState()
	b := m.NewBatch(1)
	probs, next := make([]float32, m.Classes()), make([]float32, m.Outputs())
	other := make([]float32, m.Classes())
	for i := 0; i < len(frames); i += m.Dim() {
		if i/m.Dim()%3 == 2 {
			fresh := m.NewState()
			if rest, err := fresh.Restore(s.AppendState(nil)); err != nil || len(rest) > 0 {
				t.Fatal(err, len(rest))
			}
			s = fresh
		}
		frame := frames[i : i+m.Dim()]
		m.Step(probs, s, frame)
		m.StepBatch(b, [][]float32{other}, []*model.State{batch}, [][]float32{frame})
		testkit.SameBits(t, "a batch", other, probs)
		tops = append(tops, s.Top()...)
		if m.HasNext() {
			m.Next(next, s)
			got = append(got, next...)
		} else {
			got = append(got, probs...)
		}
	}
	if m.HasConfirm() {
		m.Confirm(probs, s, tops)
		got = append(got, probs...)
	}
	testkit.SameBits(t, "step by step", got, want)
	if !m.HasNext() {
		p := m.PredictBatch([][]float32{frames[:m.Dim()], frames}, 2)[1]
		testkit.SameBits(t, "PredictBatch", append(append([]float32(nil), p.Running...), p.Confirm...), want)
	}
	if !m.HasDetector() {
		return
	}
	d, e := m.NewDetector(), m.NewDetector()
	var db model.DetectorBatch
	p := make([]float32, 1)
	for i := 0; i < len(frames); i += m.Dim() {
		if _, err := d.Restore(d.AppendState(nil)); err != nil {
			t.Fatal(err)
		}
		v := d.Hear(frames[i : i+m.Dim()])
		m.HearBatch(&db, p, []*model.Detector{e}, [][]float32{frames[i : i+m.Dim()]})
		if v != p[0] {
			t.Fatalf("the detector says %v, in a batch %v", v, p[0])
		}
	}
}

// A step of an integer model allocates nothing.
func TestStepAllocatesNothing(t *testing.T) {
	m := kinds(t)["deep"]
	frames := framesOf(t, m, 200)
	m = quantized(t, m, frames)
	s, probs := m.NewState(), make([]float32, 3)
	if n := testing.AllocsPerRun(50, func() { m.Step(probs, s, frames[:m.Dim()]) }); n > 0 {
		t.Errorf("a step allocates %v times", n)
	}
}

// The bundled model says the same at 99.5 % of the steps of the notes that it was not trained
// on, and its weights take at most 0.27 of the bytes.
func TestBundledNotes(t *testing.T) {
	m, set := testnotes.Open()
	test, err := set.Test()
	if err != nil {
		t.Fatal(err)
	}
	front, err := m.Front()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	frames := func(samples []float32) []float32 {
		front.Reset()
		return front.Flush(front.Push(nil, samples))
	}
	for i := 0; i < len(set.Examples); i += 5 {
		c.Add(frames(set.Examples[i].Samples))
	}
	small, err := c.Model()
	if err != nil {
		t.Fatal(err)
	}
	a := NewAgreement(m, small)
	for _, e := range test.Examples {
		a.Add(frames(e.Samples), e.Label)
	}
	t.Logf("%+v", *a)
	if *a.Running < 0.995 || a.Right < a.FloatRight-1 {
		t.Errorf("running %v, right %d of %d, float %d", *a.Running, a.Right, a.Labelled, a.FloatRight)
	}
	if r := float64(small.Params.Bytes()) / float64(m.Params.Bytes()); r > 0.27 {
		t.Errorf("the weights take %v of the float model's bytes", r)
	}
}

// What cannot be an integer model is refused when it is loaded.
func TestDamagedFactorsAreRefused(t *testing.T) {
	m := kinds(t)["labels"]
	small := quantized(t, m, framesOf(t, m, 200))
	for _, bad := range []float32{0, -1, float32(math.Inf(1)), 1e9} {
		p := small.Params.Clone(&small.Config)
		p.Forward.Rows[2] = bad
		if _, err := model.New(small.Config, p); err == nil || !strings.Contains(err.Error(), "integer weights") {
			t.Errorf("factor %v: %v", bad, err)
		}
	}
	if _, err := (&Calibration{m: m}).Model(); err == nil {
		t.Error("no frames were taken")
	}
}

// What was measured is written, a share of 0 as well; what does not apply is not.
func TestAgreementNamesSharesOfZero(t *testing.T) {
	none := 0.0
	for _, c := range []struct {
		a    Agreement
		want string
	}{
		{Agreement{}, `{"examples":0,"steps":0,"greatest_difference":0}`},
		{Agreement{Examples: 1, Steps: 2, Running: &none, Confirmed: &none, Truth: &Truth{Labelled: 1}},
			`{"examples":1,"steps":2,"running":0,"confirmed":0,"greatest_difference":0,"labelled":1,"right":0,"float_right":0}`},
	} {
		got, err := json.Marshal(&c.a)
		if err != nil || string(got) != c.want {
			t.Errorf("%s %v, want %s", got, err, c.want)
		}
	}
}
