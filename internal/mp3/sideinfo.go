package mp3

import "errors"

// lines is the number of spectral lines, and so of samples, of a granule.
const lines = 576

// A blockType is the shape of a granule's windows.
type blockType uint8

const (
	normalBlock blockType = iota
	startBlock
	shortBlock
	stopBlock
)

// sideInfo says how the main data of a frame are to be read (2.4.1.7).
type sideInfo struct {
	begin    int // bytes before this frame's own main data
	shared   [2][4]bool
	granules [2][2]granule // by granule and channel
}

// A granule is half of a frame of MPEG-1, or all of one of MPEG-2, of one channel.
type granule struct {
	length   int // bits of scalefactors and Huffman codes
	big      int // pairs
	gain     int
	compress int // scalefac_compress
	block    blockType
	mixed    bool
	tables   [3]int
	subgain  [3]int
	bounds   [2]int // lines at which the second and third region of the pairs begin
	preflag  bool
	coarse   bool // scalefactors count double
	quads    int  // codebook

	scale  [39]int // scalefactors: of long bands, then of short ones, three windows a band
	nlong  int     // long bands
	fshort int     // first short band; 13: none
	end    int     // lines behind it are zero
	lines  [lines]float32
}

var errDamaged = errors.New("damaged")

// parse reads the side information of a frame with header h.
func (s *sideInfo) parse(h Header, data []byte) error {
	b := &bits{data: data}
	channels, granules := h.Channels(), 2
	if h.Low() {
		granules = 1
		s.begin = b.read(8)
		b.read(channels)
	} else {
		s.begin = b.read(9)
		b.read(7 - 2*channels)
		for ch := range channels {
			for i := range s.shared[ch] {
				s.shared[ch][i] = b.flag()
			}
		}
	}
	for g := range granules {
		for ch := range channels {
			if err := s.granules[g][ch].parse(b, h); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *granule) parse(b *bits, h Header) error {
	bands := &bandTables[h.bands()]
	g.length, g.big, g.gain = b.read(12), b.read(9), b.read(8)
	if g.big > lines/2 {
		return errDamaged
	}
	if h.Low() {
		g.compress = b.read(9)
	} else {
		g.compress = b.read(4)
	}
	g.block, g.mixed, g.subgain = normalBlock, false, [3]int{}
	if b.flag() {
		g.block, g.mixed = blockType(b.read(2)), b.flag()
		if g.block == normalBlock {
			return errDamaged // a window is switched to another shape
		}
		g.tables = [3]int{b.read(5), b.read(5)}
		g.subgain = [3]int{b.read(3), b.read(3), b.read(3)}
		g.bounds = [2]int{bands.long[8], lines}
		if g.block == shortBlock {
			g.bounds[0] = 3 * bands.short[3]
		}
	} else {
		g.tables = [3]int{b.read(5), b.read(5), b.read(5)}
		first := 1 + b.read(4)
		second := first + 1 + b.read(3)
		g.bounds = [2]int{bands.long[min(first, 22)], bands.long[min(second, 22)]}
	}
	g.preflag = !h.Low() && b.flag()
	g.coarse = b.flag()
	g.quads = quadsA + b.read(1)
	g.layout(h)
	return nil
}

// layout says which bands are long and which short.
func (g *granule) layout(h Header) {
	switch {
	case g.block != shortBlock:
		g.nlong, g.fshort = 22, 13
	case !g.mixed:
		g.nlong, g.fshort = 0, 0
	case h.Low():
		g.nlong, g.fshort = 6, 3
	default:
		g.nlong, g.fshort = 8, 3
	}
}
