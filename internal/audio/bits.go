package audio

import (
	"io"
	"math/bits"
)

// A bitReader reads bits, most significant first. After the end of the input it returns
// zeros and err is set. It computes a CRC-16 of the bytes read.
type bitReader struct {
	r     io.Reader
	buf   []byte
	pos   int    // next byte of buf to load into cache
	n     int    // bytes in buf
	cache uint64 // unread bits, left-aligned
	have  uint   // number of bits in cache
	err   error

	crc   uint16
	crcAt int // buf[crcAt:] is not yet in crc
}

func newBitReader(r io.Reader) *bitReader {
	return &bitReader{r: r, buf: make([]byte, 1<<14)}
}

// at returns the index in buf of the first byte that is not completely read.
func (b *bitReader) at() int { return b.pos - int(b.have/8) }

// fill reads more bytes into buf and keeps those that cache has.
func (b *bitReader) fill() bool {
	at := b.at()
	b.addCRC(at)
	copy(b.buf, b.buf[at:b.n])
	b.pos, b.n, b.crcAt = b.pos-at, b.n-at, b.crcAt-at
	for tries := 0; tries < 100; tries++ {
		m, err := b.r.Read(b.buf[b.n:])
		b.n += m
		if m > 0 {
			return true
		}
		if err != nil {
			b.fail(err)
			return false
		}
	}
	b.fail(io.ErrNoProgress)
	return false
}

func (b *bitReader) fail(err error) {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if b.err == nil {
		b.err = err
	}
}

// more loads bytes until cache has n ≤ 57 bits. It reports false at the end of the input.
func (b *bitReader) more(n uint) bool {
	if b.err != nil {
		return false
	}
	for b.have < n && b.have <= 56 {
		if b.pos == b.n && !b.fill() {
			return false
		}
		b.cache |= uint64(b.buf[b.pos]) << (56 - b.have)
		b.pos++
		b.have += 8
		for b.have <= 56 && b.pos < b.n {
			b.cache |= uint64(b.buf[b.pos]) << (56 - b.have)
			b.pos++
			b.have += 8
		}
	}
	return b.have >= n
}

// read returns the next n ≤ 57 bits.
func (b *bitReader) read(n uint) uint64 {
	if b.have < n && !b.more(n) {
		b.fail(io.ErrUnexpectedEOF)
		b.cache, b.have = 0, 0
		return 0
	}
	x := b.cache >> (64 - n)
	b.cache <<= n
	b.have -= n
	return x
}

// signed returns the next n ≤ 57 bits as a number in two's complement.
func (b *bitReader) signed(n uint) int64 {
	if n == 0 {
		return 0
	}
	return int64(b.read(n)<<(64-n)) >> (64 - n)
}

// unary returns the number of zeros before the next one.
func (b *bitReader) unary() uint64 {
	count := uint64(0)
	for {
		if b.have == 0 && !b.more(1) {
			b.fail(io.ErrUnexpectedEOF)
			return 0
		}
		if z := uint(bits.LeadingZeros64(b.cache)); z < b.have {
			b.cache <<= z + 1
			b.have -= z + 1
			return count + uint64(z)
		}
		count += uint64(b.have)
		b.cache, b.have = 0, 0
	}
}

// align discards bits up to the next byte.
func (b *bitReader) align() { b.read(b.have % 8) }

// atEOF reports whether the input has ended. It may only be called between bytes.
func (b *bitReader) atEOF() bool { return !b.more(8) }

func (b *bitReader) startCRC() { b.crc, b.crcAt = 0, b.at() }

// sum returns the CRC-16 of the bytes since startCRC.
func (b *bitReader) sum() uint16 {
	b.addCRC(b.at())
	return b.crc
}

func (b *bitReader) addCRC(to int) {
	for _, v := range b.buf[b.crcAt:to] {
		b.crc = b.crc<<8 ^ crc16[byte(b.crc>>8)^v]
	}
	b.crcAt = to
}

// The CRCs of FLAC: x^8+x^2+x+1 and x^16+x^15+x^2+1, both from 0.
var crc8, crc16 = crcTables()

func crcTables() (t8 [256]uint8, t16 [256]uint16) {
	for i := range 256 {
		a, b := uint8(i), uint16(i)<<8
		for range 8 {
			a = a<<1 ^ a>>7*0x07
			b = b<<1 ^ b>>15*0x8005
		}
		t8[i], t16[i] = a, b
	}
	return
}

func crc8Of(p []byte) (c uint8) {
	for _, v := range p {
		c = crc8[c^v]
	}
	return c
}
