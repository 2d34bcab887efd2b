package f32

// mulAddGeneric: c[i·ldc+j] += Σ_k a[i·rs+k·ks]·b[k·ldb+j], i < m, j < Panel,
// terms k ≤ kBlock+kBlock/2.
func mulAddGeneric(c []float32, ldc int, a []float32, rs, ks int, b []float32, ldb, m, k int) {
	var column [kBlock + kBlock/2]float32
	for i := range m {
		row := column[:k]
		if ks == 1 {
			row = a[i*rs : i*rs+k]
		} else {
			for j := range row {
				row[j] = a[i*rs+j*ks]
			}
		}
		rowEight(c[i*ldc:i*ldc+8], row, b, ldb)
		rowEight(c[i*ldc+8:i*ldc+16], row, b[8:], ldb)
	}
}

// rowEight: c[j] += Σ_k a[k]·b[k·ldb+j], j < 8. The conversions forbid fused
// multiply-add, which some architectures would use here and others not.
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

// stepGeneric is the loop of Step.
func stepGeneric(h, c, prev, x, start, z []float32, ih, hh *Matrix) {
	copy(z, start)
	for p := range Panels(4 * len(h)) {
		dst := z[p*Panel:]
		if x != nil {
			mulRow(dst, x, ih, p)
		}
		mulRow(dst, prev, hh, p)
	}
	gatesGeneric(h, c, c, z, 1, len(h), len(z))
}

// mulRow adds row·(panel p of m) to c.
func mulRow(c, row []float32, m *Matrix, p int) {
	panel := m.data[p*m.K*Panel : (p+1)*m.K*Panel]
	rowEight(c[:8], row, panel, Panel)
	rowEight(c[8:16], row, panel[8:], Panel)
}

// gatesGeneric is the loop of Gates.
func gatesGeneric(h, c, cPrev, z []float32, m, n, ldz int) {
	for r := range m {
		h, c, cPrev, z := h[r*n:(r+1)*n], c[r*n:(r+1)*n], cPrev[r*n:(r+1)*n], z[r*ldz:r*ldz+4*n]
		for at := 0; at < n; at += group {
			w := min(group, n-at)
			q := z[4*at : 4*at+4*w]
			gatesGroup(h[at:at+w], c[at:at+w], cPrev[at:at+w], q[:w], q[w:2*w], q[2*w:3*w], q[3*w:])
		}
	}
}

func gatesGroup(h, c, cPrev, zi, zf, zg, zo []float32) {
	for j := range h {
		i, f, g, o := sigmoid(zi[j]), sigmoid(zf[j]), tanh(zg[j]), sigmoid(zo[j])
		s := float32(f*cPrev[j]) + float32(i*g)
		zi[j], zf[j], zg[j], zo[j] = i, f, g, o
		c[j] = s
		h[j] = float32(o * tanh(s))
	}
}

// gatesAdjointGeneric is the loop of GatesAdjoint.
func gatesAdjointGeneric(z, dc, dh, c, cPrev []float32, m, n, ldz, ldh int) {
	for r := range m {
		dc, dh, c, cPrev, z := dc[r*n:(r+1)*n], dh[r*ldh:r*ldh+n], c[r*n:(r+1)*n], cPrev[r*n:(r+1)*n], z[r*ldz:r*ldz+4*n]
		for at := 0; at < n; at += group {
			w := min(group, n-at)
			q := z[4*at : 4*at+4*w]
			adjointGroup(dc[at:at+w], dh[at:at+w], c[at:at+w], cPrev[at:at+w], q[:w], q[w:2*w], q[2*w:3*w], q[3*w:])
		}
	}
}

func adjointGroup(dc, dh, c, cPrev, zi, zf, zg, zo []float32) {
	for j := range dh {
		i, f, g, o := zi[j], zf[j], zg[j], zo[j]
		y := tanh(c[j])
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
