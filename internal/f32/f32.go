// Package f32 holds the vector kernels of the network in float32: products with
// packed matrices, the LSTM's gates, and the few loops around them.
//
// Every element of a product is summed by one accumulator in ascending order of
// the inner index, starting from what the destination holds. So results do not
// depend on blocking, on the number of rows given at once, or on what stands
// in the other rows. Kernels differ from one another in the last bits only:
// those with fused multiply-add round once a term, the generic ones twice.
package f32

import "fmt"

// kernel is one implementation of the loops that take the time.
type kernel struct {
	name string
	// mulAdd: c[i·ldc+j] += Σ_k a[i·lda+k]·b[k·Panel+j], i < m, j < Panel.
	mulAdd func(c []float32, ldc int, a []float32, lda int, b []float32, m, k int)
	// rowMulAdd: c[p·Panel+j] += Σ_k a[k]·b[(p·kk+k)·Panel+j], p < panels, kk
	// the distance of two panels in rows: one row by many panels.
	rowMulAdd func(c, a, b []float32, panels, kk, k int)
	// gates: see Gates.
	gates func(h, c, z []float32, n int)
	// gatesAdjoint: see GatesAdjoint.
	gatesAdjoint func(dz, dc, dh, gates, c, cPrev []float32, n int)
}

// Panel is the number of columns that a Matrix keeps together.
const Panel = 16

var (
	generic = kernel{"generic", mulAddGeneric, rowMulAddGeneric, gatesGeneric, gatesAdjointGeneric}
	kernels = append([]kernel{generic}, native...)
	active  = kernels[len(kernels)-1]
)

// Kernel names the kernels in use: generic, avx2.
func Kernel() string { return active.name }

// Kernels lists what this machine can run, the fastest last.
func Kernels() []string {
	var names []string
	for _, k := range kernels {
		names = append(names, k.name)
	}
	return names
}

// Use chooses the kernels by name, for tests and measurements; "" leaves the
// choice made at start. It must not be called while a kernel runs.
func Use(name string) error {
	for _, k := range kernels {
		if k.name == name {
			active = k
			return nil
		}
	}
	if name == "" {
		return nil
	}
	return fmt.Errorf("kernel %q: this machine has %v", name, Kernels())
}
