package main

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"
)

// keyOf reports whether a flag of run is a key of pipelines.
func keyOf(flag string) bool { return slices.Contains(pipelineKeys(), flag) }

// exampleValue returns how the value of a flag is written: its default, or its placeholder.
func exampleValue(f *kong.Flag) string {
	switch {
	case f.IsBool():
		return "true"
	case f.Default != "":
		return tomlValue(f.Default)
	}
	return tomlValue(cmp.Or(f.PlaceHolder, "TEXT"))
}

func tomlValue(v string) string {
	if _, err := strconv.ParseFloat(v, 64); err == nil {
		return v
	}
	return strconv.Quote(v)
}
