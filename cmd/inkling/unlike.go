package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/model"
	"inkling/model/dataset"
)

// folder returns an error if name is a folder where a source of files is wanted.
func folder(name string) error {
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && (audio.IsName(e.Name()) || capture.IsTable(e.Name()) || filepath.Ext(e.Name()) == ".txt") {
			return usagef("%s is a folder: name its files, such as %s", name, filepath.Join(name, "*"+filepath.Ext(e.Name())))
		}
	}
	return usagef("%s is a folder without sounds, tables or texts of its own: name files; labelled folders are data for `inkling eval`", name)
}

// unlikeFiles refuses tables for a model of sound, unless --rate says that their rows are
// its samples, and tells if sound comes to a model of tables.
func unlikeFiles(a *app, m *model.Config, rate float64, names []string) error {
	if m == nil {
		return nil
	}
	for _, n := range names {
		if _, err := os.Stat(n); err != nil && !capture.IsTable(n) {
			continue // reported where it is opened
		}
		if capture.IsTable(n) && m.Sound() && rate == 0 {
			return tableForSound(n, m)
		}
		if audio.IsName(n) && len(m.Names) > 0 {
			a.logf("%s", soundForTable(n, m))
		}
	}
	return nil
}

func tableForSound(name string, m *model.Config) error {
	return usagef("%s is a table, and the model hears sound at %v Hz: give audio files, or a model trained on such tables; if each row is a sample of sound, say so with --rate %v", name, m.Rate, m.Rate)
}

func soundForTable(name string, m *model.Config) string {
	return fmt.Sprintf("%s is sound, and the model learned from tables with %s (%s): its labels mean nothing unless the file holds these signals", name, plural(len(m.Names), "the channel", "the channels"), strings.Join(m.Names, ", "))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// unlikeData does the same for labelled data, and tells if they lack frequencies that the
// model uses.
func unlikeData(a *app, m *model.Config, name string, set *dataset.Set) error {
	switch {
	case m == nil:
		return nil
	case set.Kind == dataset.Text && !m.Text() || set.Kind != dataset.Text && m.Text():
		return nil // refused where the examples are used
	case set.Kind == dataset.Series && len(set.Names) > 0 && m.Sound():
		return usagef("%s holds tables, and the model hears sound at %v Hz: give sounds, or a model trained on such tables", name, m.Rate)
	case set.Kind == dataset.Audio && len(m.Names) > 0:
		a.logf("%s", soundForTable(name, m))
	}
	if why := m.Unlike(set.LowRate); why != "" {
		a.logf("%s: %s", name, why)
	}
	return nil
}
