//go:build !edge

package main

import (
	"github.com/alecthomas/kong"

	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
	"inkling/model/train"
)

type trainCmd struct {
	Out string `short:"o" name:"out" required:"" help:"Model file to write; NAME.csv (log) and NAME.png (curves) are written beside it." placeholder:"MODEL"`
	trainFlags
	Resume    bool     `group:"Training" help:"Continue from MODEL.checkpoint."`
	Quiet     bool     `group:"Training" short:"q" help:"Print no progress."`
	HelpAll   helpAll  `help:"Show all flags."`
	OldStream *float64 `name:"stream" hidden:"" help:"Old name of --carry."`

	watch *watch     // is told how the training goes on; nil: nobody
	kept  *trainData // takes what is read, and has what was; nil: nothing is kept
}

// trainFlags say what is trained, and how; design takes them as well.
type trainFlags struct {
	Data string   `arg:"" help:"A folder with one folder per label, an index.csv, DIR/NAME for NAME_TRAIN.ts and NAME_TEST.ts, a table with labels or a folder of such tables, or bundled:notes; with --predict also audio, tables or text without labels."`
	More []string `arg:"" optional:"" help:"Further data of the same kind, such as the corrections of inkling review: all of their examples are learned from as well."`

	dataFlags       `group:"Data"`
	Crop            float64      `within:"0..1e9" group:"Data" help:"Train on consecutive crops of this length instead of whole examples." placeholder:"SECONDS"`
	Rate            float64      `within:"0..1e9" group:"Data" help:"Sampling rate to train at [the data's own, the lowest if they differ]." placeholder:"HZ"`
	Segment         segment.Kind `group:"Data" help:"Segmenter to store in the model: activity, fixed, message, whole or beat; for text also line or sentence. activity also cuts the training examples as the live stream will; beat trains on the heartbeats of annotated electrocardiograms." enum:",activity,label,fixed,message,whole,line,sentence,beat" default:""`
	beatFlags       `group:"Data"`
	MostBeats       int    `segments:"beat" group:"Data" help:"beat: greatest number of examples of a class, shared out over the records; negative: all." default:"6000" placeholder:"N"`
	Background      string `group:"Data" help:"Audio: recordings of sounds that are none of the labels; their own labels are ignored. Pieces of them become examples of the label background, and noise under the other examples, from --snr up." placeholder:"DATA"`
	BackgroundSplit string `group:"Data" help:"Use only this split of the background; 'all' uses every recording [train; all if there is none]." placeholder:"NAME"`
	Validate        string `group:"Validation" help:"Judge each epoch on this split." placeholder:"SPLIT"`

	frontFlags `group:"Front end"`

	Predict   string     `group:"Forecasts" help:"next: learn what comes next instead of labels. DATA may then also be plain recordings: an audio file or a text, or a folder of them." enum:",next" default:""`
	Loss      model.Loss `group:"Forecasts" help:"Loss: squared or quantile; for text it is entropy." enum:",squared,quantile" default:""`
	Quantiles []float64  `group:"Forecasts" help:"Quantiles to learn, 0.5 among them [0.1,0.5,0.9 with --loss quantile]." placeholder:"P,…"`
	Residual  bool       `group:"Forecasts" help:"Learn the difference to the last sample, so that training begins at the naive forecast." default:"true" negatable:""`

	kong.Plugins // the options that train.Declared lists

	Preset train.Preset `group:"Training" help:"Recipe: audio, speech, curve, short, sensor, text, beat or matlab [chosen by the shape of the data]." enum:",audio,speech,curve,short,sensor,text,beat,matlab" default:""`
	Plain  bool         `group:"Augmentation" help:"Train without augmentation, dropout, smoothing or decay."`
	Search int          `within:"0..1e6" group:"Training" help:"First try this many settings by cross-validation on the training data alone; NAME.search.csv is the log." placeholder:"N"`
	Init   string       `group:"Training" help:"Learn on from this model instead of from random numbers: its layers, and its heads of labels that the data have." placeholder:"MODEL"`
}

// frontFlags choose the front end and the stem.
type frontFlags struct {
	Front      feature.Kind `help:"Front end: raw, stats, logmel, mfcc or moments; for text chars [chosen from the data]." enum:",raw,stats,logmel,mfcc,moments,chars" default:""`
	Samples    int          `fronts:"raw,stats" help:"raw, stats: samples per step." default:"0"`
	Decimate   int          `fronts:"raw" help:"raw: keep the mean of every N samples." default:"0" placeholder:"N"`
	Lags       int          `fronts:"stats" help:"stats: powers of the differences over 1, 2, 4, … samples; this many of them." default:"0"`
	Means      bool         `fronts:"stats" help:"stats: each channel's mean as well."`
	Deltas     int          `help:"Append differences of the features: 0, 1 or 2 [chosen from the data]." default:"-1"`
	Window     float64      `fronts:"logmel,mfcc,moments" help:"logmel, mfcc: window in milliseconds." default:"0"`
	Hop        float64      `fronts:"logmel,mfcc,moments" help:"logmel, mfcc: hop in milliseconds." default:"0"`
	Bands      int          `fronts:"logmel,mfcc" help:"logmel, mfcc: mel bands." default:"0"`
	MeanPrior  *float64     `help:"logmel, mfcc: subtract from each value its mean so far, in which a flat spectrum counts as this many steps before the first; 0: none [chosen from the data]." placeholder:"STEPS"`
	MeanMemory float64      `help:"logmel, mfcc: how many steps count in this mean; older ones fade [300]." default:"0" placeholder:"STEPS"`
	Stem       string       `help:"Learned filters over the frames: none, conv, conv:KERNEL/STRIDExCHANNELS,…; for sound gabor, gabor:WINDOW/HOPxFILTERS in milliseconds. The front end is then raw with one sample per step, unless given." placeholder:"STEM"`
}

// over puts what was given over what the data suggest.
func (f *frontFlags) over(o *train.Options) error {
	if f.Stem == "" && o.Stem.Kind != "" && (f.Front != "" || f.Samples > 0 || f.Decimate > 0 || f.Lags > 0 || f.Means || f.Deltas >= 0) {
		o.Stem = stem.Config{} // frames of the user's own
	}
	if f.Stem != "" {
		s, err := stem.Parse(f.Stem)
		if err != nil {
			return usageError{err}
		}
		*o = o.OverStem(s)
	}
	if f.Front != "" && f.Front != o.Front.Kind {
		o.Front = feature.Config{Kind: f.Front, Context: o.Front.Context}
	}
	put(&o.Front.Samples, f.Samples)
	put(&o.Front.Decimate, f.Decimate)
	put(&o.Front.Lags, f.Lags)
	o.Front.Means = o.Front.Means || f.Means
	put(&o.Front.WindowMS, f.Window)
	put(&o.Front.HopMS, f.Hop)
	put(&o.Front.Bands, f.Bands)
	if f.Deltas >= 0 {
		o.Front.Deltas = f.Deltas
	}
	if f.MeanPrior != nil {
		o.Front.MeanPrior = *f.MeanPrior
	}
	put(&o.Front.MeanMemory, f.MeanMemory)
	return nil
}

// leaveToInit drops what the data suggest for the shape of a network that --init has.
func (f *frontFlags) leaveToInit(o *train.Options) {
	if f.Front == "" && f.Samples == 0 && f.Decimate == 0 && f.Deltas < 0 && f.Window == 0 && f.Hop == 0 && f.Bands == 0 && f.MeanPrior == nil && f.MeanMemory == 0 {
		o.Front = feature.Config{}
	}
	if f.Stem == "" {
		o.Stem = stem.Config{}
	}
}
