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
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream"
)

// BeatOptions of Beats.
type BeatOptions struct {
	Segment  *segment.Config       // of kind segment.Beat; nil: the model's
	Leads    []string              // of WFDB records, by name or number; nil: those that the model learned from, or all
	Examples bool                  // keep some beats with their signal: BeatReport.Examples
	Each     func(*BeatRow) error  // called after the evaluation, for every annotated beat and every false one
	Progress func(done, total int) // calls do not overlap
}

// Beats runs each record through a stream.Classifier and compares the confirmed beats with
// the annotations.
func Beats(ctx context.Context, m *model.Model, records []dataset.Record, o BeatOptions) (*BeatReport, error) {
	began := time.Now()
	if len(records) == 0 {
		return nil, errors.New("there are no records to evaluate")
	}
	if kind := segmenter(m, o.Segment).Kind; kind != segment.Beat {
		return nil, fmt.Errorf("the model cuts by %s, but electrocardiograms are judged beat by beat: train a model with segment.Config.Kind %s", kind, segment.Beat)
	}
	rows, chosen := make([][]BeatRow, len(records)), make([]choice, len(records))
	errs := parallel.ForEach(len(records), false, o.Progress, func(i int) (err error) {
		if chosen[i], err = chooseLeads(m, &records[i], o.Leads); err == nil {
			rows[i], err = collectBeats(ctx, m, &records[i], chosen[i].leads, &o)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r := newBeatReport(m, records, rows)
	for _, c := range chosen {
		if c.warning != "" {
			r.Warnings = append(r.Warnings, c.warning)
		}
	}
	if o.Examples {
		if err := r.examples(ctx, records, chosen); err != nil {
			return nil, err
		}
	}
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

// A beat is one that the stream confirmed.
type beat struct {
	peak  uint64
	label string
}

// A choice is the leads of a record to read, nil for all, with what is to be said of it.
type choice struct {
	leads   []string
	warning string
}

// Leads returns the leads of a record for m: those that m learned from if the record has
// them all, else nil, which means all leads.
func Leads(m *model.Model, r *dataset.Record) ([]string, error) {
	c, err := chooseLeads(m, r, nil)
	return c.leads, err
}

// chooseLeads returns the leads that were asked for, or those of Leads.
func chooseLeads(m *model.Model, r *dataset.Record, asked []string) (c choice, err error) {
	learned := m.Config.Origin.Leads()
	if len(asked) > 0 || len(learned) == 0 {
		return choice{leads: asked}, nil
	}
	has, err := r.Leads(nil)
	if err != nil || len(has) == 0 {
		return c, err
	}
	for _, l := range learned {
		if !slices.Contains(has, l) {
			c.warning = fmt.Sprintf("%s has the leads %s, but the model learned from %s: all are taken, in this order",
				r.Name, strings.Join(has, ", "), strings.Join(learned, ", "))
			return c, nil
		}
	}
	return choice{leads: learned}, nil
}

// collectBeats runs a record through a stream and pairs its beats with the annotations.
func collectBeats(ctx context.Context, m *model.Model, r *dataset.Record, leads []string, o *BeatOptions) ([]BeatRow, error) {
	src := capture.Files(capture.Options{Leads: leads}, r.File)
	defer src.Close()
	c, err := stream.NewClassifier(m, &stream.Options{Segment: o.Segment, Background: true, Emit: stream.Emit{Confirmed: true}})
	if err != nil {
		return nil, err
	}
	var events []stream.Event
	var beats []beat
	var samples uint64
	rate := 0.0
	keep := func() {
		for i := range events {
			if e := &events[i]; e.Type == stream.Confirmed {
				beats = append(beats, beat{e.Peak, e.Label})
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
		if wrong := new(feature.ChannelError); errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s: %w: choose as many leads in BeatOptions.Leads", r.File, err)
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

// pairRows returns a row for every annotated beat and every false one, by time.
func pairRows(r *dataset.Record, beats []beat, rate float64) (rows []BeatRow) {
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
