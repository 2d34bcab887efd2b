package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"inkling/internal/audio"
)

// OpenRecordings reads what Open reads, ignoring labels, and also signals without
// labels: an audio file, a table of signals, a .txt file, or a folder of such files.
// Every example is a recording with the label "". Consecutive texts of a table become
// the lines of one recording.
func OpenRecordings(name string, o Options) (*Set, error) {
	return OpenRecordingsFS(osFS{}, filepath.ToSlash(name), o)
}

// OpenRecordingsFS is OpenRecordings within fsys.
func OpenRecordingsFS(fsys fs.FS, name string, o Options) (*Set, error) {
	files, texts, err := plainSignals(fsys, path.Clean(name))
	if err != nil {
		return nil, err
	}
	if len(files)+len(texts) == 0 {
		o.Table.Plain = true
		s, err := OpenFS(fsys, name, o)
		if err != nil {
			return nil, err
		}
		return s.Unlabelled(), nil
	}
	if o.Rate < 0 || o.Rate-o.Rate != 0 || o.Channels < 0 {
		return nil, errFormat(o)
	}
	return o.open(func(o Options) (*Set, error) {
		if len(files) == 0 {
			return loadTexts(fsys, texts, o)
		}
		return loadAudio(fsys, files, o)
	})
}

// OpenBackground reads recordings of sounds that are none of the labels, which are ignored:
// what Open reads, an audio file, or a folder of such files. Of annotated recordings only
// what lies between the events is background.
func OpenBackground(name string, o Options) (*Set, error) {
	return OpenBackgroundFS(osFS{}, filepath.ToSlash(name), o)
}

// OpenBackgroundFS is OpenBackground within fsys.
func OpenBackgroundFS(fsys fs.FS, name string, o Options) (*Set, error) {
	name = path.Clean(name)
	s, err := OpenFS(fsys, name, o)
	var none noDataError
	if errors.As(err, &none) || errors.Is(err, errNoAnnotations) {
		if files, _, perr := plainSignals(fsys, name); perr == nil && len(files) > 0 {
			return OpenRecordingsFS(fsys, name, o)
		}
	}
	if err != nil || len(s.Tracks()) == 0 {
		return s, err
	}
	b := s.Keep(func(e *Example) bool { return e.track == nil || s.Labels[e.Label] == Background })
	if len(b.Examples) == 0 {
		return nil, fmt.Errorf("%s: nothing lies between the annotated events: give recordings with pauses, or some in which nothing happens", name)
	}
	return b, nil
}

// plainSignals returns the audio file or text name, or those of the folder name. It
// returns none for a folder with an index, and no texts if there is audio.
func plainSignals(fsys fs.FS, name string) (files, texts []entry, err error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a pair of .ts files
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !info.IsDir():
		files, texts = plainSignal(files, texts, name)
		return files, texts, nil
	}
	if _, err := fs.Stat(fsys, path.Join(name, "index.csv")); err == nil {
		return nil, nil, nil
	}
	entries, err := fs.ReadDir(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if !e.IsDir() && !hidden(e.Name()) {
			files, texts = plainSignal(files, texts, path.Join(name, e.Name()))
		}
	}
	if len(files) > 0 {
		texts = nil
	}
	return files, texts, nil
}

// plainSignal appends file to the list of its kind.
func plainSignal(files, texts []entry, file string) (_, _ []entry) {
	e := entry{file: file, where: file}
	switch {
	case audio.IsName(file):
		files = append(files, e)
	case strings.EqualFold(path.Ext(file), ".txt"):
		texts = append(texts, e)
	}
	return files, texts
}

// Unlabelled returns s with the label "" for every example. The texts of a passage become
// the lines of one.
func (s *Set) Unlabelled() *Set {
	t := s.subset(func(int) bool { return true })
	if s.Kind == Text {
		t = s.running()
	}
	t.Labels = []string{""}
	for i := range t.Examples {
		t.Examples[i].Label, t.Examples[i].Steps = 0, nil
	}
	return t
}

// running returns the texts of s, those of a passage as the lines of one.
func (s *Set) running() *Set {
	t := *s
	t.Examples = nil
	for _, run := range s.Passages() {
		e := s.Examples[run[0]]
		if run[1]-run[0] > 1 {
			e.Samples = nil
			for i := run[0]; i < run[1]; i++ {
				e.Samples = append(append(e.Samples, s.Examples[i].Samples...), '\n')
			}
			e.Hash = hashExample(s.Labels[e.Label], 0, 1, e.Samples)
		}
		t.Examples = append(t.Examples, e)
	}
	t.rehash()
	return &t
}

// unlabelled reports whether s has recordings without labels.
func (s *Set) unlabelled() bool { return len(s.Labels) == 1 && s.Labels[0] == "" }

// HoldOutEnds divides every example in time and holds out this fraction of its samples,
// the last ones. An example too short for that is in begin alone.
func (s *Set) HoldOutEnds(fraction float64) (begin, end *Set) {
	b, e := *s, *s
	b.Examples, e.Examples = nil, nil
	for i := range s.Examples {
		n := s.Frames(i)
		at := n - int(fraction*float64(n))
		b.Examples = append(b.Examples, s.span(i, 0, at))
		if at > 0 && at < n {
			e.Examples = append(e.Examples, s.span(i, at, n))
		}
	}
	b.rehash()
	e.rehash()
	return &b, &e
}

// span returns example i with the samples [from, to) of each channel.
func (s *Set) span(i, from, to int) Example {
	e := s.Part(i, from, to)
	if from > 0 || to < s.Frames(i) {
		e.Hash = hashExample(s.Labels[e.Label], e.Rate, s.Channels, e.Samples)
	}
	return e
}

// Part returns example i with the samples [from, to) of each channel, which it shares. It
// stays in the group, and keeps the hash, of the example, and is called NAME@START.
func (s *Set) Part(i, from, to int) Example {
	e := s.Examples[i]
	if from == 0 && to == s.Frames(i) {
		return e
	}
	if e.Group == "" {
		e.Group = e.Name
	}
	if from > 0 {
		e.Name = fmt.Sprintf("%s@%.6g", e.Name, s.seconds(from))
	}
	e.at += from
	if t := e.track; t != nil {
		e.Name = fmt.Sprintf("%s@%.6g", t.file, t.start+s.seconds(e.at))
	}
	e.Samples = e.Samples[from*s.Channels : to*s.Channels : to*s.Channels]
	if e.Steps != nil {
		e.Steps = e.Steps[from:to:to]
	}
	return e
}

// seconds returns the length of n samples in seconds, or n if the rate is unknown.
func (s *Set) seconds(n int) float64 {
	if s.Rate == 0 {
		return float64(n)
	}
	return float64(n) / s.Rate
}
