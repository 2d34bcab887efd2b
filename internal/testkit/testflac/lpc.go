package testflac

import "math"

// linearPlans proposes linear predictors of a few orders for x: Welch window,
// autocorrelation, Levinson-Durbin, coefficients rounded to lpcBits with the
// error of each carried to the next.
func linearPlans(x []int64) []plan {
	if len(x) < 4*lpcOrders {
		return nil
	}
	auto := autocorrelate(x)
	if auto[0] == 0 {
		return nil
	}
	var plans []plan
	levinson(auto, func(c []float64) {
		if n := len(c); n == 4 || n == 8 || n == 10 || n == lpcOrders {
			if p, ok := quantiseLPC(c); ok {
				plans = append(plans, p)
			}
		}
	})
	return plans
}

func autocorrelate(x []int64) (auto [lpcOrders + 1]float64) {
	w := make([]float64, len(x))
	half := float64(len(x)-1) / 2
	for i, v := range x {
		t := (float64(i) - half) / half
		w[i] = float64(v) * (1 - float64(t*t))
	}
	for lag := range auto {
		sum := 0.0
		for i := lag; i < len(w); i++ {
			sum += float64(w[i] * w[i-lag])
		}
		auto[lag] = sum
	}
	return auto
}

// levinson calls each with the predictor of every order from 1 up, latest
// sample first.
func levinson(auto [lpcOrders + 1]float64, each func([]float64)) {
	var c [lpcOrders]float64
	power := auto[0]
	for n := range lpcOrders {
		r := auto[n+1]
		for j := range n {
			r -= float64(c[j] * auto[n-j])
		}
		if power <= 0 {
			return
		}
		k := r / power
		prev := c
		for j := range n {
			c[j] = prev[j] - float64(k*prev[n-1-j])
		}
		c[n] = k
		power *= 1 - float64(k*k)
		each(c[:n+1])
	}
}

// quantiseLPC chooses the shift that uses all bits; false if the predictor is
// too large or too small to be written.
func quantiseLPC(c []float64) (plan, bool) {
	largest := 0.0
	for _, v := range c {
		largest = max(largest, math.Abs(v))
	}
	if largest == 0 || math.IsNaN(largest) || math.IsInf(largest, 0) {
		return plan{}, false
	}
	_, exp := math.Frexp(largest)
	shift := min(lpcBits-1-exp, 15)
	if shift < 0 {
		return plan{}, false
	}
	const limit = 1 << (lpcBits - 1)
	p := plan{kind: 31 + len(c), order: len(c), shift: uint(shift), coeff: make([]int64, len(c))}
	carry := 0.0
	for i, v := range c {
		carry += math.Ldexp(v, shift)
		q := min(max(math.Round(carry), -limit), limit-1)
		carry -= q
		p.coeff[i] = int64(q)
	}
	return p, true
}
