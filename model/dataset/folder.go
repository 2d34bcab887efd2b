package dataset

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"inkling/internal/audio"
	"inkling/internal/table"
)

// An entry is one file of a data set: audio, a table or a text.
type entry struct {
	file, label, split, group string
	where                     string // FILE:LINE of the index, or the file itself, for messages
	piece                     *piece // the part of the file that is an example; nil: all of it
	sub                       string // the first folder below that of the label; "": none

	annotated   bool         // the file is a recording, and annotations have its labels
	annotations []Annotation // by start
}

// name returns FILE, or FILE@START for a piece.
func (e *entry) name() string {
	if e.piece == nil {
		return e.file
	}
	return fmt.Sprintf("%s@%.6g", e.file, e.piece.from)
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." && name != ".." }

// openFiles reads a folder with one subfolder per label, or with such folders in the folders
// train and test. If there are audio files, it ignores tables and texts; if there are
// tables, it ignores texts. Without any, it reads the tables of the folder itself.
func openFiles(fsys fs.FS, dir string, entries []fs.DirEntry, o Options) (*Set, error) {
	lists, err := readSplitLists(fsys, dir, entries)
	if err != nil {
		return nil, err
	}
	w := walker{fsys: fsys, plain: o.Table.Plain, ignored: map[string]int{}}
	if err := w.top(dir, entries, lists); err != nil {
		return nil, err
	}
	files, load := w.audio, loadAudio
	if len(files) > 0 && len(w.splits) == 0 {
		if s, err := openHidden(fsys, dir, files, slices.Concat(w.here, w.tables), o); s != nil || err != nil {
			return s, err
		}
	}
	switch {
	case len(files) > 0:
		w.ignore(w.here, w.hereArrays, w.tables, w.arrays, w.texts)
	case len(w.tables) > 0:
		files, load = w.tables, loadTables
		w.ignore(w.here, w.hereArrays, w.arrays, w.texts)
	case len(w.arrays) > 0:
		files, load = w.arrays, loadArrays
		w.ignore(w.here, w.hereArrays, w.texts)
	case len(w.texts) > 0:
		files, load = w.texts, loadTexts
		w.ignore(w.here, w.hereArrays)
	case len(w.here) == 0 && len(w.hereArrays) == 1:
		return openSequences(fsys, []seqFile{{w.hereArrays[0].file, ""}}, o)
	case len(w.here) == 0 && len(w.hereArrays) > 1:
		return nil, fmt.Errorf("%s holds several files of arrays: give one of them, %s", dir, brief(fileNames(w.hereArrays)))
	default:
		w.ignore(w.hereArrays)
		files, load = w.here, loadTables
		tableSplits(files)
	}
	if len(files) > 0 {
		if err := w.divide(dir, files, lists); err != nil {
			return nil, err
		}
	}
	notes := append(w.notes, ignoredNotes(w.ignored)...)
	if len(files) == 0 {
		return nil, noDataError(fmt.Sprintf("%s: no labelled data here: expected one subfolder per label with WAV, FLAC, MP3, CSV, .npy, .mat or .txt files inside, an index.csv, a pair NAME_TRAIN.ts and NAME_TEST.ts, recordings with annotations (X.wav with X.txt as Audacity exports labels, or with X.csv of start,end,label), or CSV files with a column of labels%s",
			dir, strings.Join(append([]string{""}, notes...), "; ")))
	}
	s, err := load(fsys, files, o)
	if err != nil {
		return nil, err
	}
	s.Notes = append(notes, s.Notes...)
	return s, nil
}

// noDataError says that a folder has no labelled data.
type noDataError string

func (e noDataError) Error() string { return string(e) }

// divide gives files the splits of inner folders or of lists.
func (w *walker) divide(dir string, files []entry, lists []splitList) error {
	if len(w.splits) > 0 || innerSplits(files) {
		for _, l := range lists {
			w.notes = append(w.notes, fmt.Sprintf("%s is ignored: the folders are the splits", l.name))
		}
		return nil
	}
	notes, unused, err := applyLists(dir, files, lists)
	if err != nil {
		return err
	}
	w.notes = append(w.notes, notes...)
	for _, l := range unused {
		w.ignored[path.Ext(l.name)]++
	}
	return nil
}

func fileNames(list []entry) (names []string) {
	for _, e := range list {
		names = append(names, e.file)
	}
	return names
}

// isDir reports whether e is a folder or a link to one.
func isDir(fsys fs.FS, dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := fs.Stat(fsys, path.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// A walker lists the files in the folders of labels.
type walker struct {
	fsys                         fs.FS
	plain                        bool // labels are of no interest
	audio, tables, arrays, texts []entry
	here, hereArrays             []entry           // beside the folders of labels
	splits                       map[string]string // folders that are splits
	split                        string            // of the folder that is being walked
	ignored                      map[string]int    // by extension
	notes                        []string
}

// top lists the files of the data set's folder.
func (w *walker) top(dir string, entries []fs.DirEntry, lists []splitList) error {
	w.splits = splitFolders(w.fsys, dir, entries)
	var beside, names []string
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
		case isDir(w.fsys, dir, e) && w.splits[e.Name()] != "":
			list, err := fs.ReadDir(w.fsys, name)
			if err != nil {
				return err
			}
			names, w.split = append(names, e.Name()), w.splits[e.Name()]
			if err := w.labels(name, list); err != nil {
				return err
			}
			w.split = ""
		case isDir(w.fsys, dir, e) && len(w.splits) > 0:
			beside = append(beside, e.Name())
		}
	}
	if len(w.splits) > 0 {
		w.notes = append(w.notes, fmt.Sprintf("the folders %s are splits", strings.Join(names, ", ")))
	}
	if len(beside) > 0 {
		w.notes = append(w.notes, "folders beside those of the splits are ignored: "+brief(beside))
	}
	rest := slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool {
		return len(w.splits) > 0 && isDir(w.fsys, dir, e) || slices.ContainsFunc(lists, func(l splitList) bool { return path.Base(l.name) == e.Name() })
	})
	return w.labels(dir, rest)
}

