package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"inkling/internal/f32"
	"inkling/model/feature"
)

// A SelfTest is what a network said of a signal that is made for it, on the machine that
// wrote its file. Model.Test computes it anew, so a machine can show without any data that
// it computes the network as the one that wrote it.
//
// Rows are those after a third, two thirds and all of the steps. Of a row of more than 32
// values every n-th is kept.
type SelfTest struct {
	Version  int       `json:"version"`           // of the signal: 1
	Model    string    `json:"model"`             // the hash of the model
	Kernel   string    `json:"kernel"`            // fused, generic, or integer for an integer model
	Arch     string    `json:"arch,omitempty"`    // GOARCH; "" for an integer model
	Steps    int       `json:"steps"`             // timesteps of the signal
	Running  []float32 `json:"running,omitempty"` // probabilities
	Confirm  []float32 `json:"confirm,omitempty"`
	Detector []float32 `json:"detector,omitempty"`
	Next     []float32 `json:"next,omitempty"`
}

// Tested is what a self-test showed.
type Tested struct {
	Steps    int     `json:"steps"`
	Values   int     `json:"values"` // compared
	Exact    bool    `json:"exact"`  // whether all had to be equal to the bit
	Greatest float64 `json:"greatest_difference"`
}

// ErrNoSelfTest says that a model's file has no self-test.
var ErrNoSelfTest = errors.New("the model file has no self-test, as inkling wrote none before version 0.2: a file that this inkling writes has one")

const (
	selfTestKey     = "inkling.selftest"
	selfTestVersion = 1
	selfTestSteps   = 48
	selfTestMost    = 1 << 20 // samples
	selfTestRow     = 32      // values

	// SelfTestTolerance bounds the difference of a probability where kernels round otherwise
	// than those that wrote the file.
	SelfTestTolerance = 1e-4
)

// SelfTest returns the self-test of the model's file; nil: it has none.
func (m *Model) SelfTest() *SelfTest {
	if m.selfTest == "" {
		return nil
	}
	t, _ := parseSelfTest(m.selfTest) // Load has read it
	return t
}

func parseSelfTest(text string) (*SelfTest, error) {
	t := new(SelfTest)
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return nil, fmt.Errorf("model: %s: %w: the file is damaged", selfTestKey, err)
	}
	return t, nil
}

// selfTestFor returns the self-test for a file of the model with this hash: that of the file
// that m was read from, if it is of the same model, or else a new one; "": there is none.
func (m *Model) selfTestFor(hash string) string {
	if t := m.SelfTest(); t != nil && t.Model == hash {
		return m.selfTest
	}
	t, err := m.newSelfTest(hash)
	if err != nil {
		return ""
	}
	text, _ := json.Marshal(t)
	return string(text)
}

// Test computes the self-test of the model's file. It returns an error that names the first
// value that is not as it should be: equal to the bit where the same kernels on the same
// architecture wrote it and for integer models, else within SelfTestTolerance.
func (m *Model) Test() (Tested, error) {
	want := m.SelfTest()
	if want == nil {
		return Tested{}, ErrNoSelfTest
	}
	if want.Version != selfTestVersion {
		return Tested{}, fmt.Errorf("model: the self-test is of version %d, and this inkling knows %d: use a newer inkling", want.Version, selfTestVersion)
	}
	if hash := m.hashNow(); want.Model != hash {
		return Tested{}, fmt.Errorf("model: the self-test is of the model %s, and this is %s: a program changed the file and left %s in its __metadata__, which it should have removed", want.Model, hash, selfTestKey)
	}
	got, err := m.newSelfTest(want.Model)
	if err != nil {
		return Tested{}, err
	}
	r := Tested{Steps: got.Steps, Exact: got.Kernel == want.Kernel && got.Arch == want.Arch}
	if got.Steps != want.Steps {
		return r, fmt.Errorf("model: self-test: the signal has %d steps here, and %d where the file was written", got.Steps, want.Steps)
	}
	for _, x := range []struct {
		name      string
		got, want []float32
		unit      func(i int) float64
	}{{"running", got.Running, want.Running, one}, {"confirm", got.Confirm, want.Confirm, one}, {"detector", got.Detector, want.Detector, one}, {"next", got.Next, want.Next, m.unit}} {
		if err := r.compare(x.name, x.got, x.want, x.unit); err != nil {
			return r, fmt.Errorf("model: self-test (written with %s kernels, here %s): %w", want.Where(), got.Where(), err)
		}
	}
	return r, nil
}

