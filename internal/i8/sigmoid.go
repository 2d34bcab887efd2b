package i8

// cubics holds a polynomial for each unit of |z|: 2^16·σ(−|z|), at most 2^15−1, is
// ((d·t + c)·t + b)·t + a with t the part after the point. They are fitted to the integer
// arithmetic of decay; the error is at most 5, that is 7.3e-5.
var cubics = [4][16]int16{
	{32767, 17627, 7812, 3108, 1179, 439, 162, 60, 22, 8, 3, 1},
	{-16439, -12946, -6879, -2949, -1152, -434, -161, -59, -22, -8, -3, -1},
	{267, 3288, 2614, 1278, 523, 201, 75, 27, 10, 4, 1, 1},
	{1034, -155, -439, -259, -112, -44, -16, -6, -2, -1},
}

// decay returns 2^16·σ(−|z|) for z with 11 bits after the point.
func decay(z int16) int16 {
	a := int32(z)
	if a < 0 {
		a = min(-a, 32767)
	}
	k, t := a>>11, a&2047<<4
	u := int32(cubics[3][k])
	for j := 2; j >= 0; j-- {
		u = mulRound(u, t) + int32(cubics[j][k])
	}
	return int16(u)
}

// mulRound returns a·b/2^15, rounded to the nearest integer, halves up.
func mulRound(a, b int32) int32 { return (a*b + 1<<14) >> 15 }

// mulHigh returns a·b/2^32, rounded down.
func mulHigh(a, b int32) int32 { return int32(int64(a) * int64(b) >> 32) }

// saturate returns v limited to 16 bits.
func saturate(v int32) int16 { return int16(max(min(v, 32767), -32768)) }

// sigmoid returns σ(z), 0 … 32767 for 0 … 1, from u = decay(z).
func sigmoid(z, u int16) int32 {
	if z < 0 {
		return int32(u >> 1)
	}
	return int32(u>>1) ^ 0x7fff
}

// tanh returns tanh(z/2) in 15 bits after the point, from u = decay(z).
func tanh(z, u int16) int32 {
	if z < 0 {
		return -int32(u ^ 0x7fff)
	}
	return int32(u ^ 0x7fff)
}

// MaxCell limits c: 1024 with 20 bits after the point.
const MaxCell = 1<<30 - 1

// advance returns a unit's new c and h from its z of the four gates.
func advance(c int32, zi, zf, zg, zo int16) (int32, int16) {
	ui, uf, ug, uo := decay(zi), decay(zf), decay(zg), decay(zo)
	gone := int64(uf) // 2^16·(1−f)
	if zf < 0 {
		gone = 65535 - gone
	}
	lost := int32((2*int64(c)*(gone<<15) + 1<<31) >> 32)
	c += (sigmoid(zi, ui)*tanh(zg, ug)+1<<9)>>10 - lost
	c = max(min(c, MaxCell), -MaxCell)
	z := saturate((c + 1<<7) >> 8)
	h := mulRound(sigmoid(zo, uo), tanh(z, decay(z)))
	return c, int16(min(h+4, 32767) >> 3)
}

// Cubics returns the coefficients of decay, for code in other languages.
func Cubics() [4][16]int16 { return cubics }
