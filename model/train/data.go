package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// A corpus is a set with the frames of every example, and what changed frames are made from.
type corpus struct {
	set        *dataset.Set
	origin     *dataset.Set // whose examples, or pieces of them, set has
	front      feature.Config
	dim        int
	plain      [][]float32 // normalised frames without augmentation
	labels     [][]int32   // of an example's frames; nil: it, or every one, has one label
	background []int       // examples
	mean       []float32
	scale      []float32

	variants [][][]float32 // of an example, with changed samples
	gain     []float32     // of borrowed variants; nil: they are normalised as plain is
	shift    []float32
	ends     []int      // of text: where each example's passage ends, an example
	space    float32    // of text: the code of what stands between two of them
	names    *nameTable // of text, where they are swapped

	cuts []piece   // of recordings, where what comes next is learned; nil: labels
	unit []float32 // D, the naive forecast's error on them
}

// newCorpus extracts the frames of every example. If z is nil it fits the normalisation
// constants, otherwise it uses those of z.
func newCorpus(set *dataset.Set, front feature.Config, z *corpus, workers int) (*corpus, error) {
	c := &corpus{set: set, origin: set, front: front, plain: make([][]float32, len(set.Examples)),
		background: backgrounds(set)}
	if set.Stepwise() {
		c.labels = make([][]int32, len(set.Examples))
	}
	x, err := feature.New(front, set.Rate, set.Channels)
	if err != nil {
		return nil, err
	}
	c.dim = x.Dim()
	errs := make([]error, len(set.Examples))
	parallel.Workers(len(set.Examples), workers, func(_, i int) {
		e := &set.Examples[i]
		c.plain[i], errs[i] = extract(front, e, set.Channels, e.Samples)
		if e.Steps != nil {
			c.labels[i] = stepLabels(x, len(c.plain[i])/c.dim, e.Steps)
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	switch {
	case front.Kind == feature.KindChars:
		c.mean, c.scale = []float32{0}, []float32{1} // codes stay what they are
		c.passages(x)
	case z != nil:
		c.mean, c.scale = z.mean, z.scale
	default:
		var n feature.Normalizer
		for _, f := range c.plain {
			n.Add(f, c.dim)
		}
		c.mean, c.scale = n.Constants()
	}
	for _, f := range c.plain {
		c.normalize(f)
	}
	return c, nil
}

// extract returns the frames of one whole example.
func extract(front feature.Config, e *dataset.Example, channels int, samples []float32) ([]float32, error) {
	x, err := feature.New(front, e.Rate, channels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Name, err)
	}
	if front.Context > 0 {
		x.SetContext(e.Context)
	}
	f := x.Flush(x.Push(nil, samples))
	if len(f) == 0 {
		return nil, fmt.Errorf("%s: too short for a single step: %d samples; leave it out", e.Name, len(samples)/channels)
	}
	for i, v := range f {
		if v-v != 0 {
			return nil, fmt.Errorf("%s: feature %d of step %d is %v: remove or repair the example", e.Name, i%x.Dim(), i/x.Dim()+1, v)
		}
	}
	return f, nil
}

// stepsOf returns the labels of example i's frames, or nil if it has a single label.
func (c *corpus) stepsOf(i int) []int32 {
	if c.labels == nil {
		return nil
	}
	return c.labels[i]
}

func (c *corpus) normalize(frames []float32) {
	for i, v := range frames {
		j := i % c.dim
		frames[i] = (v - c.mean[j]) * c.scale[j]
	}
}

// sequence returns example i without augmentation.
func (c *corpus) sequence(i int) sequence {
	if c.cuts != nil {
		return c.ahead(i, 0)
	}
	return sequence{x: c.plain[i], steps: len(c.plain[i]) / c.dim, label: c.set.Examples[i].Label, labels: c.stepsOf(i), index: i}
}

// variantsEach is the number of changed copies of each example's samples that are made
// before training; each visit draws one of them. maxVariants bounds the size of all of them.
const (
	variantsEach = 8
	maxVariants  = 64 << 20 // values
)

// vary is varyUntil for as long as it takes.
func (c *corpus) vary(o *Options, workers int) { c.varyUntil(context.Background(), o, workers) }

// varyUntil makes the variants of every example if o changes samples, and finds the words to
// swap. If ctx ends, it leaves some out.
func (c *corpus) varyUntil(ctx context.Context, o *Options, workers int) {
	if o.SwapNames > 0 || o.SwapWords > 0 {
		c.names = findNames(c.set, c.plain)
	}
	if !o.changesSamples(c.set.Kind) {
		return
	}
	values := 1
	for _, f := range c.plain {
		values += len(f)
	}
	each := min(variantsEach, maxVariants/values)
	if each < 1 {
		return
	}
	c.variants = make([][][]float32, len(c.plain))
	parallel.Workers(len(c.plain), workers, func(_, i int) {
		e := &c.set.Examples[i]
		for v := range each {
			if ctx.Err() != nil {
				return
			}
			rng := random(o.Seed, forVariant, v, i)
			frames := c.plain[i]
			if f, err := extract(c.front, e, c.set.Channels, changedSamples(o, rng, c.set, e)); err == nil {
				c.normalize(f)
				frames = f
			}
			c.variants[i] = append(c.variants[i], frames)
		}
	})
}

// whole returns the total weight of the examples, with every class weighing 1.
func (c *corpus) whole(indices []int) float64 {
	if c.cuts == nil {
		return float64(len(indices))
	}
	n := 0
	for _, i := range indices {
		n += c.cuts[i].counted
	}
	return float64(n)
}

// augmented returns example i, changed as o says with random numbers from rng.
func (c *corpus) augmented(i int, o *Options, rng *rand.Rand) sequence {
	if c.cuts != nil {
		return c.ahead(i, rng.IntN(c.cuts[i].room+1))
	}
	if c.front.Kind == feature.KindChars {
		frames := augmentCodes(o, rng, c.joined(i, o, rng))
		return sequence{x: frames, steps: len(frames), label: c.set.Examples[i].Label, index: i}
	}
	frames := augmentFrames(o, rng, c.drawn(i, rng), c.dim, &c.front)
	s := sequence{x: frames, steps: len(frames) / c.dim, label: c.set.Examples[i].Label, index: i}
	if l := c.stepsOf(i); l != nil {
		s.labels = slices.Clone(l[len(l)-s.steps:])
		s.warmUp()
	}
	return s
}

// drawn returns a copy of example i or of a random variant of it.
func (c *corpus) drawn(i int, rng *rand.Rand) []float32 {
	if c.variants == nil {
		return slices.Clone(c.plain[i])
	}
	frames := slices.Clone(c.variants[i][rng.IntN(len(c.variants[i]))])
	c.renormalize(frames)
	return frames
}

// steps returns the longest and the mean number of timesteps.
func (c *corpus) steps() (longest int, mean float64) {
	for _, f := range c.plain {
		n := len(f) / c.dim
		longest = max(longest, n)
		mean += float64(n) / float64(len(c.plain))
	}
	return longest, mean
}

// classScales returns the weights of the classes, 1 on average over the examples. If
// balanced they are proportional to the inverse frequency raised to power, otherwise they
// are all 1.
func classScales(set *dataset.Set, balanced bool, power float64) []float64 {
	w := make([]float64, len(set.Labels))
	for i := range w {
		w[i] = 1
	}
	if !balanced {
		return w
	}
	count, total := set.Counts(), len(set.Examples)
	if set.Stepwise() {
		count, total = set.SampleCounts(), 0
		for _, n := range count {
			total += n
		}
	}
	weight := 0.0
	for i, n := range count {
		w[i] = float64(total) / (float64(len(w)) * math.Max(float64(n), 1))
		if power != 1 {
			w[i] = math.Pow(w[i], power)
		}
		weight += float64(w[i] * float64(n))
	}
	for i := range w {
		if power != 1 {
			w[i] *= float64(total) / weight
		}
	}
	return w
}

// An evaluation is the outcome of running the network over a corpus without augmentation.
type evaluation struct {
	loss             float64
	confirm, running float64 // accuracies
	most, n          int     // predictions of the most predicted class; examples
	finals           []calibrate.HeldOut
}

func (c *corpus) config(o *Options) *model.Config {
	if o.Next != nil {
		return &model.Config{Version: 1, Labels: []string{}, Rate: c.set.Rate, Channels: c.set.Channels, Names: c.set.Names, Units: c.set.Units, Front: c.front,
			Hidden: o.Hidden, Layers: o.Layers, Running: model.RunningNone, Next: o.Next, Segment: o.Segment,
			Decision: decide.Config{State: "reset", Gap: "reset"}}
	}
	d := decide.Config{State: "reset", Gap: "reset"}
	if o.Carry > 0 || c.origin.Stepwise() {
		d.State = "carry"
	}
	cut := o.Segment
	if cut.Kind == segment.Label {
		cut = segment.Config{Kind: segment.Whole} // until the model has its detector
	}
	names, units := c.set.Names, c.set.Units
	if c.set.Kind == dataset.Beats {
		names, units = nil, nil // other records call the same leads otherwise: the origin has them
	}
	return &model.Config{Version: 1, Labels: c.set.Labels, Rate: c.set.Rate, Channels: c.set.Channels, Names: names, Units: units,
		Front: c.front, Stem: o.Stem, Hidden: o.Hidden, Layers: o.Layers, Running: o.Running, Confirm: !o.NoConfirm,
		ConfirmEvidence: o.ConfirmEvidence && !o.NoConfirm && o.Running != model.RunningNone, Segment: cut,
		Decision: d}
}
