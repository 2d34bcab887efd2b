package main

import (
	"bytes"
	"cmp"

	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"inkling/internal/atomicfile"
	"inkling/stream/report"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
	"inkling/model/train"
)

type trainCmd struct {
	Data string `arg:"" help:"A folder with one folder a label, index.csv, DIR/NAME of a NAME_TRAIN.ts pair, a table with labels or a folder of such, or bundled:notes; with --predict also audio, tables or text without labels."`
	Out  string `short:"o" name:"out" required:"" help:"The model file to write; NAME.csv (log) and NAME.png (curves) go beside it." placeholder:"MODEL"`
	dataFlags
	recordFlags

	Front    feature.Kind `help:"Front end: raw, stats, logmel, mfcc, moments or, of text, chars [chosen from the data]." enum:",raw,stats,logmel,mfcc,moments,chars" default:""`
	Samples  int          `help:"raw, stats: samples a step." default:"0"`
	Decimate int          `help:"raw: keep the mean of every so many samples." default:"0"`
	Lags     int          `help:"stats: powers of the differences over 1, 2, 4, … samples, so many of them." default:"0"`
	Means    bool         `help:"stats: each channel's mean as well."`
	Deltas   int          `help:"Append differences of the features: 0, 1 or 2 [chosen from the data]." default:"-1"`
	Window   float64      `help:"logmel, mfcc: window in milliseconds." default:"0"`
	Hop      float64      `help:"logmel, mfcc: hop in milliseconds." default:"0"`
	Bands    int          `help:"logmel, mfcc: mel bands." default:"0"`
	Stem     string       `help:"Learned filters over the frames: none, conv, conv:KERNEL/STRIDExCHANNELS,… or, for sound, gabor, gabor:WINDOW/HOPxFILTERS in milliseconds. The front end is then raw, one sample a step, unless given." placeholder:"STEM"`
	Crop     float64      `help:"Train on consecutive crops of so many seconds instead of whole examples." placeholder:"SECONDS"`
	Rate     float64      `help:"Sampling rate to train at [the data's own, the lowest if they differ]." placeholder:"HZ"`

	Predict   string     `help:"Learn what comes next instead of labels: next. DATA may then be plain recordings too: an audio file or a text, or a folder of them." enum:",next" default:""`
	Loss      model.Loss `help:"next: squared or quantile; that of text is entropy." enum:",squared,quantile" default:""`
	Quantiles []float64  `help:"next: quantiles to learn, 0.5 among them [0.1,0.5,0.9 with --loss quantile]." placeholder:"P,…"`
	Residual  bool       `help:"next: learn the difference to the last sample, so that training begins at the naive forecast." default:"true" negatable:""`
	Span      int        `help:"next: steps that count of each piece of a recording [256]." default:"0"`
	Lead      int        `help:"next: steps before them that warm the state up [32]; negative: none." default:"0"`

	Hidden          int               `help:"Units a direction." default:"0"`
	Layers          int               `help:"LSTM layers, the top one bidirectional." default:"0"`
	ConfirmEvidence bool              `help:"Offer the running head's evidence at the end to the confirm head."`
	Running         model.RunningHead `help:"Running head: softmax, evidence or none." enum:",softmax,evidence,none" default:""`

	Epochs    int      `help:"Passes over the data [enough for 1,500 updates]." default:"0"`
	Batch     int      `help:"Sequences an update." default:"0"`
	LR        float64  `name:"lr" help:"Learning rate." default:"0"`
	Schedule  string   `help:"Learning rate over time: constant, step or cosine." enum:",constant,step,cosine" default:""`
	Warmup    int      `help:"Updates over which the learning rate rises." default:"0"`
	Clip      float64  `help:"Greatest global norm of the gradient; negative: no limit." default:"0"`
	Decay     float64  `help:"Weight decay; negative: none." default:"0"`
	Averaging float64  `help:"Average the weights with this decay, e.g. 0.999." default:"0"`
	Truncate  int      `help:"Timesteps a gradient reaches back." default:"0"`
	Memory    byteSize `help:"Memory for activations, such as 500MB; less takes longer and changes nothing else [1GiB]." placeholder:"SIZE"`
	Balance   bool     `help:"Weigh classes by inverse frequency."`
	Power     float64  `name:"balance-power" help:"With weighed classes: by inverse frequency to this power, 0.5 its root." default:"0" placeholder:"POWER"`
	Distill   float64  `help:"Weight of drawing the running head to the confirm head." default:"0"`
	Plain     bool     `help:"No augmentation, dropout, smoothing or decay."`

	Updates         int     `help:"Floor on the number of updates when --epochs is not given." default:"0"`
	RunningWeight   float64 `help:"Weight of the running head's loss." default:"0"`
	Ramp            bool    `help:"Weigh the running head's steps by their number: better at the end, worse at the start."`
	Smoothing       float64 `help:"Label smoothing of the confirm head; negative: none." default:"0"`
	Dropout         float64 `help:"Share of features dropped, one mask a sequence; negative: none." default:"0"`
	DropConnect     float64 `name:"dropconnect" help:"Share of recurrent weights dropped, one mask an update; negative: none." default:"0"`
	Noise           float64 `help:"Noise on normalised features, in standard deviations; negative: none." default:"0"`
	Jitter          float64 `help:"Random gain and offset of a feature, in standard deviations; negative: none." default:"0"`
	CutStart        float64 `help:"Longest random cut of a sequence's start, as a share; negative: none." default:"0"`
	Stretch         float64 `help:"Audio and series: random change of speed, as a share; negative: none." default:"0"`
	Gain            float64 `help:"Audio: random change of level, in dB; negative: none." default:"0" placeholder:"DB"`
	SNR             float64 `name:"snr" help:"Audio: noise from this ratio up, in dB; negative: none." default:"0" placeholder:"DB"`
	Background      string  `help:"Audio: recordings of what is none of the labels, as DATA or an index of files, whose labels do not count: pieces of them become examples of the label background, and lie under the others instead of white noise, from --snr up." placeholder:"DATA"`
	BackgroundSplit string  `help:"Those of this split alone, or 'all' [train, all where there is none]." placeholder:"NAME"`
	Join            int     `help:"Text: train on up to so many consecutive examples of a passage at once." default:"0"`
	SwapNames       float64 `help:"Text: share of names that become others of the data in training, so that labels are not learned from who appears." default:"0"`
	SwapWords       float64 `help:"Text: share of the other words that not every label's texts have, of the topic mostly, that become others in training." default:"0"`
	AuxNext         float64 `help:"Text: weight of a second task in training, to name the next character." default:"0"`
	Masks           int     `help:"Audio: frequency masks; negative: none." default:"0"`

	Folds           int          `help:"Cross-fit in so many parts: calibration and early rule from as many trainings, the model from all data [5 under 1,000 groups]; negative: none." default:"0"`
	EarlyGap        float64      `help:"Share of early labels that confirm may overturn [0.05]." default:"0"`
	EarlyConfidence float64      `help:"Confidence that it is not more [0.95]." default:"0"`
	Validation      float64      `help:"Share of the training data held out to judge each epoch; negative: none." default:"0"`
	Validate        string       `help:"Judge each epoch on this split instead." placeholder:"SPLIT"`
	Patience        int          `help:"End after so many epochs without a better one." default:"0"`
	Segment         segment.Kind `help:"Segmenter stored in the model; activity also cuts what is trained on, as the stream will: activity, fixed, message, whole, beat (which trains on the heartbeats of annotated electrocardiograms) or, of text, line or sentence." enum:",activity,fixed,message,whole,line,sentence,beat" default:""`
	beatFlags
	MostBeats   int     `help:"beat: examples of a class at most, shared out over the records; negative: all." default:"6000" placeholder:"N"`
	Stream      float64 `help:"Share of batches that join several examples, over which the running head's state is carried, as an endless stream does; the model then carries it too." placeholder:"SHARE"`
	Runs        string  `help:"Data with a label for every step: train on pieces of one label each (cut) or on windows with their changes (whole) [cut]." enum:",cut,whole" default:""`
	TrainWindow float64 `name:"train-window" help:"Data with a label for every step: longest piece trained on, in seconds [chosen from the data]." placeholder:"SECONDS"`
	Confirm     bool    `help:"Data with a label for every step: a confirm head as well, for segments as the running label finds them."`
	Seed        uint64  `help:"Same seed, same data, same options: same file." default:"1"`
	Preset      string  `help:"Recipe: audio, speech, curve, short, sensor, text or beat [the one that the data look like]." enum:",audio,speech,curve,short,sensor,text,beat" default:""`
	Search      int     `help:"Try so many settings first, by cross-validation on the training data alone; NAME.search.csv is the log." placeholder:"N"`
	Init        string  `help:"Start from the layers of this model instead of random numbers." placeholder:"MODEL"`
	Resume      bool    `help:"Go on from MODEL.checkpoint."`
	Quiet       bool    `short:"q" help:"No progress."`
}

