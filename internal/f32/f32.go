// Package f32 implements the float32 kernels of the network: products with packed
// matrices, the gates of the LSTM, and a few vector loops.
//
// Step computes one timestep of one stream, Rows one timestep of many, and
// Matrix.MulAdd a matrix product.
//
// One accumulator sums each element of a product in ascending order of the inner
// index, starting from the value in the destination. Results therefore depend neither
// on blocking nor on the number or the values of other rows. Kernels differ from each
// other in the last bits only: those with fused multiply-add round once per term, the
// generic ones twice.
//
// The generic kernels are always compiled. Each architecture with assembly has a
// dispatch file, which chooses the kernels once at program start. The build tag purego
// excludes the assembly. Packed layouts do not depend on the kernel.
package f32

import "fmt"

// names lists the kernels that this machine can run, the fastest last. inUse is one of
// them.
var (
	names = append([]string{"generic"}, native()...)
	inUse = names[len(names)-1]
)

// Kernel returns the name of the kernels in use: generic, avx2, avx512 or neon.
func Kernel() string { return inUse }

// Class says which kernels those in use agree with to the bit: fused or generic.
func Class() string {
	if inUse == "generic" {
		return inUse
	}
	return "fused"
}

// Kernels returns the names of the kernels that this machine can run, the fastest last.
func Kernels() []string { return append([]string(nil), names...) }

// Use selects kernels by name, for tests and measurements. An empty name changes
// nothing. Use must not run concurrently with a kernel.
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
