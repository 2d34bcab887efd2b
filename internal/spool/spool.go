// Package spool keeps records on the disk until they have been delivered, in order and
// across crashes and losses of power. [Open] opens a [Log].
//
// A log is a folder of files. Each begins with magic, followed by records: the length of the
// record and a CRC-32C of the length and the record, little endian, then the record. The name
// of a file is the number of its first record in hexadecimal digits. The file "delivered" has
// the number of records that need not be delivered any more.
package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"time"

	"inkling/internal/disk"
	"inkling/internal/lockfile"
)

const (
	magic     = "inkspool"
	headSize  = 8
	fileSize  = 16 << 20 // after which another file begins, at most
	smallFile = 1 << 20  // a file of delivered records that is greater is left
	suffix    = ".spool"
	progress  = "delivered"
)

// SyncEvery is how long a record that is not delivered may be in the memory of the operating
// system alone, where a loss of power takes it. It is about when Linux writes by itself, so
// cards are worn no faster.
const SyncEvery = 30 * time.Second

// MaxRecord is the greatest length of a record.
const MaxRecord = 8 << 20

// ErrFull says that a record does not fit into a log.
var ErrFull = errors.New("the log is full")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A Log is a queue of records on the disk. Its methods may be called by several goroutines.
type Log struct {
	dir     string
	max     int64
	size    int64 // of a file
	release func()

	mu        sync.Mutex
	files     []file // empty until something can be written
	bytes     int64  // of them
	next      uint64 // number of the next record
	delivered uint64 // number of the first record that is not delivered
	w         disk.File
	broken    bool        // the end of w may not be that of a record
	unsynced  bool        // records of w may not be on the disk
	soon      *time.Timer // runs syncLater; nil: it is not going to
	done      disk.File
	closed    bool
	again     bool // records are missing, and all others come again
	r         reader
}

// A file is one file of a log.
type file struct {
	first uint64 // number of its first record
	size  int64
}

// A reader is where a log is read.
type reader struct {
	f      *os.File
	file   uint64 // first of the file
	offset int64
	number uint64 // of the record there
}

// Append writes a record and returns its number. After an error the log is as before.
func (l *Log) Append(record []byte) (number uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	need := int64(headSize + len(record))
	if len(record) > MaxRecord || l.bytes+need > l.max {
		return 0, ErrFull
	}
	if l.broken {
		if err := l.w.Truncate(l.last().size); err != nil {
			return 0, err
		}
		l.broken = false
	}
	if l.w == nil || l.last().size+need > l.size && l.last().size > int64(len(magic)) {
		if err := l.roll(); err != nil {
			return 0, err
		}
	}
	last := l.last()
	if _, err := l.w.WriteAt(frame(record), last.size); err != nil {
		l.broken = true
		return 0, err
	}
	last.size += need
	l.bytes += need
	l.next++
	l.unsynced = true
	if l.soon == nil {
		l.soon = time.AfterFunc(SyncEvery, l.syncLater)
	}
	return l.next - 1, nil
}

// last returns the file that is written. The caller holds l.mu.
func (l *Log) last() *file { return &l.files[len(l.files)-1] }

// syncLater puts on the disk what is still not delivered, without holding up Append.
func (l *Log) syncLater() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.soon = nil; l.closed || !l.unsynced || l.delivered == l.next {
		return
	}
	w, next := l.w, l.next
	l.mu.Unlock()
	err := w.Sync()
	l.mu.Lock()
	if l.w == w && l.next == next && err == nil {
		l.unsynced = false
	}
}

// frame returns a record as it stands in a file.
func frame(record []byte) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, headSize+len(record)), uint32(len(record)))
	sum := crc32.Update(crc32.Checksum(b, castagnoli), castagnoli, record)
	return append(binary.LittleEndian.AppendUint32(b, sum), record...)
}

// roll begins another file. The caller holds l.mu, as of what follows.
func (l *Log) roll() error {
	if l.delivered < l.next { // so that only the last file can lack anything
		if err := l.sync(); err != nil {
			return err
		}
	}
	f, err := disk.Spill.OpenFile(l.path(l.next), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	if _, err = f.Write([]byte(magic)); err == nil {
		err = disk.Spill.SyncDir(l.dir)
	}
	if err != nil {
		f.Close()
		disk.Spill.Remove(f.Name())
		return err
	}
	if l.w != nil {
		l.w.Close()
	}
	l.w, l.broken, l.unsynced = f, false, false
	if n := len(l.files); n > 0 && l.files[n-1].first == l.next {
		l.bytes -= l.files[n-1].size
		l.files = l.files[:n-1]
	}
	l.files = append(l.files, file{l.next, int64(len(magic))})
	l.bytes += int64(len(magic))
	return nil
}

func (l *Log) path(first uint64) string {
	return filepath.Join(l.dir, fmt.Sprintf("%016x%s", first, suffix))
}

// Len returns the number of records that are not delivered.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.next - l.delivered)
}

// First returns the number of the first record that is not delivered.
func (l *Log) First() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.delivered
}

// Dir returns the folder of the log.
func (l *Log) Dir() string { return l.dir }

