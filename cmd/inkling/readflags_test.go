package main

import (
	"slices"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command that reads labelled data knows the flags that say how to read it.
func TestReadersShareFlags(t *testing.T) {
	parser, err := kong.New(newCLI())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"columns", "signals", "time-unit", "unlabelled", "bridge", "fill", "train-files", "test-files",
		"split", "labels", "skip-bad", "records", "leads", "rate", "segment"}
	readers := []string{"train", "eval", "compose", "tune", "play", "inspect", "verify", "plot waveform", "plot confusion",
		"plot spectrogram", "plot accuracy", "plot reliability", "plot thresholds", "plot gates", "compare", "design", "quantize"}
	found := 0
	kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if n, ok := node.(*kong.Node); ok && n.Type == kong.CommandNode {
			name := n.Name
			if n.Parent != nil && n.Parent.Type == kong.CommandNode {
				name = n.Parent.Name + " " + name
			}
			has := func(flag string) bool {
				return slices.ContainsFunc(n.Flags, func(f *kong.Flag) bool { return f.Name == flag })
			}
			if !slices.Contains(readers, name) {
				if has("labels") {
					t.Errorf("%s reads labelled data, but is not among the readers", name)
				}
				return next(nil)
			}
			found++
			for _, flag := range want {
				if !has(flag) {
					t.Errorf("%s does not know --%s", name, flag)
				}
			}
		}
		return next(nil)
	})
	if found != len(readers) {
		t.Errorf("%d of %d commands found", found, len(readers))
	}
}
