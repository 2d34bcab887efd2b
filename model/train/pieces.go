package train

import (
	"errors"
	"fmt"
	"math"

	"inkling/internal/parallel"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// A piece is the part of a recording from which one sequence of forecasts is learned. Its
// first lead steps warm up the state; each of the counted steps after them is judged by the
// frame that follows it. In training the piece is shifted by a random number of steps, at
// most room, so that every step occurs at every position.
type piece struct {
	frames        []float32 // from the first to the recording's end
	lead, counted int
	room          int
}

// ahead returns piece i, shifted by shift steps.
func (c *corpus) ahead(i, shift int) sequence {
	k := &c.cuts[i]
	steps := k.lead + k.counted
	frames := k.frames[shift*c.dim:]
	return sequence{x: frames[:steps*c.dim], next: frames[c.dim:][:steps*c.dim], steps: steps, lead: k.lead, label: -1, index: i}
}

// nextCorpus extracts the frames of recordings, ignores their labels, and cuts them into
// pieces. If z is nil it fits the normalisation, which is the same for all samples of a
// channel within a frame, and the unit of errors; otherwise it uses those of z.
func nextCorpus(set *dataset.Set, o *Options, z *corpus, workers int) (*corpus, error) {
	x, err := feature.New(o.Front, set.Rate, set.Channels)
	if err != nil {
		return nil, err
	}
	c := &corpus{set: set, origin: set, front: o.Front, dim: x.Dim()}
	frames, err := recorded(set, o.Front, workers)
	if err != nil {
		return nil, err
	}
	c.prepare(frames, o, z)
	for i, f := range frames {
		if len(f) < 2*c.dim {
			return nil, fmt.Errorf("%s: too short: nothing comes after its only step of %d samples; leave it out", set.Examples[i].Name, x.End(1))
		}
		c.cut(f, o.Span, o.Lead)
	}
	return c, nil
}

// prepare normalises frames. Codes stay as they are.
func (c *corpus) prepare(frames [][]float32, o *Options, z *corpus) {
	switch {
	case o.Front.Kind == feature.KindChars:
		c.mean, c.scale = []float32{0}, []float32{1}
		return
	case z != nil:
		c.mean, c.scale, c.unit = z.mean, z.scale, z.unit
	default:
		c.fitChannels(frames)
	}
	for _, f := range frames {
		c.normalize(f)
	}
	if z == nil {
		c.unit = c.naive(frames, o)
	}
}

// recorded extracts the whole frames of each example. Samples left over at the end make no
// frame, because the rest of it is unknown.
func recorded(set *dataset.Set, front feature.Config, workers int) ([][]float32, error) {
	frames, errs := make([][]float32, len(set.Examples)), make([]error, len(set.Examples))
	parallel.Workers(len(frames), workers, func(_, i int) {
		e := &set.Examples[i]
		x, err := feature.New(front, e.Rate, set.Channels)
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", e.Name, err)
			return
		}
		frames[i] = x.Push(make([]float32, 0, len(e.Samples)/max(front.Decimate, 1)), e.Samples)
		for j, v := range frames[i] {
			if v-v != 0 {
				errs[i] = fmt.Errorf("%s: value %d of step %d is %v: remove or repair the recording", e.Name, j%x.Dim(), j/x.Dim()+1, v)
				return
			}
		}
	})
	return frames, errors.Join(errs...)
}

// fitChannels fits mean and scale of each channel.
func (c *corpus) fitChannels(frames [][]float32) {
	var n feature.Normalizer
	for _, f := range frames {
		n.Add(f, c.set.Channels)
	}
	mean, scale := n.Constants()
	for j := range c.dim {
		c.mean, c.scale = append(c.mean, mean[j%len(mean)]), append(c.scale, scale[j%len(scale)])
	}
}

// naive returns the root mean square of each target value over all steps. For a residual
// head that is the error of the naive forecast.
func (c *corpus) naive(frames [][]float32, o *Options) []float32 {
	squares, steps := make([]float64, c.dim), 0
	y, config := make([]float32, c.dim), c.config(o)
	for _, f := range frames {
		for t := c.dim; t+c.dim <= len(f); t += c.dim {
			rise(y, f[t-c.dim:t], f[t:t+c.dim], config)
			for j, v := range y {
				squares[j] += float64(v) * float64(v)
			}
			steps++
		}
	}
	unit := make([]float32, c.dim)
	for j, s := range squares {
		unit[j] = 1
		if r := math.Sqrt(s / float64(max(steps, 1))); r > 1e-6 {
			unit[j] = float32(r)
		}
	}
	return unit
}

// cut makes pieces with span counted steps. The first has no lead, as its state is fresh
// like that of a stream that begins.
func (c *corpus) cut(frames []float32, span, lead int) {
	forecasts := len(frames)/c.dim - 1
	for at := 0; at < forecasts; at += span {
		k := piece{lead: min(lead, at), counted: min(span, forecasts-at)}
		k.frames = frames[(at-k.lead)*c.dim:]
		if at > 0 {
			k.room = min(span-1, forecasts-at-k.counted)
		}
		c.cuts = append(c.cuts, k)
		c.plain = append(c.plain, k.frames[:(k.lead+k.counted+1)*c.dim])
	}
}

// apart divides recordings for validation: by group if there are enough groups, otherwise by
// time, with the end of each recording held out.
func apart(set *dataset.Set, o *Options) (train, valid *dataset.Set) {
	if groups(set) >= fewGroups {
		return set.HoldOut(o.Validation, fmt.Sprint(o.Seed))
	}
	return set.HoldOutEnds(o.Validation)
}
