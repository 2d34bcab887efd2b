package stream

import (
	"slices"
	"time"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// Type says what an event reports, and so which of its parts are set.
type Type string

const (
	Running   Type = "running"   // Answer: the label after a step of an open segment
	Detector  Type = "detector"  // Answer.P, HeldBack.Threshold: the probability that a label is sounding
	Early     Type = "early"     // Answer: the running label is final
	Confirmed Type = "confirmed" // Answer, Outcome, Span, HeldBack: a segment's label
	Dropped   Type = "dropped"   // HeldBack, Span: a segment, or sound, without a label
	Gap       Type = "gap"       // Incident: samples were lost
	Status    Type = "status"    // Incident: the health of the source has changed
	Summary   Type = "summary"   // Counts: the end of a run over a source that ends
	Forecast  Type = "forecast"  // Prediction; for text also Answer.Top: what comes next
)

// MayBeLost reports whether events of this type are thinned out when a sink is slow: the
// next one replaces them.
func (t Type) MayBeLost() bool { return t == Running || t == Forecast || t == Detector }

// An Event is one line of inkling's output; docs/events.md gives the fields of each
// type. It holds the parts that its Type names, and the others are zero: the New
// functions make events that keep to that. Slices are valid until the classifier's
// next Advance or End: a Sink that keeps an event copies it with Clone.
type Event struct {
	Type Type
	Header
	Answer
	Outcome
	Span
	HeldBack
	Prediction
	Incident
	Counts []Count
	Aside  bool // running, detector: Options.Emit leaves it out, and Options.Aside asks for it all the same

	signal []float32 // Confirmed: of the segment, for taps; the sinks get it no more
}

// Header says where an event belongs. All types have it.
type Header struct {
	Session string
	Stream  string
	Segment uint64         // counts from 1 within the stream; 0: outside all segments
	Step    int            // counts from 1 at the segment's first frame, as far as an int goes
	Sample  uint64         // per channel, at the source's rate
	Time    time.Time      // capture time of that sample; zero for files
	Clock   capture.Timing // whose clock Time is of; "": that of this machine

	// Number tells apart the events that a segment, or a stream outside of all segments, may
	// have several of and that must not be lost. A stream that goes on from a saved state
	// gives the same numbers again. Segment and Type identify the other events; 0.
	Number uint64
}

// Answer is what the network says: of running, early and confirmed events.
type Answer struct {
	Label string // "", null in JSON: none
	P     float32
	Top   []Score // the best labels, best first
	Warm  bool    // running: the warm-up is over, so that there is an answer

	// Probs are the probabilities of all labels, in the model's order, of running and
	// confirmed events, if Options.Probs is set. They are not in the JSON.
	Probs []float32
}

// A Score is one entry of a top list; it marshals as [label, p].
type Score struct {
	Label string
	P     float32
}

// Outcome is how a segment ended: of confirmed events.
type Outcome struct {
	Rejected  bool   // HeldBack says why
	Running   string // the last running label that counts
	Agrees    bool   // it is Label
	Steps     int
	LatencyMS float64 // from the arrival of its last block
	Truth     string  // demo only: what was played
	Kept      string  // file that has, or soon will have, the segment's signal; "": it is not kept
}

// Span is where a segment lies: of confirmed and dropped events.
type Span struct {
	Start, End uint64 // [Start, End), samples of the source
	EndedBy    segment.Ending
	Peak       uint64 // segmenter beat: the R peak
}

// HeldBack names the rule that kept a label from being reported: of dropped events, and
// of confirmed ones that are Rejected.
type HeldBack struct {
	Rule      decide.Rule // of a dropped event maybe a segment.Reason
	Threshold float64
	Value     float64
	Why       []decide.Verdict // Options.Why: of every rule, also where none held back
}

// Prediction is what comes next: of forecast events. Frames have D values, in the
// signal's units at the model's rate.
type Prediction struct {
	Values    []float32 // the frame of this step
	Errors    []float32 // Values less what had been forecast for them; nil at the first step
	Ahead     []float32 // the next frames, a row of D each
	Levels    []float64 // of Quantiles
	Quantiles []float32 // of the next frame, a row of D for each level
	Text      *string   // for text, in place of all these: the character that came, "" if it has no code
	Bits      float64   // for text: -log2 of the probability that the character had been given
}

// Incident is what happened to the source: of gap and status events.
type Incident struct {
	Reason  string
	Lost    uint64         // gap: samples
	Policy  decide.Gap     // gap: what was done about it
	State   capture.Health // status
	Version string         // status up: the program's
	Model   string         // status up: the model's hash
}

// A Count is one figure of a summary.
type Count struct {
	Name  string
	Value float64
}

// NewRunning returns a running event.
func NewRunning(h Header, a Answer) Event { return Event{Type: Running, Header: h, Answer: a} }

// NewDetector returns a detector event: at h, the probability that one of the labels is
// sounding, and the one that opens a segment.
func NewDetector(h Header, p float32, threshold float64) Event {
	return Event{Type: Detector, Header: h, Answer: Answer{P: p}, HeldBack: HeldBack{Threshold: threshold}}
}

// NewEarly returns an early event.
func NewEarly(h Header, label string, p float32) Event {
	return Event{Type: Early, Header: h, Answer: Answer{Label: label, P: p}}
}

// NewConfirmed returns a confirmed event; held is zero but for Why unless the label was
// rejected.
func NewConfirmed(h Header, a Answer, o Outcome, s Span, held HeldBack) Event {
	return Event{Type: Confirmed, Header: h, Answer: a, Outcome: o, Span: s, HeldBack: held}
}

// NewDropped returns a dropped event.
func NewDropped(h Header, s Span, held HeldBack) Event {
	return Event{Type: Dropped, Header: h, Span: s, HeldBack: held}
}

// NewForecast returns a forecast event; top lists the next characters of a text.
func NewForecast(h Header, p Prediction, top []Score) Event {
	return Event{Type: Forecast, Header: h, Prediction: p, Answer: Answer{Top: top}}
}

// NewGap returns a gap event.
func NewGap(h Header, lost uint64, policy decide.Gap, reason string) Event {
	return Event{Type: Gap, Header: h, Incident: Incident{Lost: lost, Policy: policy, Reason: reason}}
}

// NewStatus returns a status event.
func NewStatus(h Header, state capture.Health, reason string) Event {
	return Event{Type: Status, Header: h, Incident: Incident{State: state, Reason: reason}}
}

// NewSummary returns a summary.
func NewSummary(h Header, counts ...Count) Event {
	return Event{Type: Summary, Header: h, Counts: counts}
}

// Clone returns a copy of e that does not share memory with the classifier.
func (e Event) Clone() Event {
	e.Top, e.Why, e.Probs = slices.Clone(e.Top), slices.Clone(e.Why), slices.Clone(e.Probs)
	e.Values, e.Errors, e.Ahead, e.Quantiles = slices.Clone(e.Values), slices.Clone(e.Errors), slices.Clone(e.Ahead), slices.Clone(e.Quantiles)
	return e
}
