package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd prints a script for a shell. The script asks inkling itself, by
// completeCommand, so that it need not be renewed with the program.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help says how to use the script.
func (completionCmd) Help() string {
	return `Put the line of your shell into its file:

    ~/.bashrc                     eval "$(inkling completion bash)"
    ~/.zshrc, after compinit      eval "$(inkling completion zsh)"
    ~/.config/fish/config.fish    inkling completion fish | source`
}

func (c completionCmd) Run(a *app) error {
	_, err := io.WriteString(a.data(), completionScripts[c.Shell])
	return err
}

// completeCommand, with the words of a command line, prints what the last of them may
// become: a candidate a line, with a tab and its help. If there is none, the shell
// completes the name of a file.
const completeCommand = "__complete"

var completionScripts = map[string]string{
	"bash": `_inkling() {
  local IFS=$'\n'
  COMPREPLY=($(inkling __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _inkling inkling
`,
	"zsh": `_inkling() {
  local -a found
  found=("${(@f)$(inkling __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${(@)found//:/\\:}")
  found=("${(@)found/$'\t'/:}")
  if [[ -n $found[1] ]]; then
    _describe inkling found
  else
    _files
  fi
}
compdef _inkling inkling
`,
	"fish": `function __inkling_complete
  set -l before (commandline -opc)
  set -l last (commandline -ct)
  inkling __complete $before[2..-1] "$last" 2>/dev/null
end
complete -c inkling -a '(__inkling_complete)'
`,
}

// complete prints what the last of words may become.
func complete(w io.Writer, app *kong.Application, words []string) {
	words = slices.DeleteFunc(slices.Clone(words), func(s string) bool { return s == "=" }) // bash makes it a word
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	node, value, args := app.Node, (*kong.Flag)(nil), 0
	for _, word := range words[:len(words)-1] {
		name, _, whole := strings.Cut(word, "=")
		child := childOf(node, word)
		switch {
		case value != nil:
			value = nil
		case strings.HasPrefix(word, "-"):
			if f := flagOfNode(node, name); f != nil && !f.IsBool() && !whole {
				value = f
			}
		case child != nil:
			node, args = child, 0
		default:
			args++
		}
	}
	for _, c := range candidates(node, value, args, last) {
		if strings.HasPrefix(c[0], last) {
			help, _, _ := strings.Cut(c[1], "\n")
			fmt.Fprintf(w, "%s\t%s\n", c[0], help)
		}
	}
}

// candidates returns what may follow, with its help: the value of a flag, flags, commands,
// or the values of an argument.
func candidates(node *kong.Node, value *kong.Flag, args int, last string) (found [][2]string) {
	enum := func(before string, v *kong.Value) {
		for _, e := range v.EnumSlice() {
			if e != "" && v.Enum != "" {
				found = append(found, [2]string{before + e, ""})
			}
		}
	}
	name, _, whole := strings.Cut(last, "=")
	switch {
	case value != nil:
		enum("", value.Value)
	case whole:
		if f := flagOfNode(node, name); f != nil {
			enum(name+"=", f.Value)
		}
	case strings.HasPrefix(last, "-"):
		for _, group := range node.AllFlags(false) {
			for _, f := range group {
				if !f.Tag.Hidden {
					found = append(found, [2]string{"--" + f.Name, f.Help})
				}
			}
		}
	case args < len(node.Positional):
		enum("", node.Positional[args])
	default:
		for _, c := range node.Children {
			if !c.Hidden {
				found = append(found, [2]string{c.Name, c.Help})
			}
		}
	}
	return found
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, c := range node.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// flagOfNode returns the flag that is written as word, --name or -n.
func flagOfNode(node *kong.Node, word string) *kong.Flag {
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if word == "--"+f.Name || f.Short != 0 && word == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}
