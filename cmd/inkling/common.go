package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/internal/bundled"
	"inkling/internal/plain"
	"inkling/model"
)

// bundledNotes names the data and the model that come with the binary.
const bundledNotes = "bundled:notes"

func openModel(name string) (*model.Model, error) {
	if name == bundledNotes {
		return model.Load(bytes.NewReader(bundled.Model()))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w (a model is a file that `inkling train` wrote, or %s)", err, bundledNotes)
	}
	defer f.Close()
	m, err := model.Load(f)
	if err != nil {
		if audio.IsName(name) || capture.IsTable(name) || slices.Contains([]string{".txt", ".hea", ".ts"}, strings.ToLower(filepath.Ext(name))) {
			return nil, usagef("%s is no model: the model comes first, then the source or the data", name)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// openLabels is openModel for commands that need a model of labels.
func openLabels(name string) (*model.Model, error) {
	m, err := openModel(name)
	if err == nil && m.HasNext() {
		return nil, usagef("%s is a model of what comes next: give a model of labels", name)
	}
	return m, err
}

// logf writes a line to standard error, with flags for the fields that it names. A line
// feed at its beginning leaves a progress bar.
func (a *app) logf(format string, args ...any) {
	line, below := strings.CutPrefix(flags(fmt.Sprintf(format, args...)), "\n")
	if below {
		fmt.Fprintln(a.stderr)
	}
	fmt.Fprintln(a.stderr, plain.Text(line))
}

// data returns where data for programs go: to standard output as they are, but on a
// terminal with escapes, which mean the same in JSON.
func (a *app) data() io.Writer {
	if terminal(a.rawOut) {
		return a.stdout
	}
	return a.rawOut
}

// terminal reports whether w is a terminal.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// beside returns the name of a file that accompanies the model at path: sounds.csv and
// sounds.png for sounds.model.
func beside(path, ext string) string {
	base := path
	if i := strings.LastIndexByte(path, '.'); i > strings.LastIndexAny(path, `/\`) {
		base = path[:i]
	}
	return base + ext
}
