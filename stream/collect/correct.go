package collect

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"inkling/internal/atomicfile"
	"inkling/internal/audio"
)

// Corrections keeps segments that somebody has put right as examples of their right labels:
// a WAV file in the folder of the label, so that the folder is a data set, and a line in
// corrections.jsonl that says where it comes from. A segment that is corrected again has the
// new label alone. Its method may be called by several goroutines.
type Corrections struct {
	Dir string

	mu sync.Mutex
}

// A Correction is a segment and what it was in truth.
type Correction struct {
	Time    time.Time `json:"time"`
	Session string    `json:"session"`
	Stream  string    `json:"stream"`
	Segment uint64    `json:"segment"`
	Start   uint64    `json:"start"` // [Start, End), samples of the source
	End     uint64    `json:"end"`
	Told    string    `json:"told"` // the label that was given; "": none
	Label   string    `json:"label"`
	File    string    `json:"file"` // set by Add

	Rate     float64   `json:"-"`
	Channels int       `json:"-"`
	Samples  []float32 `json:"-"` // channels interleaved
}

// CheckLabel returns an error if a label cannot name a folder.
func CheckLabel(label string) error {
	if label == "" || label == "." || strings.HasPrefix(label, ".") || strings.ContainsAny(label, "/\\\x00") || label != filepath.Base(label) {
		return fmt.Errorf("label %q: a label names a folder: give a word without slashes", label)
	}
	return nil
}

// Add writes a correction, and returns its file.
func (s *Corrections) Add(c Correction) (file string, err error) {
	if err := CheckLabel(c.Label); err != nil {
		return "", err
	}
	if c.Rate <= 0 {
		return "", ErrNoRate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%d", c.Session, c.Stream, c.Start, c.End)
	name := fmt.Sprintf("corrected-%016x.wav", h.Sum64())
	file = filepath.Join(s.Dir, c.Label, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	clip := &audio.Clip{Rate: c.Rate, Channels: max(c.Channels, 1), Samples: c.Samples}
	if err := atomicfile.WriteFile(file, func(w io.Writer) error { return audio.EncodeWAV(w, clip, audio.Float32) }); err != nil {
		return "", err
	}
	if err := s.removeOthers(name, file); err != nil {
		return "", err
	}
	c.File = filepath.ToSlash(filepath.Join(c.Label, name))
	return file, s.note(c)
}

// removeOthers removes the example that an earlier correction of the segment has made.
func (s *Corrections) removeOthers(name, but string) error {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		old := filepath.Join(s.Dir, e.Name(), name)
		if !e.IsDir() || old == but {
			continue
		}
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// note appends a line to corrections.jsonl.
func (s *Corrections) note(c Correction) error {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.Dir, "corrections.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
