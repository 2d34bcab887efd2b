//go:build !edge

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream/evaluate"
)

type compareCmd struct {
	A           string `arg:"" help:"A model file, or bundled:notes: the old one."`
	B           string `arg:"" help:"The new one."`
	Data        string `arg:"" help:"Labelled data, as for eval; with --stream also annotated recordings."`
	readFlags   `group:"Data"`
	streamFlags `group:"Streams"`
	N           int  `short:"n" help:"Print this many of the examples that changed." default:"20" placeholder:"N"`
	JSON        bool `help:"Print one JSON object."`
}

// A comparison is what compare prints.
type comparison struct {
	A string `json:"a"` // hashes
	B string `json:"b"`
	*evaluate.Comparison
	StreamA *inStream `json:"stream_a,omitempty"`
	StreamB *inStream `json:"stream_b,omitempty"`
}

// inStream is what one of the models did on the streams.
type inStream struct {
	Seconds float64              `json:"seconds"`
	Recall  evaluate.Share       `json:"recall"`
	False   evaluate.FalseAlarms `json:"false_alarms"`
}

func (c *compareCmd) Run(a *app) error {
	if c.N < 0 {
		return usagef("-n %d: give 0 or more", c.N)
	}
	var models [2]*model.Model
	for i, name := range []string{c.A, c.B} {
		m, err := openLabels(name)
		if err != nil {
			return err
		}
		models[i] = m
	}
	if models[0].Config.Segment.Kind == segment.Beat && models[1].Config.Segment.Kind == segment.Beat {
		if c.Stream {
			return usagef("--stream: models of heartbeats are compared beat by beat: leave it out")
		}
		c.Segment = segment.Beat
	}
	result := comparison{A: models[0].Hash(), B: models[1].Hash()}
	var pairs []evaluate.Pair
	var err error
	if c.Stream {
		pairs, err = c.onStreams(a, models, &result)
	} else {
		pairs, err = c.onExamples(a, models)
	}
	if err != nil {
		return err
	}
	result.Comparison = evaluate.Compare(pairs)
	if c.JSON || !terminal(a.rawOut) {
		return json.NewEncoder(a.data()).Encode(result)
	}
	return c.print(a.stdout, &result)
}

// onExamples judges both models on the same examples, each at its own rate.
func (c *compareCmd) onExamples(a *app, models [2]*model.Model) (pairs []evaluate.Pair, err error) {
	for i, m := range models {
		d := c.readFlags
		d.model = &m.Config
		set, err := d.open(a, c.Data, m.Config.Rate)
		if err == nil && d.Split != "" && d.Segment != segment.Beat {
			set, err = set.Split(d.Split)
		} else if err == nil && d.Split == "" && (d.Segment != segment.Beat || len(d.Records) == 0) { // which are named
			set, err = set.Test()
		}
		if err != nil {
			return nil, err
		}
		if n := evaluate.SeenInTraining(m, set); n > 0 {
			a.logf("%d of these examples were in the training of %s: those say little of it", n, []string{c.A, c.B}[i])
		}
		if set.Stepwise() {
			return nil, usagef("%s has a label for every step: compare what `inkling eval` says of each model", c.Data)
		}
		said, err := answers(a, m, set)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			pairs = make([]evaluate.Pair, len(said))
		}
		if len(said) != len(pairs) {
			return nil, fmt.Errorf("%s: %d examples at the rate of %s, and %d at that of %s", c.Data, len(pairs), c.A, len(said), c.B)
		}
		for k, e := range set.Examples {
			p := &pairs[k]
			if i == 0 {
				*p = evaluate.Pair{Name: e.Name, Truth: set.Labels[e.Label], Source: cmp.Or(e.Group, e.Name), A: said[k]}
			} else {
				p.B = said[k]
			}
		}
	}
	return pairs, nil
}

// answers returns the label that m gives each example; "" where the example's own label is
// none of the model's, which it can only get wrong.
func answers(a *app, m *model.Model, set *dataset.Set) (said []string, err error) {
	var known, unknown []string
	for _, l := range set.Labels {
		if slices.Contains(m.Config.Labels, l) {
			known = append(known, l)
		} else {
			unknown = append(unknown, l)
		}
	}
	said = make([]string, len(set.Examples))
	if len(known) == 0 {
		return said, nil
	}
	judged := set
	if len(unknown) > 0 {
		if judged, err = set.Only(known); err != nil {
			return nil, err
		}
	}
	r, err := evaluate.Run(a.ctx, m, judged, evaluate.Options{})
	if err != nil {
		return nil, err
	}
	at := 0
	for i, e := range set.Examples {
		if slices.Contains(known, set.Labels[e.Label]) {
			said[i] = r.Rows[at].Confirmed
			at++
		}
	}
	return said, nil
}

