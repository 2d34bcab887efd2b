package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
	"inkling/model/segment"
)

// A model for streams is judged on its held-out examples once more, as its segmenter cuts
// them out of a stream: with the pre-roll before, the silence after, and the risk of being
// dropped as too short. Only so does the early rule keep on streams what it promises.
const (
	streamBefore = 0.5  // seconds before an example: the noise floor settles
	streamAfter  = 0.1  // seconds after an example, beyond the silence that ends a segment
	streamLevel  = 6.0  // dB that an example's level is changed by, at most, in noise
	streamQuiet  = 60.0 // dB that the noise is below the example, at most
	streamLoud   = 30.0 // and at least
	streamSteps  = 4e6  // at most this many steps are made over all examples
)

// streamings is how often each example is cut out of a stream: of silence, and of noise.
const streamings = 2

// heardLive reports whether the model will cut sound out of streams by itself, without a
// detector, which has cuts of its own.
func (t *trainer) heardLive() bool {
	set := t.train.origin
	return t.o.Segment.Kind == segment.Activity && set.Kind == dataset.Audio && !set.Stepwise() && set.Rate > 0 &&
		t.o.Running != model.RunningNone && t.o.Carry == 0
}

// judgeStreamed returns what p says of the examples of held in streams: a list for silence
// and one for noise, with one segment of each example, empty if it opened none.
func (t *trainer) judgeStreamed(p *model.Params, held *dataset.Set) ([][]calibrate.HeldOut, error) {
	if !t.heardLive() {
		return nil, nil
	}
	bare := p.Clone(t.config)
	bare.Aux = [2][]float32{}
	m, err := model.New(*t.config, bare)
	if err != nil {
		return nil, err
	}
	each, err := t.everyWhich(m, held)
	if err != nil {
		return nil, err
	}
	out := make([][]calibrate.HeldOut, streamings)
	n := (len(held.Examples) + each - 1) / each
	for way := range out {
		out[way] = make([]calibrate.HeldOut, n)
		errs := parallel.ForEach(n, false, nil, func(i int) error {
			rng := random(t.o.Seed, forStreamed, way, i)
			e := &held.Examples[i*each]
			found, err := t.streamed(m, t.inStream(rng, e, way == 1))
			for k := range found {
				found[k].Label = e.Label
			}
			if len(found) > 0 {
				out[way][i] = found[rng.IntN(len(found))]
			} else {
				out[way][i] = calibrate.HeldOut{Label: e.Label, Probs: make([]float32, m.Classes()), Dropped: true}
			}
			return err
		})
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// everyWhich is 1, or how many examples there are to one that is judged in streams, so that
// they make no more steps than streamSteps.
func (t *trainer) everyWhich(m *model.Model, held *dataset.Set) (int, error) {
	front, err := m.Front()
	if err != nil {
		return 0, err
	}
	frames := 0.0
	for i := range held.Examples {
		frames += float64(held.Frames(i)) + held.Rate*(streamBefore+streamAfter)
	}
	hop := float64(front.End(2) - front.End(1))
	return int(math.Ceil(streamings * frames / hop / streamSteps)), nil
}

// inStream returns an example with silence before and after, and perhaps with its level
// changed and in soft noise.
func (t *trainer) inStream(rng *rand.Rand, e *dataset.Example, noisy bool) []float32 {
	set := t.train.origin
	hold := t.o.Segment.Defaults().Hold
	pad := func(seconds float64) int { return int(seconds*set.Rate) * set.Channels }
	x := make([]float32, pad(streamBefore)+len(e.Samples)+pad(hold+streamAfter))
	copy(x[pad(streamBefore):], e.Samples)
	if !noisy {
		return x
	}
	gain := float32(math.Pow(10, streamLevel*float64(2*rng.Float64()-1)/20))
	noise := float32(rms(e.Samples) * math.Pow(10, -(streamLoud+float64((streamQuiet-streamLoud)*rng.Float64()))/20))
	for i, v := range x {
		x[i] = gain * (v + float32(noise*float32(rng.NormFloat64())))
	}
	return x
}

// streamed returns what m answers for each segment of samples, as a stream would.
func (t *trainer) streamed(m *model.Model, samples []float32) (found []calibrate.HeldOut, err error) {
	set := t.train.origin
	front, err := m.Front()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	c := m.Config.Segmenter()
	seg := segment.New(&c, segment.Setup{Front: front, Rate: set.Rate, Channels: set.Channels})
	var f segment.Found
	seg.Push(&f, samples)
	seg.Finish(&f, segment.ByEOF)
	state, kept := m.NewState(), m.NewState()
	probs, tops := make([]float32, m.Classes()), []float32(nil)
	frames := f.Frames
	var v calibrate.HeldOut
	for _, e := range f.Events {
		switch e.Kind {
		case segment.Opened:
			state.Reset()
			kept.Reset()
			v, tops = calibrate.HeldOut{}, tops[:0]
		case segment.FrameReady:
			m.Step(probs, state, frames[:m.Dim()])
			frames = frames[m.Dim():]
			v.Running = append(v.Running, probs...)
			tops = append(tops, state.Top()...)
			if e.Value < e.Threshold {
				v.Unsure = len(v.Running) / len(probs)
			}
		case segment.Counted:
			kept.CopyFrom(state)
			v.Counted, v.Probs = len(v.Running)/len(probs), append(v.Probs[:0], probs...)
		case segment.Closed:
			if m.HasConfirm() {
				m.Confirm(v.Probs, kept, tops[:v.Counted*m.TopDim()])
			}
			found = append(found, v)
		case segment.Dropped:
			if v.Dropped = true; v.Probs == nil {
				v.Probs = make([]float32, m.Classes())
			}
			found = append(found, v)
		}
	}
	return found, nil
}
