package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
)

var write = flag.Bool("write", false, "write the fixtures that testdata/make.py reads")

// random is a network with random weights, biases and normalisation.
func random(t interface{ Fatal(...any) }, seed uint64, c Config) *Model {
	c.Version, c.Labels, c.Channels = 1, []string{"a", "b", "c"}, 1
	if !c.Text() {
		c.Front = feature.Config{Kind: feature.KindRaw, Samples: c.Front.Samples}
	}
	c.Segment.Kind, c.Decision.State, c.Decision.Gap = segment.Whole, "reset", "reset"
	var err error
	if c.Stem, err = c.Stem.Normalize(c.Front, c.Rate, c.Channels); err != nil {
		t.Fatal(err)
	}
	p := NewParams(&c, max(c.Front.Samples, 1))
	rng := rand.New(rand.NewPCG(seed, 1))
	p.Init(rng)
	for _, x := range p.Tensors() {
		for i := range x.Data {
			if x.Fixed && c.Text() {
				continue // codes stay what they are
			}
			x.Data[i] += float32(rng.NormFloat64() * 0.1)
		}
	}
	m, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func drawModel(t *rapid.T) *Model {
	c := Config{Hidden: rapid.IntRange(1, 20).Draw(t, "H"), Layers: rapid.IntRange(1, 3).Draw(t, "layers"),
		Running: rapid.SampledFrom([]RunningHead{RunningNone, RunningSoftmax, RunningEvidence}).Draw(t, "running"), Confirm: rapid.Bool().Draw(t, "confirm")}
	if c.Running == RunningNone {
		c.Confirm = true
	}
	c.Front.Samples = rapid.IntRange(1, 9).Draw(t, "D")
	if rapid.IntRange(0, 3).Draw(t, "text") == 0 {
		c.Front = feature.Config{Kind: feature.KindChars, Alphabet: " aeht"}
	} else if rapid.Bool().Draw(t, "stem") {
		c.Stem = stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 5, Stride: 2, Channels: 4}, {Kernel: 1, Stride: 1, Channels: 3}}}
	}
	return random(t, rapid.Uint64().Draw(t, "seed"), c)
}

// Predict equals Step for each frame and Confirm to the bit, also after saving and restoring
// the state.
func TestPredictEqualsStepsAndConfirm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "frames"), 2))
		frames := make([]float32, m.Dim()*rapid.IntRange(1, 130).Draw(t, "T"))
		for i := range frames {
			frames[i] = float32(rng.NormFloat64())
		}
		want := m.Predict(frames)
		s, probs := m.NewState(), make([]float32, 3)
		var running, tops []float32
		cut := rapid.IntRange(0, want.Steps).Draw(t, "cut")
		for at := 0; at < len(frames); at += m.Dim() {
			if at == cut*m.Dim() {
				other := m.NewState()
				if rest, err := other.Restore(append(s.AppendState(nil), 9)); err != nil || len(rest) != 1 {
					t.Fatal(err, len(rest))
				}
				s = other
			}
			m.Step(probs, s, frames[at:at+m.Dim()])
			tops = append(tops, s.Top()...)
			if m.HasRunning() {
				running = append(running, probs...)
			}
		}
		testkit.SameBits(t, "running", running, want.Running)
		if m.HasConfirm() {
			m.Confirm(probs, s, tops)
		}
		testkit.SameBits(t, "confirm", probs, want.Confirm)
	})
}