func (c *trainCmd) Run(a *app) error {
	if err := c.checkNext(); err != nil {
		return err
	}
	trainSet, valid, err := c.data(a)
	if err != nil {
		return err
	}
	o, err := c.options(a, trainSet)
	if err != nil {
		return err
	}
	checkpoint, err := c.checkpoint()
	if err != nil {
		return err
	}
	began := time.Now()
	if c.Search > 0 {
		if o, err = c.search(a, trainSet, o); err != nil {
			return err
		}
	}
	result, err := train.Fit(a.ctx, trainSet, valid, o, c.hooks(a), checkpoint)
	if result == nil {
		return err
	}
	if serr := steady(a, result); serr != nil {
		return serr
	}
	if werr := c.write(a, result); werr != nil {
		return werr
	}
	if err == nil {
		os.Remove(c.checkpointFile())
		a.logf("trained in %s", time.Since(began).Round(100*time.Millisecond))
	}
	if errors.Is(err, train.ErrInterrupted) {
		return fmt.Errorf("interrupted after epoch %d: %s holds the best so far; the same command with --resume goes on", len(result.Rows), c.Out)
	}
	return err
}

// options are what the data suggest, and over it what the user said.
func (c *trainCmd) options(a *app, set *dataset.Set) (o train.Options, err error) {
	var notes []string
	if c.Predict != "" {
		o, notes = c.nextOptions(set)
	} else if err := set.CheckTrainable(); err != nil {
		return o, fmt.Errorf("%s: %w", c.Data, err)
	} else if o, notes, err = train.Defaults(set, c.Preset); err != nil {
		return o, err
	}
	if err := c.override(&o); err != nil {
		return o, err
	}
	if err := c.lay(a, &o, set); err != nil {
		return o, err
	}
	if c.Init != "" {
		if o.Init, err = openModel(c.Init); err != nil {
			return o, err
		}
		c.leaveToInit(&o)
	}
	for _, n := range notes {
		a.logf("%s", n)
	}
	if o.Stem.Kind != "" {
		a.logf("stem %s over %s", o.Stem, describe(o.Front))
	}
	return o, nil
}

