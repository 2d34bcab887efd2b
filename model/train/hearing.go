package train

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"

	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/scene"
	"inkling/model/segment"
)

// How a detector is trained and what it cuts.
const (
	sceneSeconds  = 20.0 // about, of scenes to learn from
	sceneWindow   = 8.0  // seconds of a scene that are learned from at once
	mostCuts      = 16   // scenes that each example is cut out of, at most
	fewestCuts    = 2
	detectors     = 3     // two that cut, and that of the model
	detectorShare = 0.4   // of the work of the whole training, about
	mostCut       = 8e7   // samples of the scenes of one half, about
	variedEach    = 3     // copies of each piece of background, with the piece itself
	mostVaried    = 900.0 // seconds of background of which changed copies are made
	emptyShare    = 3     // every so many-th scene has no event; half as many where there is no background
	onsetMS       = 20.0  // after which an event can be heard
)

// A hearing is what the training for endless streams found, before the heads are trained: a
// detector, every example as such a detector cuts it out of streams, and what it took for an
// example and was none.
//
// The cuts are those of two other detectors, each trained on one half of the examples and of
// the background, on the other half: a detector cuts what it has learned by heart better
// than what it will hear.
type hearing struct {
	detector *model.Model
	saved    *savedHearing
	cuts     map[origin][][]float32 // frames as the front end gives them
	wrong    []dataset.Example      // segments that it opened on the background …
	madeUp   []dataset.Example      // … and on made-up sounds, until withWrong has chosen
	behind   map[origin][][]float32 // frames of those of them that stand behind an example
}

// A listener makes the hearing of one training.
type listener struct {
	o       *Options
	change  Options // of samples alone: o without background and noise
	set     *dataset.Set
	z       *corpus             // the normalisation of the network
	events  []*dataset.Example  // to be heard: all but the background
	level   float64             // of an ordinary event
	groups  map[*float32]string // of background, by its first sample
	workers int
	ctx     context.Context
	hooks   *Hooks
	ledger  *ledger

	from  *saved        // a checkpoint; nil: none
	known *savedHearing // what it has of the hearing; nil: nothing
	saved *savedHearing // what is trained so far
	under *trainer      // of the detector that is trained now
}

// listen makes the hearing of set and returns set with what was heard wrongly, and the
// normalisation that the network and its detector share.
func (o *Options) listen(ctx context.Context, set *dataset.Set, z *corpus, workers int, hooks *Hooks, from *saved) (*dataset.Set, *hearing, *corpus, error) {
	if err := o.checkDetector(set); err != nil {
		return nil, nil, nil, err
	}
	if z == nil {
		var err error
		if z, err = newCorpus(set, o.Front, nil, workers); err != nil {
			return nil, nil, nil, err
		}
	}
	l := &listener{o: o, change: *o, set: set, z: z, groups: map[*float32]string{}, workers: workers, ctx: ctx, hooks: hooks, ledger: &ledger{}, from: from}
	l.change.Background, l.change.SNR = nil, 0
	for i := range set.Examples {
		if e := &set.Examples[i]; !isBackground(set, e) {
			l.events = append(l.events, e)
		}
	}
	l.level = scene.Level(l.events, set.Rate)
	if err := l.goOn(); err != nil {
		return nil, nil, nil, err
	}
	h, err := l.hear()
	if err != nil {
		if ctx.Err() != nil && (l.under != nil || len(l.saved.Detectors) > 0) {
			err = cmp.Or(hooks.keep(l.save), err)
		}
		return nil, nil, nil, err
	}
	h.saved = l.saved
	return l.withWrong(h), h, z, nil
}

// hear trains the detectors and cuts the examples.
func (l *listener) hear() (*hearing, error) {
	for k := range detectors {
		_, updates := l.effort(k)
		p := part{name: "detector", work: float64(updates)}
		if l.known != nil && k < len(l.known.Detectors) {
			p.done = p.work
		}
		l.ledger.add(p)
	}
	l.ledger.begin()
	back := l.varied(l.backgroundPieces())
	h := &hearing{cuts: map[origin][][]float32{}}
	halves := l.halved()
	var backs [2][][]float32
	for i, b := range back {
		backs[i/variedEach%2] = append(backs[i/variedEach%2], b)
	}
	for k := range halves {
		d, err := l.learn(halves[k], backs[k], k)
		if err != nil {
			return nil, err
		}
		if err := l.cut(h, d, halves[1-k], backs[1-k], k); err != nil {
			return nil, err
		}
	}
	var err error
	h.detector, err = l.learn(l.events, back, detectors-1)
	return h, err
}

