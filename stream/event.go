package stream

import (
	"time"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// Type names an event.
type Type string

const (
	Running   Type = "running"
	Early     Type = "early"
	Confirmed Type = "confirmed"
	Dropped   Type = "dropped"
	Gap       Type = "gap"
	Status    Type = "status"
	Summary   Type = "summary"
	Forecast  Type = "forecast"
)

// A Score is one entry of an event's top list; it marshals as [label, p].
type Score struct {
	Label string
	P     float32
}

// An Event is one line of inkling's output; docs/events.md gives the fields of
// each type. Label "" is null in JSON where the type has a label. Its slices are
// valid until the classifier's next Advance or End: a Sink that keeps an event
// copies it with Clone.
type Event struct {
	Type    Type
	Session string
	Stream  string
	Segment uint64    // counts from 1 within the stream; 0: outside
	Step    int       // counts from 1 at the segment's first frame
	Sample  uint64    // per channel, at the source's rate
	Time    time.Time // capture time of that sample; zero for files

	Label string
	P     float32
	Top   []Score
	Warm  bool

	// confirmed, dropped
	Rejected  bool
	Running   string // the last running label that counts
	Agrees    bool
	Steps     int
	Start     uint64 // [Start, End)
	End       uint64
	EndedBy   segment.Ending
	Peak      uint64 // segmenter beat: the R peak
	LatencyMS float64
	Truth     string // demo only: what was played

	// dropped, confirmed and Rejected: the rule that held it back, and its numbers; the
	// rules of a dropped one may be a segment.Reason
	Rule      decide.Rule
	Threshold float64
	Value     float64
	Why       []decide.Verdict // Options.Why: of every rule

	// forecast: frames of D values, in the signal's units at the model's rate
	Values    []float32 // of the frame that this step came with
	Errors    []float32 // Values less what had been forecast for them; nil at the first step
	Ahead     []float32 // of the next frames, a row of D each
	Levels    []float64 // of Quantiles
	Quantiles []float32 // of the next frame, a row of D a level
	Text      *string   // of text, in place of all these: the character that came, "": one without a code
	Bits      float64   // -log2 of the probability that it had been given; Top has those of the next one

	// gap, status
	Reason  string
	Lost    uint64
	Policy  string
	State   capture.Health
	Version string // with status up
	Model   string // with status up: the model's hash

	// summary
	Counts []Count
}

// A Count is one figure of a summary.
type Count struct {
	Name  string
	Value float64
}
