package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Archives of series, such as UEA's and UCR's, keep a set as two files NAME_TRAIN and
// NAME_TEST, often in several forms.

// A seqFile is a file of labelled series and the split that its name says.
type seqFile struct{ name, split string }

// pairForms are the endings of such files, in the order in which they are preferred. Text
// may be gzipped.
var pairForms = []string{".ts", ".arff", ".tsv", ".txt", ".csv", ".npz", ".mat", ""}

var pairName = regexp.MustCompile(`(?i)^(.+)_(train|test)((?:\.ts|\.arff|\.tsv|\.txt|\.csv|\.npz|\.mat)?(?:\.gz)?)$`)

// splitPair divides NAME_TRAIN.ts.gz into NAME, TrainSplit and .ts.
func splitPair(file string) (name, split, form string, ok bool) {
	m := pairName.FindStringSubmatch(file)
	if m == nil {
		return "", "", "", false
	}
	return m[1], strings.ToLower(m[2]), strings.TrimSuffix(strings.ToLower(m[3]), ".gz"), true
}

// splitOfName returns the split of NAME_TRAIN.ts or NAME_TEST.ts, or "".
func splitOfName(name string) string {
	_, split, _, _ := splitPair(path.Base(name))
	return split
}

// formOf returns the form of a file of series: .ts, .arff and so on; "" for others.
func formOf(name string) string {
	return path.Ext(strings.TrimSuffix(strings.ToLower(name), ".gz"))
}

// pairs lists the files of the folder dir that are those of pairs, by NAME, then form, then
// split.
func pairs(fsys fs.FS, dir string) (map[string]map[string]map[string]string, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]map[string]string{}
	for _, e := range entries {
		name, split, form, ok := splitPair(e.Name())
		if !ok || hidden(e.Name()) || isDir(fsys, dir, e) {
			continue
		}
		if found[name] == nil {
			found[name] = map[string]map[string]string{}
		}
		if found[name][form] == nil {
			found[name][form] = map[string]string{}
		}
		if found[name][form][split] == "" { // X.ts comes before X.ts.gz
			found[name][form][split] = path.Join(dir, e.Name())
		}
	}
	return found, nil
}

// pairNames returns each NAME of a pair in dir. One file of a .ts pair is enough to know it;
// forms that other data have too need both files, and tables and texts must hold series.
func pairNames(fsys fs.FS, dir string, found map[string]map[string]map[string]string) (names []string) {
	for name, forms := range found {
		if slices.ContainsFunc(pairForms, func(form string) bool { return isPair(fsys, form, forms[form]) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	// UEA's archives have a file for each dimension beside the one that has all.
	return slices.DeleteFunc(names, func(n string) bool {
		whole := dimension.ReplaceAllString(n, "")
		return whole != n && slices.Contains(names, whole)
	})
}

var dimension = regexp.MustCompile(`Dimension\d+$`)

// isPair reports whether files, by split, are those of a pair.
func isPair(fsys fs.FS, form string, files map[string]string) bool {
	train, test := files[TrainSplit], files[TestSplit]
	switch {
	case form == ".ts" || form == ".arff":
		return train != ""
	case train == "" || test == "":
		return false
	case form == ".npz" || form == ".mat":
		return true
	}
	return isUCR(fsys, train)
}

// openPair reads the pair NAME_TRAIN and NAME_TEST for the path NAME.
func openPair(fsys fs.FS, name string, o Options) (*Set, error) {
	found, err := pairs(fsys, path.Dir(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	forms := found[path.Base(name)]
	missing := func(form string, files map[string]string) (string, string) {
		for _, f := range files {
			for _, split := range []string{TrainSplit, TestSplit} {
				if files[split] == "" {
					return fmt.Sprintf("%s_%s%s", name, strings.ToUpper(split), form), f
				}
			}
		}
		return "", ""
	}
	var half error
	for _, form := range pairForms {
		files := forms[form]
		if len(files) == 0 {
			continue
		}
		if lacks, other := missing(form, files); lacks != "" {
			if half == nil {
				half = fmt.Errorf("%s: %s, the other file of the pair, is missing; to use one file alone, give its name: %s", name, lacks, other)
			}
			continue
		}
		s, err := openSequences(fsys, []seqFile{{files[TrainSplit], TrainSplit}, {files[TestSplit], TestSplit}}, o)
		if err == nil && len(forms) > 1 {
			s.note("read from the %s files: the others of the name %s are taken for other forms of the same data", strings.TrimPrefix(formName(form), "."), path.Base(name))
		}
		return s, err
	}
	if half != nil {
		return nil, half
	}
	return nil, fmt.Errorf("%s: there is no such file or folder, and no pair %s_TRAIN.ts and %s_TEST.ts (or .arff, .tsv, .txt, .npz, .mat)", name, name, name)
}

func formName(form string) string {
	if form == "" {
		return "plain"
	}
	return form
}

// openSequences reads files that each hold labelled series.
func openSequences(fsys fs.FS, files []seqFile, o Options) (*Set, error) {
	g := &gatherer{set: &Set{Kind: Series}, o: o}
	for i, f := range files {
		if err := g.read(fsys, f); err != nil {
			return nil, err
		}
		if o.Progress != nil {
			o.Progress(i+1, len(files))
		}
	}
	return g.finish(fmt.Errorf("%s: there are no examples: add one per line", files[0].name))
}

// read reads a file by its form.
func (g *gatherer) read(fsys fs.FS, f seqFile) error {
	switch formOf(f.name) {
	case ".ts":
		return g.readTS(fsys, f)
	case ".arff":
		return g.readARFF(fsys, f)
	case ".npz", ".npy", ".mat":
		return g.readArrays(fsys, f)
	}
	return g.readUCR(fsys, f)
}

// isSequences reports whether name is that of a file of labelled series.
func isSequences(fsys fs.FS, name string) bool {
	switch formOf(name) {
	case ".ts", ".arff":
		return true
	case ".npz", ".npy", ".mat":
		return isArrays(name)
	}
	return splitOfName(name) != "" && isUCR(fsys, name)
}