// labels lists the files of the folders of labels among the entries of dir.
func (w *walker) labels(dir string, entries []fs.DirEntry) error {
	entries, err := w.tracks(dir, entries, entry{split: w.split})
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		file := entry{file: name, where: name, split: w.split}
		switch {
		case hidden(e.Name()):
		case isDir(w.fsys, dir, e):
			label := e.Name()
			if isBackgroundFolder(label) {
				w.notes = append(w.notes, fmt.Sprintf("%s is read as the label %s", name, Background))
				label = Background
			}
			if err := w.walk(name, label, ""); err != nil {
				return err
			}
		case audio.IsName(e.Name()):
			w.ignored["audio beside the label folders"]++
		case table.IsTable(e.Name()):
			w.here = append(w.here, file)
		case isArrays(e.Name()):
			w.hereArrays = append(w.hereArrays, file)
		default:
			w.ignored[path.Ext(e.Name())]++
		}
	}
	return nil
}

// walk lists the files of dir and of all folders in it. sub is the first folder below that of
// the label.
func (w *walker) walk(dir, label, sub string) error {
	list, err := fs.ReadDir(w.fsys, dir)
	if err != nil {
		return err
	}
	if list, err = w.tracks(dir, list, entry{label: label, split: w.split, sub: sub}); err != nil {
		return err
	}
	for _, e := range list {
		name := path.Join(dir, e.Name())
		file := entry{file: name, label: label, where: name, split: w.split, sub: sub}
		switch {
		case hidden(e.Name()):
		case e.IsDir():
			if err := w.walk(name, label, cmp.Or(sub, e.Name())); err != nil {
				return err
			}
		case audio.IsName(name):
			w.audio = append(w.audio, file)
		case table.IsTable(name):
			w.tables = append(w.tables, file)
		case isArrays(name):
			w.arrays = append(w.arrays, file)
		case strings.EqualFold(path.Ext(name), ".txt"):
			w.texts = append(w.texts, file)
		default:
			w.ignored[path.Ext(name)]++
		}
	}
	return nil
}

func (w *walker) ignore(lists ...[]entry) {
	for _, f := range slices.Concat(lists...) {
		w.ignored[path.Ext(f.file)]++
	}
}

func ignoredNotes(ignored map[string]int) (notes []string) {
	for ext, n := range ignored {
		if ext == "" {
			notes = append(notes, fmt.Sprintf("%d files without extension ignored", n))
		} else {
			notes = append(notes, fmt.Sprintf("%d files ignored: %s", n, ext))
		}
	}
	slices.Sort(notes)
	return notes
}
