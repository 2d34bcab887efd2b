//go:build amd64 && !purego

package f32

// A round of peakAVX2 is twelve registers of eight lanes, one of peakAVX512 sixteen of
// sixteen, a product and a sum each.
const (
	peakFlopsAVX2   = 12 * 8 * 2
	peakFlopsAVX512 = 16 * 16 * 2
)

func peak(n int) int {
	switch level {
	case avx512:
		peakAVX512(n)
		return n * peakFlopsAVX512
	case avx2:
		peakAVX2(n)
		return n * peakFlopsAVX2
	}
	return 0
}

//go:noescape
func peakAVX2(n int)
