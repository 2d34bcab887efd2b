package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"inkling/internal/testkit"
)

const examplesDir = "../../docs/examples"

// TestExamples runs docs/examples/*.md. Each line of a block that begins with ```sh is
// one command of inkling, a line of a testscript as it stands:
//
//	inkling train data -o x.model
//	printf '1,2\n3,4\n' | inkling run x.model - --format csv
//
// Words may be quoted with '…', and a # comment may follow; there is no other program, no
// redirection and no continued line. The commands of a document run in order in a folder
// that the maker of its name has put data into, with relative names; each must exit with
// 0. What cannot run here, a microphone say, stands in a block that does not begin with
// ```sh. The commands have their real options; the maker's hidden ones are appended to
// inkling train.
//
// To add a document, add its maker to makers.
func TestExamples(t *testing.T) {
	docs, err := filepath.Glob(filepath.Join(examplesDir, "*.md"))
	if err != nil || len(docs) < 6 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	dir := t.TempDir()
	var scripts []string
	for _, doc := range docs {
		name := strings.TrimSuffix(filepath.Base(doc), ".md")
		if name == "README" || name == "sensor" {
			continue // the list of them; what TestDocuments runs, with a real server
		}
		if makers[name].make == nil {
			t.Fatalf("%s.md has no maker: add one to makers", name)
		}
		script, err := scriptOf(string(testkit.ReadFile(t, doc)), makers[name].hidden)
		if err != nil {
			t.Fatalf("%s:%v", doc, err)
		}
		scripts = append(scripts, testkit.WriteFile(t, dir, name+".txtar", []byte("make "+name+"\n"+script)))
	}
	testscript.Run(t, testscript.Params{Files: scripts, Cmds: (&updates{}).commands(), Setup: environment})
}

// command is what a line of a document may be.
var command = regexp.MustCompile(`^(?:printf ('[^']*') \| )?(inkling (\w+)(?: '[^']*'| [^\s'"<>|&;$` + "`" + `*\\#]+)*)(?:\s+#.*)?$`)

// scriptOf is a testscript of the sh blocks of a document.
func scriptOf(text, hidden string) (string, error) {
	if hidden == "" {
		hidden = "--updates 40 --hidden 16"
	}
	var script strings.Builder
	block, n, commands := "", 0, 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			if block == "" {
				block = line
			} else {
				block = ""
			}
			continue
		}
		if block != "```sh" || line == "" {
			continue
		}
		m := command.FindStringSubmatch(line)
		if m == nil {
			return "", fmt.Errorf("%d: want one command of inkling: %s", n, line)
		}
		commands++
		if m[1] != "" {
			fmt.Fprintf(&script, "write stdin-%d %s\nstdin stdin-%[1]d\n", n, m[1])
		}
		script.WriteString(m[2])
		if m[3] == "train" {
			script.WriteString(" " + hidden)
		}
		fmt.Fprintf(&script, " # line %d\n", n)
	}
	if block != "" {
		return "", fmt.Errorf("%d: a block is not closed", n)
	}
	if commands == 0 {
		return "", fmt.Errorf("%d: there is no command", n)
	}
	return script.String(), nil
}

func TestScriptOf(t *testing.T) {
	doc := "text\n```sh\ninkling train 'a b' -o m  # learn\nprintf '1,2\\n%%' | inkling run m - --format csv\n```\n```\nls\n```\n"
	got, err := scriptOf(doc, "--epochs 1")
	want := "inkling train 'a b' -o m --epochs 1 # line 3\nwrite stdin-4 '1,2\\n%%'\nstdin stdin-4\ninkling run m - --format csv # line 4\n"
	if got != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, line := range []string{"ls", "inkling", "inkling run m x | head -1", "inkling run m > x", "inkling run m \\", "printf 'x' | inkling", "inkling run 'm", "inkling run $m", "# nothing"} {
		if script, err := scriptOf("```sh\n"+line+"\n```\n", ""); err == nil {
			t.Errorf("%s was accepted as %q", line, script)
		}
	}
	for _, doc := range []string{"```sh\ninkling version\n", "no command"} {
		if _, err := scriptOf(doc, ""); err == nil {
			t.Errorf("%q was accepted", doc)
		}
	}
}
