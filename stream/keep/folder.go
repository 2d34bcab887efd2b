package keep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"inkling/internal/atomicfile"
	"inkling/internal/audio"
	"inkling/internal/disk"
)

// A folder is what is kept on the disk: files, and index.csv that lists them. A file is
// written before its row, and a row removed before its file; so at any moment all files
// that the index lists are there, and a crash leaves at most files that it does not list,
// which load removes.
type folder struct {
	dir string
	max int64
	age time.Duration

	found   func(when time.Time, bytes int64) // called by load with what was written before
	written int64                             // bytes since spent was last called, by blocks

	out     disk.File // the index of the entries, for appending; nil: it is to be written anew
	half    bool      // it may end in a part of a row
	text    bool      // rows hold texts
	entries []entry   // the oldest first
	bytes   int64     // of the files
	rows    int64     // bytes of the index

	mu    sync.Mutex
	there map[string]bool // the files
}

// An entry is a row of the index.
type entry struct {
	row  string
	file string // "": a text
	size int64
	time time.Time
}

func openFolder(dir string, max int64, age time.Duration) (*folder, error) {
	if err := disk.Keep.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return &folder{dir: dir, max: max, age: age, found: func(time.Time, int64) {}, there: map[string]bool{}}, nil
}

func (f *folder) index() string { return filepath.Join(f.dir, indexName) }

func (f *folder) path(file string) string { return filepath.Join(f.dir, filepath.FromSlash(file)) }

func (f *folder) has(file string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.there[file]
}

func (f *folder) set(file string, there bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if there {
		f.there[file] = true
	} else {
		delete(f.there, file)
	}
}

// load reads the index, cuts off a last row that is not whole, and removes rows without a
// file and files without a row.
func (f *folder) load(now time.Time) error {
	data, err := os.ReadFile(f.index())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	clips, rows, err := parseIndex(f.index(), data)
	if err != nil {
		return err
	}
	for i, c := range clips {
		e, written := entry{row: rows[i], file: c.File, time: c.Time}, c.Time
		if c.File != "" {
			info, err := os.Lstat(f.path(c.File))
			if err != nil || !info.Mode().IsRegular() {
				continue // someone removed it
			}
			e.size, written = info.Size(), info.ModTime()
		}
		f.found(written, blocks(e.size)+int64(len(e.row)))
		f.text = c.File == ""
		f.bytes += e.size
		f.entries = append(f.entries, e)
		f.set(c.File, true)
	}
	f.rows = int64(len(data))
	if string(data) != f.content() {
		err = f.rewrite()
	} else {
		err = f.open()
	}
	if err == nil {
		f.sweep()
		// A clock that starts years ahead removes nothing: where all is too old, an hour decides.
		if n := f.old(now); n < len(f.entries) {
			err = f.drop(n)
		}
	}
	if err == nil {
		err = f.makeRoom(0, 0)
	}
	if disk.Ill(err) { // add says so, and tries again
		return nil
	}
	return err
}

// dayName is that of a folder of kept files, keptName that of one of them, also half written.
var (
	dayName  = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	keptName = regexp.MustCompile(`^\.?\d{6}\.\d{3}-[A-Za-z0-9_-]+\.(flac|wav|csv)(\.[0-9a-f]{8}\.tmp)?$`)
)

// halfIndex is the name of an index that is half written.
var halfIndex = regexp.MustCompile(`^\.index\.csv\.[0-9a-f]{8}\.tmp$`)

// ours reports whether a row may have file: no other is ever removed.
func ours(file string) bool {
	day, name, _ := strings.Cut(file, "/")
	return dayName.MatchString(day) && keptName.MatchString(name) && !strings.HasSuffix(name, ".tmp") && name[0] != '.'
}

// sweep removes files that the index does not list, as a crash leaves them, and folders of
// days that are empty. It touches nothing that has another name than those that are given
// here.
func (f *folder) sweep() {
	days, _ := os.ReadDir(f.dir)
	for _, d := range days {
		if d.Type().IsRegular() && halfIndex.MatchString(d.Name()) {
			disk.Keep.Remove(filepath.Join(f.dir, d.Name()))
		}
		if !d.IsDir() || !dayName.MatchString(d.Name()) {
			continue
		}
		files, _ := os.ReadDir(filepath.Join(f.dir, d.Name()))
		for _, e := range files {
			if file := d.Name() + "/" + e.Name(); e.Type().IsRegular() && keptName.MatchString(e.Name()) && !f.there[file] {
				disk.Keep.Remove(f.path(file))
			}
		}
		disk.Keep.Remove(filepath.Join(f.dir, d.Name())) // if it is empty
	}
}

// add writes a segment's file and row.
func (f *folder) add(j *job) error {
	var b bytes.Buffer
	if j.clip.File != "" {
		if err := encode(&b, j); err != nil {
			return err
		}
	}
	text := j.clip.File == ""
	if len(f.entries) > 0 && f.text != text {
		return fmt.Errorf("%s lists %s, and this is %s: keep them in another folder", f.index(), kind(f.text), kind(text))
	}
	if len(f.entries) == 0 && f.text != text || f.out == nil {
		f.text = text
		if err := f.rewrite(); err != nil {
			return err
		}
	}
	row := j.clip.row(text)
	if err := f.makeRoom(int64(b.Len()), int64(len(row))); err != nil {
		return err
	}
	if !text {
		path := f.path(j.clip.File)
		f.written += blocks(int64(b.Len()))
		if err := disk.Keep.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := atomicfile.WriteFileIn(disk.Keep, path, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
			disk.Keep.Remove(path) // its name may be there
			return err
		}
		f.set(j.clip.File, true)
	}
	if err := f.append(row); err != nil {
		if !text {
			disk.Keep.Remove(f.path(j.clip.File))
			f.set(j.clip.File, false)
		}
		return err
	}
	f.entries = append(f.entries, entry{row: row, file: j.clip.File, size: int64(b.Len()), time: j.clip.Time})
	f.bytes += int64(b.Len())
	return nil
}

