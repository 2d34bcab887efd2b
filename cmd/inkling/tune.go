package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream/evaluate"
	"inkling/stream/report"
	"inkling/stream/tune"
)

type tuneCmd struct {
	Model          string   `arg:"" help:"A model file, or bundled:notes."`
	Data           string   `arg:"" help:"Annotated recordings, or labelled data to compose streams of, as for eval --stream. Of labelled data, unless --split says otherwise, examples of the split 'train' that training held out."`
	MaxFalseAlarms *perHour `help:"False alarms at most: 0.5/h, 2/day, 3/week. The recall is then the greatest that keeps to it." placeholder:"RATE"`
	MinRecall      *ratio   `help:"Share of the events that are to be found at least: 0.95 or 95%. Alone: with the fewest false alarms." placeholder:"SHARE"`
	MaxLatency     seconds  `help:"Median time at most from an event's begin to its running label." placeholder:"TIME"`
	Confidence     ratio    `help:"With which the first two are to hold on streams not heard; 0: that what was observed keeps to them is enough." default:"0.9"`
	Out            string   `short:"o" help:"The tuned model [MODEL itself]." placeholder:"MODEL"`
	BestEffort     bool     `help:"Write what comes nearest when the goal is out of reach."`
	KeepSegments   bool     `help:"Leave the segmenter as it is."`
	Proof          seconds  `help:"Length of the streams composed for the proof [as long as the goal takes and the examples go, at least --duration]." placeholder:"TIME"`
	JSON           bool     `help:"One JSON object."`
	Report         string   `help:"Write the tuned model's page, with the trade-off, here." placeholder:"FILE.html"`
	dataFlags
	Tolerance     seconds `help:"An event and the segment that tells of it may begin so far apart." default:"250ms"`
	IgnoreUnknown bool    `help:"Take annotations with labels that the model has not for none, instead of giving up."`
	composeFlags  `group:"Streams composed of labelled data"`
}

func (c *tuneCmd) Run(a *app) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	m, err := openLabels(c.Model)
	if err != nil {
		return err
	}
	searching, proving, err := c.recordings(a, m, &o.Goal)
	if err != nil {
		return err
	}
	if proving != nil {
		o.Segmenting = 1
	}
	o.Say, o.Progress = func(line string) { a.logf("%s", line) }, a.progress("listening")
	r, err := tune.Run(a.ctx, m, searching, proving, o)
	if err != nil {
		return err
	}
	return c.finish(a, m, r, &o.Goal)
}

func (c *tuneCmd) options() (o tune.Options, err error) {
	g := tune.Goal{FalseAlarms: -1, Latency: 1000 * float64(c.MaxLatency), Confidence: float64(c.Confidence)}
	if c.MaxFalseAlarms != nil {
		g.FalseAlarms = float64(*c.MaxFalseAlarms)
	}
	if c.MinRecall != nil {
		g.Recall = float64(*c.MinRecall)
	}
	switch {
	case g.FalseAlarms < 0 && g.Recall == 0:
		return o, usagef("what is the model to keep to? Give --max-false-alarms 0.5/h or --min-recall 0.95, or both; --max-latency goes with either")
	case c.Out == "" && strings.HasPrefix(c.Model, "bundled:"):
		return o, usagef("%s cannot be changed: say with --out where the tuned model goes", c.Model)
	case !(c.Tolerance > 0):
		return o, usagef("--tolerance %v: give more than 0, such as 250ms", float64(c.Tolerance))
	case c.Proof < 0:
		return o, usagef("--proof %v: give a positive duration, such as 8h", float64(c.Proof))
	}
	if err := g.Check(); err != nil {
		return o, usageError{err}
	}
	return tune.Options{Goal: g, Tolerance: float64(c.Tolerance), IgnoreUnknown: c.IgnoreUnknown, FixedSegments: c.KeepSegments, BestEffort: c.BestEffort}, nil
}

