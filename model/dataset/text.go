package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"inkling/internal/parallel"
	"inkling/internal/table"
)

// textColumns are the usual names of the columns of a table of texts. The first name that
// the table has counts. Options.Columns replaces them.
var textColumns = []struct {
	name  string
	names []string
}{
	{"text", []string{"text", "sentence"}},
	{"label", []string{"label", "author", "class"}},
	{"split", []string{"split"}},
	{"group", []string{"group", "work", "book", "document"}},
}

// A textRow is one text. where is FILE:LINE.
type textRow struct{ text, label, split, group, where string }

// openTextTable reads a table of texts.
func openTextTable(fsys fs.FS, name string, o Options) (*Set, error) {
	r, f, err := plain(fsys, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	tabs := strings.EqualFold(path.Ext(strings.TrimSuffix(name, ".gz")), ".tsv")
	newCells := table.NewCells
	if tabs {
		newCells = table.NewVerbatim // a quote in a text is a quote
	}
	c, err := newCells(bytes.NewReader(data), name)
	if err != nil {
		return nil, err
	}
	c.KeepBytes()
	t, err := table.NewNamed(c)
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("%s:1: the file is empty: its first line must name columns such as text,label", name)
	case err != nil:
		return nil, err
	}
	o.uses().columns = true
	col, err := findTextColumns(t.Head(), o.Columns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return openTexts(name, data, t, col, o)
}

func hasText(head []string) bool {
	for _, name := range textColumns[0].names {
		if at, _ := table.Column(head, name); at >= 0 {
			return true
		}
	}
	return false
}

// findTextColumns returns the columns text, label, split and group, −1 for those missing.
func findTextColumns(head []string, given map[string]string) (col [4]int, err error) {
	known := map[string]bool{}
	for i, c := range textColumns {
		known[c.name] = true
		names := c.names
		if own, ok := given[c.name]; ok {
			names = []string{own}
		}
		col[i] = -1
		for _, name := range names {
			if col[i] < 0 {
				if col[i], err = table.Column(head, name); err != nil {
					return col, err
				}
			}
		}
		if _, asked := given[c.name]; col[i] < 0 && (asked || i < 2) {
			return col, fmt.Errorf("no column %s among %q: the first line must name a text and a label; Options.Columns says what they are called (text=NAME, label=NAME)",
				strings.Join(names, " or "), head)
		}
	}
	for name := range given {
		if !known[name] {
			return col, fmt.Errorf("Options.Columns: there is no part %q of a text: give names for text, label, split or group", name)
		}
	}
	return col, nil
}

// openTexts reads the rows of a table of texts. In a .tsv file, quotes are characters as
// any other; a .csv file follows RFC 4180. Consecutive rows of one label and group are a
// passage.
func openTexts(name string, data []byte, t *table.Named, col [4]int, o Options) (*Set, error) {
	if !o.SkipBad {
		if err := checkUTF8(name, data); err != nil {
			return nil, err
		}
	}
	s := &Set{Kind: Text, Channels: 1}
	var names []string
	for {
		r := &textRow{}
		bad := t.Next()
		var line *table.LineError
		switch {
		case bad == io.EOF:
		case bad == nil:
			r = &textRow{text: t.Cell(col[0]), label: t.Cell(col[1]), split: t.Cell(col[2]), group: t.Cell(col[3]), where: t.Where()}
			if bad = r.check(); bad != nil {
				bad = fmt.Errorf("%s: %w", r.where, bad)
			}
		case !errors.As(bad, &line):
			return nil, bad
		}
		if bad == io.EOF {
			break
		}
		if bad != nil && !o.SkipBad {
			return nil, bad
		}
		if bad != nil {
			s.Skipped = append(s.Skipped, bad)
			continue
		}
		s.addText(r)
		names = append(names, r.label)
	}
	if o.Progress != nil {
		o.Progress(1, 1)
	}
	return s.finishTexts(name, names)
}

// finishTexts is finish. It returns an error if no text could be read.
func (s *Set) finishTexts(name string, labels []string) (*Set, error) {
	if len(s.Examples) == 0 {
		if len(s.Skipped) > 0 {
			return nil, fmt.Errorf("none of the examples could be read; the first: %w", s.Skipped[0])
		}
		return nil, fmt.Errorf("%s: there are no rows after the first line: add texts", name)
	}
	s.finish(labels, nil)
	return s, nil
}

func (s *Set) addText(r *textRow) {
	e := Example{Name: r.where, Split: r.split, Group: r.group, Samples: samplesOf(r.text)}
	e.Passage = r.label + "\x00" + r.group
	if e.Group == "" {
		e.Group = e.Name
	}
	e.Hash = hashExample(r.label, 0, 1, e.Samples)
	s.Examples = append(s.Examples, e)
}

func (r *textRow) check() error {
	switch {
	case !utf8.ValidString(r.text):
		return fmt.Errorf("the text is not UTF-8: %s", notUTF8)
	case !utf8.ValidString(r.label + r.split + r.group):
		return fmt.Errorf("label, split or group is not UTF-8: %s", notUTF8)
	case r.text == "":
		return errors.New("the text is empty: delete the row")
	case r.label == "":
		return errors.New("the label is empty: give one, or delete the row")
	case noLabel(r.label):
		return fmt.Errorf("the label %s: give one, or delete the row", emptyLabel(r.label))
	}
	return nil
}

// samplesOf returns the code points of text.
func samplesOf(text string) []float32 {
	x := make([]float32, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		x = append(x, float32(r))
	}
	return x
}

// TextOf returns the text whose code points are samples.
func TextOf(samples []float32) string {
	var b strings.Builder
	for _, v := range samples {
		b.WriteRune(rune(v))
	}
	return b.String()
}

const notUTF8 = "convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8"

// checkUTF8 returns an error that locates the first byte of data that is not UTF-8.
func checkUTF8(name string, data []byte) error {
	if utf8.Valid(data) {
		return nil
	}
	line, column := 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		data = data[size:]
	}
	return fmt.Errorf("%s:%d: column %d: the byte %#02x is not UTF-8: %s", name, line, column, data[0], notUTF8)
}

// loadTexts makes an example of every file. Line ends become \n; those at the end of a
// file are dropped.
func loadTexts(fsys fs.FS, files []entry, o Options) (*Set, error) {
	s := &Set{Kind: Text, Channels: 1}
	texts := make([]string, len(files))
	errs := parallel.ForEach(len(files), !o.SkipBad, o.Progress, func(i int) error {
		data, err := fs.ReadFile(fsys, files[i].file)
		if err != nil {
			return err
		}
		if err := checkUTF8(files[i].file, data); err != nil {
			return err
		}
		text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
		texts[i] = strings.TrimRight(text, "\n")
		if texts[i] == "" {
			return fmt.Errorf("%s: the text is empty: remove the file", files[i].file)
		}
		return nil
	})
	var labels []string
	for i, f := range files {
		if errs[i] != nil {
			if !o.SkipBad {
				return nil, errs[i]
			}
			s.Skipped = append(s.Skipped, errs[i])
			continue
		}
		s.addText(&textRow{text: texts[i], label: f.label, split: f.split, group: f.file, where: f.file})
		labels = append(labels, f.label)
	}
	return s.finishTexts(files[0].file, labels)
}
