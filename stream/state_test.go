package stream

import (
	"encoding/binary"
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// way is a model and its options, whose states the tests damage.
type way struct {
	m *model.Model
	o *Options
}

func damagedWays(t interface{ Fatal(...any) }) []way {
	raw := feature.Config{Kind: feature.KindRaw, Samples: 3}
	mel := feature.Config{Kind: feature.KindLogMel, WindowMS: 40, HopMS: 20, Bands: 4}
	return []way{
		{randomModel(t, 1, raw, 1000, 1, 1, model.RunningSoftmax, true), &Options{Segment: &segment.Config{Kind: segment.Activity}}},
		{randomModel(t, 2, raw, 1000, 1, 2, model.RunningSoftmax, false), &Options{State: "carry", Gap: "fill", Segment: &segment.Config{Kind: segment.Fixed, Steps: 9}}},
		{randomModel(t, 3, mel, 1000, 1, 1, model.RunningSoftmax, true), &Options{Gap: "hold", Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 0.7}}},
		{randomModel(t, 5, raw, 1000, 1, 1, model.RunningEvidence, true), &Options{Decision: everyRule("a", "b"), Why: true, Segment: &segment.Config{Kind: segment.Activity}}},
		{randomModel(t, 4, raw, 1000, 1, 1, model.RunningNone, true), &Options{State: "carry", Segment: &segment.Config{Kind: segment.Message, MaxDuration: 0.5}}},
		{nextText(t, 7), nil},
		{nextModel(t, 6, 1000, 1, 3, []float64{0.1, 0.5, 0.9}), &Options{Ahead: 2}},
	}
}

var damagedSamples = bursts(rand.New(rand.NewPCG(1, 1)), 600, 1, 1000)

func feedSome(c *Classifier, rate float64, from uint64) {
	x := damagedSamples
	for at := 0; at < len(x); at += 170 {
		b := capture.Block{Format: capture.Format{Rate: rate, Channels: 1}, Offset: from + uint64(at), Samples: x[at:min(at+170, len(x))]}
		if at%510 == 0 {
			b.Mark = capture.MarkBegin
		}
		if c.Feed(&b) != nil {
			return
		}
		if at%340 == 0 {
			c.Advance(nil)
		}
	}
}

// realStates are bodies of states, without their headers, as they come about.
func realStates(t interface{ Fatal(...any) }, w way) (states [][]byte) {
	for _, rate := range []float64{1000, 1600} {
		c, err := NewClassifier(w.m, w.o)
		if err != nil {
			t.Fatal(err)
		}
		add := func() { states = append(states, c.AppendState(nil, true)[len(c.header(nil, stateWhole)):]) }
		add()
		feedSome(c, rate, 0)
		add()
		c.Advance(nil)
		add()
	}
	return states
}

// tryState restores a state, which may be damaged, and uses what was taken.
func tryState(t interface{ Fatal(...any) }, w way, kind byte, data []byte) (taken bool) {
	c, err := NewClassifier(w.m, w.o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Restore(append(c.header(nil, kind), data...)) != nil {
		return false
	}
	feedSome(c, c.input.format.Rate, c.input.next) // goes on
	c.AppendState(nil, true)
	feedSome(c, c.input.format.Rate, c.input.next+3) // after a gap
	feedSome(c, 1000, 0)
	c.End(nil, segment.ByEOF)
	feedSome(c, 1000, 5)
	return true
}

// Restore takes what is damaged or refuses it, but nothing brings it down, and what
// follows works as well. The header is put before the data: that a wrong one is
// refused is another test's.
func FuzzRestore(f *testing.F) {
	ways := damagedWays(f)
	for i, w := range ways {
		for _, s := range realStates(f, w) {
			f.Add(byte(2*i), s)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		if len(data) < 1<<16 {
			tryState(t, ways[int(which/2)%len(ways)], which%2, data)
		}
	})
}

// A state with any place overwritten by an extreme counter or length is refused or works.
func TestDamagedStateCrashesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	values := []uint64{0, 1, 2, 5, 300, 1 << 20, math.MaxInt32, 1 << 50, 1 << 62, math.MaxUint64, math.MaxUint64 - 20}
	checks := flag.Lookup("rapid.checks").Value.(flag.Getter).Get().(int)
	tried, taken := 0, 0
	for _, w := range damagedWays(t) {
		for _, s := range realStates(t, w) {
			for range (2*checks + 4) / 5 {
				tried++
				d := slices.Clone(s)
				for range 1 + rng.IntN(2) {
					at := rng.IntN(len(d) - 7)
					if rng.IntN(2) == 0 {
						at = rng.IntN(min(len(d)-7, 300)) // where the counters are
					}
					if rng.IntN(4) == 0 {
						at = len(d) - 8 - rng.IntN(min(len(d)-7, 200))
					}
					binary.LittleEndian.PutUint64(d[at:], values[rng.IntN(len(values))])
				}
				if tryState(t, w, 0, d) {
					taken++
				}
			}
		}
	}
	if taken < tried/20 {
		t.Errorf("only %d of %d damaged states were taken: too few to prove anything", taken, tried)
	}
}

