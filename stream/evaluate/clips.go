package evaluate

import (
	"inkling/capture"
	"inkling/internal/f32"
	"inkling/internal/resample"
	"inkling/model"
	"inkling/model/feature"
)

// clips cuts annotated events out of a passing stream and has the network judge each by
// itself.
type clips struct {
	m        *model.Model
	trace    *Trace
	channels int
	res      *resample.Resampler // to the model's rate; nil if the stream has it
	x        feature.Extractor
	next     int   // the trace's first event that has not begun
	open     []cut // events that have begun
	spare    [][]float32

	frames [][]float32 // of cuts that wait to be judged
	which  []int       // their events
	values int
}

type cut struct {
	event   int
	samples []float32
}

// longestClip is the length in seconds of the longest event that is judged.
const longestClip = 300

func (k *clips) begin(m *model.Model, t *Trace, f capture.Format) (err error) {
	k.m, k.trace, k.channels = m, t, max(f.Channels, 1)
	if rate := m.Config.Rate; rate > 0 && rate != f.Rate {
		if k.res, err = resample.New(f.Rate, rate, k.channels); err != nil {
			return err
		}
	}
	k.x, err = feature.New(m.Config.Front, m.Config.Rate, k.channels)
	return err
}

// read takes the stream's next block.
func (k *clips) read(b *capture.Block) {
	from, to := b.Offset, b.Offset+uint64(b.Len())
	events := k.trace.Events
	for ; k.next < len(events) && events[k.next].Start < to; k.next++ {
		if e := events[k.next]; e.End > e.Start && float64(e.End-e.Start) <= longestClip*k.trace.Rate {
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

func (k *clips) buffer() []float32 {
	n := len(k.spare)
	if n == 0 {
		return nil
	}
	b := k.spare[n-1]
	k.spare = k.spare[:n-1]
	return b[:0]
}

// judge queues a complete cut.
func (k *clips) judge(c cut) {
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
	if k.values += len(frames); len(k.which) == mostTogether || k.values > mostValues {
		k.predict()
	}
}

func (k *clips) predict() {
	for i, p := range k.m.PredictBatch(k.frames, 1) {
		c := Clip{Judged: true, Confirmed: f32.Argmax(p.Confirm), Running: -1}
		if n := k.m.Classes(); p.Running != nil && p.Steps > k.m.Config.Decision.Warm {
			c.Running = f32.Argmax(p.Running[(p.Steps-1)*n:])
		}
		k.trace.Clips[k.which[i]] = c
	}
	k.frames, k.which, k.values = k.frames[:0], k.which[:0], 0
}

// finish judges what is left; events that reach past the stream's end are cut there.
func (k *clips) finish() {
	for _, c := range k.open {
		if len(c.samples) > 0 {
			k.judge(c)
		}
	}
	if len(k.which) > 0 {
		k.predict()
	}
}