// halved divides the events in two, by group where there are enough of them.
func (l *listener) halved() (halves [2][]*dataset.Example) {
	side := map[string]int{}
	loose := groupsOfEvents(l.set) < fewGroups
	rng := random(l.o.Seed, forHalves, 0, 0)
	for _, i := range rng.Perm(len(l.events)) {
		e := l.events[i]
		k, known := side[e.Group]
		if !known || loose {
			k = 0
			if len(halves[1]) < len(halves[0]) {
				k = 1
			}
			side[e.Group] = k
		}
		halves[k] = append(halves[k], e)
	}
	if len(halves[1]) == 0 {
		halves[1] = halves[0]
	}
	return halves
}

// backgroundPieces returns the recordings of background in pieces of a few seconds: those of
// Options.Background, or else the examples of set that are background.
func (l *listener) backgroundPieces() (pieces [][]float32) {
	from := l.o.Background
	if from == nil {
		from = l.set.Background()
	}
	most := int(4*l.set.Rate) * l.set.Channels
	group := backgroundGroups(from, l.set)
	for i := range from.Examples {
		all := from.Examples[i].Samples
		for x := all; len(x) > 0; {
			n := min(most, len(x))
			if len(x) < 2*most {
				n = len(x)
			}
			if rms(x[:n]) > leastSound {
				pieces = append(pieces, x[:n])
				l.groups[&x[0]] = group(i, (len(all)-len(x))/l.set.Channels)
			}
			x = x[n:]
		}
	}
	return pieces
}

// varied returns pieces and, unless they are long, two changed copies of each.
func (l *listener) varied(pieces [][]float32) [][]float32 {
	total := 0
	for _, x := range pieces {
		total += len(x)
	}
	if float64(total) > mostVaried*l.set.Rate*float64(l.set.Channels) {
		return pieces
	}
	all := make([][]float32, variedEach*len(pieces))
	parallel.Workers(len(pieces), l.workers, func(_, i int) {
		all[variedEach*i] = pieces[i]
		for k := 1; k < variedEach; k++ {
			e := dataset.Example{Samples: pieces[i], Rate: l.set.Rate}
			all[variedEach*i+k] = changedSamples(&l.change, random(l.o.Seed, forBackground, 3+k, i), l.set, &e)
		}
	})
	for i, x := range all {
		if len(x) > 0 {
			l.groups[&x[0]] = l.groups[&pieces[i/variedEach][0]]
		}
	}
	return all
}

// scene composes a scene of events over back.
func (l *listener) scene(rng *rand.Rand, events []*dataset.Example, back [][]float32, brisk bool) scene.Scene {
	o := scene.Options{Rate: l.set.Rate, Channels: l.set.Channels, Events: events, Background: back, Level: l.level,
		SNR: [2]float64{l.o.SceneSNR, l.o.SceneSNR + 25}, Seconds: sceneSeconds / 2, Brisk: brisk}
	if len(l.set.Labels) > 1 {
		o.Babble = l.events
	}
	o.Change = func(rng *rand.Rand, e *dataset.Example) []float32 { return changedSamples(&l.change, rng, l.set, e) }
	return scene.Compose(rng, &o)
}

// perScene is the number of events in a scene.
func (l *listener) perScene(events []*dataset.Example) int {
	seconds := 0.0
	for _, e := range events {
		seconds += float64(len(e.Samples)/l.set.Channels) / l.set.Rate / float64(len(events))
	}
	return min(max(int(sceneSeconds/(seconds+1.3)), 1), len(events))
}

