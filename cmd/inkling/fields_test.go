package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestFlagsReplaceFields(t *testing.T) {
	for message, want := range map[string]string{
		"train: the loss is no number: lower Options.LR or train.Options.Clip": "train: the loss is no number: lower --lr or --clip",
		"give feature.Config.Kind, segment.Config.Kind":                        "give --front, --segment",
		"stream.Options.Background, compose.Options.Background":                "--report-background, --background",
		"a/Config.txt, Options, Options.Unheard":                               "a/Config.txt, Options, Options.Unheard",
		`set TableOptions.Time to "-"`:                                         "set --columns time=-",
		"name the column: TableOptions.Label":                                  "name the column: --columns label=NAME",
	} {
		if got := flags(message); got != want {
			t.Errorf("%q becomes %q, want %q", message, got, want)
		}
	}
}

// Every flag that a field stands for is one of the command line's.
func TestFieldsHaveFlags(t *testing.T) {
	parser, err := kong.New(newCLI())
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			known["--"+f.Name] = true
		}
		return next(nil)
	})
	for field, flag := range flagOf {
		if name, _, _ := strings.Cut(flag, " "); !known[name] {
			t.Errorf("%s stands for %s, which is no flag", field, flag)
		}
	}
}

// Libraries name fields, and each that they name has a flag; they never name flags.
func TestLibrariesNameFields(t *testing.T) {
	names := regexp.MustCompile(`(^|[ (])--[a-z]`)
	foreign := regexp.MustCompile(`\b(nats|systemctl|journalctl|docker|dpkg|du|ps|inkling) [^:;]*`) // a whole command
	seen := 0
	for _, lit := range libraryText(t) {
		seen++
		if names.MatchString(foreign.ReplaceAllString(lit.text, "")) {
			t.Errorf("%s names a flag: name the field (package.Type.Field) and give it a flag in fields.go: %s", lit.at, lit.text)
		}
		for _, f := range fieldName.FindAllString(lit.text, -1) {
			if flags(f) == f {
				t.Errorf("%s names %s, which has no flag in fields.go", lit.at, f)
			}
		}
	}
	if seen < 1000 {
		t.Errorf("%d string literals in the libraries", seen)
	}
}

type literal struct{ at, text string }

// libraryText returns the string literals of every package but commands and tests.
func libraryText(t *testing.T) (list []literal) {
	root := filepath.Join("..", "..")
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{"cmd", "bench", "docs", "testdata", "testkit"}, d.Name()) || strings.HasPrefix(d.Name(), ".") && rel != "."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
				list = append(list, literal{fmt.Sprint(files.Position(s.Pos())), s.Value})
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
