//go:build arm64 && !purego

package f32

// A round of peakNEON is 24 registers of four lanes, a product and a sum each.
const peakFlopsNEON = 24 * 4 * 2

func peak(n int) int {
	if !neon {
		return 0
	}
	peakNEON(n)
	return n * peakFlopsNEON
}

//go:noescape
func peakNEON(n int)
