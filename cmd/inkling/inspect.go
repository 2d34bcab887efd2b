//go:build !edge

package main

import (
	"encoding/json"
	"os"

	"inkling/model/dataset"
	"inkling/stream/report"
)

type inspectCmd struct {
	Name      string `arg:"" help:"A model file or labelled data; bundled:notes is both."`
	JSON      bool   `help:"Print the configuration of a model as JSON."`
	Picture   string `help:"Draw a model's network to this file, .png or .svg." placeholder:"FILE"`
	readFlags `group:"Data"`
}

func (c *inspectCmd) Run(a *app) error {
	if c.Name == bundledNotes || isFile(c.Name) && looksLikeModel(c.Name) {
		m, err := openModel(c.Name)
		if err != nil {
			return err
		}
		if c.Picture != "" {
			if err := report.Network(m, about(c.Name, m, ""), c.Picture); err != nil {
				return err
			}
			a.logf("wrote %s", c.Picture)
		}
		if c.JSON {
			enc := json.NewEncoder(a.data())
			enc.SetIndent("", "  ")
			return enc.Encode(&m.Config)
		}
		report.Model(a.stdout, c.Name, m)
		if c.Name != bundledNotes {
			return nil
		}
	}
	if c.Picture != "" && c.Name != bundledNotes {
		return usagef("--picture draws a model's network, and %s is none: for data there is `inkling plot waveform`", c.Name)
	}
	set, why, err := c.openAny(a, c.Name, 0)
	if err != nil {
		return err
	}
	if why != nil {
		a.logf("without labels, for train --predict next: %v", why)
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return err
		}
	}
	report.Data(a.stdout, c.Name, set)
	return nil
}

// openAny reads labelled data or, if why says that there are no labels, plain recordings.
func (f *readFlags) openAny(a *app, name string, rate float64) (set *dataset.Set, why, err error) {
	if set, err = f.open(a, name, rate); err == nil {
		return set, nil, nil
	}
	f.recordings = true
	if plain, perr := f.open(a, name, rate); perr == nil {
		return plain, err, nil
	}
	return nil, nil, err
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// looksLikeModel reports whether a file looks like a safetensors file: its ninth byte is
// the brace that opens the header.
func looksLikeModel(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [9]byte
	n, _ := f.Read(b[:])
	return n == len(b) && b[8] == '{'
}