func one(int) float64 { return 1 }

// unit returns what a difference of value i of Next counts in: the unit of the normalised
// values, or 1 for the probabilities of text.
func (m *Model) unit(i int) float64 {
	if m.Config.Text() {
		return 1
	}
	row := (m.Outputs() + thin(m.Outputs()) - 1) / thin(m.Outputs()) // values that are kept
	return 1 / math.Abs(float64(m.Params.Scale[i%row*thin(m.Outputs())%m.dim]))
}

// Where names the architecture and the kernels that t was computed with.
func (t *SelfTest) Where() string {
	if t.Arch == "" {
		return t.Kernel
	}
	return t.Arch + " " + t.Kernel
}

// compare compares the values of one output.
func (r *Tested) compare(name string, got, want []float32, unit func(i int) float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d values here, %d in the file", name, len(got), len(want))
	}
	for i, v := range got {
		r.Values++
		d := math.Abs(float64(v) - float64(want[i]))
		allowed := 0.0
		if !r.Exact {
			allowed = SelfTestTolerance*unit(i) + 1e-6*math.Abs(float64(want[i]))
		}
		r.Greatest = max(r.Greatest, d)
		if !(d <= allowed) {
			return fmt.Errorf("%s: value %d is %v here, and %v in the file: this machine computes the network otherwise; compare the versions of inkling, and report it if they are equal", name, i, v, want[i])
		}
	}
	return nil
}

// newSelfTest computes the self-test of the model with this hash.
func (m *Model) newSelfTest(hash string) (*SelfTest, error) {
	frames, err := m.testFrames()
	if err != nil {
		return nil, err
	}
	steps := len(frames) / m.dim
	t := &SelfTest{Version: selfTestVersion, Model: hash, Kernel: f32.Class(), Arch: runtime.GOARCH, Steps: steps}
	if m.exact() {
		t.Kernel, t.Arch = "integer", ""
	}
	s, d := m.NewState(), m.NewDetector()
	probs, next := make([]float32, m.Classes()), make([]float32, m.Outputs())
	var tops []float32
	for i := range steps {
		frame, row := frames[i*m.dim:][:m.dim], (i+1)*3%steps < 3
		m.Step(probs, s, frame)
		if m.HasConfirm() {
			tops = append(tops, s.Top()...)
		}
		if m.HasRunning() && row {
			t.Running = appendThin(t.Running, probs)
		}
		if d != nil {
			if p := d.Hear(frame); row {
				t.Detector = append(t.Detector, p)
			}
		}
		if m.HasNext() && row {
			m.Next(next, s)
			t.Next = appendThin(t.Next, next)
		}
	}
	if m.HasConfirm() {
		m.Confirm(probs, s, tops)
		t.Confirm = appendThin(t.Confirm, probs)
	}
	return t, nil
}

// thin returns n if of a row of so many values every n-th is kept.
func thin(values int) int { return (values + selfTestRow - 1) / selfTestRow }

// appendThin appends what is kept of a row. JSON has no numbers that are not finite.
func appendThin(dst, row []float32) []float32 {
	for i := 0; i < len(row); i += thin(len(row)) {
		v := row[i]
		if v != v {
			v = math.MaxFloat32
		}
		dst = append(dst, min(max(v, -math.MaxFloat32), math.MaxFloat32))
	}
	return dst
}

// exact reports whether the network computes the same bits of frames on every processor.
func (m *Model) exact() bool { return m.Config.Integer() && !m.Config.HasStem() }

