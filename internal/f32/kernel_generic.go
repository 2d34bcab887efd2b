package f32

import "math"

// mulAddGeneric walks the panel once a row in halves of eight columns, whose
// sums stay in registers.
func mulAddGeneric(c []float32, ldc int, a []float32, lda int, b []float32, m, k int) {
	for i := range m {
		rowEight(c[i*ldc:i*ldc+8], a[i*lda:i*lda+k], b)
		rowEight(c[i*ldc+8:i*ldc+16], a[i*lda:i*lda+k], b[8:])
	}
}

func rowMulAddGeneric(c, a, b []float32, panels, kk, k int) {
	for p := range panels {
		panel := b[p*kk*Panel:]
		rowEight(c[p*Panel:p*Panel+8], a[:k], panel)
		rowEight(c[p*Panel+8:p*Panel+16], a[:k], panel[8:])
	}
}

// rowEight: c[j] += Σ_k a[k]·b[k·Panel+j], j < 8. The conversions forbid fused
// multiply-add, which some architectures would use here and others not.
func rowEight(c, a, b []float32) {
	_ = c[7]
	s0, s1, s2, s3, s4, s5, s6, s7 := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	for k, x := range a {
		w := (*[8]float32)(b[k*Panel:])
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

// gatesGeneric is the loop of Gates.
func gatesGeneric(h, c, z []float32, n int) {
	zi, zf, zg, zo := z[:n], z[n:2*n], z[2*n:3*n], z[3*n:4*n]
	h, c = h[:n], c[:n]
	for j := range n {
		i, f, g, o := sigmoid(zi[j]), sigmoid(zf[j]), tanh(zg[j]), sigmoid(zo[j])
		s := float32(f*c[j]) + float32(i*g)
		zi[j], zf[j], zg[j], zo[j] = i, f, g, o
		c[j] = s
		h[j] = float32(o * tanh(s))
	}
}

func gatesAdjointGeneric(dz, dc, dh, gates, c, cPrev []float32, n int) {
	zi, zf, zg, zo := dz[:n], dz[n:2*n], dz[2*n:3*n], dz[3*n:4*n]
	gi, gf, gg, go_ := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:4*n]
	dc, dh, c, cPrev = dc[:n], dh[:n], c[:n], cPrev[:n]
	for j := range n {
		i, f, g, o := gi[j], gf[j], gg[j], go_[j]
		y := tanh(c[j])
		d := dc[j] + float32(float32(dh[j]*o)*(1-float32(y*y)))
		zi[j] = float32(float32(d*g) * float32(i*(1-i)))
		zf[j] = float32(float32(d*cPrev[j]) * float32(f*(1-f)))
		zg[j] = float32(float32(d*i) * (1 - float32(g*g)))
		zo[j] = float32(float32(dh[j]*y) * float32(o*(1-o)))
		dc[j] = float32(d * f)
	}
}

// sigmoid and tanh come from one exponential each. Beyond ±80 the sigmoid is 0 or
// 1 to the last bit of float32, beyond ±40 the tanh ±1; NaN passes through.
func sigmoid(x float32) float32 { return 1 / (1 + exp(-clamp(x, 80))) }

func tanh(x float32) float32 { return 1 - 2/(1+exp(2*clamp(x, 40))) }

func clamp(x, limit float32) float32 {
	if x > limit {
		return limit
	}
	if x < -limit {
		return -limit
	}
	return x
}

// Coefficients of 2^f on [−½, ½], degree 6: the Taylor series of e^(f·ln 2),
// whose remainder there is under 1.3e-8.
const (
	log2e = 1.44269504088896340736
	exp2a = 0.693147180559945309
	exp2b = 0.240226506959100712
	exp2c = 0.0555041086648215800
	exp2d = 0.00961812910762847716
	exp2e = 0.00133335581464284434
	exp2f = 0.000154035303933816099
)

// exp is e^x for |x| ≤ 87 within two units in the last place of float32 in the
// range that matters here, by range reduction to 2^n·2^f.
func exp(x float32) float32 {
	y := float32(x * log2e)
	n := float32(math.RoundToEven(float64(y)))
	f := y - n
	p := float32(exp2f)
	p = float32(p*f) + exp2e
	p = float32(p*f) + exp2d
	p = float32(p*f) + exp2c
	p = float32(p*f) + exp2b
	p = float32(p*f) + exp2a
	p = float32(p*f) + 1
	if n != n {
		return n
	}
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}
