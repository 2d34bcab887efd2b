// Package dataset reads labelled signals: folders of audio, tables of signals,
// texts, UEA .ts files, electrocardiograms and annotated recordings.
//
// For most uses, call [Open], then [Set.Train] and [Set.Test]. Open recognises the
// layout of the data. Train and Test return the splits that the data name; if they
// name none, Test is a fifth of the data and Train the rest.
//
// Results depend on the data alone: not on the order of files, the number of
// processors or a source of random numbers.
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

	"inkling/internal/audio"
	"inkling/internal/table"
)

// Kind is the kind of signal that a Set holds. It decides the defaults of training.
type Kind string

const (
	Audio  Kind = "audio"  // sound, full scale ±1
	Series Kind = "series" // values of sensors
	Text   Kind = "text"   // one channel of code points
	Beats  Kind = "beats"  // heartbeats, cut as segment.Beat cuts them
)

// An Example is one labelled sequence.
type Example struct {
	Name    string    // the file, or FILE:LINE
	Label   int       // index into Set.Labels
	Steps   []int32   // label of each sample of a channel, −1: none; nil: all samples have Label
	Split   string    // TrainSplit, TestSplit or another name; "": the data name none
	Group   string    // a split never divides a group; Name if the data name none
	Passage string    // texts: consecutive examples of one passage are consecutive text; "": part of none
	Samples []float32 // channels interleaved; texts: one code point per character
	Rate    float64   // samples per second and channel; 0: unknown
	Context []float32 // Beats: features that all frames share
	Hash    string    // 16 hex digits over the label and the content before resampling

	track *Track // that Samples are of, from at on; nil: none
	at    int    // samples per channel
}

// A Set is a data set in memory.
type Set struct {
	Kind     Kind
	Labels   []string // sorted
	Channels int      // of every example
	Names    []string // of the channels; nil: unknown
	Units    []string // of the channels, "": unknown; nil: all unknown
	Rate     float64  // samples per second and channel of every example; 0: unknown
	LowRate  float64  // the lowest rate that an example had before it was resampled; 0: unknown
	Examples []Example
	Skipped  []error  // with Options.SkipBad: why examples were left out
	Notes    []string // what was resampled, averaged, ignored and so on
	Hash     string   // over all examples, whatever their order
}

// Options are the options of Open. The zero value reads the data as they are.
type Options struct {
	Rate     float64               // samples per second to resample to; 0: the data's rate, the lowest if there are several
	Channels int                   // audio: 1 averages to mono, any other number must be that of the files; 0: that of the files, mono if they differ
	Columns  map[string]string     // names of columns, or of variables, as the data call them: "file", "text", "data", "label", "split", "group", "start", "end"
	Axes     string                // arrays: what their axes are, N sequences, C channels and T samples, such as "NCT"; "": told by their lengths
	SkipBad  bool                  // leave out examples that cannot be read, and list them in Set.Skipped
	Progress func(done, total int) // called after each file; calls do not overlap
	Table    TableOptions          // tables of signals

	used *consulted // options that readers have a use for; nil: nobody asks
}

// Open reads the data set at path:
//   - a folder with one subfolder per label, which holds audio, tables or .txt files;
//     each file is an example;
//   - an index: a table (.csv or .tsv) that lists audio files or tables in the column
//     file, with the columns label, split and group, and ignores other columns; or a
//     folder with an index.csv;
//   - a table of texts (.tsv or .csv) with the columns text and label, and perhaps
//     split and group;
//   - DIR/NAME for the files NAME_TRAIN.ts and NAME_TEST.ts, the folder of one such
//     pair, or one .ts file; instead of .ts also .arff, or UCR's .tsv, .csv and .txt, with
//     the label first and one series a line; each may be gzipped;
//   - arrays: a .npz or .mat file with sequences and labels, a .npy file with y.npy beside
//     it, a folder of X_train.npy, y_train.npy, X_test.npy and y_test.npy, or one subfolder
//     per label of files with one sequence each;
//   - long recordings with annotations, X.wav with X.txt or X.csv beside it (see
//     ReadAnnotations), alone or in a folder, also beside or in the folders of labels: the
//     annotated events are examples, and what lies between them has the label background;
//     see Set.Tracks;
//   - a table of signals (.csv or .tsv, perhaps gzipped) with a column of labels, or
//     a folder of such tables. a.csv+b.csv joins two tables by their times, here and
//     in an index.
//
// The set holds the examples of every split, those of the test included: train on what
// Set.Train returns and judge on what Set.Test returns. train.Fit learns from all of the
// set that it is given.
func Open(path string, o Options) (*Set, error) {
	return OpenFS(osFS{}, filepath.ToSlash(path), o)
}

// osFS opens any path of the operating system, as index.csv may name files outside
// its folder.
type osFS struct{}

func (osFS) Open(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) }

// OpenFS is Open within fsys.
func OpenFS(fsys fs.FS, name string, o Options) (*Set, error) {
	if o.Rate < 0 || o.Rate-o.Rate != 0 || o.Channels < 0 {
		return nil, errFormat(o)
	}
	return o.open(func(o Options) (*Set, error) { return openFS(fsys, path.Clean(name), o) })
}

