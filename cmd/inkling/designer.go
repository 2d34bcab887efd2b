//go:build !edge

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/alecthomas/kong"

	"inkling/internal/plain"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/train"
	"inkling/stream/report"
	"inkling/stream/web"
)

// A designer designs networks by command lines of train: what the page chooses becomes
// flags, and these are parsed, settled and trained by the code of train itself.
type designer struct {
	data   []string    // words that are no flags
	given  []givenFlag // flags of the command line of design that train has as well
	out    string
	train  *kong.Node
	play   *kong.Node
	fields []web.Field

	mu   sync.Mutex
	read map[string]*trainData // by what a choice changes of reading
}

func newDesigner(a *app, c *designCmd) (*designer, error) {
	d := &designer{out: c.Out, train: commandNode("train"), play: commandNode("play"), read: map[string]*trainData{}}
	all, others := sorted(commandNode("design"), a.words)
	d.data = others
	for _, g := range all {
		if !slices.Contains(designOnly, g.name) {
			d.given = append(d.given, g)
		}
	}
	if d.out == "" {
		d.out = modelOf(c.Data)
	}
	for _, f := range designFields {
		d.fields = append(d.fields, d.field(f))
	}
	return d, nil
}

// A designField is a flag of train that can be chosen on the page.
type designField struct{ flag, words, group string }

var designFields = []designField{
	{"predict", "Output", "Output"}, {"running", "Running head", "Output"}, {"confirm", "Confirm head", "Output"},
	{"confirm-evidence", "With running evidence", "Output"}, {"detector", "Detector, units", "Output"},
	{"loss", "Loss", "Output"}, {"quantiles", "Quantiles", "Output"}, {"residual", "Difference to the last sample", "Output"},
	{"front", "Front end", "Front end"}, {"samples", "Samples a step", "Front end"}, {"decimate", "Mean of every", "Front end"},
	{"lags", "Scales", "Front end"}, {"means", "Means", "Front end"}, {"window", "Window, ms", "Front end"},
	{"hop", "Hop, ms", "Front end"}, {"bands", "Bands", "Front end"}, {"mean-prior", "Mean, steps before", "Front end"}, {"deltas", "Deltas", "Front end"}, {"stem", "Stem", "Front end"},
	{"hidden", "Units", "Network"}, {"layers", "Layers", "Network"},
	{"preset", "Recipe", "Training"}, {"plain", "Without augmentation", "Training"}, {"epochs", "Epochs", "Training"}, {"updates", "Updates", "Training"},
	{"batch", "Batch", "Training"}, {"lr", "Learning rate", "Training"}, {"dropout", "Dropout", "Training"}, {"folds", "Folds", "Training"}, {"seed", "Seed", "Training"},
}

// field describes a flag for the page.
func (d *designer) field(f designField) web.Field {
	flag := flagOfWord(d.train, "--"+f.flag)
	w := web.Field{Name: f.flag, Words: f.words, Group: f.group, Help: flag.Help}
	switch {
	case f.flag == "predict":
		w.Choices = []string{"labels", "next"}
	case flag.IsBool():
		w.Choices = []string{"true", "false"}
	case flag.Enum != "":
		for _, v := range flag.EnumSlice() {
			if v != "" {
				w.Choices = append(w.Choices, v)
			}
		}
	default:
		w.Text = f.flag == "stem" || f.flag == "quantiles"
	}
	return w
}

// words returns the command line of train for choices, without the program.
func (d *designer) words(choices map[string]string) ([]string, error) {
	words := []string{"train"}
	for _, w := range d.data {
		if strings.HasPrefix(w, "-") && w != "-" {
			w = "./" + w // no flag
		}
		words = append(words, w)
	}
	for _, g := range d.given {
		if choices[g.name] == "" {
			words = append(words, g.words...)
		}
	}
	for name := range choices {
		if !slices.ContainsFunc(d.fields, func(f web.Field) bool { return f.Name == name }) {
			return nil, &web.Problem{Field: name, Text: fmt.Sprintf("%q cannot be chosen: load the page again", name)}
		}
	}
	for _, f := range d.fields {
		flag, v := flagOfWord(d.train, "--"+f.Name), choices[f.Name]
		switch {
		case v == "" || f.Name == "predict" && v == "labels":
		case !flag.IsBool() && strings.HasPrefix(v, "-"):
			words = append(words, "--"+f.Name+"="+v)
		case !flag.IsBool():
			words = append(words, "--"+f.Name, v)
		case v == "true":
			words = append(words, "--"+f.Name)
		case flag.Tag.Negatable != "":
			words = append(words, "--no-"+f.Name)
		}
	}
	return append(words, "-o", d.out), nil
}

