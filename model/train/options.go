package train

import (
	"errors"
	"fmt"
	"math"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
)

// Schedules of the learning rate. All begin with Warmup updates of linear rise.
const (
	Constant = "constant"
	Step     = "step"   // divided by ten at one half and at three quarters
	Cosine   = "cosine" // to zero at the last update
)

// Options say how to train. The zero value of a field takes the default in
// brackets; where a zero must be sayable, a negative value says it. Defaults
// fills in what the data suggest.
type Options struct {
	Front   feature.Config
	Stem    stem.Config       // learned filters over the front end's frames [none]
	Hidden  int               // units a direction [100]
	Layers  int               // causal layers and the bidirectional one [1]
	Running model.RunningHead // running head [model.RunningSoftmax]
	// NoConfirm leaves the backward half and the confirm head out: the last
	// running label is then the answer.
	NoConfirm bool
	// ConfirmEvidence offers the running logits at the end to the confirm head.
	ConfirmEvidence bool

	// Next asks for what comes next instead of labels; what belongs to labels, and
	// augmentation, is then refused. Recordings are cut into pieces of Span steps [256]
	// that count, which Lead steps [32] before them warm up.
	Next       *model.Next
	Span, Lead int

	Epochs     int     // passes over the data [as many as MinUpdates takes]
	MinUpdates int     // floor on updates when Epochs is 0 [1500]
	Batch      int     // sequences an update [32]
	LR         float64 // [0.003]
	Schedule   string  // [cosine]
	Warmup     int     // updates [20]; negative: none
	Clip       float64 // global norm of the gradient [1]; negative: off
	Decay      float64 // decoupled weight decay, AdamW [0.01]; negative: 0
	// Truncate is how many timesteps a gradient reaches back, in either
	// direction and every layer [2000]. States run on past it, so the outputs are
	// those of the whole sequence; only the gradient is cut.
	Truncate int
	// Memory is how many bytes the activations may take; where those of the longest
	// sequences take more, parts of them are computed twice [1 GiB]. It changes no
	// bit of the result. Of every timestep some values remain, whatever it is:
	// about 4H a direction and sequence under way (eight a processor).
	Memory    int64
	Averaging float64 // decay of an exponential average of the weights [off], e.g. 0.999

	RunningWeight float64 // weight of the running loss [0.5]; negative: 0
	RampRunning   bool    // weight its steps ∝ t instead of evenly
	Distill       float64 // weight of the running head's distance from confirm [off]
	Smoothing     float64 // label smoothing of the confirm head [0.1]; negative: 0
	ClassWeights  bool    // weigh classes by inverse frequency …
	WeightPower   float64 // … to this power [1]

	Dropout     float64 // features dropped, one mask a sequence [0.5]; negative: 0
	DropConnect float64 // recurrent weights dropped, one mask an update [0.3]; negative: 0
	Noise       float64 // σ of noise on normalised features [0.3]; negative: 0
	Jitter      float64 // σ of a feature's gain and offset a sequence [0.15]; negative: 0
	Crop        float64 // longest random cut of a sequence's start [0.2]; negative: 0
	// Of text Dropout is the share of characters that become unknown, each by itself
	// [0.05], and noise, gain and offset have nothing to change.
	// Stretch changes the speed of sound and series by up to that share either way,
	// where an example has one label [off].
	// Audio alone, on the samples: GainDB is the greatest change of level either way,
	// Polarity flips half the examples, SNR adds white noise to half of them, at a
	// ratio drawn between SNR dB and 30 dB above it [off], and Masks frequency masks of
	// up to an eighth of the bands are laid.
	Stretch  float64
	GainDB   float64
	Polarity bool
	SNR      float64
	Masks    int
	// Background are recordings to learn what is none of the labels from: pieces of them
	// are examples of one more, background, and under three quarters of the variants of
	// the others lies another piece, at a ratio drawn between SNR dB and 20 dB above it,
	// in place of white noise [nil: none]. They have the training data's rate and
	// channels; their labels do not count.
	Background *dataset.Set
	// Text alone: an example is trained on with up to Join−1 that follow it in its
	// passage, of a number drawn for each visit [1].
	Join int
	// SwapNames is the share of names, words with a capital that not every label's texts
	// have, that become others of the data, drawn anew for each visit; SwapWords that of
	// the other words which not every label's texts have [off].
	SwapNames, SwapWords float64
	// AuxNext is the weight of an auxiliary loss of text: that of both halves of the top
	// layer when they name the character that they read next [off].
	AuxNext float64

	// Init is a model whose layers training starts from, those that it has; its front end,
	// stem, units and layers are then the training's [nil: random numbers].
	Init *model.Model

	// Folds is how many parts the training data are divided into for cross-fitting:
	// the calibration and the early rule come from as many trainings, each judged by the
	// part it does without, and the model from one on all of the data [5 for fewer than
	// 1000 groups and a quarter of an hour of sound, unless Validation or Patience is given]; negative: 0.
	Folds      int
	Validation float64 // share of the training data held out, by group [0.15, 0 with Folds]; negative: 0
	// The early rule lets confirm overturn at most the share EarlyGap of early labels
	// [0.05], with that confidence [0.95].
	EarlyGap, EarlyConfidence float64

	// Stream is the share of batches of joined sequences: several examples one after
	// another in any order, over which the forward state runs on and whose every step
	// has the label of its example, so that the running head is right in the middle of
	// an endless stream too [0]. The model's state policy is then carry. It takes a
	// softmax running head.
	Stream float64
	// CutActivity learns from what the live stream would hear of each example: its
	// longest segment of activity. Segment is to be activity then.
	CutActivity bool
	// Of a set with a label for every sample: Runs is RunsCut [] or RunsWhole, Window
	// the longest piece in seconds, in samples where the rate is unknown [30].
	Runs   string
	Window float64

	Patience int // epochs without a better validation loss before it ends [off]
	Seed     uint64
	Segment  segment.Config // stored in the model [activity for audio, line for text, whole for series]
}

