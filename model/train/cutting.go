package train

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/scene"
	"inkling/model/segment"
)

// An ear is a trained detector at work.
type ear struct {
	m     *model.Model
	state *model.State
	probs [2]float32
}

func (d *ear) Front() (feature.Extractor, error) { return d.m.Front() }
func (d *ear) Hear(frame []float32) float32 {
	d.m.Step(d.probs[:], d.state, frame)
	return d.probs[1]
}
func (d *ear) Reset()                              { d.state.Reset() }
func (d *ear) AppendState(dst []byte) []byte       { return d.state.AppendState(dst) }
func (d *ear) Restore(data []byte) ([]byte, error) { return d.state.Restore(data) }

// cut runs detector m over scenes of events that it has not learned from, and keeps what it
// cuts.
func (l *listener) cut(h *hearing, m *model.Model, events []*dataset.Example, back [][]float32, which int) error {
	each := l.perScene(events)
	var scenes [][]*dataset.Example
	for visit := range l.cutsEach(events) {
		order := random(l.o.Seed, forCuts, which, visit).Perm(len(events))
		for part := range slices.Chunk(order, each) {
			var placed []*dataset.Example
			for _, i := range part {
				placed = append(placed, events[i])
			}
			scenes = append(scenes, placed)
		}
	}
	for range len(scenes) + 4 {
		scenes = append(scenes, nil)
	}
	recorded, made := len(scenes), l.madeUpCount()
	scenes = append(scenes, make([][]*dataset.Example, (made+each-1)/each)...)
	found := make([]sceneCuts, len(scenes))
	errs := make([]error, len(scenes))
	parallel.Workers(len(scenes), l.workers, func(_, i int) {
		if errs[i] = l.ctx.Err(); errs[i] != nil {
			return
		}
		placed := scenes[i]
		if i >= recorded {
			for k := range min(each, made-(i-recorded)*each) {
				placed = append(placed, l.madeUp(which, (i-recorded)*each+k))
			}
		}
		rng := random(l.o.Seed, forCuts, which+2, i)
		s := l.scene(rng, placed, back, true)
		found[i], errs[i] = l.cutScene(m, &s, back, rng)
	})
	for i := range found {
		if errs[i] != nil {
			return errs[i]
		}
		for _, c := range found[i].right {
			h.cuts[originOf(c.event)] = append(h.cuts[originOf(c.event)], c.frames)
		}
		kind, list := "wrong opening", &h.wrong
		if i >= recorded {
			kind, list = "made-up sound", &h.madeUp
		}
		for _, c := range found[i].wrong {
			n := len(*list)
			*list = append(*list, dataset.Example{Name: fmt.Sprint(kind, " ", n+1), Group: cmp.Or(c.group, fmt.Sprintf("%s %d.%d", kind, which, i)),
				Hash: fmt.Sprintf("%.4s%012x", kind, n), Samples: c.samples, Rate: l.set.Rate})
		}
	}
	return nil
}

type sceneCuts struct {
	right []rightCut
	wrong []wrongCut
}

type rightCut struct {
	event  *dataset.Example
	frames []float32
}

type wrongCut struct {
	samples []float32
	group   string // of the recording that sounds in its middle; "": of none
}

