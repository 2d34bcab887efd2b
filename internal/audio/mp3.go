package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// MPEG-1 and MPEG-2 layer III. go-mp3 decodes; it silently skips what it does not
// understand. So mp3Frames passes only whole frames of one kind on to it, and reports
// everything else as an error.

// mp3Header is the four bytes that begin a frame (ISO/IEC 11172-3, 2.4.1.3).
type mp3Header uint32

// kind returns the bits that are equal in all frames of a file: sync, version, layer, rate,
// and whether there is one channel or two.
func (h mp3Header) kind() mp3Header {
	k := h & 0xFFFE0C00
	if h.mono() {
		k |= 1
	}
	return k
}

func (h mp3Header) valid() bool {
	return h>>21 == 0x7FF && h>>19&3 != 1 && h>>17&3 == 1 && h>>12&15 != 15 && h>>10&3 != 3 && h&3 != 2
}

func (h mp3Header) mono() bool { return h>>6&3 == 3 }
func (h mp3Header) lsf() bool  { return h>>19&3 != 3 } // low sampling frequencies: MPEG-2 and 2.5

func (h mp3Header) rate() int {
	rate := [3]int{44100, 48000, 32000}[h>>10&3]
	switch h >> 19 & 3 {
	case 2:
		return rate / 2
	case 0:
		return rate / 4
	}
	return rate
}

var mp3Bitrates = [2][15]int{ // kbit/s
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

// size returns the number of bytes of the frame.
func (h mp3Header) size() int {
	padding := int(h >> 9 & 1)
	if h.lsf() {
		return 72000*mp3Bitrates[1][h>>12&15]/h.rate() + padding
	}
	return 144000*mp3Bitrates[0][h>>12&15]/h.rate() + padding
}

// samples returns the number of samples per channel in a frame.
func (h mp3Header) samples() int64 {
	if h.lsf() {
		return 576
	}
	return 1152
}

// supported returns an error for frames that go-mp3 decodes wrongly. go-mp3 computes the
// size of an MPEG-2 frame as one byte too few if the padding bit is set and the size in half
// bytes is even.
func (h mp3Header) supported() error {
	const convert = "convert it to FLAC or WAV (ffmpeg -i in.mp3 out.flac)"
	switch {
	case h>>19&3 == 0:
		return errors.New("MPEG 2.5 layer III is not supported: " + convert)
	case h>>12&15 == 0:
		return errors.New("MP3 of free bit rate is not supported: " + convert)
	case h.lsf() && h>>9&1 == 1 && 144000*mp3Bitrates[1][h>>12&15]/h.rate()%2 == 0:
		return fmt.Errorf("MP3 of MPEG-2 at %d kbit/s and %d Hz is not supported: %s", mp3Bitrates[1][h>>12&15], h.rate(), convert)
	}
	return nil
}

// findMP3 returns the position of the first frame in p, or −1. A frame counts only if
// another of its kind, or the end, follows it.
func findMP3(p []byte, atEnd bool) int {
	for i := 0; i+4 <= len(p) && i < 1<<13; i++ {
		h := mp3Header(binary.BigEndian.Uint32(p[i:]))
		if !h.valid() || h>>12&15 == 0 && i > 0 {
			continue
		}
		if h>>12&15 == 0 {
			return i
		}
		next := i + h.size()
		if next+4 <= len(p) {
			if n := mp3Header(binary.BigEndian.Uint32(p[next:])); n.valid() && n.kind() == h.kind() {
				return i
			}
		} else if atEnd {
			return i // the only frame, perhaps cut off
		}
	}
	return -1
}

func isMP3(b *bufio.Reader) bool {
	p, err := b.Peek(1 << 14)
	return findMP3(p, err != nil) >= 0
}

// mp3Frames is an io.Reader of whole frames. It ends with io.EOF in any case, as go-mp3
// expects; err says why.
type mp3Frames struct {
	b        *bufio.Reader
	first    mp3Header
	declared int64  // frames according to the Xing header; 0: unknown
	skip     int64  // delay of encoder and decoder, samples per channel
	drop     int64  // padding at the end, samples per channel
	frames   int64  // frames read
	buf      []byte // frame being read
	rest     []byte // of buf
	err      error
}

func newMP3Frames(b *bufio.Reader) (*mp3Frames, error) {
	p, err := b.Peek(1 << 14)
	at := findMP3(p, err != nil)
	if at < 0 {
		return nil, ErrFormat
	}
	f := &mp3Frames{b: b, first: mp3Header(binary.BigEndian.Uint32(p[at:]))}
	if err := f.first.supported(); err != nil {
		return nil, err
	}
	b.Discard(at)
	if p, err := b.Peek(f.first.size()); err == nil && f.info(p) {
		b.Discard(len(p))
	}
	return f, nil
}

// info reads a Xing, Info or VBRI header, which replaces the first frame and has no sound.
// It reports whether p is one.
func (f *mp3Frames) info(p []byte) bool {
	at := 4 + 32
	if len(p) >= at+18 && string(p[at:at+4]) == "VBRI" {
		f.declared = int64(binary.BigEndian.Uint32(p[at+14:]))
		return true
	}
	switch {
	case f.first.lsf() && f.first.mono():
		at = 4 + 9
	case f.first.lsf() || f.first.mono():
		at = 4 + 17
	}
	if f.first>>16&1 == 0 {
		at += 2
	}
	if len(p) < at+12 || string(p[at:at+4]) != "Xing" && string(p[at:at+4]) != "Info" {
		return false
	}
	if p[at+7]&1 != 0 {
		f.declared = int64(binary.BigEndian.Uint32(p[at+8:]))
	}
	if p[at+7]&15 == 15 && len(p) >= at+144 && string(p[at+120:at+122]) == "LA" {
		const decoderDelay = 529
		f.skip = int64(p[at+141])<<4 | int64(p[at+142])>>4
		f.drop = int64(p[at+142]&15)<<8 | int64(p[at+143])
		f.skip += decoderDelay
		f.drop = max(0, f.drop-decoderDelay)
	}
	return true
}

func (f *mp3Frames) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		if f.err == nil {
			f.err = f.next()
		}
		if f.err != nil {
			return 0, io.EOF // go-mp3 understands nothing else
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *mp3Frames) next() error {
	if f.declared > 0 && f.frames == f.declared {
		return io.EOF
	}
	p, err := f.b.Peek(4)
	if len(p) < 4 {
		if err != io.EOF {
			return err
		}
		if f.declared > 0 {
			return fmt.Errorf("%w: %d of %d MP3 frames", ErrTruncated, f.frames, f.declared)
		}
		return io.EOF
	}
	h := mp3Header(binary.BigEndian.Uint32(p))
	if !h.valid() {
		if f.trailer() {
			return io.EOF
		}
		return fmt.Errorf("damaged: no MP3 frame after frame %d", f.frames)
	}
	if h.kind() != f.first.kind() {
		return fmt.Errorf("MP3 frame %d differs from the first in rate or channels: convert the file to FLAC or WAV", f.frames+1)
	}
	if err := h.supported(); err != nil {
		return err
	}
	f.buf = append(f.buf[:0], make([]byte, h.size())...)
	if _, err := io.ReadFull(f.b, f.buf); err != nil {
		if err == io.ErrUnexpectedEOF {
			return fmt.Errorf("%w: within MP3 frame %d", ErrTruncated, f.frames+1)
		}
		return err
	}
	f.frames++
	f.rest = f.buf
	return nil
}

// trailer reports whether a tag, or nothing but zeros, follows.
func (f *mp3Frames) trailer() bool {
	p, _ := f.b.Peek(1 << 10)
	for _, tag := range []string{"TAG", "APETAGEX", "LYRICSBEGIN", "ID3"} {
		if len(p) >= len(tag) && string(p[:len(tag)]) == tag {
			return true
		}
	}
	for _, v := range p {
		if v != 0 {
			return false
		}
	}
	return true
}

type mp3Reader struct {
	frames   *mp3Frames
	d        *mp3.Decoder
	channels int
	decoded  int64 // samples per channel, before skip
	buf      [4096]byte
	rest     []byte // decoded, of buf
}

func (a *Reader) openMP3(b *bufio.Reader) error {
	f, err := newMP3Frames(b)
	if err != nil {
		return err
	}
	m := &mp3Reader{frames: f, channels: 2}
	if f.first.mono() {
		m.channels = 1
	}
	if m.d, err = mp3.NewDecoder(f); err != nil {
		if f.err != nil && f.err != io.EOF {
			err = f.err
		}
		return fmt.Errorf("MP3: %w", noEOF(err))
	}
	a.Rate, a.Channels, a.dec = float64(f.first.rate()), m.channels, m
	if f.declared > 0 {
		a.Frames = max(0, f.declared*f.first.samples()-f.skip-f.drop)
	}
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return ErrTruncated
	}
	return err
}

