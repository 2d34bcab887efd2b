// Package dataset reads labelled signals: folders of audio, index.csv, UEA .ts,
// tables of signals, text.
//
// Open recognises what it is given; Train and Test take the splits that the
// data name, or keep a fifth apart. Everything here is a function of the data
// alone: no order of files, number of processors or random source changes it.
package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"inkling/internal/table"
)

// Kind says what sort of signal a Set holds; defaults of training follow it.
type Kind string

const (
	Audio  Kind = "audio"
	Series Kind = "series"
	Text   Kind = "text"
)

// An Example is one labelled sequence.
type Example struct {
	Name    string    // the file, or FILE:LINE, as a user would find it
	Label   int       // index into Set.Labels
	Steps   []int32   // label of each sample (a channel's), -1: none; nil: Label is that of them all
	Split   string    // train, test, …; "" where the data names none
	Group   string    // examples of one group never part; Name if the data names none
	Passage string    // of text: examples of one passage that follow one another are read so; "": it stands alone
	Samples []float32 // channels interleaved; of text a character's code point each
	Rate    float64   // of Samples, per channel; 0: unknown
	Context []float32 // of Beats: what is the same in all of its frames
	Hash    string    // of content as stored (before resampling) and label: 16 hex digits
}

// A Set is a data set in memory. Labels are sorted; Channels is one number for all.
type Set struct {
	Kind     Kind
	Labels   []string
	Channels int
	Names    []string // of the channels; nil: the data do not say
	Units    []string // of the channels, "": it does not say; nil: none says
	Rate     float64  // of every example after loading; 0: unknown
	Examples []Example
	Skipped  []error  // with Options.SkipBad: what could not be read
	Notes    []string // what a user should know: resampled, averaged, ignored
	Hash     string   // of all examples, independent of their order
}

// Options of Open. The zero value takes the data as they are.
type Options struct {
	Rate     float64               // audio is resampled to this, tables are put on it; 0: the data's own, the lowest if they are mixed
	Channels int                   // audio: 1 averages to mono, another count is demanded; 0: the data's own, mono if they are mixed
	Columns  map[string]string     // of a table of text: what the columns text, label, split and group are called
	SkipBad  bool                  // go on after an unreadable example; it is listed in Set.Skipped
	Progress func(done, total int) // after each file read; not concurrently
	Table    TableOptions          // of tables of signals
}

// Open reads the data set at path:
//   - a folder with one folder of audio, of tables or of .txt a label, each file an
//     example;
//   - an index, a table of audio files or of tables (columns file and label; split
//     and group if there are such; others are ignored), or the folder of one named
//     index.csv;
//   - a table of text, .tsv or .csv, with a text and a label; see openTexts;
//   - DIR/NAME of a pair NAME_TRAIN.ts and NAME_TEST.ts, or the folder of a
//     single pair, or one .ts file; each may end in .gz;
//   - a table of a signal (.csv, .tsv, .gz too) with a column of labels, or a folder
//     of such; a.csv+b.csv are two joined by their times, here and in an index.
func Open(path string, o Options) (*Set, error) {
	return OpenFS(osFS{}, filepath.ToSlash(path), o)
}

// osFS opens any path of the system; index.csv may point outside its folder.
type osFS struct{}

func (osFS) Open(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) }

// OpenFS is Open within fsys.
func OpenFS(fsys fs.FS, name string, o Options) (*Set, error) {
	if o.Rate < 0 || o.Rate-o.Rate != 0 || o.Channels < 0 {
		return nil, fmt.Errorf("dataset: rate %v and channels %d must not be negative", o.Rate, o.Channels)
	}
	name = path.Clean(name)
	if len(table.Files(name)) > 1 {
		return loadTables(fsys, []entry{{file: name, where: name}}, o)
	}
	info, err := fs.Stat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return openPair(fsys, name, o)
	}
	if err != nil {
		return nil, err
	}
	lower := strings.ToLower(name)
	switch {
	case info.IsDir():
		s, err := openFolder(fsys, name, o)
		return s, orRecords(fsys, name, err)
	case table.IsTable(name):
		return openTable(fsys, name, o)
	case strings.HasSuffix(lower, ".ts"), strings.HasSuffix(lower, ".ts.gz"):
		return openSeries(fsys, []tsFile{{name, splitOfName(name)}}, o)
	}
	return nil, fmt.Errorf("%s: not a data set: give a folder with one folder a label, an index.csv, a .ts file, or a table (.csv, .tsv)", name)
}

