package mp3

import "math"

// scalefactors reads the scalefactors of MPEG-1. first is the granule before, of which parts
// are taken over.
func (g *granule) scalefactors(b *bits, shared *[4]bool, first *granule) {
	slen := scaleBits[g.compress]
	if g.block == shortBlock {
		n := 18
		if g.mixed {
			n = 17
		}
		for i := range n {
			g.scale[i] = b.read(slen[0])
		}
		for i := range 18 {
			g.scale[n+i] = b.read(slen[1])
		}
		clear(g.scale[n+18:])
		return
	}
	for part, from := range [4]int{0, 6, 11, 16} {
		to := [4]int{6, 11, 16, 21}[part]
		if first != nil && shared[part] {
			copy(g.scale[from:to], first.scale[from:to])
			continue
		}
		for i := from; i < to; i++ {
			g.scale[i] = b.read(slen[part/2])
		}
	}
	clear(g.scale[21:])
}

// lowScalefactors reads the scalefactors of MPEG-2 and 2.5; right says that the granule is
// one of the right channel with intensity stereo.
func (g *granule) lowScalefactors(b *bits, right bool) {
	c, row := g.compress, 0
	var slen [4]int
	switch {
	case right && c>>1 < 180:
		c >>= 1
		slen, row = [4]int{c / 36, c % 36 / 6, c % 6}, 3
	case right && c>>1 < 244:
		c = c>>1 - 180
		slen, row = [4]int{c >> 4, c % 16 >> 2, c % 4}, 4
	case right:
		c = c>>1 - 244
		slen, row = [4]int{c / 3, c % 3}, 5
	case c < 400:
		slen, row = [4]int{c >> 4 / 5, c >> 4 % 5, c % 16 >> 2, c % 4}, 0
	case c < 500:
		c -= 400
		slen, row = [4]int{c >> 2 / 5, c >> 2 % 5, c % 4}, 1
	default:
		c -= 500
		slen, row = [4]int{c / 3, c % 3}, 2
		g.preflag = true
	}
	kind := 0
	if g.block == shortBlock {
		kind = 1
		if g.mixed {
			kind = 2
		}
	}
	at := 0
	for part, n := range lowScaleBands[row][kind] {
		for range n {
			g.scale[at] = b.read(slen[part])
			at++
		}
	}
	clear(g.scale[at:])
}

// gains are 2^(n/4), from n = −400 on.
var gains = func() (t [600]float32) {
	for i := range t {
		t[i] = float32(math.Pow(2, float64(i-400)/4))
	}
	return t
}()

// requantize multiplies the lines by the gains of their bands (2.4.3.4.7.1).
func (g *granule) requantize(h Header) {
	bands := &bandTables[h.bands()]
	unit := 2 // a scalefactor, in quarters of a power of two
	if g.coarse {
		unit = 4
	}
	for i := range g.nlong {
		from, to := bands.long[i], bands.long[i+1]
		if from >= g.end {
			return
		}
		s := g.scale[i]
		if g.preflag {
			s += pretab[i]
		}
		multiply(g.lines[from:to], g.gain-210-unit*s)
	}
	at := g.nlong
	for i := g.fshort; i < 13; i++ {
		width := bands.short[i+1] - bands.short[i]
		for w := range 3 {
			from := 3*bands.short[i] + w*width
			multiply(g.lines[from:from+width], g.gain-210-8*g.subgain[w]-unit*g.scale[at])
			at++
		}
	}
}

func multiply(x []float32, quarters int) {
	gain := gains[max(quarters+400, 0)]
	for i := range x {
		x[i] = float32(x[i] * gain)
	}
}
