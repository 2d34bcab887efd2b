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
	readFlags `group:"Data"`
}

func (c *inspectCmd) Run(a *app) error {
	if c.Name == bundledNotes || isFile(c.Name) && looksLikeModel(c.Name) {
		m, err := openModel(c.Name)
		if err != nil {
			return err
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
	set, err := c.openAny(a)
	if err != nil {
		return err
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return err
		}
	}
	report.Data(a.stdout, c.Name, set)
	return nil
}

// openAny reads labelled data, or if there are no labels plain recordings.
func (c *inspectCmd) openAny(a *app) (*dataset.Set, error) {
	set, err := c.open(a, c.Name, 0)
	if err == nil {
		return set, nil
	}
	c.recordings = true
	if plain, perr := c.open(a, c.Name, 0); perr == nil {
		a.logf("without labels, for train --predict next: %v", err)
		return plain, nil
	}
	return nil, err
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
