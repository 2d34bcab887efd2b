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
	Data string `arg:"" help:"A folder with one folder a label, index.csv, DIR/NAME of a NAME_TRAIN.ts pair, a table with labels or a folder of such, or bundled:notes; with --predict also audio, tables or text without labels."`
	Out  string `short:"o" name:"out" required:"" help:"The model file to write; NAME.csv (log) and NAME.png (curves) go beside it." placeholder:"MODEL"`

	dataFlags       `group:"Data"`
	recordFlags     `group:"Data"`
	Crop            float64      `group:"Data" help:"Train on consecutive crops of this length instead of whole examples." placeholder:"SECONDS"`
	Rate            float64      `group:"Data" help:"Sampling rate to train at [the data's own, the lowest if they differ]." placeholder:"HZ"`
	Segment         segment.Kind `group:"Data" help:"Segmenter stored in the model; activity also cuts what is trained on, as the stream will: activity, fixed, message, whole, beat (which trains on the heartbeats of annotated electrocardiograms) or, of text, line or sentence." enum:",activity,fixed,message,whole,line,sentence,beat" default:""`
	beatFlags       `group:"Data"`
	MostBeats       int    `group:"Data" help:"beat: greatest number of examples of a class, shared out over the records; negative: all." default:"6000" placeholder:"N"`
	Background      string `group:"Data" help:"Audio: recordings of none of the labels, as DATA or an index of files, whose own labels are ignored: pieces of them become examples of the label background, and lie under the others instead of white noise, from --snr up." placeholder:"DATA"`
	BackgroundSplit string `group:"Data" help:"Background of this split alone, or 'all' [train, all where there is none]." placeholder:"NAME"`
	Validate        string `group:"Validation" help:"Judge each epoch on this split instead." placeholder:"SPLIT"`

	frontFlags `group:"Front end"`

	Predict   string     `group:"Forecasts" help:"Learn what comes next instead of labels: next. DATA may then be plain recordings too: an audio file or a text, or a folder of them." enum:",next" default:""`
	Loss      model.Loss `group:"Forecasts" help:"squared or quantile; that of text is entropy." enum:",squared,quantile" default:""`
	Quantiles []float64  `group:"Forecasts" help:"Quantiles to learn, 0.5 among them [0.1,0.5,0.9 with --loss quantile]." placeholder:"P,…"`
	Residual  bool       `group:"Forecasts" help:"Learn the difference to the last sample, so that training begins at the naive forecast." default:"true" negatable:""`

	kong.Plugins // the options that train.Declared lists

	Preset    train.Preset `group:"Training" help:"Recipe: audio, speech, curve, short, sensor, text or beat [the one that the data look like]." enum:",audio,speech,curve,short,sensor,text,beat" default:""`
	Plain     bool         `group:"Augmentation" help:"No augmentation, dropout, smoothing or decay."`
	Search    int          `group:"Training" help:"First try this many settings by cross-validation on the training data alone; NAME.search.csv is the log." placeholder:"N"`
	Init      string       `group:"Training" help:"Start from the layers of this model instead of random numbers." placeholder:"MODEL"`
	Resume    bool         `group:"Training" help:"Go on from MODEL.checkpoint."`
	Quiet     bool         `group:"Training" short:"q" help:"No progress."`
	HelpAll   helpAll      `help:"Show all options."`
	OldStream *float64     `name:"stream" hidden:"" help:"Old name of --carry."`
}

// frontFlags choose the front end and the stem.
type frontFlags struct {
	Front    feature.Kind `help:"Front end: raw, stats, logmel, mfcc, moments or, of text, chars [chosen from the data]." enum:",raw,stats,logmel,mfcc,moments,chars" default:""`
	Samples  int          `help:"raw, stats: samples per step." default:"0"`
	Decimate int          `help:"raw: keep the mean of every N samples." default:"0" placeholder:"N"`
	Lags     int          `help:"stats: powers of the differences over 1, 2, 4, … samples; this many of them." default:"0"`
	Means    bool         `help:"stats: each channel's mean as well."`
	Deltas   int          `help:"Append differences of the features: 0, 1 or 2 [chosen from the data]." default:"-1"`
	Window   float64      `help:"logmel, mfcc: window in milliseconds." default:"0"`
	Hop      float64      `help:"logmel, mfcc: hop in milliseconds." default:"0"`
	Bands    int          `help:"logmel, mfcc: mel bands." default:"0"`
	Stem     string       `help:"Learned filters over the frames: none, conv, conv:KERNEL/STRIDExCHANNELS,… or, for sound, gabor, gabor:WINDOW/HOPxFILTERS in milliseconds. The front end is then raw, one sample a step, unless given." placeholder:"STEM"`
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
	return nil
}

// leaveToInit drops what the data suggest for the shape of a network that --init has.
func (f *frontFlags) leaveToInit(o *train.Options) {
	if f.Front == "" && f.Samples == 0 && f.Decimate == 0 && f.Deltas < 0 && f.Window == 0 && f.Hop == 0 && f.Bands == 0 {
		o.Front = feature.Config{}
	}
	if f.Stem == "" {
		o.Stem = stem.Config{}
	}
}

func put[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}
