package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// manCommand prints a man page: of a command, or of the program. `inkling __man` alone lists
// the pages. Packages keep what it prints, so that the pages always fit the program.
const manCommand = "__man"

// man prints the page of a command, "" for the program's, or the list of pages.
func man(w io.Writer, app *kong.Application, words []string) error {
	if len(words) == 0 {
		fmt.Fprintln(w, "inkling")
		for _, c := range app.Children {
			if !c.Hidden {
				fmt.Fprintln(w, "inkling-"+c.Name)
			}
		}
		return nil
	}
	if words[0] == "inkling" {
		return manProgram(w, app)
	}
	name, _ := strings.CutPrefix(words[0], "inkling-")
	node := childOf(app.Node, name)
	if node == nil {
		return usagef("%s: there is no such page; `inkling %s` lists those that there are", words[0], manCommand)
	}
	return manPage(w, node)
}

func manHead(w io.Writer, name, help string) {
	fmt.Fprintf(w, ".TH %s 1 \"\" \"inkling %s\" \"inkling\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), version, name, roff(strings.TrimSuffix(help, ".")))
}

func manProgram(w io.Writer, app *kong.Application) error {
	what, more, _ := strings.Cut(app.Help, "\n")
	manHead(w, "inkling", strings.TrimPrefix(what, "inkling "))
	fmt.Fprintf(w, ".SH SYNOPSIS\n.B inkling\n.I COMMAND\n[\\fIFLAGS\\fR]\n.SH DESCRIPTION\n")
	manText(w, more)
	fmt.Fprintln(w, ".SH COMMANDS")
	for _, c := range app.Children {
		if !c.Hidden {
			fmt.Fprintf(w, ".TP\n.BR inkling-%s (1)\n%s\n", c.Name, roff(c.Help))
		}
	}
	fmt.Fprintln(w, ".SH EXIT STATUS\n0 for success, 1 for failure, 2 for wrong usage.")
	return nil
}

func manPage(w io.Writer, c *kong.Node) error {
	manHead(w, "inkling-"+c.Name, c.Help)
	fmt.Fprintf(w, ".SH SYNOPSIS\n.B inkling %s\n", c.Name)
	for _, p := range c.Positional {
		fmt.Fprintf(w, "%s\n", roff(p.Summary()))
	}
	fmt.Fprintln(w, "[\\fIFLAGS\\fR]\n.SH DESCRIPTION")
	manText(w, cmp.Or(c.Detail, c.Help))
	if len(c.Positional) > 0 {
		fmt.Fprintln(w, ".SH ARGUMENTS")
		for _, p := range c.Positional {
			fmt.Fprintf(w, ".TP\n.I %s\n%s\n", strings.ToUpper(p.Name), roff(p.Help))
		}
	}
	group := ""
	fmt.Fprintln(w, ".SH FLAGS")
	for _, flags := range c.AllFlags(true) {
		for _, f := range flags {
			if f.Group != nil && f.Group.Title != group {
				group = f.Group.Title
				fmt.Fprintf(w, ".SS %s\n", roff(group))
			}
			name := "\\-\\-" + roff(f.Name)
			if f.Short != 0 {
				name = fmt.Sprintf("\\-%c, %s", f.Short, name)
			}
			if !f.IsBool() {
				name += "=\\fI" + roff(f.FormatPlaceHolder()) + "\\fR"
			}
			fmt.Fprintf(w, ".TP\n\\fB%s\n%s\n", strings.Replace(name, "=", "\\fR=", 1), roff(f.Help))
			for _, e := range f.Envs {
				fmt.Fprintf(w, "The variable %s sets it as well.\n", e)
			}
		}
	}
	fmt.Fprintln(w, ".SH SEE ALSO\n.BR inkling (1)")
	return nil
}

// manText writes paragraphs; indented lines stay as they are.
func manText(w io.Writer, text string) {
	indented := false
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimSuffix(line, "\n")
		if in := strings.HasPrefix(line, "  "); in != indented {
			indented = in
			fmt.Fprintln(w, map[bool]string{true: ".nf", false: ".fi"}[in])
		}
		if line == "" {
			fmt.Fprintln(w, ".PP")
			continue
		}
		fmt.Fprintln(w, roff(line))
	}
	if indented {
		fmt.Fprintln(w, ".fi")
	}
}

// roff escapes text for a man page.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
