package stream

import (
	"cmp"
	"math"
	"strings"

	"inkling/model"
)

// walker steps the network through the open segment.
type walker struct {
	net, kept *model.State // kept: at the last frame that counts
	again     *model.State // State carry: the segment from zero
	probs     []float32
	confirmed []float32
	scores    []Score
	verdicts  []Verdict

	Decider
	open     bool
	id       uint64
	step     int
	start    uint64
	tops     []float32 // the top layer's inputs, a row a step
	inputs   []float32 // State carry: the frames
	counted  runningAt // at the last frame that counts
	nearest  float64   // the greatest p or score that the early rule saw
	mostHeld int       // and its most steps on end
	emitted  int       // label of the last running event, −2: none yet
	warmed   bool      // of the last running event
	at       uint64    // its sample
}

// runningAt is what the running head said at a step.
type runningAt struct {
	steps int
	label int
	probs []float32
	peak  float64 // of the evidence so far
}

func (w *walker) init(c *Classifier) {
	w.net, w.kept = c.m.NewState(), c.m.NewState()
	w.probs, w.confirmed = make([]float32, c.m.Classes()), make([]float32, c.m.Classes())
	w.counted.probs = make([]float32, c.m.Classes())
	w.Decider.init(&c.m.Config, &c.dec)
	if c.dec.State == "carry" {
		w.again = c.m.NewState()
	}
}

// A need is what a classifier's queue waits for.
type need uint8

const (
	needNothing need = iota // it is empty
	needStep                // of a frame: see pending and stepped
	needConfirm             // at a segment's end: see confirm
)

// Advance runs what Feed queued and appends the events to dst. Their Top and
// Why are valid until the next call.
func (c *Classifier) Advance(dst []Event) []Event {
	c.forgetTops()
	for {
		var n need
		switch dst, n = c.walk(dst); n {
		case needStep:
			state, frame, probs := c.pending()
			c.m.Step(probs, state, frame)
			dst = c.stepped(dst)
		case needConfirm:
			dst = c.confirm(dst)
		default:
			return dst
		}
	}
}

// forgetTops reuses the memory of the events so far.
func (c *Classifier) forgetTops() {
	c.walker.scores, c.walker.verdicts = c.walker.scores[:0], c.walker.verdicts[:0]
}

// walk works the queue off up to what needs the network. Whoever calls it meets
// the need and walks on: Advance by itself, a worker for many streams at once.
func (c *Classifier) walk(dst []Event) ([]Event, need) {
	w := &c.walker
	for ; c.walked < len(c.queue); c.walked++ {
		o := &c.queue[c.walked]
		switch o.kind {
		case opOpen:
			w.begin(c, o)
		case opFrame:
			return dst, needStep
		case opMark:
			w.mark(c)
		case opClose:
			if c.m.HasConfirm() || w.again != nil {
				return dst, needConfirm
			}
			dst = w.confirm(c, dst, o)
		case opDrop:
			dst = w.drop(c, dst, o)
		default:
			dst = c.tell(dst, o)
		}
	}
	c.queue, c.walked = c.queue[:0], 0
	c.frames, c.used = c.frames[:0], 0
	return dst, needNothing
}

// pending is the step that walk has stopped at: Step, or StepBatch, of these is
// to follow, and then stepped.
func (c *Classifier) pending() (s *model.State, frame, probs []float32) {
	return c.walker.net, c.frames[c.used:][:c.m.Dim()], c.walker.probs
}

// stepped goes on after the step that pending gave.
func (c *Classifier) stepped(dst []Event) []Event {
	_, frame, _ := c.pending()
	dst = c.walker.advance(c, dst, &c.queue[c.walked], frame)
	c.walked++
	c.used += len(frame)
	return dst
}

// confirm ends the segment that walk has stopped at. It costs about as much as
// confirmSteps steps.
func (c *Classifier) confirm(dst []Event) []Event {
	dst = c.walker.confirm(c, dst, &c.queue[c.walked])
	c.walked++
	return dst
}

func (c *Classifier) confirmSteps() int { return c.walker.counted.steps }

// emit appends e unless it was emitted before a resume.
func (c *Classifier) emit(dst []Event, e Event) []Event {
	c.emitted++
	if c.skip > 0 {
		c.skip--
		return dst
	}
	e.Session, e.Stream = c.o.Session, c.o.Stream
	return append(dst, e)
}

func (c *Classifier) tell(dst []Event, o *op) []Event {
	if o.kind == opGap {
		return c.emit(dst, Event{Type: Gap, Sample: o.sample, Time: o.time, Lost: o.lost, Policy: c.dec.Gap, Reason: o.reason})
	}
	first, second, _ := strings.Cut(o.reason, "\x00")
	if o.kind == opMiss {
		return c.emit(dst, Event{Type: Dropped, Sample: o.sample, Time: o.time, Reason: first, Threshold: o.threshold, Value: o.value,
			Start: o.start, End: o.sample, EndedBy: Reason(second)})
	}
	return c.emit(dst, Event{Type: Status, Sample: o.sample, Time: o.time, State: first, Reason: second})
}

