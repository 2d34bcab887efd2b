package i8

// stepGeneric implements Step.
func stepGeneric(l *Layer, c []int32, h []int16, hf []float32, acts []int16, start []int32) {
	acts = acts[:2*l.pairs]
	low := int32(0) // what the 128 of each low weight adds
	for _, a := range acts {
		low += 128 * int32(a)
	}
	for g := range l.groups {
		var sums [block]int32
		w := l.words[g*l.pairs*block:]
		for k := 0; k < len(acts); k += 2 {
			x, y := int32(acts[k]), int32(acts[k+1])
			b := (*[block]int16)(w[k*block/2:])
			for j := 0; j < block; j += 2 {
				v, w := int32(b[j]), int32(b[j+1])
				sums[j] += v*x + w*y
				sums[j+1] += v>>8*x + w>>8*y
			}
		}
		at := g * block
		z := func(gate, j int) int16 {
			s := sums[gate/2*16+2*j+1]
			if gate%2 == 0 {
				s = sums[gate/2*16+2*j] - s<<8 - low
			}
			i := at + gate*group + j
			return saturate(mulHigh(s+start[i], l.mult[i]))
		}
		for j := range group {
			i := g*group + j
			c[i], h[i] = advance(c[i], z(0, j), z(1, j), z(2, j), z(3, j))
			hf[i] = float32(h[i]) * (1.0 / One)
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
