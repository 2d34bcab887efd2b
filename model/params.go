package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"inkling/cell"
	"inkling/model/stem"
)

// Params holds the parameters of a network: what training changes and the model file
// stores. H is Config.Hidden, C the number of labels, and D the number of features
// per frame of the front end, before the stem. For text D is 1, a code, and the
// lowest layer has a column of input weights for each of the K codes.
type Params struct {
	Mean, Scale []float32       // D each: feature x is normalised to (x−mean)·scale
	Stem        *stem.Params    // nil without a stem
	Lower       []*cell.Weights // causal layers below the top, D→H, H→H, …
	Forward     *cell.Weights   // forward half of the top layer
	Reverse     *cell.Weights   // backward half; nil without a confirm head
	RunningW    []float32       // C×H; nil without a running head
	RunningB    []float32       // C
	ConfirmW    []float32       // C×2H; the forward half comes first in each row
	ConfirmB    []float32       // C
	ConfirmE    []float32       // C factors of the running logits; nil without Config.ConfirmEvidence
	NextW       []float32       // QD×H, D rows per quantile, or K×H for text; nil without Config.Next
	NextB       []float32       // QD or K
	Detector    *cell.Weights   // D→Config.Detector.Hidden; nil without a detector
	DetectorW   []float32       // Detector.Hidden
	DetectorB   []float32       // 1
	NextScale   []float32       // D: the scale of each output; nil for text

	// With Config.Precision Int8, weights are integers times a factor: for the layers
	// see cell.Weights; for the heads there is one for each row. Otherwise these are nil.
	RunningRows, ConfirmRows, NextRows, DetectorRows []float32

	// Aux holds auxiliary heads that exist only during training, one on each half of
	// the top layer: for a bias and for each hidden unit a row of sums, one sum per
	// code. They are nil in every model.
	Aux [2][]float32
}

// A Tensor is one named array of a Params, with its shape in the model file. Data is
// the memory of the Params itself.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
	Fixed bool // computed from the data, not trained: front.mean, front.scale, next.scale

	// Row and Column are the factors of integers: element (i, j) is an integer from −127
	// to 127 times Row[i], and times Column[j] unless Column is nil. A nil Row: float32.
	Row, Column []float32

	NoDecay bool    // exempt from weight decay
	Rate    float64 // factor on the learning rate; 0: 1
}

// NewParams returns parameters that are zero, except Scale, which is 1, for the
// network that c describes and frames of dim features.
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
	if d := c.Detector; d != nil {
		p.Detector, p.DetectorW, p.DetectorB = cell.NewWeights(dim, d.Hidden), make([]float32, d.Hidden), make([]float32, 1)
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
	if c.Integer() {
		p.addFactors()
	}
	return p
}

// addFactors gives all weights factors of 1, that is integers.
func (p *Params) addFactors() {
	ones := func(n int) []float32 { return slices.Repeat([]float32{1}, n) }
	for _, w := range p.cells() {
		w.Rows, w.Inputs = ones(4*w.Hidden), ones(w.In)
	}
	p.RunningRows, p.ConfirmRows = ones(len(p.RunningB)), ones(len(p.ConfirmB))
	p.NextRows, p.DetectorRows = ones(len(p.NextB)), ones(len(p.DetectorB))
}

// cells returns the weights of every layer.
func (p *Params) cells() (all []*cell.Weights) {
	for _, w := range append(slices.Clone(p.Lower), p.Forward, p.Reverse, p.Detector) {
		if w != nil {
			all = append(all, w)
		}
	}
	return all
}

// columns returns the number of columns of the lowest layer's input weights for frames
// of dim features: dim, or one per code.
func (c *Config) columns(dim int) int {
	if n := c.Front.Codes(); n > 0 {
		return n
	}
	return dim
}

