package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"inkling/model"
	"inkling/stream/serve"
)

type serveCmd struct {
	Config      string `arg:"" optional:"" help:"The configuration: a TOML file with a table [pipeline.NAME] for each pipeline."`
	Check       bool   `help:"Say what is wrong with the configuration and its models, and run nothing."`
	Example     bool   `help:"Print an annotated configuration with every key."`
	healthFlags `group:"Page and health"`
}

func (c *serveCmd) Run(a *app) error {
	if c.Example {
		_, err := a.stdout.Write(exampleConfig())
		return err
	}
	if c.Config == "" {
		return usagef("give a configuration; `inkling serve --example` prints one")
	}
	s, err := loadService(a, c.Config)
	if err != nil {
		return mistakes(a, c.Config, err)
	}
	if c.HTTP == "" {
		c.HTTP = s.health.HTTP
	}
	c.HTTPHost = append(c.HTTPHost, s.health.HTTPHost...)
	c.HTTPToken = cmp.Or(c.HTTPToken, s.health.HTTPToken)
	if err := s.checkHealth(c.HTTP); err != nil {
		return usageError{err}
	}
	if c.Check {
		a.logf("%s: %d %s, nothing wrong", c.Config, len(s.pipelines), plural(len(s.pipelines), "pipeline", "pipelines"))
		return nil
	}
	v, end, err := c.healthFlags.start(a)
	if err != nil {
		return err
	}
	defer end()
	a.http = c.HTTP
	defer v.watch(a)()
	return s.serve(a, v)
}

// mistakes prints all that is wrong with a configuration, a line each, if it is more than
// one thing, and returns the error of the command.
func mistakes(a *app, file string, err error) error {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok || len(all.Unwrap()) == 1 {
		return usageError{err}
	}
	n := 0
	for line := range strings.Lines(err.Error()) {
		a.logf("%s", strings.TrimSuffix(line, "\n"))
		n++
	}
	return usagef("%s: %d mistakes", file, n)
}

// A service is what a configuration says.
type service struct {
	config    *serve.Config
	health    healthFlags
	pipelines []*pipeline
}

// loadService reads a configuration and the models that it names, each once. The error
// joins all that is wrong.
func loadService(a *app, file string) (*service, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%w (`inkling serve --example` prints a configuration)", err)
	}
	return readService(a, file, bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
}

func readService(a *app, file string, data []byte) (*service, error) {
	config, err := serve.Parse(file, data, serve.Known{Process: processKeys(), Pipeline: pipelineKeys()})
	if config == nil {
		return nil, err
	}
	s := &service{config: config}
	errs := []error{err}
	parser := parserOf(&s.health)
	var args []string
	for i := range config.Process.Keys {
		args = append(args, flagsOf(parser, &config.Process.Keys[i])...)
	}
	if _, err := parser.Parse(args); err != nil {
		errs = append(errs, config.Wrong(&config.Process, "", errors.New(keysFor(err))))
	}
	models := map[string]*model.Model{}
	for _, t := range config.Pipelines {
		p, err := pipelineOf(config, t)
		if err == nil {
			s.pipelines = append(s.pipelines, p)
			err = p.load(a, config, models)
		}
		errs = append(errs, err)
	}
	errs = append(errs, alone(config, s.pipelines)...)
	return s, errors.Join(errs...)
}

// checkHealth refuses what needs --http if that is not given.
func (s *service) checkHealth(http string) error {
	for _, p := range s.pipelines {
		if p.cmd.StaleAfter != 0 && http == "" {
			return s.config.Wrong(p.table, "stale-after", errors.New(`it shows at http: write http = "127.0.0.1:8177" at the top of the file`))
		}
	}
	return nil
}

//go:embed serve.toml
var exampleTop []byte

// exampleConfig returns a configuration with a comment for every key that there is.
func exampleConfig() []byte {
	b := bytes.NewBuffer(bytes.Clone(exampleTop))
	for _, f := range parserOf(&runCmd{}).Model.Flags {
		if keyOf(f.Name) {
			fmt.Fprintf(b, "\n# %s\n# %s = %s\n", keysFor(errors.New(f.Help)), f.Name, exampleValue(f))
		}
	}
	return b.Bytes()
}