// PredictBatch equals Predict, and StepBatch equals Step, with any number of workers.
func TestBatchesEqualPredict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "frames"), 3))
		n := rapid.IntRange(0, 30).Draw(t, "sequences")
		xs, want := make([][]float32, n), make([]*Prediction, n)
		for i := range xs {
			xs[i] = make([]float32, m.Dim()*rapid.IntRange(1, 100).Draw(t, "T"))
			for j := range xs[i] {
				xs[i][j] = float32(rng.NormFloat64())
			}
			want[i] = m.Predict(xs[i])
		}
		for i, p := range m.PredictBatch(xs, rapid.IntRange(0, 4).Draw(t, "workers")) {
			testkit.SameBits(t, "running", p.Running, want[i].Running)
			testkit.SameBits(t, "confirm", p.Confirm, want[i].Confirm)
			if p.Steps != want[i].Steps {
				t.Fatalf("%d steps, want %d", p.Steps, want[i].Steps)
			}
		}
		b := m.NewBatch(1)
		if m.HasConfirm() {
			confirmBatchIsConfirm(t, m, b, xs, want)
		}
		states := make([]*State, n)
		for i := range states {
			states[i] = m.NewState()
		}
		for step := 0; ; step++ {
			var some []*State
			var frames, probs [][]float32
			var which []int
			for i, x := range xs {
				if at := step * m.Dim(); at < len(x) {
					some, frames, probs, which = append(some, states[i]), append(frames, x[at:at+m.Dim()]), append(probs, make([]float32, 3)), append(which, i)
				}
			}
			if len(some) == 0 {
				return
			}
			m.StepBatch(b, probs, some, frames)
			for j, i := range which {
				if m.HasRunning() {
					testkit.SameBits(t, "running of a step", probs[j], want[i].Running[step*3:step*3+3])
				}
			}
		}
	})
}

func confirmBatchIsConfirm(t *rapid.T, m *Model, b *Batch, xs [][]float32, want []*Prediction) {
	n := rapid.IntRange(0, len(xs)).Draw(t, "confirmed")
	fwds, tops, probs := make([]*State, n), make([][]float32, n), make([][]float32, n)
	for i := range n {
		fwds[i], probs[i] = m.NewState(), make([]float32, 3)
		for at := 0; at < len(xs[i]); at += m.Dim() {
			m.Step(probs[i], fwds[i], xs[i][at:at+m.Dim()])
			tops[i] = append(tops[i], fwds[i].Top()...)
		}
	}
	m.ConfirmBatch(b, probs, fwds, tops)
	for i, p := range probs {
		testkit.SameBits(t, "confirmed together", p, want[i].Confirm)
	}
}

func TestStepAndConfirmAllocateNothing(t *testing.T) {
	m := random(t, 1, Config{Hidden: 30, Layers: 2, Running: RunningEvidence, Confirm: true, Front: feature.Config{Samples: 5}})
	s, probs, x := m.NewState(), make([]float32, 3), make([]float32, 5)
	tops := make([]float32, 100*m.TopDim())
	m.Confirm(probs, s, tops)
	if n := testing.AllocsPerRun(20, func() { m.Step(probs, s, x); m.Confirm(probs, s, tops) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	b, states := m.NewBatch(20), make([]*State, 20)
	xs, ps := make([][]float32, 20), make([][]float32, 20)
	for i := range states {
		states[i], xs[i], ps[i] = m.NewState(), x, make([]float32, 3)
	}
	m.StepBatch(b, ps, states, xs)
	if n := testing.AllocsPerRun(20, func() { m.StepBatch(b, ps, states, xs); m.StepBatch(b, ps[:9], states[:9], xs[:9]) }); n != 0 {
		t.Errorf("%v allocations by batches", n)
	}
	rows := make([][]float32, 20)
	for i := range rows {
		rows[i] = tops[:(i%7+1)*m.TopDim()]
	}
	m.ConfirmBatch(b, ps, states, rows)
	if n := testing.AllocsPerRun(20, func() { m.ConfirmBatch(b, ps, states, rows); m.ConfirmBatch(b, ps[:9], states[:9], rows[:9]) }); n != 0 {
		t.Errorf("%v allocations by confirming together", n)
	}
}

func TestLoadReadsBackEveryByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		data := m.Bytes()
		back, err := Load(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.Bytes(), data) || back.Hash() != m.Hash() {
			t.Fatal("the file changed")
		}
	})
}

