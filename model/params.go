package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"inkling/cell"
	"inkling/model/stem"
)

// Params are the numbers of a network: what training changes and the model
// file stores. H is Config.Hidden, C the number of labels, D the front end's
// features a frame, before the stem. Of text D is 1, a code, and the lowest layer has a
// column of input weights for each of K codes.
type Params struct {
	Mean, Scale []float32       // D each: a frame's feature x becomes (x−mean)·scale
	Stem        *stem.Params    // nil without one; then its frames are what the lowest layer takes
	Lower       []*cell.Weights // causal layers below, D→H, H→H, …
	Forward     *cell.Weights   // the streaming cell, on top of Lower
	Reverse     *cell.Weights   // nil without a confirm head
	RunningW    []float32       // C×H, nil without a running head
	RunningB    []float32       // C
	ConfirmW    []float32       // C×2H: the forward half of a row first
	ConfirmB    []float32       // C
	ConfirmE    []float32       // C, factors of the running logits; nil without Config.ConfirmEvidence
	NextW       []float32       // QD×H, D rows a quantile; of text K×H; nil without Config.Next
	NextB       []float32       // QD or K
	NextScale   []float32       // D: a value's unit of the head; nil of text

	// Aux are heads that training alone has, one on each half of the top layer: rows of
	// sums for the codes, those of a bias and of each hidden unit. Nil in every model.
	Aux [2][]float32
}

// A Tensor is one named array of a Params, shaped as the model file has it. Data
// is the Params' own memory.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
	Fixed bool // front.mean, front.scale and next.scale: fitted, not trained

	NoDecay bool    // weight decay leaves it alone
	Rate    float64 // factor on its learning rate; 0: 1
}

// NewParams returns zero parameters of the network that c describes, for
// frames of dim features; Scale is 1.
func NewParams(c *Config, dim int) *Params {
	h, n := c.Hidden, len(c.Labels)
	p := &Params{Mean: make([]float32, dim), Scale: make([]float32, dim)}
	for i := range p.Scale {
		p.Scale[i] = 1
	}
	in := c.columns(dim)
	if c.HasStem() {
		p.Stem, in = stem.NewParams(&c.Stem, dim), c.Stem.Dim()
	}
	for range c.Layers - 1 {
		p.Lower = append(p.Lower, cell.NewWeights(in, h))
		in = h
	}
	p.Forward = cell.NewWeights(in, h)
	if c.Running != RunningNone {
		p.RunningW, p.RunningB = make([]float32, n*h), make([]float32, n)
	}
	if c.Confirm {
		p.Reverse = cell.NewWeights(in, h)
		p.ConfirmW, p.ConfirmB = make([]float32, n*2*h), make([]float32, n)
		if c.ConfirmEvidence {
			p.ConfirmE = make([]float32, n)
		}
	}
	if c.Next != nil {
		rows := c.outputs(dim)
		p.NextW, p.NextB = make([]float32, rows*h), make([]float32, rows)
		for range dim {
			if !c.Text() {
				p.NextScale = append(p.NextScale, 1)
			}
		}
	}
	return p
}

// columns is how many columns the lowest layer's input weights have for frames of dim
// features: as many, or one a code.
func (c *Config) columns(dim int) int {
	if n := c.Front.Codes(); n > 0 {
		return n
	}
	return dim
}

// Init draws starting values: the stem as stem.Params.Init, each direction as
// cell.Weights.Init, heads Glorot uniform (Glorot and Bengio 2010) with zero bias, the
// evidence's factors 1, the head of what comes next zero.
func (p *Params) Init(rng *rand.Rand) {
	if p.Stem != nil {
		p.Stem.Init(rng)
	}
	for _, w := range p.Lower {
		w.Init(rng)
	}
	p.Forward.Init(rng)
	if p.Reverse != nil {
		p.Reverse.Init(rng)
	}
	glorot(p.RunningW, len(p.RunningB), rng)
	glorot(p.ConfirmW, len(p.ConfirmB), rng)
	for i := range p.ConfirmE {
		p.ConfirmE[i] = 1
	}
}

