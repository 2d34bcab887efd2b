package mp3

import "math"

// ratios are the shares of left and right by intensity position, in MPEG-1 (2.4.3.4.9.3).
var ratios = func() (t [7][2]float32) {
	for i := range t {
		left := 1.0
		if i < 6 {
			r := math.Tan(float64(i) * math.Pi / 12)
			left = r / (1 + r)
		}
		t[i] = [2]float32{float32(left), float32(1 - left)}
	}
	return t
}()

// lowRatios are those of MPEG-2, for both values of intensity_scale (13818-3, 2.4.3.2).
var lowRatios = func() (t [2][32][2]float32) {
	for scale := range t {
		for i := range t[scale] {
			r := float32(math.Pow(2, -float64(scale+1)*float64((i+1)/2)/4))
			t[scale][i] = [2]float32{1, r}
			if i%2 == 1 {
				t[scale][i] = [2]float32{r, 1}
			}
		}
	}
	return t
}()

// stereo makes left and right of the two channels of a granule. With intensity stereo, bands
// above the last one that is not zero in the right channel are shared out by its
// scalefactors.
func stereo(h Header, left, right *granule) {
	if !h.intensity() {
		if h.midSide() {
			midSide(left.lines[:], right.lines[:])
		}
		left.end = max(left.end, right.end)
		right.end = left.end
		return
	}
	bands := &bandTables[h.bands()]
	share := func(from, to, position int) bool {
		var r [2]float32
		switch {
		case h.Low() && position < 16:
			r = lowRatios[right.compress&1][position]
		case !h.Low() && position < 7:
			r = ratios[position]
		default:
			return false
		}
		for i := from; i < to; i++ {
			v := left.lines[i]
			left.lines[i], right.lines[i] = float32(v*r[0]), float32(v*r[1])
		}
		return true
	}
	var found [3]bool
	for i := 12; i >= right.fshort; i-- {
		width := bands.short[i+1] - bands.short[i]
		at := right.nlong + 3*(min(i, 11)-right.fshort)
		for w := 2; w >= 0; w-- {
			from := 3*bands.short[i] + w*width
			found[w] = found[w] || !zero(right.lines[from:from+width])
			if (found[w] || !share(from, from+width, right.scale[at+w])) && h.midSide() {
				midSide(left.lines[from:from+width], right.lines[from:from+width])
			}
		}
	}
	any := found[0] || found[1] || found[2]
	for i := right.nlong - 1; i >= 0; i-- {
		from, to := bands.long[i], bands.long[i+1]
		any = any || !zero(right.lines[from:to])
		if (any || !share(from, to, right.scale[min(i, 20)])) && h.midSide() {
			midSide(left.lines[from:to], right.lines[from:to])
		}
	}
	left.end, right.end = lines, lines
}

func midSide(left, right []float32) {
	const half = float32(1 / math.Sqrt2)
	for i, m := range left {
		s := right[i]
		left[i], right[i] = float32((m+s)*half), float32((m-s)*half)
	}
}

func zero(x []float32) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}