// onStreams judges both models on the same hours: annotated recordings, or examples composed
// alike.
func (c *compareCmd) onStreams(a *app, models [2]*model.Model, result *comparison) (pairs []evaluate.Pair, err error) {
	if !(c.Tolerance > 0) {
		return nil, usagef("--tolerance %v: give more than 0, such as 250ms", float64(c.Tolerance))
	}
	for i, m := range models {
		e := evalCmd{Model: []string{c.A, c.B}[i], Data: c.Data, dataFlags: c.dataFlags, streamFlags: c.streamFlags}
		e.model, e.Rate = &m.Config, m.Config.Rate
		recordings, notes, err := annotated(c.Data)
		if err == nil && len(recordings) == 0 {
			recordings, notes, err = e.compose(a, m)
		} else if err == nil && i == 0 {
			a.tellComposed(c.Data)
		}
		if err != nil {
			return nil, err
		}
		for _, n := range notes {
			a.logf("%s: %s", e.Model, n)
		}
		r, err := evaluate.Stream(a.ctx, m, recordings, evaluate.StreamOptions{Tolerance: float64(c.Tolerance), IgnoreUnknown: c.IgnoreUnknown, Progress: a.progress("running " + e.Model)})
		if err != nil {
			return nil, err
		}
		s := &inStream{r.Seconds, r.Recall, r.FalseAlarms}
		k := 0
		for _, row := range r.Rows {
			if row.Found == nil {
				continue // a false alarm
			}
			given := ""
			if row.Given != nil {
				given = *row.Given
			}
			name := fmt.Sprintf("%s@%.6g", row.Recording, row.Start)
			if i == 0 {
				result.StreamA = s
				pairs = append(pairs, evaluate.Pair{Name: name, Truth: row.Label, Source: row.Recording, A: given})
			} else if k >= len(pairs) || pairs[k].Truth != row.Label {
				return nil, fmt.Errorf("%s: the streams of %s and %s have other events: give data with the labels of both", c.Data, c.A, c.B)
			} else {
				result.StreamB = s
				pairs[k].B = given
			}
			k++
		}
		if k != len(pairs) {
			return nil, fmt.Errorf("%s: the streams of %s and %s have other events: give data with the labels of both", c.Data, c.A, c.B)
		}
	}
	return pairs, nil
}

func (c *compareCmd) print(w io.Writer, r *comparison) error {
	of := func(right, n int) string {
		return fmt.Sprintf("%d of %d (%.1f %%)", right, n, 100*float64(right)/float64(max(n, 1)))
	}
	fmt.Fprintf(w, "A  %s  %s right\nB  %s  %s right\n", r.A, of(r.RightA, r.Examples), r.B, of(r.RightB, r.Examples))
	fmt.Fprintf(w, "%d wrong by A are right by B, %d right by A are wrong by B: %s\n", r.Fixed, r.Broken, verdict(&r.Part))
	for i, s := range []*inStream{r.StreamA, r.StreamB} {
		if s != nil {
			fmt.Fprintf(w, "%c  recall %.1f %%, %d false alarms in %.2f h, %d of them on the background\n", 'A'+i, 100*float64(s.Recall), s.False.Total, s.Seconds/3600, s.False.OnBackground)
		}
	}
	parts := func(title string, list []evaluate.Part) {
		fmt.Fprintf(w, "\n%-24s %8s %8s %8s %6s %6s  p\n", title, "examples", "right A", "right B", "fixed", "broken")
		for _, p := range list[:min(len(list), c.N)] {
			fmt.Fprintf(w, "%-24s %8d %8d %8d %6d %6d  %.3g\n", p.Name, p.Examples, p.RightA, p.RightB, p.Fixed, p.Broken, p.P)
		}
	}
	parts("label", r.PerLabel)
	if len(r.PerSource) < r.Examples {
		parts("source", r.PerSource)
	}
	if len(r.Changed) > 0 {
		fmt.Fprintf(w, "\n%d labels changed\n", len(r.Changed))
	}
	for _, x := range r.Changed[:min(len(r.Changed), c.N)] {
		fmt.Fprintf(w, "%s  %s: %s, now %s\n", x.Name, x.Truth, cmp.Or(x.A, "nothing"), cmp.Or(x.B, "nothing"))
	}
	return nil
}

// verdict says what McNemar's test says.
func verdict(p *evaluate.Part) string {
	switch {
	case p.Fixed+p.Broken == 0:
		return "nothing changed"
	case p.P >= 0.05:
		return fmt.Sprintf("no difference that these examples could show (McNemar, exact: p = %.2g)", p.P)
	case p.Fixed > p.Broken:
		return fmt.Sprintf("B is better (McNemar, exact: p = %.2g)", p.P)
	}
	return fmt.Sprintf("A is better (McNemar, exact: p = %.2g)", p.P)
}
