// Command slim writes what the go command needs to build inkling without most methods that
// nothing calls: a copy of go.mod, and a copy of kong that looks methods up by constant
// names alone. Kong finds the hooks of a command line by names that it holds in variables, so
// the linker has to keep every exported method of every type in the program; a fifth of the
// small binary is such methods.
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
	_, err = output("go", "mod", "edit", "-replace", kong+"="+to, filepath.Join(dir, "go.mod"))
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
