// Package export writes a model as C99 for firmware: one header and one source without
// allocation, with a program that reads samples and prints events.
package export

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

var (
	//go:embed inkling.h.in
	headerText string
	//go:embed front.c.in
	frontText string
	//go:embed network.c.in
	networkText string
	//go:embed steps.c.in
	stepsText string
	//go:embed labels.c.in
	labelsText string
	//go:embed segments.c.in
	segmentsText string
	//go:embed main.c.in
	mainText string
)

// Options are what C is to do otherwise than the model says.
type Options struct {
	Steps   int          // bounds the segments that the confirm head takes; 0 leaves that head out
	Segment segment.Kind // "": the model's
	State   decide.State // "": the model's
}

// A File is one of the files of an export.
type File struct {
	Name string
	Text string
}

// An Export is a model in C99.
type Export struct {
	Files  []File   // inkling.h, inkling.c and main.c
	Notes  []string // what a Run does otherwise than the code, or the code leaves to the firmware
	Memory []Memory
}

// C returns the model in C99. A model with a front end, stem, head or segmenter that cannot
// be exported is an error.
func C(m *model.Model, o Options) (*Export, error) {
	s, err := Settle(m, o)
	if err != nil {
		return nil, err
	}
	g := &generator{m: s.Model, settings: s, integer: m.Config.Integer()}
	if err := g.network(); err != nil {
		return nil, err
	}
	if err := g.front(); err != nil {
		return nil, err
	}
	g.rules()
	g.segments()
	x := &Export{Notes: g.notes(&m.Config), Memory: g.memory()}
	replace := strings.NewReplacer("@DEFINES@", strings.TrimSpace(g.defines.String()), "@STEPS@", fmt.Sprint(s.Steps), "@SEGMENTS@", string(s.Segment.Kind),
		"@HASH@", m.Hash(), "@TABLES@", strings.TrimSpace(g.tables.String()), "@LAYERS@", strings.TrimSpace(g.layers.String()),
		"@QUOTED@", g.quotedLabels(), "@MEMORY@", comment(x.Memory))
	for _, f := range []File{{"inkling.h", headerText}, {"inkling.c", frontText + networkText + stepsText + labelsText + segmentsText}, {"main.c", mainText}} {
		x.Files = append(x.Files, File{f.Name, replace.Replace(f.Text)})
	}
	return x, nil
}

// mostSteps bounds the steps that are kept.
const mostSteps = 1 << 20

// check refuses a model that there is no C for.
func check(c *model.Config, o *Options) error {
	k := c.Segment.Kind
	if o.Segment != "" {
		k = o.Segment
	}
	switch front := c.Front.Kind; {
	case c.Next != nil:
		return errors.New("export: the model forecasts what comes next, which there is no C for: give a model of labels")
	case front != feature.KindRaw && front != feature.KindLogMel && front != feature.KindMFCC:
		return fmt.Errorf("export: there is no C for the front end %s: give a model with %s, %s or %s", front, feature.KindRaw, feature.KindLogMel, feature.KindMFCC)
	case c.HasStem():
		return fmt.Errorf("export: there is no C for the stem %s: train a model without a stem", c.Stem.Kind)
	case c.Front.Context > 0 || k == segment.Beat:
		return errors.New("export: there is no C for heartbeats, whose segments a detector of beats cuts: give another model")
	case k.ReadsText():
		return fmt.Errorf("export: there is no C for the segmenter %s, which reads text: set export.Options.Segment to another segmenter", k)
	case o.Steps < 0 || o.Steps > mostSteps:
		return fmt.Errorf("export.Options.Steps is %d, want 0 to %d", o.Steps, mostSteps)
	case o.Steps == 0 && c.Running == model.RunningNone:
		return errors.New("export: the model has no running head, so without the confirm head it has nothing to say: set export.Options.Steps to 1 or more")
	case o.State == "" && c.Decision.State == decide.Carry:
		return errors.New("export: the model carries its state from segment to segment, which the code does not: set export.Options.State to reset, and compare it with `inkling run --running-state reset`")
	case o.State == decide.Carry:
		return errors.New("export: the code begins each segment from a state of zero: leave export.Options.State out, or set it to reset")
	}
	return nil
}

// A generator collects the parts of the source that depend on the model.
type generator struct {
	m                       *model.Model
	settings                *Settings
	integer                 bool
	defines, tables, layers strings.Builder
	sizes                   sizes
	transform               int // size of the front end's; 0: none
}

func (g *generator) define(name string, value any) {
	fmt.Fprintf(&g.defines, "#define INKLING_%s %v\n", name, value)
}

func (g *generator) flag(name string, on bool) {
	value := 0
	if on {
		value = 1
	}
	g.define(name, value)
}

// quotedLabels returns the labels as C has strings of JSON.
func (g *generator) quotedLabels() string {
	var all []string
	for _, l := range g.m.Config.Labels {
		text, _ := json.Marshal(l) // of a string it does not fail
		all = append(all, quoted(string(text)))
	}
	return strings.Join(all, ", ")
}
