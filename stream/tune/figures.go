package tune

import (
	"fmt"
	"math"

	"inkling/stream/evaluate"
)

// Figures say how good a model is on the streams of the proof.
type Figures struct {
	Events       int     `json:"events"`
	Found        int     `json:"found"`
	FalseAlarms  int     `json:"false_alarms"` // of both kinds
	OnBackground int     `json:"on_background"`
	Wrong        int     `json:"wrong"` // reported at events: another label, one told twice, or the right one too far from the begin
	Hours        float64 `json:"hours"`

	Recall              evaluate.Share  `json:"recall"`
	PerHour             float64         `json:"false_alarms_per_hour"`
	OnBackgroundPerHour float64         `json:"on_background_per_hour"`
	WrongShare          evaluate.Share  `json:"wrong_share"`     // Wrong by Events
	RecallLeast         float64         `json:"recall_at_least"` // this and the others at most with the goal's confidence
	PerHourMost         float64         `json:"false_alarms_per_hour_at_most"`
	OnBackgroundMost    float64         `json:"on_background_per_hour_at_most"`
	WrongMost           float64         `json:"wrong_share_at_most"`
	LatencyMS           evaluate.Number `json:"latency_ms"` // median to the running label that stays; without one, to the confirmed
	Flips               evaluate.Number `json:"flips_per_minute"`

	Early           int            `json:"early"` // early labels
	EarlyOverturned evaluate.Share `json:"early_overturned_share"`
}

func (r *run) figures(s scored) Figures {
	hours := s.Seconds / 3600
	late := s.latency()
	if math.IsInf(late, 1) {
		late = math.NaN()
	}
	all := s.FalseAlarms.Total
	background := s.FalseAlarms.OnBackground
	wrong := all - background
	return Figures{Events: s.Events, Found: s.Found, FalseAlarms: all, OnBackground: background, Wrong: wrong, Hours: hours,
		Recall: s.Recall, PerHour: float64(all) / hours, OnBackgroundPerHour: float64(background) / hours, WrongShare: evaluate.ShareOf(wrong, s.Events),
		RecallLeast: r.AtLeast(s.Found, s.Events, hours), PerHourMost: r.AtMost(all, hours),
		OnBackgroundMost: r.AtMost(background, hours), WrongMost: r.WrongAtMost(wrong, s.Events, hours),
		LatencyMS: evaluate.Number(late), Flips: s.Running.FlipsPerMinute,
		Early: s.Early.Given, EarlyOverturned: s.Early.OverturnedShare}
}

// measured names what the model file keeps of f: what was measured, and with a Confidence
// what that proves.
func (g *Goal) measured(f *Figures) map[string]float64 {
	m := map[string]float64{"tuned_hours": f.Hours, "tuned_recall": 0, "tuned_false_alarms_per_hour": f.PerHour, "tuned_on_background_per_hour": f.OnBackgroundPerHour}
	if f.Events > 0 {
		m["tuned_recall"], m["tuned_wrong"] = float64(f.Recall), float64(f.WrongShare)
	}
	if g.Confidence == 0 {
		return m
	}
	m["tuned_confidence"], m["tuned_recall_at_least"] = g.Confidence, f.RecallLeast
	if g.Wrong > 0 {
		m["tuned_on_background_per_hour_at_most"], m["tuned_wrong_at_most"] = f.OnBackgroundMost, f.WrongMost
	} else {
		m["tuned_false_alarms_per_hour_at_most"] = f.PerHourMost
	}
	return m
}

// why says in words what is within reach instead of the goal.
func (r *run) why(points []Point, events int, hours float64) string {
	g := r.Goal
	if short := g.short(events, hours); short != "" {
		return short
	}
	recall := func(p Point) string { return evaluate.ShareOf(p.Found, events).String() }
	p := points[g.nearest(points, events, hours)]
	s := fmt.Sprintf("the best is a recall of %s with %s", recall(p), g.alarms(p, events, hours))
	if only := (Goal{FalseAlarms: -1, Recall: g.Recall, Confidence: g.Confidence, Distinct: g.Distinct}); g.budgeted() && g.Recall > 0 {
		if n := only.choose(points, events, hours); n >= 0 {
			return s + fmt.Sprintf("; a recall of %.3g takes %s", g.Recall, g.alarms(points[n], events, hours))
		}
		return s + fmt.Sprintf("; without any threshold it is %s", recall(points[len(points)-1]))
	}
	return s
}

// short says which budget a proof of this length cannot show, even without a false alarm;
// "" if it can show both.
func (g *Goal) short(events int, hours float64) string {
	var shows, more string
	switch repeats := g.distinct(hours) < 1; {
	case !g.alarmsHold(Point{}, hours):
		unit := "h"
		if repeats {
			unit = "h in which nothing comes twice,"
		}
		shows = fmt.Sprintf("%.3g %s without any false alarm show no less than %.2g/h at %.0f %%", g.distinct(hours)*hours, unit, g.AtMost(0, hours), 100*g.Confidence)
		if g.FalseAlarms > 0 {
			more = fmt.Sprintf("%.3g h of them for the proof, ", g.Hours(0))
		}
	case !g.wrongHolds(Point{}, events, hours):
		unit := "events"
		if repeats {
			unit = "events, of which none comes twice,"
		}
		shows = fmt.Sprintf("%.0f %s without any wrong label show no less than %.2g %% at %.0f %%", g.distinct(hours)*float64(events), unit, 100*g.WrongAtMost(0, events, hours), 100*g.Confidence)
		more = fmt.Sprintf("%.0f of them for the proof, ", g.Events(0))
	default:
		return ""
	}
	return shows + ": give " + more + "a greater budget, or go by what is observed with a confidence of 0"
}

// alarms writes the rates of p's false alarms and their bounds.
func (g *Goal) alarms(p Point, events int, hours float64) string {
	n := g.Counted(p)
	s := fmt.Sprintf("%.3g false alarms an hour%s", float64(n)/hours, g.where())
	if g.Confidence > 0 {
		s += fmt.Sprintf(" (at most %.3g at %.0f %%)", g.AtMost(n, hours), 100*g.Confidence)
	}
	if g.Wrong == 0 {
		return s
	}
	s += fmt.Sprintf(" and %s of events told wrongly", evaluate.ShareOf(p.Wrong, events))
	if g.Confidence > 0 {
		s += fmt.Sprintf(" (at most %s)", evaluate.Share(g.WrongAtMost(p.Wrong, events, hours)))
	}
	return s
}
