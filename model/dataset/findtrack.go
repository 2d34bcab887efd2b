package dataset

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/audio"
	"inkling/internal/table"
)

// openTrack reads one annotated recording.
func openTrack(fsys fs.FS, name string, o Options) (*Set, error) {
	labels, err := labelsBeside(fsys, name)
	if err == nil && labels == "" {
		err = fmt.Errorf("%s: %w", name, errNoAnnotations)
	}
	if err != nil {
		return nil, err
	}
	e := entry{file: name, where: name, annotated: true}
	if e.annotations, err = readAnnotationFile(fsys, labels); err != nil {
		return nil, err
	}
	return loadAudio(fsys, []entry{e}, o)
}

func readAnnotationFile(fsys fs.FS, name string) ([]Annotation, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAnnotations(f, name)
}

// tracks lists the annotated recordings among the entries of dir as audio, and returns the
// other entries. Beside recordings, audio without annotations has the label of its folder
// only if the folder's name is background or one of their labels.
func (w *walker) tracks(dir string, entries []fs.DirEntry, like entry) ([]fs.DirEntry, error) {
	beside, sure := annotationFiles(w.fsys, dir, entries)
	if !sure || w.plain {
		return entries, nil
	}
	taken, labels := map[string]bool{}, map[string]bool{Background: true}
	var bare []string
	for _, e := range entries {
		if !audio.IsName(e.Name()) || hidden(e.Name()) {
			continue
		}
		files := beside[stem(e.Name())]
		if len(files) == 0 {
			bare = append(bare, e.Name())
			continue
		}
		file := entry{file: path.Join(dir, e.Name()), where: path.Join(dir, e.Name()), split: like.split, sub: like.sub, annotated: true}
		if len(files) > 1 {
			return nil, fmt.Errorf("%s: both %s and %s annotate it: remove one", file.file, path.Join(dir, files[0]), path.Join(dir, files[1]))
		}
		var err error
		if file.annotations, err = readAnnotationFile(w.fsys, path.Join(dir, files[0])); err != nil {
			return nil, err
		}
		for _, a := range file.annotations {
			labels[a.Label] = true
		}
		w.audio = append(w.audio, file)
		taken[e.Name()], taken[files[0]] = true, true
	}
	if len(bare) > 0 && !labels[like.label] {
		note := fmt.Sprintf("%s: recordings without annotations are left out: %s", dir, brief(bare))
		if name := noTrack(entries, bare); name != "" {
			note += fmt.Sprintf("; %s is not a label track: a .txt has start, end and label between tabs, and a .csv has columns of these names", name)
		}
		w.notes = append(w.notes, note)
		for _, name := range bare {
			taken[name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool { return taken[e.Name()] }), nil
}

// noTrack returns the first file that has the name of one of the recordings, and looks as if it
// were meant to annotate it; "" if there is none.
func noTrack(entries []fs.DirEntry, recordings []string) string {
	for _, e := range entries {
		ext := strings.ToLower(path.Ext(e.Name()))
		if !e.IsDir() && (ext == ".txt" || ext == ".csv") && slices.ContainsFunc(recordings, func(r string) bool { return stem(r) == stem(e.Name()) }) {
			return e.Name()
		}
	}
	return ""
}

// annotationFiles returns the files in dir that may annotate audio beside them, by the name
// that both share, and whether one of them surely does. An empty file may: nothing happens
// in its recording.
func annotationFiles(fsys fs.FS, dir string, entries []fs.DirEntry) (files map[string][]string, sure bool) {
	sounds := map[string]bool{}
	for _, e := range entries {
		if audio.IsName(e.Name()) && !e.IsDir() {
			sounds[stem(e.Name())] = true
		}
	}
	files = map[string][]string{}
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if key := stem(e.Name()); sounds[key] && !hidden(e.Name()) && !isDir(fsys, dir, e) && (ext == ".txt" || ext == ".csv") {
			is, empty := isTrack(fsys, path.Join(dir, e.Name()))
			if is || empty {
				files[key] = append(files[key], e.Name())
			}
			sure = sure || is
		}
	}
	return files, sure
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// isTrack reports whether name is a table of annotations, by its first line: it has a start
// and an end, or names the columns start, end and label. empty is whether it has no line.
func isTrack(fsys fs.FS, name string) (is, empty bool) {
	f, err := fsys.Open(name)
	if err != nil {
		return false, false
	}
	defer f.Close()
	cells := table.NewVerbatim
	if filepath.Ext(name) == ".csv" {
		cells = table.NewCells
	}
	c, err := cells(f, name)
	if err != nil {
		return false, false
	}
	head, err := c.Next()
	switch {
	case err == io.EOF:
		return false, true
	case err != nil || len(head) < 2:
		return false, false
	case filepath.Ext(name) == ".csv":
		return namesAnnotations(head), false
	}
	for _, cell := range head[:2] {
		if _, err := strconv.ParseFloat(decimalPoint(strings.TrimSpace(cell)), 64); err != nil {
			return false, false
		}
	}
	return true, false
}

// namesAnnotations reports whether a table with this first line is one of annotations.
func namesAnnotations(head []string) bool {
	for _, want := range []string{"start", "end", "label"} {
		if at, _ := table.Column(head, want); at < 0 {
			return false
		}
	}
	file, _ := table.Column(head, "file")
	return file < 0
}

// stretchesEach returns the number of stretches that each recording is divided into: more
// than one if there are few recordings, and no split says which are held out.
func stretchesEach(files []entry, plans []*plan) int {
	n := 0
	for i, l := range plans {
		if files[i].split != "" {
			return 1
		}
		if l != nil {
			n++
		}
	}
	if n == 0 {
		return 1
	}
	return (fewTracks + n - 1) / n
}
