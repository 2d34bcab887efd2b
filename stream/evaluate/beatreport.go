package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"inkling/internal/wfdb"
	"inkling/model"
	"inkling/model/dataset"
)

// A BeatReport says how good a model is on annotated electrocardiograms, processed as
// streams. A beat is paired with an annotation at most dataset.BeatTolerance away.
// Annotated beats that were not found and beats found where nothing is annotated count
// against the model. Classes are those of AAMI EC57.
type BeatReport struct {
	About   About      `json:"about,omitzero"` // set by the caller
	Records int        `json:"records"`
	Beats   int        `json:"beats"`
	Labels  []string   `json:"labels"`
	QRS     Detection  `json:"qrs"`
	Classes ClassTable `json:"classes"`
	// Confusion has a row for each of Truths and a last row for beats found where nothing
	// is annotated; a column for each of Labels, then one for beats found without a label
	// and one for beats not found.
	Truths    []string      `json:"truths"`
	Confusion [][]int       `json:"confusion"`
	PerRecord []BeatsRecord `json:"per_record"`
	Warnings  []string      `json:"warnings,omitempty"`
	Seconds   float64       `json:"seconds"`

	Examples []BeatExample `json:"-"` // of each cell of the confusion, with BeatOptions.Examples

	rows []BeatRow
}

// Detection counts beats regardless of their class.
type Detection struct {
	Sensitivity Share  `json:"sensitivity"`
	Precision   Share  `json:"precision"`
	Found       int    `json:"found"`
	Missed      int    `json:"missed"`
	False       int    `json:"false"`
	ErrorMS     Number `json:"error_ms"` // mean distance between R peak and annotation
}

// ClassTable says how good the labels of beats are.
type ClassTable struct {
	MacroF1  Share                `json:"macro_f1"` // over the model's labels that are annotated
	Accuracy Share                `json:"accuracy"` // of all annotated beats
	Always   string               `json:"always"`   // the commonest class …
	Baseline Share                `json:"baseline"` // … and the accuracy of always naming it
	PerClass map[string]BeatClass `json:"per_class"`
}

// BeatClass holds the figures of one label. Precision counts every beat wrongly given the
// label; PrecisionEC57 is EC57's positive predictivity, which ignores those of unpenalized.
type BeatClass struct {
	Beats         int   `json:"beats"`
	Sensitivity   Share `json:"sensitivity"`
	Precision     Share `json:"precision"`
	PrecisionEC57 Share `json:"precision_ec57"`
	F1            Share `json:"f1"` // of Sensitivity and Precision
}

// unpenalized lists, for a label, the classes that EC57 (and after it de Chazal, O'Dwyer
// and Reilly 2004) does not count as false when they are given it: fusion and
// unclassifiable beats called ventricular, unclassifiable ones called supraventricular.
// Beats found where nothing is annotated do count.
var unpenalized = map[string][]string{wfdb.ClassV: {wfdb.ClassF, wfdb.ClassQ}, wfdb.ClassS: {wfdb.ClassQ}}

// BeatsRecord holds the figures of one record.
type BeatsRecord struct {
	Record string    `json:"record"`
	Beats  int       `json:"beats"`
	QRS    Detection `json:"qrs"`
	Right  int       `json:"right"`
}

// A BeatRow is an annotated beat, or a false one, whose Truth is "".
type BeatRow struct {
	Record string `json:"record"`
	Sample uint64 `json:"sample"`           // of the annotation, or of the false beat's R peak
	Symbol string `json:"symbol,omitempty"` // PhysioNet's
	Truth  string `json:"truth"`
	Found  bool   `json:"found"`
	Label  string `json:"label"` // "" for none
	Peak   uint64 `json:"peak"`

	away float64 // between peak and annotation, in seconds
}

