package evaluate

import (
	"encoding/json"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
)

// Tenths is the number of equal parts of a segment after which the running label is judged.
const Tenths = 10

// An Outcome is what the network answered for one example. Labels are indices, −1 where
// there is none.
type Outcome struct {
	File      string
	Truth     int
	Seen      bool // the example was trained on
	Steps     int
	Confirmed int
	Probs     []float32       // of every label, by the confirm head
	Running   [Tenths]int     // the running label after each tenth of the steps
	P         [Tenths]float32 // and its probability
	After     []int           // the running label at each milestone, or at the end if that comes first
	Early     int             // the label under the early rule
	EarlyStep int             // the step at which it became final; 0 if it never did
}

// stepAt returns the step, counted from 1, at which k tenths of all steps have been seen.
func stepAt(k, steps int) int { return max(1, (k*steps+Tenths-1)/Tenths) }

// judge fills v from a prediction under the decision rules of c, without an early label in
// the first unsure steps.
func (v *Outcome) judge(p *model.Prediction, c *model.Config, milestones []int, unsure int) {
	classes := len(c.Labels)
	v.Steps, v.Probs, v.Confirmed = p.Steps, p.Confirm, f32.Argmax(p.Confirm)
	v.Early = v.Confirmed
	for k := range v.Running {
		v.Running[k] = -1
		if at := stepAt(k+1, p.Steps); p.Running != nil && at > c.Decision.Warm {
			row := p.Running[(at-1)*classes:][:classes]
			v.Running[k] = f32.Argmax(row)
			v.P[k] = row[v.Running[k]]
		}
	}
	for _, n := range milestones {
		at, label := min(n, p.Steps), -1
		if at > c.Decision.Warm {
			label = f32.Argmax(p.Running[(at-1)*classes:][:classes])
		}
		v.After = append(v.After, label)
	}
	if label, step := earlyLabel(p.Running, c, unsure); step > 0 {
		v.Early, v.EarlyStep = label, step
	}
}

// NoSegment makes v the outcome of an example in which no segment was found.
func (v *Outcome) NoSegment() {
	v.Confirmed, v.Early = -1, -1
	for k := range v.Running {
		v.Running[k] = -1
	}
}

// earlyLabel applies the early rule to T×C running probabilities. It returns the label
// and the step after the first unsure ones, counted from 1, at which it becomes final; 0 if it
// never does.
func earlyLabel(running []float32, c *model.Config, unsure int) (label, step int) {
	var s decide.Stopper
	s.Reset()
	classes := len(c.Labels)
	for t := range len(running) / classes {
		if s.Final(&c.Decision, c.TypicalSteps(), t+1, running[t*classes:][:classes]) && t >= unsure && c.Labels[s.Label] != c.Decision.Background {
			return s.Label, t + 1
		}
	}
	return -1, 0
}

// fraction returns the part of the segment that had been seen when the label became final.
func (v *Outcome) fraction() float64 {
	if v.EarlyStep == 0 {
		return 1
	}
	return float64(v.EarlyStep) / float64(v.Steps)
}

// A Row is the outcome of one example with labels by name. A label of "" is null in JSON.
type Row struct {
	File      string             // the example's name, with @start for a crop
	Truth     string             // its label
	Confirmed string             // the most probable label at the end; "" without a segment
	P         float32            // its probability; not in JSON
	Probs     map[string]float32 // of every label
	Running   string             // the last running label; "" without a running head
	EarlyStep int                // the step at which the running label became final; 0, null in JSON, if it never did
	Steps     int                // of the whole example
	Seen      bool               // the example was trained on; not in JSON
}

// Right reports whether the confirmed label is the true one.
func (r *Row) Right() bool { return r.Confirmed == r.Truth }

// MarshalJSON writes file, truth, confirmed, probs, running, early_step, steps.
func (r Row) MarshalJSON() ([]byte, error) {
	null := func(label string) *string {
		if label == "" {
			return nil
		}
		return &label
	}
	var early *int
	if r.EarlyStep > 0 {
		early = &r.EarlyStep
	}
	return json.Marshal(struct {
		File      string             `json:"file"`
		Truth     string             `json:"truth"`
		Confirmed *string            `json:"confirmed"`
		Probs     map[string]float32 `json:"probs"`
		Running   *string            `json:"running"`
		EarlyStep *int               `json:"early_step"`
		Steps     int                `json:"steps"`
	}{r.File, r.Truth, null(r.Confirmed), r.Probs, null(r.Running), early, r.Steps})
}

func (v *Outcome) row(labels []string) Row {
	name := func(i int) string {
		if i < 0 {
			return ""
		}
		return labels[i]
	}
	r := Row{File: v.File, Truth: name(v.Truth), Confirmed: name(v.Confirmed), Probs: map[string]float32{},
		Running: name(v.Running[Tenths-1]), EarlyStep: v.EarlyStep, Steps: v.Steps, Seen: v.Seen}
	for i, p := range v.Probs {
		r.Probs[labels[i]] = p
	}
	if v.Confirmed >= 0 {
		r.P = v.Probs[v.Confirmed]
	}
	return r
}
