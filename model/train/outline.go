package train

import (
	"cmp"
	"fmt"
	"slices"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/stem"
)

// An Outline describes the network that Fit would train, before any training.
type Outline struct {
	Model *model.Model // its layers and labels are those of Fit's model; its parameters are random

	// Steps of the shortest, the median and the longest example, after the stem; 0 for
	// recordings that are cut into pieces.
	Least, Median, Most int

	Notes []Note // what may not be meant
}

// A Note is what may not be meant in options that can be trained by.
type Note struct {
	Field string // of Options: "Front.Samples"
	Text  string
}

// mostOutlined is the greatest number of parameters of a network that is outlined.
const mostOutlined = 1 << 25

// longSequence is the number of steps from which on a network learns slowly.
const longSequence = 1000

// NewOutline returns the outline of what Fit would train on set by o, or the error with which
// Fit would refuse them. It does not look at the samples, so errors in them are not found.
func NewOutline(set *dataset.Set, o Options) (*Outline, error) {
	if err := o.checkCut(); err != nil {
		return nil, err
	}
	o, set, err := o.outlined(set)
	if err != nil {
		return nil, err
	}
	x, err := feature.New(o.Front, set.Rate, set.Channels)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	c := (&corpus{set: set, origin: set, front: o.Front}).config(&o)
	if o.Detector > 0 {
		c.Detector, c.Segment = &model.DetectorConfig{Hidden: o.Detector}, o.Segment
	}
	if n := roughly(c, x.Dim()); n > mostOutlined {
		return nil, fmt.Errorf("train.Options.Hidden is %d and train.Options.Layers %d: about %d million parameters, and up to %d million are outlined: give fewer units or layers", o.Hidden, o.Layers, n>>20, mostOutlined>>20)
	}
	p := model.NewParams(c, x.Dim())
	p.Init(random(o.Seed, forInit, 0, 0))
	m, err := model.New(*c, p)
	if err != nil {
		return nil, err
	}
	out := &Outline{Model: m}
	out.measure(set, &o, x)
	return out, nil
}

// outlined returns o as Fit settles it for set, and set with the labels of the model.
func (o Options) outlined(set *dataset.Set) (Options, *dataset.Set, error) {
	if o.Next != nil {
		o, err := o.settleNext(set)
		return o, set, err
	}
	set, _, _, err := o.takeBackground(set, nil)
	if err != nil {
		return o, nil, err
	}
	if o, err = o.settle(set); err != nil {
		return o, nil, err
	}
	if o.Background != nil {
		if err := o.checkBackground(set); err != nil {
			return o, nil, err
		}
	}
	if o.Detector > 0 {
		if err := o.checkDetector(set); err != nil {
			return o, nil, err
		}
	}
	if o.Background != nil || o.Detector > 0 {
		with := *set
		if !slices.Contains(with.Labels, dataset.Background) {
			with.Labels = slices.Sorted(slices.Values(append(slices.Clone(with.Labels), dataset.Background)))
		}
		set = &with
	}
	return o, set, nil
}

// roughly returns about how many parameters a network has over frames of dim features.
func roughly(c *model.Config, dim int) (n int64) {
	in, h := int64(dim), int64(c.Hidden)
	if k := c.Front.Codes(); k > 0 {
		in = int64(k)
	}
	if c.HasStem() {
		n, in = c.Stem.Values(dim), int64(c.Stem.Dim())
	}
	for range c.Layers - 1 {
		n += 4 * h * (in + h)
		in = h
	}
	return n + 8*h*(in+h) + 3*h*int64(len(c.Labels))
}

// measure counts the steps of examples, and notes what is odd about them.
func (out *Outline) measure(set *dataset.Set, o *Options, x feature.Extractor) {
	if len(set.Examples) == 0 {
		return
	}
	g := grid{first: x.End(1), hop: x.End(2) - x.End(1)}
	var lengths []int
	for i := range set.Examples {
		lengths = append(lengths, set.Frames(i))
	}
	slices.Sort(lengths)
	out.noteFrames(o, &g, lengths)
	if o.Next != nil || set.Stepwise() {
		return
	}
	c, over := &out.Model.Config, func(frames int) int { return frames }
	if c.HasStem() {
		over = stem.New(c.Stem, c.Rate, x.Dim(), out.Model.Params.Stem).Frames
	}
	steps := func(n int) int { return over(g.steps(n, o.Front.Kind == feature.KindRaw)) }
	out.Least, out.Median, out.Most = steps(lengths[0]), steps(lengths[len(lengths)/2]), steps(lengths[len(lengths)-1])
	switch {
	case out.Median <= 1:
		out.note(fieldOfSteps(o), "an example becomes a single step: there is no running label before its end; make steps shorter")
	case out.Median > longSequence:
		out.note(fieldOfSteps(o), "an example becomes %d steps: a network learns slowly over so many, or not at all; make steps longer, or give a stem", out.Median)
	}
	if out.Most > o.BPTTSteps {
		out.note("BPTTSteps", "the longest example becomes %d steps, and the gradient reaches back %d of them", out.Most, o.BPTTSteps)
	}
}

func (out *Outline) note(field, format string, args ...any) {
	out.Notes = append(out.Notes, Note{field, fmt.Sprintf(format, args...)})
}

// fieldOfSteps is the field that makes steps longer or shorter.
func fieldOfSteps(o *Options) string {
	switch {
	case o.Stem.Kind != "":
		return "Stem"
	case o.Front.Kind == feature.KindRaw || o.Front.Kind == feature.KindStats:
		return "Front.Samples"
	}
	return "Front.HopMS"
}

// A grid says where the steps of a front end end: the first after first samples, the others
// every hop.
type grid struct{ first, hop int }

// steps returns the number of steps of n samples; filled says that a last one is filled up.
func (g *grid) steps(n int, filled bool) int {
	k, left := g.divide(n)
	if left > 0 && filled {
		k++
	}
	return max(k, 1)
}

// divide returns the number of whole steps in n samples, and what is left over.
func (g *grid) divide(n int) (steps, left int) {
	if n < g.first {
		return 0, n
	}
	steps = 1 + (n-g.first)/g.hop
	return steps, n - g.first - (steps-1)*g.hop
}

// noteFrames notes examples that steps do not divide, and such as are shorter than one.
func (out *Outline) noteFrames(o *Options, g *grid, lengths []int) {
	short, odd, example := 0, 0, 0
	for _, n := range lengths {
		switch k, left := g.divide(n); {
		case k == 0:
			short++
		case left > 0:
			odd, example = odd+1, cmp.Or(example, n)
		}
	}
	field := "Front.WindowMS"
	raw := o.Front.Kind == feature.KindRaw || o.Front.Kind == feature.KindStats
	if raw {
		field = "Front.Samples"
	}
	if short > 0 {
		out.note(field, "%d of %d examples are shorter than a step of %d samples, such as one of %d", short, len(lengths), g.first, lengths[0])
	}
	if odd == 0 || !raw || o.Stem.Kind != "" && g.hop == 1 {
		return
	}
	_, left := g.divide(example)
	what := "the last sample is repeated to fill the last step"
	if o.Front.Kind == feature.KindStats || o.Next != nil {
		what = "what is left over is not heard"
	}
	out.note(field, "steps of %d samples do not divide %d of %d examples, such as one of %d, where %d are left over: %s", g.hop, odd, len(lengths), example, left, what)
}
