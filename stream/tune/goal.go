package tune

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Goal is what a tuned model has to keep to. Zero fields are no constraint, but for
// FalseAlarms.
//
// FalseAlarms alone bounds every reported label that finds no event. With Wrong the two
// kinds are apart: FalseAlarms bounds the labels reported on the background, Wrong those
// reported at events: another label, one told twice, or the right one at the wrong time.
type Goal struct {
	FalseAlarms float64 // greatest rate per hour; negative for no constraint
	Wrong       float64 // greatest number of labels wrongly reported at events, as a share of the events
	Recall      float64 // least share of the events that are found
	Latency     float64 // greatest median, in ms, from an event's begin to its running label that stays
	Confidence  float64 // with which the bounds on FalseAlarms and Recall hold; 0 compares what was observed
	Distinct    float64 // hours of the proof's streams after which their contents repeat; 0 if they never do
}

// Check returns an error for a goal that nothing can be found for.
func (g *Goal) Check() error {
	switch {
	case math.IsNaN(g.FalseAlarms) || math.IsInf(g.FalseAlarms, 0):
		return fmt.Errorf("tune: false alarms: %v an hour, want a number, 0 or more", g.FalseAlarms)
	case !g.budgeted() && g.Recall == 0:
		return fmt.Errorf("tune: no goal: give a greatest rate of false alarms, a greatest share of events told wrongly, or a least recall")
	case !(g.Wrong >= 0 && g.Wrong < 1):
		return fmt.Errorf("tune: share of events told wrongly: %v, want 0 to less than 1", g.Wrong)
	case !(g.Recall >= 0 && g.Recall <= 1):
		return fmt.Errorf("tune: recall: %v, want 0 to 1", g.Recall)
	case !(g.Latency >= 0):
		return fmt.Errorf("tune: latency: %v ms, want 0 or more", g.Latency)
	case !(g.Confidence >= 0 && g.Confidence < 1):
		return fmt.Errorf("tune: confidence: %v, want 0 to less than 1", g.Confidence)
	}
	return nil
}

// String lists the constraints in words.
func (g *Goal) String() string {
	var all []string
	if g.FalseAlarms >= 0 {
		all = append(all, fmt.Sprintf("at most %.3g false alarms an hour%s", g.FalseAlarms, g.where()))
	}
	if g.Wrong > 0 {
		all = append(all, fmt.Sprintf("at most %.3g %% of events told wrongly", 100*g.Wrong))
	}
	if g.Recall > 0 {
		all = append(all, fmt.Sprintf("a recall of at least %.3g", g.Recall))
	}
	if g.Latency > 0 {
		all = append(all, fmt.Sprintf("a running label within %.3g ms", g.Latency))
	}
	return strings.Join(all, ", ")
}

// budgeted reports whether g limits false alarms of any kind.
func (g *Goal) budgeted() bool { return g.FalseAlarms >= 0 || g.Wrong > 0 }

// where says which false alarms FalseAlarms bounds, "" if all.
func (g *Goal) where() string {
	if g.Wrong > 0 {
		return " on background"
	}
	return ""
}

// Counted returns how many of p's false alarms FalseAlarms bounds.
func (g *Goal) Counted(p Point) int {
	if g.Wrong > 0 {
		return p.Alarms - p.Wrong
	}
	return p.Alarms
}

// distinct returns the share of the given hours whose contents do not repeat: repetitions
// prove nothing about other streams.
func (g *Goal) distinct(hours float64) float64 {
	if g.Distinct == 0 {
		return 1
	}
	return min(g.Distinct/hours, 1)
}

// AtMost returns the hourly rate that a number of alarms in the given hours proves: with
// the goal's confidence the true rate is no greater, if alarms are independent of one
// another (Garwood, Fiducial limits for the Poisson distribution, Biometrika 1936). In
// streams with repetitions, alarms and hours count in proportion.
func (g *Goal) AtMost(alarms int, hours float64) float64 {
	if g.Confidence == 0 {
		return float64(alarms) / hours
	}
	share := g.distinct(hours)
	return distuv.Gamma{Alpha: share*float64(alarms) + 1, Beta: 1}.Quantile(g.Confidence) / (share * hours)
}

// AtLeast returns the recall that finding a number of events proves, likewise (Clopper and
// Pearson, Biometrika 1934).
func (g *Goal) AtLeast(found, events int, hours float64) float64 {
	switch {
	case found == 0:
		return 0
	case g.Confidence == 0:
		return float64(found) / float64(events)
	}
	share := g.distinct(hours)
	return distuv.Beta{Alpha: share * float64(found), Beta: share*float64(events-found) + 1}.Quantile(1 - g.Confidence)
}

