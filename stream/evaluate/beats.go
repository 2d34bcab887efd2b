package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"inkling/capture"
	"inkling/internal/parallel"
	"inkling/internal/wfdb"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream"
)

// BeatOptions of Beats.
type BeatOptions struct {
	Segment  *segment.Config      // nil: the model's, which must be of the kind beat
	Leads    []string             // of WFDB records, by name or number [all]
	Each     func(*BeatRow) error // after the evaluation, once an annotated beat and once a false one
	Progress func(done, total int)
}

// A BeatReport says how a model did on annotated electrocardiograms, heard as streams.
// A beat that was told is paired with the annotation at most dataset.BeatTolerance away;
// what is annotated and was not found, and what was found where nothing is annotated,
// count against it. Classes are those of AAMI EC57.
type BeatReport struct {
	Records int        `json:"records"`
	Beats   int        `json:"beats"`
	Labels  []string   `json:"labels"`
	QRS     Detection  `json:"qrs"`
	Classes ClassTable `json:"classes"`
	// Confusion counts annotated beats, row by class in the order of Truths; columns are
	// Labels, then beats told without a label, then those not found. Its last row is
	// what was told where nothing is annotated.
	Truths    []string      `json:"truths"`
	Confusion [][]int       `json:"confusion"`
	PerRecord []BeatsRecord `json:"per_record"`
	Warnings  []string      `json:"warnings,omitempty"`
	Seconds   float64       `json:"seconds"`

	rows []BeatRow
}

// Detection counts beats whatever their class.
type Detection struct {
	Sensitivity Share  `json:"sensitivity"`
	Precision   Share  `json:"precision"`
	Found       int    `json:"found"`
	Missed      int    `json:"missed"`
	False       int    `json:"false"`
	ErrorMS     Number `json:"error_ms"` // mean distance of the R peak from the annotation
}

// ClassTable is how beats were labelled.
type ClassTable struct {
	MacroF1  Share                `json:"macro_f1"` // over the model's labels that are annotated
	Accuracy Share                `json:"accuracy"` // of all annotated beats
	Always   string               `json:"always"`   // the commonest class …
	Baseline Share                `json:"baseline"` // … and the accuracy of always naming it
	PerClass map[string]BeatClass `json:"per_class"`
}

// BeatClass is one label's figures. Precision counts all that was wrongly called so,
// PrecisionEC57 is EC57's positive predictivity, which leaves unpenalized out.
type BeatClass struct {
	Beats         int   `json:"beats"`
	Sensitivity   Share `json:"sensitivity"`
	Precision     Share `json:"precision"`
	PrecisionEC57 Share `json:"precision_ec57"`
	F1            Share `json:"f1"` // of Sensitivity and Precision
}

// unpenalized are the classes that EC57, and after it de Chazal, O'Dwyer and Reilly 2004,
// do not count as false where they are given a label: fusion and unclassifiable beats
// called ventricular, unclassifiable ones called supraventricular. What was told where
// nothing is annotated counts.
var unpenalized = map[string][]string{wfdb.ClassV: {wfdb.ClassF, wfdb.ClassQ}, wfdb.ClassS: {wfdb.ClassQ}}

// BeatsRecord is one record's share.
type BeatsRecord struct {
	Record string    `json:"record"`
	Beats  int       `json:"beats"`
	QRS    Detection `json:"qrs"`
	Right  int       `json:"right"`
}

// A BeatRow is one annotated beat, or a false one, whose Truth is "".
type BeatRow struct {
	Record string `json:"record"`
	Sample uint64 `json:"sample"`           // of the annotation, or of the false beat's R peak
	Symbol string `json:"symbol,omitempty"` // PhysioNet's
	Truth  string `json:"truth"`
	Found  bool   `json:"found"`
	Label  string `json:"label"` // "": none
	Peak   uint64 `json:"peak"`

	away float64 // seconds
}

