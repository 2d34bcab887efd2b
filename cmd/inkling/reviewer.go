//go:build !edge

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"inkling/model/dataset"
	"inkling/stream/keep"
)

// A reviewer asks about segments, one after another, by single keys.
type reviewer struct {
	c     *reviewCmd
	clips []keep.Clip
	keys  []string  // labels, by their place in reviewKeys
	out   io.Writer // shows control characters as escapes
	play  func(keep.Clip) error
	at    int
	done  []int // indices of clips with an answer, the last at the end
}

// line prints a line on a terminal in raw mode.
func (r *reviewer) line(format string, args ...any) {
	fmt.Fprintf(r.out, format+"\r\n", args...)
}

func (r *reviewer) run(in io.ByteReader) error {
	r.help()
	for r.at < len(r.clips) {
		r.show()
		key, err := in.ReadByte()
		if err == io.EOF || err == nil && (key == 'q' || key == 3 || key == 4 || key == 27) {
			break
		}
		if err != nil {
			return err
		}
		if err := r.press(key); err != nil {
			return err
		}
	}
	r.line("%d of %d segments answered: %s is a data set to train on, beside the old one", len(r.done), len(r.clips), r.c.To)
	return nil
}

func (r *reviewer) help() {
	var all []string
	for i, l := range r.keys {
		all = append(all, fmt.Sprintf("%c %s", reviewKeys[i], l))
	}
	r.line("p play   space right   x background   . later   u undo   q quit")
	r.line("%s", strings.Join(all, "   "))
}

func (r *reviewer) show() {
	k := &r.clips[r.at]
	var why []string
	for _, w := range k.Reason {
		why = append(why, string(w))
	}
	text := k.Text
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:60]) + "…"
	}
	r.line("%d/%d  %s %.0f %%, %s %.0f %%  (%s)  %s  %s%s", r.at+1, len(r.clips), k.Label, 100*k.P, k.Other, 100*k.OtherP,
		strings.Join(why, ", "), k.Stream, k.Time.Format("2006-01-02 15:04:05"), text)
}

// press does what a key stands for.
func (r *reviewer) press(key byte) error {
	k := r.clips[r.at]
	switch key {
	case 'p':
		if err := r.play(k); err != nil {
			r.line("cannot be played: %v", err)
		}
		return nil
	case 'u':
		return r.undo()
	case '.':
		r.at++
		return nil
	case ' ':
		return r.say(k, k.Label)
	case 'x':
		return r.say(k, dataset.Background)
	}
	if i := strings.IndexByte(reviewKeys, key); i >= 0 && i < len(r.keys) {
		return r.say(k, r.keys[i])
	}
	r.help()
	return nil
}

func (r *reviewer) say(k keep.Clip, label string) error {
	if _, err := keep.CorrectKept(r.c.To, r.c.Dir, k, label); err != nil {
		r.line("not taken: %v", err)
		return nil
	}
	r.line("  %s", label)
	r.done = append(r.done, r.at)
	r.at++
	return nil
}

// undo takes back the last answer, and asks again.
func (r *reviewer) undo() error {
	if len(r.done) == 0 {
		r.line("there is nothing to undo")
		return nil
	}
	i := r.done[len(r.done)-1]
	if _, err := keep.Undo(r.c.To, r.clips[i]); err != nil {
		return err
	}
	r.done = slices.Delete(r.done, len(r.done)-1, len(r.done))
	r.at = i
	return nil
}
