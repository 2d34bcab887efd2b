package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// A Preset is a recipe for data of one shape.
type Preset string

const (
	PresetAudio  Preset = "audio"  // sound
	PresetSpeech Preset = "speech" // sound of few sources, such as speakers, for others of their kind
	PresetCurve  Preset = "curve"  // one channel, 20 to 1000 samples
	PresetShort  Preset = "short"  // several channels, at most 60 samples
	PresetSensor Preset = "sensor" // longer series
	PresetText   Preset = "text"   // characters
	PresetBeat   Preset = "beat"   // heartbeats
	PresetMATLAB Preset = "matlab" // the plain network of MATLAB's examples, for comparison
)

// Presets lists all presets.
func Presets() []Preset {
	return []Preset{PresetAudio, PresetSpeech, PresetCurve, PresetShort, PresetSensor, PresetText, PresetBeat, PresetMATLAB}
}

// presetOf returns the preset for the shape of set.
func presetOf(set *dataset.Set) Preset {
	n := medianLength(set)
	switch {
	case set.Kind == dataset.Audio && fewSources(set):
		return PresetSpeech
	case set.Kind == dataset.Audio:
		return PresetAudio
	case set.Kind == dataset.Text:
		return PresetText
	case set.Kind == dataset.Beats:
		return PresetBeat
	case set.Channels == 1 && n >= 20 && n <= 1000:
		return PresetCurve
	case n <= 60:
		return PresetShort
	}
	return PresetSensor
}

// Defaults returns the options that suit the data, and explains in a line each what was
// chosen and why. The figures behind them come from cross-validation on training splits.
// name is the preset to use; if it is empty, the data decide.
//
//   - Audio: log-mel frames of 25 ms every 10 ms, or every 5 ms if the median example is
//     shorter than 0.3 s; changes of speed, level and polarity, and frequency masks; an
//     evidence head.
//   - Speech, that is sound from two to nine groups with fifty examples or more each: the
//     sources themselves should not matter, so frames keep only the envelope of the spectrum
//     (MFCC with differences), noise of many levels is added, and the confirm head sees the
//     running head's evidence.
//   - Curves, one channel of 20 to 1000 samples: convolutions over single samples.
//   - Short series of at most 60 samples: one to four samples per step, with deltas unless it
//     is one; with six channels or more and over 30 samples, changes of speed.
//   - Longer series: patches that make about 50 steps of them, with deltas.
//   - Text: one character per step.
//   - MATLAB, which the data never choose: a raw front end of one sample a step, 100 units, only the confirm head, no augmentation
//     and no regularisation.
//
// Sets with a label for every step get only a running head; see stepDefaults. Sets of
// thousands of examples get larger batches and at least 35 epochs.
func Defaults(set *dataset.Set, name Preset) (Options, []string, error) {
	if events, _ := setApart(set); len(events.Examples) > 0 {
		set = events
	}
	name = cmp.Or(name, presetOf(set))
	if !slices.Contains(Presets(), name) {
		return Options{}, nil, fmt.Errorf("train: preset %q: give %s", name, oneOf(Presets()))
	}
	if (name == PresetText) != (set.Kind == dataset.Text) {
		return Options{}, nil, fmt.Errorf("train: preset %s over %s: preset %s is for text, and text for it", name, set.Kind, PresetText)
	}
	if name == PresetMATLAB && set.Kind == dataset.Beats {
		return Options{}, nil, fmt.Errorf("train: preset %s over %s: heartbeats take the preset %s", name, set.Kind, PresetBeat)
	}
	if (name == PresetAudio || name == PresetSpeech) && set.Rate == 0 {
		return Options{}, nil, fmt.Errorf("train: preset %s needs a sampling rate, which the data do not have: give dataset.Options.Rate, or another preset", name)
	}
	o, note := shapeDefaults(set, name)
	if set.Stepwise() && name != PresetMATLAB {
		o, note = stepDefaults(set, o, note)
	}
	notes := []string{note}
	if !detectable(set) {
		if n := len(set.Examples); o.Detector > 0 && n < fewEvents && set.Kind == dataset.Audio && !set.Stepwise() {
			notes = append(notes, fmt.Sprintf("no detector: it takes %d examples to learn from, and here are %d, so segments are opened by the level of the sound; train.Options.Detector, such as %d, trains one all the same", fewEvents, n, o.Detector))
		}
		o.Detector = 0
	}
	if name == PresetText {
		return o, notes, nil
	}
	if n := len(set.Examples); n >= manyExamples {
		o.Batch = 64
	}
	if set.Stepwise() {
		return o, notes, nil
	}
	if o.MinUpdates == 0 {
		o.FoldShare = foldShare
		o.MinUpdates = max(leastUpdates, min(leastEpochs*((len(set.Examples)+o.Batch-1)/o.Batch), mostUpdates))
	}
	if g := groupsOfEvents(set); g < fewGroups && g > 1 {
		notes = append(notes, fmt.Sprintf("%d groups only: validation shares them with training and says nothing of unseen ones", g))
	}
	return o, notes, nil
}

// Sound has a detector by default if there are enough examples to learn from, and if they are
// sounds with a beginning and an end rather than crops of one.
const (
	fewEvents     = 16
	shortestEvent = 0.12 // seconds, of the median example
)

func detectable(set *dataset.Set) bool {
	return set.Kind == dataset.Audio && !set.Stepwise() && set.Rate > 0 && len(set.Examples) >= fewEvents &&
		float64(medianLength(set)) >= shortestEvent*set.Rate
}

