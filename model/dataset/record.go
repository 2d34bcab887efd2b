package dataset

import (
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

	fsys fs.FS
}

// A BeatMark is an annotated beat.
type BeatMark struct {
	Sample int64  // index of the sample in each channel
	Symbol string // PhysioNet's; "": unknown
	Class  string // of AAMI EC57: N, S, V, F or Q
}

// Records lists annotated electrocardiograms by name: the record at name, those of the
// folder name, or, if it has none, those of the subfolder that has most.
//
// A record is either a WFDB record, NAME.hea with its signals and NAME.atr, or an audio
// file, NAME.wav, .flac or .mp3, perhaps gzipped, with a table NAME.beats.csv. The table
// has the columns sample and symbol or aami; other columns are ignored. A table
// records.csv in the same folder or in the one above names in its columns record and
// split the split of each record.
func Records(name string) (list []Record, notes []string, err error) {
	return recordsOf(osFS{}, path.Clean(filepath.ToSlash(name)))
}

func recordsOf(fsys fs.FS, name string) (list []Record, notes []string, err error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, nil, err
	}
	dir := name
	if info.IsDir() {
		dir, list, notes, err = findRecords(fsys, name)
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
	return list, notes, readSplits(fsys, list, dir, path.Dir(dir))
}

// findRecords lists the records of dir, or of the subfolder that has most. where is the
// folder that they are in.
func findRecords(fsys fs.FS, dir string) (where string, list []Record, notes []string, err error) {
	where = dir
	if list, err = listRecords(fsys, dir); err != nil || len(list) > 0 {
		return where, list, nil, err
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return where, nil, nil, err
	}
	others := 0
	for _, e := range entries {
		if hidden(e.Name()) || !isDir(fsys, dir, e) {
			continue
		}
		sub := path.Join(dir, e.Name())
		found, err := listRecords(fsys, sub)
		if err != nil {
			return where, nil, nil, err
		}
		others += len(found)
		if len(found) > len(list) {
			where, list = sub, found
		}
	}
	if others -= len(list); others > 0 {
		notes = append(notes, fmt.Sprintf("the %d records are those of %s; other folders have %d: give one of them to use its records", len(list), where, others))
	}
	return where, list, notes, nil
}

func listRecords(fsys fs.FS, dir string) (list []Record, err error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if hidden(e.Name()) || e.IsDir() {
			continue
		}
		r, ok, err := openRecordFile(fsys, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if i := slices.IndexFunc(list, func(o Record) bool { return o.Name == r.Name }); i >= 0 {
			return nil, fmt.Errorf("%s: the record %s is also in %s: remove one", r.File, r.Name, list[i].File)
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
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
	case isAudioName(name):
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
	if header {
		r.Beats, err = readATR(fsys, r.File, marks)
	} else {
		r.Beats, err = readBeatTable(fsys, marks)
	}
	return r, err == nil, err
}

func readATR(fsys fs.FS, header, marks string) (beats []BeatMark, err error) {
	h, err := wfdb.ReadHeader(fsys, header)
	if err != nil {
		return nil, err
	}
	list, err := wfdb.ReadAnnotations(fsys, marks, h.Frames)
	for _, a := range list {
		if class := wfdb.Class(a.Symbol); class != "" {
			beats = append(beats, BeatMark{a.Sample, a.Symbol, class})
		}
	}
	return sortedBeats(beats), err
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

// readSplits sets the splits of list from the first records.csv in dirs.
func readSplits(fsys fs.FS, list []Record, dirs ...string) error {
	for _, dir := range dirs {
		name := path.Join(dir, "records.csv")
		if _, err := fs.Stat(fsys, name); err != nil {
			continue
		}
		splits := map[string]string{}
		if err := readColumns(fsys, name, []string{"record", "split"}, func(value func(int) string) error {
			if _, twice := splits[value(0)]; twice {
				return fmt.Errorf("record: %q has two lines: delete one", value(0))
			}
			splits[value(0)] = value(1)
			return nil
		}); err != nil {
			return err
		}
		for i := range list {
			list[i].Split = splits[list[i].Name]
		}
		return nil
	}
	return nil
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

// orRecords adds to err that dir holds records, if it does.
func orRecords(fsys fs.FS, dir string, err error) error {
	if err == nil {
		return nil
	}
	if list, e := listRecords(fsys, dir); e == nil && len(list) > 0 {
		return fmt.Errorf("%w; it holds annotated electrocardiograms: cut them into beats with BeatOptions.Segment beat, or give a model of heartbeats", err)
	}
	return err
}
