package tune

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Goal is what a tuned model is to keep to. Zero: no such constraint.
type Goal struct {
	FalseAlarms float64 // an hour, at most; negative: none is asked for
	Recall      float64 // at least
	Latency     float64 // ms at most, the median from an event's begin to its running label that stays
	Confidence  float64 // with which the bounds of the first two hold; 0: what was observed counts
	Distinct    float64 // hours of the streams of the proof, if they go on with what was in them before; 0: all are
}

// Check wants a goal that something can be found for.
func (g *Goal) Check() error {
	switch {
	case g.FalseAlarms < 0 && g.Recall == 0:
		return fmt.Errorf("tune: no goal: give false alarms an hour at most, or a recall at least")
	case math.IsNaN(g.FalseAlarms) || math.IsInf(g.FalseAlarms, 0):
		return fmt.Errorf("tune: false alarms: %v an hour, want a number, 0 or more", g.FalseAlarms)
	case !(g.Recall >= 0 && g.Recall <= 1):
		return fmt.Errorf("tune: recall: %v, want 0 to 1", g.Recall)
	case !(g.Latency >= 0):
		return fmt.Errorf("tune: latency: %v ms, want 0 or more", g.Latency)
	case !(g.Confidence >= 0 && g.Confidence < 1):
		return fmt.Errorf("tune: confidence: %v, want 0 to less than 1", g.Confidence)
	}
	return nil
}

// String says it in words.
func (g *Goal) String() string {
	var all []string
	if g.FalseAlarms >= 0 {
		all = append(all, fmt.Sprintf("at most %.3g false alarms an hour", g.FalseAlarms))
	}
	if g.Recall > 0 {
		all = append(all, fmt.Sprintf("a recall of at least %.3g", g.Recall))
	}
	if g.Latency > 0 {
		all = append(all, fmt.Sprintf("a running label within %.3g ms", g.Latency))
	}
	return strings.Join(all, ", ")
}

// share is how much of so many hours is distinct: what comes again says nothing new
// about other streams.
func (g *Goal) share(hours float64) float64 {
	if g.Distinct == 0 {
		return 1
	}
	return min(g.Distinct/hours, 1)
}

// AtMost is the rate an hour that alarms in so many hours speak for: with the goal's
// confidence the true one is no greater, if they come independently of one another
// (Garwood, Fiducial limits for the Poisson distribution, Biometrika 1936). Of streams
// with repetitions, alarms and hours count in proportion.
func (g *Goal) AtMost(alarms int, hours float64) float64 {
	if g.Confidence == 0 {
		return float64(alarms) / hours
	}
	share := g.share(hours)
	return distuv.Gamma{Alpha: share*float64(alarms) + 1, Beta: 1}.Quantile(g.Confidence) / (share * hours)
}

// AtLeast is the recall that found of events speak for, likewise (Clopper and Pearson,
// Biometrika 1934).
func (g *Goal) AtLeast(found, events int, hours float64) float64 {
	switch {
	case found == 0:
		return 0
	case g.Confidence == 0:
		return float64(found) / float64(events)
	}
	share := g.share(hours)
	return distuv.Beta{Alpha: share * float64(found), Beta: share*float64(events-found) + 1}.Quantile(1 - g.Confidence)
}

// Hours is how long a stream without repetitions must be, with so many alarms in it, to
// support the budget.
func (g *Goal) Hours(alarms int) float64 {
	plain := Goal{Confidence: g.Confidence}
	return plain.AtMost(alarms, 1) / g.FalseAlarms
}

// alarmsHold tells whether alarms in so many hours keep to the budget.
func (g *Goal) alarmsHold(alarms int, hours float64) bool {
	return g.FalseAlarms < 0 || g.AtMost(alarms, hours) <= g.FalseAlarms
}

func (g *Goal) recallHolds(found, events int, hours float64) bool {
	return g.Recall == 0 || events > 0 && g.AtLeast(found, events, hours) >= g.Recall
}

// observed is the goal without a margin for chance.
func (g Goal) observed() Goal {
	g.Confidence = 0
	return g
}

// choose picks a place on a path, of points from the strictest on, along which both
// counts can but grow: the greatest recall that keeps to the budget, with the fewest
// alarms; without a budget, the fewest alarms that keep to the recall. The places are
// tested in a fixed order, each constraint's from its safe end on up to the first that
// fails, so that each holds with the confidence of a single test (Angelopoulos et al.,
// Learn then Test, 2021). −1: none.
func (g *Goal) choose(points []Point, events int, hours float64) int {
	most := -1
	for most+1 < len(points) && g.alarmsHold(points[most+1].Alarms, hours) {
		most++
	}
	least := len(points)
	for least > 0 && g.recallHolds(points[least-1].Found, events, hours) {
		least--
	}
	switch {
	case most < 0 || least > most || points[most].Found == 0:
		return -1
	case g.FalseAlarms < 0:
		return first(points, max(points[least].Found, 1))
	}
	return max(least, first(points, points[most].Found))
}

// first is the first point that finds so many.
func first(points []Point, found int) int {
	for i, p := range points {
		if p.Found >= found {
			return i
		}
	}
	return len(points) - 1
}
