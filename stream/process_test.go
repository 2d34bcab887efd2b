package stream

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/ecgtest"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// A saved stream is a model, options and blocks, all made anew by each process.
type savedStream struct {
	m      *model.Model
	o      Options
	blocks []capture.Block
}

// savedStreams has every kind of model, of segmenter and of option that a state may be
// saved of.
func savedStreams(t *testing.T) map[string]savedStream {
	raw := feature.Config{Kind: feature.KindRaw, Samples: 3}
	mel := feature.Config{Kind: feature.KindLogMel, WindowMS: 40, HopMS: 20, Bands: 4}
	softmax := randomModel(t, 1, raw, 1000, 1, 1, model.RunningSoftmax, true)
	evidence := randomModel(t, 2, mel, 1000, 1, 2, model.RunningEvidence, true)
	learned := *everyRule("a", "b")
	learned.EarlyP, learned.EarlySteps = 0, 0
	learned.Early = &decide.Early{Weights: []float64{0, 1, 0, 0.1, 0, 0, 0}, Threshold: -1}
	activity, fixed := &segment.Config{Kind: segment.Activity}, &segment.Config{Kind: segment.Fixed, Steps: 40}
	sound := bursts(rand.New(rand.NewPCG(1, 1)), 3000, 1, 1000)
	text := codePoints("Ma tea. Tram! Rat met a mate\n art ... \n\nMeat? Ea tram a mat. ")
	heart, _ := ecgtest.Signal(ecgtest.Options{Rate: 250, Seconds: 12, Seed: 1, Atrial: 0.1, Ventric: 0.1})
	at := func(rate float64, x []float32, m *model.Model, o Options) savedStream {
		return savedStream{m, o, inBlocks(rate, x)}
	}
	return map[string]savedStream{
		"softmax":           at(1000, sound, softmax, Options{Segment: activity}),
		"evidence":          at(1000, sound, evidence, Options{Segment: activity}),
		"no running head":   at(1000, sound, randomModel(t, 3, raw, 1000, 1, 1, model.RunningNone, true), Options{Segment: &segment.Config{Kind: segment.Message, MaxDuration: 5}}),
		"no confirm head":   at(1000, sound, randomModel(t, 4, raw, 1000, 1, 1, model.RunningSoftmax, false), Options{Segment: fixed}),
		"carry":             at(1000, sound, softmax, Options{Segment: fixed, State: decide.Carry}),
		"stem":              at(1000, sound, overStem(t, softmax, "conv:4/2x6,3/1x3", 5), Options{Segment: activity}),
		"resampled":         at(1600, sound, evidence, Options{Segment: activity}),
		"gap hold":          at(1000, sound, softmax, Options{Segment: fixed, Gap: decide.GapHold}),
		"gap fill":          at(1000, sound, softmax, Options{Segment: fixed, Gap: decide.GapFill}),
		"every rule":        at(1000, sound, decisive(t, softmax), Options{Segment: activity, Decision: everyRule("a", "b"), Why: true, Background: true}),
		"learned early":     at(1000, sound, decisive(t, softmax), Options{Segment: activity, Decision: &learned, Why: true}),
		"threshold, top":    at(1000, sound, softmax, Options{Segment: fixed, Threshold: 0.4, Top: 2}),
		"emit change":       at(1000, sound, softmax, Options{Segment: activity, Emit: Emit{Change: true}}),
		"emit every":        at(1000, sound, evidence, Options{Segment: activity, Emit: Emit{Every: 70 * time.Millisecond}}),
		"emit confirmed":    at(1000, sound, evidence, Options{Segment: activity, Emit: Emit{Confirmed: true}}),
		"read again":        at(1000, sound, evidence, Options{Segment: activity, Resumable: true}),
		"read again, early": at(1000, sound, decisive(t, softmax), Options{Segment: fixed, Decision: &learned, Emit: Emit{Change: true}, Resumable: true}),
		"lines":             at(0, text, textModel(t, 1, 1), Options{Segment: &segment.Config{Kind: segment.Line}}),
		"sentences":         at(0, text, textModel(t, 1, 2), Options{Segment: &segment.Config{Kind: segment.Sentence}, Emit: Emit{Word: true}}),
		"beats":             at(250, heart, beatModel(t, 128, 1), Options{}),
		"forecast":          at(1000, sound, nextModel(t, 6, 1000, 1, 3, []float64{0.1, 0.5, 0.9}), Options{Ahead: 3, Emit: Emit{Every: 20 * time.Millisecond}}),
		"next character":    at(0, text, nextText(t, 7), Options{Top: 5}),
	}
}

