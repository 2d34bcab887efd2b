package audio

import (
	"encoding/binary"
	"math"
)

// Encoding is the encoding of raw samples. Its name has sign, bits and byte order.
type Encoding string

const (
	U8    Encoding = "u8" // zero is 128
	S16LE Encoding = "s16le"
	S16BE Encoding = "s16be"
	S24LE Encoding = "s24le" // three bytes
	S32LE Encoding = "s32le"
	F32LE Encoding = "f32le"
	F64LE Encoding = "f64le"
)

// Encodings returns all encodings.
func Encodings() []Encoding { return []Encoding{U8, S16LE, S16BE, S24LE, S32LE, F32LE, F64LE} }

// Bytes returns the size of a sample, or 0 for an unknown encoding.
func (e Encoding) Bytes() int {
	switch e {
	case U8:
		return 1
	case S16LE, S16BE:
		return 2
	case S24LE:
		return 3
	case S32LE, F32LE:
		return 4
	case F64LE:
		return 8
	}
	return 0
}

// Decode converts len(p)/Bytes samples into dst and returns their number.
// Integers are divided by 2^(bits−1); floats are copied, NaN too.
func (e Encoding) Decode(dst []float32, p []byte) int {
	le := binary.LittleEndian
	n := len(p) / e.Bytes()
	dst = dst[:n]
	switch e {
	case U8:
		for i := range dst {
			dst[i] = float32(int(p[i])-128) / (1 << 7)
		}
	case S16LE:
		decode16(dst, p)
	case S16BE:
		for i := range dst {
			dst[i] = float32(int16(binary.BigEndian.Uint16(p[2*i:]))) / (1 << 15)
		}
	case S24LE:
		for i := range dst {
			b := p[3*i : 3*i+3]
			dst[i] = float32(int32(b[0])<<8|int32(b[1])<<16|int32(b[2])<<24) / (1 << 31)
		}
	case S32LE:
		for i := range dst {
			dst[i] = float32(int32(le.Uint32(p[4*i:]))) / (1 << 31)
		}
	case F32LE:
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(p[4*i:]))
		}
	case F64LE:
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(p[8*i:])))
		}
	}
	return n
}

// decode16 decodes S16LE, which most messages and devices send, four samples at a time.
func decode16(dst []float32, p []byte) {
	for ; len(dst) >= 4; dst, p = dst[4:], p[8:] {
		v := binary.LittleEndian.Uint64(p)
		dst[0] = float32(int16(v)) / (1 << 15)
		dst[1] = float32(int16(v>>16)) / (1 << 15)
		dst[2] = float32(int16(v>>32)) / (1 << 15)
		dst[3] = float32(int16(v>>48)) / (1 << 15)
	}
	for i := range dst {
		dst[i] = float32(int16(binary.LittleEndian.Uint16(p[2*i:]))) / (1 << 15)
	}
}
