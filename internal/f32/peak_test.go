package f32

import "testing"

func TestPeakCountsOperations(t *testing.T) {
	defer Use(Kernel())
	for _, kernel := range Kernels() {
		if err := Use(kernel); err != nil {
			t.Fatal(err)
		}
		one := Peak(1)
		if Peak(0) != 0 || Peak(-1) != 0 || Peak(100) != 100*one {
			t.Errorf("%s: %d, %d, %d operations of 0, 1 and 100 rounds", kernel, Peak(0), one, Peak(100))
		}
		if (kernel == "generic") != (one == 0) {
			t.Errorf("%s: %d operations a round", kernel, one)
		}
	}
}
