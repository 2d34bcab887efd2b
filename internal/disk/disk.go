// Package disk is how inkling writes to the disk: by an [Area], which counts what its part of
// the program writes. A test replaces the file system below a folder with [Mount], to see
// every operation and to have any of them fail.
package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// An Area counts what is written for one purpose.
type Area struct {
	name         string
	bytes, syncs atomic.Int64
}

// The areas.
var (
	Files  = &Area{name: "files"}  // models, reports, what else is written once
	State  = &Area{name: "state"}  // of runs
	Spill  = &Area{name: "spill"}  // events that wait for a sink
	Keep   = &Area{name: "keep"}   // signal of segments, and what people say of them
	Output = &Area{name: "output"} // events, in files
)

// Areas returns all areas.
func Areas() []*Area { return []*Area{Files, State, Spill, Keep, Output} }

// String returns the name of an area.
func (a *Area) String() string { return a.name }

// Written returns how many bytes have been written in this area since the program began, and
// how often it waited until they were on the disk.
func (a *Area) Written() (bytes, syncs int64) { return a.bytes.Load(), a.syncs.Load() }

// Ill reports whether err says that a disk takes nothing now: it is full, it may only be read,
// or it has failed. That may pass, while a name that is wrong stays wrong.
func Ill(err error) bool {
	for _, ill := range illnesses {
		if errors.Is(err, ill) {
			return true
		}
	}
	return false
}

// A File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Seeker
	io.Closer
	Name() string
	Stat() (fs.FileInfo, error)
	Chmod(fs.FileMode) error
	Truncate(size int64) error
	Sync() error
}

// A System is the part of a file system that changes it.
type System interface {
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	Mkdir(name string, perm fs.FileMode) error
	SyncDir(name string) error // returns when names made, changed and removed there are on the disk
}

// OpenFile is os.OpenFile.
func (a *Area) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := at(name).OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &counted{f, a}, nil
}

// Rename is os.Rename.
func (a *Area) Rename(from, to string) error { return at(to).Rename(from, to) }

// Remove is os.Remove.
func (a *Area) Remove(name string) error { return at(name).Remove(name) }

// MkdirAll makes a folder and those above it that are missing, and returns when their names
// are on the disk.
func (a *Area) MkdirAll(name string, perm fs.FileMode) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(name)
	if above != name {
		if err := a.MkdirAll(above, perm); err != nil {
			return err
		}
	}
	if err := at(name).Mkdir(name, perm); err != nil {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return nil // another process was faster
		}
		return err
	}
	if err := a.SyncDir(above); err != nil {
		return fmt.Errorf("%s may not survive a loss of power: %w", name, err)
	}
	return nil
}

// SyncDir returns when the names in a folder are on the disk: of files made, renamed and
// removed there.
func (a *Area) SyncDir(name string) error {
	a.syncs.Add(1)
	return at(name).SyncDir(name)
}

// A counted file counts for an area.
type counted struct {
	File
	area *Area
}

func (f *counted) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.area.bytes.Add(int64(n))
	return n, err
}

func (f *counted) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	f.area.bytes.Add(int64(n))
	return n, err
}

func (f *counted) Sync() error {
	f.area.syncs.Add(1)
	return f.File.Sync()
}

// mounts are the systems that tests have put below folders; nil: none.
var (
	mounts   atomic.Pointer[map[string]System]
	mounting sync.Mutex
)

// Mount has a system serve the names below dir until unmount is called. It is for tests.
func Mount(dir string, s System) (unmount func()) {
	change := func(with func(map[string]System)) {
		mounting.Lock()
		defer mounting.Unlock()
		all := map[string]System{}
		if now := mounts.Load(); now != nil {
			for d, s := range *now {
				all[d] = s
			}
		}
		if with(all); len(all) == 0 {
			mounts.Store(nil)
			return
		}
		mounts.Store(&all)
	}
	change(func(all map[string]System) { all[dir] = s })
	return func() { change(func(all map[string]System) { delete(all, dir) }) }
}

// at returns the system that serves a name.
func at(name string) System {
	all := mounts.Load()
	if all == nil {
		return OS{}
	}
	for dir, s := range *all {
		if name == dir || strings.HasPrefix(name, dir+string(filepath.Separator)) {
			return s
		}
	}
	return OS{}
}