// A state is refused by name: the message says what differs.
func TestRestoreNamesWhatDiffers(t *testing.T) {
	front := feature.Config{Kind: feature.KindRaw}
	m := randomModel(t, 1, front, 100, 1, 1, model.RunningSoftmax, true)
	other := randomModel(t, 2, front, 100, 1, 1, model.RunningSoftmax, true)
	early := m.Config.Decision
	early.EarlyP = 0.7
	options := func(o Options) *Classifier { return classifier(t, &setting{m: m, o: o}) }
	saved := options(Options{}).AppendState(nil, true)
	older := slices.Clone(saved)
	older[0]--
	for _, c := range []struct {
		name  string
		to    *Classifier
		state []byte
		want  string // "": it is taken
	}{
		{"the same", options(Options{}), saved, ""},
		{"other names", options(Options{Session: "other", Stream: "other"}), saved, ""},
		{"the default by name", options(Options{Top: 3, Gap: decide.GapReset, Resumable: true}), saved, ""},
		{"version", options(Options{}), older, "stream: the saved state has version 7, this program reads version 8: begin the stream anew"},
		{"model", classifier(t, &setting{m: other}), saved, "stream: the saved state is of the model " + m.Hash() + ", this stream has " + other.Hash() +
			": restore it with its own model, or begin anew"},
		{"gap", options(Options{Gap: decide.GapHold}), saved, of(`decision.gap was "reset" and is "hold"`)},
		{"state", options(Options{State: decide.Carry}), saved, of(`decision.state was "reset" and is "carry"`)},
		{"threshold", options(Options{Threshold: 0.5}), saved, of("decision.threshold was unset and is 0.5")},
		{"decision", options(Options{Decision: &early}), saved, of("decision.early_p was 0.4 and is 0.7")},
		{"background", options(Options{Background: true}), saved, of("background was false and is true")},
		{"why", options(Options{Why: true}), saved, of("why was false and is true")},
		{"top", options(Options{Top: 4}), saved, of("top was 3 and is 4")},
		{"emit", options(Options{Emit: Emit{Change: true}}), saved, of("emit.change was false and is true")},
		{"emit every", options(Options{Emit: Emit{Every: time.Second}}), saved, of("emit.every was 0 and is 1000000000")},
		{"segmenter", options(Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3}}), saved, of(`segment.kind was "whole" and is "fixed"`)},
		{"arithmetic", options(Options{}), []byte(strings.Replace(string(saved), arithmetic(), strings.Repeat("x", len(arithmetic())), 1)),
			"stream: the saved state is of " + strings.Repeat("x", len(arithmetic())) + " kernels, this process has " + arithmetic() +
				" ones, whose sums differ in the last bits: restore it on such a machine, or begin anew"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if err := c.to.Restore(c.state); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	ahead := func(n int) *Classifier {
		return classifier(t, &setting{m: nextModel(t, 6, 1000, 1, 3, nil), o: Options{Ahead: n}})
	}
	if err := ahead(2).Restore(ahead(3).AppendState(nil, true)); err == nil || err.Error() != of("ahead was 3 and is 2") {
		t.Errorf("ahead: %v", err)
	}
}

// of is the message about an option that differs.
func of(difference string) string {
	return "stream: the saved state is of other options: " + difference + ": restore it with the same, or begin anew"
}

func TestRestoreRefusesTruncatedState(t *testing.T) {
	c := classifier(t, &setting{m: randomModel(t, 1, feature.Config{Kind: feature.KindRaw}, 100, 1, 1, model.RunningSoftmax, true)})
	saved := c.AppendState(nil, true)
	for n := range len(saved) {
		if c.Restore(saved[:n]) == nil {
			t.Fatalf("a state cut off at %d of %d was taken", n, len(saved))
		}
	}
}

// A length field that promises more than there is costs nothing.
func TestRestoreAllocatesNoMoreThanTheData(t *testing.T) {
	w := damagedWays(t)[0]
	s := realStates(t, w)[2]
	c, err := NewClassifier(w.m, w.o)
	if err != nil {
		t.Fatal(err)
	}
	header := c.header(nil, 0)
	var before, after runtime.MemStats
	for at := 0; at < len(s)-8; at++ {
		d := slices.Clone(s)
		binary.LittleEndian.PutUint64(d[at:], math.MaxInt32)
		d = append(slices.Clone(header), d...)
		runtime.ReadMemStats(&before)
		c.Restore(d)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<17+20*uint64(len(d)) {
			t.Fatalf("with a great number at %d, %d bytes were allocated for a state of %d", at, n, len(d))
		}
	}
}
