package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/audio"
	"inkling/internal/table"
	"inkling/internal/wfdb"
)

// A Record is an electrocardiogram whose beats are annotated.
type Record struct {
	Name  string // NAME of NAME.hea or NAME.wav
	File  string // the header, or the audio file
	Split string // from records.csv; "": none
	Beats []BeatMark

	fsys  fs.FS
	notes []string
}

// A BeatMark is an annotated beat.
type BeatMark struct {
	Sample int64  // index of the sample in each channel
	Symbol string // PhysioNet's; "": unknown
	Class  string // of AAMI EC57: N, S, V, F or Q
}

// RecordOptions are the options of Records.
type RecordOptions struct {
	SkipBad bool     // leave out records that cannot be read, with a note; every signal is read to its end
	Leads   []string // leads that SkipBad wants readable; nil: all
}

// Records lists annotated electrocardiograms by name: the record at name, those of the
// folder name, or, if it has none, those of the subfolder that has most.
//
// A record is either a WFDB record, NAME.hea with its signals and NAME.atr, or an audio
// file, NAME.wav, .flac or .mp3, perhaps gzipped, with a table NAME.beats.csv. The table
// has the columns sample and symbol or aami; other columns are ignored. A table
// records.csv in the same folder or in the one above names in its columns record and
// split the split of each record.
//
// Beats up to ten seconds after the end of a signal are left out and noted.
func Records(name string, o RecordOptions) (list []Record, notes []string, err error) {
	return recordsOf(osFS{}, path.Clean(filepath.ToSlash(name)), o)
}

func recordsOf(fsys fs.FS, name string, o RecordOptions) (list []Record, notes []string, err error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	dir := name
	l := recordList{fsys: fsys, o: o}
	if info.IsDir() {
		dir, list, notes, err = l.find(name)
	} else {
		dir = path.Dir(name)
		var ok bool
		var r Record
		if r, ok, err = openRecordFile(fsys, name); err == nil && !ok {
			err = fmt.Errorf("%s: not an annotated electrocardiogram: give a header NAME.hea with NAME.atr beside it, or an audio file with a table NAME.beats.csv", name)
		}
		list = []Record{r}
	}
	if err != nil {
		return nil, nil, err
	}
	for _, r := range list {
		notes = append(notes, r.notes...)
	}
	return list, notes, readSplits(fsys, list, dir, path.Dir(dir))
}

// openRecordFile reads the annotations of a record. ok reports whether name is one.
func openRecordFile(fsys fs.FS, name string) (r Record, ok bool, err error) {
	base := strings.TrimSuffix(name, path.Ext(name))
	r = Record{File: name, fsys: fsys}
	marks := base + ".atr"
	if strings.EqualFold(path.Ext(name), ".gz") {
		name, base = base, strings.TrimSuffix(base, path.Ext(base))
	}
	header := strings.EqualFold(path.Ext(name), ".hea")
	switch {
	case audio.IsName(name):
		marks = base + ".beats.csv"
	case !header || name != r.File:
		return r, false, nil
	}
	r.Name = path.Base(base)
	if _, err := fs.Stat(fsys, marks); errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	} else if err != nil {
		return r, false, err
	}
	var rate float64
	var frames int64
	if header {
		rate, frames, err = r.readATR(marks)
	} else if r.Beats, err = readBeatTable(fsys, marks); err == nil {
		rate, frames, err = r.soundHeader()
	}
	if err == nil && frames > 0 {
		err = r.leaveOut(marks, frames, rate)
	}
	return r, err == nil, err
}

// mostAfter is how long after the end of a signal beats may be, in seconds: a recorder
// writes its last ones a little after it has stopped.
const mostAfter = 10

// leaveOut removes the beats after the end of a signal, and notes it. Beats long after the
// end are an error: they belong to another record.
func (r *Record) leaveOut(marks string, frames int64, rate float64) error {
	n, _ := slices.BinarySearchFunc(r.Beats, frames, func(b BeatMark, end int64) int { return cmp.Compare(b.Sample, end) })
	after := len(r.Beats) - n
	if after == 0 {
		return nil
	}
	if last := r.Beats[len(r.Beats)-1].Sample; float64(last-frames) > mostAfter*rate {
		return fmt.Errorf("%s: sample: the beat at sample %d is after the end, %d samples: the annotations in %s belong to another signal; fetch both again", r.File, last, frames, marks)
	}
	r.Beats = r.Beats[:n]
	r.notes = append(r.notes, fmt.Sprintf("%s: %d beats after the end of the signal (%d samples) are left out", marks, after, frames))
	return nil
}

// soundHeader returns rate and length of the audio file of a record; 0 frames: unknown.
func (r *Record) soundHeader() (rate float64, frames int64, err error) {
	f, err := r.fsys.Open(r.File)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	a, err := audio.NewFileReader(f, r.File)
	if err != nil {
		return 0, 0, err
	}
	defer a.Close()
	return a.Rate, max(int64(a.Frames), 0), nil
}

