package evaluate

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/feature"
)

const (
	// mostTogether is the greatest number of pieces that go through the network side by
	// side.
	mostTogether = 16
	// mostValues is how many values of frames are kept before the pieces so far are
	// predicted, so that long recordings go one by one.
	mostValues = 4 << 20
)

// together returns how many of n pieces go through the network side by side: fewer if
// processors would otherwise have nothing to do.
func together(n, processors int) int {
	return min(mostTogether, (n+processors-1)/processors)
}

// predict fills the outcomes. Of several errors it returns that of the first example.
func (j *job) predict(ctx context.Context) error {
	var mu sync.Mutex
	done := 0
	progress := func(pieces int) {
		mu.Lock()
		defer mu.Unlock()
		for range pieces {
			if done++; j.o.Progress != nil {
				j.o.Progress(done, len(j.pieces))
			}
		}
	}
	pool := sync.Pool{New: func() any { return &predictor{j: j} }}
	some := together(len(j.pieces), runtime.GOMAXPROCS(0))
	errs := parallel.ForEach((len(j.pieces)+some-1)/some, true, nil, func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := pool.Get().(*predictor)
		defer pool.Put(p)
		from, to := i*some, min((i+1)*some, len(j.pieces))
		err := p.predict(from, to)
		progress(to - from)
		return err
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// A predictor fills outcomes one batch of pieces after another.
type predictor struct {
	j      *job
	front  front
	frames [mostTogether][]float32
}

// predict fills the outcomes of the pieces [from, to).
func (p *predictor) predict(from, to int) error {
	j := p.j
	var frames [][]float32
	var which []int
	values := 0
	run := func() {
		for k, answer := range j.m.PredictBatch(frames, 1) {
			j.outcomes[which[k]].judge(answer, &j.m.Config, j.milestones, j.pieces[which[k]].unsure)
		}
		frames, which, values = frames[:0], which[:0], 0
	}
	for i := from; i < to; i++ {
		k := len(which)
		ok, err := p.prepare(i, &p.frames[k])
		if err != nil {
			return fmt.Errorf("%s: %w", j.pieces[i].name, err)
		}
		if ok {
			frames, which = append(frames, p.frames[k]), append(which, i)
			values += len(p.frames[k])
		}
		if values > mostValues {
			run()
		}
	}
	run()
	return nil
}

// prepare fills the frames of piece i, and what its outcome says whatever the network
// answers. It reports whether the piece has frames.
func (p *predictor) prepare(i int, frames *[]float32) (bool, error) {
	j := p.j
	piece := &j.pieces[i]
	e := &j.set.Examples[piece.example]
	o := &j.outcomes[i]
	*o = Outcome{File: piece.name, Truth: j.truth[e.Label], Seen: j.seen[piece.example]}
	samples, err := j.samples(i)
	if err != nil {
		return false, err
	}
	if j.o.Segment != nil && len(samples) == 0 {
		o.NoSegment()
		return false, nil
	}
	return true, p.front.extract(j.m, j.set.Channels, samples, frames)
}

// samples returns the samples of piece i, or of the segment found in it; none if there is
// no segment.
func (j *job) samples(i int) ([]float32, error) {
	p := &j.pieces[i]
	samples := j.set.Examples[p.example].Samples[p.start*j.set.Channels : p.end*j.set.Channels]
	if j.o.Segment == nil {
		return samples, nil
	}
	start, end, unsure, err := j.segment(samples)
	p.unsure = unsure
	return samples[start*j.set.Channels : end*j.set.Channels], err
}

// A front is the model's front end for whole segments. The zero value is ready to use.
type front struct{ x feature.Extractor }

// extract fills frames with those of a whole segment.
func (f *front) extract(m *model.Model, channels int, samples []float32, frames *[]float32) error {
	if f.x == nil {
		x, err := m.FrontOf(channels)
		if err != nil {
			return err
		}
		f.x = x
	}
	f.x.Reset()
	*frames = f.x.Flush(f.x.Push((*frames)[:0], samples))
	if len(*frames) == 0 {
		return fmt.Errorf("%d samples are too few for a single step: leave the example out", len(samples)/channels)
	}
	for i, v := range *frames {
		if v-v != 0 {
			return fmt.Errorf("feature %d of step %d is %v: repair the example or leave it out", i%f.x.Dim()+1, i/f.x.Dim()+1, v)
		}
	}
	return nil
}
