package cell

import (
	"testing"

	"inkling/internal/f32"
)

// eachKernel runs f with every kernel of this machine.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	defer f32.Use(f32.Kernel())
	for _, name := range f32.Kernels() {
		t.Run(name, func(t *testing.T) {
			if err := f32.Use(name); err != nil {
				t.Fatal(err)
			}
			f(t)
		})
	}
}
