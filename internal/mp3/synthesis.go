package mp3

import "math"

// window is the synthesis window D.
var window = func() (d [512]float32) {
	for i := range d {
		switch {
		case i <= 256:
			d[i] = float32(halfWindow[i]) / 65536
		case i%64 == 0:
			d[i] = float32(halfWindow[512-i]) / 65536
		default:
			d[i] = -float32(halfWindow[512-i]) / 65536
		}
	}
	return d
}()

// A synthesis is the polyphase filter bank of one channel (2.4.3.4.10.4).
type synthesis struct {
	v  [1024]float32 // a ring
	at int
}

// put turns a sample of each subband into 32 samples of sound, written to every stride-th
// place of out.
func (s *synthesis) put(out []float32, stride int, x *[subbands]float32) {
	s.at = (s.at - 64) & 1023
	c := *x
	dct(c[:])
	v := s.v[s.at : s.at+64]
	v[16], v[48] = 0, -c[0]
	for i := range 16 {
		v[i] = c[16+i]
	}
	for m := 33; m < 64; m++ {
		v[m-16] = -c[64-m]
	}
	for m := 65; m < 80; m++ {
		v[m-16] = -c[m-64]
	}
	var sum [32]float32
	for i := range 8 {
		s.add(&sum, s.at+128*i, 64*i)
		s.add(&sum, s.at+128*i+96, 64*i+32)
	}
	for j, v := range sum {
		out[j*stride] = v
	}
}

// add adds 32 values of the ring, from at on, times those of the window from w on.
func (s *synthesis) add(sum *[32]float32, at, w int) {
	at &= 1023
	v, d := s.v[at:at+32], window[w:w+32]
	for j := range sum {
		sum[j] += float32(v[j] * d[j])
	}
}

// secants are 1/(2·cos((2k+1)π/2n)) for n = 32, 16, 8, 4, 2, at n/2.
var secants = func() (t [32]float32) {
	for n := 2; n <= 32; n *= 2 {
		for k := range n / 2 {
			t[n/2+k] = float32(1 / (2 * math.Cos(float64(2*k+1)*math.Pi/float64(2*n))))
		}
	}
	return t
}()

// dct is the transform II of 2, 4, … or 32 values, without scaling: B. G. Lee, A new
// algorithm to compute the discrete cosine transform, IEEE Trans. ASSP 32, 1984.
func dct(x []float32) {
	n := len(x)
	if n == 1 {
		return
	}
	var buf [32]float32
	a, b := buf[:n/2], buf[n/2:n]
	for k := range a {
		lo, hi := x[k], x[n-1-k]
		a[k], b[k] = lo+hi, float32((lo-hi)*secants[n/2+k])
	}
	dct(a)
	dct(b)
	for k := range a {
		x[2*k] = a[k]
		x[2*k+1] = b[k]
		if k+1 < len(b) {
			x[2*k+1] += b[k+1]
		}
	}
}
