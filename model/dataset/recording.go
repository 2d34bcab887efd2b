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

// A Recording is an annotated audio file of any length.
type Recording struct {
	Name        string  // the audio file
	Seconds     float64 // its length; 0: unknown
	Annotations []Annotation
}

// Recordings lists annotated recordings: the audio file name, or those of the folder
// name. The annotations of X.wav, X.flac or X.mp3 are in X.txt or X.csv beside it; see
// ReadAnnotations. Audio without annotations is left out and noted. The list is empty
// for anything else, such as a data set.
func Recordings(name string) (list []Recording, notes []string, err error) {
	fsys := osFS{}
	name = path.Clean(filepath.ToSlash(name))
	info, err := fs.Stat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a pair of .ts files
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !info.IsDir() && !audio.IsName(name):
		return nil, nil, nil
	case !info.IsDir():
		r, err := openRecording(fsys, name)
		if err == nil && r == nil {
			err = fmt.Errorf("%s: %w", name, errNoAnnotations)
		}
		if err != nil {
			return nil, nil, err
		}
		return []Recording{*r}, nil, nil
	}
	entries, err := fs.ReadDir(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	bare := 0
	for _, e := range entries {
		if e.IsDir() || hidden(e.Name()) || !audio.IsName(e.Name()) {
			continue
		}
		r, err := openRecording(fsys, path.Join(name, e.Name()))
		if err != nil {
			return nil, nil, err
		}
		if r == nil {
			bare++
			continue
		}
		list = append(list, *r)
	}
	if bare > 0 && len(list) > 0 {
		notes = append(notes, fmt.Sprintf("%d recordings without annotations are left out", bare))
	}
	return list, notes, nil
}

// openRecording reads the annotations and the header of an audio file. It returns nil for
// a file without annotations.
func openRecording(fsys fs.FS, name string) (*Recording, error) {
	labels, err := labelsBeside(fsys, name)
	if err != nil || labels == "" {
		return nil, err
	}
	f, err := fsys.Open(labels)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &Recording{Name: name}
	if r.Annotations, err = ReadAnnotations(f, labels); err != nil {
		return nil, err
	}
	sound, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer sound.Close()
	head, err := audio.NewFileReader(sound, name)
	if err != nil {
		return nil, err
	}
	defer head.Close()
	if head.Frames >= 0 {
		r.Seconds = float64(head.Frames) / head.Rate
		err = CheckWithin(r.Annotations, r.Seconds)
	}
	return r, err
}

// labelsBeside returns the file that annotates name, or "".
func labelsBeside(fsys fs.FS, name string) (found string, err error) {
	base := strings.TrimSuffix(name, path.Ext(name))
	for _, ext := range []string{".txt", ".csv"} {
		info, err := fs.Stat(fsys, base+ext)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
			continue
		}
		if err != nil {
			return "", err
		}
		if found != "" {
			return "", fmt.Errorf("%s: both %s and %s annotate it: remove one", name, found, base+ext)
		}
		found = base + ext
	}
	return found, nil
}
