// Package parity proves on real data what inkling promises of every model: computing step
// by step, in blocks of any size, live in a stream, and through saved states gives the
// same bits as the whole sequence at once.
//
// New makes a Check of a model; Example or Record runs one piece of data through all
// ways; Result holds what differed.
package parity

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"math/rand/v2"

	"inkling/internal/resample"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Result says how far each way of computing is from the whole sequence at once: the
// greatest absolute difference of a value, +Inf where values are missing.
type Result struct {
	Examples  int     `json:"examples"`
	Steps     int     `json:"steps"`
	Step      float64 `json:"step_by_step"`       // Step … Step, Confirm
	Blocks    float64 `json:"any_block_size"`     // the front end fed in random blocks
	Stream    float64 `json:"classifier"`         // events of the live classifier
	Restored  float64 `json:"saved_and_restored"` // the same, moved through a saved state after each block
	Different int     `json:"different"`          // values that are not equal to the bit
}

// A Check compares the ways of computing a model.
type Check struct {
	Result Result

	// Elsewhere continues every second block of a stream from its saved state, in another
	// process say; nil: this process continues all of them, each with a new classifier.
	Elsewhere Continuer

	m   *model.Model
	rng *rand.Rand // of block sizes
}

var errShort = errors.New("too short for a step of this model")

// New returns a Check of m whose block sizes come from rng.
func New(m *model.Model, rng *rand.Rand) *Check { return &Check{m: m, rng: rng} }

// Example checks one example of labels, or one recording of what comes next: x at the
// model's rate, channels interleaved. Models of heartbeats take Record.
func (c *Check) Example(x []float32, channels int) error {
	if beats(c.m) {
		return errors.New("parity: a model of heartbeats is checked on records: call Record")
	}
	front, err := c.m.Front()
	if err != nil {
		return err
	}
	want, err := c.sequence(front, x, channels, longBlocks)
	if err != nil {
		return err
	}
	s := signal{x: x, rate: c.m.Config.Rate, channels: channels}
	if err := c.streams(want.values(c.m), s); err != nil || !c.m.HasDetector() || c.m.Config.Segment.Kind != segment.Label {
		return err
	}
	return c.heard(s)
}

// Record checks the first heartbeats of an electrocardiogram at any rate, at most most of
// them; 0: all. Each is cut out and labelled as training does it.
func (c *Check) Record(x []float32, rate float64, channels, most int) error {
	atRate := x
	if rate != c.m.Config.Rate {
		r, err := resample.New(rate, c.m.Config.Rate, channels)
		if err != nil {
			return err
		}
		atRate = r.Flush(r.Push(nil, x))
	}
	front, err := c.m.FrontOf(channels)
	if err != nil {
		return err
	}
	var confirmed []float32
	var failed error
	beats := 0
	err = dataset.CutBeats(c.m.Config.Segment, c.m.Config.Rate, atRate, channels, func(b *dataset.Beat) {
		if failed != nil || most > 0 && beats == most {
			return
		}
		beats++
		front.Reset()
		if c.m.Config.Front.Context > 0 {
			front.SetContext(b.Context)
		}
		want, err := c.sequence(front, b.Samples, channels, shortBlocks)
		if err != nil {
			failed = err
			return
		}
		confirmed = append(confirmed, top(want.Confirm))
	})
	if err := cmp.Or(err, failed); err != nil {
		return err
	}
	return c.streams(confirmed, signal{x: x, rate: rate, channels: channels, enough: len(confirmed)})
}

// beats reports whether m labels heartbeats, which it finds by itself.
func beats(m *model.Model) bool { return m.Config.Segment.Kind == segment.Beat && !m.HasNext() }

// sequence returns what the whole sequence gives at once, compared with it step by step
// and in blocks of at most most samples.
func (c *Check) sequence(front feature.Extractor, x []float32, channels, most int) (want answers, err error) {
	frames := c.end(front, front.Push(nil, x))
	if len(frames) == 0 {
		return want, errShort
	}
	want = c.offline(frames)
	c.steps(frames, want)
	front.Reset()
	var blocks []float32
	for block := range pieces(c.rng, x, channels, most) {
		blocks = front.Push(blocks, block)
	}
	c.compareAnswers(&c.Result.Blocks, c.offline(c.end(front, blocks)), want)
	return want, nil
}

