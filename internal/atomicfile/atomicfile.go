// Package atomicfile writes files completely or not at all, also if the power fails: see
// [WriteFile].
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"inkling/internal/disk"
)

// WriteFile calls write with a new file beside path. Once that is on the disk, WriteFile
// renames it to path and so replaces a former file, and returns when the new name is on the
// disk too. If anything fails before, path is unchanged and the new file is removed. Writes
// are buffered.
//
// A new file has the permissions 0666 less the umask; an existing one keeps its own. A
// symbolic link is followed. If path is a device or a pipe, WriteFile writes to it directly.
func WriteFile(path string, write func(io.Writer) error) error {
	return WriteFileIn(disk.Files, path, write)
}

// WriteFileIn is WriteFile, counted in an area.
func WriteFileIn(area *disk.Area, path string, write func(io.Writer) error) error {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	mode := fs.FileMode(0)
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder: give the name of a file", path)
	case err == nil && !info.Mode().IsRegular():
		return writeThrough(path, write)
	case err == nil:
		mode = info.Mode().Perm()
	}
	f, err := createBeside(area, path)
	if err != nil {
		return err
	}
	if err = fill(f, mode, write); err == nil {
		err = area.Rename(f.Name(), path)
	}
	if err != nil {
		area.Remove(f.Name())
		return named(err, f.Name(), path)
	}
	if err := area.SyncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("%s was written, and may not survive a loss of power: %w", path, err)
	}
	return nil
}

// createBeside creates a file with an unused name in the folder of path.
func createBeside(area *disk.Area, path string) (disk.File, error) {
	dir, base := filepath.Split(path)
	var err error
	for range 100 {
		var f disk.File
		name := fmt.Sprintf("%s.%s.%08x.tmp", dir, base, rand.Uint32())
		f, err = area.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return nil, fmt.Errorf("%s cannot be written: %w", path, err)
}

// named returns err with path instead of the temporary name.
func named(err error, temporary, path string) error {
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Path == temporary {
		return fmt.Errorf("%s cannot be written: %w", path, pe.Err)
	}
	var le *os.LinkError
	if errors.As(err, &le) && le.Old == temporary {
		return fmt.Errorf("%s cannot be written: %w", path, le.Err)
	}
	return err
}

// fill writes, syncs and closes f, and sets its permissions if mode is not 0.
func fill(f disk.File, mode fs.FileMode, write func(io.Writer) error) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriterSize(f, 1<<16)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if mode != 0 {
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	return f.Sync()
}

// writeThrough writes to a device or a pipe.
func writeThrough(path string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriter(f)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// Sweep removes what crashes have left of earlier writes of path. The caller makes sure that
// nobody is writing it.
func Sweep(path string) {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean(dir))
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), "."+base+"."); ok && e.Type().IsRegular() && temporary.MatchString(rest) {
			disk.Files.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// temporary is the end of the name of a file that createBeside made.
var temporary = regexp.MustCompile(`^[0-9a-f]{8}\.tmp$`)
