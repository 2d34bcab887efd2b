package train

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
	"inkling/model/decide"
)

// How thresholds are chosen: as low as keeps wrong labels within bounds.
const (
	wrongShare      = 0.05 // of what is said of examples
	alarmsAnHour    = 3.0  // of all labels, on background like that of the training
	lowestThreshold = 0.3
	thresholdStep   = 0.05
	thresholdLevels = 14 // up to 0.95
)

func thresholdAt(i int) float64 {
	return math.Round(100*(lowestThreshold+float64(thresholdStep*float64(i)))) / 100
}

// A tally counts, for each threshold from the lowest on, what a label says at least as
// surely: of examples, wrongly of others, and of background.
type tally [thresholdLevels]struct{ said, wrong, alarms float64 }

// bear reports whether a label whose answers are t may have threshold i, where mean are the
// answers of all labels on average and each alarm stands for so many an hour.
func (t *tally) bear(mean *tally, i int, anHour, labels float64) bool {
	said, wrong, alarms := t[i].said+mean[i].said, t[i].wrong+mean[i].wrong, t[i].alarms+mean[i].alarms
	return wrong <= float64(wrongShare*said) && float64(alarms*anHour)/2 <= alarmsAnHour/labels
}

// thresholds returns for each label the probability under which it is to be held back where
// it is confirmed: the lowest by which at most wrongShare of what it says of examples is wrong,
// and by which it is said of background no more often than its part of alarmsAnHour. said has
// the cuts of examples, and wrong openings, each of which stands for anHour of them in an
// hour. A label is judged by its own answers and the mean of all labels', so that few answers
// do not decide alone.
func thresholds(c *model.Config, said []calibrate.HeldOut, anHour float64) []float64 {
	tallies, mean := make([]tally, len(c.Labels)), tally{}
	labels := 0.0
	for _, l := range c.Labels {
		if l != dataset.Background {
			labels++
		}
	}
	for _, v := range said {
		k := v.Confirmed()
		if c.Labels[k] == dataset.Background {
			continue
		}
		p := tempered(v.Probs, k, c.Calibration)
		for i := 0; i < thresholdLevels && p >= thresholdAt(i); i++ {
			for _, t := range []struct {
				to    *tally
				share float64
			}{{&tallies[k], 1}, {&mean, 1 / labels}} {
				switch {
				case c.Labels[v.Label] == dataset.Background:
					t.to[i].alarms += t.share
				case v.Label != k:
					t.to[i].wrong += t.share
					fallthrough
				default:
					t.to[i].said += t.share
				}
			}
		}
	}
	out := make([]float64, len(c.Labels))
	for k := range tallies {
		i := 0
		for i < thresholdLevels-1 && !tallies[k].bear(&mean, i, anHour, labels) {
			i++
		}
		out[k] = thresholdAt(i)
	}
	return out
}

// putThresholds enters thresholds into d: the commonest, the lowest of several, as that of
// all labels, the others by label.
func putThresholds(d *decide.Config, each []float64, labels []string) {
	count := map[float64]int{}
	for k, p := range each {
		if labels[k] != dataset.Background {
			count[p]++
		}
	}
	common := slices.MaxFunc(slices.Sorted(maps.Keys(count)), func(a, b float64) int {
		return cmp.Or(cmp.Compare(count[a], count[b]), cmp.Compare(b, a))
	})
	d.Threshold, d.On = common, nil
	for k, p := range each {
		if p != common && labels[k] != dataset.Background {
			if d.On == nil {
				d.On = map[string]float64{}
			}
			d.On[labels[k]] = p
		}
	}
}

// eventsOf returns what was said of examples that are not background.
func eventsOf(c *model.Config, said []calibrate.HeldOut) (events []calibrate.HeldOut) {
	for _, v := range said {
		if c.Labels[v.Label] != dataset.Background {
			events = append(events, v)
		}
	}
	return events
}

// rightShare returns the share of what was said of examples that is right.
func rightShare(events []calibrate.HeldOut) float64 {
	right := 0
	for i := range events {
		if events[i].Confirmed() == events[i].Label {
			right++
		}
	}
	return round6(float64(right) / float64(max(len(events), 1)))
}
