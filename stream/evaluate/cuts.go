package evaluate

import (
	"inkling/capture"
	"inkling/internal/f32"
	"inkling/internal/resample"
	"inkling/model"
	"inkling/model/feature"
)

// cuts collects the samples of annotated events while they pass, and has the network
// judge each by itself.
type cuts struct {
	m        *model.Model
	take     *Take
	channels int
	res      *resample.Resampler // to the model's rate; nil: not needed
	x        feature.Extractor
	next     int   // of the take's events
	open     []cut // begun
	spare    [][]float32

	frames [][]float32 // of cuts that wait to be judged, and their events
	which  []int
	values int
}

type cut struct {
	event   int
	samples []float32
}

// longestCut is the length in seconds of the longest that is judged.
const longestCut = 300

func (k *cuts) begin(m *model.Model, t *Take, f capture.Format) (err error) {
	k.m, k.take, k.channels = m, t, max(f.Channels, 1)
	if rate := m.Config.Rate; rate > 0 && rate != f.Rate {
		if k.res, err = resample.New(f.Rate, rate, k.channels); err != nil {
			return err
		}
	}
	k.x, err = feature.New(m.Config.Front, m.Config.Rate, k.channels)
	return err
}

// hear takes the stream's next block.
func (k *cuts) hear(b *capture.Block) {
	from, to := b.Offset, b.Offset+uint64(b.Len())
	events := k.take.Events
	for ; k.next < len(events) && events[k.next].Start < to; k.next++ {
		if e := events[k.next]; e.End > e.Start && float64(e.End-e.Start) <= longestCut*k.take.Rate {
			k.open = append(k.open, cut{event: k.next, samples: k.buffer()})
		}
	}
	left := k.open[:0]
	for _, c := range k.open {
		e := events[c.event]
		a, z := max(e.Start, from)-from, min(e.End, to)-from
		c.samples = append(c.samples, b.Samples[int(a)*k.channels:int(z)*k.channels]...)
		if e.End > to {
			left = append(left, c)
		} else {
			k.judge(c)
		}
	}
	k.open = left
}

func (k *cuts) buffer() []float32 {
	n := len(k.spare)
	if n == 0 {
		return nil
	}
	b := k.spare[n-1]
	k.spare = k.spare[:n-1]
	return b[:0]
}

// judge queues a cut that is complete.
func (k *cuts) judge(c cut) {
	x := c.samples
	if k.res != nil {
		k.res.Reset()
		x = k.res.Flush(k.res.Push(nil, x))
	}
	k.x.Reset()
	frames := k.x.Flush(k.x.Push(nil, x))
	k.spare = append(k.spare, c.samples)
	if len(frames) == 0 {
		return
	}
	k.frames, k.which = append(k.frames, frames), append(k.which, c.event)
	if k.values += len(frames); len(k.which) == piecesAtOnce || k.values > mostValues {
		k.predict()
	}
}

func (k *cuts) predict() {
	for i, p := range k.m.PredictBatch(k.frames, 1) {
		c := Clip{Judged: true, Confirmed: f32.Argmax(p.Confirm), Running: -1}
		if n := k.m.Classes(); p.Running != nil && p.Steps > k.m.Config.Decision.Warm {
			c.Running = f32.Argmax(p.Running[(p.Steps-1)*n:])
		}
		k.take.Clips[k.which[i]] = c
	}
	k.frames, k.which, k.values = k.frames[:0], k.which[:0], 0
}

// finish judges what is left; events that reach behind the stream's end are cut there.
func (k *cuts) finish() {
	for _, c := range k.open {
		if len(c.samples) > 0 {
			k.judge(c)
		}
	}
	if len(k.which) > 0 {
		k.predict()
	}
}
