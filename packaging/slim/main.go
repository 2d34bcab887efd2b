// Command slim writes what the go command needs to build inkling without most methods that
// nothing calls: a copy of go.mod, and a copy of kong that looks methods up by constant
// names alone. Kong finds the hooks of a command line by names that it holds in variables, so
// the linker has to keep every exported method of every type in the program; a fifth of the
// small binary is such methods. The copy wraps its help by itself, where kong has the parser of
// Go's comments, and the compression of WebSockets is that of the standard library, which is
// there anyway, instead of a second one.
//
//	go run ./packaging/slim DIR && go build -modfile=DIR/go.mod ./cmd/inkling
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const kong = "github.com/alecthomas/kong"

// hooks are the methods that kong looks up.
var hooks = []string{"AfterApply", "AfterRun", "BeforeApply", "BeforeReset", "BeforeResolve", "Help", "Run", "Validate"}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: slim DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "slim:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	from, err := output("go", "list", "-m", "-f", "{{.Dir}}", kong)
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	to := filepath.Join(dir, "kong")
	files, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, fmt.Errorf("no sources of kong in %q", from))
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, f := range append(files, filepath.Join(from, "go.mod")) {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		switch filepath.Base(f) {
		case "callbacks.go":
			b, err = constantNames(b)
		case "context.go":
			b, err = withoutProviders(b)
		case "help.go":
			b, err = plainHelp(b)
		}
		if err != nil {
			return fmt.Errorf("%s: %w: kong has changed: see packaging/slim", f, err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(f)), b, 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(to, "wrap.go"), []byte(wrap), 0o644); err != nil {
		return err
	}
	compress, err := writeFlate(dir)
	if err != nil {
		return err
	}
	_, err = output("go", "mod", "edit", "-replace", kong+"="+to, "-replace", klauspost+"="+compress, filepath.Join(dir, "go.mod"))
	return err
}

// constantNames has kong look methods up in a switch over the names that there are.
func constantNames(b []byte) ([]byte, error) {
	for _, r := range []struct{ old, new string }{
		{"value.MethodByName(name)", "methodOf(value, name)"},
		{"value.Addr().MethodByName(name)", "methodOf(value.Addr(), name)"},
		{"t.MethodByName(name)", "methodOfType(t, name)"},
	} {
		if !bytes.Contains(b, []byte(r.old)) {
			return nil, fmt.Errorf("it has no %s", r.old)
		}
		b = bytes.ReplaceAll(b, []byte(r.old), []byte(r.new))
	}
	var cases strings.Builder
	for _, h := range hooks {
		fmt.Fprintf(&cases, "\tcase %q:\n\t\treturn v.MethodByName(%[1]q)\n", h)
	}
	for _, f := range []string{
		"func methodOf(v reflect.Value, name string) reflect.Value", "func methodOfType(v reflect.Type, name string) (reflect.Method, bool)",
	} {
		b = fmt.Appendf(b, "\n%s {\n\tswitch name {\n%s\t}\n\tpanic(\"slim: kong looks for the method \" + name)\n}\n", f, cases.String())
	}
	return b, nil
}

// plainHelp has kong wrap text by wrap.
func plainHelp(b []byte) ([]byte, error) {
	for _, r := range []struct{ old, new string }{{"\t\"go/doc\"\n", ""}, {"doc.ToText(w, ", "wrap(w, "}, {"doc.ToText(buf, ", "wrap(buf, "}} {
		if !bytes.Contains(b, []byte(r.old)) {
			return nil, fmt.Errorf("it has no %s", r.old)
		}
		b = bytes.ReplaceAll(b, []byte(r.old), []byte(r.new))
	}
	return b, nil
}

// wrap is the source of what wraps paragraphs; indented lines stay as they are.
const wrap = `package kong

import (
	"io"
	"strings"
	"unicode/utf8"
)

func wrap(w io.Writer, text, _, code string, width int) {
	for i, p := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			io.WriteString(w, "\n")
		}
		at := 0
		for _, line := range strings.Split(p, "\n") {
			if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
				if at > 0 {
					io.WriteString(w, "\n")
					at = 0
				}
				io.WriteString(w, code+strings.TrimSpace(line)+"\n")
				continue
			}
			for _, word := range strings.Fields(line) {
				n := utf8.RuneCountInString(word)
				switch {
				case at > 0 && at+1+n > width:
					io.WriteString(w, "\n")
					at = 0
				case at > 0:
					io.WriteString(w, " ")
					at++
				}
				io.WriteString(w, word)
				at += n
			}
		}
		if at > 0 {
			io.WriteString(w, "\n")
		}
	}
}
`

const klauspost = "github.com/klauspost/compress"

// writeFlate writes a module in place of klauspost's, of which nats.go uses this much.
func writeFlate(dir string) (module string, err error) {
	module = filepath.Join(dir, "compress")
	if err := os.MkdirAll(filepath.Join(module, "flate"), 0o755); err != nil {
		return "", err
	}
	for name, text := range map[string]string{
		"go.mod": "module " + klauspost + "\n\ngo 1.24\n",
		"flate/flate.go": `package flate

import (
	"compress/flate"
	"io"
)

type (
	Writer   = flate.Writer
	Resetter = flate.Resetter
)

const BestSpeed = flate.BestSpeed

func NewReader(r io.Reader) io.ReadCloser                     { return flate.NewReader(r) }
func NewWriter(w io.Writer, level int) (*flate.Writer, error) { return flate.NewWriter(w, level) }
`} {
		if err := os.WriteFile(filepath.Join(module, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return module, nil
}

// withoutProviders leaves out the search for methods that begin with Provide: inkling has
// none.
func withoutProviders(b []byte) ([]byte, error) {
	begin, end := []byte("\t\t\t// Try value and pointer to value.\n"), []byte("\t\tif method.IsValid() {\n\t\t\tmethods = append(methods")
	i, j := bytes.Index(b, begin), bytes.Index(b, end)
	if i < 0 || j < i {
		return nil, errors.New("it does not search for providers where it did")
	}
	return append(append(bytes.Clone(b[:i]), "\t\t}\n"...), b[j:]...), nil
}

func output(name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
