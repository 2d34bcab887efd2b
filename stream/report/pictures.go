package report

import (
	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// The functions below write a picture to path, whose ending chooses the format:
// .png or .svg. Equal data give equal files.

// Confusion draws the confusion as a chart: counts in the cells, coloured by
// their share of the row, right ones blue and wrong ones red; beside each row
// the share that was right (the sensitivity) and wrong, below each column the
// share of it that was right (the precision) and wrong.
func Confusion(r *evaluate.Report, path string) error {
	d, err := drawConfusion(Clips{r})
	return save(d, err, path)
}

// RunningAccuracy draws the running label's accuracy over the part of the
// segment that was seen, beside the confirmed label's, the early one's and that
// of always naming the commonest label.
func RunningAccuracy(r *evaluate.Report, path string) error {
	d, err := drawRunning(Clips{r})
	return save(d, err, path)
}

// Reliability draws accuracy over the probability that answers were given
// with, in 15 bins, with the 95 % interval of each; on the diagonal a model is
// calibrated. Grey columns are the share of answers in each bin.
func Reliability(r *evaluate.Report, path string) error {
	d, err := drawReliability(Clips{r})
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
