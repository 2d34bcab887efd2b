//go:build edge

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"inkling/internal/audio"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/stream"
	"inkling/stream/soak"
)

// This file is all that the small build for devices (-tags edge) has in place of what it
// leaves out. HACKING.md, Builds, says how to leave out more.

// build is what `inkling version` calls this build.
const build = " small"

// saveDaily is the default of --save-daily: cards wear.
const saveDaily byteSize = 40e6

// keepDaily is the default of --keep-daily.
const keepDaily byteSize = 100e6

// leftOut ends sentences about what this build does not have.
const leftOut = "is left out of this small build for devices: the complete one has it (go build ./cmd/inkling, without -tags edge)"

// absent is a command that this build leaves out.
type absent struct {
	Args []string `arg:"" optional:"" passthrough:"" hidden:""`
}

func (absent) Run(k *kong.Context) error {
	return usagef("%s %s", k.Selected().Name, leftOut)
}

type (
	benchCmd    = absent
	compareCmd  = absent
	composeCmd  = absent
	designCmd   = absent
	evalCmd     = absent
	exportCmd   = absent
	inspectCmd  = absent
	playCmd     = absent
	modelCmd    = absent
	plotCmd     = absent
	quantizeCmd = absent
	reviewCmd   = absent
	trainCmd    = absent
	tuneCmd     = absent
	topCmd      = absent
	verifyCmd   = absent
	workerCmd   = absent
	restoreCmd  = absent
)

func newCLI() *cli { return &cli{} }

// hideRare hides the commands that this build leaves out.
func hideRare(k *kong.Kong) {
	for _, node := range k.Model.Children {
		if node.Target.Type() == reflect.TypeFor[absent]() {
			node.Hidden = true
		}
	}
}

// trainFlag knows no flags of training.
func trainFlag(string) (string, bool) { return "", false }

// A page is what --http shows in a browser in complete builds.
type page struct{}

func newPage(string, bool) *page { return nil }

func (*page) Handler() http.Handler { return nil }
func (*page) Close()                {}
func (*page) Forget(string)         {}

func (v *vitals) shown(o *stream.Options) *stream.Options { return o }

func (v *vitals) where(a *app, _ *healthFlags, _ bool) { a.logf("the page %s", leftOut) }

func (f *correctFlags) check() error {
	if f.Corrections != "" {
		return usagef("--corrections %s: the page %s", f.Corrections, leftOut)
	}
	return nil
}

func (c *runCmd) show(*vitals, *session, *model.Model) {}

func (p *pipeline) show(*vitals, *session, string) {}

func (c *demoCmd) show(*app, *vitals, *model.Model, *stream.RunOptions) stream.Sink { return nil }

func drawSoak(*soak.Report, string) error { return nil }

// pictures refuses pictures, which this build does not draw.
func pictures(name string) error {
	if name != "" {
		return usagef("--plot %s: drawing %s; -o FILE.csv keeps the table", name, leftOut)
	}
	return nil
}

// soakProgress draws no bar, which weighs 60 kB.
func soakProgress(a *app) func(done, total float64) { return a.progressLines("soaking") }

// openExamples returns the sounds of a folder that has a folder for each label, as record
// makes it: reading all other data is left out.
func openExamples(_ *app, data, split string, rate float64, channels int) (*dataset.Set, error) {
	if split != "" && split != "all" {
		return nil, usagef("--split %s: reading splits %s", split, leftOut)
	}
	set := &dataset.Set{Kind: dataset.Audio, Rate: rate, Channels: channels}
	files, err := filepath.Glob(filepath.Join(data, "*", "*"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if !audio.IsName(name) {
			continue
		}
		label := filepath.Base(filepath.Dir(name))
		if !slices.Contains(set.Labels, label) { // they come sorted
			set.Labels = append(set.Labels, label)
		}
		clip, err := audio.DecodeFile(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if clip.Channels != channels || clip.Rate != rate {
			return nil, fmt.Errorf("%s has %d channels at %.6g Hz, and the model takes %d at %.6g: convert it; resampling data %s", name, clip.Channels, clip.Rate, channels, rate, leftOut)
		}
		set.Examples = append(set.Examples, dataset.Example{Name: name, Label: slices.Index(set.Labels, label), Samples: clip.Samples, Rate: rate})
	}
	if len(set.Examples) == 0 {
		return nil, usagef("%s: no sounds: this small build takes a folder with a folder of sounds for each label", data)
	}
	return set, nil
}
