// Package testflac writes FLAC files for tests: every kind of subframe and prediction
// that the decoder has to read.
package testflac

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
)

const (
	flacBlock   = 4096
	flacBits    = 16
	maxRice     = 14 // of the 4-bit parameter; 15 is the escape
	maxPartOrd  = 6
	lpcOrders   = 12
	lpcBits     = 13 // of a quantised predictor coefficient
	flacRateMax = 1<<20 - 1
)

// Encode writes interleaved samples as a whole file of 16 bits a sample, to the nearest
// value and clipped to [−1, 1). The file carries the MD5 sum of its samples.
func Encode(w io.Writer, rate float64, channels int, samples []float32) error {
	if channels < 1 || channels > 8 || rate != math.Trunc(rate) || rate < 1 || rate > flacRateMax || len(samples)%channels != 0 {
		return fmt.Errorf("testflac: %d samples of %d channels at %v Hz: want whole frames of 1 to 8 channels, a whole rate of at most %d Hz", len(samples), channels, rate, flacRateMax)
	}
	e := &flacWriter{channels: channels, rate: uint32(rate)}
	frames := len(samples) / channels
	sum := md5.New()
	pcm := make([]byte, 0, 2*flacBlock*channels)
	var body []byte
	for at := 0; at < frames; at += flacBlock {
		n := min(flacBlock, frames-at)
		pcm = pcm[:0]
		for ch := range channels {
			e.block[ch] = e.block[ch][:0]
		}
		for i, v := range samples[at*channels : (at+n)*channels] {
			q := int16(min(max(math.RoundToEven(float64(v)*32768), -32768), 32767))
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(q))
			e.block[i%channels] = append(e.block[i%channels], int64(q))
		}
		sum.Write(pcm)
		body = append(body, e.frame(uint64(at/flacBlock))...)
	}
	if _, err := w.Write(e.header(frames, sum.Sum(nil))); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

type flacWriter struct {
	w        bitWriter
	channels int
	rate     uint32
	block    [8][]int64
	residual []int64
	minFrame int
	maxFrame int
}

// header is the signature and STREAMINFO.
func (e *flacWriter) header(frames int, sum []byte) []byte {
	var b bitWriter
	b.p = append(b.p, "fLaC\x80\x00\x00\x22"...)
	b.write(flacBlock, 16)
	b.write(flacBlock, 16)
	b.write(uint64(e.minFrame), 24)
	b.write(uint64(e.maxFrame), 24)
	b.write(uint64(e.rate), 20)
	b.write(uint64(e.channels-1), 3)
	b.write(flacBits-1, 5)
	b.write(uint64(frames), 36)
	return append(b.p, sum...)
}

// frame encodes block as frame number num.
func (e *flacWriter) frame(num uint64) []byte {
	b := &e.w
	*b = bitWriter{p: b.p[:0]}
	n := len(e.block[0])
	assignment := e.decorrelate()
	b.write(0xFFF8, 16) // sync, fixed block size
	b.write(7, 4)       // block size: 16 bits at the end
	b.write(0, 4)       // rate: STREAMINFO's
	b.write(uint64(assignment), 4)
	b.write(4, 3) // 16 bits
	b.write(0, 1)
	b.codedNumber(num)
	b.write(uint64(n-1), 16)
	b.write(uint64(crc(b.p, 0x07, 8)), 8)
	for c := range e.channels {
		width := uint(flacBits)
		if assignment == 8 && c == 1 || assignment == 9 && c == 0 || assignment == 10 && c == 1 {
			width++
		}
		e.subframe(e.block[c], width)
	}
	b.align()
	b.write(uint64(crc(b.p, 0x8005, 16)), 16)
	if e.minFrame == 0 || len(b.p) < e.minFrame {
		e.minFrame = len(b.p)
	}
	e.maxFrame = max(e.maxFrame, len(b.p))
	return b.p
}

// codedNumber writes UTF-8 as extended to 36 bits (RFC 9639, 9.1.5).
func (b *bitWriter) codedNumber(x uint64) {
	if x < 0x80 {
		b.write(x, 8)
		return
	}
	extra := (bits.Len64(x) - 2) / 5
	b.write(0xFF<<(7-extra)&0xFF|x>>(6*extra), 8)
	for extra--; extra >= 0; extra-- {
		b.write(0x80|x>>(6*extra)&0x3F, 8)
	}
}

// decorrelate replaces a stereo pair by the cheapest of left/right, left/side,
// side/right and mid/side, judged by their second differences.
func (e *flacWriter) decorrelate() int {
	if e.channels != 2 {
		return e.channels - 1
	}
	l, r := e.block[0], e.block[1]
	var cost [4]int64 // left, right, mid, side
	for i := 2; i < len(l); i++ {
		dl, dr := l[i]-2*l[i-1]+l[i-2], r[i]-2*r[i-1]+r[i-2]
		cost[0] += abs(dl)
		cost[1] += abs(dr)
		cost[2] += abs((dl + dr) >> 1)
		cost[3] += abs(dl - dr)
	}
	best, assignment := cost[0]+cost[1], 1
	for i, sum := range [3]int64{cost[0] + cost[3], cost[3] + cost[1], cost[2] + cost[3]} {
		if sum < best {
			best, assignment = sum, 8+i
		}
	}
	for i := range l {
		a, b := l[i], r[i]
		switch assignment {
		case 8:
			r[i] = a - b
		case 9:
			l[i] = a - b
		case 10:
			l[i], r[i] = (a+b)>>1, a-b
		}
	}
	return assignment
}