func openFS(fsys fs.FS, name string, o Options) (*Set, error) {
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
	switch {
	case info.IsDir():
		s, err := openFolder(fsys, name, o)
		return s, orRecords(fsys, name, err)
	case table.IsTable(name):
		return openTable(fsys, name, o)
	case audio.IsName(name):
		return openTrack(fsys, name, o)
	case isSequences(fsys, name):
		return openSequences(fsys, []seqFile{{name, splitOfName(name)}}, o)
	}
	return nil, fmt.Errorf("%s: not a data set: give a folder with one subfolder per label, an index.csv, a table (.csv, .tsv), or a file of series (.ts, .arff, .npz, .mat)", name)
}

// errFormat reports a rate or a number of channels that cannot be.
func errFormat(o Options) error {
	return fmt.Errorf("dataset: Options.Rate %v, Options.Channels %d: give finite numbers of 0 or more", o.Rate, o.Channels)
}

// openTable opens a table by what its first lines say that it holds.
func openTable(fsys fs.FS, name string, o Options) (*Set, error) {
	head, row, err := firstLines(fsys, name)
	if err != nil {
		return nil, err
	}
	file, _ := table.Column(head, "file")
	switch {
	case splitOfName(name) != "" && o.Table.Columns == nil && isUCR(fsys, name):
		return openSequences(fsys, []seqFile{{name, splitOfName(name)}}, o)
	case o.Columns["text"] != "" || file < 0 && o.Columns["file"] == "" && hasText(head):
		return openTextTable(fsys, name, o)
	case lists(head, row, o.Columns):
		return openIndex(fsys, name, o)
	}
	return loadTables(fsys, []entry{{file: name, where: name}}, o)
}

// plain opens the text of a table, uncompressed.
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

// firstLines returns the cells of the first line of a table, and of the second if it can be
// read.
func firstLines(fsys fs.FS, name string) (head, row []string, err error) {
	r, f, err := plain(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	c, err := table.NewCells(r, name)
	if err != nil {
		return nil, nil, err
	}
	if head, err = c.Next(); err == io.EOF {
		_, err = table.FirstLine(strings.NewReader(""), name) // says that it is empty
	}
	if err != nil {
		return nil, nil, err
	}
	head = slices.Clone(head)
	row, _ = c.Next()
	return head, row, nil
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
	found, err := pairs(fsys, dir)
	if err != nil {
		return nil, err
	}
	if names := pairNames(fsys, dir, found); len(names) == 1 {
		return openPair(fsys, path.Join(dir, names[0]), o)
	} else if len(names) > 1 {
		return nil, fmt.Errorf("%s holds several data sets: give one of them, %s/%s", dir, dir, strings.Join(names, ", "))
	}
	if v, err := arrayFolder(fsys, dir, entries); v != nil || err != nil {
		if err != nil {
			return nil, err
		}
		g := &gatherer{set: &Set{Kind: Series}, o: o}
		if err := g.addVariables(v, ""); err != nil {
			return nil, err
		}
		return g.finish(fmt.Errorf("%s: the arrays hold no sequences", dir))
	}
	return openFiles(fsys, dir, entries, o)
}

// finish sets the labels and the hash of s. names has the label of each example, more
// the labels that the data declare besides.
func (s *Set) finish(names, more []string) {
	s.Labels = append(slices.Clone(more), names...)
	if to := s.spellings(s.Labels); len(to) > 0 {
		respell(names, to)
		respell(s.Labels, to)
	}
	s.Labels = sorted(s.Labels)
	s.noteAlike()
	for i, name := range names {
		s.Examples[i].Label, _ = slices.BinarySearch(s.Labels, name)
	}
	s.rehash()
	s.noteCopies()
	s.noteContradictions()
	if n := len(s.subset(func(i int) bool { return s.Examples[i].Split == "" }).Examples); n > 0 && n < len(s.Examples) {
		s.note("%d examples name no split: only the split %s has them", n, All)
	}
}

// subset returns a Set of the examples that keep accepts. It shares their samples.
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

// Frames returns the number of samples per channel of example i.
func (s *Set) Frames(i int) int { return len(s.Examples[i].Samples) / s.Channels }

// Counts returns the number of examples of each label. An example with several labels
// counts for each of them.
func (s *Set) Counts() []int {
	n := make([]int, len(s.Labels))
	for i := range s.Examples {
		for _, l := range labelsOf(&s.Examples[i]) {
			n[l]++
		}
	}
	return n
}

// Majority returns the most frequent label, the first if several are equally frequent,
// and its share of the examples, or of the labelled samples if samples have labels. The
// share is the accuracy of always answering this label.
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

// CheckTrainable returns an error if no classifier can be trained on s. It takes two labels;
// of sound one is enough, as training sets it against background.
func (s *Set) CheckTrainable() error {
	if len(s.Examples) == 0 {
		return errors.New("there are no examples to train on")
	}
	if s.LabelsUsed() < 2 {
		label, _ := s.Majority()
		switch {
		case s.Kind != Audio || s.Stepwise():
		case s.Labels[label] == Background:
			return fmt.Errorf("all %d examples have the label %q: add examples of what is to be told from it", len(s.Examples), Background)
		default:
			return nil
		}
		return fmt.Errorf("all %d examples have the label %q: a classifier needs at least two labels; add examples of another, such as some in which nothing happens",
			len(s.Examples), s.Labels[label])
	}
	return nil
}
