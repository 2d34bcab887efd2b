package model

import (
	"inkling/model/feature"
	"inkling/model/stem"
)

// Config is everything about a model but its weights. It is the JSON string
// `inkling.config` of the model file, written in this order of fields so that
// equal trainings give equal files. docs/model-file.md describes each field.
type Config struct {
	Version  int            `json:"version"` // 1
	Labels   []string       `json:"labels"`
	Rate     float64        `json:"rate"`     // samples per second and channel; 0: unknown, taken as it comes
	Channels int            `json:"channels"` // of the source; log-mel and MFCC average them to mono
	Names    []string       `json:"channel_names,omitempty"`
	Units    []string       `json:"units,omitempty"` // of the channels; "": not known
	Front    feature.Config `json:"front"`
	Stem     stem.Config    `json:"stem,omitzero"` // learned filters over the front end's frames
	Hidden   int            `json:"hidden"`
	Layers   int            `json:"layers"`  // lower causal layers and the bidirectional one on top
	Running  string         `json:"running"` // RunningSoftmax, RunningEvidence or RunningNone
	Confirm  bool           `json:"confirm"` // there is a backward half
	// ConfirmEvidence adds the running logits of the last frame, each times a factor
	// of its own, to the confirm logits. It takes both heads.
	ConfirmEvidence bool         `json:"confirm_evidence,omitempty"`
	Next            *Next        `json:"next,omitempty"` // what comes next in place of labels; nil: labels
	Segment         Segment      `json:"segment"`
	Calibration     *Calibration `json:"calibration,omitempty"`
	Decision        Decision     `json:"decision"`
	Origin          Origin       `json:"origin"`
}

// HasStem tells whether there are learned filters between front end and LSTM.
func (c *Config) HasStem() bool { return c.Stem.Kind != "" }

// Running heads.
const (
	RunningNone     = "none"
	RunningSoftmax  = "softmax"  // logits(t) = R·h(t) + r
	RunningEvidence = "evidence" // logits(t) = logits(t−1) + R·h(t) + r
)

// Segmenter kinds.
const (
	SegmentActivity = "activity"
	SegmentFixed    = "fixed"
	SegmentMessage  = "message"
	SegmentWhole    = "whole"
	SegmentLine     = "line"     // text: ends at a line's end
	SegmentSentence = "sentence" // text: ends at a sentence's end, or at an empty line
	SegmentBeat     = "beat"
)

// SegmentKinds lists them.
func SegmentKinds() []string {
	return []string{SegmentActivity, SegmentFixed, SegmentMessage, SegmentWhole, SegmentLine, SegmentSentence, SegmentBeat}
}

// Text tells whether the model's samples are characters, by their code points.
func (c *Config) Text() bool { return c.Front.Kind == feature.KindChars }

// Segment configures where segments begin and end. Levels are in dB, times in
// seconds of the signal; for a model of unknown rate a second is one sample.
// A zero field takes the default in brackets.
type Segment struct {
	Kind    string  `json:"kind"`
	Maximum float64 `json:"maximum,omitempty"` // [60] confirm at this length, whatever happens
	Steps   int     `json:"steps,omitempty"`   // fixed: steps a segment [100]
	// activity
	On      float64 `json:"on,omitempty"`       // opens this far above the floor [12]
	Off     float64 `json:"off,omitempty"`      // counts as active down to this far above the floor [6]
	Level   float64 `json:"level,omitempty"`    // never opens below this level, dB of full scale [-60]
	Minimum float64 `json:"minimum,omitempty"`  // shorter ones are dropped [0.05]
	PreRoll float64 `json:"pre_roll,omitempty"` // kept from before the opening [0.02]
	Hold    float64 `json:"hold,omitempty"`     // silence that ends it [0.2]
	// beat: a segment round each R peak of an electrocardiogram
	Before float64 `json:"before,omitempty"` // the R peak [0.3]
	After  float64 `json:"after,omitempty"`  // it [0.4]
	Wait   float64 `json:"wait,omitempty"`   // for the next R peak at most, so that the interval after is known [0: not at all]
}

// Decision is what turns probabilities into events. A zero field is a rule that is
// off. Probabilities are calibrated ones; durations are in steps, as decisions are
// made a step.
type Decision struct {
	Warm       int     `json:"warm,omitempty"`        // steps before the running head may answer
	Background string  `json:"background,omitempty"`  // label that is trained but not reported
	Threshold  float64 `json:"threshold,omitempty"`   // confirmed below it is rejected
	Early      *Early  `json:"early,omitempty"`       // the learned rule; nil: the two below
	EarlyP     float64 `json:"early_p,omitempty"`     // early: the running label holds p ≥ EarlyP …
	EarlySteps int     `json:"early_steps,omitempty"` // … for EarlySteps steps; 0: never
	State      string  `json:"state"`                 // reset or carry
	Gap        string  `json:"gap"`                   // reset, hold or fill

	On         map[string]float64 `json:"on,omitempty"`          // labels with a threshold of their own in place of Threshold
	RunningOn  map[string]float64 `json:"running_on,omitempty"`  // the running label becomes this one at p ≥ RunningOn …
	RunningOff map[string]float64 `json:"running_off,omitempty"` // … and stays it down to p = RunningOff
	Smooth     float64            `json:"smooth,omitempty"`      // time constant of the running probabilities' average, steps
	Hold       int                `json:"hold,omitempty"`        // steps before another label may follow a running one
	CUSUMLimit float64            `json:"cusum_limit,omitempty"` // evidence that a segment needs, nats
	CUSUMDrift float64            `json:"cusum_drift,omitempty"` // taken off the evidence of each step, nats
}

// SureP bounds a step's probability as evidence: it says no more than 999 to 1, for
// no validation set of ordinary size calibrates finer than that.
const SureP = 0.999

// Origin says where a model came from. It holds no time, host or path.
type Origin struct {
	Program  string             `json:"program,omitempty"`
	Data     string             `json:"data,omitempty"`     // hash of the training set
	Examples []string           `json:"examples,omitempty"` // short hashes of the training examples
	Options  map[string]string  `json:"options,omitempty"`
	Seed     uint64             `json:"seed"`
	Measured map[string]float64 `json:"measured,omitempty"` // its own validation figures
}
