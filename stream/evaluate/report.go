package evaluate

import (
	"fmt"
	"slices"
	"strconv"

	"inkling/model/dataset"
)

// A Report says how good a model is on examples, one by one. The fields below Seconds are
// not part of its JSON.
type Report struct {
	Examples       int         `json:"examples"`
	Labels         []string    `json:"labels"`
	Confirmed      Confirmed   `json:"confirmed"`
	Running        *Running    `json:"running"` // null without a running head
	Early          *Early      `json:"early"`   // null without a running head
	Calibration    Calibration `json:"calibration"`
	SeenInTraining int         `json:"seen_in_training"` // examples that the model was trained on
	Seconds        float64     `json:"seconds"`          // that the evaluation took
	About          About       `json:"about,omitzero"`   // set by the caller

	Title    string       `json:"-"` // of its section on a page; "" for the default
	Unit     string       `json:"-"` // what an example is: "examples", "crops of 0.08 s", …
	Warnings []string     `json:"-"` // about the data and the model
	Rows     []Row        `json:"-"` // one per example, in the order of the data
	Set      *dataset.Set `json:"-"` // that was judged; nil: the report was read from a file
	Signals  [][]float32  `json:"-"` // of the rows: their samples, channels interleaved, shared with Set
	Matrix   *Matrix      `json:"-"`
	Bins     [2]Histogram `json:"-"` // of the confirmed label, and of the running label at the end
}

// Confirmed says how good the final labels are.
type Confirmed struct {
	Accuracy  Share               `json:"accuracy"`
	MacroF1   Share               `json:"macro_f1"`
	PerClass  map[string]PerClass `json:"per_class"`
	Confusion [][]int             `json:"confusion"` // row = truth
}

// PerClass says how good a model is on one label.
type PerClass struct {
	Sensitivity Share `json:"sensitivity"`
	Precision   Share `json:"precision"`
}

// Running says how good the running label is after 0.1, 0.2, … 1.0 of the segment, that is
// at step ⌈fraction·T⌉. Steps of the warm-up have no label and count as wrong.
type Running struct {
	AccuracyAt map[string]Share `json:"accuracy_at"`
	// CarriedAt is the same for examples in a random order with the state carried on.
	CarriedAt map[string]Share `json:"carried_at,omitempty"`
	// AccuracyAfter is the accuracy after this many characters, of text alone. Shorter
	// examples count with their last running label.
	AccuracyAfter map[string]Share `json:"accuracy_after,omitempty"`
}

// Milestones returns the keys of AccuracyAfter, ascending.
func (r *Running) Milestones() (steps []int) {
	for name := range r.AccuracyAfter {
		if n, err := strconv.Atoi(name); err == nil {
			steps = append(steps, n)
		}
	}
	slices.Sort(steps)
	return steps
}

// Early says how good, and how early, labels are under the stored early rule. An example
// on which the rule never fires counts with its confirmed label and an earliness of 1.
type Early struct {
	Accuracy   Share `json:"accuracy"`
	Earliness  Share `json:"earliness"`  // mean fraction of the segment seen when the label became final
	Gap        Share `json:"gap"`        // confirmed minus early accuracy
	Overturned Share `json:"overturned"` // share of examples whose confirmed label is not the early one
}

// Calibration holds expected calibration errors; see Histogram.ECE.
type Calibration struct {
	ConfirmedECE Share   `json:"confirmed_ece"`
	RunningECE   []Share `json:"running_ece"` // after 0.1, 0.2, … 1.0 of the segment; null without a running head
}

// Fraction returns the key in AccuracyAt of k tenths.
func Fraction(k int) string { return strconv.FormatFloat(float64(k)/Tenths, 'f', 1, 64) }

