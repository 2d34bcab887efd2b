//go:build !edge

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/quantize"
	"inkling/model/segment"
)

type quantizeCmd struct {
	Model     string `arg:"" help:"A model file, or bundled:notes."`
	Data      string `arg:"" help:"Data as for train: the split 'train' says how large the model's inputs are, unless --split is given; on the split 'test' the two models are compared."`
	Out       string `short:"o" required:"" help:"File for the integer model." placeholder:"SMALL"`
	readFlags `group:"Data"`
	Examples  int  `within:"1..1e9" short:"n" help:"How many examples to take at most, for each of the two." default:"2000"`
	JSON      bool `help:"Print one JSON object."`
}

func (c *quantizeCmd) Help() string {
	return `The integer model has weights of eight bits and computes with integers from the frames of the front end to the logits of its heads. It takes a quarter of the bytes, is faster, and says the same, to the bit, on every processor. run, serve, worker, eval, tune and verify take it like any other; training goes on only from the float model.`
}

// quantized is what quantize prints.
type quantized struct {
	Model        string `json:"model"`
	Hash         string `json:"hash"`
	Bytes        int    `json:"bytes"` // of the file
	FloatBytes   int    `json:"float_bytes"`
	Weights      int    `json:"weights"` // bytes of them
	FloatWeights int    `json:"float_weights"`
	*quantize.Agreement
}

func (c *quantizeCmd) Run(a *app) error {
	if sameFile(c.Model, c.Out) {
		return usagef("-o %s is the model itself, which training can go on from and an integer model cannot: give another file", c.Out)
	}
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	calibration, err := quantize.New(m)
	if err != nil {
		return err
	}
	set, err := c.examples(a, m)
	if err != nil {
		return err
	}
	fit, test, err := c.divide(set)
	if err != nil {
		return err
	}
	err = c.each(a, m, fit, func(frames []float32, _ int) { calibration.Add(frames) })
	if err != nil {
		return err
	}
	small, err := calibration.Model()
	if err != nil {
		return err
	}
	agreement := quantize.NewAgreement(m, small)
	if err := c.each(a, m, test, agreement.Add); err != nil {
		return err
	}
	if err := atomicfile.WriteFile(c.Out, small.Save); err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return c.print(a, &quantized{Model: c.Out, Hash: small.Hash(), Bytes: len(small.Bytes()), FloatBytes: len(m.Bytes()),
		Weights: small.Params.Bytes(), FloatWeights: m.Params.Bytes(), Agreement: agreement})
}

// sameFile reports whether two names are those of one file.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// examples reads DATA.
func (c *quantizeCmd) examples(a *app, m *model.Model) (*dataset.Set, error) {
	c.model, c.recordings = &m.Config, m.HasNext()
	if m.Config.Segment.Kind == segment.Beat && !m.HasNext() {
		c.Segment = segment.Beat
	}
	return c.open(a, c.Data, m.Config.Rate)
}

// divide returns the examples to calibrate with and those to compare on.
func (c *quantizeCmd) divide(set *dataset.Set) (fit, test *dataset.Set, err error) {
	if c.Split != "" && c.Segment != segment.Beat { // which are read by split
		fit, err = set.Split(c.Split)
		return fit, fit, err
	}
	if test, err = set.Test(); err != nil {
		return nil, nil, err
	}
	if fit, err = set.Split(dataset.TrainSplit); err != nil {
		fit = test // the data have no splits
	}
	return fit, test, nil
}

// each calls f with the frames and the label of the examples, evenly chosen.
func (c *quantizeCmd) each(a *app, m *model.Model, set *dataset.Set, f func(frames []float32, label int)) error {
	front, err := m.FrontOf(set.Channels)
	if err != nil {
		return err
	}
	n := len(set.Examples)
	if c.Examples > 0 {
		n = min(n, c.Examples)
	}
	for i := range n {
		if err := a.ctx.Err(); err != nil {
			return err
		}
		e := &set.Examples[i*len(set.Examples)/n]
		front.Reset()
		if len(e.Context) > 0 {
			front.SetContext(e.Context)
		}
		frames := front.Push(nil, e.Samples)
		label := -1
		if !m.HasNext() {
			frames = front.Flush(frames)
			if e.Steps == nil && e.Label >= 0 && e.Label < len(set.Labels) {
				label = slices.Index(m.Config.Labels, set.Labels[e.Label])
			}
		}
		f(frames, label)
	}
	return nil
}

func (c *quantizeCmd) print(a *app, q *quantized) error {
	if c.JSON {
		return json.NewEncoder(a.data()).Encode(q)
	}
	fmt.Fprintf(a.stdout, "%s: %d bytes, %d of them weights, %.3f of the float model's %d\n", q.Model, q.Bytes, q.Weights, float64(q.Weights)/float64(q.FloatWeights), q.FloatWeights)
	fmt.Fprintf(a.stdout, "beside the float model, on %d examples:\n", q.Examples)
	if q.Running != nil {
		fmt.Fprintf(a.stdout, "  running label the same   %.2f %% of %d steps\n", 100**q.Running, q.Steps)
	}
	if q.Confirmed != nil {
		fmt.Fprintf(a.stdout, "  label at the end         %.2f %% the same\n", 100**q.Confirmed)
	}
	if q.Truth != nil {
		fmt.Fprintf(a.stdout, "  right at the end         %d of %d; the float model: %d\n", q.Right, q.Labelled, q.FloatRight)
	}
	fmt.Fprintf(a.stdout, "  greatest difference      %.4g\n", q.Greatest)
	return nil
}
