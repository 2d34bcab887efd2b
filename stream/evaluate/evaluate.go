// Package evaluate measures a model on labelled data: accuracy of the confirmed
// and the running label, earliness, calibration; and draws what it measured.
//
// Run evaluates; a Report writes itself as JSON, text, pictures and HTML.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Options of Run. The zero value takes every example whole.
type Options struct {
	// Crop cuts every example into consecutive pieces of so many seconds (of
	// samples a channel where the rate is unknown), each evaluated as an
	// example named FILE@START. What is left at an example's end, and examples
	// shorter than a crop, are left out.
	Crop float64
	// Join evaluates every Join consecutive texts of a passage as one example, as
	// dataset.Set.Join makes them; 0: each by itself.
	Join int
	// Segment finds the segment in each example with this segmenter and a
	// stream.Classifier. Where it finds several the longest counts, the first
	// of equals; where it finds none the example has no label and is wrong.
	Segment *segment.Config
	// Carry also hears the examples one after another, the running head's state carried
	// on; of a model whose state policy is carry that is always done.
	Carry    bool
	Each     func(Row) error       // after the evaluation, once an example, in the data's order
	Progress func(done, total int) // not concurrently
}

// Run evaluates m on every example of set: frames of the whole example (or
// crop, or segment) through the model's front end, then Model.Predict. The
// confirmed label is the most probable one, whatever the model's rejection
// threshold. set must have the model's rate: open it with dataset.Options.Rate.
// The report is the same for any number of processors.
func Run(ctx context.Context, m *model.Model, set *dataset.Set, o Options) (*Report, error) {
	began := time.Now()
	j := &job{m: m, set: set, o: o}
	if err := j.prepare(); err != nil {
		return nil, err
	}
	if err := j.run(ctx); err != nil {
		return nil, err
	}
	r := NewReport(m.Config.Labels, j.outcomes, m.HasRunning())
	r.after(j.outcomes, j.after)
	r.Unit = j.unit()
	r.Warnings = j.warnings
	if j.carries() {
		at, err := j.carried(ctx)
		if err != nil {
			return nil, err
		}
		r.Running.CarriedAt = at
	}
	r.Seconds = time.Since(began).Seconds()
	if o.Each != nil {
		for _, row := range r.Rows {
			if err := o.Each(row); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// A piece is one example, or a crop of it, in samples a channel.
type piece struct {
	example    int
	start, end int
	name       string
}

type job struct {
	m        *model.Model
	set      *dataset.Set
	o        Options
	truth    []int  // the model's index of each of the set's labels; −1: none
	seen     []bool // of each example, in training
	after    []int  // of text: characters after which the running label is judged
	pieces   []piece
	outcomes []Outcome
	warnings []string
}

func (j *job) warn(format string, args ...any) {
	j.warnings = append(j.warnings, fmt.Sprintf(format, args...))
}

func (j *job) prepare() error {
	if len(j.set.Examples) == 0 {
		return errors.New("there are no examples to evaluate: choose another --split, or give a data set that has some")
	}
	if c := j.o.Crop; c < 0 || math.IsNaN(c) || math.IsInf(c, 0) {
		return fmt.Errorf("evaluate: crop: %v seconds, want a positive number, or 0 for whole examples", c)
	}
	if j.o.Crop > 0 && j.o.Segment != nil {
		return errors.New("evaluate: crops and a segmenter exclude each other: give one of them")
	}
	if j.o.Segment != nil {
		if _, err := j.classifier(); err != nil {
			return err
		}
	}
	if err := j.join(); err != nil {
		return err
	}
	for _, check := range []func() error{j.checkSignal, j.matchLabels, j.cut, j.checkCarry} {
		if err := check(); err != nil {
			return err
		}
	}
	if j.m.Config.Text() && j.m.HasRunning() {
		j.after = milestones(j.pieces)
	}
	j.outcomes = make([]Outcome, len(j.pieces))
	return nil
}

// join makes the examples to judge of those of the set, and finds which of them the
// model has seen, if only in part.
func (j *job) join() error {
	trained := remembered(j.m)
	if j.o.Join == 0 {
		for i := range j.set.Examples {
			j.seen = append(j.seen, trained.has(j.set.Examples[i].Hash))
		}
		return nil
	}
	joined, parts, err := j.set.Join(j.o.Join)
	if err != nil {
		return err
	}
	for _, p := range parts {
		seen := false
		for _, e := range j.set.Examples[p[0]:p[1]] {
			seen = seen || trained.has(e.Hash)
		}
		j.seen = append(j.seen, seen)
	}
	j.set = joined
	return nil
}

// firstMilestone is the number of characters of the first milestone; each has twice
// as many as the one before.
const firstMilestone = 25

// milestones are steps up to the longest piece's end.
func milestones(pieces []piece) (steps []int) {
	longest := 0
	for _, p := range pieces {
		longest = max(longest, p.end-p.start)
	}
	for n := firstMilestone; n < longest; n *= 2 {
		steps = append(steps, n)
	}
	return steps
}

// checkSignal compares rate and channels of the data with the model's.
func (j *job) checkSignal() error {
	have, want := j.set.Rate, j.m.Config.Rate
	switch {
	case have != 0 && want != 0 && have != want:
		return fmt.Errorf("the data have %v samples per second, the model takes %v: read the data at the model's rate", have, want)
	case have != want:
		j.warn("the rate of the data (%s) or of the model (%s) is unknown: the samples are taken as they are", rateName(have), rateName(want))
	}
	if n := j.m.Config.Channels; j.set.Channels != n {
		if _, err := j.m.FrontOf(j.set.Channels); err != nil {
			return fmt.Errorf("the data have %d channels, the model was trained on %d: give data with %d (%w)", j.set.Channels, n, n, err)
		}
		j.warn("the data have %d channels, the model was trained on %d: they are averaged", j.set.Channels, n)
	}
	return nil
}

func rateName(rate float64) string {
	if rate == 0 {
		return "none given"
	}
	return strconv.FormatFloat(rate, 'f', -1, 64) + "/s"
}

// matchLabels finds the set's labels in the model; one that an example has and
// the model has not is an error.
func (j *job) matchLabels() error {
	known := j.m.Config.Labels
	for _, l := range j.set.Labels {
		j.truth = append(j.truth, slices.Index(known, l))
	}
	for _, e := range j.set.Examples {
		if j.truth[e.Label] < 0 {
			return fmt.Errorf("%s: the label %q is none of the model's (%s): take the example out of the data, rename its label, or train a model with it",
				e.Name, j.set.Labels[e.Label], list(known))
		}
	}
	return nil
}

func list(labels []string) string {
	const most = 12
	if len(labels) > most {
		return strings.Join(labels[:most], ", ") + fmt.Sprintf(" and %d more", len(labels)-most)
	}
	return strings.Join(labels, ", ")
}

// cut lists the pieces to evaluate.
func (j *job) cut() error {
	n := j.cropSamples()
	short := 0
	for i, e := range j.set.Examples {
		frames := j.set.Frames(i)
		if n == 0 {
			j.pieces = append(j.pieces, piece{i, 0, frames, e.Name})
			continue
		}
		if frames < n {
			short++
		}
		for at := 0; at+n <= frames; at += n {
			j.pieces = append(j.pieces, piece{i, at, at + n, e.Name + "@" + j.position(at)})
		}
	}
	if len(j.pieces) == 0 {
		return fmt.Errorf("no example is as long as a crop of %v s: give a shorter crop", j.o.Crop)
	}
	if short > 0 {
		j.warn("%d of %d examples are shorter than a crop and left out", short, len(j.set.Examples))
	}
	return nil
}

// cropSamples is the length of a crop in samples a channel; 0: none.
func (j *job) cropSamples() int {
	if j.o.Crop == 0 {
		return 0
	}
	return max(1, int(math.Round(j.o.Crop*j.rate())))
}

// rate is the samples of a second; one where the rate is unknown.
func (j *job) rate() float64 {
	if r := j.m.Config.Rate; r > 0 {
		return r
	}
	return 1
}

// position is a sample's time in seconds, to the microsecond.
func (j *job) position(sample int) string {
	return strconv.FormatFloat(math.Round(float64(sample)/j.rate()*1e6)/1e6, 'f', -1, 64)
}

func (j *job) unit() string {
	switch {
	case j.o.Crop > 0 && j.m.Config.Rate > 0:
		return fmt.Sprintf("crops of %v s", j.o.Crop)
	case j.o.Crop > 0:
		return fmt.Sprintf("crops of %d samples", j.cropSamples())
	case j.o.Join > 1:
		return fmt.Sprintf("examples of %d consecutive texts", j.o.Join)
	case j.o.Segment != nil:
		return fmt.Sprintf("examples, segmented by %s", j.o.Segment.Kind)
	}
	return "examples"
}

// run fills the outcomes. Of several errors it returns that of the first
// example: pieces are taken in order, so all before it have been finished.
func (j *job) run(ctx context.Context) error {
	errs := make([]error, len(j.pieces))
	var (
		next   atomic.Int64
		failed atomic.Bool
		wg     sync.WaitGroup
		mu     sync.Mutex
		done   int
	)
	workers := min(runtime.GOMAXPROCS(0), len(j.pieces))
	some := together(len(j.pieces), workers)
	for range workers {
		wg.Go(func() {
			var w worker
			for ctx.Err() == nil && !failed.Load() {
				from := int(next.Add(int64(some))) - some
				to := min(from+some, len(j.pieces))
				if from >= to {
					return
				}
				if at, err := w.classify(j, from, to); err != nil {
					errs[at] = err
					failed.Store(true)
				}
				mu.Lock()
				for range to - from {
					if done++; j.o.Progress != nil {
						j.o.Progress(done, len(j.pieces))
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// piecesAtOnce is how many pieces at most a worker runs through the network side by
// side.
const piecesAtOnce = 16

// together is how many of n pieces that is: fewer where some workers would have none.
func together(n, workers int) int {
	workers = max(workers, 1)
	return min(piecesAtOnce, (n+workers-1)/workers)
}

// A worker holds what one goroutine uses again.
type worker struct {
	x      feature.Extractor
	frames [piecesAtOnce][]float32
}

// classify fills the outcomes of the pieces from one to another, or tells which
// could not be had and why.
func (w *worker) classify(j *job, from, to int) (int, error) {
	var frames [][]float32
	var which []int
	values := 0
	judge := func() {
		for k, p := range j.m.PredictBatch(frames, 1) {
			j.outcomes[which[k]].judge(p, &j.m.Config, j.after)
		}
		frames, which, values = frames[:0], which[:0], 0
	}
	for i := from; i < to; i++ {
		k := len(which)
		heard, err := w.prepare(j, i, &w.frames[k])
		if err != nil {
			return i, fmt.Errorf("%s: %w", j.pieces[i].name, err)
		}
		if heard {
			frames, which = append(frames, w.frames[k]), append(which, i)
			values += len(w.frames[k])
		}
		if values > mostValues {
			judge()
		}
	}
	judge()
	return 0, nil
}

// mostValues of frames are kept before the pieces so far are judged: long recordings
// go one by one.
const mostValues = 4 << 20

// prepare makes a piece's outcome but for what the network says, and its frames.
// It tells whether there is anything to hear.
func (w *worker) prepare(j *job, i int, frames *[]float32) (bool, error) {
	p := &j.pieces[i]
	e := &j.set.Examples[p.example]
	v := &j.outcomes[i]
	*v = Outcome{File: p.name, Truth: j.truth[e.Label], Seen: j.seen[p.example]}
	samples, err := j.samples(i)
	if err != nil {
		return false, err
	}
	if j.o.Segment != nil && len(samples) == 0 {
		v.NoSegment()
		return false, nil
	}
	return true, w.extract(j, samples, frames)
}

// samples are those of a piece, or of the segment found in it; none where none was.
func (j *job) samples(i int) ([]float32, error) {
	p := &j.pieces[i]
	samples := j.set.Examples[p.example].Samples[p.start*j.set.Channels : p.end*j.set.Channels]
	if j.o.Segment == nil {
		return samples, nil
	}
	start, end, err := j.segment(samples)
	return samples[start*j.set.Channels : end*j.set.Channels], err
}

// extract fills frames from a whole segment.
func (w *worker) extract(j *job, samples []float32, frames *[]float32) error {
	if w.x == nil {
		x, err := j.m.FrontOf(j.set.Channels)
		if err != nil {
			return err
		}
		w.x = x
	}
	w.x.Reset()
	*frames = w.x.Flush(w.x.Push((*frames)[:0], samples))
	if len(*frames) == 0 {
		return fmt.Errorf("%d samples are too few for a single step: leave the example out", len(samples)/j.set.Channels)
	}
	for i, f := range *frames {
		if f-f != 0 {
			return fmt.Errorf("feature %d of step %d is %v: repair the example or leave it out", i%w.x.Dim()+1, i/w.x.Dim()+1, f)
		}
	}
	return nil
}

// A memory holds the hashes of examples that a model was trained on.
type memory map[string]bool

func remembered(m *model.Model) memory {
	r := memory{}
	for _, h := range m.Config.Origin.Examples {
		r[h] = true
	}
	return r
}

// has tells whether the model remembers an example; it stores the first digits of
// hashes.
func (r memory) has(hash string) bool {
	for n := 8; n <= len(hash); n++ {
		if r[hash[:n]] {
			return true
		}
	}
	return false
}

// SeenInTraining counts the examples of set that m was trained on.
func SeenInTraining(m *model.Model, set *dataset.Set) (n int) {
	r := remembered(m)
	for i := range set.Examples {
		n += one(r.has(set.Examples[i].Hash))
	}
	return n
}

// Unseen are the examples of set that the model has not been trained on, as far as it
// remembers: those that its training held out among them.
func Unseen(m *model.Model, set *dataset.Set) *dataset.Set {
	r := remembered(m)
	return set.Keep(func(e *dataset.Example) bool { return !r.has(e.Hash) })
}
