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
	File  string
	Split string // that of records.csv; "": there is none
	Beats []BeatMark

	fsys fs.FS
}

// A BeatMark is an annotated beat.
type BeatMark struct {
	Sample int64  // a channel's
	Symbol string // PhysioNet's; "" if it does not say
	Class  string // of AAMI EC57: N, S, V, F or Q
}

// Records finds annotated electrocardiograms, ascending by name: the record at name, or
// those of a folder, or if that has none those of the folder in it that has most. A
// record is NAME.hea, its signals and NAME.atr (WFDB), or audio NAME.wav, .flac or .mp3,
// maybe with .gz, and a table NAME.beats.csv with the columns sample and symbol or aami
// (others are ignored). A table records.csv beside them or a folder up says with its
// columns record and split to which split each belongs.
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
			err = fmt.Errorf("%s: no annotated electrocardiogram: want a header NAME.hea with NAME.atr beside it, or a signal with a table NAME.beats.csv", name)
		}
		list = []Record{r}
	}
	if err != nil {
		return nil, nil, err
	}
	return list, notes, readSplits(fsys, list, dir, path.Dir(dir))
}

// findRecords lists the records of a folder, or of the one in it that has most.
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
		notes = append(notes, fmt.Sprintf("the %d records are those of %s; other folders have %d: name one of them to use those", len(list), where, others))
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
			return nil, fmt.Errorf("%s: the record %s is in %s too: take one away", r.File, r.Name, list[i].File)
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// openRecordFile reads the annotations of a record; false: the file is none.
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

// aami are the classes.
var aami = []string{wfdb.ClassN, wfdb.ClassS, wfdb.ClassV, wfdb.ClassF, wfdb.ClassQ}

func readBeatTable(fsys fs.FS, name string) (beats []BeatMark, err error) {
	err = readColumns(fsys, name, []string{"sample", "symbol", "aami"}, func(value func(int) string) error {
		at, err := strconv.ParseInt(value(0), 10, 64)
		if err != nil || at < 0 || at > math.MaxInt64/4 {
			return fmt.Errorf("sample: %q: want the index of a sample, from 0 on", value(0))
		}
		b := BeatMark{at, value(1), value(2)}
		if b.Class == "" {
			b.Class = wfdb.Class(b.Symbol)
		}
		switch {
		case b.Class == "" && b.Symbol == "":
			return errors.New("symbol and aami: both are empty: give one of them")
		case b.Class == "":
			return nil // a mark, no beat
		case !slices.Contains(aami, b.Class):
			return fmt.Errorf("aami: %q: want one of %s", b.Class, strings.Join(aami, " "))
		}
		beats = append(beats, b)
		return nil
	})
	return sortedBeats(beats), err
}

// readSplits fills in the splits of the first records.csv in dirs.
func readSplits(fsys fs.FS, list []Record, dirs ...string) error {
	for _, dir := range dirs {
		name := path.Join(dir, "records.csv")
		if _, err := fs.Stat(fsys, name); err != nil {
			continue
		}
		splits := map[string]string{}
		if err := readColumns(fsys, name, []string{"record", "split"}, func(value func(int) string) error {
			if _, twice := splits[value(0)]; twice {
				return fmt.Errorf("record: %q is there twice: take one line away", value(0))
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

// Clip reads the record's signal, those of its leads if it has several.
func (r *Record) Clip(leads []string) (*audio.Clip, error) {
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

// CheckWithin tells which beat lies past the end of a signal of so many samples.
func (r *Record) CheckWithin(samples int64) error {
	for _, b := range r.Beats {
		if b.Sample >= samples {
			return fmt.Errorf("%s: the beat at sample %d is past the end, %d samples: annotations and signal are not of one record; give those that belong together", r.File, b.Sample, samples)
		}
	}
	return nil
}

// orRecords says of a folder that cannot be read as examples if it holds records.
func orRecords(fsys fs.FS, dir string, err error) error {
	if err == nil {
		return nil
	}
	if list, e := listRecords(fsys, dir); e == nil && len(list) > 0 {
		return fmt.Errorf("%w; it holds annotated electrocardiograms: train takes those with --segment beat, eval and verify with a model of such", err)
	}
	return err
}
