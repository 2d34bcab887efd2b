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
	net, kept *model.State // kept: at the last frame that counts
	again     *model.State // decide.Carry: for the segment from a state of zero; else nil
	probs     []float32
	confirmed []float32
	scores    []Score
	verdicts  []decide.Verdict

	decider *decide.Decider
	place
	tops    []float32 // the top layer's inputs, a row a step
	inputs  []float32 // decide.Carry: the frames
	counted runningAt // at the last frame that counts
	emitted int       // label of the segment's last running event; noneEmitted, or −1: without a label
	warmed  bool      // Warm of that event
	at      uint64    // Sample of that event
}

// runningAt is what the running head gave at a step.
type runningAt struct {
	steps int
	label int
	probs []float32
	peak  float64 // of the evidence so far
}

func newWalker(c *Classifier) *walker {
	n := c.m.Classes()
	w := &walker{net: c.m.NewState(), kept: c.m.NewState(), probs: make([]float32, n), confirmed: make([]float32, n),
		counted: runningAt{probs: make([]float32, n)},
		decider: decide.NewDecider(&c.dec, c.m.Config.Labels, c.m.Config.TypicalSteps())}
	if c.dec.State == decide.Carry {
		w.again = c.m.NewState()
	}
	return w
}

// noneEmitted is the value of walker.emitted before a segment's first running event.
const noneEmitted = -2

func (w *walker) begin(c *Classifier, o *op) {
	w.place.begin(o)
	w.tops, w.inputs = w.tops[:0], w.inputs[:0]
	w.emitted, w.warmed = noneEmitted, false
	w.decider.Begin()
	w.counted.steps, w.counted.label, w.counted.peak = 0, -1, 0
	if c.dec.State == decide.Reset {
		w.net.Reset()
	}
	w.net.ResetElapsed()
}

// advance accounts for a step over frame.
func (w *walker) advance(c *Classifier, dst []Event, o *op, frame []float32) []Event {
	w.step++
	if c.m.HasConfirm() && w.again == nil {
		w.tops = append(w.tops, w.net.Top()...)
	}
	if w.again != nil {
		w.inputs = append(w.inputs, frame...)
	}
	if !c.m.HasRunning() {
		return dst
	}
	early := w.decider.Step(w.step, w.probs)
	dst = w.reportRunning(c, dst, o)
	if !early {
		return dst
	}
	return c.emit(dst, NewEarly(w.header(o), c.m.Config.Labels[w.decider.Head()], w.probs[w.decider.Head()]))
}

// reportRunning emits a running event if Emit lets it pass. Its p is that of the label, or
// of the best one where the rules hold the label back.
func (w *walker) reportRunning(c *Classifier, dst []Event, o *op) []Event {
	warm, running := w.decider.Warm(w.step), w.decider.Label()
	switch e := &c.o.Emit; {
	case e.Confirmed, e.Word && !o.found.Word, e.Change && running == w.emitted && warm == w.warmed:
		return dst
	case e.Every > 0 && w.emitted != noneEmitted && float64(o.sample-w.at) < e.Every.Seconds()*c.input.format.Rate:
		return dst
	}
	w.emitted, w.warmed, w.at = running, warm, o.sample
	a := Answer{Warm: warm}
	if warm {
		label, p := w.decider.Running()
		a.P, a.Top = p, w.top(c, w.decider.Probs())
		if label >= 0 {
			a.Label = c.m.Config.Labels[label]
		}
	}
	return c.emit(dst, NewRunning(w.header(o), a))
}

// mark keeps the state, since all steps so far count.
func (w *walker) mark(c *Classifier) {
	w.counted.steps, w.counted.label, w.counted.peak = w.step, w.decider.Label(), w.decider.Peak()
	copy(w.counted.probs, w.probs)
	if w.again == nil {
		w.kept.CopyFrom(w.net)
	}
}

// confirm ends the segment at the last step that counts.
func (w *walker) confirm(c *Classifier, dst []Event, o *op) []Event {
	w.open = false
	probs := w.decide(c)
	label := f32.Argmax(probs)
	h := w.header(o)
	h.Step = w.counted.steps
	held := w.judge(c, probs, o)
	if held.Rule == decide.Background {
		return c.emit(dst, NewDropped(h, o.span(), held))
	}
	a := Answer{Label: c.m.Config.Labels[label], P: probs[label], Top: w.top(c, probs)}
	out := Outcome{Rejected: held.Rule != "", Steps: w.counted.steps}
	if w.counted.label >= 0 {
		out.Running = c.m.Config.Labels[w.counted.label]
		out.Agrees = w.counted.label == label && !out.Rejected
	}
	if out.Rejected {
		a.Label = ""
	}
	return c.emit(dst, NewConfirmed(h, a, out, o.span(), held))
}

// judge applies the rules to a confirmed segment with probabilities p, which ended with
// end, and returns the first one that holds its label back; with Options.Why also what
// each of them says.
func (w *walker) judge(c *Classifier, p []float32, end *op) (held HeldBack) {
	from := len(w.verdicts)
	if end.found.Threshold > 0 {
		w.verdicts = append(w.verdicts, decide.Verdict{Rule: decide.Rule(segment.Short), Value: end.found.Value, Threshold: end.found.Threshold, Passed: true})
	}
	w.verdicts = w.decider.Judge(w.verdicts, p, w.counted.peak)
	for _, v := range w.verdicts[from:] {
		if !v.Passed && !(c.o.Background && v.Rule == decide.Background) {
			held.Rule, held.Value, held.Threshold = v.Rule, v.Value, v.Threshold
			break
		}
	}
	if !c.o.Why {
		w.verdicts = w.verdicts[:from]
		return held
	}
	w.verdicts = w.decider.JudgeEarly(w.verdicts)
	held.Why = w.verdicts[from:len(w.verdicts):len(w.verdicts)]
	return held
}

// decide returns the probabilities of the whole segment.
func (w *walker) decide(c *Classifier) []float32 {
	if w.again != nil {
		dim := c.m.Dim()
		w.again.Reset()
		w.tops = w.tops[:0]
		for t := range w.counted.steps {
			c.m.Step(w.confirmed, w.again, w.inputs[t*dim:(t+1)*dim])
			w.tops = append(w.tops, w.again.Top()...)
		}
		w.kept.CopyFrom(w.again)
		if !c.m.HasConfirm() {
			return w.confirmed
		}
	}
	if !c.m.HasConfirm() {
		return w.counted.probs
	}
	c.m.Confirm(w.confirmed, w.kept, w.tops[:w.counted.steps*c.m.TopDim()])
	return w.confirmed
}

// confirms reports whether the end of a segment runs the network.
func (w *walker) confirms(c *Classifier) bool { return c.m.HasConfirm() || w.again != nil }

func (w *walker) steps() int { return w.counted.steps }

func (w *walker) state() (*model.State, []float32) { return w.net, w.probs }

func (w *walker) release() { w.scores, w.verdicts = w.scores[:0], w.verdicts[:0] }

func (w *walker) drop(c *Classifier, dst []Event, o *op) []Event {
	w.open = false
	return c.emit(dst, o.dropped(w.header(o)))
}

// topLabels is the length of a top list unless Options.Top is set.
const topLabels = 3

// top returns the best labels, best first, valid until release.
func (w *walker) top(c *Classifier, probs []float32) []Score {
	from := len(w.scores)
	w.scores = appendTop(w.scores, probs, c.m.Config.Labels, c.top())
	return w.scores[from:len(w.scores):len(w.scores)]
}

// top is the length of a top list.
func (c *Classifier) top() int { return cmp.Or(c.o.Top, topLabels) }

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
