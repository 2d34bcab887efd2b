package model

import (
	"strings"

	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
)

// Config is everything about a model except its weights. The model file stores it as
// the JSON string `inkling.config`, in this order of fields, so that equal trainings
// give equal files. docs/model-file.md describes each field.
type Config struct {
	Version  int            `json:"version"` // 1
	Labels   []string       `json:"labels"`
	Rate     float64        `json:"rate"`     // samples per second and channel; 0: unknown
	Channels int            `json:"channels"` // of the source; log-mel and MFCC average them to mono
	Names    []string       `json:"channel_names,omitempty"`
	Units    []string       `json:"units,omitempty"` // of the channels; "": unknown
	Front    feature.Config `json:"front"`
	Stem     stem.Config    `json:"stem,omitzero"` // learned filters over the front end's frames
	Hidden   int            `json:"hidden"`
	Layers   int            `json:"layers"`  // the bidirectional layer on top and the causal ones below
	Running  RunningHead    `json:"running"` // RunningSoftmax, RunningEvidence or RunningNone
	Confirm  bool           `json:"confirm"` // whether there is a backward half with the confirm head
	// ConfirmEvidence adds the running logits of the last frame to the confirm
	// logits, each times a learned factor. It needs both heads.
	ConfirmEvidence bool `json:"confirm_evidence,omitempty"`
	// Detector is the network that opens and closes segments of the segmenter label; nil: none.
	Detector    *DetectorConfig `json:"detector,omitempty"`
	Next        *Next           `json:"next,omitempty"` // predict the next frame instead of labels; nil: labels
	Precision   Precision       `json:"precision,omitempty"`
	Segment     segment.Config  `json:"segment"`
	Calibration *Calibration    `json:"calibration,omitempty"`
	Decision    decide.Config   `json:"decision"`
	Origin      Origin          `json:"origin"`
}

// HasStem reports whether there are learned filters between the front end and the
// LSTM.
func (c *Config) HasStem() bool { return c.Stem.Kind != "" }

// Precision says what the network computes with.
type Precision string

const (
	// Float32 computes with floating-point numbers.
	Float32 Precision = ""
	// Int8 has weights of eight bits and computes with integers from the frames to the
	// logits, so its answers do not depend on the processor. Training cannot change it.
	Int8 Precision = "int8"
)

// Integer reports whether the network computes with integers.
func (c *Config) Integer() bool { return c.Precision == Int8 }

// RunningHead says how the running logits follow from the forward states h(t).
type RunningHead string

const (
	// RunningNone means that there is no running head.
	RunningNone RunningHead = "none"
	// RunningSoftmax computes logits(t) = R·h(t) + r.
	RunningSoftmax RunningHead = "softmax"
	// RunningEvidence accumulates logits(t) = logits(t−1) + R·h(t) + r.
	RunningEvidence RunningHead = "evidence"
)

// Text reports whether the model's samples are characters, given as code points.
func (c *Config) Text() bool { return c.Front.Kind == feature.KindChars }

// Origin records how a model was made. It holds no time, host or path.
type Origin struct {
	Program  string             `json:"program,omitempty"`
	Data     string             `json:"data,omitempty"`     // hash of the training set
	Examples []string           `json:"examples,omitempty"` // short hashes of the training examples
	Options  map[string]string  `json:"options,omitempty"`
	Seed     uint64             `json:"seed"`
	Measured map[string]float64 `json:"measured,omitempty"` // results on the validation data
	Float    string             `json:"float,omitempty"`    // of an integer model: the hash of the model that it was made of
}

// Leads returns the names of the leads that a model of heartbeats learned from, in the order
// of its channels; nil if they had none.
func (o *Origin) Leads() []string {
	if o.Options["leads"] == "" {
		return nil
	}
	return strings.Split(o.Options["leads"], ",")
}