// testFrames returns selfTestSteps frames. Half of them are those of a signal, the others are
// drawn around the mean: they reach the whole network even where the signal is unlike what the
// model learned from. For text all are of the signal. For a network that is exact all are
// drawn, as the frames of a front end may differ in a bit between processors.
func (m *Model) testFrames() ([]float32, error) {
	x, err := m.Front()
	if err != nil {
		return nil, err
	}
	g := m.newTestSignal()
	if n := m.Config.Front.Context; n > 0 {
		context := make([]float32, n)
		for i := range context {
			context[i] = g.noise()
		}
		x.SetContext(context)
	}
	var frames []float32
	drawn := selfTestSteps / 2
	switch {
	case m.Config.Text():
		drawn = 0
	case m.exact():
		drawn = selfTestSteps
	}
	most := (selfTestSteps - drawn) * m.dim
	channels := max(m.Config.Channels, 1)
	block := make([]float32, 64*channels)
	for samples := 0; len(frames) < most && samples < selfTestMost; samples += len(block) {
		for i := range block {
			block[i] = g.sample(i % channels)
		}
		frames = x.Push(frames, block)
	}
	frames = frames[:min(len(frames), most)]
	for i := range drawn * m.dim {
		frames = append(frames, g.feature(i%m.dim))
	}
	return frames, nil
}

// feature returns a value around the mean of a feature.
func (g *testSignal) feature(i int) float32 {
	v := 2 * g.noise()
	if g.m.Config.HasStem() {
		return v // what comes from a stem is normalised
	}
	if s := g.m.Params.Scale[i]; s != 0 {
		v /= s
	}
	return g.m.Params.Mean[i] + v
}

// A testSignal is a tone and noise that rise and fall, about as large as what the model
// learned from. It is computed with products and sums of which each is rounded to float32,
// and so is the same on every machine.
type testSignal struct {
	m        *Model
	rng      *rand.Rand
	alphabet []rune
	at       int       // samples of the first channel so far
	middle   []float32 // per place of a frame and channel
	size     []float32
}

func (m *Model) newTestSignal() *testSignal {
	c := &m.Config
	channels := max(c.Channels, 1)
	g := &testSignal{m: m, rng: rand.New(rand.NewPCG(1, selfTestVersion)), middle: make([]float32, channels), size: make([]float32, channels)}
	for i := range g.size {
		g.size[i] = 0.25
	}
	mean, scale := m.Params.Mean, m.Params.Scale
	switch c.Front.Kind {
	case feature.KindChars:
		g.alphabet = append([]rune(c.Front.Alphabet), '\uFFFD')
	case feature.KindRaw:
		n := max(c.Front.Samples, 1) * channels
		g.middle, g.size = mean[:n], make([]float32, n)
		for i := range n {
			g.size[i] = 1
			if s := scale[i]; s != 0 {
				g.size[i] = 1 / s
			}
		}
	case feature.KindStats:
		power := mean
		if c.Front.Means {
			g.middle, power = mean[:channels], mean[channels:]
		}
		for i := range channels { // 2^k, with ln 2^2k next to the mean logarithm of the variance
			k := min(max(math.Round(float64(power[i])/(2*math.Ln2)), -60), 60)
			g.size[i] = float32(math.Ldexp(1, int(k)))
		}
	}
	return g
}

// noise returns a number from -1 to 1.
func (g *testSignal) noise() float32 { return float32(g.rng.Uint32()>>8)/(1<<23) - 1 }

// sample returns the next sample, of a channel.
func (g *testSignal) sample(channel int) float32 {
	if g.alphabet != nil {
		return float32(g.alphabet[g.rng.IntN(len(g.alphabet))])
	}
	at := g.at
	if channel == max(g.m.Config.Channels, 1)-1 {
		g.at++
	}
	tone := float32(at*(5+2*channel)%64)/32 - 1
	louder := 1 / float32(int(1)<<(at/512%4))
	v := float32(louder * (float32(tone/2) + float32(g.noise()/2)))
	place := (at/max(g.m.Config.Front.Decimate, 1)*max(g.m.Config.Channels, 1) + channel) % len(g.size)
	return g.middle[place%len(g.middle)] + float32(g.size[place]*v)
}