// spent returns how many bytes have been written since it was last called.
func (f *folder) spent() int64 {
	n := f.written
	f.written = 0
	return n
}

func kind(text bool) string {
	if text {
		return "texts"
	}
	return "files of signals"
}

// append writes a row, or nothing of it.
func (f *folder) append(row string) error {
	if f.half {
		if err := f.out.Truncate(f.rows); err != nil {
			return err
		}
		f.half = false
	}
	f.written += int64(len(row))
	if _, err := io.WriteString(f.out, row); err != nil {
		f.half = f.out.Truncate(f.rows) != nil
		return err
	}
	f.rows += int64(len(row))
	return nil
}

// makeRoom removes the oldest segments until there is room for a file and a row of these
// sizes, and for a while after that. The index counts twice: it is there twice while it is
// written anew.
func (f *folder) makeRoom(file, row int64) error {
	need := func() int64 { return f.bytes + file + 2*(f.rows+row) }
	if file+2*(int64(len(header(f.text)))+row) > f.max {
		return fmt.Errorf("a segment of %d bytes is larger than all that may be kept, %d: raise keep.Options.Max", file, f.max)
	}
	if need() <= f.max {
		return nil
	}
	n, bytes, rows := 0, f.bytes, f.rows
	for bytes+file+2*(rows+row) > f.max-f.max/20 && n < len(f.entries) {
		bytes -= f.entries[n].size
		rows -= int64(len(f.entries[n].row))
		n++
	}
	return f.drop(n)
}

// expire removes what is too old.
func (f *folder) expire(now time.Time) error { return f.drop(f.old(now)) }

// old returns how many of the first segments are too old. Segments come in the order of their entries, so one whose
// time is none, since the clock had not been set or was far ahead, is as old as the next one
// whose time is.
func (f *folder) old(now time.Time) (n int) {
	if f.age == 0 || !clockIsSet(now) {
		return 0
	}
	for i, e := range f.entries {
		if !clockIsSet(e.time) || e.time.After(now.Add(distrust)) {
			continue
		}
		if now.Sub(e.time) <= f.age {
			break
		}
		n = i + 1
	}
	return n
}

// clockIsSet reports whether a time may be what a clock says that has been set: before that
// most clocks without a battery begin at 1970, or at some date of their firmware.
func clockIsSet(t time.Time) bool { return t.Year() >= 2026 }

// drop removes the first n segments.
func (f *folder) drop(n int) error {
	if n == 0 {
		return nil
	}
	gone := f.entries[:n]
	f.entries = f.entries[n:]
	if err := f.rewrite(); err != nil {
		f.entries = append(slices.Clone(gone), f.entries...)
		return err
	}
	days := map[string]bool{}
	var failed []error // the next start removes what stays
	for _, e := range gone {
		if e.file == "" {
			continue
		}
		if err := disk.Keep.Remove(f.path(e.file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
			continue
		}
		f.bytes -= e.size
		f.set(e.file, false)
		days[filepath.Dir(f.path(e.file))] = true
	}
	for day := range days {
		disk.Keep.Remove(day) // if it is empty
	}
	return errors.Join(failed...)
}

// content returns the index of the entries.
func (f *folder) content() string {
	var b strings.Builder
	b.WriteString(header(f.text))
	for _, e := range f.entries {
		b.WriteString(e.row)
	}
	return b.String()
}

// rewrite writes the index anew. If that fails, the former one may be another than that of
// the entries, and nothing is appended before add has written it anew.
func (f *folder) rewrite() error {
	if f.out != nil { // Windows does not replace a file that is open
		f.out.Close()
		f.out = nil
	}
	text := f.content()
	f.written += blocks(int64(len(text)))
	if err := atomicfile.WriteFileIn(disk.Keep, f.index(), func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
		return err
	}
	return f.open()
}

// open opens the index that is there for appending.
func (f *folder) open() error {
	out, err := disk.Keep.OpenFile(f.index(), os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	info, err := out.Stat()
	if err != nil {
		out.Close()
		return err
	}
	f.out, f.rows, f.half = out, info.Size(), false
	return nil
}

func (f *folder) close() error {
	if f.out == nil {
		return nil
	}
	return errors.Join(f.out.Sync(), f.out.Close())
}

// encode writes the file of a segment.
func encode(b *bytes.Buffer, j *job) error {
	switch filepath.Ext(j.clip.File) {
	case ".flac":
		return audio.EncodeFLAC(b, clipOf(j))
	case ".wav":
		return audio.EncodeWAV(b, clipOf(j), audio.Float32)
	}
	channels := max(j.format.Channels, 1)
	for c := range channels {
		name := fmt.Sprintf("x%d", c+1)
		if c < len(j.names) && j.names[c] != "" {
			name = j.names[c]
		}
		if c > 0 {
			b.WriteByte(',')
		}
		writeCell(b, name)
	}
	b.WriteByte('\n')
	var cell []byte
	for i, v := range j.signal {
		cell = strconv.AppendFloat(cell[:0], float64(v), 'g', -1, 32)
		if b.Write(cell); (i+1)%channels == 0 {
			b.WriteByte('\n')
		} else {
			b.WriteByte(',')
		}
	}
	return nil
}