// unheard is the label of the last running event while there was none.
const unheard = -2

func (w *walker) begin(c *Classifier, o *op) {
	w.open, w.step, w.start = true, 0, o.start
	w.id++
	w.tops, w.inputs = w.tops[:0], w.inputs[:0]
	w.nearest, w.mostHeld, w.emitted, w.warmed = math.Inf(-1), 0, unheard, false
	w.Begin()
	w.counted.steps, w.counted.label, w.counted.peak = 0, -1, 0
	if c.dec.State == "reset" {
		w.net.Reset()
	}
}

// advance takes in a step that has been made.
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
	asked := w.Warm(w.step) && !w.early
	early := w.Step(w.step, w.probs)
	dst = w.tellRunning(c, dst, o)
	if asked && w.running.label == w.label {
		w.watch(c)
	}
	if !early {
		return dst
	}
	return c.emit(dst, Event{Type: Early, Segment: w.id, Step: w.step, Sample: o.sample, Time: o.time,
		Label: c.m.Config.Labels[w.label], P: w.probs[w.label]})
}

// tellRunning emits a running event if Emit lets it pass. Without a label its p is
// that of the best.
func (w *walker) tellRunning(c *Classifier, dst []Event, o *op) []Event {
	warm, s := w.Warm(w.step), &w.running
	switch e := &c.o.Emit; {
	case e.Confirmed, e.Word && !o.word, e.Change && s.label == w.emitted && warm == w.warmed:
		return dst
	case e.Every > 0 && w.emitted != unheard && float64(o.sample-w.at) < e.Every.Seconds()*c.input.format.Rate:
		return dst
	}
	w.emitted, w.warmed, w.at = s.label, warm, o.sample
	v := Event{Type: Running, Segment: w.id, Step: w.step, Sample: o.sample, Time: o.time, Warm: warm}
	if warm {
		label, p := w.Running()
		v.P, v.Top = p, w.top(c, s.probs)
		if label >= 0 {
			v.Label = c.m.Config.Labels[label]
		}
	}
	return c.emit(dst, v)
}

// mark keeps the state: all steps so far count.
func (w *walker) mark(c *Classifier) {
	w.counted.steps, w.counted.label, w.counted.peak = w.step, w.running.label, w.Peak()
	copy(w.counted.probs, w.probs)
	if w.again == nil {
		w.kept.CopyFrom(w.net)
	}
}

// confirm ends the segment at the last step that counts.
func (w *walker) confirm(c *Classifier, dst []Event, o *op) []Event {
	w.open = false
	probs := w.decide(c)
	label := argmax(probs)
	e := Event{Type: Confirmed, Segment: w.id, Step: w.counted.steps, Sample: o.sample, Time: o.time,
		Label: c.m.Config.Labels[label], P: probs[label], Top: w.top(c, probs), Steps: w.counted.steps,
		Start: w.start, End: o.sample, EndedBy: Reason(o.reason)}
	if w.counted.label >= 0 {
		e.Running = c.m.Config.Labels[w.counted.label]
		e.Agrees = w.counted.label == label
	}
	w.judge(c, &e, probs, o)
	return c.emit(dst, e)
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

func (w *walker) drop(c *Classifier, dst []Event, o *op) []Event {
	w.open = false
	why, by, _ := strings.Cut(o.reason, "\x00")
	return c.emit(dst, Event{Type: Dropped, Segment: w.id, Step: w.step, Sample: o.sample, Time: o.time, Reason: why,
		Threshold: o.threshold, Value: o.value, Start: w.start, End: o.sample, EndedBy: Reason(by)})
}

// topLabels is how many labels a top list has unless Options says otherwise.
const topLabels = 3

// top is the best labels, best first, in memory of the walker's.
func (w *walker) top(c *Classifier, probs []float32) []Score {
	n := cmp.Or(c.o.Top, topLabels)
	from := len(w.scores)
	for i, p := range probs {
		at := len(w.scores)
		for at > from && w.scores[at-1].P < p {
			at--
		}
		if at-from >= n {
			continue
		}
		if len(w.scores)-from < n {
			w.scores = append(w.scores, Score{})
		}
		copy(w.scores[at+1:], w.scores[at:len(w.scores)-1])
		w.scores[at] = Score{c.m.Config.Labels[i], p}
	}
	return w.scores[from:len(w.scores):len(w.scores)]
}

func argmax(p []float32) (best int) {
	for i, v := range p {
		if v > p[best] {
			best = i
		}
	}
	return best
}
