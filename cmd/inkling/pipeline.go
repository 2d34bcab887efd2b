package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/kong"

	"inkling/model"
	"inkling/stream"
	"inkling/stream/serve"
)

// A pipeline is one of serve: what a table of the configuration says, as `inkling run`
// would have been told.
type pipeline struct {
	table *serve.Table
	cmd   *runCmd
	args  []string // that say the same to `inkling run`; args and path are of the last change
	path  string   // of the model
	choice
}

// A choice is the model and the options that streams go on with, which may change.
type choice struct {
	turn stream.Switch

	mu      sync.Mutex // guards what follows
	model   *model.Model
	options *stream.Options
}

// now returns the model and the options that a run begins with.
func (c *choice) now() (*model.Model, *stream.Options) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.model, c.options
}

// parserOf returns the parser of the flags of v, a struct.
func parserOf(v any) *kong.Kong {
	k, err := kong.New(v, kong.Name("inkling"), kong.NoDefaultHelp(), kong.Exit(func(int) {}))
	if err != nil {
		panic(err)
	}
	return k
}

func flagNames(k *kong.Kong) (names []string) {
	for _, f := range k.Model.Flags {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	return names
}

// processKeys are the keys that stand outside of pipelines.
func processKeys() []string { return flagNames(parserOf(&healthFlags{})) }

// pipelineKeys are those of a pipeline: all that run knows, but for what is the process's
// and for having a model write text.
func pipelineKeys() []string {
	others := append(processKeys(), flagNames(parserOf(&continueFlags{}))...)
	keys := flagNames(parserOf(&runCmd{}))
	return append([]string{"model", "source"}, slices.DeleteFunc(keys, func(k string) bool { return slices.Contains(others, k) })...)
}

// flagsOf returns the flags that say what a key says; k is of a flag of parser.
func flagsOf(parser *kong.Kong, k *serve.Key) (args []string) {
	i := slices.IndexFunc(parser.Model.Flags, func(f *kong.Flag) bool { return f.Name == k.Name })
	flag := parser.Model.Flags[i]
	for _, v := range k.Values {
		if k.List && flag.IsSlice() && flag.Tag.Sep != -1 {
			v = strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), string(flag.Tag.Sep), `\`+string(flag.Tag.Sep))
		}
		args = append(args, "--"+k.Name+"="+v)
	}
	return args
}

// pipelineOf reads a pipeline of c as run reads its command line. The error joins all that is
// wrong with it.
func pipelineOf(c *serve.Config, t *serve.Table) (*pipeline, error) {
	p := &pipeline{table: t, cmd: &runCmd{}}
	var errs []error
	parser := parserOf(p.cmd)
	given := map[string][]string{}
	for i := range t.Keys {
		k := &t.Keys[i]
		switch {
		case k.Name == "model" || k.Name == "source":
			given[k.Name] = k.Values
		case len(k.Values) > 1 && !isSlice(parser, k.Name):
			errs = append(errs, c.Wrong(t, k.Name, errors.New("give one value, not a list")))
		default:
			args := flagsOf(parser, k)
			if err := parses(append(slices.Clone(args), "--", "model", "source")); err != nil {
				errs = append(errs, c.Wrong(t, k.Name, without(k.Name, keysFor(err))))
				continue
			}
			p.args = append(p.args, args...)
		}
	}
	if len(given["model"]) != 1 || given["model"][0] == "" {
		errs = append(errs, c.Wrong(t, "model", errors.New(`give one model, such as model = "sounds.model"`)))
	}
	if t.Key("source") == nil && t.Key("service") == nil {
		errs = append(errs, c.Wrong(t, "source", errors.New(`give a source, such as source = "mic" or source = "nats:sensors.>", or a service that answers requests`)))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	p.path = given["model"][0]
	p.args = append(append(append(p.args, "--"), given["model"]...), given["source"]...)
	if _, err := parser.Parse(p.args); err != nil {
		return nil, c.Wrong(t, "", errors.New(keysFor(err)))
	}
	return p, nil
}

// parses reports what is wrong with arguments of run.
func parses(args []string) error {
	parsed, err := parserOf(&runCmd{}).Parse(args)
	if err != nil {
		return err
	}
	return checkRanges(givenFlags(parsed))
}

func isSlice(parser *kong.Kong, name string) bool {
	return slices.ContainsFunc(parser.Model.Flags, func(f *kong.Flag) bool { return f.Name == name && f.IsSlice() })
}

// load loads the model of p, or takes it from models, and checks the options against it.
func (p *pipeline) load(a *app, c *serve.Config, models map[string]*model.Model) error {
	err := p.cmd.checkSource()
	if err != nil {
		return p.wrong(c, "source", err)
	}
	if p.model = models[p.cmd.Model]; p.model == nil {
		if p.model, err = openModel(p.cmd.Model); err != nil {
			return p.wrong(c, "model", err)
		}
		models[p.cmd.Model] = p.model
	}
	if err = p.cmd.renamed(a, p.model); err == nil {
		p.options, err = p.cmd.options(p.model)
	}
	if err != nil {
		return p.wrong(c, "", err)
	}
	return nil
}

// wrong returns an error about a key; "": about the first one that its text names.
func (p *pipeline) wrong(c *serve.Config, key string, err error) error {
	text := keysFor(err)
	if m := flagName.FindStringSubmatch(flags(err.Error())); key == "" && m != nil && p.table.Key(m[1]) != nil {
		key = m[1]
	}
	return c.Wrong(p.table, key, without(key, text))
}

// without returns an error of a text, without the key that stands before it anyway.
func without(key, text string) error {
	if rest, ok := strings.CutPrefix(text, key+": "); ok && key != "" {
		return errors.New(rest)
	}
	if rest, ok := strings.CutPrefix(text, key+" "); ok && key != "" {
		return errors.New(rest)
	}
	return errors.New(text)
}

// flagName matches a flag in a message.
var flagName = regexp.MustCompile(`--([a-z][a-z0-9-]*)`)

// keysFor returns a message that names keys where it named flags and fields.
func keysFor(err error) string { return flagName.ReplaceAllString(flags(err.Error()), "$1") }

// input names what two pipelines cannot both read; "": they can.
func (p *pipeline) input() (device string) {
	if len(p.cmd.Source) == 0 {
		return ""
	}
	switch kind, name, _ := strings.Cut(p.cmd.Source[0], ":"); {
	case kind == "-":
		return "standard input"
	case kind == "mic":
		if name == "" {
			name = p.cmd.Device
		}
		return strings.TrimSpace("the microphone " + strings.ToLower(name))
	}
	return ""
}

// alone returns errors for inputs that several of the pipelines would read.
func alone(c *serve.Config, all []*pipeline) (errs []error) {
	first, keeps := map[string]*pipeline{}, map[string]*pipeline{}
	for _, p := range all {
		if dir := filepath.Clean(p.cmd.Keep); p.cmd.Keep != "" {
			if other := keeps[dir]; other != nil {
				errs = append(errs, c.Wrong(p.table, "keep", fmt.Errorf("%s is the folder of pipeline %s already: give each pipeline its own", dir, other.table.Name)))
			}
			keeps[dir] = p
		}
		switch in := p.input(); {
		case in == "":
		case first[in] == nil:
			first[in] = p
		case p.cmd.sourceKey() != "" && p.cmd.sourceKey() == first[in].cmd.sourceKey():
		default:
			errs = append(errs, c.Wrong(p.table, "source", fmt.Errorf("%s is read by pipeline %s already, and cannot be read twice: give another source, the same rate and channels in both if it is a microphone, or have a program publish it on a NATS subject that both read",
				in, first[in].table.Name)))
		}
	}
	return errs
}
