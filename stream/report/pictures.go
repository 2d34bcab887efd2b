package report

import (
	"io"

	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// The functions below write a picture to path, whose ending chooses the format:
// .png or .svg. Equal data give equal files. Below each picture stands what it is about: of a
// report its About.

// Confusion draws the confusion matrix with its counts. Cells are coloured by their share of
// the row, right ones blue and wrong ones red. Beside each row is the share that was right
// (the sensitivity) and wrong; below each column the share that was right (the precision)
// and wrong.
func Confusion(r *evaluate.Report, path string) error {
	d, err := drawConfusion(Clips{r})
	return save(d, err, r.About, path)
}

// BeatConfusion draws that of heartbeats. A last row counts beats found where nothing is
// annotated, the last columns those without a label, if there are any, and those not found.
func BeatConfusion(r *evaluate.BeatReport, path string) error {
	d, err := drawBeats(Beats{r})
	return save(d, err, r.About, path)
}

// RunningAccuracy draws the running label's accuracy over the part of the segment seen, and
// for comparison that of the confirmed label, of the early label and of always naming the
// commonest label.
func RunningAccuracy(r *evaluate.Report, path string) error {
	d, err := drawRunning(Clips{r})
	return save(d, err, r.About, path)
}

// Reliability draws the accuracy of answers over their probability, in 15 bins with 95 %
// intervals. A calibrated model is on the diagonal. Grey columns are the share of answers
// in each bin.
func Reliability(r *evaluate.Report, path string) error {
	d, err := drawReliability(Clips{r})
	return save(d, err, r.About, path)
}

// Curves draws accuracies over the epochs of a training, and the loss below. It marks the
// epoch of the best validation loss, whose weights are kept.
func Curves(points []CurvePoint, about evaluate.About, path string) error {
	d, err := drawCurves(points)
	return save(d, err, about, path)
}

// Waveform draws examples of set one after another as one waveform under their labels. Up
// to three labels have a colour each, more have alternating ones. Each channel has a lane
// scaled to its own range; at most twelve are shown. A column of pixels that covers
// several samples shows the least and the greatest of them.
func Waveform(set *dataset.Set, examples []dataset.Example, about evaluate.About, path string) error {
	d, err := drawWaveform(set, examples)
	return save(d, err, about, path)
}

// WriteWaveform writes the picture of Waveform to w as SVG, as a page shows it.
func WriteWaveform(w io.Writer, set *dataset.Set, examples []dataset.Example) error {
	d, err := drawWaveform(set, examples)
	if err != nil {
		return err
	}
	return d.writeSVG(w)
}

func save(d *drawing, err error, about evaluate.About, path string) error {
	if err != nil {
		return err
	}
	return d.about(about).save(path)
}