func glorot(w []float32, rows int, rng *rand.Rand) {
	if rows == 0 {
		return
	}
	limit := math.Sqrt(6 / float64(rows+len(w)/rows))
	for i := range w {
		w[i] = float32((2*rng.Float64() - 1) * limit)
	}
}

// Tensors lists every array in the order of the model file. Names are those of
// a PyTorch module with lstm = nn.LSTM(D, H, bidirectional=True).
func (p *Params) Tensors() []Tensor {
	d := len(p.Mean)
	ts := []Tensor{
		{Name: "front.mean", Shape: []int{d}, Data: p.Mean, Fixed: true},
		{Name: "front.scale", Shape: []int{d}, Data: p.Scale, Fixed: true},
	}
	if p.Stem != nil {
		for _, t := range p.Stem.Tensors() {
			ts = append(ts, Tensor(t))
		}
	}
	for i, w := range p.Lower {
		ts = appendCell(ts, fmt.Sprintf("lower.%d.", i), "_l0", w)
	}
	ts = appendCell(ts, "lstm.", "_l0", p.Forward)
	if p.Reverse != nil {
		ts = appendCell(ts, "lstm.", "_l0_reverse", p.Reverse)
	}
	ts = appendHead(ts, "running", p.RunningW, p.RunningB)
	ts = appendHead(ts, "confirm", p.ConfirmW, p.ConfirmB)
	if p.ConfirmE != nil {
		ts = append(ts, Tensor{Name: "confirm.evidence", Shape: []int{len(p.ConfirmE)}, Data: p.ConfirmE})
	}
	ts = appendHead(ts, "next", p.NextW, p.NextB)
	if p.NextScale != nil {
		ts = append(ts, Tensor{Name: "next.scale", Shape: []int{d}, Data: p.NextScale, Fixed: true})
	}
	for i, w := range p.Aux {
		if w != nil {
			ts = append(ts, Tensor{Name: fmt.Sprintf("aux.%d", i), Shape: []int{len(w)}, Data: w})
		}
	}
	return ts
}

func appendCell(ts []Tensor, prefix, suffix string, w *cell.Weights) []Tensor {
	rows := 4 * w.Hidden
	return append(ts,
		Tensor{Name: prefix + "weight_ih" + suffix, Shape: []int{rows, w.In}, Data: w.IH},
		Tensor{Name: prefix + "weight_hh" + suffix, Shape: []int{rows, w.Hidden}, Data: w.HH},
		Tensor{Name: prefix + "bias_ih" + suffix, Shape: []int{rows}, Data: w.BiasIH, NoDecay: true},
		Tensor{Name: prefix + "bias_hh" + suffix, Shape: []int{rows}, Data: w.BiasHH, NoDecay: true})
}

func appendHead(ts []Tensor, name string, w, b []float32) []Tensor {
	if b == nil {
		return ts
	}
	return append(ts,
		Tensor{Name: name + ".weight", Shape: []int{len(b), len(w) / len(b)}, Data: w},
		Tensor{Name: name + ".bias", Shape: []int{len(b)}, Data: b, NoDecay: true})
}

// Clone returns a deep copy.
func (p *Params) Clone(c *Config) *Params {
	q := NewParams(c, len(p.Mean))
	for i, w := range p.Aux {
		q.Aux[i] = slices.Clone(w)
	}
	q.CopyFrom(p)
	return q
}

// CopyFrom copies the values of a network of the same shape.
func (p *Params) CopyFrom(o *Params) {
	src := o.Tensors()
	for i, t := range p.Tensors() {
		if len(t.Data) != len(src[i].Data) {
			panic("model: CopyFrom: " + t.Name + " differs in size")
		}
		copy(t.Data, src[i].Data)
	}
}
