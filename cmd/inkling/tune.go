//go:build !edge

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream/report"
	"inkling/stream/tune"
)

type tuneCmd struct {
	Model          string   `arg:"" help:"A model file, or bundled:notes."`
	Data           string   `arg:"" help:"Annotated recordings, or labelled data to compose streams of, as for eval --stream. Of labelled data, use the examples of the split 'train' that training held out, unless --split is given."`
	MaxFalseAlarms *perHour `help:"Allow at most this rate of false alarms: 0.5/h, 2/day, 3/week. Finds the greatest recall within it." placeholder:"RATE"`
	MaxWrong       *ratio   `help:"Report at most this many labels wrongly at events, as a share of the events: 0.02 or 2%. Counts another label, one reported twice, and one too far from its event's begin; --max-false-alarms then bounds only what is reported on the background." placeholder:"SHARE"`
	MinRecall      *ratio   `help:"Find at least this share of the events: 0.95 or 95%. Without --max-false-alarms and --max-wrong, with the fewest false alarms." placeholder:"SHARE"`
	EarlyGap       *ratio   `help:"Let the end overturn at most this share of early labels. By itself, only the early rule is learned anew, and everything else stays [5%]." placeholder:"SHARE"`
	MaxLatency     seconds  `within:"0..86400" help:"Allow at most this median time from the begin of an event to its running label." placeholder:"TIME"`
	Confidence     ratio    `help:"Confidence that false alarms and recall hold on other streams; 0 goes by what was observed." default:"0.9"`
	Out            string   `short:"o" help:"File for the tuned model [MODEL itself]." placeholder:"MODEL"`
	BestEffort     bool     `help:"If the goal is out of reach, write the settings that come nearest."`
	KeepSegments   bool     `help:"Leave the segmenter as it is."`
	Proof          seconds  `help:"Length of the streams composed for the proof [what the goal needs, as far as the examples go, at least --duration]." placeholder:"TIME"`
	JSON           bool     `help:"Print one JSON object."`
	Report         string   `help:"Write the page of the tuned model, with the trade-off, to this file." placeholder:"FILE.html"`
	readFlags      `group:"Data"`
	Tolerance      seconds `help:"How far apart an event and the segment that finds it may begin." default:"250ms"`
	IgnoreUnknown  bool    `help:"Ignore annotations with labels that the model does not have, instead of stopping."`
	composeFlags   `group:"Streams composed of labelled data"`
}

