package resample

import (
	"math"

	"inkling/internal/shared"
)

const (
	// lobes is half the filter's length in samples of the lower rate: for 95 dB and
	// a transition of a tenth of the band, Kaiser's formula gives 121 taps in all.
	lobes = 62
	beta  = 9.6 // of the window, for 95 dB
	// edge is the middle of the transition, as a share of the lower Nyquist rate.
	edge = 0.95
	// maxTerm bounds both numbers of a ratio, and so a filter to 130,000 taps: it takes
	// milliseconds to design, whatever rate a stranger gives.
	maxTerm = 1 << 10
	// maxOff is the largest relative error of a ratio, and so of every frequency: less
	// than two cents.
	maxOff = 1e-3
)

// A filter is designed once for a ratio and shared by all its streams.
type filter struct {
	up, down int       // out/in in lowest terms
	half     int       // taps each side of an output's time
	taps     []float32 // up phases of 2·half

	memory shared.Pool[memory]
}

// A memory is that of one call.
type memory struct {
	buffer [][]float32 // a channel's input from sample base−half+1 on
}

// filters are those in use, by ratio.
var filters shared.Cache[[2]int, filter]

func filterOf(up, down int) *filter {
	return filters.Get([2]int{up, down}, func() *filter {
		f := &filter{up: up, down: down, half: int(math.Ceil(lobes * max(1, float64(down)/float64(up))))}
		f.design()
		return f
	})
}

// fraction returns the fraction of numbers up to maxTerm that is nearest to ratio, by
// continued fractions (Khinchin 1964): exact to 1e-12 where there is such a one.
func fraction(ratio float64) (n, d int) {
	h0, h1, k0, k1 := 0.0, 1.0, 1.0, 0.0
	off := func(h, k float64) float64 {
		if k == 0 {
			return math.Inf(1)
		}
		return math.Abs(h/k - ratio)
	}
	for x := ratio; ; {
		a := math.Floor(x)
		if h, k := a*h1+h0, a*k1+k0; h > maxTerm || k > maxTerm {
			// As much of the next term as fits may still be nearer than the last fraction.
			part := math.Floor((maxTerm - h0) / h1)
			if k1 > 0 {
				part = min(part, math.Floor((maxTerm-k0)/k1))
			}
			if h, k := part*h1+h0, part*k1+k0; part >= 1 && off(h, k) < off(h1, k1) {
				return int(h), int(k)
			}
			return int(h1), int(k1)
		}
		h0, h1 = h1, a*h1+h0
		k0, k1 = k1, a*k1+k0
		if off(h1, k1) <= 1e-12*ratio {
			return int(h1), int(k1)
		}
		x = 1 / (x - a)
	}
}

// design fills the table: phase p weighs input base−half+1+j of an output at
// time base + p/up. Each phase sums to one, so that a constant stays.
func (f *filter) design() {
	f.taps = make([]float32, f.up*2*f.half)
	scale := edge * min(1, float64(f.up)/float64(f.down))
	row := make([]float64, 2*f.half)
	for p := range f.up {
		var sum float64
		for j := range row {
			t := float64(j-f.half+1) - float64(p)/float64(f.up)
			row[j] = scale * sinc(scale*t) * kaiser(t/float64(f.half))
			sum += row[j]
		}
		for j, v := range row {
			f.taps[p*2*f.half+j] = float32(v / sum)
		}
	}
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x in [−1, 1].
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel(beta*math.Sqrt(1-x*x)) / windowPeak
}

var windowPeak = bessel(beta)

// bessel is I₀ by its power series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-17*sum; k++ {
		term *= x * x / (4 * k * k)
		sum += term
	}
	return sum
}
