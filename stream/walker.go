package stream

import (
	"cmp"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// A walker follows a network of labels through the open segment.
type walker struct {
	memo
	place
	walk    *walk        // nil: no step since the segment began, or none is open
	net     *model.State // decide.Carry: of the stream; else the walk's
	decider *decide.Decider
	counted runningAt // at the last frame that counts
	emitted int       // label of the segment's last running event; noneEmitted, or −1: without a label
	warmed  bool      // Warm of that event
	at      uint64    // Sample of that event
}

// A walk is the memory of an open segment.
type walk struct {
	net, kept *model.State // net: nil under decide.Carry; kept: at the last frame that counts
	again     *model.State // decide.Carry: for the segment from a state of zero; else nil
	probs     []float32
	counted   []float32 // probs at the last frame that counts
	confirmed []float32
	tops      []float32 // the top layer's inputs, a row a step
	inputs    []float32 // decide.Carry: the frames
	decided   bool      // confirmed holds the probabilities of the whole segment
}

// runningAt is what the running head gave at a step.
type runningAt struct {
	steps int
	label int
	peak  float64 // of the evidence so far
}

func newWalker(p *plan) *walker {
	w := &walker{memo: memo{plan: p}, decider: p.decider.New()}
	if w.carries() {
		w.net = p.m.NewState()
	}
	return w
}

// carries reports whether the state goes on from segment to segment.
func (w *walker) carries() bool { return w.plan.dec.State == decide.Carry }

// use returns the memory of the open segment, at first as before the first step.
func (w *walker) use() *walk {
	if w.walk != nil {
		return w.walk
	}
	s := w.plan.walks.Get()
	if s.probs == nil {
		s.init(w.plan.m, w.carries())
	}
	s.kept.Reset()
	clear(s.probs)
	clear(s.counted)
	s.tops, s.inputs, s.decided = s.tops[:0], s.inputs[:0], false
	if s.net != nil {
		s.net.Reset()
		w.net = s.net
	}
	w.walk = s
	return s
}

func (s *walk) init(m *model.Model, carry bool) {
	n := m.Classes()
	s.kept, s.probs, s.counted, s.confirmed = m.NewState(), make([]float32, n), make([]float32, n), make([]float32, n)
	if carry {
		s.again = m.NewState()
	} else {
		s.net = m.NewState()
	}
}

// end closes the segment and gives its memory back.
func (w *walker) end() {
	w.open = false
	if w.walk == nil {
		return
	}
	w.plan.walks.Put(w.walk)
	if w.walk = nil; !w.carries() {
		w.net = nil
	}
}

// noneEmitted is the value of walker.emitted before a segment's first running event.
const noneEmitted = -2

func (w *walker) begin(c *Classifier, o *op) {
	w.end()
	w.place.begin(o)
	w.emitted, w.warmed = noneEmitted, false
	w.decider.Begin()
	w.counted.steps, w.counted.label, w.counted.peak = 0, -1, 0
	if w.net != nil {
		w.net.ResetElapsed()
	}
}

// advance accounts for a step over frame.
func (w *walker) advance(c *Classifier, dst []Event, o *op, frame []float32) []Event {
	w.step++
	s := w.use()
	if c.m.HasConfirm() && s.again == nil {
		s.tops = append(s.tops, w.net.Top()...)
	}
	if s.again != nil {
		s.inputs = append(s.inputs, frame...)
	}
	if !c.m.HasRunning() {
		return dst
	}
	early := w.decider.Step(w.step, s.probs, o.found.Value >= o.found.Threshold)
	dst = w.reportRunning(c, dst, o)
	if !early {
		return dst
	}
	return c.emit(dst, NewEarly(w.header(o), c.m.Config.Labels[w.decider.Head()], s.probs[w.decider.Head()]))
}

// reportRunning emits a running event if Emit lets it pass, or puts it aside if that is
// asked for.
func (w *walker) reportRunning(c *Classifier, dst []Event, o *op) []Event {
	warm, running := w.decider.Warm(w.step), w.decider.Label()
	if w.thinned(c, o, warm, running) {
		if !c.o.Aside {
			return dst
		}
		return c.aside(dst, NewRunning(w.header(o), w.answer(c, warm)))
	}
	w.emitted, w.warmed, w.at = running, warm, o.sample
	return c.emit(dst, NewRunning(w.header(o), w.answer(c, warm)))
}

// thinned reports whether Emit leaves the step out.
func (w *walker) thinned(c *Classifier, o *op, warm bool, running int) bool {
	e := &c.o.Emit
	return e.Confirmed || e.Word && !o.found.Word || e.Change && running == w.emitted && warm == w.warmed ||
		e.Every > 0 && w.emitted != noneEmitted && float64(o.sample-w.at) < e.Every.Seconds()*c.input.format.Rate
}

// answer returns the running label. Its p is that of the label, or of the best one where
// the rules hold the label back.
func (w *walker) answer(c *Classifier, warm bool) Answer {
	a := Answer{Warm: warm}
	if warm {
		label, p := w.decider.Running()
		a.P, a.Top, a.Probs = p, w.top(c, w.decider.Probs()), w.all(c, w.decider.Probs())
		if label >= 0 {
			a.Label = c.m.Config.Labels[label]
		}
	}
	return a
}

// mark keeps the state, since all steps so far count.
func (w *walker) mark(c *Classifier) {
	w.counted.steps, w.counted.label, w.counted.peak = w.step, w.decider.Label(), w.decider.Peak()
	s := w.use()
	copy(s.counted, s.probs)
	if s.again == nil {
		s.kept.CopyFrom(w.net)
	}
}

// confirm ends the segment at the last step that counts.
func (w *walker) confirm(c *Classifier, dst []Event, o *op) []Event {
	defer w.end()
	probs := w.decide(c)
	label := f32.Argmax(probs)
	h := w.header(o)
	h.Step = w.counted.steps
	held := w.judge(c, probs, o)
	if held.Rule == decide.Background {
		return c.emit(dst, NewDropped(h, o.span(), held))
	}
	a := Answer{Label: c.m.Config.Labels[label], P: probs[label], Top: w.top(c, probs), Probs: w.all(c, probs)}
	out := Outcome{Rejected: held.Rule != "", Steps: w.counted.steps}
	if w.counted.label >= 0 {
		out.Running = c.m.Config.Labels[w.counted.label]
		out.Agrees = w.counted.label == label && !out.Rejected
	}
	if out.Rejected {
		a.Label = ""
	}
	e := NewConfirmed(h, a, out, o.span(), held)
	e.signal = o.signal
	return c.emit(dst, e)
}

// judge applies the rules to a confirmed segment with probabilities p, which ended with
// end, and returns the first one that holds its label back; with Options.Why also what
// each of them says.
func (w *walker) judge(c *Classifier, p []float32, end *op) (held HeldBack) {
	mem := w.memo.use()
	from := len(mem.verdicts)
	if end.found.Threshold > 0 {
		mem.verdicts = append(mem.verdicts, decide.Verdict{Rule: decide.Rule(segment.Short), Value: end.found.Value, Threshold: end.found.Threshold, Passed: true})
	}
	mem.verdicts = w.decider.Judge(mem.verdicts, p, w.counted.peak)
	for _, v := range mem.verdicts[from:] {
		if !v.Passed && !(c.o.Background && v.Rule == decide.Background) {
			held.Rule, held.Value, held.Threshold = v.Rule, v.Value, v.Threshold
			break
		}
	}
	if !c.o.Why {
		mem.verdicts = mem.verdicts[:from]
		return held
	}
	mem.verdicts = w.decider.JudgeEarly(mem.verdicts)
	held.Why = mem.verdicts[from:len(mem.verdicts):len(mem.verdicts)]
	return held
}

// decide returns the probabilities of the whole segment.
func (w *walker) decide(c *Classifier) []float32 {
	s := w.use()
	if s.again != nil {
		dim := c.m.Dim()
		s.again.Reset()
		s.tops = s.tops[:0]
		for t := range w.counted.steps {
			c.m.Step(s.confirmed, s.again, s.inputs[t*dim:(t+1)*dim])
			s.tops = append(s.tops, s.again.Top()...)
		}
		s.kept.CopyFrom(s.again)
		if !c.m.HasConfirm() {
			return s.confirmed
		}
	}
	if !c.m.HasConfirm() {
		return s.counted
	}
	if s.decided {
		return s.confirmed
	}
	c.m.Confirm(s.confirmed, s.kept, s.tops[:w.counted.steps*c.m.TopDim()])
	return s.confirmed
}

// mayShare reports whether the segment that is to be confirmed can be decided beside others.
func (w *walker) mayShare(c *Classifier) bool {
	return c.m.HasConfirm() && !w.carries() && w.counted.steps > 0
}

// confirms reports whether the end of a segment runs the network.
func (w *walker) confirms(c *Classifier) bool { return c.m.HasConfirm() || w.carries() }

func (w *walker) steps() int { return w.counted.steps }

func (w *walker) state() (*model.State, []float32) {
	s := w.use()
	return w.net, s.probs
}

func (w *walker) drop(c *Classifier, dst []Event, o *op) []Event {
	w.end()
	return c.emit(dst, o.dropped(w.header(o)))
}

// topLabels is the length of a top list unless Options.Top is set.
const topLabels = 3

// top returns the best labels, best first, valid until release.
func (w *walker) top(c *Classifier, probs []float32) []Score {
	mem := w.memo.use()
	from := len(mem.scores)
	mem.scores = appendTop(mem.scores, probs, c.m.Config.Labels, c.top())
	return mem.scores[from:len(mem.scores):len(mem.scores)]
}

// all returns a copy of probs, valid until release, if the options ask for it.
func (w *walker) all(c *Classifier, probs []float32) []float32 {
	if !c.o.Probs {
		return nil
	}
	mem := w.memo.use()
	from := len(mem.values)
	mem.values = append(mem.values, probs...)
	return mem.values[from:len(mem.values):len(mem.values)]
}

// top is the length of a top list.
func (p *plan) top() int { return cmp.Or(p.o.Top, topLabels) }

// appendTop appends the n most probable of names, best first.
func appendTop(dst []Score, probs []float32, names []string, n int) []Score {
	from := len(dst)
	for i, p := range probs {
		at := len(dst)
		for at > from && dst[at-1].P < p {
			at--
		}
		if at-from >= n {
			continue
		}
		if len(dst)-from < n {
			dst = append(dst, Score{})
		}
		copy(dst[at+1:], dst[at:len(dst)-1])
		dst[at] = Score{names[i], p}
	}
	return dst
}
