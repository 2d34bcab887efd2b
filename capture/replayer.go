package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// A Replayer is a Source that can be read again from a position, as files and stored
// messages can. A second source made in the same way goes on where the first one was.
type Replayer interface {
	Source
	// AppendPosition appends where the next Read reads. It is called between two Reads, and
	// the first time before the first of them.
	AppendPosition(dst []byte) []byte
	// Seek makes the next Read the one that was next when AppendPosition returned position.
	// An error says that the position is damaged, or that the source is not what it was;
	// Seek with the position of the beginning is possible then.
	Seek(ctx context.Context, position []byte) error
}

// A Parted is a Replayer whose position has a part for each stream, so that one who keeps it
// keeps only what has changed since.
type Parted interface {
	Replayer
	// AppendShared appends what of the position is no stream's.
	AppendShared(dst []byte) []byte
	// Changed returns, sorted, the streams whose part may have changed since Changed was last
	// called; with all set, all streams that have one.
	Changed(all bool) []string
	// AppendPart appends the part of a stream; nothing: it has none, or none any more.
	AppendPart(dst []byte, stream string) []byte
	// Join returns the position that AppendPosition would have returned when it appended shared
	// and these parts, by stream.
	Join(shared []byte, parts map[string][]byte) ([]byte, error)
}

var (
	_ Replayer = (*fileList)(nil)
	_ Replayer = (*Memory)(nil)
	_ Replayer = (*replayAgain)(nil)
)

var errPosition = errors.New("the saved position is damaged")

// A place is a position in a list of files: how many of them have ended, and what has been
// read of the next one.
type place struct {
	files  uint64
	names  uint64 // checksum of the names of these files, and of the next one if a block of it was read
	blocks uint64
	sum    uint64 // checksum of their samples
}

func (p *place) append(dst []byte) []byte {
	for _, v := range []uint64{p.files, p.names, p.blocks, p.sum} {
		dst = binary.AppendUvarint(dst, v)
	}
	return dst
}

func (p *place) read(position []byte) error {
	for _, v := range []*uint64{&p.files, &p.names, &p.blocks, &p.sum} {
		n := 0
		if *v, n = binary.Uvarint(position); n <= 0 {
			return errPosition
		}
		position = position[n:]
	}
	if len(position) > 0 {
		return errPosition
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// add counts a block.
func (p *place) add(b *Block) {
	p.blocks++
	var buf [1024]byte
	sum := binary.LittleEndian.AppendUint64(buf[:0], b.Offset)
	for _, v := range b.Samples {
		if len(sum)+4 > len(buf) {
			p.sum = uint64(crc32.Update(uint32(p.sum), castagnoli, sum))
			sum = buf[:0]
		}
		sum = binary.LittleEndian.AppendUint32(sum, math.Float32bits(v))
	}
	p.sum = uint64(crc32.Update(uint32(p.sum), castagnoli, sum))
}

// next begins the next file.
func (p *place) next() { p.files, p.blocks, p.sum = p.files+1, 0, 0 }

// AppendPosition implements Replayer.
func (s *fileList) AppendPosition(dst []byte) []byte {
	s.tracked = true
	s.at.names = s.sumOfNames(&s.at)
	return s.at.append(dst)
}

// sumOfNames returns the names of place p.
func (s *fileList) sumOfNames(p *place) uint64 {
	n := p.files
	if p.blocks > 0 {
		n++
	}
	sum := uint32(0)
	for _, name := range s.all[:min(n, uint64(len(s.all)))] {
		sum = crc32.Update(sum, castagnoli, append([]byte(name), 0))
	}
	return uint64(sum)
}

// Seek implements Replayer. It decodes the file that the position lies in up to there.
func (s *fileList) Seek(ctx context.Context, position []byte) error {
	var to place
	if err := to.read(position); err != nil {
		return err
	}
	if to.files > uint64(len(s.all)) || to.files == uint64(len(s.all)) && to.blocks > 0 || to.names != s.sumOfNames(&to) {
		return errors.New("the files are not those of the saved position: give the same ones in the same order, more of them at the end if you like")
	}
	s.play, s.err, s.tracked = nil, nil, true
	s.closeFiles()
	s.at = place{files: to.files}
	s.names = s.all[to.files:]
	var b Block
	for s.at.blocks < to.blocks {
		switch err := s.Read(ctx, &b); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil || s.at.files != to.files:
			return fmt.Errorf("%s ends before the saved position: %w", s.all[to.files], errChanged)
		}
	}
	if s.at.sum != to.sum {
		return fmt.Errorf("%s: %w", s.all[to.files], errChanged)
	}
	return nil
}

var errChanged = errors.New("the file is not what it was when the position was saved")

// AppendPosition implements Replayer.
func (m *Memory) AppendPosition(dst []byte) []byte { return binary.AppendUvarint(dst, uint64(m.read)) }

// Seek implements Replayer.
func (m *Memory) Seek(_ context.Context, position []byte) error {
	at, n := binary.Uvarint(position)
	if n != len(position) || at > uint64(len(m.blocks)) {
		return errPosition
	}
	m.read = int(at)
	return nil
}

// replayAgain is a replay of a Replayer.
type replayAgain struct {
	*replay
	src Replayer
}

// AppendPosition implements Replayer.
func (r *replayAgain) AppendPosition(dst []byte) []byte {
	if r.waiting {
		return append(dst, r.before...)
	}
	r.position = r.src.AppendPosition
	return r.src.AppendPosition(dst)
}

// Seek implements Replayer.
func (r *replayAgain) Seek(ctx context.Context, position []byte) error {
	r.waiting = false
	clear(r.begin)
	return r.src.Seek(ctx, position)
}