// recordings are those of DATA, or composed of its examples: some to search on, of
// others those for the proof.
func (c *tuneCmd) recordings(a *app, m *model.Model, g *tune.Goal) (searching, proving []evaluate.Recording, err error) {
	searching, notes, err := annotated(c.Data)
	for _, n := range notes {
		a.logf("%s", n)
	}
	if err != nil || len(searching) > 0 {
		return searching, nil, err
	}
	set, err := c.examples(a, m)
	if err != nil {
		return nil, nil, err
	}
	o, err := c.composeFlags.options(a, set)
	if err != nil {
		return nil, nil, err
	}
	if g.Confidence == 0 {
		searching, err = c.streams(set, o, 1)
		return searching, nil, err
	}
	proof := o
	search, set := set.HoldOut(proofShare, "proof")
	if o.Background != nil {
		o.Background, proof.Background = o.Background.HoldOut(proofShare, "proof")
	}
	if len(set.Examples) == 0 || proof.Background != nil && len(proof.Background.Examples) == 0 {
		return nil, nil, fmt.Errorf("%s: too few examples, of a label or of the background, to keep half of them for a proof: give more, or --confidence 0", c.Data)
	}
	if g.Distinct, err = distinct(set, proof); err != nil {
		return nil, nil, err
	}
	long := c.parts(g)
	if searching, err = c.streams(search, o, (long+1)/2); err == nil {
		proving, err = c.streams(set, proof, long)
	}
	a.logf("streams composed of %d examples to search on, of %d others for the proof: in %.3g h nothing comes twice", len(search.Examples), len(set.Examples), g.Distinct)
	return searching, proving, err
}

// proofShare is how many of the examples, and of those of the background, are kept for
// the proof.
const proofShare = 0.5

// streams composes so many.
func (c *tuneCmd) streams(set *dataset.Set, o compose.Options, parts int) (list []evaluate.Recording, err error) {
	for o.Part = range parts {
		s, err := compose.New(set, o)
		if err != nil {
			return nil, err
		}
		list = append(list, composed(c.Data, s))
	}
	return list, nil
}

// distinct is after how many hours of streams either an example or one of the background
// comes again.
func distinct(set *dataset.Set, o compose.Options) (hours float64, err error) {
	s, err := compose.New(set, o)
	if err != nil {
		return 0, err
	}
	hours = o.Duration / 3600 * float64(len(set.Examples)) / float64(len(s.Events))
	if b := o.Background; b != nil {
		frames := 0
		for i := range b.Examples {
			frames += b.Frames(i)
		}
		hours = min(hours, float64(frames)/b.Rate/3600)
	}
	return hours, nil
}

// alarmsAllowed is how many false alarms the proof is made long enough for, as far as
// the examples go.
const alarmsAllowed = 2

// parts is how many streams of --duration the proof takes; the search takes half as
// many, the first alone for segmenters.
func (c *tuneCmd) parts(g *tune.Goal) int {
	long := float64(c.Proof)
	if long == 0 && g.FalseAlarms > 0 {
		long = 3600 * min(g.Hours(alarmsAllowed), g.Distinct)
	}
	return max(int(math.Ceil(long/float64(c.Duration)-1e-9)), 1)
}

// examples are what streams are composed of.
func (c *tuneCmd) examples(a *app, m *model.Model) (*dataset.Set, error) {
	c.model = &m.Config
	set, err := c.open(a, c.Data, m.Config.Rate)
	if err != nil || c.Split != "" {
		if err == nil {
			set, err = set.Split(c.Split)
		}
		return set, err
	}
	if set, err = set.Train(); err != nil {
		return nil, err
	}
	unseen := evaluate.Unseen(m, set)
	if unseen.LabelsUsed() < set.LabelsUsed() {
		a.logf("training has seen all the examples of some label: the streams are composed of all %d that are not the test's, and flatter", len(set.Examples))
		return set, nil
	}
	if n := len(set.Examples) - len(unseen.Examples); n > 0 {
		a.logf("%d examples that training has seen are left out", n)
	}
	return unseen, nil
}

