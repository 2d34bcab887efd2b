package f32

import (
	"math"
	"runtime"
	"testing"
	"unsafe"
)

func TestAllFinite(t *testing.T) {
	finite := []float32{0, float32(math.Copysign(0, -1)), 1, -1, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 1e-38, 2, 3, 4}
	inf := float32(math.Inf(1))
	for n := range len(finite) + 1 {
		x := append([]float32(nil), finite[:n]...)
		if !AllFinite(x) {
			t.Errorf("%v is said not to be finite", x)
		}
		for i := range x {
			for _, bad := range []float32{inf, -inf, float32(math.NaN()), math.Float32frombits(0xff800001), math.Float32frombits(0x7fffffff)} {
				if x[i] = bad; AllFinite(x) {
					t.Errorf("%v is said to be finite", x)
				}
			}
			x[i] = finite[i]
		}
	}
}

func BenchmarkAllFinite(b *testing.B) {
	x := make([]float32, 320)
	for b.Loop() {
		if !AllFinite(x) {
			b.Fatal("not finite")
		}
	}
}

// Slices that are Apart lie on pages of their own.
func TestApartSharesNoPage(t *testing.T) {
	const page = 4 << 10
	owner := map[uintptr]int{}
	var all [][]float32
	for i, n := range []int{1, 100, 3200, 3200, 8 << 10, 8 << 10, 20000} {
		x := Apart(n)
		if len(x) != n || cap(x) != n {
			t.Fatalf("%d values, capacity %d, want %d", len(x), cap(x), n)
		}
		all = append(all, x)
		first, last := uintptr(unsafe.Pointer(&x[0])), uintptr(unsafe.Pointer(&x[n-1]))
		for p := first / page; p <= last/page; p++ {
			if j, taken := owner[p]; taken {
				t.Errorf("slices %d and %d share a page", j, i)
			}
			owner[p] = i
		}
	}
	runtime.KeepAlive(all)
}