// openTable tells by its first line what a table holds.
func openTable(fsys fs.FS, name string, o Options) (*Set, error) {
	head, err := firstLine(fsys, name)
	if err != nil {
		return nil, err
	}
	files, _ := table.Column(head, "file")
	switch {
	case o.Columns["text"] != "" || files < 0 && hasText(head):
		return openTextTable(fsys, name, o)
	case files >= 0:
		return openIndex(fsys, name, o)
	}
	return loadTables(fsys, []entry{{file: name, where: name}}, o)
}

// plain is a table's text, unzipped.
func plain(fsys fs.FS, name string) (io.Reader, io.Closer, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	r, err := table.Plain(f, name)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return r, f, nil
}

func firstLine(fsys fs.FS, name string) ([]string, error) {
	r, f, err := plain(fsys, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return table.FirstLine(r, name)
}

func openFolder(fsys fs.FS, dir string, o Options) (*Set, error) {
	index := path.Join(dir, "index.csv")
	if _, err := fs.Stat(fsys, index); err == nil {
		return openIndex(fsys, index, o)
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	if names := pairNames(entries); len(names) == 1 {
		return openPair(fsys, path.Join(dir, names[0]), o)
	} else if len(names) > 1 {
		return nil, fmt.Errorf("%s holds several data sets: name one of them, %s/%s", dir, dir, strings.Join(names, ", "))
	}
	return openFiles(fsys, dir, entries, o)
}

// finish sorts labels, and fills the hash of the set. names is the label of
// each example; more are labels that the data declare.
func (s *Set) finish(names, more []string) {
	s.Labels = append(slices.Clone(more), names...)
	slices.Sort(s.Labels)
	s.Labels = slices.Compact(s.Labels)
	for i, name := range names {
		s.Examples[i].Label, _ = slices.BinarySearch(s.Labels, name)
	}
	s.rehash()
	s.noteCopies()
	if n := len(s.subset(func(i int) bool { return s.Examples[i].Split == "" }).Examples); n > 0 && n < len(s.Examples) {
		s.note("%d examples name no split: they are in none but %s", n, All)
	}
}

// subset is a Set of the examples that keep accepts; it shares their samples.
func (s *Set) subset(keep func(i int) bool) *Set {
	t := *s
	t.Examples = nil
	for i := range s.Examples {
		if keep(i) {
			t.Examples = append(t.Examples, s.Examples[i])
		}
	}
	t.rehash()
	return &t
}

// Frames is the number of samples per channel of example i.
func (s *Set) Frames(i int) int { return len(s.Examples[i].Samples) / s.Channels }

// Counts is the number of examples of each label; one that has several counts for each.
func (s *Set) Counts() []int {
	n := make([]int, len(s.Labels))
	for i := range s.Examples {
		for _, l := range labelsOf(&s.Examples[i]) {
			n[l]++
		}
	}
	return n
}

// Majority is the most frequent label, the first of equals, and its share of the
// examples, of the labelled samples where those have labels: the accuracy of always
// guessing it.
func (s *Set) Majority() (label int, share float64) {
	counts := s.Counts()
	if s.Stepwise() {
		counts = s.SampleCounts()
	}
	total := 0
	for i, n := range counts {
		total += n
		if n > counts[label] {
			label = i
		}
	}
	if total > 0 {
		share = float64(counts[label]) / float64(total)
	}
	return label, share
}

// CheckTrainable tells why a model cannot be trained on s.
func (s *Set) CheckTrainable() error {
	if len(s.Examples) == 0 {
		return errors.New("there are no examples to train on")
	}
	if s.LabelsUsed() < 2 {
		label, _ := s.Majority()
		return fmt.Errorf("all %d examples have the label %q: a classifier needs two labels or more; add examples of another (background noise will do)",
			len(s.Examples), s.Labels[label])
	}
	return nil
}
