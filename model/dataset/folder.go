package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// entry is one audio file of a data set.
type entry struct {
	file, label, split, group string
	where                     string // the line that names it, for errors
}

func isAudioName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".wav", ".wave", ".flac", ".mp3":
		return true
	}
	return false
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." && name != ".." }

func openLabelFolders(fsys fs.FS, dir string, entries []fs.DirEntry, o Options) (*Set, error) {
	var files, texts []entry
	ignored := map[string]int{} // by extension
	for _, e := range entries {
		switch {
		case hidden(e.Name()):
		case isDir(fsys, dir, e):
			found, txt, err := walkLabel(fsys, path.Join(dir, e.Name()), e.Name(), ignored)
			if err != nil {
				return nil, err
			}
			files, texts = append(files, found...), append(texts, txt...)
		case isAudioName(e.Name()):
			ignored["audio beside the label folders"]++
		default:
			ignored[path.Ext(e.Name())]++
		}
	}
	if len(files) == 0 && len(texts) > 0 {
		return loadTexts(fsys, texts, ignoredNotes(ignored), o)
	}
	if len(texts) > 0 {
		ignored[".txt"] += len(texts)
	}
	notes := ignoredNotes(ignored)
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no labelled audio or text here: expected one folder a label with WAV, FLAC, MP3 or .txt files inside, an index.csv, or a pair NAME_TRAIN.ts and NAME_TEST.ts%s",
			dir, strings.Join(append([]string{""}, notes...), "; "))
	}
	s, err := loadAudio(fsys, files, o)
	if err != nil {
		return nil, err
	}
	s.Notes = append(notes, s.Notes...)
	return s, nil
}

// isDir follows links.
func isDir(fsys fs.FS, dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := fs.Stat(fsys, path.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}

// walkLabel lists the audio and the texts under dir, at any depth.
func walkLabel(fsys fs.FS, dir, label string, ignored map[string]int) (files, texts []entry, err error) {
	list, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range list {
		name := path.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
		case e.IsDir():
			more, txt, err := walkLabel(fsys, name, label, ignored)
			if err != nil {
				return nil, nil, err
			}
			files, texts = append(files, more...), append(texts, txt...)
		case isAudioName(name):
			files = append(files, entry{file: name, label: label, where: name})
		case strings.EqualFold(path.Ext(name), ".txt"):
			texts = append(texts, entry{file: name, label: label, where: name})
		default:
			ignored[path.Ext(name)]++
		}
	}
	return files, texts, nil
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
	return loadAudio(fsys, files, o)
}

// parseIndex reads the table name, whose files are relative to its folder.
func parseIndex(r io.Reader, name string) ([]entry, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: no header line with the columns file,label: %w", name, err)
	}
	col, err := columns(head)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var files []entry
	for {
		row, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := c.FieldPos(0)
		e := entry{where: fmt.Sprintf("%s:%d", name, line)}
		for i, dst := range []*string{&e.file, &e.label, &e.split, &e.group} {
			if col[i] >= 0 {
				*dst = strings.Clone(strings.TrimSpace(row[col[i]]))
			}
		}
		if e.file == "" || e.label == "" {
			return nil, fmt.Errorf("%s: the column %s is empty", e.where, map[bool]string{true: "file", false: "label"}[e.file == ""])
		}
		e.file = resolve(path.Dir(name), e.file)
		files = append(files, e)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no line names a file", name)
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

// columns finds file, label, split and group; −1: there is none.
func columns(head []string) (col [4]int, err error) {
	for i, name := range []string{"file", "label", "split", "group"} {
		if col[i], err = column(head, name); err != nil {
			return col, err
		}
	}
	if col[0] < 0 || col[1] < 0 {
		return col, errors.New(`the first line must name the columns "file" and "label" ("split" and "group" may follow)`)
	}
	return col, nil
}

// column finds a column by its name; −1: there is none.
func column(head []string, name string) (int, error) {
	at := -1
	for i, h := range head {
		if !strings.EqualFold(strings.TrimSpace(h), name) {
			continue
		}
		if at >= 0 {
			return at, fmt.Errorf("there are two columns %q", name)
		}
		at = i
	}
	return at, nil
}
