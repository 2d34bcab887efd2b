package audio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"inkling/internal/mp3"
)

// peekMP3 is how far the first frame is looked for.
const peekMP3 = 1 << 14

// findMP3 returns the position of the first frame in p, or −1. A frame counts only if
// another of its kind, or the end, follows it.
func findMP3(p []byte, atEnd bool) int {
	for i := 0; i+mp3.HeaderSize <= len(p) && i < 1<<13; i++ {
		h := header(p[i:])
		if !h.Valid() || h.FreeRate() && i > 0 {
			continue
		}
		if h.FreeRate() {
			return i
		}
		next := i + h.Size()
		if next+mp3.HeaderSize <= len(p) {
			if n := header(p[next:]); n.Valid() && n.Kind() == h.Kind() {
				return i
			}
		} else if atEnd {
			return i // the only frame, perhaps cut off
		}
	}
	return -1
}

func header(p []byte) mp3.Header { return mp3.Header(binary.BigEndian.Uint32(p)) }

func isMP3(b *bufio.Reader) bool {
	p, err := b.Peek(peekMP3)
	return findMP3(p, err != nil) >= 0
}

// An mp3Reader reads the frames of a file, or of several that were joined to one. Each part
// may begin with a header of its own, which says how much its encoder put before and
// behind the sound.
type mp3Reader struct {
	b     *bufio.Reader
	first mp3.Header
	d     mp3.Decoder
	mp3Part

	frame []byte
	pcm   []float32
	rest  []float32 // of pcm
}

// An mp3Part is a part of a file.
type mp3Part struct {
	declared int64 // frames; 0: unknown
	skip     int64 // delay of encoder and decoder, samples per channel
	drop     int64 // padding at the end, samples per channel
	frames   int64 // read
	samples  int64 // per channel in a frame
}

func (a *Reader) openMP3(b *bufio.Reader) error {
	p, err := b.Peek(peekMP3)
	at := findMP3(p, err != nil)
	if at < 0 {
		return ErrFormat
	}
	m := &mp3Reader{b: b, first: header(p[at:])}
	m.samples = int64(m.first.Samples())
	if m.first.FreeRate() {
		return errFreeRate
	}
	b.Discard(at)
	if _, err := m.info(); err != nil {
		return err
	}
	a.Rate, a.Channels, a.dec = float64(m.first.Rate()), m.first.Channels(), m
	if m.declared > 0 {
		a.Frames = m.end()
	}
	return nil
}

var errFreeRate = errors.New("MP3 of free bit rate is not supported: convert it to FLAC or WAV (ffmpeg -i in.mp3 out.flac)")

// end returns the number of samples per channel that the part should have.
func (p *mp3Part) end() int64 {
	return max(0, p.declared*p.samples-p.skip-p.drop)
}

// info reads a Xing, Info or VBRI header, which stands in place of a frame and begins a
// part. It reports whether there is one.
func (m *mp3Reader) info() (bool, error) {
	h, err := m.b.Peek(mp3.HeaderSize)
	if err != nil {
		return false, nil
	}
	first := header(h)
	p, err := m.b.Peek(first.Size())
	if err != nil {
		return false, nil
	}
	part, ok := parseInfo(first, p)
	if !ok {
		return false, nil
	}
	if err := m.complete(); err != nil {
		return false, err
	}
	m.mp3Part = part
	m.d.Reset()
	m.b.Discard(len(p))
	return true, nil
}

// decoderDelay is the number of samples by which a decoder is late.
const decoderDelay = 529

func parseInfo(h mp3.Header, p []byte) (part mp3Part, ok bool) {
	part.samples = int64(h.Samples())
	at := mp3.HeaderSize + 32
	if len(p) >= at+18 && string(p[at:at+4]) == "VBRI" {
		part.declared = int64(binary.BigEndian.Uint32(p[at+14:]))
		return part, true
	}
	at = mp3.HeaderSize + h.SideSize()
	if h.Protected() {
		at += 2
	}
	if len(p) < at+12 || string(p[at:at+4]) != "Xing" && string(p[at:at+4]) != "Info" {
		return part, false
	}
	flags := p[at+7]
	at += 8
	if flags&1 != 0 {
		part.declared = int64(binary.BigEndian.Uint32(p[at:]))
	}
	for i, size := range []int{4, 4, 100, 4} { // frames, bytes, table of contents, quality
		if flags>>i&1 != 0 {
			at += size
		}
	}
	if len(p) < at+24 {
		return part, true
	}
	switch string(p[at : at+4]) {
	case "LAME", "Lavc", "Lavf":
		part.skip = int64(p[at+21])<<4 | int64(p[at+22])>>4
		part.drop = int64(p[at+22]&15)<<8 | int64(p[at+23])
		part.skip += decoderDelay
		part.drop = max(0, part.drop-decoderDelay)
	}
	return part, true
}

// complete returns an error if the part lacks frames.
func (m *mp3Reader) complete() error {
	if m.frames >= m.declared {
		return nil
	}
	return m.cutOff("")
}