// WrongAtMost returns the share of events told wrongly that a number of wrong labels at the
// given events proves, likewise.
func (g *Goal) WrongAtMost(wrong, events int, hours float64) float64 {
	switch {
	case wrong >= events:
		return 1
	case g.Confidence == 0:
		return float64(wrong) / float64(events)
	}
	share := g.distinct(hours)
	return distuv.Beta{Alpha: share*float64(wrong) + 1, Beta: share * float64(events-wrong)}.Quantile(g.Confidence)
}

// Events returns a number of events, none repeated, that proves Wrong with the given number
// of wrong labels among them.
func (g *Goal) Events(wrong int) float64 {
	plain := Goal{Confidence: g.Confidence}
	return math.Ceil(plain.AtMost(wrong, 1) / g.Wrong)
}

// Hours returns the length of a stream without repetitions that proves the budget of
// false alarms with the given number of alarms in it.
func (g *Goal) Hours(alarms int) float64 {
	plain := Goal{Confidence: g.Confidence}
	return plain.AtMost(alarms, 1) / g.FalseAlarms
}

// alarmsHold reports whether the false alarms of p in the given hours keep to FalseAlarms.
func (g *Goal) alarmsHold(p Point, hours float64) bool {
	return g.FalseAlarms < 0 || g.AtMost(g.Counted(p), hours) <= g.FalseAlarms
}

// wrongHolds reports whether the wrong labels of p at the given events keep to Wrong.
func (g *Goal) wrongHolds(p Point, events int, hours float64) bool {
	return g.Wrong == 0 || g.WrongAtMost(p.Wrong, events, hours) <= g.Wrong
}

// holds reports whether p keeps to both budgets.
func (g *Goal) holds(p Point, events int, hours float64) bool {
	return g.alarmsHold(p, hours) && g.wrongHolds(p, events, hours)
}

// recallHolds reports whether finding a number of events keeps to the recall.
func (g *Goal) recallHolds(found, events int, hours float64) bool {
	return g.Recall == 0 || events > 0 && g.AtLeast(found, events, hours) >= g.Recall
}

// observed returns the goal without a margin for chance.
func (g Goal) observed() Goal {
	g.Confidence = 0
	return g
}

// choose returns the index of a point on a path, −1 if none keeps to the goal. The points
// begin with the strictest thresholds; along them, found events and alarms of either kind
// never decrease. With a budget it chooses the greatest recall that keeps to it, with the
// fewest alarms; without one, the fewest alarms that keep to the recall.
//
// The points are tested in a fixed order, for each constraint from its safe end to the
// first point that fails, so each constraint holds with the confidence of a single test
// (Angelopoulos et al., Learn then Test, 2021).
func (g *Goal) choose(points []Point, events int, hours float64) int {
	most := -1
	for most+1 < len(points) && g.holds(points[most+1], events, hours) {
		most++
	}
	least := len(points)
	for least > 0 && g.recallHolds(points[least-1].Found, events, hours) {
		least--
	}
	switch {
	case most < 0 || least > most || points[most].Found == 0:
		return -1
	case !g.budgeted():
		return first(points, max(points[least].Found, 1))
	}
	return max(least, first(points, points[most].Found))
}

// nearest returns the index of the point that comes closest to the goal.
func (g Goal) nearest(points []Point, events int, hours float64) int {
	if !g.budgeted() {
		return len(points) - 1
	}
	g.Recall = 0
	if n := g.choose(points, events, hours); n >= 0 {
		return n
	}
	g = g.observed()
	if n := g.choose(points, events, hours); n >= 0 {
		return n
	}
	return first(points, 1)
}

// first returns the index of the first point with at least the given number of found
// events.
func first(points []Point, found int) int {
	for i, p := range points {
		if p.Found >= found {
			return i
		}
	}
	return len(points) - 1
}

// weights returns the weights of a wrong label for which paths are tried. If both kinds of
// false alarm have a budget, using up the one is worth using up the other; a path may also
// favour either, as the one that binds may cost more events.
func (g *Goal) weights(events int, hours float64) []float64 {
	if g.Wrong == 0 || g.FalseAlarms < 0 {
		return []float64{1}
	}
	even := max(g.FalseAlarms*hours, 1) / max(g.Wrong*float64(events), 1)
	return []float64{even, even / 4, even * 4, even / 16, even * 16}
}
