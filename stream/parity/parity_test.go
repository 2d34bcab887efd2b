package parity

import (
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/internal/ecgtest"
	"inkling/internal/qrs"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

func text(c model.Config) model.Config {
	c.Rate, c.Front = 0, feature.Config{Kind: feature.KindChars, Alphabet: " abcdefgh"}
	return c
}

// kinds are models of every kind, and a signal for each.
var kinds = map[string]struct {
	config   func() model.Config
	channels int
	signal   func() []float32
}{
	"labels of raw frames": {func() model.Config {
		c := testmodel.Labels(1000, 2, "a", "b", "c")
		c.Front.Samples = 7
		return c
	}, 2, nil},
	"labels of log-mel frames": {func() model.Config {
		c := testmodel.Labels(8000, 1, "a", "b")
		c.Front = feature.Config{Kind: feature.KindLogMel, Bands: 8}
		c.Layers = 2
		return c
	}, 1, nil},
	"a running head alone, warm after ten steps": {func() model.Config {
		c := testmodel.Labels(1000, 1, "a", "b")
		c.Confirm, c.Decision.Warm = false, 10
		return c
	}, 1, nil},
	"a confirm head alone": {func() model.Config {
		c := testmodel.Labels(1000, 1, "a", "b")
		c.Running = model.RunningNone
		return c
	}, 1, nil},
	"rules that reject": {func() model.Config {
		c := testmodel.Labels(1000, 1, "a", "b")
		c.Decision.Threshold, c.Decision.Hold, c.Decision.EarlyP, c.Decision.EarlySteps = 0.9, 5, 0.4, 2
		return c
	}, 1, nil},
	"a carried state": {func() model.Config {
		c := testmodel.Labels(1000, 1, "a", "b")
		c.Decision.State = decide.Carry
		return c
	}, 1, nil},
	"values to come":    {func() model.Config { return testmodel.Next(1000, 2, 3, nil) }, 2, nil},
	"quantiles of them": {func() model.Config { return testmodel.Next(1000, 1, 2, []float64{0.1, 0.5, 0.9}) }, 1, nil},
	"labels of text":    {func() model.Config { return text(testmodel.Labels(0, 1, "a", "b")) }, 1, letters},
	"the character to follow": {func() model.Config {
		c := text(testmodel.Next(0, 1, 1, nil))
		c.Next.Loss, c.Next.Residual = model.LossEntropy, false
		return c
	}, 1, letters},
}

func letters() []float32 { return testkit.CodePoints(strings.Repeat("a bad head had a bag, ", 300)) }

// check runs a signal through every way of computing a model, half of the restored
// blocks through elsewhere.
func check(t *testing.T, name string, elsewhere func(*model.Model) Continuer) Result {
	t.Helper()
	k := kinds[name]
	m := testmodel.New(t, k.config(), rand.New(rand.NewPCG(3, 1)))
	c := New(m, rand.New(rand.NewPCG(1, 2)))
	if elsewhere != nil {
		c.Elsewhere = elsewhere(m)
	}
	x := testkit.Normal(rand.New(rand.NewPCG(2, 2)), 12000*k.channels)
	if k.signal != nil {
		x = k.signal()
	}
	if err := c.Example(x, k.channels); err != nil {
		t.Fatal(err)
	}
	return c.Result
}

// served continues in a goroutine that is reached as another process is.
func otherProcess(t *testing.T) func(m *model.Model) Continuer {
	return func(m *model.Model) Continuer {
		in, toServer := io.Pipe()
		fromServer, out := io.Pipe()
		done := make(chan error)
		go func() { done <- Serve(m, in, out) }()
		t.Cleanup(func() {
			toServer.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		return NewRemote(fromServer, toServer)
	}
}

func TestEveryKindOfModelIsEqualToTheBit(t *testing.T) {
	for name := range kinds {
		t.Run(name, func(t *testing.T) {
			for _, r := range []Result{check(t, name, nil), check(t, name, otherProcess(t))} {
				if r.Different != 0 || r.Examples != 1 || r.Steps < 100 {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

func TestHeartbeatsAreEqualToTheBit(t *testing.T) {
	c := testmodel.Labels(180, 1, "N", "S", "V")
	c.Segment = segment.Config{Kind: segment.Beat}.Defaults()
	c.Front.Context = qrs.Features
	m := testmodel.New(t, c, rand.New(rand.NewPCG(3, 1)))
	for _, rate := range []float64{180, 250} {
		x, _ := ecgtest.Signal(ecgtest.Options{Rate: rate, Seconds: 30, Seed: 4, Noise: 0.02})
		for _, most := range []int{0, 5} {
			p := New(m, rand.New(rand.NewPCG(1, 2)))
			p.Elsewhere = otherProcess(t)(m)
			if err := p.Record(x, rate, 1, most); err != nil {
				t.Fatal(err)
			}
			if r := p.Result; r.Different != 0 || r.Examples < 5 || most > 0 && r.Examples != most {
				t.Errorf("at %v Hz, at most %d beats: %+v", rate, most, r)
			}
		}
	}
}

// bent is a Continuer that changes what it should carry on.
type bent struct {
	Continuer
	bend func(*Answer)
}

func (b bent) Continue(p *Piece) (Answer, error) {
	a, err := b.Continuer.Continue(p)
	b.bend(&a)
	return a, err
}

func TestDifferencesAreFound(t *testing.T) {
	const name = "labels of raw frames"
	for what, bend := range map[string]func(*Answer){
		"the last bit of a value": func(a *Answer) {
			if len(a.Values) > 0 {
				a.Values[0] = math.Nextafter32(a.Values[0], 2)
			}
		},
		"a value too many": func(a *Answer) { a.Values = append(a.Values, 1) },
	} {
		r := check(t, name, func(m *model.Model) Continuer { return bent{Here(m), bend} })
		if r.Different == 0 || !(r.Restored > 0) || r.Step != 0 || r.Blocks != 0 || r.Stream != 0 {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

func TestRefusals(t *testing.T) {
	m := testmodel.New(t, testmodel.Labels(1000, 1, "a", "b"), rand.New(rand.NewPCG(3, 1)))
	c := New(m, rand.New(rand.NewPCG(1, 2)))
	if err := c.Example(nil, 1); err == nil || err.Error() != "too short for a step of this model" {
		t.Error(err)
	}
	other := testmodel.New(t, testmodel.Labels(1000, 1, "a", "b"), rand.New(rand.NewPCG(4, 1)))
	c.Elsewhere = otherProcess(t)(other)
	x := testkit.Normal(rand.New(rand.NewPCG(2, 2)), 50000)
	if err := c.Example(x, 1); err == nil || !strings.HasPrefix(err.Error(), "the other process: stream: ") {
		t.Errorf("a state of another model: %v", err)
	}
}

// The names are those of verify --json.
func TestResultAsJSON(t *testing.T) {
	got, err := json.Marshal(Result{Examples: 1, Steps: 2, Step: 3, Blocks: 4, Stream: 5, Restored: 6, Different: 7})
	want := `{"examples":1,"steps":2,"step_by_step":3,"any_block_size":4,"classifier":5,"saved_and_restored":6,"different":7}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}
