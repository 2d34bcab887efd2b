package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/capture"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

type verifyCmd struct {
	Model string `arg:"" help:"A model file, or bundled:notes."`
	Data  string `arg:"" help:"Labelled data, as for train."`
	dataFlags
	recordFlags
	Examples int    `short:"n" help:"Random examples to check, of electrocardiograms the first beats of each record; 0 for all." default:"20"`
	Seed     uint64 `help:"Of the choice of examples and block sizes." default:"1"`
	JSON     bool   `help:"One JSON object."`
}

// parity is what verify found: the greatest absolute difference of any
// probability between the offline reference and each way of streaming.
type parity struct {
	Examples  int     `json:"examples"`
	Steps     int     `json:"steps"`
	Step      float64 `json:"step_by_step"`       // Step … Step, Confirm
	Blocks    float64 `json:"any_block_size"`     // the front end fed in random blocks
	Stream    float64 `json:"classifier"`         // events of the live classifier
	Restored  float64 `json:"saved_and_restored"` // the same, moved through saved state
	Different int     `json:"different"`          // values that are not equal to the bit
}

func (c *verifyCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	c.model = &m.Config
	c.recordings = m.HasNext()
	if m.Config.Segment.Kind == segment.Beat {
		return c.beats(a, m)
	}
	set, err := c.open(a, c.Data, m.Config.Rate)
	if err != nil {
		return err
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return err
		}
	}
	rng := rand.New(rand.NewPCG(c.Seed, 0))
	order := rng.Perm(len(set.Examples))
	if c.Examples > 0 {
		order = order[:min(c.Examples, len(order))]
	}
	var p parity
	for _, i := range order {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		check := p.check
		if m.HasNext() {
			check = p.checkNext
		}
		if err := check(m, set, &set.Examples[i], rng); err != nil {
			return fmt.Errorf("%s: %w", set.Examples[i].Name, err)
		}
	}
	return c.tell(a, &p)
}

// tell prints what was found, and makes a difference an error.
func (c *verifyCmd) tell(a *app, p *parity) error {
	if c.JSON {
		json.NewEncoder(a.stdout).Encode(p)
	} else {
		fmt.Fprintf(a.stdout, "%d examples, %d steps; greatest difference of a value from the whole sequence at once:\n", p.Examples, p.Steps)
		fmt.Fprintf(a.stdout, "  step by step           %g\n  random block sizes     %g\n  live classifier        %g\n  saved and restored     %g\n", p.Step, p.Blocks, p.Stream, p.Restored)
	}
	if p.Different > 0 {
		return fmt.Errorf("%d values differ: this must not be; please report it with `inkling version`", p.Different)
	}
	if !c.JSON {
		fmt.Fprintln(a.stdout, "equal to the bit")
	}
	return nil
}

// check compares every way of running one example with Predict.
func (p *parity) check(m *model.Model, set *dataset.Set, e *dataset.Example, rng *rand.Rand) error {
	front, err := m.Front()
	if err != nil {
		return err
	}
	frames := front.Flush(front.Push(nil, e.Samples))
	if len(frames) == 0 {
		return fmt.Errorf("too short for a step of this model")
	}
	want := m.Predict(frames)
	p.Examples++
	p.Steps += want.Steps
	p.stepwise(m, frames, want)
	var blocks []float32
	for rest := e.Samples; len(rest) > 0; {
		n := min((1+rng.IntN(5000))*set.Channels, len(rest))
		blocks = front.Push(blocks, rest[:n])
		rest = rest[n:]
	}
	blocks = front.Flush(blocks)
	got := m.Predict(blocks)
	p.compare(&p.Blocks, got.Running, want.Running)
	p.compare(&p.Blocks, got.Confirm, want.Confirm)
	if err := p.live(m, e, set, rng, want, &p.Stream, false); err != nil {
		return err
	}
	return p.live(m, e, set, rng, want, &p.Restored, true)
}

func (p *parity) stepwise(m *model.Model, frames []float32, want *model.Prediction) {
	s, probs := m.NewState(), make([]float32, m.Classes())
	var running, tops []float32
	for at := 0; at < len(frames); at += m.Dim() {
		m.Step(probs, s, frames[at:at+m.Dim()])
		tops = append(tops, s.Top()...)
		if m.HasRunning() {
			running = append(running, probs...)
		}
	}
	p.compare(&p.Step, running, want.Running)
	if m.HasConfirm() {
		m.Confirm(probs, s, tops)
		p.compare(&p.Step, probs, want.Confirm)
	}
}

// live runs the classifier over the whole example in random blocks and compares
// the probabilities of its events; with restore it moves through saved state
// after each block.
func (p *parity) live(m *model.Model, e *dataset.Example, set *dataset.Set, rng *rand.Rand, want *model.Prediction, worst *float64, restore bool) error {
	d := &m.Config.Decision // without rules about labels: what the network says is compared
	o := &stream.Options{Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 86400},
		Decision: &decide.Config{Warm: d.Warm, State: d.State, Gap: d.Gap}}
	c, err := stream.NewClassifier(m, o)
	if err != nil {
		return err
	}
	var events []stream.Event
	keep := func(es []stream.Event) {
		for i := range es {
			events = append(events, es[i].Clone())
		}
	}
	var offset uint64
	for rest := e.Samples; len(rest) > 0; {
		n := min((1+rng.IntN(5000))*set.Channels, len(rest))
		b := capture.Block{Format: capture.Format{Rate: m.Config.Rate, Channels: set.Channels}, Offset: offset, Samples: rest[:n]}
		if err := c.Feed(&b); err != nil {
			return err
		}
		keep(c.Advance(nil))
		rest, offset = rest[n:], offset+uint64(n/set.Channels)
		if restore {
			saved := c.AppendState(nil, true)
			if c, err = stream.NewClassifier(m, o); err != nil {
				return err
			}
			if err := c.Restore(saved); err != nil {
				return err
			}
		}
	}
	keep(c.End(nil, segment.ByEOF))
	return p.events(m, events, want, worst)
}

// events compares the best probability of every event with the reference.
func (p *parity) events(m *model.Model, events []stream.Event, want *model.Prediction, worst *float64) error {
	n, confirmed := m.Classes(), 0
	for _, e := range events {
		switch {
		case e.Type == stream.Running && e.Warm:
			p.compare(worst, []float32{e.P}, []float32{top(want.Running[(e.Step-1)*n : e.Step*n])})
		case e.Type == stream.Confirmed:
			confirmed++
			p.compare(worst, []float32{e.P}, []float32{top(want.Confirm)})
		}
	}
	if confirmed != 1 {
		return fmt.Errorf("the live classifier gave %d confirmed labels, want 1", confirmed)
	}
	return nil
}

func top(p []float32) (best float32) {
	for _, v := range p {
		best = max(best, v)
	}
	return best
}

func (p *parity) compare(worst *float64, got, want []float32) {
	if len(got) != len(want) {
		p.Different++
		*worst = math.Inf(1)
		return
	}
	for i, v := range got {
		if math.Float32bits(v) != math.Float32bits(want[i]) {
			p.Different++
			*worst = max(*worst, math.Abs(float64(v)-float64(want[i])))
		}
	}
}
