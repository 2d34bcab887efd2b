package f32

// Peak does n rounds of multiply-adds that neither wait for one another nor touch
// memory, as wide as the kernel in use has them, and returns how many operations
// those were: what it reaches in a second is the peak that other rates are
// compared with. It returns 0 at once where the kernel has no such loop.
func Peak(n int) (flops int) {
	if n <= 0 {
		return 0
	}
	return peak(n)
}
