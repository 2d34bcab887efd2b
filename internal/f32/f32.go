// Package f32 holds the vector kernels of the network in float32: products with
// packed matrices, the LSTM's gates, and the few loops around them.
//
// Every element of a product is summed by one accumulator in ascending order of
// the inner index, starting from what the destination holds. So results do not
// depend on blocking, on the number of rows given at once, or on what stands
// in the other rows. Kernels differ from one another in the last bits only:
// those with fused multiply-add round once a term, the generic ones twice.
//
// The generic kernels are always compiled. Assembly stands beside them, one
// dispatch file an architecture, chosen once at start; the build tag purego
// leaves it out. Packed layouts do not depend on the kernel.
package f32

import "fmt"

// names lists what this machine can run, the fastest last; inUse is one of them.
var (
	names = append([]string{"generic"}, native()...)
	inUse = names[len(names)-1]
)

// Kernel names the kernels in use: generic, avx2, avx512, neon.
func Kernel() string { return inUse }

// Kernels lists what this machine can run, the fastest last.
func Kernels() []string { return append([]string(nil), names...) }

// Use chooses the kernels by name, for tests and measurements; "" leaves the
// choice made at start. It must not be called while a kernel runs.
func Use(name string) error {
	if name == "" {
		return nil
	}
	for _, n := range names {
		if n == name {
			inUse = n
			choose(n)
			return nil
		}
	}
	return fmt.Errorf("kernel %q: this machine has %v", name, names)
}