// parseTrain returns the command of train that words are.
func parseTrain(words []string) (*trainCmd, error) {
	c := newCLI()
	_, err := newParser(c, io.Discard, io.Discard, func(int) {}).Parse(words)
	return &c.Train, err
}

// A settled is what train makes of choices, before it trains.
type settled struct {
	words []string
	cmd   *trainCmd
	data  *trainData
	o     train.Options
	lines []string // that train prints
}

// settle reads what train would read for choices, and decides what train would decide.
func (d *designer) settle(ctx context.Context, choices map[string]string) (s *settled, err error) {
	s = &settled{}
	if s.words, err = d.words(choices); err != nil {
		return nil, err
	}
	defer func() { err = d.problem(err) }()
	if s.cmd, err = parseTrain(s.words); err != nil {
		return nil, err
	}
	log := &lineWriter{line: func(l string) { s.lines = append(s.lines, l) }}
	a := &app{ctx: ctx, stdin: strings.NewReader(""), stdout: log, stderr: log, rawOut: io.Discard, rawErr: io.Discard}
	values, err := s.cmd.given(a)
	if err != nil {
		return nil, err
	}
	if err := s.cmd.checkNext(values); err != nil {
		return nil, err
	}
	if s.data, err = d.reading(a, s.cmd); err != nil {
		return nil, err
	}
	s.o, err = s.cmd.options(a, s.data.train, values)
	return s, err
}

// reading returns the data of a command, which are read only once.
func (d *designer) reading(a *app, c *trainCmd) (*trainData, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := c.Predict
	if c.kept = d.read[key]; c.kept != nil {
		return c.kept, nil
	}
	c.kept = &trainData{}
	set, _, err := c.data(a)
	if err != nil {
		return nil, err
	}
	if c.kept.train = set; c.kept.all == nil {
		c.kept.all = set
	}
	d.read[key] = c.kept
	return c.kept, nil
}

// Subject describes the data.
func (d *designer) Subject(ctx context.Context) (*web.Subject, error) {
	s, err := d.settle(ctx, nil)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	report.Data(plain.NewWriter(&b), d.data[0], s.data.train)
	return &web.Subject{Data: d.data[0], Lines: strings.Split(strings.TrimRight(b.String(), "\n"), "\n"), Examples: len(s.data.all.Examples),
		Sound: s.data.all.Kind == dataset.Audio && s.data.all.Rate > 0, Fields: d.fields}, nil
}

// Sketch describes the network that train would train.
func (d *designer) Sketch(ctx context.Context, choices map[string]string) (*web.Sketch, error) {
	s, err := d.settle(ctx, choices)
	if err != nil {
		return nil, err
	}
	out, err := train.NewOutline(s.data.train, s.o)
	if err != nil {
		return nil, d.problem(err)
	}
	var svg bytes.Buffer
	if err := report.WriteNetwork(&svg, out.Model); err != nil {
		return nil, err
	}
	k := &web.Sketch{Command: shellWords(append([]string{"inkling"}, s.words...)), Values: s.values(d.fields, out), Fields: s.fields(out), Picture: svg.Bytes()}
	for _, l := range report.Layers(out.Model) {
		k.Layers = append(k.Layers, web.Layer{Name: l.Name, Shapes: strings.Join(l.Tensors, ", "), Numbers: l.Values})
		k.Numbers += l.Values
	}
	k.Words = append(k.Words, s.lines...)
	if out.Median > 0 {
		k.Words = append(k.Words, stepWords(out))
	}
	for _, n := range out.Notes {
		k.Notes = append(k.Notes, web.Problem{Field: flagOfField(n.Field), Text: flags(n.Text)})
	}
	if _, err := os.Stat(d.out); err == nil {
		k.Train = d.out + " is there already: a training replaces it"
	}
	return k, nil
}

// stepWords says how many steps examples become.
func stepWords(o *train.Outline) string {
	if o.Least == o.Most {
		return fmt.Sprintf("an example becomes %d steps", o.Most)
	}
	return fmt.Sprintf("an example becomes %d to %d steps, half of them %d or more", o.Least, o.Most, o.Median)
}

// flagOfField returns the flag of a field of train.Options, without its hyphens.
func flagOfField(field string) string {
	switch field {
	case "Front.Samples":
		return "samples"
	case "Front.WindowMS":
		return "window"
	case "Front.HopMS":
		return "hop"
	case "Stem":
		return "stem"
	}
	flag, _ := flagFor("train.Options." + field)
	return strings.TrimPrefix(flag, "--")
}

