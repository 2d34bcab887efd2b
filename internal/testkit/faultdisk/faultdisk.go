// Package faultdisk puts a disk that fails below a folder of a test. [Record] remembers every
// operation, and [Recorder.Cuts] makes folders as a power cut after any of them may leave
// them; [Fail] has chosen operations fail. No sync of a file waits for the real disk.
package faultdisk

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"inkling/internal/disk"
)

// TempDir is t.TempDir, in memory if the machine has such a folder: nothing that is tested
// here depends on the real disk, which may be slow.
func TempDir(t testing.TB) string {
	dir, err := os.MkdirTemp(scratch(), "faultdisk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func scratch() string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return memory
	}
	return ""
}

// A Kind is that of an operation.
type Kind int

// Kinds of operations.
const (
	Create   Kind = iota // of a file that was not there, or of its first opening
	Write                // of Data at Off
	Truncate             // to Off
	Sync
	Rename // to To
	Remove
	Mkdir
	SyncDir
	Open // of a file that is there, as it is
)

func (k Kind) String() string {
	return [...]string{"create", "write", "truncate", "sync", "rename", "remove", "mkdir", "syncdir", "open"}[k]
}

// An Op is an operation on the file or folder Name, relative to the folder of the test.
type Op struct {
	Kind Kind
	Name string
	To   string
	Off  int64
	Data []byte

	file int // which file, whatever its name is now
}

// A system records the operations below root, or has them fail.
type system struct {
	root string
	each func(Op) error // called before each operation; of a write, also with the rest of it

	mu    sync.Mutex
	files map[string]int // by name
	next  int
}

// Fail has the operations below dir fail with the errors that each returns, until the test
// ends. Calls do not overlap.
func Fail(t testing.TB, dir string, each func(Op) error) {
	s := healthy(dir)
	s.each = each
	t.Cleanup(disk.Mount(dir, s))
}

// NoSync has the operations below dir go to the disk without waiting for it, until the test
// ends.
func NoSync(t testing.TB, dir string) { t.Cleanup(disk.Mount(dir, healthy(dir))) }

func healthy(root string) *system {
	return &system{root: root, each: func(Op) error { return nil }, files: map[string]int{}}
}

func (s *system) rel(name string) string {
	rel, err := filepath.Rel(s.root, name)
	if err != nil {
		panic(err)
	}
	return filepath.ToSlash(rel)
}

// do carries out an operation, unless it is to fail.
func (s *system) do(op Op, with func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.each(op); err != nil {
		return &fs.PathError{Op: op.Kind.String(), Path: filepath.Join(s.root, op.Name), Err: err}
	}
	return with()
}

// id returns the number of a file. The caller holds s.mu.
func (s *system) id(name string) int {
	if _, ok := s.files[name]; !ok {
		s.next++
		s.files[name] = s.next
	}
	return s.files[name]
}

// OpenFile implements disk.System.
func (s *system) OpenFile(name string, flag int, perm fs.FileMode) (disk.File, error) {
	rel := s.rel(name)
	before, there := os.Lstat(name)
	s.mu.Lock()
	id := s.id(rel)
	s.mu.Unlock()
	var f *os.File
	open := func() (err error) { f, err = os.OpenFile(name, flag, perm); return err }
	var err error
	switch {
	case there != nil && flag&os.O_CREATE != 0:
		err = s.do(Op{Kind: Create, Name: rel, file: id}, open)
	case there == nil && flag&os.O_TRUNC != 0 && before.Size() > 0:
		err = s.do(Op{Kind: Truncate, Name: rel, file: id}, open)
	case there == nil:
		err = s.do(Op{Kind: Open, Name: rel, file: id}, open)
	default:
		err = open() // which fails
	}
	if err != nil {
		return nil, err
	}
	return &file{File: f, s: s, id: id, name: rel, end: flag&os.O_APPEND != 0}, nil
}

// Rename implements disk.System.
func (s *system) Rename(from, to string) error {
	return s.do(Op{Kind: Rename, Name: s.rel(from), To: s.rel(to)}, func() error {
		err := os.Rename(from, to)
		if err == nil {
			s.files[s.rel(to)] = s.id(s.rel(from))
			delete(s.files, s.rel(from))
		}
		return err
	})
}

// Remove implements disk.System.
func (s *system) Remove(name string) error {
	if info, err := os.Lstat(name); err != nil {
		return err
	} else if entries, _ := os.ReadDir(name); info.IsDir() && len(entries) > 0 {
		return os.Remove(name) // which fails
	}
	return s.do(Op{Kind: Remove, Name: s.rel(name)}, func() error {
		delete(s.files, s.rel(name))
		return os.Remove(name)
	})
}

// Mkdir implements disk.System.
func (s *system) Mkdir(name string, perm fs.FileMode) error {
	return s.do(Op{Kind: Mkdir, Name: s.rel(name)}, func() error { return os.Mkdir(name, perm) })
}

// SyncDir implements disk.System.
func (s *system) SyncDir(name string) error {
	return s.do(Op{Kind: SyncDir, Name: s.rel(name)}, func() error { return nil })
}

// A file is an open file of a system.
type file struct {
	*os.File
	s    *system
	id   int
	name string
	end  bool // writes go to the end
}

func (f *file) Write(p []byte) (n int, err error) {
	at, err := f.File.Seek(0, 1)
	if err != nil {
		return 0, err
	}
	if f.end {
		info, err := f.File.Stat()
		if err != nil {
			return 0, err
		}
		at = info.Size()
	}
	return f.write(p, at, func(p []byte) (int, error) { return f.File.Write(p) })
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	return f.write(p, off, func(p []byte) (int, error) { return f.File.WriteAt(p, off) })
}

// write writes p. If it is to fail, half of it is written, as a full disk does.
func (f *file) write(p []byte, at int64, with func([]byte) (int, error)) (n int, err error) {
	err = f.s.do(f.op(Op{Kind: Write, Off: at, Data: p}), func() (err error) { n, err = with(p); return err })
	if _, failed := err.(*fs.PathError); failed && n == 0 && strings.HasPrefix(err.Error(), "write ") && len(p) > 1 {
		n, _ = with(p[:len(p)/2])
	}
	return n, err
}

func (f *file) op(op Op) Op {
	op.Name, op.file = f.name, f.id
	op.Data = append([]byte(nil), op.Data...)
	return op
}

func (f *file) Truncate(size int64) error {
	return f.s.do(f.op(Op{Kind: Truncate, Off: size}), func() error { return f.File.Truncate(size) })
}

func (f *file) Sync() error {
	return f.s.do(f.op(Op{Kind: Sync}), func() error { return nil }) // it is known without one
}