// end flushes the front end where a segment ends; a signal without segments has no end.
func (c *Check) end(front feature.Extractor, frames []float32) []float32 {
	if c.m.HasNext() {
		return frames
	}
	return front.Flush(frames)
}

// longBlocks and shortBlocks bound the random sizes of blocks, in samples a channel.
const (
	longBlocks  = 5000
	shortBlocks = 50 // of a heartbeat
)

// pieces divides x at random into blocks of 1 to most samples a channel.
func pieces(rng *rand.Rand, x []float32, channels, most int) iter.Seq[[]float32] {
	return func(yield func([]float32) bool) {
		for len(x) > 0 {
			n := min((1+rng.IntN(most))*channels, len(x))
			if !yield(x[:n]) {
				return
			}
			x = x[n:]
		}
	}
}

// answers are what a model says of one sequence: of labels Running and Confirm, else Next.
type answers struct {
	Running []float32 // a row a step
	Confirm []float32
	Next    []float32 // a row a step
}

// values are what the events of a live classifier carry of the answers: the best
// probability of each step and of the segment, or all of a forecast.
func (w *answers) values(m *model.Model) (values []float32) {
	if m.HasNext() && !m.Config.Text() {
		return w.Next
	}
	rows, n := w.Next, m.Outputs()
	if !m.HasNext() {
		n = m.Classes()
		rows = w.Running[min(m.Config.Decision.Warm*n, len(w.Running)):]
	}
	for ; len(rows) > 0; rows = rows[n:] {
		values = append(values, top(rows[:n]))
	}
	if !m.HasNext() {
		values = append(values, top(w.Confirm))
	}
	return values
}

func top(p []float32) (best float32) {
	for _, v := range p {
		best = max(best, v)
	}
	return best
}

// offline computes the whole sequence at once.
func (c *Check) offline(frames []float32) answers {
	if c.m.HasNext() {
		return answers{Next: c.m.Forecasts(frames)}
	}
	p := c.m.Predict(frames)
	return answers{Running: p.Running, Confirm: p.Confirm}
}

// steps computes step by step and compares.
func (c *Check) steps(frames []float32, want answers) {
	steps := len(frames) / c.m.Dim()
	c.Result.Examples++
	c.Result.Steps += steps
	s := c.m.NewState()
	var got answers
	var tops []float32
	next, probs := make([]float32, c.m.Outputs()), make([]float32, c.m.Classes())
	for i := range steps {
		frame := frames[i*c.m.Dim():][:c.m.Dim()]
		if c.m.HasNext() {
			c.m.Step(nil, s, frame)
			c.m.Next(next, s)
			got.Next = append(got.Next, next...)
			continue
		}
		c.m.Step(probs, s, frame)
		tops = append(tops, s.Top()...)
		if c.m.HasRunning() {
			got.Running = append(got.Running, probs...)
		}
	}
	if got.Confirm = want.Confirm; c.m.HasConfirm() {
		c.m.Confirm(probs, s, tops)
		got.Confirm = probs
	}
	c.compareAnswers(&c.Result.Step, got, want)
}

func (c *Check) compareAnswers(worst *float64, got, want answers) {
	c.compare(worst, got.Running, want.Running)
	c.compare(worst, got.Confirm, want.Confirm)
	c.compare(worst, got.Next, want.Next)
}

// compare notes how far got is from want.
func (c *Check) compare(worst *float64, got, want []float32) {
	if len(got) != len(want) {
		c.Result.Different++
		*worst = math.Inf(1)
		return
	}
	for i, v := range got {
		if math.Float32bits(v) == math.Float32bits(want[i]) {
			continue
		}
		c.Result.Different++
		d := math.Abs(float64(v) - float64(want[i]))
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		*worst = max(*worst, d)
	}
}