// Words of messages of the front ends and stems, by the flag that they are about.
var wordsOfFlags = []struct {
	word *regexp.Regexp
	flag string
}{
	{regexp.MustCompile(`^(train: )?stem `), "stem"}, {regexp.MustCompile(`front end \S+ over `), "front"},
	{regexp.MustCompile(`front end .*\bsamples \d`), "samples"}, {regexp.MustCompile(`front end .*\bdecimate `), "decimate"}, {regexp.MustCompile(`front end .*\bdeltas `), "deltas"},
	{regexp.MustCompile(`front end .*\blags `), "lags"}, {regexp.MustCompile(`front end .*\bwindow_ms `), "window"}, {regexp.MustCompile(`front end .*\bhop_ms `), "hop"},
	{regexp.MustCompile(`front end .*\bbands `), "bands"}, {regexp.MustCompile(`front end .*\bmean_(prior|memory) `), "mean-prior"}, {regexp.MustCompile(`front end`), "front"}, {regexp.MustCompile(`preset`), "preset"}, {regexp.MustCompile(`confirm head`), "confirm"},
}

var flagInText = regexp.MustCompile(`--(?:no-)?([a-z][a-z-]*)`)

// problem returns an error as one of the field that it is about.
func (d *designer) problem(err error) error {
	if p := (*web.Problem)(nil); err == nil || errors.As(err, &p) || errors.Is(err, context.Canceled) {
		return err
	}
	p := &web.Problem{Text: strings.TrimPrefix(flags(err.Error()), "train: ")}
	for _, m := range flagInText.FindAllStringSubmatch(p.Text, -1) {
		if slices.ContainsFunc(d.fields, func(f web.Field) bool { return f.Name == m[1] }) {
			p.Field = m[1]
			return p
		}
	}
	for _, w := range wordsOfFlags {
		if w.word.MatchString(p.Text) {
			p.Field = w.flag
			break
		}
	}
	return p
}

// values returns what the fields are, also where nothing is chosen.
func (s *settled) values(fields []web.Field, out *train.Outline) map[string]string {
	c := &out.Model.Config
	f := c.Front
	v := map[string]string{"predict": "labels", "front": string(f.Kind), "samples": strconv.Itoa(f.Samples), "decimate": strconv.Itoa(f.Decimate),
		"lags": strconv.Itoa(f.Lags), "means": strconv.FormatBool(f.Means), "window": fmt.Sprint(f.WindowMS), "hop": fmt.Sprint(f.HopMS), "bands": strconv.Itoa(f.Bands), "mean-prior": fmt.Sprint(f.MeanPrior),
		"deltas": strconv.Itoa(f.Deltas), "stem": c.Stem.String(), "plain": strconv.FormatBool(s.cmd.Plain), "preset": string(s.cmd.Preset)}
	if n := c.Next; n != nil {
		v["predict"], v["loss"], v["residual"] = "next", string(n.Loss), strconv.FormatBool(n.Residual)
		v["quantiles"] = strings.Trim(strings.ReplaceAll(fmt.Sprint(n.Quantiles), " ", ","), "[]")
	}
	o := reflect.ValueOf(s.o)
	for _, d := range train.Declared() {
		if !slices.ContainsFunc(fields, func(f web.Field) bool { return f.Name == d.Flag }) {
			continue
		}
		switch x := o.FieldByName(d.Field); {
		case x.Kind() == reflect.Bool:
			v[d.Flag] = strconv.FormatBool(x.Bool() != (d.Field == "NoConfirm"))
		case d.Auto != "" && fmt.Sprint(x) == d.Default, x.IsZero() && d.Low > 0:
			v[d.Flag] = ""
		default:
			v[d.Flag] = fmt.Sprint(x)
		}
	}
	return v
}

// fields lists the fields that have a meaning with these choices.
func (s *settled) fields(out *train.Outline) []string {
	c := &out.Model.Config
	list := []string{"predict", "hidden", "layers", "epochs", "batch", "lr", "seed", "plain"}
	add := func(when bool, names ...string) {
		if when {
			list = append(list, names...)
		}
	}
	next := c.Next != nil
	add(s.o.Epochs == 0, "updates")
	add(!next, "running", "confirm", "preset", "dropout", "folds")
	add(!next && !c.Text(), "front", "stem")
	add(!next && c.Confirm && out.Model.HasRunning(), "confirm-evidence")
	add(!next && s.data.train.Kind == dataset.Audio, "detector")
	add(next && !c.Text(), "loss", "quantiles", "residual", "samples")
	switch c.Front.Kind {
	case feature.KindRaw:
		add(!next, "samples", "decimate", "deltas")
	case feature.KindStats:
		list = append(list, "samples", "lags", "means", "deltas")
	case feature.KindLogMel, feature.KindMFCC:
		list = append(list, "window", "hop", "bands", "mean-prior", "deltas")
	case feature.KindMoments:
		list = append(list, "window", "hop", "deltas")
	}
	return list
}
