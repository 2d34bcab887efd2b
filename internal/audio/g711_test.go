package audio

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"testing"
)

// Values of ITU-T G.711, tables 1a to 2b, at the ends of segments, as 16 bits.
func TestG711(t *testing.T) {
	for _, c := range []struct {
		decode func(byte) int
		code   byte
		want   int
	}{
		{decodeALaw, 0xD5, 8}, {decodeALaw, 0x55, -8}, {decodeALaw, 0xAA, 32256}, {decodeALaw, 0x2A, -32256},
		{decodeALaw, 0xC5, 264}, {decodeALaw, 0xF5, 528},
		{decodeMuLaw, 0xFF, 0}, {decodeMuLaw, 0x7F, 0}, {decodeMuLaw, 0x80, 32124}, {decodeMuLaw, 0x00, -32124},
		{decodeMuLaw, 0xFE, 8}, {decodeMuLaw, 0xEF, 132},
	} {
		if got := c.decode(c.code); got != c.want {
			t.Errorf("code %#x is %d, want %d", c.code, got, c.want)
		}
	}
}

// The sums are those of what sox makes of the 256 codes in order: sox -t al -r 8000 -c 1
// codes -t s16 -, and -t ul for µ-law.
func TestG711AgreesWithSox(t *testing.T) {
	for name, c := range map[string]struct {
		table *[256]float32
		want  string
	}{"A-law": {&aLaw, "9d764657"}, "µ-law": {&muLaw, "0c847a9f"}} {
		var p []byte
		for _, v := range c.table {
			p = binary.LittleEndian.AppendUint16(p, uint16(int16(math.Round(float64(v)*(1<<15)))))
		}
		if got := fmt.Sprintf("%08x", crc32.ChecksumIEEE(p)); got != c.want {
			t.Errorf("%s: sum %s, want %s", name, got, c.want)
		}
	}
}
