package audio

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// A flacReader decodes FLAC (RFC 9639, whose sections the comments below cite).
type flacReader struct {
	b        *bitReader
	rate     uint32
	channels int
	bits     uint  // per sample
	total    int64 // samples per channel; 0: unknown
	got      int64 // samples per channel decoded
	scale    float32

	block [8][]int64 // decoded frame, by channel
	n, at int        // samples per channel in block, and number of those delivered
	coeff [32]int64

	begun    bool   // a frame was read
	variable bool   // frames count samples, and not frames
	number   uint64 // of the next frame

	sum flacSum
}

func (a *Reader) openFLAC(r *bufio.Reader) error {
	f, err := newFLAC(r)
	if err != nil {
		return err
	}
	a.Rate, a.Channels, a.dec = float64(f.rate), f.channels, f
	if f.total > 0 {
		a.Frames = f.total
	}
	return nil
}

// newFLAC reads the metadata (sections 8.1 and 8.2).
func newFLAC(r *bufio.Reader) (*flacReader, error) {
	var h [38]byte
	if _, err := io.ReadFull(r, h[:4]); err != nil {
		return nil, err
	}
	f := &flacReader{}
	for first := true; ; first = false {
		if _, err := io.ReadFull(r, h[:4]); err != nil {
			return nil, fmt.Errorf("FLAC metadata %w", ErrTruncated)
		}
		last, kind := h[0]&0x80 != 0, h[0]&0x7F
		size := int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])
		if first {
			if kind != 0 || size != 34 {
				return nil, errors.New("the FLAC stream does not begin with a STREAMINFO block of 34 bytes")
			}
			if _, err := io.ReadFull(r, h[4:]); err != nil {
				return nil, fmt.Errorf("FLAC metadata %w", ErrTruncated)
			}
			if err := f.streamInfo(h[4:]); err != nil {
				return nil, err
			}
		} else if _, err := io.CopyN(io.Discard, r, size); err != nil {
			return nil, fmt.Errorf("FLAC metadata %w", ErrTruncated)
		}
		if last {
			f.b = newBitReader(r)
			return f, nil
		}
	}
}

func (f *flacReader) streamInfo(p []byte) error {
	f.rate = uint32(p[10])<<12 | uint32(p[11])<<4 | uint32(p[12])>>4
	f.channels = int(p[12]>>1&7) + 1
	f.bits = (uint(p[12]&1)<<4 | uint(p[13])>>4) + 1
	f.total = int64(p[13]&15)<<32 | int64(p[14])<<24 | int64(p[15])<<16 | int64(p[16])<<8 | int64(p[17])
	f.scale = 1 / float32(int64(1)<<(f.bits-1))
	if f.rate == 0 {
		return errors.New("STREAMINFO says a sampling rate of 0 Hz")
	}
	f.sum.begin([16]byte(p[18:34]))
	if f.bits < 4 {
		return fmt.Errorf("STREAMINFO says %d bits a sample", f.bits)
	}
	return nil
}

func (f *flacReader) read(dst []float32) (int, error) {
	done := 0
	for done < len(dst) {
		if f.at == f.n {
			if err := f.next(); err != nil {
				return done, err
			}
		}
		n := min(f.n-f.at, (len(dst)-done)/f.channels)
		for c := range f.channels {
			out := dst[done+c:]
			for i, v := range f.block[c][f.at : f.at+n] {
				out[i*f.channels] = float32(v) * f.scale
			}
		}
		f.at += n
		done += n * f.channels
	}
	return done, nil
}

// next decodes a frame into block.
func (f *flacReader) next() error {
	f.at, f.n = 0, 0
	if f.total > 0 && f.got == f.total {
		return f.sum.end()
	}
	if f.b.atEOF() {
		if f.b.err != io.ErrUnexpectedEOF {
			return f.b.err
		}
		if f.total > 0 {
			return fmt.Errorf("%w: %d of %d samples", ErrTruncated, f.got, f.total)
		}
		return f.sum.end()
	}
	n, err := f.frame()
	if f.b.err == io.ErrUnexpectedEOF {
		if f.total > 0 {
			return fmt.Errorf("%w: %d of %d samples", ErrTruncated, f.got, f.total)
		}
		return fmt.Errorf("%w: ends within the frame at sample %d", ErrTruncated, f.got)
	}
	if f.b.err != nil {
		return f.b.err
	}
	if err == nil && f.total > 0 && f.got+int64(n) > f.total {
		err = fmt.Errorf("more samples than the %d that STREAMINFO says", f.total)
	}
	if err != nil {
		return fmt.Errorf("damaged FLAC frame at sample %d: %w", f.got, err)
	}
	f.n = n
	f.got += int64(n)
	f.sum.add(f)
	return nil
}

