package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/atomicfile"
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
		if len(l.files) > 0 && first != l.next {
			first, l.again = l.next, true
		}
		note, err := l.take(name, first, i == len(names)-1)
		if err != nil {
			return nil, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	if len(l.files) > 0 {
		l.delivered = l.files[0].first
	}
	if err := l.openProgress(); err != nil {
		return nil, err
	}
	if len(l.files) == 0 {
		l.next = max(l.next, l.delivered)
		l.delivered = l.next
	}
	return notes, l.roll()
}

// escape escapes what a pattern would mean.
func escape(path string) string {
	return strings.NewReplacer(`[`, `[[]`, `*`, `[*]`, `?`, `[?]`).Replace(path)
}

// take takes up a file, whose first record has a number; last says that it is the one that
// was written when the program ended.
func (l *Log) take(name string, first uint64, last bool) (note string, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	records, good, bad := parse(data)
	torn := last && bad == 0 && good < len(data)
	stays := true // the file itself
	switch {
	case len(data) <= len(magic) && strings.HasPrefix(magic, string(data)): // begun, and no record came
		l.next = first
		return "", os.Remove(name)
	case torn && good >= len(magic):
		if err := os.Truncate(name, int64(good)); err != nil {
			return "", err
		}
		note = fmt.Sprintf("%s: the last record was cut off, %d bytes of it are dropped", name, len(data)-good)
	case bad > 0 || good < len(data):
		if err := os.Rename(name, name+".damaged"); err != nil {
			return "", err
		}
		stays, good = false, len(magic)
		for _, r := range records {
			good += headSize + len(r)
		}
		l.again = true
		note = fmt.Sprintf("%s is damaged: %d records of it can be read, and the file is kept as %s.damaged", name, len(records), name)
		if len(records) == 0 {
			return note, nil
		}
		if err := write(l.path(first), records); err != nil {
			return "", err
		}
	}
	if stays {
		if err := os.Rename(name, l.path(first)); err != nil {
			return "", err
		}
	}
	l.files = append(l.files, file{first, int64(good)})
	l.bytes += int64(good)
	l.next = first + uint64(len(records))
	return note, nil
}

// parse returns the records of a file that are intact, how many bytes from the beginning on
// are, and how many records are damaged.
func parse(data []byte) (records [][]byte, good, bad int) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, 0, 0
	}
	at := len(magic)
	good = at
	for len(data)-at >= headSize {
		n := binary.LittleEndian.Uint32(data[at:])
		if n > MaxRecord || int(n) > len(data)-at-headSize {
			break
		}
		record := data[at+headSize:][:n]
		if intact(data[at:at+headSize], record) {
			records = append(records, record)
			if bad == 0 {
				good = at + headSize + int(n)
			}
		} else {
			bad++
		}
		at += headSize + int(n)
	}
	if bad > 0 && at == len(data) && good+headSize+int(binary.LittleEndian.Uint32(data[good:])) == at {
		bad = 0 // the last record alone, which a crash may leave like that
	}
	return records, good, bad
}

func write(name string, records [][]byte) error {
	return atomicfile.WriteFile(name, func(w io.Writer) error {
		_, err := io.WriteString(w, magic)
		for _, r := range records {
			if err == nil {
				_, err = w.Write(frame(r))
			}
		}
		return err
	})
}

// openProgress reads how many records are delivered.
func (l *Log) openProgress() (err error) {
	if l.done, err = os.OpenFile(filepath.Join(l.dir, progress), os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return err
	}
	var b [headSize + 8]byte
	if _, err := l.done.ReadAt(b[:], 0); errors.Is(err, io.EOF) || err == nil && !intact(b[:headSize], b[headSize:]) {
		return nil // the records come again
	} else if err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(b[headSize:])
	if len(l.files) == 0 || !l.again && n >= l.delivered && n <= l.next {
		l.delivered = n
	}
	return nil
}
