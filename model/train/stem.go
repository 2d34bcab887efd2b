package train

import (
	"math/rand/v2"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/stem"
)

// OverStem returns o, which Defaults suggested, for a network over the stem c. Without a
// stem, o stays as it is. Frames become raw, one sample per step. Filter banks keep the
// recipe of audio. Convolutions take a third of the noise of patches, undropped recurrent
// weights, and a confirm head that sees the evidence of the running one, as cross-validation
// on the training splits of ArrowHead, ECG200, GunPoint and ItalyPowerDemand showed.
func (o Options) OverStem(c stem.Config) Options {
	if c.Kind == "" {
		o.Stem = c
		return o
	}
	o.Detector = 0
	o.Stem, o.Front = c, feature.Config{Kind: feature.KindRaw, Context: o.Front.Context}
	if c.Kind == stem.KindConv {
		o.Noise, o.DropConnect, o.ConfirmEvidence = 0.1, 0, true
	}
	return o
}

// convolutions returns the stem conv in its default shape.
func convolutions() stem.Config {
	c, err := stem.Parse(string(stem.KindConv))
	if err != nil {
		panic(err) // a kind without a shape is always right
	}
	return c
}

// A stemPass runs the stem over a shard's sequences, forward and backward.
type stemPass struct {
	tapes []stem.Tape
	gains [][]float32 // of each sequence's outputs, what augmentation made of them; nil: 1
	dy    []float32
}

// forward replaces each sequence's frames by the output of the stem.
func (p *stemPass) forward(s *stem.Stem, seqs []sequence) {
	for len(p.tapes) < len(seqs) {
		p.tapes = append(p.tapes, stem.Tape{})
	}
	p.gains = p.gains[:0]
	for i := range seqs {
		q := &seqs[i]
		q.x = s.Forward(&p.tapes[i], q.x)
		q.steps, q.slot = len(q.x)/s.Dim(), i
		q.labels = ends(s, q.labels, q.steps)
		p.gains = append(p.gains, nil)
	}
}

// ends returns the labels of n frames of the stem. Each has that of the last frame below it.
func ends(s *stem.Stem, labels []int32, n int) []int32 {
	if labels == nil {
		return nil
	}
	out := make([]int32, n)
	for t := range out {
		out[t] = labels[min(s.End(t+1), len(labels))-1]
	}
	return out
}

// throughStem fills seqs with the examples of indices, augmented below and above the stem.
func (t *trainer) throughStem(w *worker, seqs []sequence, u int, indices []int) {
	under, over := below(t.config, t.o), above(t.config, t.o)
	rngs := make([]*rand.Rand, len(seqs))
	for i, x := range indices {
		rngs[i] = random(t.o.Seed, forExample, u, x)
		seqs[i] = t.train.visit(x, &under, u, rngs[i])
	}
	w.stem.forward(t.ls.stem, seqs)
	for i := range seqs {
		w.stem.augment(t.config, &over, rngs[i], &seqs[i])
	}
}

// in returns the number of inputs per timestep of the lowest layer.
func (ls *layers) in() int { return ls.all[0].In() }

// augment changes the features that forward left, as o says, with random numbers from rng.
func (p *stemPass) augment(c *model.Config, o *Options, rng *rand.Rand, q *sequence) {
	d := c.Stem.Dim()
	front := feature.Config{Kind: feature.KindRaw}
	if c.Stem.Kind == stem.KindGabor {
		front = feature.Config{Kind: feature.KindLogMel, Bands: d}
	}
	p.gains[q.slot] = changeFeatures(o, rng, q.x, d, &front)
}

// backward adds the gradient on the stem's weights to g; dx is the gradient on b.x.
func (p *stemPass) backward(s *stem.Stem, g *stem.Gradient, b *batch, dx []float32) {
	d := s.Dim()
	for i, q := range b.seqs {
		p.dy = f32.Grow(p.dy, q.steps*d)
		for t := range q.steps {
			copy(p.dy[t*d:(t+1)*d], dx[b.row(i, t)*d:])
		}
		if gain := p.gains[q.slot]; gain != nil {
			for j := range p.dy {
				p.dy[j] *= gain[j%d]
			}
		}
		s.Backward(&p.tapes[q.slot], g, p.dy)
	}
}

// below and above divide augmentation into that of the frames under a stem and that of its
// outputs. Noise, gain and offset belong to signals, so if filters make a spectrum of the
// sound, they change that, as with log-mel. Features are dropped above, because a channel
// dropped below would often be the only one.
func below(c *model.Config, o Options) Options {
	o.Dropout = 0
	if c.Stem.Kind == stem.KindGabor {
		o.Noise, o.Jitter = 0, 0
	}
	return o
}

func above(c *model.Config, o Options) Options {
	o.Crop = 0
	if c.Stem.Kind == stem.KindConv {
		o.Noise, o.Jitter = 0, 0
	}
	return o
}

// constants returns the normalisation of frames if it is not fitted to them; nil if it is.
// Layers of another model bring theirs. Gabor filters take samples as they are, so that
// their floor is relative to full scale.
func (o *Options) constants() *corpus {
	if o.Init != nil {
		return &corpus{mean: o.Init.Params.Mean, scale: o.Init.Params.Scale}
	}
	if o.Stem.Kind != stem.KindGabor {
		return nil
	}
	return &corpus{mean: []float32{0}, scale: []float32{1}}
}