func (o Options) withDefaults(set *dataset.Set) Options {
	if o.Next != nil {
		o = o.withNext()
	}
	if o.Folds == 0 && o.Validation == 0 && o.Patience == 0 && small(set) {
		o.Folds = defaultFolds
		if n := groups(set); set.Stepwise() && n > 1 && n <= fewGroups {
			o.Folds = n // each left out once
		}
	}
	if o.Folds > 0 {
		o.Validation = or(o.Validation, -1)
	}
	o.Folds = max(o.Folds, 0)
	o.EarlyGap = or(o.EarlyGap, 0.05)
	o.EarlyConfidence = or(o.EarlyConfidence, 0.95)
	o.Hidden = or(o.Hidden, 100)
	o.Layers = or(o.Layers, 1)
	o.Running = or(o.Running, model.RunningSoftmax)
	o.MinUpdates = or(o.MinUpdates, 1500)
	o.Batch = or(o.Batch, 32)
	o.LR = or(o.LR, 3e-3)
	o.Schedule = or(o.Schedule, Cosine)
	o.Warmup = or(o.Warmup, 20)
	o.Clip = or(o.Clip, 1)
	o.Decay = or(o.Decay, 0.01)
	o.Truncate = or(o.Truncate, 2000)
	o.Memory = or(o.Memory, 1<<30)
	o.RunningWeight = or(o.RunningWeight, 0.5)
	o.Smoothing = or(o.Smoothing, 0.1)
	o.Dropout = or(o.Dropout, 0.5)
	o.DropConnect = or(o.DropConnect, 0.3)
	o.Noise = or(o.Noise, 0.3)
	o.Jitter = or(o.Jitter, 0.15)
	o.Crop = or(o.Crop, 0.2)
	o.Validation = or(o.Validation, 0.15)
	if set.Stepwise() {
		o.Runs = or(o.Runs, RunsCut)
		o.Window = or(o.Window, 30)
	} else {
		o.Runs, o.Window = "", 0
	}
	o.Warmup = max(o.Warmup, 0)
	for _, v := range []*float64{&o.Decay, &o.RunningWeight, &o.Smoothing, &o.Dropout, &o.DropConnect,
		&o.Noise, &o.Jitter, &o.Crop, &o.Validation, &o.Stretch, &o.GainDB, &o.SNR} {
		*v = max(*v, 0)
	}
	o.Masks = max(o.Masks, 0)
	return o
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (o *Options) check() error {
	for _, f := range []struct {
		name      string
		v, lo, hi float64
	}{
		{"hidden", float64(o.Hidden), 1, 1 << 14}, {"layers", float64(o.Layers), 1, 16},
		{"epochs", float64(o.Epochs), 0, 1e7}, {"batch", float64(o.Batch), 1, 1 << 16},
		{"lr", o.LR, 1e-9, 10}, {"warm-up", float64(o.Warmup), 0, 1e7},
		{"truncate", float64(o.Truncate), 1, 1 << 30}, {"memory", float64(o.Memory), 1, 1 << 50}, {"averaging", o.Averaging, 0, 0.999999},
		{"smoothing", o.Smoothing, 0, 0.9}, {"dropout", o.Dropout, 0, 0.95}, {"dropconnect", o.DropConnect, 0, 0.95},
		{"noise", o.Noise, 0, 100}, {"jitter", o.Jitter, 0, 100}, {"crop", o.Crop, 0, 0.9},
		{"stretch", o.Stretch, 0, 0.45}, {"gain", o.GainDB, 0, 60}, {"validation", o.Validation, 0, 0.9},
		{"folds", float64(o.Folds), 0, 100}, {"early gap", o.EarlyGap, 1e-4, 0.5}, {"early confidence", o.EarlyConfidence, 0.5, 0.9999},
		{"patience", float64(o.Patience), 0, 1e7}, {"distill", o.Distill, 0, 100},
		{"running weight", o.RunningWeight, 0, 100}, {"decay", o.Decay, 0, 10}, {"clip", math.Abs(o.Clip), 0, 1e9},
		{"minimum of updates", float64(o.MinUpdates), 1, 1e9}, {"snr", o.SNR, 0, 120}, {"masks", float64(o.Masks), 0, 100},
		{"join", float64(o.Join), 0, 100}, {"swap-names", o.SwapNames, 0, 1}, {"swap-words", o.SwapWords, 0, 1}, {"aux-next", o.AuxNext, 0, 100},
		{"stream", o.Stream, 0, 1}, {"window", o.Window, 0, 1e12},
		{"weight power", o.WeightPower, 0, 10},
	} {
		if !(f.v >= f.lo && f.v <= f.hi) || math.IsNaN(f.v) {
			return fmt.Errorf("train: %s is %v: give %v to %v", f.name, f.v, f.lo, f.hi)
		}
	}
	if o.Schedule != Constant && o.Schedule != Step && o.Schedule != Cosine {
		return fmt.Errorf("train: schedule %q: give %s, %s or %s", o.Schedule, Constant, Step, Cosine)
	}
	if o.Folds == 1 {
		return errors.New("train: folds is 1: give 2 or more, or a negative number for none")
	}
	if o.Next != nil {
		return o.checkNext()
	}
	if o.Folds > 0 && o.Validation > 0 {
		return errors.New("train: folds and validation exclude each other: give one of them")
	}
	if o.Stream > 0 && o.Running != model.RunningSoftmax {
		return fmt.Errorf("train: stream (%v) with running head %q: only %s forgets what the stream said before; take that, or leave stream out", o.Stream, o.Running, model.RunningSoftmax)
	}
	if o.Stream == 1 && !o.NoConfirm {
		return errors.New("train: stream 1 joins all examples, and the confirm head learns from those by themselves alone: give less, such as 0.5, or leave that head out")
	}
	if o.NoConfirm && o.Running == model.RunningNone {
		return errors.New("train: neither a running nor a confirm head: leave one of them in")
	}
	return nil
}

// rate is the learning rate of update u of total, counted from 0.
func (o *Options) rate(u, total int) float64 {
	lr := o.LR
	if u < o.Warmup {
		return lr * float64(u+1) / float64(o.Warmup)
	}
	done := float64(u-o.Warmup) / float64(max(total-o.Warmup, 1))
	switch o.Schedule {
	case Cosine:
		return lr * 0.5 * (1 + math.Cos(math.Pi*done))
	case Step:
		if done >= 0.75 {
			return lr / 100
		}
		if done >= 0.5 {
			return lr / 10
		}
	}
	return lr
}
