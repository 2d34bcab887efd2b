package f32

// productGeneric computes, for panels p and rows i < m,
//
//	c[i·ldc + 16p + j] = from[i·ldfrom + 16p + j] + Σ_k a[i·rs + k·ks]·b[p·ldp + 16k + j]
//
// with j < 16 and at most kBlock terms k.
func productGeneric(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	var column [kBlock]float32
	for i := range m {
		row := column[:k]
		if ks == 1 {
			row = a[i*rs : i*rs+k]
		} else {
			for j := range row {
				row[j] = a[i*rs+j*ks]
			}
		}
		for p := range panels {
			sums := c[i*ldc+p*Panel:][:Panel]
			copy(sums, from[i*ldfrom+p*Panel:][:Panel])
			rowEight(sums[:8], row, b[p*ldp:], Panel)
			rowEight(sums[8:], row, b[p*ldp+8:], Panel)
		}
	}
}

// rowEight computes c[j] += Σ_k a[k]·b[k·ldb+j] for j < 8. The conversions prevent fused
// multiply-add, which the compiler uses on some architectures only.
func rowEight(c, a, b []float32, ldb int) {
	_ = c[7]
	s0, s1, s2, s3, s4, s5, s6, s7 := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	for k, x := range a {
		w := (*[8]float32)(b[k*ldb:])
		s0 += float32(x * w[0])
		s1 += float32(x * w[1])
		s2 += float32(x * w[2])
		s3 += float32(x * w[3])
		s4 += float32(x * w[4])
		s5 += float32(x * w[5])
		s6 += float32(x * w[6])
		s7 += float32(x * w[7])
	}
	c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7] = s0, s1, s2, s3, s4, s5, s6, s7
}

// stepGeneric implements Step.
func stepGeneric(h, c, xh, start, z []float32, w *Matrix) {
	copy(z, start)
	for p := range Panels(w.N) {
		rowEight(z[p*Panel:p*Panel+8], xh, w.panel(p, 0), Panel)
		rowEight(z[p*Panel+8:p*Panel+16], xh, w.panel(p, 0)[8:], Panel)
	}
	gatesGeneric(h, c, c, z, 1, len(h), len(h), len(z), false)
}

// gatesGeneric computes the gates of n units in each of m rows that are ldh apart. If
// keep is set, the gate values replace the sums in z.
func gatesGeneric(h, c, cPrev, z []float32, m, n, ldh, ldz int, keep bool) {
	for r := range m {
		h, c, cPrev, z := h[r*ldh:r*ldh+n], c[r*ldh:r*ldh+n], cPrev[r*ldh:r*ldh+n], z[r*ldz:r*ldz+4*n]
		for at := 0; at < n; at += group {
			w := min(group, n-at)
			q := z[4*at : 4*at+4*w]
			gatesGroup(h[at:at+w], c[at:at+w], cPrev[at:at+w], q[:w], q[w:2*w], q[2*w:3*w], q[3*w:], keep)
		}
	}
}

// gatesGroup needs only one division for c and one for h:
//
//	c = (c·a + (1−e_g)·b) / (a·b)      a = (1+e_i)·(1+e_g), b = 1+e_f
//	h = (1−e_c) / ((1+e_o)·(1+e_c))    e_c = 2^(c·tanhScale)
func gatesGroup(h, c, cPrev, zi, zf, zg, zo []float32, keep bool) {
	for j := range h {
		i, f, g, o := exp2(zi[j])+1, exp2(zf[j])+1, exp2(zg[j]), exp2(zo[j])+1
		a, rest := float32(i*(1+g)), float32((1-g)*f)
		s := (float32(cPrev[j]*a) + rest) / float32(a*f)
		e := exp2(float32(s * tanhScale))
		c[j] = s
		h[j] = (1 - e) / float32(o*(1+e))
		if keep {
			zi[j], zf[j], zg[j], zo[j] = 1/i, 1/f, (1-g)/(1+g), 1/o
		}
	}
}

// gatesBackwardGeneric implements GatesBackward.
func gatesBackwardGeneric(z, dc, dh, h, cPrev []float32, m, n, ldz, ldh int) {
	for r := range m {
		dc, dh, h, cPrev, z := dc[r*n:(r+1)*n], dh[r*ldh:r*ldh+n], h[r*n:(r+1)*n], cPrev[r*n:(r+1)*n], z[r*ldz:r*ldz+4*n]
		for at := 0; at < n; at += group {
			w := min(group, n-at)
			q := z[4*at : 4*at+4*w]
			backwardGroup(dc[at:at+w], dh[at:at+w], h[at:at+w], cPrev[at:at+w], q[:w], q[w:2*w], q[2*w:3*w], q[3*w:])
		}
	}
}

func backwardGroup(dc, dh, h, cPrev, zi, zf, zg, zo []float32) {
	for j := range dh {
		i, f, g, o := zi[j], zf[j], zg[j], zo[j]
		y := h[j] / o
		d := dc[j] + float32(float32(dh[j]*o)*(1-float32(y*y)))
		zi[j] = float32(float32(d*g) * float32(i*(1-i)))
		zf[j] = float32(float32(d*cPrev[j]) * float32(f*(1-f)))
		zg[j] = float32(float32(d*i) * (1 - float32(g*g)))
		zo[j] = float32(float32(dh[j]*y) * float32(o*(1-o)))
		dc[j] = float32(d * f)
	}
}

func axpyGeneric(y []float32, a float32, x []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += float32(a * v)
	}
}

// dotGeneric computes one row of Affine: eight sums, each of every eighth product,
// added in pairs.
func dotGeneric(w, x []float32) float32 {
	var s [8]float32
	for len(x) >= 8 {
		a, b := (*[8]float32)(w), (*[8]float32)(x)
		s[0] += float32(a[0] * b[0])
		s[1] += float32(a[1] * b[1])
		s[2] += float32(a[2] * b[2])
		s[3] += float32(a[3] * b[3])
		s[4] += float32(a[4] * b[4])
		s[5] += float32(a[5] * b[5])
		s[6] += float32(a[6] * b[6])
		s[7] += float32(a[7] * b[7])
		w, x = w[8:], x[8:]
	}
	for i, v := range x {
		s[i] += float32(w[i] * v)
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}
