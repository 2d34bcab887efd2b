//go:build amd64 && !purego

package f32

// peakFlops is what a round of peakAVX2 does: twelve registers of eight lanes, a
// product and a sum each.
const peakFlops = 12 * 8 * 2

func peak(n int) int {
	if Kernel() == "generic" {
		return 0
	}
	peakAVX2(n)
	return n * peakFlops
}

//go:noescape
func peakAVX2(n int)