// A file that is cut off anywhere or has an inconsistent header is an error.
func TestDamagedFilesAreRefused(t *testing.T) {
	m := random(t, 1, Config{Hidden: 3, Layers: 2, Running: RunningSoftmax, Confirm: true, Front: feature.Config{Samples: 2}})
	data := m.encode(nil) // without a checksum, which would show all of it
	for n := range len(data) {
		if _, err := Load(bytes.NewReader(data[:n])); err == nil {
			t.Fatalf("a file cut off at %d of %d was read", n, len(data))
		}
	}
	for from, to := range map[string]string{
		`"F32"`: `"F16"`, `"lstm.bias_ih_l0"`: `"lstm.bias_xx_l0"`, `"shape":[3]`: `"shape":[9]`,
		`\"hidden\":3`: `\"hidden\":9`, `\"version\":1`: `\"version\":2`, `\"layers\":2`: `\"layers\":1`, `inkling.config`: `inkling_config`,
		`\"kind\":\"raw\"`: `\"kind\":\"xxx\"`, `[\"a\",\"b\",\"c\"]`: `[\"a\",\"b\",\"b\"]`,
	} {
		lied := bytes.Replace(data, []byte(from), []byte(to), 1)
		if bytes.Equal(lied, data) {
			t.Fatalf("%s is not in the file", from)
		}
		if _, err := Load(bytes.NewReader(lied)); err == nil {
			t.Errorf("%s for %s was read", to, from)
		}
	}
	long := bytes.Clone(data)
	binary.LittleEndian.PutUint64(long, 1<<62)
	if _, err := Load(bytes.NewReader(long)); err == nil {
		t.Error("a header of 2^62 bytes was read")
	}
	nan := bytes.Clone(data)
	binary.LittleEndian.PutUint32(nan[len(nan)-4:], math.Float32bits(float32(math.NaN())))
	if _, err := Load(bytes.NewReader(nan)); err == nil {
		t.Error("a weight that is no number was read")
	}
	huge := bytes.Replace(data, []byte(`\"hidden\":3`), []byte(`\"hidden\":16384`), 1)
	binary.LittleEndian.PutUint64(huge, binary.LittleEndian.Uint64(huge)+4)
	if _, err := Load(bytes.NewReader(huge)); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("a network far larger than its file: %v", err)
	}
}

// testdata/make.py reads the same model files into PyTorch.
func TestAgainstPyTorch(t *testing.T) {
	var goldens []struct {
		File                     string
		Frames, Running, Confirm []float32
		Detector                 []float32 // nil: none
	}
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &goldens); err != nil || len(goldens) < 5 {
		t.Fatalf("%d goldens, %v", len(goldens), err)
	}
	for _, g := range goldens {
		file, err := os.ReadFile(filepath.Join("testdata", g.File))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Load(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		frames := g.Frames
		if m.Config.HasStem() {
			x, err := m.Front()
			if err != nil {
				t.Fatal(err)
			}
			frames = x.Flush(x.Push(nil, frames))
		}
		p := m.Predict(frames)
		var heard []float32
		if d := m.NewDetector(); d != nil {
			for x := range slices.Chunk(frames, m.Dim()) {
				heard = append(heard, d.Hear(x))
			}
		}
		for what, pair := range map[string][2][]float32{"running": {p.Running, g.Running}, "confirm": {p.Confirm, g.Confirm}, "detector": {heard, g.Detector}} {
			if len(pair[0]) != len(pair[1]) {
				t.Fatalf("%s: %s has %d values, want %d", g.File, what, len(pair[0]), len(pair[1]))
			}
			for i, v := range pair[0] {
				if b := float64(pair[1][i]); !(math.Abs(float64(v)-b) <= 1e-5*max(1, math.Abs(b))) {
					t.Errorf("%s: %s[%d] = %v, PyTorch has %v", g.File, what, i, v, b)
				}
			}
		}
	}
}