func (m *mp3Reader) read(dst []float32) (int, error) {
	done := 0
	for done < len(dst) {
		if len(m.rest) == 0 {
			if err := m.fill(); err != nil {
				return done, err
			}
			continue
		}
		// go-mp3 returns 16 bits and two channels for all files.
		dst[done] = float32(int16(binary.LittleEndian.Uint16(m.rest))) / (1 << 15)
		done++
		if m.channels == 2 {
			dst[done] = float32(int16(binary.LittleEndian.Uint16(m.rest[2:]))) / (1 << 15)
			done++
		}
		m.rest = m.rest[4:]
	}
	return done, nil
}

// fill decodes the next samples within [skip, end) into rest.
func (m *mp3Reader) fill() error {
	n, err := io.ReadAtLeast(m.d, m.buf[:], 4)
	if err != nil {
		return m.atEnd(err)
	}
	n = n / 4
	from, to := m.decoded, m.decoded+int64(n)
	m.decoded = to
	if f := m.frames; f.declared > 0 {
		to = min(to, f.declared*f.first.samples()-f.drop)
	}
	if from = max(from, m.frames.skip); from < to {
		base := m.decoded - int64(n)
		m.rest = m.buf[4*(from-base) : 4*(to-base)]
	}
	return nil
}

func (m *mp3Reader) atEnd(err error) error {
	f := m.frames
	switch {
	case f.err != nil && f.err != io.EOF:
		return f.err
	case err != io.EOF:
		return fmt.Errorf("damaged near MP3 frame %d: %w", f.frames, err)
	case m.decoded != f.frames*f.first.samples():
		return fmt.Errorf("damaged: %d MP3 frames gave %d samples", f.frames, m.decoded)
	}
	return io.EOF
}
