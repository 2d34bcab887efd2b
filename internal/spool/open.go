package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"inkling/internal/atomicfile"
	"inkling/internal/disk"
)

// open reads what the folder has.
func (l *Log) open() (notes []string, err error) {
	names, err := filepath.Glob(filepath.Join(escape(l.dir), strings.Repeat("[0-9a-f]", 16)+suffix))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for i, name := range names {
		first, _ := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), suffix), 16, 64)
		note, err := l.take(name, first, i == len(names)-1)
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	if err := l.openProgress(); err != nil {
		return nil, err
	}
	if err := l.roll(); err != nil {
		notes = append(notes, fmt.Sprintf("%s takes nothing: %v", l.dir, err))
	}
	return notes, nil
}

// escape escapes what a pattern would mean.
func escape(path string) string {
	return strings.NewReplacer(`[`, `[[]`, `*`, `[*]`, `?`, `[?]`).Replace(path)
}

// take takes up a file, whose first record has a number; last says that it is the one that
// was written when the program ended.
func (l *Log) take(name string, first uint64, last bool) (note string, err error) {
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, syscall.EIO) {
		return "", err
	}
	unreadable := err != nil
	records, good, torn := parse(data)
	if expected := len(l.files) == 0 || first == l.next; !expected {
		first = l.next
		if len(records) > 0 { // else a disk that took nothing has left it
			if err := l.forget(first); err != nil {
				return "", err
			}
		}
	}
	stays := true // the file itself
	switch {
	case unreadable || good < len(data) && !(last && torn && good >= len(magic)) && !empty(data):
		if note, err = l.repair(name, first, data, records); err != nil || len(records) == 0 {
			return note, err
		}
		stays, good = false, len(magic)
		for _, r := range records {
			good += headSize + len(r)
		}
	case len(records) == 0: // begun, and no record came
		l.next = first
		return "", disk.Spill.Remove(name)
	case good < len(data):
		if err := truncate(name, int64(good)); err != nil {
			return "", err
		}
		note = fmt.Sprintf("%s: the last record was cut off, %d bytes of it are dropped", name, len(data)-good)
	}
	if stays && name != l.path(first) {
		if err := disk.Spill.Rename(name, l.path(first)); err != nil {
			return "", err
		}
	}
	l.files = append(l.files, file{first, int64(good)})
	l.bytes += int64(good)
	l.next = first + uint64(len(records))
	return note, nil
}

// repair leaves the records of a damaged file that can be read, and keeps a copy of the file.
// They are in one file or another at any moment.
func (l *Log) repair(name string, first uint64, data []byte, records [][]byte) (note string, err error) {
	if err := l.forget(first); err != nil {
		return "", err
	}
	note = fmt.Sprintf("%s is damaged: %d records of it can be read, and ", name, len(records))
	kept := fmt.Sprintf("the file is kept as %s.damaged", name)
	if len(records) == 0 {
		if err := disk.Spill.Rename(name, name+".damaged"); err != nil {
			return "", err
		}
		l.limitDamaged(name)
		return note + kept, nil
	}
	err = atomicfile.WriteFileIn(disk.Spill, name+".damaged", func(w io.Writer) error { _, err := w.Write(data); return err })
	if err != nil {
		kept = fmt.Sprintf("the file cannot be kept: %v", err)
	}
	l.limitDamaged(name)
	if err := write(l.path(first), records); err != nil {
		return "", err
	}
	if name != l.path(first) {
		if err := disk.Spill.Remove(name); err != nil {
			return "", err
		}
	}
	return note + kept, nil
}

// forget has all records come again, whatever becomes of the files: their numbers change, and
// the number of those that were delivered would hide others.
func (l *Log) forget(first uint64) error {
	if l.again {
		return nil
	}
	l.again = true
	if len(l.files) > 0 {
		first = l.files[0].first
	}
	l.delivered = first
	if err := l.writeProgress(); err != nil {
		return err
	}
	return errors.Join(l.done.Sync(), disk.Spill.SyncDir(l.dir))
}

// empty reports whether a file was begun, and no record of it has reached the disk.
func empty(data []byte) bool {
	return strings.HasPrefix(magic, string(data)) || len(bytes.TrimLeft(bytes.TrimPrefix(data, []byte(magic)), "\x00")) == 0
}

// keptDamaged is how many damaged files are kept.
const keptDamaged = 3

// limitDamaged removes the oldest of many damaged files; name is that of the last one.
func (l *Log) limitDamaged(name string) {
	all, _ := filepath.Glob(filepath.Join(escape(l.dir), strings.Repeat("[0-9a-f]", 16)+suffix+".damaged"))
	slices.Sort(all)
	for len(all) > keptDamaged {
		if all[0] == name+".damaged" { // numbers have begun anew
			all[0], all[1] = all[1], all[0]
		}
		disk.Spill.Remove(all[0])
		all = all[1:]
	}
}

func truncate(name string, size int64) error {
	f, err := disk.Spill.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// parse returns the records of a file that are intact, and how many bytes from the beginning
// on are. torn says that nothing behind those is intact, as a crash may leave it.
func parse(data []byte) (records [][]byte, good int, torn bool) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, 0, true
	}
	at, sound := len(magic), true
	good, torn = at, true
	for len(data)-at >= headSize {
		n := binary.LittleEndian.Uint32(data[at:])
		if n > MaxRecord || int(n) > len(data)-at-headSize {
			break
		}
		record := data[at+headSize:][:n]
		at += headSize + int(n)
		if !intact(data[at-headSize-int(n):at-int(n)], record) {
			sound = false
			continue
		}
		records = append(records, record)
		if sound {
			good = at
		} else {
			torn = false
		}
	}
	return records, good, torn
}

func write(name string, records [][]byte) error {
	return atomicfile.WriteFileIn(disk.Spill, name, func(w io.Writer) error {
		_, err := io.WriteString(w, magic)
		for _, r := range records {
			if err == nil {
				_, err = w.Write(frame(r))
			}
		}
		return err
	})
}

// openProgress reads how many records are delivered. If it cannot be known, they come again.
// What it finds is written: a number that is too great, since a loss of power took records
// that had been delivered, would else hide those that get their numbers.
func (l *Log) openProgress() error {
	if len(l.files) > 0 {
		l.delivered = l.files[0].first
	}
	data, err := os.ReadFile(filepath.Join(l.dir, progress))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EIO) {
		return err
	}
	n, known := uint64(0), len(data) >= headSize+8 && intact(data[:headSize], data[headSize:headSize+8])
	if known {
		n = binary.LittleEndian.Uint64(data[headSize:])
	}
	if len(l.files) == 0 {
		l.next = max(l.next, n)
		l.delivered = l.next
	} else if known && !l.again && n >= l.delivered && n <= l.next {
		l.delivered = n
	}
	if known && n == l.delivered || !known && len(l.files) == 0 && l.next == 0 {
		return nil
	}
	if err := l.writeProgress(); err != nil {
		if disk.Ill(err) && n <= l.delivered { // then what is there hides nothing
			return nil
		}
		return err
	}
	return errors.Join(l.done.Sync(), disk.Spill.SyncDir(l.dir))
}