// frame decodes one frame (section 9) and returns its samples per channel.
func (f *flacReader) frame() (int, error) {
	f.b.startCRC()
	n, assignment, err := f.frameHeader()
	if err != nil || f.b.err != nil {
		return 0, err
	}
	for c := range f.channels {
		bits := f.bits
		if assignment == 8 && c == 1 || assignment == 9 && c == 0 || assignment == 10 && c == 1 {
			bits++ // the side channel
		}
		if cap(f.block[c]) < n {
			f.block[c] = make([]int64, n)
		}
		f.block[c] = f.block[c][:n]
		if err := f.subframe(f.block[c], bits); err != nil || f.b.err != nil {
			return 0, err
		}
	}
	f.b.align()
	want := f.b.sum()
	if got := uint16(f.b.read(16)); got != want {
		return 0, fmt.Errorf("checksum is %#04x, the data give %#04x", got, want)
	}
	f.restoreStereo(assignment)
	return n, f.checkRange()
}

// frameHeader reads a frame header (section 9.1).
func (f *flacReader) frameHeader() (n int, assignment uint, err error) {
	var hdr [16]byte
	h := hdr[:0]
	next := func() uint64 {
		v := f.b.read(8)
		h = append(h, byte(v))
		return v
	}
	sync := next()<<8 | next()
	if sync&0xFFFE != 0xFFF8 {
		return 0, 0, fmt.Errorf("no frame begins here (%#04x)", sync)
	}
	v := next()
	sizeCode, rateCode := v>>4, v&15
	v = next()
	assignment = uint(v >> 4)
	bitsCode := v >> 1 & 7
	if v&1 != 0 || assignment > 10 || sizeCode == 0 || rateCode == 15 {
		return 0, 0, errors.New("reserved value in the frame header")
	}
	number, ok := codedNumber(next)
	if !ok {
		return 0, 0, errors.New("reserved value in the frame header")
	}
	n = blockSize(sizeCode, next)
	rate := f.frameRate(rateCode, next)
	want := crc8Of(h)
	if f.b.err == nil && byte(f.b.read(8)) != want {
		return 0, 0, errors.New("checksum of the frame header")
	}
	channels := int(assignment) + 1
	if assignment >= 8 {
		channels = 2
	}
	width := [8]uint{f.bits, 8, 12, 0, 16, 20, 24, 32}[bitsCode]
	if channels != f.channels || width != f.bits || rate != f.rate {
		return 0, 0, fmt.Errorf("%d channels of %d bits at %d Hz within a stream of %d channels of %d bits at %d Hz",
			channels, width, rate, f.channels, f.bits, f.rate)
	}
	return n, assignment, f.follows(number, n, sync&1 != 0)
}

// codedNumber decodes the number of a frame (section 9.1.5), which is coded as UTF-8 codes
// characters.
func codedNumber(next func() uint64) (number uint64, ok bool) {
	lead := byte(next())
	ones := bits.LeadingZeros8(^lead)
	number = uint64(lead & (0x7F >> ones))
	for range ones - 1 {
		number = number<<6 | next()&0x3F
	}
	return number, ones != 1 && ones != 8
}

// follows reports whether a frame of n samples does not follow the one before: what is lost on
// the way leaves the others whole. A stream may begin with any number.
func (f *flacReader) follows(number uint64, n int, variable bool) error {
	if f.begun && (number != f.number || variable != f.variable) {
		return fmt.Errorf("its number is %d, and %d comes next: frames before it are missing, or are there twice", number, f.number)
	}
	if !f.begun && number > 0 {
		f.sum.hash = nil // what came before is not here
	}
	f.begun, f.variable, f.number = true, variable, number+1
	if variable {
		f.number = number + uint64(n)
	}
	return nil
}

// blockSize decodes a block size (section 9.1.1). next reads a byte.
func blockSize(code uint64, next func() uint64) int {
	switch {
	case code == 1:
		return 192
	case code <= 5:
		return 576 << (code - 2)
	case code == 6:
		return int(next()) + 1
	case code == 7:
		return int(next()<<8|next()) + 1
	}
	return 256 << (code - 8)
}

// frameRate decodes a sampling rate (section 9.1.2).
func (f *flacReader) frameRate(code uint64, next func() uint64) uint32 {
	switch code {
	case 0:
		return f.rate
	case 12:
		return uint32(next()) * 1000
	case 13:
		return uint32(next()<<8 | next())
	case 14:
		return uint32(next()<<8|next()) * 10
	}
	return flacRates[code]
}

var flacRates = [12]uint32{0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000}

// restoreStereo converts a stereo frame to left and right (section 4.2).
func (f *flacReader) restoreStereo(assignment uint) {
	a, b := f.block[0], f.block[1]
	switch assignment {
	case 8: // left, side
		for i, s := range b {
			b[i] = a[i] - s
		}
	case 9: // side, right
		for i, s := range a {
			a[i] = s + b[i]
		}
	case 10: // mid, side
		for i, s := range b {
			m := a[i]<<1 | s&1
			a[i], b[i] = (m+s)>>1, (m-s)>>1
		}
	}
}

func (f *flacReader) checkRange() error {
	limit := int64(1) << (f.bits - 1)
	for _, x := range f.block[:f.channels] {
		for i, v := range x {
			if v < -limit || v >= limit {
				return fmt.Errorf("value %d at %d does not fit in %d bits", v, i, f.bits)
			}
		}
	}
	return nil
}
