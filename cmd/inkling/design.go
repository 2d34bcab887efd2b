//go:build !edge

package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"inkling/stream/health"
	"inkling/stream/web"
)

type designCmd struct {
	trainFlags
	Out     string  `short:"o" name:"out" help:"Model file that a training writes [DATA.model, in this folder]." placeholder:"MODEL"`
	HelpAll helpAll `help:"Show all flags."`

	healthFlags `group:"Page"`
	NoBrowser   bool `help:"Do not open the page in a browser." group:"Page"`
}

// designOnly are the flags of design that train does not have; --out is given to train anew.
var designOnly = []string{"out", "http", "http-host", "http-token", "no-browser", "help-all"}

// Help says what the page is.
func (*designCmd) Help() string {
	return `Opens a page on which one chooses front end, stem, layers, units and heads for the data, sees the network with its sizes and parameters, and the train command that makes it, to copy or to run with its curves live. Examples can be heard and seen by number. The flags are those of train; they are what the page begins with.`
}

func (c *designCmd) Run(a *app) error {
	if c.HTTP == "" {
		c.HTTP = "127.0.0.1:0"
	}
	if err := c.checkToken(); err != nil {
		return err
	}
	d, err := newDesigner(a, c)
	if err != nil {
		return err
	}
	if _, err := d.Subject(a.ctx); err != nil { // what is wrong with the data is told here
		return err
	}
	v := &vitals{}
	page := web.NewDesign(web.Options{Token: c.HTTPToken, Open: health.Open(c.HTTP)}, d)
	end, err := c.serve(a, v, page)
	if err != nil {
		return err
	}
	defer end()
	if !c.NoBrowser {
		if err := browse(withToken(v.address, c.HTTPToken)); err != nil {
			a.logf("no browser opens here (%v): open the page in one yourself", err)
		}
	}
	a.logf("it stays until Ctrl-C")
	<-a.ctx.Done()
	return nil
}

// modelOf returns the name of a model of data, in this folder.
func modelOf(data string) string {
	_, name, bundled := strings.Cut(data, ":")
	if !bundled || strings.ContainsAny(name, `/\`) {
		name = filepath.Base(filepath.Clean(data))
	}
	if ext := filepath.Ext(name); len(ext) > 1 && len(ext) < len(name) && len(ext) <= 6 {
		name = strings.TrimSuffix(name, ext)
	}
	if strings.Trim(name, `./\`) == "" {
		name = "data"
	}
	return name + ".model"
}

// A givenFlag is a flag with its value, as somebody gave it on a command line.
type givenFlag struct {
	name  string   // of the flag
	words []string // one or two
}

// sorted divides the words of a command line that the parser has accepted into flags and
// the others.
func sorted(node *kong.Node, words []string) (flags []givenFlag, others []string) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w == "--" {
			return flags, append(others, words[i+1:]...)
		}
		f := flagOfWord(node, w)
		if f == nil {
			others = append(others, w)
			continue
		}
		long := strings.HasPrefix(w, "--")
		for !long && f != nil && f.IsBool() && len(w) > 2 { // -qo is -q -o
			flags = append(flags, givenFlag{f.Name, []string{w[:2]}})
			w = "-" + w[2:]
			f = flagOfWord(node, w)
		}
		if f == nil {
			continue
		}
		g := givenFlag{f.Name, []string{w}}
		if alone := long && !strings.Contains(w, "=") || !long && len(w) == 2; alone && !f.IsBool() && i+1 < len(words) {
			i++
			g.words = append(g.words, words[i])
		}
		flags = append(flags, g)
	}
	return flags, others
}

// flagOfWord returns the flag that a word names; nil if it names none.
func flagOfWord(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	for _, f := range node.Flags {
		switch {
		case strings.HasPrefix(word, "--") && (name == f.Name || name == "no-"+f.Name),
			!strings.HasPrefix(word, "--") && len(word) > 1 && word[0] == '-' && f.Short != 0 && strings.HasPrefix(word[1:], string(f.Short)):
			return f
		}
	}
	return nil
}

// commandNode returns the model of a subcommand.
func commandNode(name string) *kong.Node {
	for _, n := range newParser(newCLI(), io.Discard, io.Discard, func(int) {}).Model.Children {
		if n.Name == name {
			return n
		}
	}
	panic("there is no command " + name)
}

// shellWords joins words so that a shell takes them apart again.
func shellWords(words []string) string {
	quoted := slices.Clone(words)
	for i, w := range quoted {
		if w == "" || strings.ContainsFunc(w, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r) || r > 127)
		}) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
