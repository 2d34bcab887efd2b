package main

import (
	"fmt"

	"inkling/model"
	"inkling/model/compose"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

type streamFlags struct {
	Stream        bool    `help:"Judge on streams, run as by 'inkling run': annotated recordings, or labelled data composed as by 'inkling compose'."`
	Tolerance     seconds `help:"How far apart an event and the segment that finds it may begin." default:"250ms"`
	IgnoreUnknown bool    `help:"Ignore annotations with labels that the model does not have, instead of stopping."`
	composeFlags  `group:"Streams composed of labelled data"`
}

func (c *evalCmd) runStream(a *app, m *model.Model) error {
	switch {
	case c.Crop != 0:
		return usagef("--crop cuts examples: leave it out with --stream")
	case !(c.Tolerance > 0):
		return usagef("--tolerance %v: give more than 0, such as 250ms", float64(c.Tolerance))
	}
	recordings, notes, err := annotated(c.Data)
	if err == nil && len(recordings) == 0 {
		recordings, notes, err = c.compose(a, m)
	}
	if err != nil {
		return err
	}
	o := evaluate.StreamOptions{Segment: c.segmenter(m), Tolerance: float64(c.Tolerance), IgnoreUnknown: c.IgnoreUnknown, Progress: a.progress("running the model")}
	var r *evaluate.StreamReport
	err = c.withEach(func(each func(any) error) error {
		if each != nil {
			o.Each = func(r *evaluate.StreamRow) error { return each(r) }
		}
		r, err = evaluate.Stream(a.ctx, m, recordings, o)
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range notes {
		a.logf("%s", n)
	}
	r.Warnings = append(r.Warnings, notes...)
	return c.tell(a, report.Stream{StreamReport: r})
}

// annotated returns the annotated recordings of DATA; none if it holds labelled examples.
func annotated(data string) (list []evaluate.Recording, notes []string, err error) {
	if data == bundledNotes {
		return nil, nil, nil
	}
	return evaluate.Annotated(data)
}

func (c *evalCmd) compose(a *app, m *model.Model) (list []evaluate.Recording, notes []string, err error) {
	set, err := c.openTest(a, c.Data, m.Config.Rate)
	if err != nil {
		return nil, nil, err
	}
	o, err := c.options(a, set)
	if err != nil {
		return nil, nil, err
	}
	s, err := compose.New(set, o)
	if err != nil {
		return nil, nil, err
	}
	if n := evaluate.SeenInTraining(m, set); n > 0 {
		notes = append(notes, fmt.Sprintf("%d of the %d examples that the stream is composed of were in the model's training: the figures flatter", n, len(set.Examples)))
	}
	return []evaluate.Recording{evaluate.Composed(c.Data, s)}, notes, nil
}
