package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/audio"
	"inkling/internal/table"
)

// An index is a table that lists files.
type index struct {
	name  string
	files []entry
	notes []string

	labelled bool // there is a column of labels
	pieces   pieceColumns
}

func (x *index) note(format string, args ...any) {
	x.notes = append(x.notes, fmt.Sprintf(format, args...))
}

func openIndex(fsys fs.FS, name string, o Options) (*Set, error) {
	x, err := readIndex(fsys, name, o)
	if err != nil {
		return nil, err
	}
	return x.load(fsys, o)
}

// load reads the files of an index.
func (x *index) load(fsys fs.FS, o Options) (*Set, error) {
	if err := x.find(fsys); err != nil {
		return nil, err
	}
	kinds := [3]int{} // audio, tables, arrays
	for _, e := range x.files {
		switch {
		case table.IsTable(e.file):
			kinds[1]++
			continue
		case isArrays(e.file):
			kinds[2]++
			if e.piece != nil {
				return nil, fmt.Errorf("%s: start and end: a piece of an array cannot be cut: save the pieces, or leave the columns out (Options.Columns, start=- and end=-)", e.where)
			}
		default:
			kinds[0]++
		}
		if !x.labelled {
			return nil, fmt.Errorf("%s: no column has the labels: call one label, or name it (Options.Columns, label=NAME)", x.name)
		}
		if noLabel(e.label) {
			return nil, fmt.Errorf("%s: label: %s: give one, or delete the line", e.where, emptyLabel(e.label))
		}
	}
	load := loadAudio
	switch len(x.files) {
	case kinds[0]:
	case kinds[1]:
		load = loadTables
	case kinds[2]:
		load = loadArrays
	default:
		return nil, fmt.Errorf("%s: lists %d tables among %d files, and %d files of arrays: list each kind in an index of its own", x.name, kinds[1], len(x.files), kinds[2])
	}
	s, err := load(fsys, x.files, o)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(x.files, func(e entry) bool { return e.piece != nil }); at >= 0 {
		x.note("each line is a piece of its file, by the columns %s, in %s", strings.Join(x.pieces.names, " and "), cmp.Or(x.files[at].piece.unit, "seconds"))
	}
	s.Notes = append(x.notes, s.Notes...)
	return s, nil
}

