package train

import (
	"math"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
)

// A Schedule is how the learning rate changes over a training. All begin with
// Options.Warmup updates of linear rise.
type Schedule string

const (
	Constant Schedule = "constant" // the same throughout
	Step     Schedule = "step"     // divided by ten at one half and at three quarters
	Cosine   Schedule = "cosine"   // to zero at the last update
)

// A RunsMode is what a set with a label for every sample is trained on.
type RunsMode string

const (
	RunsCut   RunsMode = "cut"   // pieces of one label each; labels change only where pieces are joined
	RunsWhole RunsMode = "whole" // windows of the recordings, changes included
)

// Auto as train.Options.Folds or Options.Validation chooses by the data.
const Auto = -1

// Options say how to train. Begin with Defaults, which suggests values for the data, or
// with NewOptions, which has the general ones, and change fields from there: 0 is 0. The
// zero Options trains without augmentation and regularisation, and where 0 is outside a
// field's range it stands for the default.
//
// Each tagged field is declared by its tag alone. The flags of the command, the checks,
// the table in docs/training.md, and what a model and a checkpoint keep of the options
// all follow from it; see Option for the tags.
type Options struct {
	Front   feature.Config // the front end [chosen from the data]
	Stem    stem.Config    // learned filters over the front end's frames [none]
	Segment segment.Config // stored in the model [label for audio with a detector, else activity; line for text, whole for series; another kind than label leaves the detector out]

	// Next asks for what comes next instead of labels. What belongs to labels, and all
	// augmentation, is then refused; begin with NextDefaults, which leaves it out.
	Next *model.Next

	// Background holds recordings of none of the labels [nil: none]. Pieces of them
	// become examples of one more label, background, and three quarters of the variants
	// of the other examples are mixed with a piece, at a ratio between SNR dB and 20 dB
	// above it, in place of white noise. Rate and channels must be those of the training
	// data; the recordings' own labels are ignored.
	Background *dataset.Set

	// Init is a model that training starts from [nil: random numbers]: its layers, and of
	// its heads what belongs to labels that the data have as well. Front end, stem, units
	// and layers are taken from it.
	Init *model.Model

	// CutActivity cuts each example to its longest segment of activity, as a live stream
	// would. Segment.Kind must be segment.Activity.
	CutActivity bool `key:"cutactivity"`

	Hidden          int               `key:"hidden" flag:"hidden" default:"100" range:"1..16384" presets:"beat=48" group:"Network" help:"LSTM units in each direction."`
	Layers          int               `key:"layers" flag:"layers" default:"1" range:"1..16" group:"Network" help:"LSTM layers; the top one is bidirectional."`
	Running         model.RunningHead `key:"running" flag:"running" default:"softmax" choices:"softmax,evidence,none" group:"Network" help:"Running head."`
	NoConfirm       bool              `key:"noconfirm" flag:"confirm" inverse:"true" group:"Network" help:"Confirm head and backward half; without them the last running label is the answer. Data with a label for every step have none unless asked for."`
	ConfirmEvidence bool              `key:"confirmevidence" flag:"confirm-evidence" presets:"speech=true text=true" group:"Network" only:"labels" help:"Offer the running head's evidence at the end to the confirm head."`

	Span int `key:"span" flag:"span" default:"256" range:"1..1048576" group:"Forecasts" only:"next" help:"Steps of each piece of a recording that count."`
	Lead int `key:"lead" flag:"lead" default:"32" range:"0..1048576" group:"Forecasts" only:"next" help:"Steps before them that warm up the state."`

	Epochs           int      `key:"epochs" flag:"epochs" default:"0" auto:"enough for train.Options.MinUpdates" range:"0..1e7" group:"Training" help:"Passes over the data."`
	MinUpdates       int      `key:"minupdates" flag:"updates" default:"1500" range:"1..1e9" presets:"beat=600" group:"Training" help:"Least number of updates where train.Options.Epochs is 0."`
	Batch            int      `key:"batch" flag:"batch" default:"32" range:"1..65536" group:"Training" help:"Sequences per update; 64 by default from 4,000 examples on."`
	LR               float64  `key:"lr" flag:"lr" default:"0.003" range:"1e-9..10" presets:"beat=0.001" group:"Training" help:"Learning rate."`
	Schedule         Schedule `key:"schedule" flag:"schedule" default:"cosine" choices:"constant,step,cosine" group:"Training" help:"Learning rate over time."`
	Warmup           int      `key:"warmup" flag:"warmup" default:"20" range:"0..1e7" group:"Training" help:"Updates over which the learning rate rises."`
	Clip             float64  `key:"clip" flag:"clip" default:"1" range:"0..1e9" zero:"-1" presets:"text=5" group:"Training" help:"Greatest global norm of the gradient; 0: no limit."`
	WeightDecay      float64  `key:"decay" flag:"decay" default:"0.01" range:"0..10" plain:"true" group:"Training" help:"Decoupled weight decay (AdamW)."`
	EMA              float64  `key:"averaging" flag:"averaging" default:"0" range:"0..0.999999" presets:"text=0.995" group:"Training" help:"Decay of an exponential moving average of the weights, such as 0.999; 0: none."`
	BPTTSteps        int      `key:"truncate" flag:"truncate" default:"2000" range:"1..1073741824" group:"Training" help:"Timesteps that a gradient reaches back. States run on past them."`
	ActivationBudget int64    `flag:"memory" default:"1073741824" range:"1..1125899906842624" unit:"bytes" group:"Training" help:"Memory for activations, such as 500MB. Less takes longer, because activations are computed twice, and changes nothing else."`
	Seed             uint64   `flag:"seed" default:"1" group:"Training" help:"Same seed, same data, same options: same file."`

	RunningWeight float64 `key:"runningweight" flag:"running-weight" default:"0.5" range:"0..100" group:"Loss" only:"labels" help:"Weight of the running head's loss."`
	RampRunning   bool    `key:"ramprunning" flag:"ramp" presets:"text=true" group:"Loss" only:"labels" help:"Weight the running head's steps by their number: better at the end, worse at the start."`
	Distill       float64 `key:"distill" flag:"distill" default:"0" range:"0..100" group:"Loss" only:"labels" help:"Weight of the running head's divergence from the confirm head."`
	Smoothing     float64 `key:"smoothing" flag:"smoothing" default:"0.1" range:"0..0.9" plain:"true" group:"Loss" only:"labels" help:"Label smoothing of the confirm head."`
	ClassWeights  bool    `key:"classweights" flag:"balance" presets:"beat=true" group:"Loss" only:"labels" help:"Weight classes by inverse frequency."`
	WeightPower   float64 `key:"weightpower" flag:"balance-power" default:"1" omit:"1" range:"0..10" presets:"beat=0.5" group:"Loss" help:"With train.Options.ClassWeights: raise the inverse frequency to this power."`

	Dropout     float64 `key:"dropout" flag:"dropout" default:"0.5" range:"0..0.95" presets:"audio=0.2 speech=0.2 short=0.2 text=0.05" plain:"true" group:"Augmentation" only:"labels" help:"Share of features dropped, with one mask per sequence; of text, the probability that a character becomes unknown."`
	DropConnect float64 `key:"dropconnect" flag:"dropconnect" default:"0.3" range:"0..0.95" presets:"text=0" plain:"true" group:"Augmentation" help:"Share of recurrent weights dropped, with one mask per update."`
	Noise       float64 `key:"noise" flag:"noise" default:"0.3" range:"0..100" presets:"text=0" plain:"true" group:"Augmentation" only:"labels" help:"Standard deviation of noise on normalised features."`
	Jitter      float64 `key:"jitter" flag:"jitter" default:"0.15" range:"0..100" presets:"text=0 beat=0.3" plain:"true" group:"Augmentation" only:"labels" help:"Standard deviation of a random gain and offset of each feature."`
	Crop        float64 `key:"crop" flag:"cut-start" default:"0.2" range:"0..0.9" presets:"text=0 beat=0" plain:"true" group:"Augmentation" only:"labels" help:"Longest random cut of a sequence's start, as a share of it."`
	Stretch     float64 `key:"stretch" flag:"stretch" default:"0" range:"0..0.45" presets:"audio=0.2 speech=0.2" plain:"true" group:"Augmentation" only:"labels" help:"Audio and series: greatest random change of speed, as a share, of examples with one label."`
	GainDB      float64 `key:"gaindb" flag:"gain" default:"0" range:"0..60" presets:"audio=6 speech=6" plain:"true" group:"Augmentation" only:"labels" unit:"dB" help:"Audio: greatest random change of level, in dB."`
	Polarity    bool    `key:"polarity" flag:"polarity" presets:"audio=true speech=true" plain:"true" group:"Augmentation" only:"labels" help:"Audio: invert half of the examples."`
	SNR         float64 `key:"snr" flag:"snr" default:"0" range:"0..120" presets:"speech=10" group:"Augmentation" only:"labels" unit:"dB" help:"Audio: white noise under half of the examples, at this ratio in dB up to 30 dB above it; 0: none."`
	FreqMasks   int     `key:"masks" flag:"masks" default:"0" range:"0..100" presets:"audio=1 speech=1" plain:"true" group:"Augmentation" only:"labels" help:"Audio: frequency masks of up to an eighth of the bands."`
	EQ          float64 `key:"eq" flag:"eq" default:"0" range:"0..40" plain:"true" group:"Augmentation" only:"labels" unit:"dB" help:"Audio: equalise three quarters of the variants at random, as other microphones would: a tilt and up to two peaks or dips of at most this, in dB."`
	Reverb      float64 `key:"reverb" flag:"reverb" default:"0" range:"0..10" presets:"speech=0.5" plain:"true" group:"Augmentation" only:"labels" help:"Audio: put half of the variants into random rooms, whose reverberation takes 0.1 s up to this many seconds to fall by 60 dB."`
	BandLimits  float64 `key:"bandlimits" flag:"band-limits" default:"0" range:"0..1" plain:"true" group:"Augmentation" only:"labels" help:"Audio: share of the variants that lose their lowest or highest frequencies."`
	Distortion  float64 `key:"distortion" flag:"distortion" default:"0" range:"0..60" plain:"true" group:"Augmentation" only:"labels" unit:"dB" help:"Audio: clip the peaks of an eighth of the variants, which exceed the limit by up to this, in dB."`
	Join        int     `key:"join" flag:"join" default:"0" range:"0..100" presets:"text=2" inert:"1" plain:"true" group:"Augmentation" only:"text" help:"Text: train on up to this many consecutive examples of a passage at once, a number drawn at each visit."`
	SwapNames   float64 `key:"swapnames" flag:"swap-names" default:"0" range:"0..1" presets:"text=0.3" plain:"true" group:"Augmentation" only:"text" help:"Text: fraction of names (capitalised words that not every label's texts have) replaced by other names of the data at each visit, so that labels are not learned from who appears."`
	SwapWords   float64 `key:"swapwords" flag:"swap-words" default:"0" range:"0..1" plain:"true" group:"Augmentation" only:"text" help:"Text: fraction of the other words that not every label's texts have, replaced likewise."`
	AuxNext     float64 `key:"auxnext" flag:"aux-next" default:"0" range:"0..100" presets:"text=1" group:"Augmentation" only:"text" help:"Text: weight of a second task in training, to predict the next character."`

	Folds           int     `key:"folds" flag:"folds" default:"-1" auto:"5 under 1,000 groups" range:"0..100" presets:"beat=5" group:"Validation" help:"Cross-fit in this many parts: the model learns from all data, its calibration and early rule come from one more training per part; 0: none."`
	FoldShare       float64 `key:"foldshare" flag:"fold-share" default:"1" omit:"1" range:"0.05..1" group:"Validation" help:"Updates of each fold's training, as a share of those of the model; 0.4 by default where the data choose their number."`
	Validation      float64 `key:"validation" flag:"validation" default:"-1" auto:"0.15 without train.Options.Folds" range:"0..0.9" group:"Validation" help:"Share of the training data held out, by group, to judge each epoch; 0: none."`
	EarlyGap        float64 `key:"earlygap" flag:"early-gap" default:"0.05" range:"1e-4..0.5" group:"Validation" help:"Greatest share of early labels that confirm may overturn."`
	EarlyConfidence float64 `key:"earlyconfidence" flag:"early-confidence" default:"0.95" range:"0.5..0.9999" group:"Validation" help:"Confidence with which train.Options.EarlyGap holds."`
	Patience        int     `key:"patience" flag:"patience" default:"0" range:"0..1e7" group:"Validation" help:"End after this many epochs without a lower validation loss; 0: never."`

	Detector int      `key:"detector" flag:"detector" default:"0" range:"0..1024" presets:"audio=32 speech=32" group:"Streams" only:"labels" help:"Sound: units of the detector, a small network that hears when a label begins and ends; training then composes streams and learns from what it cuts; 0: none."`
	SceneSNR float64  `key:"scenesnr" flag:"scene-snr" default:"0" range:"-20..60" group:"Streams" only:"labels" unit:"dB" help:"With a detector: lowest level of the examples over the background of composed streams."`
	MadeUp   float64  `key:"madeup" flag:"made-up" default:"0" range:"0..20" presets:"audio=2 speech=2" group:"Streams" only:"labels" help:"With a detector: made-up sounds (cries, chirps, knocks) that are learned as background, for each example that a label has on average."`
	Carry    float64  `key:"stream" flag:"carry" default:"0" range:"0..1" group:"Streams" help:"Share of batches that join several examples, over which the running head's state is carried as in an endless stream; the model then carries its state too. Takes the running head softmax."`
	Runs     RunsMode `key:"runs" flag:"runs" default:"cut" choices:"cut,whole" group:"Streams" only:"steps" help:"Data with a label for every step: train on pieces of one label each (cut) or on windows with their changes (whole)."`
	Window   float64  `key:"window" flag:"train-window" default:"30" range:"1e-9..1e12" group:"Streams" only:"steps" help:"Data with a label for every step: longest piece, in seconds; in samples if the rate is unknown."`
}

// rate returns the learning rate of update u of total, counted from 0.
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
