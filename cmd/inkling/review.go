//go:build !edge

package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"inkling/capture/mic"
	"inkling/internal/audio"
	"inkling/internal/table"
	"inkling/model/dataset"
	"inkling/stream/keep"
)

type reviewCmd struct {
	Dir    string   `arg:"" help:"The folder of run --keep."`
	To     string   `help:"The folder that corrections go to, a data set to train on [DIR/corrected]." placeholder:"DIR"`
	Labels []string `name:"add-labels" help:"Labels that have a key, beside those of the segments, comma-separated." placeholder:"A,B"`
	N      int      `short:"n" help:"Show this many segments [all]." placeholder:"N"`
	All    bool     `help:"Also show segments that have been reviewed before."`
	CSV    bool     `help:"Print the segments as a table, with a column truth to fill in, and ask nothing."`
	Read   string   `help:"Take the column truth of such a table: FILE, or - for standard input." placeholder:"FILE.csv"`
	Device string   `help:"Output device, by name or a part of it."`
}

func (c *reviewCmd) Run(a *app) error {
	c.To = cmp.Or(c.To, keep.CorrectedDir(c.Dir))
	if c.N < 0 {
		return usagef("-n %d: give 1 or more", c.N)
	}
	if c.CSV && c.Read != "" {
		return usagef("--csv prints a table and --read reads one: leave one of them out")
	}
	kept, err := keep.ReadIndex(c.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: `inkling run MODEL SOURCE --keep %s` fills such a folder", err, c.Dir)
	}
	if err != nil {
		return err
	}
	if c.Read != "" {
		return c.read(a, kept)
	}
	said, err := keep.Corrections(c.To)
	if err != nil {
		return err
	}
	clips := kept
	if !c.All {
		clips = keep.Unseen(kept, said)
	}
	if clips = keep.Worth(clips); c.N > 0 {
		clips = clips[:min(c.N, len(clips))]
	}
	if c.CSV {
		return c.print(a.data(), clips)
	}
	if len(clips) == 0 {
		a.logf("%s: all of its %d segments have been reviewed", c.Dir, len(kept))
		return nil
	}
	f, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return usagef("review asks on a terminal: give --csv and --read for scripts")
	}
	state, err := term.MakeRaw(int(f.Fd()))
	if err != nil {
		return err
	}
	defer term.Restore(int(f.Fd()), state)
	r := &reviewer{c: c, clips: clips, keys: c.keys(kept), out: a.stdout, play: func(clip keep.Clip) error { return c.play(a.ctx, clip) }}
	return r.run(bufio.NewReader(f))
}

// reviewHead are the columns of --csv.
var reviewHead = []string{"file", "stream", "segment", "session", "label", "p", "other", "other_p", "running", "reason", "text", "truth"}

func (c *reviewCmd) print(w io.Writer, clips []keep.Clip) error {
	out := csv.NewWriter(w)
	out.Write(reviewHead)
	for _, k := range clips {
		var why []string
		for _, w := range k.Reason {
			why = append(why, string(w))
		}
		out.Write([]string{k.File, k.Stream, fmt.Sprint(k.Segment), k.Session, k.Label, fmt.Sprint(float32(k.P)), k.Other, fmt.Sprint(float32(k.OtherP)), k.Running,
			strings.Join(why, " "), k.Text, ""})
	}
	out.Flush()
	return out.Error()
}

// read takes a table with a column truth: an empty cell says nothing, = that the label is
// right, x that it was background.
func (c *reviewCmd) read(a *app, kept []keep.Clip) error {
	in, name := a.stdin, "standard input"
	if c.Read != "-" {
		f, err := os.Open(c.Read)
		if err != nil {
			return err
		}
		defer f.Close()
		in, name = f, c.Read
	}
	cells, err := table.NewCells(in, name)
	if err != nil {
		return err
	}
	t, err := table.NewNamed(cells)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is empty: take the table of `inkling review %s --csv`", name, c.Dir)
	}
	if err != nil {
		return err
	}
	at := map[string]int{}
	for _, column := range []string{"stream", "segment", "session", "truth"} {
		if at[column], err = table.Column(t.Head(), column); err != nil || at[column] < 0 {
			return fmt.Errorf("%s: there is no column %s: take the table of `inkling review %s --csv`", name, column, c.Dir)
		}
	}
	n, right := 0, 0
	for {
		if err := t.Next(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		truth := t.Cell(at["truth"])
		if truth == "" {
			continue
		}
		i := slices.IndexFunc(kept, func(k keep.Clip) bool {
			return k.Stream == t.Cell(at["stream"]) && k.Session == t.Cell(at["session"]) && fmt.Sprint(k.Segment) == t.Cell(at["segment"])
		})
		if i < 0 {
			return fmt.Errorf("%s: no segment %s of stream %q is kept in %s: it may have made room for later ones; delete the line", t.Where(), t.Cell(at["segment"]), t.Cell(at["stream"]), c.Dir)
		}
		label := truthOf(truth, &kept[i])
		if _, err := keep.CorrectKept(c.To, c.Dir, kept[i], label); err != nil {
			return fmt.Errorf("%s: truth: %w", t.Where(), err)
		}
		if n++; label == kept[i].Label {
			right++
		}
	}
	a.logf("%d segments in %s: %d labels right, %d corrected", n, c.To, right, n-right)
	return nil
}

// truthOf returns the label that a person's answer means.
func truthOf(answer string, k *keep.Clip) string {
	switch answer {
	case "=":
		return k.Label
	case "x":
		return dataset.Background
	}
	return answer
}

// play plays a kept segment.
func (c *reviewCmd) play(ctx context.Context, k keep.Clip) error {
	if ext := filepath.Ext(k.File); ext != ".flac" && ext != ".wav" {
		return errors.New("it is no sound")
	}
	f, err := os.Open(filepath.Join(c.Dir, filepath.FromSlash(k.File)))
	if err != nil {
		return err
	}
	defer f.Close()
	clip, err := audio.Decode(f, k.File)
	if err != nil {
		return err
	}
	return mic.Play(ctx, clip.Samples, clip.Rate, clip.Channels, c.Device)
}

// reviewKeys are those of labels: none has another use.
const reviewKeys = "123456789abcdefghijklmnorstvwyz"

// keys returns the label of each key.
func (c *reviewCmd) keys(kept []keep.Clip) (labels []string) {
	labels = slices.Clone(c.Labels)
	var seen []string
	for _, k := range kept {
		seen = append(seen, k.Label, k.Other, k.Running)
	}
	slices.Sort(seen)
	for _, l := range slices.Compact(seen) {
		if l != "" && l != dataset.Background && !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	return labels[:min(len(labels), len(reviewKeys))]
}