// readIndex reads an index. Its file names are relative to the folder of name.
func readIndex(fsys fs.FS, name string, o Options) (*index, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := table.NewCells(f, name)
	if err != nil {
		return nil, err
	}
	t, err := table.NewNamed(c)
	if err != nil {
		return nil, fmt.Errorf("%s: the first line must name the columns file and label: %w", name, err)
	}
	x := &index{name: name}
	o.uses().columns = true
	col, err := x.columns(t.Head(), o.Columns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	splits := map[string]string{}
	for {
		if err := t.Next(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		e := entry{where: t.Where(), file: t.Cell(col.file), label: t.Cell(col.label), group: t.Cell(col.group)}
		if e.file == "" {
			return nil, fmt.Errorf("%s: file: it is empty: name a file, or delete the line", e.where)
		}
		said := t.Cell(col.split)
		e.split, _ = splitName(said)
		if e.split != said {
			splits[said] = e.split
		}
		if e.piece, err = col.piece(t); err != nil {
			return nil, fmt.Errorf("%s: %w", e.where, err)
		}
		e.file = resolve(path.Dir(name), e.file)
		x.files = append(x.files, e)
	}
	if len(x.files) == 0 {
		return nil, fmt.Errorf("%s: it lists no files: add a line for each", name)
	}
	x.noteSplits(splits)
	return x, x.checkEnds()
}

// checkEnds returns an error if a file has several pieces whose ends are not said.
func (x *index) checkEnds() error {
	open := map[string]bool{}
	for _, e := range x.files {
		if e.piece == nil || !math.IsInf(e.piece.to, 1) || x.pieces.end >= 0 || x.pieces.duration >= 0 {
			continue
		}
		if open[e.file] {
			return fmt.Errorf("%s: %s has several pieces with a start and no end: add the column end or duration, or name it (Options.Columns, end=NAME)", e.where, e.file)
		}
		open[e.file] = true
	}
	return nil
}

// noteSplits notes which names of splits are read as others.
func (x *index) noteSplits(read map[string]string) {
	var list []string
	for said, split := range read {
		list = append(list, fmt.Sprintf("%q as %s", said, split))
	}
	if slices.Sort(list); len(list) > 0 {
		x.note("splits are read by their usual names: %s", strings.Join(list, ", "))
	}
}

func resolve(dir, file string) string {
	file = strings.ReplaceAll(file, `\`, "/")
	if path.IsAbs(file) || len(file) > 2 && file[1] == ':' && file[2] == '/' {
		return path.Clean(file)
	}
	return path.Join(dir, file)
}

// indexNames are the usual names of columns, by part. The first that the table has counts.
var indexNames = map[string][]string{
	"file":  {"file", "filename", "file_name", "file name", "filepath", "file_path", "path", "fname", "slice_file_name", "audio_file", "wav_file"},
	"label": {"label", "category", "class", "class_name", "class_label", "event_label", "activity"},
	"split": {"split"},
	"group": {"group"},
}

// indexColumns are the columns of an index; −1: none.
type indexColumns struct {
	file, label, split, group int
	pieceColumns
}

// columns finds the columns of an index. Only the file and one other are required, as tables
// may have their own labels.
func (x *index) columns(head []string, given map[string]string) (col indexColumns, err error) {
	for part, at := range map[string]*int{"file": &col.file, "label": &col.label, "split": &col.split, "group": &col.group} {
		if *at, err = partColumn(head, part, given); err != nil {
			return col, err
		}
	}
	if given["label"] != "" && given["label"] != table.None && col.label < 0 { // a column of the tables that are listed
		col.label, _ = table.Column(head, "label")
	}
	col.pieceColumns, err = findPieces(head, given)
	switch {
	case err != nil:
		return col, err
	case col.file < 0 || col.label < 0 && col.split < 0 && col.group < 0 && !col.cuts():
		return col, fmt.Errorf(`the first line must name the columns "file" and "label" ("split", "group", "start" and "end" may follow), or Options.Columns says what they are called (file=NAME, label=NAME): it has %s`, brief(head))
	}
	if name := strings.TrimSpace(head[col.file]); col.cuts() && given["start"] == "" && strings.EqualFold(name, "slice_file_name") {
		col.pieceColumns = noPieces
		x.note("start and end are those of the recording that the slices were cut from, and are ignored")
	}
	if col.label >= 0 && given["label"] == "" && !strings.EqualFold(strings.TrimSpace(head[col.label]), "label") {
		x.note("the labels are in the column %s; Options.Columns (label=NAME) names another", strings.TrimSpace(head[col.label]))
	}
	if fold, _ := table.Column(head, "fold"); fold >= 0 && col.split < 0 {
		x.note("the column fold is no split unless Options.Columns says so (split=fold)")
	}
	x.pieces, x.labelled = col.pieceColumns, col.label >= 0
	return col, nil
}

// partColumn returns the column of a part, −1 if there is none.
func partColumn(head []string, part string, given map[string]string) (int, error) {
	name, asked := given[part]
	if asked && name == table.None {
		return -1, nil
	}
	names := indexNames[part]
	if asked {
		names = []string{name}
	}
	for _, n := range names {
		if at, err := table.Column(head, n); at >= 0 || err != nil {
			return at, err
		}
	}
	if asked && part != "label" {
		return -1, fmt.Errorf("there is no column %q, which Options.Columns names (%s=NAME): the first line has %s", name, part, brief(head))
	}
	return -1, nil
}

// lists reports whether a table with these first lines is an index: it has a column file, or
// one called so by another usual name whose first cell is no number.
func lists(head, row []string, given map[string]string) bool {
	if at, _ := table.Column(head, "file"); at >= 0 || given["file"] != "" {
		return true
	}
	at, err := partColumn(head, "file", nil)
	if at < 0 || err != nil || at >= len(row) {
		return false
	}
	_, err = strconv.ParseFloat(strings.TrimSpace(row[at]), 64)
	return err != nil // a signal has numbers
}

// find replaces names of files that are not there, if the first one is not, by the only file
// of that name below the folder of the index, or in a folder of sounds beside it.
func (x *index) find(fsys fs.FS) error {
	if len(table.Files(x.files[0].file)) > 1 {
		return nil
	}
	if _, err := fs.Stat(fsys, x.files[0].file); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	byName := map[string][]string{}
	dir := path.Dir(x.name)
	collect(fsys, dir, byName, 0)
	if beside, err := fs.ReadDir(fsys, path.Join(dir, "..")); err == nil {
		for _, e := range beside {
			if e.IsDir() && slices.Contains([]string{"audio", "wav", "wavs", "sounds", "clips", "recordings", "data", "files"}, strings.ToLower(e.Name())) {
				collect(fsys, path.Join(dir, "..", e.Name()), byName, 0)
			}
		}
	}
	moved := 0
	for i := range x.files {
		e := &x.files[i]
		if _, err := fs.Stat(fsys, e.file); err == nil {
			continue
		}
		switch found := byName[path.Base(e.file)]; len(found) {
		case 0:
		case 1:
			e.file = found[0]
			moved++
		default:
			return fmt.Errorf("%s: file: %s is not there, and %d files elsewhere have its name, %s: write its folder", e.where, e.file, len(found), brief(found))
		}
	}
	if moved > 0 {
		x.note("%d files are not where the index says and are taken from other folders by their names, such as %s", moved, x.files[0].file)
	}
	return nil
}

// collect lists the files below dir by their names, with and without extension.
func collect(fsys fs.FS, dir string, byName map[string][]string, depth int) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil || depth > 4 {
		return
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
		case e.IsDir():
			collect(fsys, name, byName, depth+1)
		case audio.IsName(name) || table.IsTable(name) || isArrays(name):
			stem := strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
			for _, key := range []string{e.Name(), stem} {
				if !slices.Contains(byName[key], name) {
					byName[key] = append(byName[key], name)
				}
			}
		}
	}
}

// openHidden reads audio by the index that lists it, where its folders are no labels: there is
// only one, or they are folds. tables are those beside or below. It returns nil if none of
// them is an index; tables called train and test that are indexes are those of the splits.
func openHidden(fsys fs.FS, dir string, audio, tables []entry, o Options) (*Set, error) {
	folders := map[string]bool{}
	folds := true
	for _, e := range audio {
		folders[e.label] = true
		folds = folds && foldName.MatchString(e.label)
	}
	if len(folders) != 1 && !folds {
		return nil, nil
	}
	var found []entry
	for _, e := range tables {
		if head, row, err := firstLines(fsys, e.file); err == nil && lists(head, row, o.Columns) {
			found = append(found, e)
		}
	}
	for i := range found {
		found[i].split = ""
	}
	tableSplits(found)
	switch {
	case len(found) == 0 && folds:
		return nil, fmt.Errorf("%s: the folders, such as %s, are named as folds, not as labels: give the table that lists the files with their labels, or one folder per label", dir, audio[0].label)
	case len(found) == 0:
		return nil, nil
	case len(found) > 1 && found[0].split == "":
		return nil, fmt.Errorf("%s: several tables list files: give one of them, %s", dir, brief(fileNames(found)))
	}
	all := &index{name: found[0].file}
	for _, e := range found {
		x, err := readIndex(fsys, e.file, o)
		if err != nil {
			return nil, err
		}
		for i := range x.files {
			x.files[i].split = cmp.Or(x.files[i].split, e.split)
		}
		all.note("%s lists the files with their labels", e.file)
		all.pieces, all.labelled = x.pieces, x.labelled
		all.files, all.notes = append(all.files, x.files...), append(all.notes, x.notes...)
	}
	return all.load(fsys, o)
}

var foldName = regexp.MustCompile(`(?i)^fold[ _-]?\d+$`)
