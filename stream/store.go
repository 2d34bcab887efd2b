package stream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"inkling/internal/atomicfile"
	"inkling/internal/lockfile"
)

// A Store keeps the state of a Run where other processes can go on from it. It is also one
// of the sinks of the Run, so that it keeps events and state in one step.
type Store interface {
	Rewinder
	// Load returns the state that was saved last; nil: there is none.
	Load(ctx context.Context) ([]byte, error)
	// Save keeps a state, together with the events that it got before its Position was last
	// asked for, or keeps neither. It goes on trying until ctx ends. ErrTaken says that another
	// process has saved since Load: the state is that one's now.
	Save(ctx context.Context, state []byte) error
	// String names the store in messages.
	String() string
}

// ErrTaken says that another process has taken over what a Run worked on.
var ErrTaken = errors.New("another process has taken over")

// A vault is where a keeper keeps the state.
type vault interface {
	fmt.Stringer
	load() ([]byte, error) // nil: there is none
	save(write func(io.Writer) error) error
	setAside() (name string, err error) // keeps what cannot be gone on from
	close()
}

// fileVault is a file, which one Run at a time has.
type fileVault struct {
	path    string
	release func() // the lock of path
}

func newFileVault(path string) (vault, error) {
	release, err := lockfile.Take(path)
	if err != nil {
		return nil, err
	}
	return &fileVault{path, release}, nil
}

func (f *fileVault) String() string { return f.path }

func (f *fileVault) load() ([]byte, error) {
	data, err := os.ReadFile(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

func (f *fileVault) save(write func(io.Writer) error) error {
	return atomicfile.WriteFile(f.path, write)
}

// setAside renames the file to a name that is not used.
func (f *fileVault) setAside() (string, error) {
	for i := 1; ; i++ {
		aside := f.path + ".old"
		if i > 1 {
			aside += fmt.Sprint("-", i)
		}
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			return aside, os.Rename(f.path, aside)
		} else if err != nil {
			return "", err
		}
	}
}

func (f *fileVault) close() { f.release() }

// storeVault is a Store. What it has and cannot be gone on from, it keeps.
type storeVault struct {
	ctx   context.Context // ends when saving has to
	store Store
}

func (v *storeVault) String() string { return v.store.String() }

func (v *storeVault) load() ([]byte, error) { return v.store.Load(v.ctx) }

func (v *storeVault) save(write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return v.store.Save(v.ctx, b.Bytes())
}

func (v *storeVault) setAside() (string, error) {
	return "", errors.New("finish the streams with what wrote it, or delete it there")
}

func (v *storeVault) close() {}

// A Saved is what a state says of the Run that saved it.
type Saved struct {
	Session  string
	At       time.Time
	Streams  int
	Position []byte // of the source
}

// ReadSaved reads what a state, as Store.Load returns it, says of its Run.
func ReadSaved(state []byte) (*Saved, error) {
	s, err := parseState(state)
	if err != nil {
		return nil, err
	}
	return &Saved{s.session, s.at, len(s.streams), s.position}, nil
}
