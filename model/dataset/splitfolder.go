package dataset

import (
	"bufio"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"inkling/internal/table"
)

// splitFolders returns the folders among entries that are splits, by name: train, and test
// or valid, by any of their usual names, each with folders of labels, or with files of which
// the labels are inside. Otherwise it returns none, and such names are labels.
func splitFolders(fsys fs.FS, dir string, entries []fs.DirEntry) map[string]string {
	found := map[string]string{}
	for _, e := range entries {
		if split, known := splitName(e.Name()); known && isDir(fsys, dir, e) && holdsLabels(fsys, path.Join(dir, e.Name())) {
			found[e.Name()] = split
		}
	}
	if !areSplits(found) {
		return nil
	}
	return found
}

// areSplits reports whether names are those of splits: train, and test or valid.
func areSplits(names map[string]string) bool {
	seen := map[string]bool{}
	for _, split := range names {
		seen[split] = true
	}
	return seen[TrainSplit] && (seen[TestSplit] || seen[validSplit])
}

// holdsLabels reports whether dir has folders, annotated recordings, or tables and nothing
// else.
func holdsLabels(fsys fs.FS, dir string) bool {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return false
	}
	if _, tracks := annotationFiles(fsys, dir, entries); tracks {
		return true
	}
	tables, others := 0, 0
	for _, e := range entries {
		switch {
		case hidden(e.Name()):
		case isDir(fsys, dir, e):
			return true
		case table.IsTable(e.Name()):
			tables++
		default:
			others++
		}
	}
	return tables > 0 && others == 0
}

// innerSplits gives files the split that the folder below that of their label names, if all
// of them are in such folders: LABEL/train/x.wav.
func innerSplits(files []entry) bool {
	names := map[string]string{}
	for i := range files {
		split, known := splitName(files[i].sub)
		if !known {
			return false
		}
		names[files[i].sub] = split
	}
	if !areSplits(names) {
		return false
	}
	for i := range files {
		files[i].split = names[files[i].sub]
	}
	return true
}

// tableSplits gives tables the split that their names are: train.csv and test.csv.
func tableSplits(files []entry) {
	names := map[string]string{}
	for _, f := range files {
		stem, _, _ := strings.Cut(path.Base(f.file), ".")
		split, known := splitName(stem)
		if !known || f.split != "" {
			return
		}
		names[f.file] = split
	}
	if areSplits(names) {
		for i := range files {
			files[i].split = names[files[i].file]
		}
	}
}

var listName = regexp.MustCompile(`(?i)^(training|train|testing|test|validation|valid|val|dev)[_-]?(list|files|filelist|split)?\.(txt|lst)$`)

// A splitList is a file that lists the files of a split, one a line, below its folder.
type splitList struct {
	name, split string
	sure        bool // its name says that it is a list
	lines       []string
}

// readSplitLists reads the lists among entries.
func readSplitLists(fsys fs.FS, dir string, entries []fs.DirEntry) (lists []splitList, err error) {
	for _, e := range entries {
		m := listName.FindStringSubmatch(e.Name())
		if m == nil || isDir(fsys, dir, e) {
			continue
		}
		split, _ := splitName(m[1])
		l := splitList{name: path.Join(dir, e.Name()), split: split, sure: m[2] != ""}
		r, closer, err := plain(fsys, l.name)
		if err != nil {
			return nil, err
		}
		defer closer.Close()
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, table.MaxLine)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
				l.lines = append(l.lines, line)
			}
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: after line %d: %w", l.name, len(l.lines), err)
		}
		lists = append(lists, l)
	}
	return lists, nil
}

// applyLists gives files the splits that lists say. Files in no list are training if no list
// is that of training. It returns what to note, and the lists that list none of the files.
func applyLists(dir string, files []entry, lists []splitList) (notes []string, unused []splitList, err error) {
	at := map[string][]int{}
	for i, f := range files {
		below := strings.TrimPrefix(strings.TrimPrefix(f.file, dir), "/")
		for _, key := range []string{below, strings.TrimSuffix(below, path.Ext(below))} {
			at[key] = append(at[key], i)
		}
	}
	by := make([]string, len(files)) // the list of each file
	var says []string
	trains := false
	for _, l := range lists {
		count, missing := 0, ""
		lost := 0
		for _, line := range l.lines {
			found := lookUp(at, line)
			if len(found) == 0 {
				if lost++; missing == "" {
					missing = line
				}
			}
			for _, i := range found {
				if by[i] != "" && by[i] != l.name && files[i].split != l.split {
					return nil, nil, fmt.Errorf("%s: %s is in %s too: delete one of the lines", l.name, files[i].file, by[i])
				}
				files[i].split, by[i] = l.split, l.name
				count++
			}
		}
		if count == 0 {
			if l.sure && len(l.lines) > 0 {
				return nil, nil, fmt.Errorf("%s: none of its %d lines names a file here, such as %q: write names as %q, or remove the list", l.name, len(l.lines), missing, strings.TrimPrefix(strings.TrimPrefix(files[0].file, dir), "/"))
			}
			unused = append(unused, l)
			continue
		}
		trains = trains || l.split == TrainSplit
		say := fmt.Sprintf("%s lists %d of the split %s", path.Base(l.name), count, l.split)
		if lost > 0 {
			say += fmt.Sprintf(" (and %d files that are not here, such as %s)", lost, missing)
		}
		says = append(says, say)
	}
	if len(says) == 0 {
		return nil, unused, nil
	}
	if !trains {
		rest := 0
		for i := range files {
			if by[i] == "" {
				files[i].split = TrainSplit
				rest++
			}
		}
		says = append(says, fmt.Sprintf("the other %d are %s", rest, TrainSplit))
	}
	return []string{strings.Join(says, "; ")}, unused, nil
}

// lookUp finds the files that a line of a list names: by their path below the folder, with or
// without extension, which may be followed by blanks or a comma and a label.
func lookUp(at map[string][]int, line string) []int {
	line = strings.TrimPrefix(strings.ReplaceAll(strings.Trim(line, `"`), `\`, "/"), "./")
	if found := at[path.Clean(line)]; found != nil {
		return found
	}
	if i := strings.LastIndexAny(line, " \t,;"); i > 0 {
		return at[path.Clean(strings.Trim(line[:i], ` "`))]
	}
	return nil
}

// isBackgroundFolder reports whether a folder of labels has recordings of background, as the
// data sets of spoken words name it.
func isBackgroundFolder(name string) bool {
	return slices.Contains([]string{"_background_noise_", "_background_", "_silence_"}, strings.ToLower(name))
}