func abs(x int64) int64 { return max(x, -x) }

// A plan is one way to code a subframe.
type plan struct {
	kind  int     // subframe type of 9.2.1
	coeff []int64 // of a linear predictor, latest sample first
	shift uint
	order int
	parts uint // partition order
	rice  [1 << maxPartOrd]uint8
	bits  int // cost
}

// subframe writes x in the cheapest way there is.
func (e *flacWriter) subframe(x []int64, width uint) {
	b := &e.w
	if constant(x) {
		b.write(0, 8)
		b.write(uint64(x[0]), width)
		return
	}
	best := plan{kind: 1, bits: 8 + len(x)*int(width)}
	for order := 0; order <= 4 && order < len(x); order++ {
		p := plan{kind: 8 + order, order: order, coeff: fixedCoeff[order]}
		e.price(&p, x, width, &best)
	}
	for _, p := range linearPlans(x) {
		e.price(&p, x, width, &best)
	}
	b.write(uint64(best.kind)<<1, 8)
	if best.kind == 1 {
		for _, v := range x {
			b.write(uint64(v), width)
		}
		return
	}
	for _, v := range x[:best.order] {
		b.write(uint64(v), width)
	}
	if best.kind >= 32 {
		b.write(lpcBits-1, 4)
		b.write(uint64(best.shift), 5)
		for _, c := range best.coeff {
			b.write(uint64(c), lpcBits)
		}
	}
	e.predictAll(&best, x)
	e.writeResidual(&best, len(x))
}

func constant(x []int64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

var fixedCoeff = [5][]int64{{}, {1}, {2, -1}, {3, -3, 1}, {4, -6, 4, -1}}

// predictAll fills residual[i] for i ≥ order.
func (e *flacWriter) predictAll(p *plan, x []int64) {
	e.residual = append(e.residual[:0], x...)
	for i := p.order; i < len(x); i++ {
		sum := int64(0)
		for j, c := range p.coeff {
			sum += c * x[i-1-j]
		}
		e.residual[i] -= sum >> p.shift
	}
}

// price completes p and makes it the best if it is cheaper.
func (e *flacWriter) price(p *plan, x []int64, width uint, best *plan) {
	e.predictAll(p, x)
	p.bits = 8 + p.order*int(width) + 6
	if p.kind >= 32 {
		p.bits += 9 + p.order*lpcBits
	}
	head, cheapest := p.bits, math.MaxInt
	for ord := uint(0); ord <= maxPartOrd; ord++ {
		parts := 1 << ord
		if len(x)%parts != 0 || len(x)/parts <= p.order {
			break
		}
		sum := head
		var rice [1 << maxPartOrd]uint8
		for i := range parts {
			size := len(x) / parts
			k, cost := ricePrice(e.residual[max(i*size, p.order) : (i+1)*size])
			rice[i] = k
			sum += 4 + cost
		}
		if sum < cheapest {
			cheapest, p.parts, p.rice = sum, ord, rice
		}
	}
	if p.bits = cheapest; p.bits < best.bits {
		*best = *p
	}
}

// ricePrice is the best parameter for r and the bits it takes.
func ricePrice(r []int64) (k uint8, cost int) {
	sum := uint64(0)
	for _, v := range r {
		sum += zigzag(v)
	}
	guess := 0
	if n := uint64(len(r)); n > 0 && sum > n {
		guess = bits.Len64(sum/n) - 1
	}
	cost = math.MaxInt
	for t := min(max(guess-1, 0), maxRice); t <= min(guess+1, maxRice); t++ {
		c := len(r) * (t + 1)
		for _, v := range r {
			c += int(zigzag(v) >> t)
		}
		if c < cost {
			k, cost = uint8(t), c
		}
	}
	return k, cost
}

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func (e *flacWriter) writeResidual(p *plan, n int) {
	b := &e.w
	b.write(0, 2) // 4-bit parameters
	b.write(uint64(p.parts), 4)
	size := n >> p.parts
	for i := range 1 << p.parts {
		k := uint(p.rice[i])
		b.write(uint64(k), 4)
		for _, v := range e.residual[max(i*size, p.order) : (i+1)*size] {
			u := zigzag(v)
			b.unary(u >> k)
			b.write(u, k)
		}
	}
}

// bitWriter appends bits, most significant first.
type bitWriter struct {
	p     []byte
	cache uint64 // right-aligned
	have  uint   // < 8 between calls
}

// write appends the low n ≤ 56 bits of x.
func (b *bitWriter) write(x uint64, n uint) {
	b.cache = b.cache<<n | x&(1<<n-1)
	b.have += n
	for b.have >= 8 {
		b.have -= 8
		b.p = append(b.p, byte(b.cache>>b.have))
	}
}

func (b *bitWriter) unary(n uint64) {
	for ; n >= 32; n -= 32 {
		b.write(0, 32)
	}
	b.write(1, uint(n)+1)
}

func (b *bitWriter) align() {
	if b.have > 0 {
		b.write(0, 8-b.have)
	}
}

// crc is the checksum of p with a polynomial of the given width, from 0.
func crc(p []byte, polynomial uint32, width uint) (c uint32) {
	top := uint32(1) << (width - 1)
	for _, v := range p {
		c ^= uint32(v) << (width - 8)
		for range 8 {
			carry := c & top
			if c <<= 1; carry != 0 {
				c ^= polynomial
			}
		}
	}
	return c & (top<<1 - 1)
}