// search cross-validates settings and leaves a log of them beside the model.
func (c *trainCmd) search(a *app, set *dataset.Set, o train.Options) (train.Options, error) {
	a.logf("searching: %d settings, cross-validated on the training data alone", c.Search)
	best, trials, err := train.Search(a.ctx, set, o, c.Search, train.Hooks{}, func(t train.Trial) {
		change, mark := t.Change, ""
		if change == "" {
			change = "as suggested by the data"
		}
		if t.Kept {
			mark = ", kept"
		}
		a.logf("%-28s loss %.4f, confirmed %.1f %%, running %.1f %%%s", change, t.Loss, 100*t.Confirmed, 100*t.Running, mark)
	})
	if len(trials) > 0 {
		log := beside(c.Out, ".search.csv")
		if werr := atomicfile.WriteFile(log, func(w io.Writer) error { return train.WriteTrials(w, trials) }); werr != nil {
			return best, werr
		}
		a.logf("wrote %s", log)
	}
	if err != nil {
		return best, fmt.Errorf("the search is not finished: %w", err)
	}
	return best, nil
}

// leaveToInit drops what Defaults suggests for the shape of a network that Init has.
func (c *trainCmd) leaveToInit(o *train.Options) {
	if c.Front == "" && c.Samples == 0 && c.Decimate == 0 && c.Deltas < 0 && c.Window == 0 && c.Hop == 0 && c.Bands == 0 {
		o.Front = feature.Config{}
	}
	if c.Stem == "" {
		o.Stem = stem.Config{}
	}
	o.Hidden, o.Layers = c.Hidden, c.Layers
}