// readATR reads the beats of a WFDB record, and returns its rate and length; 0 frames:
// unknown.
func (r *Record) readATR(marks string) (rate float64, frames int64, err error) {
	h, err := wfdb.ReadHeader(r.fsys, r.File)
	if err != nil {
		return 0, 0, err
	}
	list, err := wfdb.ReadAnnotations(r.fsys, marks, h.Rate)
	for _, a := range list {
		if class := wfdb.Class(a.Symbol); class != "" {
			r.Beats = append(r.Beats, BeatMark{a.Sample, a.Symbol, class})
		}
	}
	sortedBeats(r.Beats)
	if h.Frames == 0 {
		h.Frames = h.Measure(r.fsys)
	}
	return h.Rate, h.Frames, err
}

func sortedBeats(beats []BeatMark) []BeatMark {
	slices.SortStableFunc(beats, func(a, b BeatMark) int { return int(min(max(a.Sample-b.Sample, -1), 1)) })
	return beats
}

// readColumns is table.ReadNamed of a file.
func readColumns(fsys fs.FS, name string, want []string, row func(value func(i int) string) error) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return table.ReadNamed(f, name, want, row)
}

// aami lists the classes of AAMI EC57.
var aami = []string{wfdb.ClassN, wfdb.ClassS, wfdb.ClassV, wfdb.ClassF, wfdb.ClassQ}

func readBeatTable(fsys fs.FS, name string) (beats []BeatMark, err error) {
	err = readColumns(fsys, name, []string{"sample", "symbol", "aami"}, func(value func(int) string) error {
		at, err := strconv.ParseInt(value(0), 10, 64)
		if err != nil || at < 0 || at > math.MaxInt64/4 {
			return fmt.Errorf("sample: %q: write the index of a sample, 0 or more", value(0))
		}
		b := BeatMark{at, value(1), value(2)}
		if b.Class == "" {
			b.Class = wfdb.Class(b.Symbol)
		}
		switch {
		case b.Class == "" && b.Symbol == "":
			return errors.New("symbol and aami: both are empty: fill in one")
		case b.Class == "":
			return nil // an annotation of something else
		case !slices.Contains(aami, b.Class):
			return fmt.Errorf("aami: %q: write one of %s", b.Class, strings.Join(aami, " "))
		}
		beats = append(beats, b)
		return nil
	})
	return sortedBeats(beats), err
}

// A Signal is a whole signal in memory.
type Signal struct {
	Rate     float64 // samples per second and channel
	Channels int
	Samples  []float32 // channels interleaved; NaN: missing
}

// Signal reads the record's signal. leads chooses leads of a WFDB record by name or by
// number from 1; nil means all.
func (r *Record) Signal(leads []string) (*Signal, error) {
	c, err := r.signal(leads)
	if err != nil {
		return nil, err
	}
	return &Signal{Rate: c.Rate, Channels: c.Channels, Samples: c.Samples}, nil
}

func (r *Record) signal(leads []string) (*audio.Clip, error) {
	if !strings.EqualFold(path.Ext(r.File), ".hea") {
		c, err := audio.DecodeFile(r.fsys, r.File)
		if err != nil {
			return nil, err
		}
		return c, r.CheckWithin(int64(c.Frames()))
	}
	w, err := wfdb.Open(r.fsys, r.File, leads)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	c := &audio.Clip{Rate: w.Header.Rate, Channels: len(w.Leads)}
	buf := make([]float32, 4096*c.Channels)
	for {
		n, err := w.Read(buf)
		if c.Samples = append(c.Samples, buf[:n]...); err == io.EOF {
			return c, r.CheckWithin(int64(c.Frames()))
		}
		if err != nil {
			return nil, err
		}
	}
}

// Leads returns the names of the leads that Signal reads; nil if they have none, as those of
// a sound file, or if two of them have the same.
func (r *Record) Leads(leads []string) ([]string, error) {
	names, _, err := r.leads(leads)
	return names, err
}

// leads returns the names and the units of the chosen leads; nil, nil without names.
func (r *Record) leads(chosen []string) (names, units []string, err error) {
	if !strings.EqualFold(path.Ext(r.File), ".hea") {
		return nil, nil, nil
	}
	w, err := wfdb.Open(r.fsys, r.File, chosen)
	if err != nil {
		return nil, nil, err
	}
	defer w.Close()
	for _, i := range w.Leads {
		s := &w.Header.Signals[i]
		if s.Name == "" || slices.Contains(names, s.Name) {
			return nil, nil, nil
		}
		names, units = append(names, s.Name), append(units, s.Units)
	}
	return names, units, nil
}

// CheckWithin returns an error that names the first beat after the end of a signal with
// this number of samples per channel.
func (r *Record) CheckWithin(samples int64) error {
	for _, b := range r.Beats {
		if b.Sample >= samples {
			return fmt.Errorf("%s: sample: the beat at sample %d is after the end, %d samples: the annotations belong to another signal; fetch both again", r.File, b.Sample, samples)
		}
	}
	return nil
}
