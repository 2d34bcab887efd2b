package f32

// Peak executes n rounds of independent multiply-adds in registers, with the vectors of
// the kernel in use, and returns the number of floating-point operations. The rate that
// it reaches is the peak to which other rates are compared. It returns 0 immediately if
// the kernel has no such loop.
func Peak(n int) (flops int) {
	if n <= 0 {
		return 0
	}
	return peak(n)
}
