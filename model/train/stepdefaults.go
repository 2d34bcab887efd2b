package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// A typical activity, the median run of a label, lasts stepsOfRun steps, and a piece for
// training stepsOfPiece.
const (
	stepsOfRun   = 36
	stepsOfPiece = 60
	leastPatch   = 4
)

// stepDefaults adapts o to a set with a label for every step. The choices come from leaving
// out one wearer of an accelerometer at a time: powers by scale without means, which depend
// on how the sensor is worn; two seconds per step rather than half a second; and pieces
// joined in random order rather than single pieces or whole windows. Class weights cost more
// accuracy than they gain for rare classes.
func stepDefaults(set *dataset.Set, o Options, note string) (Options, string) {
	o.Running, o.NoConfirm, o.RunningWeight = model.RunningSoftmax, true, 1
	o.Runs, o.Carry = RunsCut, 1
	o.Crop, o.MinUpdates = 0.5, 600
	if set.Kind == dataset.Audio {
		return o, note + "; labels of steps: pieces of one label, joined in random order"
	}
	run := medianLength(set.Runs())
	n := max(int(math.Round(float64(run)/stepsOfRun)), leastPatch)
	rate := cmp.Or(set.Rate, 1)
	lags := 1
	for 1<<lags <= n/3 {
		lags++
	}
	o.Hidden, o.Dropout, o.Noise, o.Jitter, o.Stretch = 64, 0.2, 0.3, 0.15, 0
	o.Front = feature.Config{Kind: feature.KindStats, Samples: n, Lags: lags, Floor: floorOf(set)}
	o.Window = float64(n*stepsOfPiece) / rate
	return o, fmt.Sprintf("labels of steps, each label for %d samples at a stretch: powers by scale of %d samples a step, differences over 1 to %d samples; pieces of one label and at most %d steps, joined in random order",
		run, n, 1<<(lags-1), stepsOfPiece)
}

// floorShare is the part of the typical power of differences that is added under the
// logarithm, because the signal of a sensor at rest is its own noise.
const floorShare = 1e-3

// floorOf returns floorShare of the median power over channels, rounded to one digit.
func floorOf(set *dataset.Set) float64 {
	powers, n := make([]float64, set.Channels), 0
	for _, e := range set.Examples {
		for i := set.Channels; i < len(e.Samples); i++ {
			d := float64(e.Samples[i]) - float64(e.Samples[i-set.Channels])
			powers[i%set.Channels] += float64(d * d)
		}
		n += len(e.Samples) / set.Channels
	}
	slices.Sort(powers)
	v := floorShare * powers[len(powers)/2] / float64(max(n, 1))
	if !(v > 1e-30) {
		return 0
	}
	digit := math.Pow(10, math.Floor(math.Log10(v)))
	return math.Round(v/digit) * digit
}
