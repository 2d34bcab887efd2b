package keep

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/stream"
)

// A tap chooses the segments of one stream that are kept.
type tap struct {
	k     *Keeper
	early string // label of an early event of the open segment
	of    uint64 // that segment
}

var _ stream.SegmentTap = (*tap)(nil)

func (t *tap) Block(*capture.Block, uint64) {}
func (t *tap) Close()                       {}

func (t *tap) Event(e *stream.Event, _ *model.Model) {
	if e.Type == stream.Early {
		t.early, t.of = strings.Clone(e.Label), e.Segment
	}
}

// Segment queues the segment if there is a reason to keep it, and says in e where it will be.
func (t *tap) Segment(e *stream.Event, m *model.Model, format capture.Format, signal []float32) {
	why := t.k.why(e)
	if len(why) == 0 || len(e.Top) == 0 || Check(m) != nil {
		return
	}
	if len(signal) == 0 { // the run went on in the middle of the segment
		t.k.lost.Add(1)
		return
	}
	c := Clip{Label: e.Top[0].Label, P: float64(e.Top[0].P), Running: e.Running, Reason: why, Rule: string(e.Rule), Time: e.Time, Stream: e.Stream,
		Session: e.Session, Segment: e.Segment, At: e.Start, Model: m.Hash()}
	if len(e.Top) > 1 {
		c.Other, c.OtherP = e.Top[1].Label, float64(e.Top[1].P)
	}
	if t.of == e.Segment {
		c.Early = t.early
	}
	c.Time = c.Time.UTC()
	if y := c.Time.Year(); c.Time.IsZero() || y < 0 || y > 9999 { // RFC 3339 has no others
		c.Time = t.k.o.now().UTC()
	}
	j := job{clip: c, format: format, signal: signal, names: m.Config.Names}
	ext := ""
	if m.Config.Text() {
		j.clip.Text, j.signal = dataset.TextOf(signal), nil
	} else {
		ext = extension(&j)
	}
	if ext != "" {
		j.clip.File = t.k.name(fileStem(&c), ext)
	}
	if t.k.put(j) && ext != "" {
		e.Kept = filepath.Join(t.k.o.Dir, filepath.FromSlash(j.clip.File))
	}
}

// extension returns that of the file for a job's signal.
func extension(j *job) string {
	switch {
	case !Sound(j.format):
		return ".csv"
	case audio.FLACBits(clipOf(j)) > 0:
		return ".flac"
	}
	return ".wav"
}

func clipOf(j *job) *audio.Clip {
	return &audio.Clip{Rate: j.format.Rate, Channels: max(j.format.Channels, 1), Samples: j.signal}
}

// leastSound is the lowest sampling rate of what is kept as sound, not as a table.
const leastSound = 4000

// Sound reports whether signals of this format are kept as files of sound.
func Sound(f capture.Format) bool {
	return f.Rate >= leastSound && f.Rate == math.Trunc(f.Rate) && f.Rate <= 655350 && f.Channels <= 8
}

// why returns the reasons to keep the segment that e confirms.
func (k *Keeper) why(e *stream.Event) (why []When) {
	for _, w := range k.o.When {
		yes := false
		switch w {
		case Unsure:
			yes = float64(e.P) < k.o.Unsure
		case Rejected:
			yes = e.Rejected
		case Overturned:
			yes = e.Running != "" && len(e.Top) > 0 && e.Running != e.Top[0].Label
		case Confirmed:
			yes = !e.Rejected
		case All:
			yes = true
		}
		if yes {
			why = append(why, w)
		}
	}
	return why
}

// fileStem returns the name of a segment's file less its extension: a folder for each day, then time,
// stream and segment.
func fileStem(c *Clip) string {
	return fmt.Sprintf("%s/%s-%s-%d", c.Time.Format("2006-01-02"), c.Time.Format("150405.000"), plainName(c.Stream), c.Segment)
}

// plainName returns a name that any file system takes, which need not be the only one: the
// end of name, since the beginning of paths and subjects says the least.
func plainName(name string) string {
	keep := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '-'
	}
	name = strings.Trim(strings.Map(keep, name), "-")
	if len(name) > 40 {
		name = name[len(name)-40:]
	}
	if name == "" {
		return "stream"
	}
	return name
}

// A Clip is a kept segment: a row of index.csv.
type Clip struct {
	File    string // relative to the folder, with slashes; "" for a text
	Text    string // of a text
	Label   string // the most probable, also where a rule held it back
	P       float64
	Other   string // the second label
	OtherP  float64
	Running string // the last running label; "": none
	Early   string // the label of an early event; "": none
	Reason  []When // for which it is kept
	Rule    string // that held the label back; "": none
	Time    time.Time
	Stream  string
	Session string
	Segment uint64
	At      uint64 // the first sample, as the source counts them
	Model   string // the model's hash
}
