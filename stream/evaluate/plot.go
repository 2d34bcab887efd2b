package evaluate

import (
	"fmt"

	"inkling/model/dataset"
)

// The functions below write a picture to path, whose ending chooses the format:
// .png or .svg. Equal data give equal files.

// Confusion draws the confusion as a chart: counts in the cells, coloured by
// their share of the row, right ones blue and wrong ones red; beside each row
// the share that was right (the sensitivity) and wrong, below each column the
// share of it that was right (the precision) and wrong.
func Confusion(r *Report, path string) error {
	d, err := drawConfusion(r)
	return save(d, err, path)
}

// RunningAccuracy draws the running label's accuracy over the part of the
// segment that was seen, beside the confirmed label's, the early one's and that
// of always naming the commonest label.
func RunningAccuracy(r *Report, path string) error {
	d, err := drawRunning(r)
	return save(d, err, path)
}

// Reliability draws accuracy over the probability that answers were given
// with, in 15 bins, with the 95 % interval of each; on the diagonal a model is
// calibrated. Grey columns are the share of answers in each bin.
func Reliability(r *Report, path string) error {
	d, err := drawReliability(r)
	return save(d, err, path)
}

// Curves draws accuracies over the epochs of a training, and the loss below;
// the epoch of the best validation loss, whose weights are kept, is marked.
func Curves(points []CurvePoint, path string) error {
	d, err := drawCurves(points)
	return save(d, err, path)
}

// Waveform draws examples of set one after another as one waveform,
// under their labels: up to three have a colour each, more have alternating ones. Channels have a lane each, scaled to
// its own range; of more than twelve the first twelve are shown. A column of
// pixels that covers several samples shows their least and greatest.
func Waveform(set *dataset.Set, examples []dataset.Example, path string) error {
	d, err := drawWaveform(set, examples)
	return save(d, err, path)
}

func save(d *drawing, err error, path string) error {
	if err != nil {
		return err
	}
	return d.save(path)
}

// check tells what of a Report, which may have been read from a file, does not
// fit together.
func (r *Report) check() error {
	n := len(r.Labels)
	c := r.matrix()
	if n == 0 || len(c.Counts) != n || len(c.None) != n {
		return fmt.Errorf("the report has %d labels and a confusion of %d rows: give what `inkling eval --json` printed", n, len(c.Counts))
	}
	for k, row := range c.Counts {
		if len(row) != n {
			return fmt.Errorf("the report's confusion has %d columns in row %d, not %d: give what `inkling eval --json` printed", len(row), k+1, n)
		}
		for _, v := range row {
			if v < 0 || int64(v) > 1<<40 {
				return fmt.Errorf("the report's confusion says %d: give what `inkling eval --json` printed", v)
			}
		}
	}
	return nil
}