// How long to train by default.
const (
	manyExamples = 4000
	leastUpdates = 1500
	leastEpochs  = 35
	mostUpdates  = 6000
	foldShare    = 0.4 // of the updates, in a fold
)

func shapeDefaults(set *dataset.Set, name Preset) (Options, string) {
	o := NewOptions()
	o.MinUpdates = 0 // chosen by the number of examples
	o.apply(name)
	n := medianLength(set)
	o.Running = model.RunningEvidence
	o.Front.Kind = feature.KindRaw
	text := fmt.Sprintf("series of %d samples, %d channels (preset %s): ", n, set.Channels, name)
	switch name {
	case PresetAudio:
		return audioDefaults(set, o, n)
	case PresetSpeech:
		return speechDefaults(set, o, n)
	case PresetText:
		return textDefaults(set, o, n)
	case PresetBeat:
		return beatDefaults(set, o)
	case PresetMATLAB:
		return matlabDefaults(set, o, n)
	case PresetCurve:
		o = o.OverStem(convolutions())
		return o, text + "convolutions over single samples"
	case PresetShort:
		o.Front.Samples = 1
		switch {
		case n > 30:
			o.Front.Samples, o.Front.Deltas, o.Noise = 4, 1, 0.1
		case n > 10:
			o.Front.Samples, o.Front.Deltas = 2, 1
		}
		if set.Channels < 6 {
			o.Dropout, o.Noise, o.Jitter, o.Crop = 0, 0.1, 0.1, 0
		} else if n > 30 {
			o.Stretch = 0.2
		}
	default:
		o.Front.Samples = min(max(int(math.Round(float64(n)/50)), 4), 10)
		o.Front.Deltas = 1
		if n/o.Front.Samples > 200 {
			o.Front.Decimate = int(math.Ceil(float64(n) / float64(o.Front.Samples) / 100))
		}
	}
	text += fmt.Sprintf("raw front end, %d samples a step%s", o.Front.Samples, decimated(o.Front.Decimate))
	if o.Front.Samples == 1 {
		text = strings.Replace(text, "1 samples", "one sample", 1)
	}
	if o.Front.Deltas > 0 {
		text += ", with deltas"
	}
	if o.Stretch > 0 {
		text += fmt.Sprintf(", speed changed by up to %.0f %%", 100*o.Stretch)
	}
	return o, text
}

func decimated(k int) string {
	if k <= 1 {
		return ""
	}
	return fmt.Sprintf(" (each the mean of %d)", k)
}

func audioDefaults(set *dataset.Set, o Options, n int) (Options, string) {
	seconds := float64(n) / set.Rate
	o.Front = feature.Config{Kind: feature.KindLogMel, WindowMS: 25, HopMS: 10, Bands: 40}
	if seconds < 0.3 {
		o.Front.HopMS = 5
	}
	return o, fmt.Sprintf("audio of %.3g s at %.0f Hz: log-mel front end, %.0f bands, %.0f ms windows every %.0f ms",
		seconds, set.Rate, float64(o.Front.Bands), o.Front.WindowMS, o.Front.HopMS)
}

// How long to train on text by default.
const (
	leastTextUpdates = 600
	mostTextEpochs   = 40
	mostTextUpdates  = 4400
)

// textDefaults were chosen by training on four fifths of three novels and judging the last
// fifth of each, with other names; docs/accuracy.md compares settings.
func textDefaults(set *dataset.Set, o Options, n int) (Options, string) {
	o.Front.Kind = feature.KindChars
	o.MinUpdates = max(leastTextUpdates, min(mostTextEpochs*((len(set.Examples)+o.Batch-1)/o.Batch), mostTextUpdates))
	return o, fmt.Sprintf("text of %d characters (preset text): a step a character; up to %d texts of a passage joined, %.0f %% of names swapped, the next character as a second task",
		n, o.Join, 100*o.SwapNames)
}

// sourceExamples is the average number of examples per group from which on a few groups
// count as sources.
const sourceExamples = 50

// fewSources reports whether set is sound from few sources: those of its events, from which
// background may come too.
func fewSources(set *dataset.Set) bool {
	sources, n := eventGroups(set), 0
	for i := range set.Examples {
		if sources[set.Examples[i].Group] {
			n++
		}
	}
	g := len(sources)
	return g > 1 && g < fewGroups && n >= g*sourceExamples
}

// meanPrior is the number of steps that a flat spectrum counts as in the mean of speech:
// docs/accuracy.md compares some.
const meanPrior = 30

func speechDefaults(set *dataset.Set, o Options, n int) (Options, string) {
	o, _ = audioDefaults(set, o, n)
	o.Front.Kind, o.Front.Bands, o.Front.Deltas, o.Front.MeanPrior = feature.KindMFCC, 0, 1, meanPrior
	return o, fmt.Sprintf("audio of %.3g s at %.0f Hz from few sources (preset %s): MFCC front end with deltas, relative to their mean, %.0f ms windows every %.0f ms, under noise and in other rooms",
		float64(n)/set.Rate, set.Rate, PresetSpeech, o.Front.WindowMS, o.Front.HopMS)
}

// medianLength returns the median number of samples per channel.
func medianLength(set *dataset.Set) int {
	n := make([]int, len(set.Examples))
	for i := range n {
		n[i] = set.Frames(i)
	}
	return median(n)
}

// median sorts n and returns its median, 0 if n is empty.
func median(n []int) int {
	if len(n) == 0 {
		return 0
	}
	slices.Sort(n)
	return n[len(n)/2]
}
