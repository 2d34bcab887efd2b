package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
)

// OpenRecordings reads what Open reads, labels being ignored, and besides it plain
// signals: an audio file, or a folder of them. Every example is a recording of its own
// under the label "".
func OpenRecordings(name string, o Options) (*Set, error) {
	return OpenRecordingsFS(osFS{}, filepath.ToSlash(name), o)
}

// OpenRecordingsFS is OpenRecordings within fsys.
func OpenRecordingsFS(fsys fs.FS, name string, o Options) (*Set, error) {
	files, err := plainAudio(fsys, path.Clean(name))
	if err != nil {
		return nil, err
	}
	if files == nil {
		s, err := OpenFS(fsys, name, o)
		if err != nil {
			return nil, err
		}
		return s.Unlabelled(), nil
	}
	if o.Rate < 0 || o.Rate-o.Rate != 0 || o.Channels < 0 {
		return nil, fmt.Errorf("dataset: rate %v and channels %d must not be negative", o.Rate, o.Channels)
	}
	return loadAudio(fsys, files, o)
}

// plainAudio is the audio file name, or those of the folder name that has no index; nil:
// it is neither.
func plainAudio(fsys fs.FS, name string) (files []entry, err error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a pair of .ts files
		return nil, nil
	case err != nil:
		return nil, err
	case !info.IsDir() && isAudioName(name):
		return []entry{{file: name, where: name}}, nil
	case !info.IsDir():
		return nil, nil
	}
	if _, err := fs.Stat(fsys, path.Join(name, "index.csv")); err == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(fsys, name)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if file := path.Join(name, e.Name()); !e.IsDir() && !hidden(e.Name()) && isAudioName(file) {
			files = append(files, entry{file: file, where: file})
		}
	}
	return files, nil
}

// Unlabelled is s with the label "" for every example.
func (s *Set) Unlabelled() *Set {
	t := s.subset(func(int) bool { return true })
	t.Labels = []string{""}
	for i := range t.Examples {
		t.Examples[i].Label, t.Examples[i].Steps = 0, nil
	}
	return t
}

// unlabelled tells whether s is of recordings without labels.
func (s *Set) unlabelled() bool { return len(s.Labels) == 1 && s.Labels[0] == "" }

// HoldOutEnds divides every example in time: the last part of each, a share of its
// samples, is held out. An example of which nothing would be left is in begin alone.
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

// span is the samples [from, to) a channel of example i.
func (s *Set) span(i, from, to int) Example {
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
	e.Samples = e.Samples[from*s.Channels : to*s.Channels : to*s.Channels]
	if e.Steps != nil {
		e.Steps = e.Steps[from:to:to]
	}
	e.Hash = hashExample(s.Labels[e.Label], e.Rate, s.Channels, e.Samples)
	return e
}

// seconds is the length of n samples, in samples where the rate is unknown.
func (s *Set) seconds(n int) float64 {
	if s.Rate == 0 {
		return float64(n)
	}
	return float64(n) / s.Rate
}
