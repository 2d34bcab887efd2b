package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"bytes"

	"inkling/internal/bundled"
	"inkling/model"
	"inkling/model/dataset"
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
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// dataFlags are those of every command that reads labelled data.
type dataFlags struct {
	Split   string            `help:"Examples of this split alone, or 'all'." placeholder:"NAME"`
	Labels  []string          `help:"Examples with these labels alone, comma-separated." placeholder:"A,B"`
	Columns map[string]string `help:"Names of the columns of a table of text, where they are others than text, label, split and group: text=NAME,label=NAME." mapsep:"," placeholder:"text=NAME"`
	SkipBad bool              `help:"Leave out files that cannot be read instead of giving up."`

	channels int // to make of audio; 0: what it has
}

// open reads DATA and tells on stderr what was noticed.
func (d *dataFlags) open(a *app, name string, rate float64) (*dataset.Set, error) {
	o := dataset.Options{Rate: rate, SkipBad: d.SkipBad, Channels: d.channels, Columns: d.Columns}
	var set *dataset.Set
	var err error
	if name == bundledNotes {
		set, err = dataset.OpenFS(bundled.Notes(), ".", o)
	} else if strings.HasPrefix(name, "bundled:") {
		return nil, usagef("%s: the only bundled data are %s", name, bundledNotes)
	} else {
		set, err = dataset.Open(name, o)
	}
	if err != nil {
		return nil, err
	}
	for _, n := range set.Notes {
		a.logf("%s: %s", name, n)
	}
	for _, e := range set.Skipped {
		a.logf("skipped: %v", e)
	}
	if len(d.Labels) > 0 {
		return set.Only(d.Labels)
	}
	return set, nil
}

// A byteSize is a number of bytes on the command line: 500MB, 1.5GB, 64KiB, 1000000.
type byteSize int64

func (b *byteSize) UnmarshalText(text []byte) error {
	s := strings.ToUpper(strings.TrimSpace(string(text)))
	number := strings.TrimRight(s, "BIKMGT")
	factor, ok := map[string]float64{"": 1, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "T": 1e12, "TB": 1e12,
		"KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}[s[len(number):]]
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !ok || !(v > 0) || v*factor > 1<<50 {
		return fmt.Errorf("%q is no size: give one such as 500MB or 2GiB", text)
	}
	*b = byteSize(max(v*factor, 1))
	return nil
}

func (a *app) logf(format string, args ...any) { fmt.Fprintf(a.stderr, format+"\n", args...) }

// terminal tells whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// beside is the name of a file that accompanies the model at path: sounds.model
// has sounds.csv and sounds.png.
func beside(path, ext string) string {
	base := path
	if i := strings.LastIndexByte(path, '.'); i > strings.LastIndexAny(path, `/\`) {
		base = path[:i]
	}
	return base + ext
}