// With -write the test writes the model files of testdata.
func TestFixturesExist(t *testing.T) {
	for name, c := range map[string]Config{
		"one.model":      {Hidden: 4, Layers: 1, Running: RunningSoftmax, Confirm: true, Front: feature.Config{Samples: 3}},
		"evidence.model": {Hidden: 5, Layers: 1, Running: RunningEvidence, Confirm: true, Front: feature.Config{Samples: 1}},
		"three.model":    {Hidden: 3, Layers: 3, Running: RunningSoftmax, Confirm: true, Front: feature.Config{Samples: 2}},
		"wave.model": {Hidden: 4, Layers: 2, Running: RunningEvidence, Confirm: true, Front: feature.Config{Samples: 2},
			Stem: stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 3, Stride: 2, Channels: 6}, {Kernel: 2, Stride: 2, Channels: 5}}}},
		"heard.model": {Hidden: 4, Layers: 1, Running: RunningSoftmax, Confirm: true, Front: feature.Config{Samples: 3}, Detector: &DetectorConfig{Hidden: 6}},
		"words.model": {Hidden: 4, Layers: 2, Running: RunningEvidence, Confirm: true, Front: feature.Config{Kind: feature.KindChars, Alphabet: " aeht"}},
	} {
		m := random(t, 7, c)
		path := filepath.Join("testdata", name)
		if *write {
			if err := os.WriteFile(path, m.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// A single bit that is not as it was written is noticed, wherever it is.
func TestEveryFlippedBitIsNoticed(t *testing.T) {
	m := random(t, 1, Config{Hidden: 1, Layers: 1, Running: RunningSoftmax, Confirm: true})
	plain := m.encode(map[string]string{checksumKey: noChecksum})
	setChecksum(plain)
	everyBitIsNoticed(t, plain, 1)
	data := m.Bytes()
	everyBitIsNoticed(t, data, 5)
	_, err := Load(bytes.NewReader(append(bytes.Clone(data), 0)))
	testkit.Message(t, "a byte more", err, errChecksum.Error())
}

// everyBitIsNoticed flips every n-th bit.
func everyBitIsNoticed(t *testing.T, data []byte, n int) {
	t.Helper()
	for i := 0; i < 8*len(data); i += n {
		data[i/8] ^= 1 << (i % 8)
		if _, err := Load(bytes.NewReader(data)); err == nil {
			t.Fatalf("bit %d of byte %d of %d: nothing was noticed", i%8, i/8, len(data))
		}
		data[i/8] ^= 1 << (i % 8)
	}
}

// A file without a checksum, as version 0.1 wrote, is read, has the same hash, and gets a
// checksum when it is written again.
func TestFilesWithoutChecksumAreRead(t *testing.T) {
	m := random(t, 1, Config{Hidden: 2, Layers: 1, Running: RunningSoftmax, Confirm: true})
	old, err := Load(bytes.NewReader(m.encode(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(old.Bytes(), m.Bytes()) || old.Hash() != m.Hash() {
		t.Error("another model")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(random(f, 1, Config{Hidden: 2, Layers: 1, Running: RunningSoftmax, Confirm: true}).encode(nil))
	f.Add(random(f, 1, Config{Hidden: 1, Layers: 2, Running: RunningEvidence}).encode(nil))
	f.Add(random(f, 1, Config{Hidden: 1, Layers: 1, Running: RunningEvidence, Stem: stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 3, Stride: 2, Channels: 2}}}}).encode(nil))
	f.Add(random(f, 1, Config{Hidden: 1, Layers: 1, Running: RunningEvidence, Rate: 1000, Stem: stem.Config{Kind: stem.KindGabor, Filters: 2}}).encode(nil))
	f.Add(random(f, 1, Config{Hidden: 2, Layers: 2, Running: RunningEvidence, Confirm: true, Front: feature.Config{Kind: feature.KindChars, Alphabet: " ab"}}).encode(nil))
	f.Add(random(f, 1, Config{Hidden: 1, Layers: 1, Running: RunningSoftmax}).encode(map[string]string{selfTestKey: `{"version":1,"model":"0","kernel":"fused","steps":48,"running":[0.5,0.5,1e9]}`}))
	f.Add(randomNext(f, 1, Next{Loss: LossQuantile, Quantiles: []float64{0.1, 0.5}, Residual: true}, 2, 2, 3, 2).encode(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Load(bytes.NewReader(data))
		if err != nil {
			return
		}
		x, err := m.Front()
		if err != nil {
			t.Fatal(err)
		}
		frames := x.Flush(x.Push(nil, make([]float32, 100*m.Config.Channels)))
		if len(frames) == 0 || len(frames)%m.Dim() != 0 {
			t.Fatalf("%d values, %d a frame", len(frames), m.Dim())
		}
		m.Test() // whatever it says
		p := m.Predict(make([]float32, m.Dim()))
		if len(p.Confirm) != m.Classes() {
			t.Fatal("a model that was read does not run")
		}
	})
}
