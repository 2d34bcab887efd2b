package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"inkling/internal/atomicfile"
	"inkling/internal/disk"
	"inkling/internal/lockfile"
)

// A Store keeps the state of a Run where other processes can go on from it. The state comes in
// commits: each has what has changed since the one before. It is also one
// of the sinks of the Run, so that it keeps events and state in one step.
type Store interface {
	Rewinder
	// Load returns the commits that make the state, the oldest first; none: there is no state.
	Load(ctx context.Context) (commits [][]byte, err error)
	// Save keeps a further commit, together with the events that it got before its Position was
	// last asked for, or keeps neither. The last keep commits, this one included, make the state
	// now; those before them are needed no more. It goes on trying until ctx ends, and does not
	// use commit afterwards. ErrTaken says that another process has saved since Load: the state
	// is that one's now.
	Save(ctx context.Context, commit []byte, keep int) error
	// String names the store in messages.
	String() string
}

// Forked is a Store that may load commits that another one keeps. After a Load for which
// Forked reports true, the first Save gets the whole state.
type Forked interface {
	Store
	Forked() bool
}

// ErrTaken says that another process has taken over what a Run worked on.
var ErrTaken = errors.New("another process has taken over")

// A vault is where a keeper keeps the state.
type vault interface {
	fmt.Stringer
	setAside() (name string, err error) // keeps what cannot be gone on from
	close()
}

// fileVault is a file, which one Run at a time has.
type fileVault struct {
	path    string
	release func() // the lock of path; nil: it is not locked yet
	data    []byte // that was loaded
	size    int64  // of what was saved last
	useless bool   // what is there is to be set aside before anything is saved
}

// newFileVault locks a file. A live source does not wait for a disk that takes not even
// a lock now: nobody else can write there either, and the first save takes the lock.
func newFileVault(path string, live bool) (*fileVault, error) {
	f := &fileVault{path: path}
	if err := f.lock(); err != nil && !(live && disk.Ill(err)) {
		return nil, err
	}
	return f, nil
}

// takeLock is replaced in tests.
var takeLock = lockfile.Take

// lock locks the file, unless it is locked, and removes what crashes have left beside it.
func (f *fileVault) lock() (err error) {
	if f.release != nil {
		return nil
	}
	if f.release, err = takeLock(f.path); err == nil {
		atomicfile.Sweep(f.path)
	}
	return err
}

func (f *fileVault) String() string { return f.path }

func (f *fileVault) load() ([]byte, error) {
	data, err := os.ReadFile(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	f.data = data
	return data, err
}

// refresh writes what was loaded again, which shows whether the disk takes anything.
func (f *fileVault) refresh() error {
	data := f.data
	f.data = nil
	return f.save(func(w io.Writer) error { _, err := w.Write(data); return err })
}

func (f *fileVault) save(write func(io.Writer) error) error {
	if err := f.lock(); err != nil {
		return err
	}
	if f.useless {
		if _, err := f.setAside(); err != nil {
			return err
		}
		f.useless = false
	}
	var n counting
	err := atomicfile.WriteFileIn(disk.State, f.path, func(w io.Writer) error {
		n.w = w
		return write(&n)
	})
	f.size = n.bytes
	return err
}

// counting counts what is written.
type counting struct {
	w     io.Writer
	bytes int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.bytes += int64(n)
	return n, err
}

// keptAside is how many files that cannot be gone on from are kept.
const keptAside = 8

// setAside renames the file to a name that is not used. Of many, the oldest makes room.
func (f *fileVault) setAside() (string, error) {
	if err := f.lock(); err != nil {
		return "", err
	}
	oldest, since := "", time.Time{}
	for i := 1; i <= keptAside; i++ {
		aside := f.path + ".old"
		if i > 1 {
			aside += fmt.Sprint("-", i)
		}
		info, err := os.Lstat(aside)
		if errors.Is(err, os.ErrNotExist) {
			return aside, disk.State.Rename(f.path, aside)
		} else if err != nil {
			return "", err
		}
		if oldest == "" || info.ModTime().Before(since) {
			oldest, since = aside, info.ModTime()
		}
	}
	return oldest, disk.State.Rename(f.path, oldest)
}

func (f *fileVault) close() {
	if f.release != nil {
		f.release()
	}
}

// storeVault is a Store. What it has and cannot be gone on from, it keeps.
type storeVault struct {
	ctx   context.Context // ends when saving has to
	store Store
	end   func() // frees what waits for ctx
}

func (v *storeVault) String() string { return v.store.String() }

func (v *storeVault) setAside() (string, error) {
	return "", errors.New("finish the streams with what wrote it, or delete it there")
}

func (v *storeVault) close() { v.end() }

// A Saved is what a commit says of the Run that saved it.
type Saved struct {
	Session  string
	At       time.Time
	Streams  int
	Position []byte // of the source; of a capture.Parted, what it shares
}

// ReadSaved reads what the last commit of a state says of its Run.
func ReadSaved(commit []byte) (*Saved, error) {
	s, streams, _, err := parseCommit(commit)
	if err != nil {
		return nil, err
	}
	return &Saved{s.session, s.at, streams, s.position}, nil
}
