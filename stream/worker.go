package stream

import (
	"slices"
	"time"

	"inkling/model"
)

// A worker feeds, steps and confirms the lanes that the scheduler gives it.
type worker struct {
	s         *Pool
	lanes     []*lane // of this turn
	confirms  bool    // this turn: lanes are to confirm
	confirmed bool    // confirms of the turn before

	batches map[*model.Model]*model.Batch
	states  []*model.State
	frames  [][]float32
	probs   [][]float32

	chorus  chorus
	hearing []*lane // of this turn: fed, but for their detectors
	heard   []*Classifier

	of     *sched // whose the events and items are
	events []Event
	done   []*item // finished this turn
}

func newWorker(s *Pool) *worker { return &worker{s: s, batches: map[*model.Model]*model.Batch{}} }

func (w *worker) run() {
	defer w.s.done.Done()
	for w.s.turn(w) {
		w.work()
		w.deliver()
		w.release()
	}
}

// serve makes l the lane whose events follow. Those of another Run are delivered before.
func (w *worker) serve(l *lane) {
	if w.of != l.of {
		w.deliver()
		w.of = l.of
	}
}

// deliver delivers what there is.
func (w *worker) deliver() {
	if w.of != nil {
		w.of.deliver(w.events, w.done)
	}
	w.of, w.events, w.done = nil, w.events[:0], w.done[:0]
}

// work does what the turn is for, and tells the meters.
func (w *worker) work() {
	var began time.Time
	metered := false
	for _, l := range w.lanes {
		metered = metered || l.of.meter != nil
	}
	if metered {
		began = w.s.now()
	}
	for _, l := range w.lanes {
		l.made = false
	}
	if w.confirms {
		w.confirmAll()
	} else {
		w.prepare()
		w.step()
	}
	if metered {
		w.tell(w.s.now().Sub(began))
	}
}

// tell tells the meter of each Run of its lanes' steps, and of its share of the time.
func (w *worker) tell(busy time.Duration) {
	for i := 0; i < len(w.lanes); {
		of, from, steps := w.lanes[i].of, i, 0
		for ; i < len(w.lanes) && w.lanes[i].of == of; i++ {
			if w.lanes[i].made {
				steps++
			}
		}
		if of.meter != nil {
			of.meter.Turn(steps, busy*time.Duration(i-from)/time.Duration(len(w.lanes)))
		}
	}
}

// release gives back the memory of the turn's events.
func (w *worker) release() {
	for _, l := range w.lanes {
		l.c.follower.release()
	}
}

// prepare feeds the lanes that have a block to feed, as many as fit into half of the
// gathering time, and at least the first.
func (w *worker) prepare() {
	var began time.Time
	if len(w.lanes) > 1 {
		began = w.s.now()
	}
	late := false
	for i, l := range w.lanes {
		if l.fed {
			continue
		}
		if late = late || i > 0 && w.s.now().Sub(began) >= w.s.gather/2; !late {
			w.feed(l)
		}
	}
	w.hear()
}

// hear has the detectors of the lanes that wait for them hear what was fed.
func (w *worker) hear() {
	if len(w.hearing) == 0 {
		return
	}
	w.heard = w.heard[:0]
	for _, l := range w.hearing {
		w.heard = append(w.heard, l.c)
	}
	w.chorus.hear(w.heard)
	for _, l := range w.hearing {
		w.serve(l)
		w.walk(l, len(w.events))
	}
	clear(w.heard)
	clear(w.hearing)
	w.hearing = w.hearing[:0]
}

// feed feeds the lane's block.
func (w *worker) feed(l *lane) {
	w.serve(l)
	l.fed = true
	from := len(w.events)
	if it := l.cur; it.feed {
		if first := l.of.refused.Load(); first > 0 && it.number > first {
			it.feed = false
		} else if waits, err := l.feedFirst(&it.block); err != nil {
			e, report := l.of.refuse(it, err)
			if it.feed = report; report {
				w.events = append(w.events, e)
			}
		} else if waits {
			w.hearing = append(w.hearing, l)
			return
		}
	}
	w.walk(l, from)
}