// Beats runs each record through a stream as `run` would, and compares what it tells
// with the annotations.
func Beats(ctx context.Context, m *model.Model, records []dataset.Record, o BeatOptions) (*BeatReport, error) {
	began := time.Now()
	if s := o.Segment; len(records) == 0 {
		return nil, errors.New("there are no records to evaluate")
	} else if kind := segmenter(m, &StreamOptions{Segment: s}).Kind; kind != segment.Beat {
		return nil, fmt.Errorf("the model cuts by %s, electrocardiograms are judged beat by beat: train one with --segment %s", kind, segment.Beat)
	}
	rows := make([][]BeatRow, len(records))
	errs := parallel.ForEach(len(records), false, o.Progress, func(i int) (err error) {
		rows[i], err = hearRecord(ctx, m, &records[i], &o)
		return err
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r := newBeatReport(m, records, rows)
	r.Seconds = time.Since(began).Seconds()
	for i := range r.rows {
		if o.Each != nil {
			if err := o.Each(&r.rows[i]); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// A told is a beat as the stream confirmed it.
type told struct {
	peak  uint64
	label string
}

// hearRecord runs a record through a stream and pairs what it tells.
func hearRecord(ctx context.Context, m *model.Model, r *dataset.Record, o *BeatOptions) ([]BeatRow, error) {
	src := capture.Files(capture.Options{Leads: o.Leads}, r.File)
	defer src.Close()
	c, err := stream.NewClassifier(m, &stream.Options{Segment: o.Segment, Background: true, Emit: stream.Emit{Confirmed: true}})
	if err != nil {
		return nil, err
	}
	var events []stream.Event
	var beats []told
	var samples uint64
	rate := 0.0
	keep := func() {
		for i := range events {
			if e := &events[i]; e.Type == stream.Confirmed {
				beats = append(beats, told{e.Peak, e.Label})
			}
		}
	}
	for {
		var b capture.Block
		err := src.Read(ctx, &b)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = c.Feed(&b)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.File, err)
		}
		samples, rate = samples+uint64(b.Len()), b.Format.Rate
		events = c.Advance(events[:0])
		keep()
	}
	events = c.End(events[:0], segment.ByEOF)
	keep()
	if err := r.CheckWithin(int64(samples)); err != nil {
		return nil, err
	}
	return pairRows(r, beats, rate), nil
}

// pairRows is a row an annotated beat and a row a false one, by their time.
func pairRows(r *dataset.Record, beats []told, rate float64) (rows []BeatRow) {
	truth, found := make([]float64, len(r.Beats)), make([]float64, len(beats))
	for i, b := range r.Beats {
		truth[i] = float64(b.Sample) / rate
	}
	for i, b := range beats {
		found[i] = float64(b.peak) / rate
	}
	used := make([]bool, len(beats))
	for i, j := range dataset.PairBeats(truth, found, dataset.BeatTolerance) {
		row := BeatRow{Record: r.Name, Sample: uint64(r.Beats[i].Sample), Symbol: r.Beats[i].Symbol, Truth: r.Beats[i].Class, Found: j >= 0}
		if j >= 0 {
			used[j] = true
			row.Label, row.Peak, row.away = beats[j].label, beats[j].peak, math.Abs(truth[i]-found[j])
		}
		rows = append(rows, row)
	}
	for j, b := range beats {
		if !used[j] {
			rows = append(rows, BeatRow{Record: r.Name, Sample: b.peak, Found: true, Label: b.label, Peak: b.peak})
		}
	}
	slices.SortStableFunc(rows, func(a, b BeatRow) int { return int(int64(a.Sample) - int64(b.Sample)) })
	return rows
}

func newBeatReport(m *model.Model, records []dataset.Record, rows [][]BeatRow) *BeatReport {
	r := &BeatReport{Records: len(records), Labels: m.Config.Labels, Truths: []string{"N", "S", "V", "F", "Q"}}
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

// confuse fills the confusion.
func (r *BeatReport) confuse() {
	n := len(r.Labels)
	for range len(r.Truths) + 1 {
		r.Confusion = append(r.Confusion, make([]int, n+2))
	}
	for _, row := range r.rows {
		i, j := len(r.Truths), n+1
		if row.Truth != "" {
			i = slices.Index(r.Truths, row.Truth)
		}
		if row.Found {
			if j = slices.Index(r.Labels, row.Label); j < 0 {
				j = n
			}
		}
		r.Confusion[i][j]++
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
		told, hits, spared := 0, 0, 0
		for k := range r.Confusion {
			told += r.Confusion[k][j]
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
		c.Sensitivity, c.Precision, c.F1 = ShareOf(hits, c.Beats), ShareOf(hits, told), ShareOf(2*hits, c.Beats+told)
		c.PrecisionEC57 = ShareOf(hits, told-spared)
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
