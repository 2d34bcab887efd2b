package i8

// stepGeneric implements Step, for weights packed in runs of four without excess.
func stepGeneric(l *Layer, c []int32, h []int16, hf []float32, acts []int16, start []int32) {
	for g := range l.groups {
		var sums [rows]int32
		l.sumsGeneric(&sums, acts, g)
		z := func(gate, j int) int16 {
			at := gate*group + j
			return saturate(mulHigh(sums[at]+start[g*rows+at], l.mult[g*rows+at]))
		}
		for j := range group {
			i := g*group + j
			c[i], h[i] = advance(c[i], z(0, j), z(1, j), z(2, j), z(3, j))
			hf[i] = float32(h[i]) * (1.0 / One)
		}
	}
}

func (l *Layer) sumsGeneric(sums *[rows]int32, acts []int16, g int) {
	w := l.weights[g*l.runs*4*rows:]
	for r := range l.runs {
		a := acts[4*r:][:4]
		a0, a1, a2, a3 := int32(a[0]), int32(a[1]), int32(a[2]), int32(a[3])
		block := (*[4 * rows]int8)(w[r*4*rows:])
		for i := range sums {
			v := block[4*i : 4*i+4]
			sums[i] += int32(v[0])*a0 + int32(v[1])*a1 + int32(v[2])*a2 + int32(v[3])*a3
		}
	}
}

// dotsGeneric implements Sums.
func dotsGeneric(dst []int32, w []int8, x []int16) {
	for i := range dst {
		var s int32
		for k, v := range w[i*len(x) : (i+1)*len(x)] {
			s += int32(v) * int32(x[k])
		}
		dst[i] = s
	}
}