// NewReport sums up the outcomes of examples; hasRunning says whether the model has a
// running head.
func NewReport(labels []string, vs []Outcome, hasRunning bool) *Report {
	r := &Report{Examples: len(vs), Labels: labels, Unit: "examples", Matrix: NewMatrix(len(labels))}
	for i := range vs {
		v := &vs[i]
		r.Matrix.Add(v.Truth, v.Confirmed)
		if v.Confirmed >= 0 {
			r.Bins[0].Add(v.Probs[v.Confirmed], v.Confirmed == v.Truth)
		}
		if v.Seen {
			r.SeenInTraining++
		}
		r.Rows = append(r.Rows, v.row(labels))
	}
	c := r.Matrix
	r.Confirmed = Confirmed{Accuracy: c.Accuracy(), MacroF1: c.MacroF1(), Confusion: c.Counts, PerClass: map[string]PerClass{}}
	for k, label := range labels {
		r.Confirmed.PerClass[label] = PerClass{c.Sensitivity(k), c.Precision(k)}
	}
	r.Calibration.ConfirmedECE = r.Bins[0].ECE()
	if hasRunning {
		r.running(vs)
		r.early(vs)
	}
	return r
}

func (r *Report) running(vs []Outcome) {
	r.Running = &Running{AccuracyAt: map[string]Share{}}
	for k := range Tenths {
		var bins Histogram
		right := 0
		for i := range vs {
			v := &vs[i]
			if v.Running[k] < 0 {
				continue
			}
			ok := v.Running[k] == v.Truth
			bins.Add(v.P[k], ok)
			if ok {
				right++
			}
		}
		r.Running.AccuracyAt[Fraction(k+1)] = ShareOf(right, len(vs))
		r.Calibration.RunningECE = append(r.Calibration.RunningECE, bins.ECE())
		r.Bins[1] = bins
	}
}

// after enters the accuracy of the running label at the milestones.
func (r *Report) after(vs []Outcome, milestones []int) {
	if len(milestones) == 0 {
		return
	}
	r.Running.AccuracyAfter = map[string]Share{}
	for k, n := range milestones {
		right := 0
		for i := range vs {
			if len(vs[i].After) > k && vs[i].After[k] == vs[i].Truth {
				right++
			}
		}
		r.Running.AccuracyAfter[strconv.Itoa(n)] = ShareOf(right, len(vs))
	}
}

func (r *Report) early(vs []Outcome) {
	right, overturned, seen := 0, 0, 0.0
	for i := range vs {
		v := &vs[i]
		if v.Early == v.Truth {
			right++
		}
		if v.Early != v.Confirmed {
			overturned++
		}
		seen += v.fraction()
	}
	n := len(vs)
	r.Early = &Early{Accuracy: ShareOf(right, n), Earliness: Share(seen / float64(n)), Overturned: ShareOf(overturned, n)}
	r.Early.Gap = r.Confirmed.Accuracy - r.Early.Accuracy
}

// Wrong returns the rows whose confirmed label is not the true one.
func (r *Report) Wrong() []Row {
	var wrong []Row
	for _, row := range r.Rows {
		if !row.Right() {
			wrong = append(wrong, row)
		}
	}
	return wrong
}

// ConfusionMatrix returns the confusion, also of a Report read from JSON.
func (r *Report) ConfusionMatrix() *Matrix {
	if r.Matrix != nil {
		return r.Matrix
	}
	return &Matrix{Counts: r.Confirmed.Confusion, None: make([]int, len(r.Labels))}
}

// Check returns an error if r, which may have been read from a file, does not fit together.
func (r *Report) Check() error {
	n := len(r.Labels)
	c := r.ConfusionMatrix()
	if n == 0 || len(c.Counts) != n || len(c.None) != n {
		return fmt.Errorf("the report has %d labels and a confusion of %d rows: give the JSON of a whole report", n, len(c.Counts))
	}
	for k, row := range c.Counts {
		if len(row) != n {
			return fmt.Errorf("the report's confusion has %d columns in row %d, not %d: give the JSON of a whole report", len(row), k+1, n)
		}
		if err := checkCounts(row); err != nil {
			return err
		}
	}
	return nil
}

func checkCounts(row []int) error {
	for _, v := range row {
		if v < 0 || int64(v) > 1<<40 {
			return fmt.Errorf("the report's confusion says %d: give the JSON of a whole report", v)
		}
	}
	return nil
}
