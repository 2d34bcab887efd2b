// Package lockfile keeps two processes from writing the same file. [Take] is its only
// function.
package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// An InUseError says that another process, or this one, holds the lock.
type InUseError struct {
	Path   string // the file that the lock is for
	Holder string // "process 1234, since 15:04:05"; "" if it cannot be known
}

func (e *InUseError) Error() string {
	text := e.Path + " is being written by another process"
	if e.Holder != "" {
		text += " (" + e.Holder + ")"
	}
	return text + ": wait for it to end, or write to another file"
}

// Take locks path for this process, which it does with a lock of the operating system on the
// file path.lock. It returns an *InUseError if another process has it. The lock ends with
// release, which removes path.lock, or with the process, however that ends: a file that a
// crash leaves behind locks nothing. A path that is a device, a pipe or a folder is not
// locked.
func Take(path string) (release func(), err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return func() {}, nil
	}
	name := path + ".lock"
	for {
		l := flock.New(name, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
		switch ok, err := l.TryLock(); {
		case err != nil:
			return nil, fmt.Errorf("%s cannot be written: %w", path, reason(err))
		case !ok:
			l.Close()
			return nil, &InUseError{path, holder(name)}
		}
		if !current(l, name) { // its last holder has removed it meanwhile
			l.Close()
			continue
		}
		os.WriteFile(name, fmt.Appendf(nil, "process %d, since %s\n", os.Getpid(), time.Now().Format(time.TimeOnly)), 0o666)
		return func() {
			os.Remove(name)
			l.Close()
			if runtime.GOOS == "windows" { // which removes no open file, of another holder neither
				os.Remove(name)
			}
		}, nil
	}
}

// current reports whether name is the file that l has locked.
func current(l *flock.Flock, name string) bool {
	there, err := os.Stat(name)
	if err != nil {
		return false
	}
	mine, err := l.Stat()
	return err == nil && os.SameFile(mine, there)
}

func holder(name string) string {
	data, err := os.ReadFile(name)
	if err != nil || len(data) > 100 {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// reason is err without the path, which is the lock's own.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