// override puts what the user said over what the data suggest.
func (c *trainCmd) override(o *train.Options) error {
	if c.Stem == "" && o.Stem.Kind != "" && (c.Front != "" || c.Samples > 0 || c.Decimate > 0 || c.Lags > 0 || c.Means || c.Deltas >= 0) {
		o.Stem = stem.Config{} // frames of the user's own
	}
	if c.Stem != "" {
		s, err := stem.Parse(c.Stem)
		if err != nil {
			return usageError{err}
		}
		*o = o.OverStem(s)
	}
	if c.Front != "" && c.Front != o.Front.Kind {
		o.Front = feature.Config{Kind: c.Front, Context: o.Front.Context}
	}
	put(&o.Front.Samples, c.Samples)
	put(&o.Front.Decimate, c.Decimate)
	put(&o.Front.Lags, c.Lags)
	o.Front.Means = o.Front.Means || c.Means
	put(&o.Front.WindowMS, c.Window)
	put(&o.Front.HopMS, c.Hop)
	put(&o.Front.Bands, c.Bands)
	if c.Deltas >= 0 {
		o.Front.Deltas = c.Deltas
	}
	put(&o.Hidden, c.Hidden)
	put(&o.Layers, c.Layers)
	put(&o.Running, c.Running)
	o.ConfirmEvidence = o.ConfirmEvidence || c.ConfirmEvidence
	put(&o.Epochs, c.Epochs)
	put(&o.Batch, c.Batch)
	put(&o.LR, c.LR)
	put(&o.Schedule, c.Schedule)
	put(&o.Warmup, c.Warmup)
	put(&o.Clip, c.Clip)
	put(&o.Decay, c.Decay)
	put(&o.Averaging, c.Averaging)
	put(&o.Truncate, c.Truncate)
	put(&o.Memory, int64(c.Memory))
	put(&o.Distill, c.Distill)
	put(&o.MinUpdates, c.Updates)
	put(&o.RunningWeight, c.RunningWeight)
	o.RampRunning = o.RampRunning || c.Ramp
	put(&o.Smoothing, c.Smoothing)
	put(&o.Dropout, c.Dropout)
	put(&o.DropConnect, c.DropConnect)
	put(&o.Noise, c.Noise)
	put(&o.Jitter, c.Jitter)
	put(&o.Crop, c.CutStart)
	put(&o.Stretch, c.Stretch)
	put(&o.GainDB, c.Gain)
	put(&o.SNR, c.SNR)
	put(&o.Masks, c.Masks)
	put(&o.Join, c.Join)
	put(&o.AuxNext, c.AuxNext)
	put(&o.SwapNames, c.SwapNames)
	put(&o.SwapWords, c.SwapWords)
	put(&o.Validation, c.Validation)
	put(&o.Folds, c.Folds)
	put(&o.EarlyGap, c.EarlyGap)
	put(&o.EarlyConfidence, c.EarlyConfidence)
	put(&o.Patience, c.Patience)
	put(&o.Segment.Kind, c.Segment)
	o.CutActivity = c.Segment == segment.Activity
	put(&o.Stream, c.Stream)
	if c.Stream > 0 && c.Running == "" {
		o.Running = model.RunningSoftmax
	}
	put(&o.Runs, c.Runs)
	put(&o.Window, c.TrainWindow)
	if o.NoConfirm && c.Confirm {
		o.NoConfirm = false
		o.Stream = cmp.Or(c.Stream, 0.5) // the rest is for that head
	}
	c.beatFlags.over(&o.Segment)
	o.ClassWeights = o.ClassWeights || c.Balance
	if c.Balance {
		o.WeightPower = 0
	}
	put(&o.WeightPower, c.Power)
	o.Seed = c.Seed
	if c.Plain {
		o.Dropout, o.DropConnect, o.Noise, o.Jitter, o.Crop, o.Smoothing, o.Decay = -1, -1, -1, -1, -1, -1, -1
		o.Stretch, o.GainDB, o.Polarity, o.Masks, o.Join, o.SwapNames, o.SwapWords = 0, 0, false, 0, 0, 0, 0
	}
	return nil
}

func put[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}

func (c *trainCmd) checkpointFile() string { return c.Out + ".checkpoint" }

