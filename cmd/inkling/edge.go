//go:build edge

package main

import (
	"net/http"
	"reflect"

	"github.com/alecthomas/kong"

	"inkling/model"
	"inkling/stream"
)

// This file is all that the small build for devices (-tags edge) has in place of what it
// leaves out. HACKING.md, Builds, says how to leave out more.

// build is what `inkling version` calls this build.
const build = " small"

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
