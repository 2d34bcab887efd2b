package train

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/training.md")

//go:generate go test -run TestOptionsAreDocumented -update

const (
	tablesBegin = "<!-- begin of the tables, written by go generate ./model/train -->\n"
	tablesEnd   = "<!-- end of the tables -->\n"
)

// The tables of docs/training.md are those of the declarations.
func TestOptionsAreDocumented(t *testing.T) {
	const name = "../../docs/training.md"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), tablesBegin)
	_, after, ok2 := strings.Cut(rest, tablesEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the tables", name)
	}
	want := before + tablesBegin + tables() + tablesEnd + after
	if want == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s is out of date: go generate ./model/train", name)
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tables are one for each group, in Markdown.
func tables() string {
	var b strings.Builder
	group := ""
	for _, d := range Declared() {
		if d.Flag == "" {
			continue
		}
		if d.Group != group {
			group = d.Group
			fmt.Fprintf(&b, "\n### %s\n\n| option | default | range | what it does |\n| --- | --- | --- | --- |\n", group)
		}
		fmt.Fprintf(&b, "| `--%s` | %s | %s | %s |\n", d.Flag, documented(defaults(&d)), documented(d.Range()), documented(d.Help))
	}
	return b.String() + "\n"
}

func defaults(d *Option) string {
	text := d.Default
	switch {
	case d.Auto != "":
		text = d.Auto
	case d.Unit == "bytes":
		text = "1 GiB"
	case d.inverse:
		text = "on"
	case text == "":
		text = "off"
	}
	for _, p := range Presets() {
		if v, ok := d.Presets[p]; ok {
			text += fmt.Sprintf("; %s %s", p, strings.Replace(v, "true", "on", 1))
		}
	}
	return text
}

var fieldNames = regexp.MustCompile(`train\.Options\.(\w+)`)

// documented writes fields as flags.
func documented(text string) string {
	return fieldNames.ReplaceAllStringFunc(text, func(name string) string {
		for _, d := range Declared() {
			if "train.Options."+d.Field == name {
				return "`--" + d.Flag + "`"
			}
		}
		return name
	})
}