// inBlocks cuts samples into blocks with marks and capture times; some are lost.
func inBlocks(rate float64, x []float32) (blocks []capture.Block) {
	began := time.Date(2025, 3, 1, 9, 30, 0, 1, time.UTC)
	size := max(len(x)/40, 1)
	for at, lost := 0, 0; at < len(x); at += size {
		if len(blocks) == 11 || len(blocks) == 30 {
			lost += 20
		}
		b := capture.Block{Format: capture.Format{Rate: rate, Channels: 1}, Offset: uint64(at + lost), Samples: x[at:min(at+size, len(x))]}
		if len(blocks)%4 == 1 {
			b.Mark = capture.MarkBegin
		}
		if rate > 0 {
			b.Time = began.Add(time.Duration(float64(b.Offset) / rate * 1e9))
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// feed plays the blocks from to that are not before the classifier's place, and leaves
// what the last one holds in the queue.
func (s *savedStream) feed(t *testing.T, c *Classifier, from, to int) (events []string) {
	for i := from; i < to; i++ {
		if s.blocks[i].Offset < c.Resume() {
			continue
		}
		events = append(events, describeEvents(c.Advance(nil))...)
		if err := c.Feed(&s.blocks[i]); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

func (s *savedStream) classifier(t *testing.T) *Classifier {
	c, err := NewClassifier(s.m, &s.o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// folderOfStates names the variable by which the second process knows that it is one,
// and where the states are.
const folderOfStates = "INKLING_TEST_STATES"

var stops = []int{3, 17, 29}

// A state that one process has saved goes on in another one: the events of both, one
// after the other, are those of a stream that was never interrupted.
func TestSavedStateGoesOnInAnotherProcess(t *testing.T) {
	streams := savedStreams(t)
	if dir := os.Getenv(folderOfStates); dir != "" {
		goOn(t, dir, streams)
		return
	}
	dir := t.TempDir()
	before, want := map[string][]string{}, map[string][]string{}
	for name, s := range streams {
		c := s.classifier(t)
		want[name] = append(s.feed(t, c, 0, len(s.blocks)), describeEvents(c.End(nil, segment.ByEOF))...)
		for _, stop := range stops {
			c, file := s.classifier(t), fmt.Sprint(name, stop)
			before[file] = s.feed(t, c, 0, stop)
			write(t, filepath.Join(dir, file), c.AppendState(nil, !s.o.Resumable))
		}
	}
	second := exec.Command(os.Args[0], "-test.run=^TestSavedStateGoesOnInAnotherProcess$", "-test.count=1")
	second.Env = append(os.Environ(), folderOfStates+"="+dir)
	if out, err := second.CombinedOutput(); err != nil {
		t.Fatalf("the second process: %v\n%s", err, out)
	}
	for name := range streams {
		t.Run(name, func(t *testing.T) {
			if len(want[name]) < 5 {
				t.Errorf("only %d events", len(want[name]))
			}
			for _, stop := range stops {
				file := fmt.Sprint(name, stop)
				data, err := os.ReadFile(filepath.Join(dir, file+".events"))
				if err != nil {
					t.Fatal(err)
				}
				got := strings.Join(append(before[file], string(data)), "\n")
				if w := strings.Join(want[name], "\n"); got != w {
					t.Errorf("saved after %d blocks:\n%s\nuninterrupted:\n%s", stop, got, w)
				}
			}
		})
	}
}

// goOn is the second process.
func goOn(t *testing.T, dir string, streams map[string]savedStream) {
	for name, s := range streams {
		for _, stop := range stops {
			file := filepath.Join(dir, fmt.Sprint(name, stop))
			state, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := s.classifier(t)
			if err := c.Restore(state); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			events := append(s.feed(t, c, 0, len(s.blocks)), describeEvents(c.End(nil, segment.ByEOF))...)
			write(t, file+".events", []byte(strings.Join(events, "\n")))
		}
	}
}

func write(t *testing.T, file string, data []byte) {
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
