package train

import (
	"fmt"
	"math"
	"slices"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// Defaults returns the options that the data suggest, and says in a line each
// what was chosen and why.
//
//   - Audio: log-mel frames of 25 ms every 10 ms, every 5 ms where the median
//     example is under 0.3 s; changes of speed, level, polarity and frequency
//     masks; an evidence head.
//   - Series of at most 60 steps: a sample a step.
//   - Longer series: patches that make about 50 steps of them, with deltas.
func Defaults(set *dataset.Set) (Options, []string) {
	o, notes := shapeDefaults(set)
	if g := groups(set); g < fewGroups && g > 1 {
		notes = append(notes, fmt.Sprintf("%d groups only: validation shares them with training and says nothing of unseen ones", g))
	}
	return o, notes
}

func shapeDefaults(set *dataset.Set) (Options, []string) {
	var o Options
	n := medianLength(set)
	o.Running = model.RunningEvidence
	if set.Kind == dataset.Audio {
		return audioDefaults(set, o, n)
	}
	o.Front.Kind = feature.KindRaw
	if n <= 60 {
		o.Front.Samples = 1
		return o, []string{fmt.Sprintf("series of %d samples, %d channels: raw front end, one sample a step", n, set.Channels)}
	}
	o.Front.Samples = min(max(int(math.Round(float64(n)/50)), 4), 10)
	o.Front.Deltas = 1
	if n/o.Front.Samples > 200 {
		o.Front.Decimate = int(math.Ceil(float64(n) / float64(o.Front.Samples) / 100))
	}
	return o, []string{fmt.Sprintf("series of %d samples, %d channels: raw front end, %d samples a step%s, with deltas", n, set.Channels,
		o.Front.Samples, decimated(o.Front.Decimate))}
}

func decimated(k int) string {
	if k <= 1 {
		return ""
	}
	return fmt.Sprintf(" (each the mean of %d)", k)
}

func audioDefaults(set *dataset.Set, o Options, n int) (Options, []string) {
	seconds := float64(n) / set.Rate
	o.Front = feature.Config{Kind: feature.KindLogMel, WindowMS: 25, HopMS: 10, Bands: 40}
	if seconds < 0.3 {
		o.Front.HopMS = 5
	}
	o.Stretch, o.GainDB, o.Polarity, o.Masks = 0.2, 6, true, 1
	o.Dropout = 0.2
	return o, []string{fmt.Sprintf("audio of %.3g s at %.0f Hz: log-mel front end, %.0f bands, %.0f ms windows every %.0f ms",
		seconds, set.Rate, float64(o.Front.Bands), o.Front.WindowMS, o.Front.HopMS)}
}

// medianLength is the median number of samples a channel.
func medianLength(set *dataset.Set) int {
	n := make([]int, len(set.Examples))
	for i := range n {
		n[i] = set.Frames(i)
	}
	return median(n)
}

// median sorts n; that of none is 0.
func median(n []int) int {
	if len(n) == 0 {
		return 0
	}
	slices.Sort(n)
	return n[len(n)/2]
}
