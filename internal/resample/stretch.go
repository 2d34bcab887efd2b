package resample

import (
	"math"
	"sync"
)

const (
	stretchLobes  = 8
	stretchPhases = 512
)

// stretchTable is half a windowed sinc, stretchPhases entries a sample.
var stretchTable = sync.OnceValue(func() []float64 {
	t := make([]float64, stretchLobes*stretchPhases+2)
	for i := range t {
		x := float64(i) / stretchPhases
		t[i] = sinc(x) * kaiser(x/stretchLobes)
	}
	return t
})

// Stretch appends src, interleaved channels, resampled to ratio times its length:
// pitch and tempo change together. It is for augmentation: sixteen taps, a
// table with linear interpolation, good to about −60 dB in the lower half of
// the band. A ratio under 1 lowers the cutoff accordingly.
func Stretch(dst, src []float32, ratio float64, channels int) []float32 {
	n := len(src) / channels
	table := stretchTable()
	scale := min(1, ratio)
	reach := int(math.Ceil(stretchLobes / scale))
	for k := range int(math.Ceil(float64(n) * ratio)) {
		at := float64(k) / ratio
		first := max(0, int(at)-reach+1)
		last := min(n-1, int(at)+reach)
		for c := range channels {
			var sum float64
			for j := first; j <= last; j++ {
				x := math.Abs(float64(j)-at) * scale * stretchPhases
				i := int(x)
				if i >= len(table)-1 {
					continue
				}
				f := x - float64(i)
				sum += float64(src[j*channels+c]) * (table[i] + f*(table[i+1]-table[i]))
			}
			dst = append(dst, float32(sum*scale))
		}
	}
	return dst
}
