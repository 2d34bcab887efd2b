package main

import (
	"fmt"
	"slices"
	"strings"

	"inkling/bench/onnx"
	"inkling/cell"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/measure"
)

// peers holds the other programs that are available.
type peers struct {
	ort   bool
	torch *torchPeer
	cores int
}

const hidden = 100

// checkSteps is the number of timesteps that are compared before single steps are timed.
const checkSteps = 3

// step compares one timestep of one stream with a head.
func (p *peers) step(d int) (*comparison, error) {
	m, err := measure.Network(hidden, d, model.RunningSoftmax, false)
	if err != nil {
		return nil, err
	}
	c := &comparison{section: "step", what: fmt.Sprintf("D = %d", d), ours: measure.Step(m), asked: []target{{of: ortName, ratio: 4.5}}}
	x, want, s := measure.Noise(d, 1), make([]float32, m.Classes()), m.NewState()
	for range checkSteps {
		m.Step(want, s, x)
	}
	if p.ort {
		if err := c.ortStep(m, x, want); err != nil {
			return c, err
		}
	}
	if p.torch != nil {
		if err := c.torchStep(p.torch, m, x, want); err != nil {
			return c, err
		}
	}
	g := newGonum(m.Params)
	for range checkSteps {
		g.step(x)
	}
	c.add(gonumName, 1, measure.Loop(func() { g.step(x) }))
	return c, near(gonumName, g.probs, want)
}

func (c *comparison) ortStep(m *model.Model, x, want []float32) error {
	o, err := newORT(onnx.StepHead(m.Params.Forward, m.Params.RunningW, m.Params.RunningB), 1)
	if err != nil {
		return err
	}
	c.closers = append(c.closers, o.close)
	copy(o.data("x"), x)
	for range checkSteps {
		if err := o.run(); err != nil {
			return err
		}
	}
	c.add(ortName, 1, o.time)
	return near(ortName, o.data("probs"), want)
}

func (c *comparison) torchStep(t *torchPeer, m *model.Model, x, want []float32) error {
	a, err := t.ask(map[string]any{"make": "step", "hidden": m.Config.Hidden, "params": torchParams(m.Params), "x": encode(x), "steps": checkSteps})
	if err != nil {
		return err
	}
	c.closers = append(c.closers, func() { t.drop(a.ID) })
	got, err := decode(a.Out)
	if err != nil {
		return err
	}
	c.add(torchName, 1, t.timer(a.ID, 1))
	return near(torchName, got, want)
}

// batch compares one timestep of n streams, D = 40.
func (p *peers) batch(n, threads int) (*comparison, error) {
	const d = 40
	m, err := measure.Network(hidden, d, model.RunningSoftmax, false)
	if err != nil {
		return nil, err
	}
	l := cell.New(m.Params.Forward)
	c := &comparison{section: "batch", what: fmt.Sprintf("N = %d, %s", n, count(threads, "thread")), peak: true,
		ours: measure.Batch(l, n, threads)}
	if n >= 64 && threads == 1 {
		c.asked = []target{{of: ortName, ratio: 1.2}, {of: peakName, ratio: 0.86}}
	} else if n >= 64 {
		c.asked = []target{{of: ortName, ratio: 1.2}, {of: peakName, ratio: 0.84}}
	} else if threads == 1 {
		c.asked = []target{{of: peakName, ratio: 0.77}}
	}
	if !p.ort {
		return c, nil
	}
	o, err := newORT(onnx.Step(m.Params.Forward, n), threads)
	if err != nil {
		return c, err
	}
	c.closers = append(c.closers, o.close)
	c.add(ortName, threads, o.time)
	b, x := l.NewBatch(n), measure.Noise(n*d, 2)
	copy(o.data("x"), x)
	for range checkSteps {
		l.StepBatch(b, x)
		if err := o.run(); err != nil {
			return c, err
		}
	}
	var want []float32
	for i := range n {
		want = append(want, b.H(i)...)
	}
	return c, near(ortName, o.state(), want)
}

// sequence compares a number of whole sequences, T = 3528 and D = 1, through both directions
// in last mode.
func (p *peers) sequence(sequences, threads int, asked float64) (*comparison, error) {
	const steps, d = 3528, 1
	m, err := measure.Network(hidden, d, model.RunningNone, true)
	if err != nil {
		return nil, err
	}
	c := &comparison{section: "sequence", what: fmt.Sprintf("%s, %s", count(sequences, "sequence"), count(threads, "thread")),
		ours: measure.Sequence(m, sequences, steps, threads), asked: []target{{of: ortName, ratio: asked}}}
	if !p.ort {
		return c, nil
	}
	o, err := newORT(onnx.Last(m.Params.Forward, m.Params.Reverse, m.Params.ConfirmW, m.Params.ConfirmB, sequences, steps), threads)
	if err != nil {
		return c, err
	}
	c.closers = append(c.closers, o.close)
	c.add(ortName, threads, o.time)
	frames := make([][]float32, sequences)
	for i := range frames {
		frames[i] = measure.Noise(steps*d, uint64(3+i))
		for t, v := range frames[i] {
			o.data("x")[t*sequences+i] = v
		}
	}
	if err := o.run(); err != nil {
		return c, err
	}
	var want []float32
	for _, p := range m.PredictBatch(frames, threads) {
		want = append(want, p.Confirm...)
	}
	return c, near(ortName, o.data("probs"), want)
}

// confirm compares the confirmation of a segment, T = 100 and D = 40, with its single
// steps.
func confirm() (*comparison, error) {
	m, err := measure.Network(hidden, 40, model.RunningSoftmax, true)
	if err != nil {
		return nil, err
	}
	c := &comparison{section: "confirm", what: "T = 100, D = 40", ours: measure.Confirm(m, 100),
		asked: []target{{of: "100 single steps", ratio: 1.2, atMost: true}}}
	c.add("100 single steps", 1, measure.Steps(m, 100).Run)
	c.peers[0].Threads = 1
	return c, nil
}

// front compares the log-mel front end for a second of signal, which arrives in blocks of
// 10 ms.
func (p *peers) front() (*comparison, error) {
	w, err := measure.LogMel()
	if err != nil {
		return nil, err
	}
	c := &comparison{section: "front", what: "log-mel, 16 kHz, 25/10 ms, 40 bands", ours: w, asked: []target{{of: scipyName, ratio: 2}}}
	if p.torch == nil {
		return c, nil
	}
	const rate, window, hop = 16000, 400, 160
	x := measure.Noise(rate+window-hop, 7)
	f, err := feature.New(feature.Config{Kind: feature.KindLogMel}, rate, 1)
	if err != nil {
		return c, err
	}
	want := f.Push(nil, x)
	for name, atOnce := range map[string]bool{"a second at once": true, "a frame at a time": false} {
		a, err := p.torch.ask(map[string]any{"make": "front", "x": encode(x), "rate": rate, "window": window, "hop": hop, "size": 512,
			"bands": 40, "low": 20, "high": 8000, "floor": 1e-11, "at_once": atOnce})
		if err != nil {
			return c, err
		}
		c.closers = append(c.closers, func() { p.torch.drop(a.ID) })
		got, err := decode(a.Out)
		if err != nil {
			return c, err
		}
		if err := near(scipyName, got, want); err != nil {
			return c, err
		}
		c.add(scipyName+", "+name, 1, p.torch.timer(a.ID, 1))
	}
	slices.SortFunc(c.peers, func(a, b measure.Case) int { return -strings.Compare(a.Name, b.Name) })
	return c, nil
}

func count(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprint(n, " ", of)
}
