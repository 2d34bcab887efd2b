package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"inkling/model/feature"
	"inkling/model/segment"
)

// Flags that change nothing are told, as nobody gives a flag in order that nothing changes.
// Tags of their fields say when that is so:
//
//	with:"FLAG"            without the flag FLAG, in commands that have it
//	segments:"KIND,KIND"   with other segmenters
//	fronts:"KIND,KIND"     with other front ends

// givenFlags lists the flags of a command line.
func givenFlags(parsed *kong.Context) (given []*kong.Flag) {
	for _, p := range parsed.Path {
		if p.Flag != nil && !slices.Contains(given, p.Flag) {
			given = append(given, p.Flag)
		}
	}
	return given
}

// tellIdle tells of flags that change nothing without another flag, which was not given.
func (a *app) tellIdle(command *kong.Node) {
	has := func(flags []*kong.Flag, name string) bool {
		return slices.ContainsFunc(flags, func(f *kong.Flag) bool { return f.Name == name })
	}
	for _, f := range a.given {
		needs := f.Tag.Get("with")
		if needs == "" || has(a.given, needs) || command == nil || !has(command.Flags, needs) {
			continue
		}
		a.logf("--%s changes nothing without --%s", f.Name, needs)
	}
}

// tellOtherSegments tells of flags of other segmenters than kind.
func (a *app) tellOtherSegments(kind segment.Kind) {
	a.tellOther("segments", string(kind), "segmenter")
}

// tellOtherFronts tells of flags of other front ends than kind.
func (a *app) tellOtherFronts(kind feature.Kind) { a.tellOther("fronts", string(kind), "front end") }

func (a *app) tellOther(tag, kind, what string) {
	for _, f := range a.given {
		if of := f.Tag.Get(tag); of != "" && !slices.Contains(strings.Split(of, ","), kind) {
			a.logf("--%s changes nothing: it is of the %s %s, and this one is %s", f.Name, what, strings.ReplaceAll(of, ",", " or "), kind)
		}
	}
}
