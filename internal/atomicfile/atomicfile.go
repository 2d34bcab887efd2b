// Package atomicfile writes files completely or not at all. [WriteFile] is its only
// function.
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
)

// WriteFile calls write with a new file beside path. Once that is on the disk, WriteFile
// renames it to path and so replaces a former file. If anything fails, path is unchanged
// and the new file is removed. Writes are buffered.
//
// A new file has the permissions 0666 less the umask; an existing one keeps its own. A
// symbolic link is followed. If path is a device or a pipe, WriteFile writes to it directly.
func WriteFile(path string, write func(io.Writer) error) error {
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
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	if err = fill(f, mode, write); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return named(err, f.Name(), path)
	}
	syncDir(filepath.Dir(path))
	return nil
}

// createBeside creates a file with an unused name in the folder of path.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	var err error
	for range 100 {
		var f *os.File
		name := fmt.Sprintf("%s.%s.%08x.tmp", dir, base, rand.Uint32())
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
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
func fill(f *os.File, mode fs.FileMode, write func(io.Writer) error) (err error) {
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

// syncDir makes the rename survive a loss of power, if the system can. The file is complete
// either way.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
