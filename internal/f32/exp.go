package f32

import "math"

// GateScale returns the factor by which the weights of a gate (0…3: i, f, g, o) are
// multiplied when they are packed, so that the gate's function needs one power of two:
//
//	σ(z) = 1/(1+e)  with e = 2^(−z·log2 e),   tanh(z) = (1−e)/(1+e)  with e = 2^(−2z·log2 e)
func GateScale(gate int) float64 {
	if gate == 2 {
		return tanhScale
	}
	return sigmoidScale
}

const (
	sigmoidScale = -math.Log2E
	tanhScale    = -2 * math.Log2E
)

// limit bounds the exponents. Beyond it σ and tanh equal 0 or ±1 within 1e-12, far below
// the precision of float32, and within it the product of three powers e does not
// overflow.
const limit = 40

// Coefficients for 2^f on [−½, ½]: the minimax polynomial of degree 5 with value 1 at 0.
// Its relative error is at most 9.2e-8.
const (
	exp2a = 0.69314697756895549
	exp2b = 0.24022242024270055
	exp2c = 0.055507337530822098
	exp2d = 0.0096715166671200985
	exp2e = 0.0013264738641195399
)

// Adding and subtracting shift rounds x to the nearest integer, ties to even, for
// |x| ≤ 2^22.
const shift = 3 << 22

// exp2 returns 2^x with a relative error of at most 1.5e-7, where x is limited to ±limit.
// It returns NaN for NaN.
func exp2(x float32) float32 {
	if x != x {
		return x
	}
	x = max(min(x, limit), -limit)
	n := float32(x+shift) - shift
	f := x - n
	p := float32(exp2e)
	p = float32(p*f) + exp2d
	p = float32(p*f) + exp2c
	p = float32(p*f) + exp2b
	p = float32(p*f) + exp2a
	p = float32(p*f) + 1
	return math.Float32frombits(math.Float32bits(p) + uint32(int32(n))<<23)
}

// exp returns e^x for x ≤ 0 with a relative error of at most 1e-8, and 0 if the result
// is too small for float32. It returns NaN for NaN. It evaluates the Taylor series of
// 2^f about 0 to degree 7, |f| ≤ ½, in pairs so that the products overlap.
func exp(x float64) float64 {
	if x < -87 {
		return 0
	}
	const round = 3 << 51
	y := float64(x * math.Log2E)
	n := float64(y+round) - round
	f := float64(y-n) * math.Ln2
	f2 := float64(f * f)
	f4 := float64(f2 * f2)
	low := 1 + f + float64(f2*(1.0/2+float64(f*(1.0/6))))
	high := 1.0/24 + float64(f*(1.0/120)) + float64(f2*(1.0/720+float64(f*(1.0/5040))))
	return float64(low+float64(f4*high)) * math.Float64frombits(uint64(int64(n)+1023)<<52)
}
