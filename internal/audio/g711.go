package audio

// The codes of telephony, ITU-T G.711: eight bits for a sign, an exponent and a mantissa.
var (
	aLaw  = g711Table(decodeALaw)
	muLaw = g711Table(decodeMuLaw)
)

func g711Table(decode func(code byte) int) (t [256]float32) {
	for i := range t {
		t[i] = float32(decode(byte(i))) / (1 << 15)
	}
	return t
}

// decodeALaw returns the sample of 16 bits that a code of G.711 A-law stands for: its 13
// bits, shifted to the left.
func decodeALaw(code byte) int {
	code ^= 0x55
	exponent, v := int(code>>4&7), int(code&15)<<4+8
	if exponent > 0 {
		v = (v + 0x100) << (exponent - 1)
	}
	if code&0x80 == 0 {
		return -v
	}
	return v
}

// decodeMuLaw returns the sample of 16 bits that a code of G.711 µ-law stands for: its 14
// bits, shifted to the left.
func decodeMuLaw(code byte) int {
	code = ^code
	v := (int(code&15)<<3+0x84)<<(code>>4&7) - 0x84
	if code&0x80 != 0 {
		return -v
	}
	return v
}

// expand looks up len(p) codes and returns their number.
func expand(dst []float32, p []byte, table *[256]float32) int {
	for i, code := range p {
		dst[i] = table[code]
	}
	return len(p)
}
