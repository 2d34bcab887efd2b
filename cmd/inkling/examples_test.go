package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// docs/examples/*.md are worked examples, and this runs them. A document is prose
// with blocks that begin with ```sh and end with ```; every line of them is one
// command of inkling,
//
//	inkling train data -o x.model
//	printf '1,2\n3,4\n' | inkling run x.model - --format csv
//
// with words in '…' or "…" where needed, and a # comment behind it at most: no
// other program, no redirection, no continued line. The commands of a document run
// in order in one empty folder that its maker has put data into, with relative
// names; each has to exit with 0. What cannot run here, a microphone say, stands in
// a block that does not begin with ```sh.
//
// To add a document, add its maker to makers. Its data are made by Go code out of
// nothing, or of bundled:notes, and small: the document's commands have their real
// options, and the maker's hidden ones are appended to inkling train, so that each
// takes about a second.
var makers = map[string]maker{
	"author.md":     {make: makeAuthors},
	"activity.md":   {make: makeWalks},
	"digit.md":      {make: makeDigits},
	"forecast.md":   {make: makeForecasts},
	"heartbeat.md":  {make: makeHeartbeats, hidden: []string{"--updates", "60", "--hidden", "12", "--lr", "0.01"}},
	"instrument.md": {make: makeInstruments},
}

// A maker prepares what a document needs.
type maker struct {
	make   func(t *testing.T, dir string)
	hidden []string // appended to inkling train [--updates 40 --hidden 16]
}

const examplesDir = "../../docs/examples"

func TestExamples(t *testing.T) {
	docs, err := filepath.Glob(filepath.Join(examplesDir, "*.md"))
	if err != nil || len(docs) < len(makers) {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	for _, doc := range docs {
		name := filepath.Base(doc)
		if name == "README.md" {
			continue // the list of them
		}
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { runExample(t, name, string(text)) })
	}
}

func runExample(t *testing.T, name, text string) {
	m, ok := makers[name]
	if !ok {
		t.Fatalf("%s has no maker: add one to makers", name)
	}
	commands, err := commandsOf(text)
	if err != nil {
		t.Fatalf("%s:%v", name, err)
	}
	if len(commands) == 0 {
		t.Fatalf("%s has no command", name)
	}
	if m.hidden == nil {
		m.hidden = []string{"--updates", "40", "--hidden", "16"}
	}
	dir := t.TempDir()
	m.make(t, dir)
	t.Chdir(dir)
	for _, c := range commands {
		if c.args[0] == "train" {
			c.args = append(c.args, m.hidden...)
		}
		began := time.Now()
		var out, log bytes.Buffer
		if code := run(context.Background(), c.args, strings.NewReader(c.stdin), &out, &log); code != 0 {
			t.Fatalf("%s:%d: inkling %s: exit %d\n%s", name, c.line, strings.Join(c.args, " "), code, log.String())
		}
		t.Logf("%5d ms  inkling %s", time.Since(began).Milliseconds(), strings.Join(c.args, " "))
	}
}

type command struct {
	line  int
	stdin string
	args  []string // without inkling
}

// commandsOf are the lines of the sh blocks of a document.
func commandsOf(text string) (list []command, err error) {
	block := ""
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			if block == "" {
				block = strings.TrimPrefix(line, "```") + " "
			} else {
				block = ""
			}
		case block == "sh " && line != "":
			c, err := parseCommand(line)
			if err != nil {
				return nil, fmt.Errorf("%d: %w: %s", n, err, line)
			}
			c.line = n
			list = append(list, c)
		}
	}
	if block != "" {
		return nil, fmt.Errorf("%d: a block is not closed", n)
	}
	return list, nil
}

func parseCommand(line string) (c command, err error) {
	words, err := shellWords(line)
	if err != nil {
		return c, err
	}
	if len(words) > 3 && words[0] == "printf" && words[2] == "|" {
		c.stdin = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`, "%%", "%").Replace(words[1])
		if words = words[3:]; len(words) < 2 || words[1] != "run" {
			return c, fmt.Errorf("printf may go into inkling run alone")
		}
	}
	if len(words) < 2 || words[0] != "inkling" {
		return c, fmt.Errorf("no command of inkling")
	}
	if i := slices.IndexFunc(words, func(w string) bool { return w == "|" || w == "\\" || w == "&" }); i >= 0 {
		return c, fmt.Errorf("%q is more than one command a line", words[i])
	}
	c.args = words[1:]
	return c, nil
}

// shellWords divides a line as a shell does, without expansions.
func shellWords(line string) (words []string, err error) {
	var word strings.Builder
	quote, open := rune(0), false
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == '#' && !open:
			return words, nil
		case r == ' ' || r == '\t':
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		case strings.ContainsRune("<>;$`*", r):
			return nil, fmt.Errorf("%q is the shell's: write plain words, or quote it", r)
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed")
	}
	return words, nil
}

func TestParseCommand(t *testing.T) {
	c, err := parseCommand(`printf '1,2\n%%' | inkling run "a b" - --format csv  # live`)
	if err != nil || c.stdin != "1,2\n%" || !slices.Equal(c.args, []string{"run", "a b", "-", "--format", "csv"}) {
		t.Errorf("%v, %v", c, err)
	}
	for _, line := range []string{"ls", "inkling", "inkling run m x | head -1", "inkling run m > x", "inkling run m \\", "printf 'x' | inkling eval m d", "inkling run 'm", "# nothing"} {
		if c, err := parseCommand(line); err == nil {
			t.Errorf("%s: %v", line, c)
		}
	}
	if _, err := commandsOf("```sh\ninkling version\n"); err == nil {
		t.Error("an open block was taken")
	}
}
