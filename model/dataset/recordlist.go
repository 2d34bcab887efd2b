package dataset

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A recordList reads the records of folders.
type recordList struct {
	fsys fs.FS
	o    RecordOptions
}

// find lists the records of dir, or of the subfolder that has most. where is the folder
// that they are in.
func (l *recordList) find(dir string) (where string, list []Record, notes []string, err error) {
	where = dir
	if list, notes, err = l.list(dir); err != nil || len(list) > 0 {
		return where, list, notes, err
	}
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		return where, nil, nil, err
	}
	others := 0
	for _, e := range entries {
		if hidden(e.Name()) || !isDir(l.fsys, dir, e) {
			continue
		}
		sub := path.Join(dir, e.Name())
		found, skipped, err := l.list(sub)
		if err != nil {
			return where, nil, nil, err
		}
		others += len(found)
		notes = append(notes, skipped...)
		if len(found) > len(list) {
			where, list = sub, found
		}
	}
	if others -= len(list); others > 0 {
		notes = append(notes, fmt.Sprintf("the %d records are those of %s; other folders have %d: give one of them to use its records", len(list), where, others))
	}
	return where, list, notes, nil
}

// list lists the records of dir, and notes those that it leaves out.
func (l *recordList) list(dir string) (list []Record, notes []string, err error) {
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if hidden(e.Name()) || e.IsDir() {
			continue
		}
		r, ok, err := openRecordFile(l.fsys, path.Join(dir, e.Name()))
		if err == nil && ok && l.o.SkipBad {
			_, err = r.signal(l.o.Leads)
		}
		if err != nil && l.o.SkipBad {
			notes = append(notes, fmt.Sprintf("skipped: %v", err))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		if i := slices.IndexFunc(list, func(o Record) bool { return o.Name == r.Name }); i >= 0 {
			return nil, nil, fmt.Errorf("%s: the record %s is also in %s: remove one", r.File, r.Name, list[i].File)
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Record) int { return strings.Compare(a.Name, b.Name) })
	return list, notes, nil
}

// listRecords lists the records of dir that can be read.
func listRecords(fsys fs.FS, dir string) ([]Record, error) {
	list, _, err := (&recordList{fsys: fsys}).list(dir)
	return list, err
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

// orRecords adds to err that dir holds records, if it does.
func orRecords(fsys fs.FS, dir string, err error) error {
	if err == nil {
		return nil
	}
	if list, e := listRecords(fsys, dir); e == nil && len(list) > 0 {
		return fmt.Errorf("%s holds annotated electrocardiograms: cut them into beats with BeatOptions.Segment beat, or give a model of heartbeats; as other data: %w", dir, err)
	}
	return err
}
