//go:build !edge

package main

import (
	"io"
	"os"
	"path/filepath"

	"inkling/internal/atomicfile"
	"inkling/model/export"
)

type exportCmd struct {
	Model string `arg:"" help:"A model file, float or integer, or bundled:notes."`
	C     string `name:"c" required:"" help:"Write inkling.h, inkling.c and main.c, C99, into this folder." placeholder:"DIR"`
	Steps int    `help:"The longest segment, in steps, that is confirmed; 0 leaves the confirm head out. The firmware's state has room for so many." default:"256"`
}

func (c *exportCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	files, notes, err := export.C(m, c.Steps)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.C, 0o777); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(c.C, f.Name)
		if err := atomicfile.WriteFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, f.Text)
			return err
		}); err != nil {
			return err
		}
		a.logf("wrote %s", path)
	}
	for _, n := range notes {
		a.logf("not in the code: %s", n)
	}
	return nil
}
