package f32

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// atPageEnd returns n values after which memory may not be touched: what reads
// beyond them crashes.
func atPageEnd(t *testing.T, n int, fill func() float32) []float32 {
	page := os.Getpagesize()
	size := (4*n+page-1)/page*page + page
	mem, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no memory to protect: ", err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	if err := syscall.Mprotect(mem[size-page:], syscall.PROT_NONE); err != nil {
		t.Skip("no memory protection: ", err)
	}
	s := unsafe.Slice((*float32)(unsafe.Pointer(&mem[0])), (size-page)/4)
	s = s[len(s)-n:]
	for i := range s {
		s[i] = fill()
	}
	return s
}

// No kernel reads or writes outside its slices.
func TestKernelsStayInsideSlices(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(8, 8))
		f := normal(rng)
		sizes := []int{68, 100} // enough for gates to be woven into the products
		for n := range 35 {
			sizes = append(sizes, n+1)
		}
		for _, n := range sizes {
			width := Padded(4 * n)
			var w Matrix
			w.PackGates(n, atPageEnd(t, 4*n*3, f), atPageEnd(t, 4*n*n, f))
			w.data = atPageEnd(t, len(w.data), f)
			h, c, xh, prev := atPageEnd(t, n, f), atPageEnd(t, n, f), atPageEnd(t, w.K, f), atPageEnd(t, n, f)
			start, z := atPageEnd(t, width, f), atPageEnd(t, width, f)
			Step(h, c, xh, start, z, &w, false)
			Step(h, c, xh, start, z, &w, true)
			w.MulAdd(z, width, xh, w.K, 1)
			Rows(h, c, c, xh, start, atPageEnd(t, RowsScratch(1, n), f), &w, 1, n, w.K, 0, 0, false)
			Rows(h, c, c, xh, start, z, &w, 1, n, w.K, 0, width, true)
			const m = 9
			hs, cs, xhs := atPageEnd(t, m*n, f), atPageEnd(t, m*n, f), atPageEnd(t, m*w.K, f)
			Rows(hs, cs, cs, xhs, start, atPageEnd(t, RowsScratch(m, n), f), &w, m, n, w.K, 0, 0, false)
			Rows(hs, cs, cs, xhs, start, atPageEnd(t, m*width, f), &w, m, n, w.K, 0, width, true)
			Gates(h, c, prev, z[width-4*n:], 1, n, 4*n)
			Affine(prev[:min(n, 3)], atPageEnd(t, min(n, 3)*n, f), atPageEnd(t, min(n, 3), f), h)
			GatesBackward(z[width-4*n:], c, h, prev, atPageEnd(t, n, f), 1, n, 4*n, n)
			Axpy(h, 2, prev)
			Adam(h, c, prev, atPageEnd(t, n, zero), &AdamRates{Epsilon: 1})
			a, b, sum := atPageEnd(t, 7*n, f), atPageEnd(t, 7*Panel, f), atPageEnd(t, n*Panel, f)
			MulAddTransposed(sum, Panel, a, n, b, Panel, n, Panel, 7)
		}
	})
}