func (c *tuneCmd) Run(a *app) error {
	if err := noBeats(c.Segment, "tune"); err != nil {
		return err
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	m, err := openLabels(c.Model)
	if err != nil {
		return err
	}
	if m.Config.Segment.Kind == segment.Beat {
		return usagef("%s: tune takes models of sounds and other examples, and heartbeats are judged on whole records: use `inkling eval MODEL DATA`", c.Model)
	}
	s, err := c.streams(a, m, &o.Goal)
	if err != nil {
		return err
	}
	if o.Goal.Distinct = s.Distinct; s.Proof != nil {
		o.SegmentRecordings = 1
	}
	o.Log, o.Progress = func(line string) { a.logf("%s", line) }, a.progress("running the model")
	r, err := tune.Run(a.ctx, m, s.Search, s.Proof, o)
	if errors.Is(err, context.Canceled) && a.ctx.Err() != nil {
		return errors.New("interrupted: nothing was tuned or written; tuning cannot be resumed, the same command begins anew")
	}
	if err != nil {
		return err
	}
	return c.finish(a, m, r)
}

func (c *tuneCmd) options() (o tune.Options, err error) {
	g := tune.Goal{FalseAlarms: -1, Latency: 1000 * float64(c.MaxLatency), Confidence: float64(c.Confidence)}
	if c.MaxFalseAlarms != nil {
		g.FalseAlarms = float64(*c.MaxFalseAlarms)
	}
	if c.MaxWrong != nil {
		g.Wrong = float64(*c.MaxWrong)
	}
	if c.MinRecall != nil {
		g.Recall = float64(*c.MinRecall)
	}
	switch {
	case c.MaxWrong != nil && !(g.Wrong > 0 && g.Wrong < 1):
		return o, usagef("--max-wrong %v: give a share of the events above 0 and below 100 %%, such as 2%%; no stream can prove that nothing is ever told wrongly", g.Wrong)
	case c.EarlyGap != nil && !(*c.EarlyGap > 0 && *c.EarlyGap < 0.5):
		return o, usagef("--early-gap %v: give a share above 0 and below 50 %%, such as 5%%", float64(*c.EarlyGap))
	case g.FalseAlarms < 0 && g.Wrong == 0 && g.Recall == 0 && c.EarlyGap == nil:
		return o, usagef("there is no goal: give --max-false-alarms 0.5/h, --max-wrong 2%%, --min-recall 0.95, or several of them; --max-latency goes with any. --early-gap 5%% by itself tunes the early rule")
	case c.EarlyGap != nil && g.FalseAlarms < 0 && g.Wrong == 0 && g.Recall == 0 && g.Latency > 0:
		return o, usagef("--max-latency goes with --max-false-alarms, --max-wrong or --min-recall, not with --early-gap alone")
	case c.Out == "" && strings.HasPrefix(c.Model, "bundled:"):
		return o, usagef("%s cannot be changed: name a file for the tuned model with --out", c.Model)
	case !(c.Tolerance > 0):
		return o, usagef("--tolerance %v: give more than 0, such as 250ms", float64(c.Tolerance))
	case c.Proof < 0:
		return o, usagef("--proof %v: give a positive duration, such as 8h", float64(c.Proof))
	}
	o = tune.Options{Goal: g, Tolerance: float64(c.Tolerance), IgnoreUnknown: c.IgnoreUnknown, FixedSegments: c.KeepSegments, BestEffort: c.BestEffort}
	if c.EarlyGap != nil {
		o.EarlyGap = float64(*c.EarlyGap)
	}
	if err := o.Check(); err != nil {
		return o, usageError{err}
	}
	return o, nil
}

// streams returns the annotated recordings of DATA, or streams composed of its examples.
func (c *tuneCmd) streams(a *app, m *model.Model, g *tune.Goal) (*tune.Streams, error) {
	recordings, notes, err := annotated(c.Data)
	for _, n := range notes {
		a.logf("%s", n)
	}
	if err != nil || len(recordings) > 0 {
		a.tellComposed(c.Data)
		return &tune.Streams{Search: recordings}, err
	}
	set, err := c.examples(a, m)
	if err != nil {
		return nil, err
	}
	o, err := c.composeFlags.options(a, set)
	if err != nil {
		return nil, err
	}
	s, err := tune.Compose(c.Data, set, o, g, float64(c.Proof))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Data, err)
	}
	if s.Proof != nil {
		a.logf("streams composed of %d examples for the search and %d others for the proof; nothing repeats within %.3g h", s.SearchExamples, s.ProofExamples, s.Distinct)
	}
	return s, nil
}

// examples returns the examples that streams are composed of.
func (c *tuneCmd) examples(a *app, m *model.Model) (*dataset.Set, error) {
	c.model = &m.Config
	set, err := c.open(a, c.Data, m.Config.Rate)
	if err != nil {
		return nil, err
	}
	if c.Split != "" {
		return set.Split(c.Split)
	}
	set, note, err := tune.Examples(m, set)
	if note != "" {
		a.logf("%s", note)
	}
	return set, err
}

// finish prints what was found, and writes the model and its pictures.
func (c *tuneCmd) finish(a *app, m *model.Model, r *tune.Result) error {
	out := cmp.Or(c.Out, c.Model)
	r.Report.About = about(c.Model, m, c.Data)
	if len(r.Curve) > 0 {
		picture := beside(out, ".tune.png")
		if err := report.TradeOff(r, picture); err != nil {
			return err
		}
		a.logf("wrote %s", picture)
	}
	if c.Report != "" {
		if err := atomicfile.WriteFile(c.Report, report.Tuned{Result: r}.WriteHTML); err != nil {
			return err
		}
		a.logf("wrote %s", c.Report)
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
	if c.JSON || !terminal(a.rawOut) {
		if err := json.NewEncoder(a.data()).Encode(r); err != nil {
			return err
		}
	} else if err := (report.Tuned{Result: r}).WriteText(a.stdout); err != nil {
		return err
	}
	if u := r.Unreachable(); u != "" {
		return errors.New(u)
	}
	return nil
}