// finish tells what was found and writes the model and its pictures.
func (c *tuneCmd) finish(a *app, m *model.Model, r *tune.Result, g *tune.Goal) error {
	out := c.Out
	if out == "" {
		out = c.Model
	}
	if err := c.draw(a, r, g, beside(out, ".tune.png")); err != nil {
		return err
	}
	if r.Config != nil {
		tuned, err := model.New(*r.Config, m.Params)
		if err == nil {
			err = atomicfile.WriteFile(out, tuned.Save)
		}
		if err != nil {
			return err
		}
		a.logf("wrote %s", out)
	}
	if c.JSON || !terminal(a.stdout) {
		if err := json.NewEncoder(a.stdout).Encode(r); err != nil {
			return err
		}
	} else if err := writeTuned(a.stdout, r, g); err != nil {
		return err
	}
	if !r.Reached {
		return fmt.Errorf("unreachable (%s): %s", g, r.Why)
	}
	return nil
}

// draw writes the trade-off, and the page of --report.
func (c *tuneCmd) draw(a *app, r *tune.Result, g *tune.Goal, path string) error {
	t := evaluate.TradeOff{Hours: r.After.Hours, Budget: g.FalseAlarms, Recall: g.Recall}
	at := func(f *tune.Figures) evaluate.TradePoint {
		return evaluate.TradePoint{FalseAlarms: f.PerHour, Recall: float64(f.Recall)}
	}
	t.Before, t.After = at(&r.Before), at(&r.After)
	for _, p := range r.Curve {
		t.Curve = append(t.Curve, evaluate.TradePoint{FalseAlarms: float64(p.Alarms) / r.After.Hours, Recall: float64(p.Found) / float64(r.After.Events)})
	}
	if err := report.TradeOff(&t, path); err != nil {
		return err
	}
	a.logf("wrote %s", path)
	if c.Report == "" {
		return nil
	}
	r.Report.TradeOff = &t
	if !r.Reached {
		r.Report.Warnings = append(r.Report.Warnings, fmt.Sprintf("unreachable (%s): %s", g, r.Why))
	}
	if err := atomicfile.WriteFile(c.Report, report.Stream{StreamReport: r.Report}.WriteHTML); err != nil {
		return err
	}
	a.logf("wrote %s", c.Report)
	return nil
}

// writeTuned writes a table for a terminal.
func writeTuned(out io.Writer, r *tune.Result, g *tune.Goal) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	b, f := &r.Before, &r.After
	fmt.Fprintf(w, "\tas it was\ttuned\n")
	fmt.Fprintf(w, "recall\t%s\t%s\t%d of %d events\n", b.Recall, f.Recall, f.Found, f.Events)
	fmt.Fprintf(w, "false alarms an hour\t%.3g\t%.3g\t%d in %s\n", b.PerHour, f.PerHour, f.FalseAlarms, duration(f.Hours*3600))
	if g.Confidence > 0 {
		fmt.Fprintf(w, "  at %.0f %%, at most\t%.3g\t%.3g\n", 100*g.Confidence, b.PerHourMost, f.PerHourMost)
		fmt.Fprintf(w, "  recall, at least\t%s\t%s\n", evaluate.Share(b.RecallLeast), evaluate.Share(f.RecallLeast))
	}
	fmt.Fprintf(w, "running label after\t%s ms\t%s ms\tmedian, found events\n", b.LatencyMS, f.LatencyMS)
	fmt.Fprintf(w, "its changes a minute\t%s\t%s\n", b.Flips, f.Flips)
	d := &r.Decided
	fmt.Fprintf(w, "threshold\t\t%.6g\n", d.Threshold)
	for _, label := range slices.Sorted(maps.Keys(d.On)) {
		fmt.Fprintf(w, "  %q\t\t%.6g\n", label, d.On[label])
	}
	if d.CUSUMLimit > 0 {
		fmt.Fprintf(w, "evidence\t\t%v nats, less %v a step\n", d.CUSUMLimit, d.CUSUMDrift)
	}
	if d.Smooth > 0 || d.Hold > 0 {
		fmt.Fprintf(w, "running label\t\taverage over %v steps, hold of %d\n", d.Smooth, d.Hold)
	}
	if s := r.Segment.Defaults(); s.Kind == segment.Activity {
		fmt.Fprintf(w, "segments\t\ton %v dB, off %v dB, hold %v s, minimum %v s, pre-roll %v s\n", s.OnDB, s.OffDB, s.Hold, s.MinDuration, s.PreRoll)
	}
	return w.Flush()
}

func duration(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second)
}