func newBeatReport(m *model.Model, records []dataset.Record, rows [][]BeatRow) *BeatReport {
	r := &BeatReport{Records: len(records), Labels: m.Config.Labels, Truths: []string{wfdb.ClassN, wfdb.ClassS, wfdb.ClassV, wfdb.ClassF, wfdb.ClassQ}}
	trained := strings.Split(m.Config.Origin.Options["records"], ",")
	var seen []string
	for i := range records {
		if slices.Contains(trained, records[i].Name) {
			seen = append(seen, records[i].Name)
		}
		s := BeatsRecord{Record: records[i].Name}
		s.QRS.count(rows[i])
		for _, row := range rows[i] {
			s.Beats += one(row.Truth != "")
			s.Right += one(row.Truth != "" && row.Label == row.Truth)
		}
		r.PerRecord = append(r.PerRecord, s)
		r.rows = append(r.rows, rows[i]...)
		r.Beats += s.Beats
	}
	if len(seen) > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the model was trained on %s: the figures flatter", strings.Join(seen, ", ")))
	}
	r.QRS.count(r.rows)
	r.confuse()
	r.classes()
	return r
}

// Check returns an error if r, which may have been read from a file, does not fit together.
func (r *BeatReport) Check() error {
	if len(r.Labels) == 0 || len(r.Truths) == 0 || len(r.Confusion) != len(r.Truths)+1 {
		return fmt.Errorf("the report has %d labels, %d classes and a confusion of %d rows: give the JSON of a whole report", len(r.Labels), len(r.Truths), len(r.Confusion))
	}
	for k, row := range r.Confusion {
		if len(row) != len(r.Labels)+2 {
			return fmt.Errorf("the report's confusion has %d columns in row %d, not %d: give the JSON of a whole report", len(row), k+1, len(r.Labels)+2)
		}
		if err := checkCounts(row); err != nil {
			return err
		}
	}
	return nil
}

func (d *Detection) count(rows []BeatRow) {
	sum := 0.0
	for _, row := range rows {
		switch {
		case row.Truth == "":
			d.False++
		case row.Found:
			d.Found++
			sum += row.away
		default:
			d.Missed++
		}
	}
	d.Sensitivity, d.Precision = ShareOf(d.Found, d.Found+d.Missed), ShareOf(d.Found, d.Found+d.False)
	d.ErrorMS = Number(1000 * sum / float64(d.Found))
}

// confuse fills in the confusion.
func (r *BeatReport) confuse() {
	n := len(r.Labels)
	for range len(r.Truths) + 1 {
		r.Confusion = append(r.Confusion, make([]int, n+2))
	}
	for i := range r.rows {
		at := r.cell(&r.rows[i])
		r.Confusion[at[0]][at[1]]++
	}
}

// classes fills in the figures of the labels.
func (r *BeatReport) classes() {
	t := &r.Classes
	t.PerClass = map[string]BeatClass{}
	right, most, labels := 0, 0, 0
	var f1 float64
	for j, label := range r.Labels {
		i := slices.Index(r.Truths, label)
		c := BeatClass{}
		given, hits, spared := 0, 0, 0
		for k := range r.Confusion {
			given += r.Confusion[k][j]
			if k < len(r.Truths) && slices.Contains(unpenalized[label], r.Truths[k]) {
				spared += r.Confusion[k][j]
			}
		}
		if i >= 0 {
			hits = r.Confusion[i][j]
			for _, v := range r.Confusion[i] {
				c.Beats += v
			}
		}
		right += hits
		c.Sensitivity, c.Precision, c.F1 = ShareOf(hits, c.Beats), ShareOf(hits, given), ShareOf(2*hits, c.Beats+given)
		c.PrecisionEC57 = ShareOf(hits, given-spared)
		if c.Beats > 0 {
			f1, labels = f1+float64(c.F1), labels+1
		}
		t.PerClass[label] = c
	}
	for i, truth := range r.Truths {
		n := 0
		for _, v := range r.Confusion[i] {
			n += v
		}
		if n > most {
			most, t.Always = n, truth
		}
	}
	t.MacroF1 = Share(f1 / float64(labels))
	t.Accuracy, t.Baseline = ShareOf(right, r.Beats), ShareOf(most, r.Beats)
}
