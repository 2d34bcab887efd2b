package evaluate

import (
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream/evaluate/pairing"
)

// A Trace is one recording after the network has run over it: everything that decisions
// are made from. Positions are samples per channel of the recording.
type Trace struct {
	Name       string
	Rate       float64
	Samples    uint64
	Events     []Span // the annotations except those of background, by start
	Clips      []Clip // one an event
	Candidates []Candidate
}

// A Span is a labelled part of a recording, a Pairing says which answer belongs to which event,
// and a Reason why an event was missed or what kind of false alarm an answer is.
type (
	Span    = pairing.Span
	Pairing = pairing.Pairing
	Reason  = pairing.Reason
)

// The reasons of package pairing.
const (
	WrongLabel   = pairing.WrongLabel
	Inside       = pairing.Inside
	NoSegment    = pairing.NoSegment
	Repeated     = pairing.Repeated
	Displaced    = pairing.Displaced
	OnBackground = pairing.OnBackground
)

// AtEvents is that of package pairing.
func AtEvents(dst []bool, events, answers []Span, tolerance uint64) []bool {
	return pairing.AtEvents(dst, events, answers, tolerance)
}

// A Clip is what the network answers for the samples of one event alone.
type Clip struct {
	Judged    bool // false for points, for events shorter than a step or longer than five minutes
	Confirmed int
	Running   int // at the end; −1 for none
}

// A Candidate is a segment before any rule has decided on it. Labels are indices, −1 for
// none.
type Candidate struct {
	Start, End uint64
	DecidedAt  uint64 // the stream's position when the segment was known to have ended
	EndedBy    segment.Ending
	Dropped    decide.Rule // the segmenter's reason for dropping it; Confirm is then nil
	Confirm    []float32   // C probabilities
	Counted    int         // how many of Steps count: those before the trailing silence
	Steps      []Step      // of the running head
	Unsure     int         // how many of Steps could still have been dropped as short: no early label then
	Probs      []float32   // len(Steps)×C, of the running head; kept with StreamOptions.KeepProbs

	// The fields below, and the labels of Steps, follow the rules of the model, or those
	// of the last Replay.
	Running int     // the running label at the last step that counts
	Peak    float64 // the greatest evidence up to that step
	Early   int
	EarlyAt uint64
}

// A Step is the running head's answer at one step.
type Step struct {
	Sample uint64  // where its frame ends
	Label  int32   // −1 while the head warms up or a rule holds the label back
	P      float32 // of the label, or of the most probable one; 0 while the head warms up
}

// Replay applies the rules of d to the stored probabilities: it sets the running and
// early labels and the evidence that a stream with these rules would have reported. The
// candidates must have their Probs. c is the configuration of the model that t is from.
func (t *Trace) Replay(c *model.Config, d *decide.Config) {
	r := decide.NewDecider(d, c.Labels, c.TypicalSteps())
	for i := range t.Candidates {
		t.Candidates[i].replay(r)
	}
}

// replay runs r, which has seen the candidates before c, over c.
func (c *Candidate) replay(r *decide.Decider) {
	classes := 0
	if n := len(c.Steps); n > 0 {
		classes = len(c.Probs) / n
	}
	c.Running, c.Early, c.EarlyAt, c.Peak = -1, -1, 0, 0
	r.Begin()
	for k := range c.Steps {
		s, p := &c.Steps[k], c.Probs[k*classes:][:classes]
		early := r.Step(k+1, p, k >= c.Unsure)
		label, best := r.Running()
		if s.Label, s.P = -1, 0; r.Warm(k + 1) {
			s.Label, s.P = int32(label), best
		}
		if early {
			c.Early, c.EarlyAt = label, s.Sample
		}
		if k+1 == c.Counted {
			c.Running, c.Peak = label, r.Peak()
		}
	}
}

// flips counts the changes of the running label within c.
func (c *Candidate) flips() (n int) {
	last := int32(-1)
	for _, s := range c.Steps {
		if s.Label < 0 {
			continue
		}
		n += one(last >= 0 && s.Label != last)
		last = s.Label
	}
	return n
}

// settled returns where the running label became label for the rest of the segment.
func (c *Candidate) settled(label int) (at uint64, ok bool) {
	for k := min(c.Counted, len(c.Steps)) - 1; k >= 0 && int(c.Steps[k].Label) == label; k-- {
		at, ok = c.Steps[k].Sample, true
	}
	return at, ok
}

// lastSample returns where c and its steps end.
func (c *Candidate) lastSample() uint64 {
	if n := len(c.Steps); n > 0 {
		return max(c.Steps[n-1].Sample, c.End)
	}
	return c.End
}

// runningAt returns the running label at the end of e, that of the last step within it;
// −1 if there is none.
func (t *Trace) runningAt(e Span) int {
	label := -1
	k := t.firstAfter(e.Start)
	for ; k < len(t.Candidates) && t.Candidates[k].Start < e.End; k++ {
		for _, s := range t.Candidates[k].Steps {
			if s.Sample > e.Start && s.Sample <= e.End {
				label = int(s.Label)
			}
		}
	}
	return label
}

// inside reports whether e begins within a candidate, or one begins within e.
func (t *Trace) inside(e Span) bool {
	k := t.firstAfter(e.Start)
	return k < len(t.Candidates) && t.Candidates[k].Start < max(e.End, e.Start+1)
}

// firstAfter returns the index of the first candidate that ends after sample at.
func (t *Trace) firstAfter(at uint64) int {
	lo, hi := 0, len(t.Candidates)
	for lo < hi {
		if mid := (lo + hi) / 2; t.Candidates[mid].lastSample() <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// seconds returns the length of t.
func (t *Trace) seconds() float64 { return float64(t.Samples) / t.Rate }

// at returns a sample's time in seconds.
func (t *Trace) at(sample uint64) float64 { return float64(sample) / t.Rate }
