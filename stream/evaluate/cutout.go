package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"inkling/capture"
	"inkling/model/dataset"
)

// A Cutout is a piece of a recording about which something is wrong.
type Cutout struct {
	Recording  string
	Start, End float64   // seconds in the recording
	Samples    []float32 // channels interleaved
	Channels   int
	Rate       float64
	Kind       dataset.Kind
	Row        int // of the report
}

const (
	mostCutouts   = 24   // of each kind of error
	cutoutMargin  = 0.25 // seconds before and after
	longestCutout = 10   // seconds
	soundRate     = 4000 // from which on a recording of one or two channels is sound
)

// wanted returns the cutout of seconds [start, end) of a recording, with a margin.
func wanted(recording string, start, end float64, row int) Cutout {
	start, end = max(start-cutoutMargin, 0), end+cutoutMargin
	return Cutout{Recording: recording, Start: start, End: min(end, start+longestCutout), Row: row}
}

// spread returns at most most of the indices, evenly spread.
func spread(list []int, most int) (out []int) {
	n := min(len(list), most)
	for k := range n {
		out = append(out, list[k*len(list)/n])
	}
	return out
}

// cutouts returns pieces around the missed events and the false alarms.
func (r *StreamReport) cutouts(ctx context.Context, recordings []Recording) error {
	wrong := map[RowKind][]int{}
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Reason != "" {
			wrong[row.Kind] = append(wrong[row.Kind], i)
		}
	}
	for _, kind := range []RowKind{EventRow, FalseAlarmRow} {
		for _, i := range spread(wrong[kind], mostCutouts) {
			row := &r.Rows[i]
			start, end := row.Start, row.End
			if row.From != nil && row.To != nil {
				start, end = min(start, *row.From), max(end, *row.To)
			}
			r.Cutouts = append(r.Cutouts, wanted(row.Recording, start, end, i))
		}
	}
	for i := range recordings {
		if err := extract(ctx, &recordings[i], r.Cutouts); err != nil {
			return err
		}
	}
	return nil
}

// extract reads a recording and fills in those of the cutouts that are of it.
func extract(ctx context.Context, rec *Recording, list []Cutout) error {
	if !slices.ContainsFunc(list, func(c Cutout) bool { return c.Recording == rec.Name }) {
		return nil
	}
	src, err := rec.Open()
	if err != nil {
		return err
	}
	defer src.Close()
	at := 0 // samples per channel
	for {
		var b capture.Block
		if err := src.Read(ctx, &b); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", rec.Name, err)
		}
		for i := range list {
			if list[i].Recording == rec.Name {
				list[i].take(&b, at)
			}
		}
		at += b.Len()
	}
}

// take appends what of a block, which begins at sample at, is of c.
func (c *Cutout) take(b *capture.Block, at int) {
	rate := cmp.Or(b.Format.Rate, 1)
	channels := max(b.Format.Channels, 1)
	from, to := max(int(c.Start*rate)-at, 0), min(int(c.End*rate)-at, b.Len())
	if from >= to {
		return
	}
	c.Rate, c.Channels, c.Kind = rate, channels, dataset.Series
	if rate >= soundRate && channels <= 2 {
		c.Kind = dataset.Audio
	}
	c.Samples = append(c.Samples, b.Samples[from*channels:to*channels]...)
}

// cutouts returns the longest stretches with a wrong running label.
func (r *StepReport) cutouts(set *dataset.Set) {
	var wrong []int
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Truth != nil && (row.Running == nil || *row.Running != *row.Truth) {
			wrong = append(wrong, i)
		}
	}
	slices.SortStableFunc(wrong, func(a, b int) int {
		return cmp.Compare(r.Rows[b].End-r.Rows[b].Start, r.Rows[a].End-r.Rows[a].Start)
	})
	for _, i := range wrong[:min(len(wrong), mostCutouts)] {
		row := &r.Rows[i]
		c := wanted(row.Recording, row.Start, row.End, i)
		for k := range set.Examples {
			if e := &set.Examples[k]; e.Name == row.Recording {
				c.take(&capture.Block{Format: capture.Format{Rate: set.Rate, Channels: set.Channels}, Samples: e.Samples}, 0)
				c.Kind = set.Kind
				break
			}
		}
		r.Cutouts = append(r.Cutouts, c)
	}
}