func (m *mp3Reader) cutOff(why string) error {
	got := max(0, m.frames*int64(m.first.Samples())-m.skip)
	if m.declared > 0 {
		return fmt.Errorf("%w: %d of %d samples%s", ErrTruncated, min(got, m.end()), m.end(), why)
	}
	return fmt.Errorf("%w: after %d samples%s", ErrTruncated, got, why)
}

func (m *mp3Reader) read(dst []float32) (int, error) {
	done := 0
	for done < len(dst) {
		if len(m.rest) == 0 {
			if err := m.next(); err != nil {
				return done, err
			}
		}
		n := copy(dst[done:], m.rest)
		m.rest = m.rest[n:]
		done += n
	}
	return done, nil
}

// next decodes the next frame into rest.
func (m *mp3Reader) next() error {
	h, err := m.seek()
	if err != nil {
		return err
	}
	if m.declared > 0 && m.frames == m.declared {
		m.mp3Part = mp3Part{samples: int64(h.Samples())} // joined to it, without a header
	}
	m.frame = append(m.frame[:0], make([]byte, h.Size())...)
	if _, err := io.ReadFull(m.b, m.frame); err != nil {
		if err == io.ErrUnexpectedEOF {
			return m.cutOff("")
		}
		return err
	}
	if m.pcm, err = m.d.Decode(m.pcm[:0], h, m.frame); err != nil {
		return fmt.Errorf("MP3 frame %d: %w", m.frames+1, err)
	}
	from := m.frames * m.samples
	m.frames++
	to := m.frames * m.samples
	if m.declared > 0 {
		to = min(to, m.declared*m.samples-m.drop)
	}
	c := int64(m.first.Channels())
	if start := max(from, m.skip); start < to {
		m.rest = m.pcm[c*(start-from) : c*(to-from)]
	}
	return nil
}

// seek goes to the next frame with sound, over tags and headers of parts.
func (m *mp3Reader) seek() (mp3.Header, error) {
	for {
		p, err := m.b.Peek(mp3.HeaderSize)
		switch {
		case err != nil && err != io.EOF:
			return 0, err
		case len(p) == 0:
			return 0, m.atEnd()
		case len(p) < mp3.HeaderSize || !header(p).Valid():
			if err := m.skipTag(); err != nil {
				return 0, err
			}
			continue
		}
		h := header(p)
		switch ok, err := m.info(); {
		case h.FreeRate():
			return 0, errFreeRate
		case h.Kind() != m.first.Kind():
			return 0, fmt.Errorf("MP3 frame %d differs from the first in rate or channels: convert the file to FLAC or WAV", m.frames+1)
		case err != nil:
			return 0, err
		case !ok:
			return h, nil
		}
	}
}

// atEnd returns io.EOF, or what is missing.
func (m *mp3Reader) atEnd() error {
	if err := m.complete(); err != nil {
		return err
	}
	return io.EOF
}

// skipTag skips what is no frame: a tag, after which another part may begin, or the rest of
// the file if that is a tag. Anything else is an error.
func (m *mp3Reader) skipTag() error {
	p, _ := m.b.Peek(32)
	size := int64(0)
	switch {
	case bytes.HasPrefix(p, []byte("TAG")):
		size = 128
	case bytes.HasPrefix(p, []byte("ID3")):
		if err := m.complete(); err != nil {
			return err
		}
		if _, err := skipID3(m.b); err != nil {
			return err
		}
	case bytes.HasPrefix(p, []byte("APETAGEX")) && len(p) == 32:
		size = int64(binary.LittleEndian.Uint32(p[12:]))
		if p[23]&0x20 != 0 { // the header; else a footer of nothing
			size += 32
		}
	default:
		return m.rubbish()
	}
	if n, err := io.CopyN(io.Discard, m.b, size); n < size && err != io.EOF {
		return err
	}
	m.d.Reset()
	return nil
}

// rubbish says what the rest of the file is: a tag without a beginning, zeros, or damage.
func (m *mp3Reader) rubbish() error {
	last := make([]byte, ape+id3v1) // of the file
	n, zeros := int64(0), int64(0)
	for buf := make([]byte, 1<<15); ; {
		k, err := m.b.Read(buf)
		if zeros == n {
			zeros += int64(k - len(bytes.TrimLeft(buf[:k], "\x00")))
		}
		n += int64(k)
		last = append(last, buf[:k]...)
		last = append(last[:0], last[len(last)-ape-id3v1:]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	switch size := tagSize(last); {
	case size > 0 && size == n:
		return m.atEnd()
	case zeros == n && n < int64(m.first.Size()) && m.frames >= m.declared:
		return io.EOF // padding
	case zeros > 0:
		return m.cutOff(", and then zeros")
	}
	return fmt.Errorf("damaged: no MP3 frame after frame %d", m.frames)
}

const (
	ape   = 32 // bytes of the footer of an APE tag
	id3v1 = 128
)

// tagSize returns the number of bytes of the tags that end with last, the end of a file: an
// APE tag without its header, perhaps an ID3v1 tag behind it. 0: there are none.
func tagSize(last []byte) int64 {
	behind := int64(0)
	if bytes.HasPrefix(last[ape:], []byte("TAG")) {
		behind = id3v1
	} else {
		last = last[id3v1:]
	}
	if !bytes.HasPrefix(last, []byte("APETAGEX")) {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(last[12:])) + behind
}
