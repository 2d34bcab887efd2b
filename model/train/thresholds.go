package train

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
	"inkling/model/decide"
)

// How thresholds are chosen: as low as keeps wrong labels within bounds.
const (
	wrongShare      = 0.05 // of what is said of examples
	alarmsAnHour    = 5.0  // of all labels, on background like that of the training
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

// allows reports whether a label whose answers are t may have threshold i, where mean are the
// answers of all labels on average and each alarm stands for so many an hour.
func (t *tally) allows(mean *tally, i int, anHour, labels float64) bool {
	said, wrong, alarms := t[i].said+mean[i].said, t[i].wrong+mean[i].wrong, t[i].alarms+mean[i].alarms
	return wrong <= float64(wrongShare*said) && float64(alarms*anHour)/2 <= alarmsAnHour/labels
}

// thresholds returns for each label the probability under which it is to be held back where
// it is confirmed: the lowest by which about wrongShare of what it says of examples is wrong,
// and by which it is said of background about as often as its part of alarmsAnHour allows; the
// highest where none does. said has the cuts of examples, and wrong openings, each of which
// stands for anHour of them. A label's own answers and the mean of all labels' weigh the same,
// as its own may be few.
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
		for i < thresholdLevels-1 && !tallies[k].allows(&mean, i, anHour, labels) {
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

// setThresholds sets those of c by what was said of cuts, of which some are wrong openings.
func (t *trainer) setThresholds(c *model.Config, cuts []calibrate.HeldOut, openings int, hooks *Hooks) {
	each := thresholds(c, cuts, t.hearing.anHour(openings))
	var sure []string
	for k, p := range each {
		if p == thresholdAt(thresholdLevels-1) {
			sure = append(sure, strconv.Quote(c.Labels[k]))
		}
	}
	if len(sure) > 0 {
		hooks.warn(fmt.Sprintf("background or other labels are often taken for %s, even at a probability of %v: more examples, and more background, would tell them apart", strings.Join(sure, ", "), thresholdAt(thresholdLevels-1)))
	}
	putThresholds(&c.Decision, each, c.Labels)
}

// ofExamples returns e without background where a detector was trained: most of that is what
// it opened on wrongly, and made-up sounds, which are no examples of the data.
func (t *trainer) ofExamples(c *model.Config, e evaluation) evaluation {
	if t.hearing == nil {
		return e
	}
	events := eventsOf(c, e.finals)
	of := evaluation{finals: events, n: len(events)}
	of.count(len(c.Labels))
	return of
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
