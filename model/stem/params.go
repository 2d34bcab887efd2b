package stem

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Params holds the parameters of a stem: what training changes and the model file
// stores.
type Params struct {
	Layers []LayerParams // conv

	// Gabor, one value per filter.
	Centre      []float32 // mel, 2595·log10(1+f/700)
	Bandwidth   []float32 // ln of the standard deviation in Hz of the filter's response
	Mean, Scale []float32 // the log power y is normalised to (y−mean)·scale
}

// LayerParams holds the parameters of a convolution in the layout of torch.nn.Conv1d.
type LayerParams struct {
	In, Kernel int
	Weight     []float32 // channels×in×kernel
	Bias       []float32 // channels
}

// A Tensor is one named array of a Params, with its shape in the model file.
type Tensor struct {
	Name    string
	Shape   []int
	Data    []float32
	Fixed   bool    // computed from the data, not trained
	NoDecay bool    // exempt from weight decay
	Rate    float64 // factor on the learning rate; 0: 1
}

// NewParams returns parameters that are zero, except Scale, which is 1, for the stem
// that c describes and frames of in features.
func NewParams(c *Config, in int) *Params {
	p := &Params{}
	if c.Kind == KindGabor {
		p.Centre, p.Bandwidth = make([]float32, c.Filters), make([]float32, c.Filters)
		p.Mean, p.Scale = make([]float32, c.Filters), make([]float32, c.Filters)
		for i := range p.Scale {
			p.Scale[i] = 1
		}
	}
	for _, l := range c.Layers {
		p.Layers = append(p.Layers, LayerParams{In: in, Kernel: l.Kernel,
			Weight: make([]float32, l.Channels*in*l.Kernel), Bias: make([]float32, l.Channels)})
		in = l.Channels
	}
	return p
}

// Factors on the learning rate, chosen so that in a training a centre moves by about
// one band and a bandwidth by half.
const (
	centreRate    = 20
	bandwidthRate = 0.3
)

// Tensors returns every array in the order of the model file.
func (p *Params) Tensors() (ts []Tensor) {
	for i, l := range p.Layers {
		name, n := fmt.Sprintf("stem.%d.", i), len(l.Bias)
		ts = append(ts, Tensor{Name: name + "weight", Shape: []int{n, l.In, l.Kernel}, Data: l.Weight},
			Tensor{Name: name + "bias", Shape: []int{n}, Data: l.Bias, NoDecay: true})
	}
	if p.Centre != nil {
		shape := []int{len(p.Centre)}
		ts = append(ts, Tensor{Name: "stem.centre", Shape: shape, Data: p.Centre, NoDecay: true, Rate: centreRate},
			Tensor{Name: "stem.bandwidth", Shape: shape, Data: p.Bandwidth, NoDecay: true, Rate: bandwidthRate},
			Tensor{Name: "stem.mean", Shape: shape, Data: p.Mean, Fixed: true},
			Tensor{Name: "stem.scale", Shape: shape, Data: p.Scale, Fixed: true})
	}
	return ts
}

// Init draws initial weights for the convolutions: He normal (He et al. 2015) with zero
// bias. Fit sets the others.
func (p *Params) Init(rng *rand.Rand) {
	for _, l := range p.Layers {
		sd := math.Sqrt(2 / float64(l.In*l.Kernel))
		for i := range l.Weight {
			l.Weight[i] = float32(sd * rng.NormFloat64())
		}
	}
}

// spread makes the centres of the filters equidistant on the mel scale, with
// bandwidths at which neighbours intersect at half their power.
func (p *Params) spread(c *Config) {
	low, high := mel(c.LowHz), mel(c.HighHz)
	step := (high - low) / float64(c.Filters+1)
	for i := range p.Centre {
		m := low + step*float64(i+1)
		p.Centre[i] = float32(m)
		width := unmel(m+step/2) - unmel(m-step/2)
		p.Bandwidth[i] = float32(math.Log(width / (2 * math.Sqrt(math.Ln2))))
	}
}

func mel(hz float64) float64    { return 2595 * math.Log10(1+hz/700) }
func unmel(mel float64) float64 { return 700 * (math.Pow(10, mel/2595) - 1) }
