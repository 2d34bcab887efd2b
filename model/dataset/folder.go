package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"inkling/internal/table"
)

// An entry is one file of a data set: audio, a table or a text.
type entry struct {
	file, label, split, group string
	where                     string // FILE:LINE of the index, or the file itself, for messages
}

func isAudioName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".wav", ".wave", ".flac", ".mp3":
		return true
	}
	return false
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." && name != ".." }

// openFiles reads a folder with one subfolder per label. If there are audio files, it
// ignores tables and texts; if there are tables, it ignores texts. Without any, it reads
// the tables of the folder itself.
func openFiles(fsys fs.FS, dir string, entries []fs.DirEntry, o Options) (*Set, error) {
	w := walker{fsys: fsys, ignored: map[string]int{}}
	var here, arrays []entry // tables, files of arrays
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
		case isDir(fsys, dir, e):
			if err := w.walk(name, e.Name()); err != nil {
				return nil, err
			}
		case isAudioName(e.Name()):
			w.ignored["audio beside the label folders"]++
		case table.IsTable(e.Name()):
			here = append(here, entry{file: name, where: name})
		case isArrays(e.Name()):
			arrays = append(arrays, entry{file: name, where: name})
		default:
			w.ignored[path.Ext(e.Name())]++
		}
	}
	files, load := w.audio, loadAudio
	switch {
	case len(files) > 0:
		w.ignore(here, arrays, w.tables, w.arrays, w.texts)
	case len(w.tables) > 0:
		files, load = w.tables, loadTables
		w.ignore(here, arrays, w.arrays, w.texts)
	case len(w.arrays) > 0:
		files, load = w.arrays, loadArrays
		w.ignore(here, arrays, w.texts)
	case len(w.texts) > 0:
		files, load = w.texts, loadTexts
		w.ignore(here, arrays)
	case len(here) == 0 && len(arrays) == 1:
		return openSequences(fsys, []seqFile{{arrays[0].file, ""}}, o)
	case len(here) == 0 && len(arrays) > 1:
		return nil, fmt.Errorf("%s holds several files of arrays: give one of them, %s", dir, brief(fileNames(arrays)))
	default:
		w.ignore(arrays)
		files, load = here, loadTables
	}
	notes := ignoredNotes(w.ignored)
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no labelled data here: expected one subfolder per label with WAV, FLAC, MP3, CSV, .npy, .mat or .txt files inside, an index.csv, a pair NAME_TRAIN.ts and NAME_TEST.ts, or CSV files with a column of labels%s",
			dir, strings.Join(append([]string{""}, notes...), "; "))
	}
	s, err := load(fsys, files, o)
	if err != nil {
		return nil, err
	}
	s.Notes = append(notes, s.Notes...)
	return s, nil
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
	audio, tables, arrays, texts []entry
	ignored                      map[string]int // by extension
}

// walk lists the files of dir and of all folders in it.
func (w *walker) walk(dir, label string) error {
	list, err := fs.ReadDir(w.fsys, dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		name := path.Join(dir, e.Name())
		file := entry{file: name, label: label, where: name}
		switch {
		case hidden(e.Name()):
		case e.IsDir():
			if err := w.walk(name, label); err != nil {
				return err
			}
		case isAudioName(name):
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
		switch strings.ToLower(ext) {
		case ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".webm":
			notes = append(notes, fmt.Sprintf("%d %s files ignored: convert them to FLAC or WAV (ffmpeg -i in%s out.flac)", n, ext, ext))
		case "":
			notes = append(notes, fmt.Sprintf("%d files without extension ignored", n))
		default:
			notes = append(notes, fmt.Sprintf("%d files ignored: %s", n, ext))
		}
	}
	slices.Sort(notes)
	return notes
}

func openIndex(fsys fs.FS, name string, o Options) (*Set, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	files, err := parseIndex(f, name)
	if err != nil {
		return nil, err
	}
	tables := 0
	for _, e := range files {
		switch {
		case table.IsTable(e.file):
			tables++
		case e.label == "":
			return nil, fmt.Errorf("%s: label: it is empty: give one, or delete the line", e.where)
		}
	}
	switch tables {
	case 0:
		return loadAudio(fsys, files, o)
	case len(files):
		return loadTables(fsys, files, o)
	}
	return nil, fmt.Errorf("%s: lists %d tables among %d files: list audio in one index and tables in another", name, tables, len(files))
}

// parseIndex reads an index. Its file names are relative to the folder of name.
func parseIndex(r io.Reader, name string) ([]entry, error) {
	c, err := table.NewCells(r, name)
	if err != nil {
		return nil, err
	}
	t, err := table.NewNamed(c)
	if err != nil {
		return nil, fmt.Errorf("%s: the first line must name the columns file and label: %w", name, err)
	}
	col, err := columns(t.Head())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var files []entry
	for {
		if err := t.Next(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		e := entry{where: t.Where(), file: t.Cell(col[0]), label: t.Cell(col[1]), split: t.Cell(col[2]), group: t.Cell(col[3])}
		if e.file == "" {
			return nil, fmt.Errorf("%s: file: it is empty: name a file, or delete the line", e.where)
		}
		e.file = resolve(path.Dir(name), e.file)
		files = append(files, e)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: it lists no files: add a line for each", name)
	}
	return files, nil
}

func resolve(dir, file string) string {
	file = strings.ReplaceAll(file, `\`, "/")
	if path.IsAbs(file) || len(file) > 2 && file[1] == ':' && file[2] == '/' {
		return path.Clean(file)
	}
	return path.Join(dir, file)
}

// columns returns the columns file, label, split and group, −1 for those missing. Only
// file and one other are required, as tables may have their own labels.
func columns(head []string) (col [4]int, err error) {
	for i, name := range []string{"file", "label", "split", "group"} {
		if col[i], err = table.Column(head, name); err != nil {
			return col, err
		}
	}
	if col[0] < 0 || col[1] < 0 && col[2] < 0 && col[3] < 0 {
		return col, errors.New(`the first line must name the columns "file" and "label" ("split" and "group" may follow)`)
	}
	return col, nil
}