// step makes one step of each lane that needs one.
func (w *worker) step() {
	for _, l := range w.lanes {
		l.stepped = l.need != needStep
	}
	for _, l := range w.lanes {
		if !l.stepped {
			w.stepModel(l.c.m)
		}
	}
	for _, l := range w.lanes {
		if l.need == needStep {
			w.serve(l)
			from := len(w.events)
			w.events = l.c.stepped(w.events)
			w.walk(l, from)
		}
	}
}

// mostBatches is the number of models for which a worker keeps memory.
const mostBatches = 8

// stepModel makes a step of all lanes with that model that need one: streams that are
// about to switch have another than those that have switched.
func (w *worker) stepModel(m *model.Model) {
	w.states, w.frames, w.probs = w.states[:0], w.frames[:0], w.probs[:0]
	for _, l := range w.lanes {
		if !l.stepped && l.c.m == m {
			state, frame, probs := l.c.pending()
			w.states, w.frames, w.probs = append(w.states, state), append(w.frames, frame), append(w.probs, probs)
			l.stepped, l.made = true, true
		}
	}
	if len(w.states) == 1 {
		m.Step(w.probs[0], w.states[0], w.frames[0])
		return
	}
	m.StepBatch(w.batchFor(m), w.probs, w.states, w.frames)
}

// batchFor returns memory for batches of m.
func (w *worker) batchFor(m *model.Model) *model.Batch {
	batch := w.batches[m]
	if batch == nil {
		if len(w.batches) == mostBatches {
			clear(w.batches) // of models that are gone, most of them
		}
		batch = m.NewBatch(w.s.most)
		w.batches[m] = batch
	}
	return batch
}

// confirmAll ends the segments of the lanes, those of one model together.
func (w *worker) confirmAll() {
	for i, l := range w.lanes {
		if len(w.lanes) == 1 || slices.ContainsFunc(w.lanes[:i], func(o *lane) bool { return o.c.m == l.c.m }) {
			continue
		}
		w.decide(l.c.m)
	}
	for _, l := range w.lanes {
		w.confirm(l)
	}
}

// decide computes what the segments of all lanes with that model are.
func (w *worker) decide(m *model.Model) {
	w.states, w.frames, w.probs = w.states[:0], w.frames[:0], w.probs[:0]
	for _, l := range w.lanes {
		k, ok := l.c.follower.(*walker)
		if !ok || l.c.m != m || !k.mayShare(l.c) {
			continue
		}
		s := k.use()
		w.states, w.frames, w.probs = append(w.states, s.kept), append(w.frames, s.tops[:k.counted.steps*m.TopDim()]), append(w.probs, s.confirmed)
		s.decided = true
	}
	if len(w.states) > 0 {
		m.ConfirmBatch(w.batchFor(m), w.probs, w.states, w.frames)
	}
}

// confirm ends the lane's segment.
func (w *worker) confirm(l *lane) {
	w.serve(l)
	from := len(w.events)
	w.events = l.c.confirm(w.events)
	w.walk(l, from)
}

// walk runs the lane's item up to its next need, and sets the latency of the events from
// index from on.
func (w *worker) walk(l *lane, from int) {
	it := l.cur
	for {
		if w.events, l.need = l.c.walk(w.events); l.need != needNothing {
			break
		}
		if it.end == "" {
			w.done = append(w.done, it)
			break
		}
		l.c.feedEnd(it.end)
		it.end = ""
	}
	for i := from; i < len(w.events); i++ {
		if e := &w.events[i]; e.Type == Confirmed {
			e.LatencyMS = float64(w.s.now().Sub(it.arrived).Microseconds()) / 1000
		}
	}
	l.tap(w.events[from:])
}
