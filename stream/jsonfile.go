package stream

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"inkling/internal/codec"
	"inkling/internal/disk"
)

// JSONFile is a Sink that appends each event to a file as one line of JSON. A Run with a
// saved state cuts off what it will write again.
type JSONFile struct {
	*jsonSink
	f    file
	read io.ReaderAt
	cut  int64
	own  bool
}

var _ Rewinder = (*JSONFile)(nil)

// A file is what a JSONFile does with its file.
type file interface {
	io.WriteSeeker
	io.Closer
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

// OpenJSON returns a sink that appends to the named file, which it creates if need be. A
// last line without an end, as a crash leaves it, is cut off. On a disk that takes nothing now
// the file is opened when the first event is written, which fails, or waits, as NewJSON says.
func OpenJSON(name string) (*JSONFile, error) {
	l := &lateFile{name: name}
	if err := l.open(); err != nil && !disk.Ill(err) {
		return nil, err
	}
	return &JSONFile{jsonSink: &jsonSink{w: l}, f: l, read: l, cut: l.cut, own: true}, nil
}

// openAppend opens a file for appending, and cuts off a last line without an end.
func openAppend(name string) (f disk.File, cut int64, err error) {
	f, err = disk.Output.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, 0, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		if info.Size() == 0 {
			disk.Output.SyncDir(filepath.Dir(name)) // so that a state does not tell of a file that is gone
		}
		end, err := endOfLine(f, info.Size())
		if err == nil && end < info.Size() {
			err = cutFile(name, end)
		}
		if err != nil {
			f.Close()
			return nil, 0, err
		}
		cut = info.Size() - end
	}
	return f, cut, nil
}

// cutFile cuts a file to a size. On Windows one that is open for appending cannot be cut.
func cutFile(name string, size int64) error {
	f, err := disk.Output.OpenFile(name, os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// AppendTo is OpenJSON for a file that is open for appending. It is not closed. read reads
// it; if it is nil the file cannot be cut back.
func AppendTo(f *os.File, read io.ReaderAt) *JSONFile {
	return &JSONFile{jsonSink: &jsonSink{w: f}, f: f, read: read}
}

// Cut returns how many bytes of a last line without an end OpenJSON has cut off.
func (s *JSONFile) Cut() int64 { return s.cut }

// endOfLine returns the end of the last whole line in the first size bytes.
func endOfLine(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 1<<16)
	for size > 0 {
		part := buf[:min(size, int64(len(buf)))]
		if _, err := f.ReadAt(part, size-int64(len(part))); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return size - int64(len(part)) + int64(i) + 1, nil
		}
		size -= int64(len(part))
	}
	return 0, nil
}

// An outputEnd is a position of a JSONFile.
type outputEnd struct{ size, sum uint64 }

func (p *outputEnd) visit(k *codec.Codec) {
	k.Uint64(&p.size)
	k.Uint64(&p.sum)
}

// tailSize is how much of the output before a position has to be what it was.
const tailSize = 1 << 12

func (s *JSONFile) end(size int64) (p outputEnd, err error) {
	tail := make([]byte, min(size, tailSize))
	if s.read == nil {
		return p, errors.New("it cannot be read")
	}
	if _, err := s.read.ReadAt(tail, size-int64(len(tail))); err != nil {
		return p, err
	}
	return outputEnd{uint64(size), uint64(crc32.ChecksumIEEE(tail))}, nil
}

// Position implements Rewinder.
func (s *JSONFile) Position() ([]byte, error) {
	info, err := s.f.Stat()
	if err != nil || !info.Mode().IsRegular() || s.read == nil {
		return nil, err
	}
	p, err := s.end(info.Size())
	if err == nil {
		err = s.f.Sync()
	}
	k := codec.Writer(nil)
	p.visit(k)
	return k.Bytes(), err
}

// Rewind implements Rewinder.
func (s *JSONFile) Rewind(position []byte) error {
	var saved outputEnd
	k := codec.Reader(position)
	if saved.visit(k); k.Bad() {
		return codec.ErrState
	}
	info, err := s.f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is no file any more")
	case info.Size() < int64(saved.size) || int64(saved.size) < 0:
		return fmt.Errorf("it has %d bytes, and had %d", info.Size(), saved.size)
	}
	now, err := s.end(int64(saved.size))
	if err != nil {
		return err
	}
	if now != saved {
		return errors.New("other bytes stand there")
	}
	if err := s.f.Truncate(int64(saved.size)); err != nil {
		return err
	}
	_, err = s.f.Seek(0, io.SeekEnd)
	return err
}

// Close implements Sink.
func (s *JSONFile) Close() error {
	err := s.jsonSink.Close()
	if s.own {
		err = errors.Join(err, s.f.Close())
	}
	return err
}
