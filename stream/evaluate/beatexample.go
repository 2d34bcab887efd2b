package evaluate

import (
	"context"
	"fmt"
	"io"

	"inkling/capture"
	"inkling/model/dataset"
)

// A BeatExample is a beat with the signal around it.
type BeatExample struct {
	BeatRow
	Cell     [2]int    // its row and column in the confusion
	Samples  []float32 // from half a second before the beat to half a second after it, channels interleaved
	Channels int
	Rate     float64
}

// The most examples that are kept of beats of a cell with a wrong and a right label.
const (
	mostWrongBeats = 12
	mostRightBeats = 4
)

// cell returns the row and column of a beat in the confusion.
func (r *BeatReport) cell(row *BeatRow) [2]int {
	i, j := len(r.Truths), len(r.Labels)+1
	for k, l := range r.Truths {
		if row.Truth == l {
			i = k
		}
	}
	if !row.Found {
		return [2]int{i, j}
	}
	j--
	for k, l := range r.Labels {
		if row.Label == l {
			j = k
		}
	}
	return [2]int{i, j}
}

// examples keeps beats of every cell, evenly spread over those that it has.
func (r *BeatReport) examples(ctx context.Context, records []dataset.Record, leads []choice) error {
	cells := map[[2]int][]int{}
	for i := range r.rows {
		at := r.cell(&r.rows[i])
		cells[at] = append(cells[at], i)
	}
	chosen := map[string][]int{}
	for at, rows := range cells {
		most := mostWrongBeats
		if at[0] < len(r.Truths) && at[1] < len(r.Labels) && r.Truths[at[0]] == r.Labels[at[1]] {
			most = mostRightBeats
		}
		for k := range min(most, len(rows)) {
			i := rows[k*len(rows)/min(most, len(rows))]
			chosen[r.rows[i].Record] = append(chosen[r.rows[i].Record], i)
		}
	}
	for i := range records {
		list := chosen[records[i].Name]
		if len(list) == 0 {
			continue
		}
		samples, f, err := signalOf(ctx, records[i].File, leads[i].leads)
		if err != nil {
			return err
		}
		for _, k := range list {
			row := r.rows[k]
			half := int(f.Rate / 2)
			from := min(max(int(row.Sample)-half, 0)*f.Channels, len(samples))
			to := min((int(row.Sample)+half)*f.Channels, len(samples))
			r.Examples = append(r.Examples, BeatExample{row, r.cell(&row), samples[from:to:to], f.Channels, f.Rate})
		}
	}
	return nil
}

// signalOf reads a record.
func signalOf(ctx context.Context, file string, leads []string) (samples []float32, f capture.Format, err error) {
	src := capture.Files(capture.Options{Leads: leads}, file)
	defer src.Close()
	for {
		var b capture.Block
		if err := src.Read(ctx, &b); err == io.EOF {
			f.Channels = max(f.Channels, 1)
			return samples, f, nil
		} else if err != nil {
			return nil, f, fmt.Errorf("%s: %w", file, err)
		}
		if b.Format.Channels > 0 {
			f = b.Format
		}
		samples = append(samples, b.Samples...)
	}
}
