package mp3

import (
	"encoding/hex"
	"math"
	"sort"
)

// lookupBits is the length of the codes that are found by one look.
const lookupBits = 9

// A codebook finds the code that begins a run of bits.
type codebook struct {
	short  [1 << lookupBits]code // by the next bits; length 0: the code is longer
	starts []uint32              // of each code: its bits, followed by zeros, 24 in all
	codes  []code
}

type code struct{ length, symbol uint8 }

var books = func() (all [len(codebooks)]*codebook) {
	for i, text := range codebooks {
		if text != "" {
			all[i] = newCodebook(text)
		}
	}
	return all
}()

func newCodebook(text string) *codebook {
	c := new(codebook)
	next := uint32(0)
	for ; text != ""; text = text[3:] {
		symbol, err := hex.DecodeString(text[1:3])
		if err != nil {
			panic(err)
		}
		k := code{text[0] - 'a', symbol[0]}
		c.codes, c.starts = append(c.codes, k), append(c.starts, next)
		if k.length <= lookupBits {
			first := next >> (24 - lookupBits)
			for i := range uint32(1) << (lookupBits - k.length) {
				c.short[first+i] = k
			}
		}
		next += 1 << (24 - k.length)
	}
	return c
}

// read reads a code and returns its symbol.
func (c *codebook) read(b *bits) int {
	k := c.short[b.peek(lookupBits)]
	if k.length == 0 {
		v := b.peek(24)
		k = c.codes[sort.Search(len(c.starts), func(i int) bool { return c.starts[i] > v })-1]
	}
	b.at += int(k.length)
	return int(k.symbol)
}

// powers are n^(4/3), for all values that a code can have.
var powers = func() (p [15 + 1<<13]float32) {
	for i := range p {
		p[i] = float32(math.Pow(float64(i), 4.0/3))
	}
	return p
}()

// spectrum reads the Huffman codes up to bit end, and makes lines of them: sign times
// |value|^(4/3).
func (g *granule) spectrum(b *bits, end int) {
	i, region := 0, 0
	for ; i < 2*g.big; i += 2 {
		for region < 2 && i >= g.bounds[region] {
			region++
		}
		t := pairBooks[g.tables[region]]
		if t.book == 0 {
			g.lines[i], g.lines[i+1] = 0, 0
			continue
		}
		if b.at >= end {
			break // an encoder that counts too many pairs
		}
		v := books[t.book].read(b)
		g.lines[i] = value(b, v>>4, t.linbits)
		g.lines[i+1] = value(b, v&15, t.linbits)
	}
	if g.big == 0 || i == 2*g.big {
		for ; i+4 <= lines && b.at < end; i += 4 {
			v := books[g.quads].read(b)
			for k := range 4 {
				g.lines[i+k] = 0
				if v>>(3-k)&1 != 0 {
					g.lines[i+k] = signed(b, 1)
				}
			}
			if b.at > end {
				break // what looked like a code is padding
			}
		}
	}
	g.end = i
	clear(g.lines[i:])
}

func value(b *bits, v, linbits int) float32 {
	if v == 15 && linbits > 0 {
		v += b.read(linbits)
	}
	if v == 0 {
		return 0
	}
	return signed(b, powers[v])
}

func signed(b *bits, v float32) float32 {
	if b.flag() {
		return -v
	}
	return v
}