// train trains detector number which.
func (l *listener) train(events []*dataset.Example, back [][]float32, which int) (*model.Model, error) {
	scenes, updates := l.effort(which)
	set := &dataset.Set{Kind: dataset.Audio, Labels: []string{dataset.Background, "sound"}, Channels: l.set.Channels, Rate: l.set.Rate,
		Examples: make([]dataset.Example, scenes)}
	each := l.perScene(events)
	parallel.Workers(scenes, l.workers, func(_, i int) {
		rng := random(l.o.Seed, forScene, which, i)
		var placed []*dataset.Example
		if i%emptyShare > 0 || len(back) == 0 && i%(2*emptyShare) > 0 {
			for range each {
				placed = append(placed, events[rng.IntN(len(events))])
			}
		}
		s := l.scene(rng, placed, back, false)
		set.Examples[i] = dataset.Example{Name: fmt.Sprint("scene ", i+1), Group: fmt.Sprint(i), Samples: s.Samples, Rate: set.Rate, Steps: l.sounding(&s)}
	})
	o := l.detectorOptions()
	o.MinUpdates = updates
	pieces, err := o.pieces(set)
	if err != nil {
		return nil, err
	}
	c, err := newCorpus(pieces, o.Front, l.z, l.workers)
	if err != nil {
		return nil, err
	}
	c.origin = set
	t := newTrainer(c, nil, o, l.workers)
	t.ledger, t.entry = l.ledger, which
	if l.known != nil && which == len(l.known.Detectors) && l.known.Part != nil {
		if err := t.resume(l.known.Part); err != nil {
			return nil, err
		}
	}
	l.under = t
	quiet := Hooks{Progress: func(p Progress) {
		p.Share *= detectorShare
		l.hooks.progress(p)
	}, Checkpoint: func(func() []byte) error { return l.hooks.keep(l.save) }}
	for t.progress.Epoch < t.o.Epochs {
		row, err := t.epoch(l.ctx, &quiet)
		if err != nil {
			return nil, err
		}
		t.keep(row)
	}
	return model.New(*t.config, t.best)
}

// effort is how many scenes detector number which learns from, and in how many updates: the
// last one is kept, and more examples take more of both.
func (l *listener) effort(which int) (scenes, updates int) {
	scenes, updates = 80, 300
	if which == detectors-1 {
		scenes, updates = 240, 700
	}
	share := min(0.4+float64(len(l.events))/800, 1.2) * l.share()
	return max(int(share*float64(scenes)), 8), max(int(share*float64(updates)), 8)
}

// share is how much of the usual effort was asked for: a training of few updates is to be
// over soon.
func (l *listener) share() float64 {
	updates := l.o.MinUpdates
	if l.o.Epochs > 0 {
		updates = l.o.Epochs * (len(l.set.Examples) + l.o.Batch - 1) / l.o.Batch
	}
	return min(float64(updates)/leastUpdates, 1)
}

// detectorOptions are those by which detectors are trained.
func (l *listener) detectorOptions() Options {
	o := NewOptions()
	o.Front, o.Hidden, o.NoConfirm, o.Seed = l.o.Front, l.o.Detector, true, l.o.Seed
	o.Runs, o.Window, o.Carry = RunsWhole, sceneWindow, 0
	o.Dropout, o.DropConnect, o.Noise, o.Jitter, o.Crop = 0.1, 0.1, 0.1, 0.1, 0.1
	o.Batch, o.LR, o.RunningWeight = 16, 0.004, 1
	o.Folds, o.Validation = 0, 0
	o.Segment.Kind = segment.Whole
	o.ActivationBudget = l.o.ActivationBudget
	return o
}

// sounding returns the label of every sample of a scene: 1 where an event can be heard, 0
// where none does, −1 where it is open to doubt, as at an onset or in a decay.
func (l *listener) sounding(s *scene.Scene) []int32 {
	steps := make([]int32, len(s.Samples)/l.set.Channels)
	onset := int(onsetMS / 1000 * l.set.Rate)
	put := func(from, to int, v int32) {
		for i := max(from, 0); i < min(to, len(steps)); i++ {
			if steps[i] != 1 {
				steps[i] = v
			}
		}
	}
	for _, p := range s.Placed {
		put(p.Sounds+onset, p.Fades, 1)
	}
	for _, p := range s.Placed {
		put(p.Start, p.End+onset, -1)
	}
	return steps
}

// attach gives c and p the detector.
func (h *hearing) attach(c *model.Config, p *model.Params, kept segment.Config) {
	d := h.detector.Params
	c.Detector = &model.DetectorConfig{Hidden: d.Forward.Hidden}
	c.Segment = kept
	p.Detector = d.Forward
	p.DetectorW = make([]float32, d.Forward.Hidden)
	for i := range p.DetectorW { // of a softmax of two
		p.DetectorW[i] = d.RunningW[d.Forward.Hidden+i] - d.RunningW[i]
	}
	p.DetectorB = []float32{d.RunningB[1] - d.RunningB[0]}
}

// checkDetector explains why no detector can be trained on set.
func (o *Options) checkDetector(set *dataset.Set) error {
	if set.Kind != dataset.Audio || set.Stepwise() || o.Stem.Kind != "" || o.Front.Context > 0 || set.Rate == 0 {
		return fmt.Errorf("train.Options.Detector is %d: a detector is for sound with a label for each example, over a front end without a stem; set it to 0", o.Detector)
	}
	return nil
}