// Bytes returns what the log takes on the disk.
func (l *Log) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// Read returns at most n records from a number on. A record that cannot be read is nil.
func (l *Log) Read(from uint64, n int) ([][]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.seek(from); err != nil {
		return nil, err
	}
	var records [][]byte
	for bytes := 0; len(records) < n && bytes < MaxRecord && l.r.number < l.next; {
		record, err := l.read()
		if err != nil {
			return records, err
		}
		records = append(records, record)
		bytes += len(record)
	}
	return records, nil
}

// seek moves the reader to a record.
func (l *Log) seek(number uint64) error {
	if l.r.f != nil && l.r.number == number {
		return nil
	}
	at := 0
	for i, f := range l.files {
		if f.first <= number {
			at = i
		}
	}
	if err := l.openAt(at); err != nil {
		return err
	}
	for l.r.number < number {
		if _, err := l.read(); err != nil {
			return err
		}
	}
	return nil
}

// openAt moves the reader to the beginning of a file.
func (l *Log) openAt(i int) error {
	f, err := os.Open(l.path(l.files[i].first))
	if err != nil {
		return err
	}
	l.closeReader()
	l.r = reader{f, l.files[i].first, int64(len(magic)), l.files[i].first}
	return nil
}

func (l *Log) closeReader() {
	if l.r.f != nil {
		l.r.f.Close()
	}
	l.r = reader{}
}

// read returns the record at the reader, or nil if it has been damaged since it was
// written, and moves on.
func (l *Log) read() ([]byte, error) {
	for i := range l.files {
		if l.files[i].first == l.r.file && l.r.offset >= l.files[i].size && i+1 < len(l.files) {
			if err := l.openAt(i + 1); err != nil {
				return nil, err
			}
			break
		}
	}
	var head [headSize]byte
	if _, err := l.r.f.ReadAt(head[:], l.r.offset); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > MaxRecord {
		return nil, fmt.Errorf("%s is damaged at byte %d", l.r.f.Name(), l.r.offset)
	}
	record := make([]byte, n)
	if _, err := l.r.f.ReadAt(record, l.r.offset+headSize); err != nil {
		return nil, err
	}
	l.r.offset += int64(headSize + n)
	l.r.number++
	if !intact(head[:], record) {
		return nil, nil
	}
	return record, nil
}

func intact(head, record []byte) bool {
	return crc32.Update(crc32.Checksum(head[:4], castagnoli), castagnoli, record) == binary.LittleEndian.Uint32(head[4:])
}

// Delivered says that the first n records that are not delivered are now. Files that have
// none of the others are removed.
func (l *Log) Delivered(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n == 0 || l.closed {
		return
	}
	l.delivered = min(l.delivered+uint64(n), l.next)
	// If this is not written the records come again after a restart.
	l.writeProgress()
	if l.delivered == l.next && len(l.files) > 0 && l.last().size > min(smallFile, l.size) {
		l.roll() // if it fails, the last file stays
	}
	for len(l.files) > 1 && l.files[1].first <= l.delivered {
		if l.r.file == l.files[0].first {
			l.closeReader()
		}
		disk.Spill.Remove(l.path(l.files[0].first))
		l.bytes -= l.files[0].size
		l.files = l.files[1:]
	}
}

// Sync returns when everything is on the disk.
func (l *Log) Sync() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sync()
}

// sync is Sync. The caller holds l.mu.
func (l *Log) sync() error {
	if !l.unsynced || l.w == nil {
		return nil
	}
	if err := l.w.Sync(); err != nil {
		return err
	}
	l.unsynced = false
	return nil
}

// writeProgress notes how many records are delivered.
func (l *Log) writeProgress() error {
	if l.done == nil {
		f, err := disk.Spill.OpenFile(filepath.Join(l.dir, progress), os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		l.done = f
	}
	_, err := l.done.WriteAt(frame(binary.LittleEndian.AppendUint64(nil, l.delivered)), 0)
	return err
}

// Close syncs and closes the log. A second call does nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.soon != nil {
		l.soon.Stop()
	}
	err := l.sync()
	l.closeFiles()
	l.release()
	return err
}

func (l *Log) closeFiles() {
	l.closeReader()
	if l.w != nil {
		l.w.Close()
	}
	if l.done != nil {
		l.done.Close()
	}
}

// Open opens the log in a folder, which it makes if need be, with room for max bytes. What
// a crash has left of a last record is cut off. A damaged file is kept with the ending
// .damaged, and its records that can be read stay in the log. notes say so.
func Open(dir string, max int64) (l *Log, notes []string, err error) {
	if err := disk.Spill.MkdirAll(dir, 0o777); err != nil {
		return nil, nil, err
	}
	release, err := lockfile.Take(filepath.Join(dir, "log"))
	if err != nil {
		return nil, nil, err
	}
	l = &Log{dir: dir, max: max, size: min(fileSize, max/8+headSize), release: release}
	if notes, err = l.open(); err != nil {
		l.closeFiles()
		release()
		return nil, nil, err
	}
	return l, notes, nil
}
