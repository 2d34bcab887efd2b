package model

import (
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
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
	Running  RunningHead    `json:"running"` // RunningSoftmax, RunningEvidence or RunningNone
	Confirm  bool           `json:"confirm"` // there is a backward half
	// ConfirmEvidence adds the running logits of the last frame, each times a factor
	// of its own, to the confirm logits. It takes both heads.
	ConfirmEvidence bool           `json:"confirm_evidence,omitempty"`
	Next            *Next          `json:"next,omitempty"` // what comes next in place of labels; nil: labels
	Segment         segment.Config `json:"segment"`
	Calibration     *Calibration   `json:"calibration,omitempty"`
	Decision        decide.Config  `json:"decision"`
	Origin          Origin         `json:"origin"`
}

// HasStem tells whether there are learned filters between front end and LSTM.
func (c *Config) HasStem() bool { return c.Stem.Kind != "" }

// RunningHead says how the running label comes out of the forward states h(t).
type RunningHead string

const (
	RunningNone     RunningHead = "none"     // there is none
	RunningSoftmax  RunningHead = "softmax"  // logits(t) = R·h(t) + r
	RunningEvidence RunningHead = "evidence" // logits(t) = logits(t−1) + R·h(t) + r
)

// Text tells whether the model's samples are characters, by their code points.
func (c *Config) Text() bool { return c.Front.Kind == feature.KindChars }

// Origin says where a model came from. It holds no time, host or path.
type Origin struct {
	Program  string             `json:"program,omitempty"`
	Data     string             `json:"data,omitempty"`     // hash of the training set
	Examples []string           `json:"examples,omitempty"` // short hashes of the training examples
	Options  map[string]string  `json:"options,omitempty"`
	Seed     uint64             `json:"seed"`
	Measured map[string]float64 `json:"measured,omitempty"` // its own validation figures
}