// cutScene segments a scene as a stream would be, with thresholds drawn at random, so that
// the heads know segments that begin and end early and late.
func (l *listener) cutScene(m *model.Model, s *scene.Scene, back [][]float32, rng *rand.Rand) (out sceneCuts, err error) {
	front, err := m.Front()
	if err != nil {
		return out, err
	}
	c := l.o.Segment
	c.Kind = segment.Label
	c = c.Defaults()
	c.DetectOn = min(max(c.DetectOn+float64(0.3*(2*rng.Float64()-1)), 0.15), 0.97)
	c.DetectOff = min(c.DetectOff*(0.5+rng.Float64()), c.DetectOn)
	c.PreRoll *= 0.6 + float64(0.8*rng.Float64())
	c.Hold *= 0.7 + float64(0.6*rng.Float64())
	setup := segment.Setup{Front: front, Rate: l.set.Rate, Channels: l.set.Channels, Detector: &ear{m: m, state: m.NewState()}}
	seg := segment.New(&c, setup)
	var f segment.Found
	seg.Push(&f, s.Samples)
	seg.Finish(&f, segment.ByEOF)
	frames, first, steps, counted := f.Frames, 0, 0, 0
	dim := front.Dim()
	for _, e := range f.Events {
		switch e.Kind {
		case segment.Opened:
			first, counted = steps, 0
		case segment.FrameReady:
			steps++
		case segment.Counted:
			counted = steps
		case segment.Closed:
			event, known := whose(s, int(e.Start), int(e.End))
			switch {
			case event != nil:
				out.right = append(out.right, rightCut{event, slices.Clone(frames[first*dim : counted*dim])})
			case known:
				ch := l.set.Channels
				out.wrong = append(out.wrong, wrongCut{
					samples: slices.Clone(s.Samples[int(e.Start)*ch : int(e.End)*ch]),
					group:   l.groupAt(s, back, int(e.Start+e.End)/2),
				})
			}
		}
	}
	return out, nil
}

// groupAt returns the group of the recording of back that sounds at a sample of s, the later
// one of two that overlap; "" if none does.
func (l *listener) groupAt(s *scene.Scene, back [][]float32, at int) (group string) {
	for _, u := range s.Under {
		if u.Start <= at && at < u.End {
			group = l.groups[&back[u.Background][0]]
		}
	}
	return group
}

// whose returns the event that the segment [start, end) of s is of: the one of which it has
// at least half, unless it has much of another, of another label, as well. known with nil
// says that it is of none; otherwise it is open to doubt.
func whose(s *scene.Scene, start, end int) (event *dataset.Example, known bool) {
	best, second, touched := 0.0, 0.0, false
	for i := range s.Placed {
		p := &s.Placed[i]
		if p.Event.Label == labelMadeUp {
			continue
		}
		if start < p.End && p.Start < end {
			touched = true
		}
		n := min(end, p.Fades) - max(start, p.Sounds)
		if n <= 0 {
			continue
		}
		share := float64(n) / float64(p.Fades-p.Sounds)
		switch {
		case share > best:
			if event != nil && event.Label != p.Event.Label {
				second = best
			}
			best, event = share, p.Event
		case p.Event.Label != event.Label:
			second = max(second, share)
		}
	}
	switch {
	case best >= 0.5 && second < 0.2:
		return event, true
	case touched:
		return nil, false
	}
	return nil, true
}

// labelMadeUp is the label of made-up sounds in scenes.
const labelMadeUp = -1

// How many sounds are made up.
const (
	madeEach = 3    // for each one that the network learns from at a time
	mostMade = 4000 // of one half of the examples, at most
)

// madeUpCount is the number of made-up sounds of one half.
func (l *listener) madeUpCount() int {
	return min(int(math.Ceil(madeEach*l.o.MadeUp*float64(l.usual())/2)), mostMade)
}

// madeUp returns made-up sound number i of one half, as loud as an ordinary event.
func (l *listener) madeUp(which, i int) *dataset.Example {
	e := &dataset.Example{Name: "made-up sound", Label: labelMadeUp, Rate: l.set.Rate}
	for _, v := range scene.MadeUp(random(l.o.Seed, forMadeUp, which, i), l.set.Rate) {
		for range l.set.Channels {
			e.Samples = append(e.Samples, float32(l.level*float64(v)))
		}
	}
	return e
}

// cutsEach is how often each of events, one half of all, is cut out of a scene: as often as
// mostCut samples allow.
func (l *listener) cutsEach(events []*dataset.Example) int {
	samples := 0.0
	for _, e := range events {
		samples += float64(len(e.Samples)/l.set.Channels) + 0.6*l.set.Rate
	}
	return min(max(int(mostCut*l.share()/samples), fewestCuts), mostCuts)
}
