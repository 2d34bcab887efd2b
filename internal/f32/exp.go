package f32

import "math"

// limit is where the gates saturate: there σ and tanh are 0, 1 or ±1 within
// 1e-17, far below what float32 holds beside 1.
const limit = 40

// sigmoid and tanh come from one exponential each; NaN passes through.
func sigmoid(x float32) float32 { return 1 / (1 + exp(-clamp(x))) }

func tanh(x float32) float32 { return 1 - 2/(1+exp(2*clamp(x))) }

func clamp(x float32) float32 {
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

// shift, added and taken off again, rounds to the nearest integer, ties to even,
// for |x| ≤ 2^22.
const shift = 3 << 22

// exp is e^x for |x| ≤ 80, by range reduction to 2^n·2^f. Its relative error is
// under 1e-7·(1+|x|/2).
func exp(x float32) float32 {
	if x != x {
		return x
	}
	y := float32(x * log2e)
	n := float32(y+shift) - shift
	f := y - n
	p := float32(exp2f)
	p = float32(p*f) + exp2e
	p = float32(p*f) + exp2d
	p = float32(p*f) + exp2c
	p = float32(p*f) + exp2b
	p = float32(p*f) + exp2a
	p = float32(p*f) + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}
