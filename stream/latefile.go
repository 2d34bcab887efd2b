package stream

import (
	"io"
	"io/fs"

	"inkling/internal/disk"
)

// A lateFile is a file for appending that is opened by the first call that needs it.
type lateFile struct {
	name string
	f    disk.File // nil: it is not open yet
	cut  int64     // bytes of a last line without an end, cut off when it was opened
}

var (
	_ file        = (*lateFile)(nil)
	_ io.ReaderAt = (*lateFile)(nil)
)

func (l *lateFile) open() (err error) {
	if l.f == nil {
		l.f, l.cut, err = openAppend(l.name)
	}
	return err
}

func (l *lateFile) Write(p []byte) (int, error) {
	if err := l.open(); err != nil {
		return 0, err
	}
	return l.f.Write(p)
}

func (l *lateFile) ReadAt(p []byte, off int64) (int, error) {
	if err := l.open(); err != nil {
		return 0, err
	}
	return l.f.ReadAt(p, off)
}

func (l *lateFile) Seek(offset int64, whence int) (int64, error) {
	if err := l.open(); err != nil {
		return 0, err
	}
	return l.f.Seek(offset, whence)
}

func (l *lateFile) Stat() (fs.FileInfo, error) {
	if err := l.open(); err != nil {
		return nil, err
	}
	return l.f.Stat()
}

func (l *lateFile) Truncate(size int64) error {
	if err := l.open(); err != nil {
		return err
	}
	return cutFile(l.name, size)
}

func (l *lateFile) Sync() error {
	if err := l.open(); err != nil {
		return err
	}
	return l.f.Sync()
}

func (l *lateFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
