package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/stream"
)

type labelCmd struct {
	Model         string   `arg:"" help:"A model file, or bundled:notes."`
	Recordings    []string `arg:"" help:"Audio files, or folders of them."`
	Out           string   `short:"o" required:"" help:"Folder for the label tracks: NAME.txt for NAME.wav. The folder of the recordings puts them where train and eval look." placeholder:"DIR"`
	Rejected      string   `help:"Also mark segments whose label a rule held back, with this label, such as '?'." placeholder:"LABEL"`
	Force         bool     `help:"Replace label tracks that are there, which people may have corrected."`
	segmentFlags  `group:"Segments, instead of the model's"`
	decisionFlags `group:"Labels"`
}

func (c *labelCmd) Run(a *app) error {
	m, err := openLabels(c.Model)
	if err != nil {
		return err
	}
	if m.Config.Text() {
		return usagef("%s is a model of text, and label tracks are for sound", c.Model)
	}
	files, tracks, err := c.files()
	if err != nil {
		return err
	}
	// The flags of run have defaults, which its own parser sets.
	run := &runCmd{}
	if _, err := parserOf(run).Parse(append([]string{"--emit=confirmed", "--", c.Model}, files...)); err != nil {
		return err
	}
	run.segmentFlags, run.decisionFlags = c.segmentFlags, c.decisionFlags
	options, err := run.options(m)
	if err != nil {
		return err
	}
	a.tellOtherSegments(options.Segment.Kind)
	none := func() (*nats.Conn, error) { return nil, errors.New("recordings are files") }
	s, err := run.openSession(a, m, options, none, nil)
	if err != nil {
		return err
	}
	l := &labeller{c: c, tracks: tracks, finish: a.logf}
	s.options.Taps = append(s.options.Taps, l.tap)
	if err := s.run(a.ctx); err != nil {
		return err
	}
	return l.err
}

// files returns the recordings, and where the track of each goes.
func (c *labelCmd) files() (files []string, tracks map[string]string, err error) {
	tracks = map[string]string{}
	from := map[string]string{}
	add := func(file, name string) error {
		track := filepath.Join(c.Out, strings.TrimSuffix(name, filepath.Ext(name))+".txt")
		if other := from[track]; other != "" {
			return usagef("%s and %s would have the same label track, %s: label them one after another, with an -o of its own for each", other, file, track)
		}
		if _, err := os.Stat(track); err == nil && !c.Force {
			return usagef("%s is there, and may have been corrected: give --force to replace it, or another -o", track)
		}
		from[track], tracks[file] = file, track
		files = append(files, file)
		return nil
	}
	for _, name := range c.Recordings {
		info, err := os.Stat(name)
		if err != nil {
			return nil, nil, err
		}
		if !info.IsDir() {
			if err := add(name, filepath.Base(name)); err != nil {
				return nil, nil, err
			}
			continue
		}
		before := len(files)
		err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") || !audio.IsName(d.Name()) {
				return err
			}
			rel, err := filepath.Rel(name, path)
			if err != nil {
				return err
			}
			return add(path, rel)
		})
		if err == nil && len(files) == before {
			err = usagef("%s holds no audio files", name)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return files, tracks, nil
}

// A labeller writes the label tracks of recordings.
type labeller struct {
	c      *labelCmd
	tracks map[string]string // by recording
	finish func(format string, args ...any)

	mu  sync.Mutex
	err error
}

func (l *labeller) tap(name string) stream.Tap { return &track{l: l, name: name} }

// A track is that of one recording.
type track struct {
	l     *labeller
	name  string
	rate  float64
	marks []dataset.Annotation
}

func (t *track) Block(b *capture.Block, _ uint64) { t.rate = max(t.rate, b.Format.Rate) }

func (t *track) Event(e *stream.Event, _ *model.Model) {
	label := e.Label
	if e.Rejected {
		label = t.l.c.Rejected
	}
	if e.Type == stream.Confirmed && label != "" && t.rate > 0 {
		t.marks = append(t.marks, dataset.Annotation{Start: float64(e.Start) / t.rate, End: float64(e.End) / t.rate, Label: label})
	}
}

// Close writes the track.
func (t *track) Close() {
	path, known := t.l.tracks[t.name]
	err := fmt.Errorf("%s: the source calls the recording otherwise", t.name)
	if known {
		slices.SortStableFunc(t.marks, dataset.Annotation.Compare)
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = atomicfile.WriteFile(path, func(w io.Writer) error { return dataset.WriteAnnotations(w, t.marks) })
		}
	}
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	if err != nil {
		t.l.err = errors.Join(t.l.err, err)
		return
	}
	t.l.finish("%s  %d labels of %s", path, len(t.marks), t.name)
}