func (c *trainCmd) checkpoint() ([]byte, error) {
	if !c.Resume {
		return nil, nil
	}
	data, err := os.ReadFile(c.checkpointFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// hooks draw progress: a bar on a terminal, else a line every few seconds.
func (c *trainCmd) hooks(a *app) train.Hooks {
	var bar *progressbar.ProgressBar
	lastSave, lastLine := time.Now(), time.Now()
	h := train.Hooks{
		Warn: func(s string) { a.logf("\nwarning: %s", s) },
		Checkpoint: func(write func() []byte) error {
			if time.Since(lastSave) < 2*time.Second && a.ctx.Err() == nil {
				return nil
			}
			lastSave = time.Now()
			return atomicfile.WriteFile(c.checkpointFile(), func(w io.Writer) error {
				_, err := w.Write(write())
				return err
			})
		},
	}
	if c.Quiet {
		return h
	}
	show := terminal(a.stderr)
	h.Progress = func(done, total int, loss float64) {
		if !show {
			return
		}
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetWidth(24),
				progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond))
		}
		bar.Set(done)
	}
	h.Epoch = func(r train.Row) {
		text := fmt.Sprintf("epoch %d: loss %.3f", r.Epoch, r.Loss)
		if r.Validated > 0 {
			text += fmt.Sprintf(", validation %.3f", r.ValidLoss)
		}
		if r.Validated > 0 && c.Predict == "" {
			text += fmt.Sprintf(", confirmed %.1f %%, running %.1f %%", 100*r.ValidConfirm, 100*r.ValidRunning)
		}
		if bar != nil {
			bar.Describe(text)
		} else if time.Since(lastLine) > 5*time.Second {
			lastLine = time.Now()
			a.logf("%s (%d updates, %.0f s)", text, r.Updates, r.Seconds)
		}
	}
	return h
}

// write leaves the model, the log and the curves.
func (c *trainCmd) write(a *app, r *train.Result) error {
	if err := atomicfile.WriteFile(c.Out, r.Model.Save); err != nil {
		return err
	}
	log := beside(c.Out, ".csv")
	if err := atomicfile.WriteFile(log, func(w io.Writer) error { return train.WriteCSV(w, r.Rows) }); err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := train.WriteCSV(&buf, r.Rows); err != nil {
		return err
	}
	points, err := report.ReadCurves(&buf)
	if err != nil {
		return err
	}
	curves := beside(c.Out, ".png")
	if err := report.Curves(points, curves); err != nil {
		return err
	}
	a.logf("\nepoch %d of %d kept", r.Best, len(r.Rows))
	m := r.Model.Config.Origin.Measured
	if n := m["validation_examples"]; n > 0 {
		a.logf("of %.0f held-out examples: confirmed %.1f %%, running %.1f %% at the end", n, 100*m["validation_confirmed"], 100*m["validation_running"])
	}
	if n := m["validation_steps"]; n > 0 && c.Predict != "" {
		a.logf("of %.0f held-out steps: loss %.4g", n, m["validation_loss"])
	} else if n > 0 {
		a.logf("of %.0f held-out steps: running %.1f %%", n, 100*m["validation_running"])
	}
	a.logf("wrote %s (hash %s), %s, %s", c.Out, r.Model.Hash(), log, curves)
	return nil
}

// describe names a front end in a line.
func describe(f feature.Config) string {
	var b strings.Builder
	switch f.Kind {
	case feature.KindRaw:
		fmt.Fprintf(&b, "raw, %d samples a step", max(f.Samples, 1))
		if f.Decimate > 1 {
			fmt.Fprintf(&b, ", each the mean of %d", f.Decimate)
		}
	case feature.KindChars:
		fmt.Fprintf(&b, "chars, an alphabet of %d", max(f.Codes()-1, 0))
	case feature.KindStats:
		fmt.Fprintf(&b, "stats, %d samples a step, differences over 1 to %d samples", f.Samples, 1<<max(f.Lags-1, 0))
		if f.Means {
			b.WriteString(", means")
		}
	default:
		fmt.Fprintf(&b, "%s, %.4g ms windows every %.4g ms, %d bands", f.Kind, f.WindowMS, f.HopMS, f.Bands)
	}
	if f.Deltas > 0 {
		fmt.Fprintf(&b, ", deltas %d", f.Deltas)
	}
	return b.String()
}
