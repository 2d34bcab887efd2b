package disk

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// OS is the system of the machine.
type OS struct{}

var _ System = OS{}

// OpenFile implements System.
func (OS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err // not a File that holds nil
	}
	return f, nil
}

// Rename implements System.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements System.
func (OS) Remove(name string) error { return os.Remove(name) }

// Mkdir implements System.
func (OS) Mkdir(name string, perm fs.FileMode) error { return os.Mkdir(name, perm) }

// SyncDir implements System. Where a file system cannot do it, it does nothing.
func (OS) SyncDir(name string) error {
	if runtime.GOOS == "windows" { // where folders cannot be synced
		return nil
	}
	d, err := os.Open(name)
	if errors.Is(err, fs.ErrPermission) { // who may write there need not be allowed to read
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