// Init draws initial values: stem.Params.Init for the stem, cell.Weights.Init for each
// direction, and Glorot uniform weights (Glorot and Bengio 2010) with zero bias for
// the running and confirm heads. ConfirmE becomes 1. NextW and NextB stay zero.
func (p *Params) Init(rng *rand.Rand) {
	if p.Stem != nil {
		p.Stem.Init(rng)
	}
	for _, w := range p.Lower {
		w.Init(rng)
	}
	p.Forward.Init(rng)
	if p.Detector != nil {
		p.Detector.Init(rng)
		glorot(p.DetectorW, 1, rng)
	}
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

// Tensors returns every array in the order of the model file. The names are those of
// a PyTorch module with lstm = nn.LSTM(D, H, bidirectional=True).
func (p *Params) Tensors() []Tensor {
	d := len(p.Mean)
	ts := []Tensor{
		{Name: "front.mean", Shape: []int{d}, Data: p.Mean, Fixed: true},
		{Name: "front.scale", Shape: []int{d}, Data: p.Scale, Fixed: true},
	}
	if p.Stem != nil {
		for _, t := range p.Stem.Tensors() {
			ts = append(ts, Tensor{Name: t.Name, Shape: t.Shape, Data: t.Data, Fixed: t.Fixed, NoDecay: t.NoDecay, Rate: t.Rate})
		}
	}
	for i, w := range p.Lower {
		ts = appendCell(ts, fmt.Sprintf("lower.%d.", i), "_l0", w)
	}
	ts = appendCell(ts, "lstm.", "_l0", p.Forward)
	if p.Reverse != nil {
		ts = appendCell(ts, "lstm.", "_l0_reverse", p.Reverse)
	}
	ts = appendHead(ts, "running", p.RunningW, p.RunningB, p.RunningRows)
	ts = appendHead(ts, "confirm", p.ConfirmW, p.ConfirmB, p.ConfirmRows)
	if p.ConfirmE != nil {
		ts = append(ts, Tensor{Name: "confirm.evidence", Shape: []int{len(p.ConfirmE)}, Data: p.ConfirmE})
	}
	if p.Detector != nil {
		ts = appendCell(ts, "detector.", "_l0", p.Detector)
		ts = appendHead(ts, "detector.out", p.DetectorW, p.DetectorB, p.DetectorRows)
	}
	ts = appendHead(ts, "next", p.NextW, p.NextB, p.NextRows)
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
	ts = append(ts,
		Tensor{Name: prefix + "weight_ih" + suffix, Shape: []int{rows, w.In}, Data: w.IH, Row: w.Rows, Column: w.Inputs},
		Tensor{Name: prefix + "weight_hh" + suffix, Shape: []int{rows, w.Hidden}, Data: w.HH, Row: w.Rows},
		Tensor{Name: prefix + "bias_ih" + suffix, Shape: []int{rows}, Data: w.BiasIH, NoDecay: true})
	if w.Rows == nil {
		return append(ts, Tensor{Name: prefix + "bias_hh" + suffix, Shape: []int{rows}, Data: w.BiasHH, NoDecay: true})
	}
	return append(ts, factors(prefix+"rows"+suffix, w.Rows), factors(prefix+"inputs"+suffix, w.Inputs))
}

func appendHead(ts []Tensor, name string, w, b, rows []float32) []Tensor {
	if b == nil {
		return ts
	}
	ts = append(ts,
		Tensor{Name: name + ".weight", Shape: []int{len(b), len(w) / len(b)}, Data: w, Row: rows},
		Tensor{Name: name + ".bias", Shape: []int{len(b)}, Data: b, NoDecay: true})
	if rows != nil {
		ts = append(ts, factors(name+".rows", rows))
	}
	return ts
}

func factors(name string, values []float32) Tensor {
	return Tensor{Name: name, Shape: []int{len(values)}, Data: values, Fixed: true}
}

// Clone returns a deep copy of the parameters of a network that c describes.
func (p *Params) Clone(c *Config) *Params {
	q := NewParams(c, len(p.Mean))
	for i, w := range p.Aux {
		q.Aux[i] = slices.Clone(w)
	}
	q.CopyFrom(p)
	return q
}

// CopyFrom copies the values of o, which must have the same shape.
func (p *Params) CopyFrom(o *Params) {
	src := o.Tensors()
	for i, t := range p.Tensors() {
		if len(t.Data) != len(src[i].Data) {
			panic(fmt.Sprintf("model: CopyFrom: tensor %s has %d values, want %d", t.Name, len(src[i].Data), len(t.Data)))
		}
		copy(t.Data, src[i].Data)
	}
}
