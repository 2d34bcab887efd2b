package i8

import "testing"

// Every name that package f32 has, on any machine, chooses kernels here as well.
func TestUseTakesTheNamesOfF32(t *testing.T) {
	defer Use(Kernel())
	for _, name := range []string{"", "generic", "avx2", "avx512", "neon"} {
		if err := Use(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := Use("abacus"); err == nil {
		t.Error("abacus is taken")
	}
}
