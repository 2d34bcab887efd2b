package mp3

import "math"

// subbands of width lines make a granule.
const (
	subbands = 32
	width    = 18
)

// reorder sorts the lines of short blocks by frequency, the three windows side by side.
func (g *granule) reorder(h Header) {
	bands := &bandTables[h.bands()]
	var sorted [lines]float32
	for i := g.fshort; i < 13; i++ {
		from, n := 3*bands.short[i], bands.short[i+1]-bands.short[i]
		for w := range 3 {
			for k := range n {
				sorted[from+3*k+w] = g.lines[from+w*n+k]
			}
		}
	}
	if g.fshort < 13 {
		from := 3 * bands.short[g.fshort]
		copy(g.lines[from:], sorted[from:])
	}
}

// butterflies are cs and ca of the alias reduction (Table B.9).
var butterflies = func() (t [8][2]float32) {
	for i, c := range [8]float64{-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037} {
		r := math.Sqrt(1 + c*c)
		t[i] = [2]float32{float32(1 / r), float32(c / r)}
	}
	return t
}()

// antialias undoes what the filter bank mixes between neighbouring subbands with long
// windows.
func (g *granule) antialias() {
	n := subbands - 1
	if g.block == shortBlock {
		if !g.mixed {
			return
		}
		n = 1
	}
	for sb := 1; sb <= n; sb++ {
		at := sb * width
		for i, c := range butterflies {
			lo, hi := g.lines[at-1-i], g.lines[at+i]
			g.lines[at-1-i], g.lines[at+i] = float32(lo*c[0])-float32(hi*c[1]), float32(hi*c[0])+float32(lo*c[1])
		}
	}
}

// windows are those of the four block types (2.4.3.4.10.3); that of short blocks has 12
// values.
var windows = func() (t [4][36]float32) {
	sine := func(n, i int) float32 { return float32(math.Sin(math.Pi / float64(n) * (float64(i) + 0.5))) }
	for i := range 36 {
		t[normalBlock][i] = sine(36, i)
	}
	for i := range 18 {
		t[startBlock][i], t[stopBlock][18+i] = sine(36, i), sine(36, 18+i)
	}
	for i := range 6 {
		t[startBlock][18+i], t[stopBlock][12+i] = 1, 1
		t[startBlock][24+i], t[stopBlock][6+i] = sine(12, 6+i), sine(12, i)
	}
	for i := range 12 {
		t[shortBlock][i] = sine(12, i)
	}
	return t
}()

// longCosines are those of the outputs 9 to 26, from which the others follow; shortCosines
// those of all outputs.
var longCosines, shortCosines = func() (long [18][18]float32, short [12][6]float32) {
	for i := range long {
		for k := range long[i] {
			long[i][k] = cosine(36, 9+i, k)
		}
	}
	for i := range short {
		for k := range short[i] {
			short[i][k] = cosine(12, i, k)
		}
	}
	return long, short
}()

func cosine(n, i, k int) float32 {
	return float32(math.Cos(math.Pi / float64(2*n) * float64(2*i+1+n/2) * float64(2*k+1)))
}

// imdctLong transforms 18 lines to 36 windowed samples.
func imdctLong(out *[36]float32, x []float32, w *[36]float32) {
	x = x[:width]
	for i := range 18 {
		sum := float32(0)
		for k, c := range &longCosines[i] {
			sum += float32(c * x[k])
		}
		if i < 9 {
			out[9+i], out[8-i] = float32(sum*w[9+i]), float32(-sum*w[8-i])
		} else {
			out[9+i], out[44-i] = float32(sum*w[9+i]), float32(sum*w[44-i])
		}
	}
}

// imdctShort transforms three times 6 lines, side by side, to 36 windowed samples.
func imdctShort(out *[36]float32, x []float32, w *[36]float32) {
	x = x[:width]
	*out = [36]float32{}
	for win := range 3 {
		for i := range &shortCosines {
			sum := float32(0)
			for k, c := range &shortCosines[i] {
				sum += float32(c * x[3*k+win])
			}
			out[6+6*win+i] += float32(sum * w[i])
		}
	}
}

// hybrid makes 18 samples of each subband out of the lines, by subband and time. over is
// what the granule before leaves to this one.
func (g *granule) hybrid(h Header, samples *[width][subbands]float32, over *[subbands][width]float32) {
	long := subbands
	if g.block == shortBlock {
		long = bandTables[h.bands()].long[g.nlong] / width
	}
	top := (g.end + 2*width - 1) / width // the alias reduction fills a part of one more
	if g.block == shortBlock {
		top = subbands
	}
	for sb := range subbands {
		x := g.lines[sb*width:]
		var out [36]float32
		switch {
		case sb >= top:
		case sb >= long:
			imdctShort(&out, x, &windows[shortBlock])
		case g.block == shortBlock || g.mixed && sb < 2:
			imdctLong(&out, x, &windows[normalBlock])
		default:
			imdctLong(&out, x, &windows[g.block])
		}
		for i := range width {
			v := out[i] + over[sb][i]
			if i&sb&1 == 1 {
				v = -v // frequency inversion
			}
			samples[i][sb] = v
		}
		copy(over[sb][:], out[width:])
	}
}
