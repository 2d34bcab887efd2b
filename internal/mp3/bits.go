package mp3

// A bits reads bits of data, the most significant first. Behind the end it reads zeros.
type bits struct {
	data []byte
	at   int // bits read
}

// peek returns the next n bits, at most 24, without reading them.
func (b *bits) peek(n int) uint32 {
	var v uint32
	i := b.at >> 3
	if i+4 <= len(b.data) {
		v = uint32(b.data[i])<<24 | uint32(b.data[i+1])<<16 | uint32(b.data[i+2])<<8 | uint32(b.data[i+3])
	} else {
		for k := range 4 {
			v <<= 8
			if i+k < len(b.data) {
				v |= uint32(b.data[i+k])
			}
		}
	}
	return v << (b.at & 7) >> (32 - n)
}

// read reads n bits, at most 24; of 0 bits it reads 0.
func (b *bits) read(n int) int {
	if n == 0 {
		return 0
	}
	v := b.peek(n)
	b.at += n
	return int(v)
}

func (b *bits) flag() bool { return b.read(1) != 0 }
