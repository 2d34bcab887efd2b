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

// No kernel reads or writes past its slices.
func TestStaysInsidePages(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(8, 8))
		f := normal(rng)
		for n := 1; n <= 35; n++ {
			width := Padded(4 * n)
			var ih, hh Matrix
			ih.PackGates(atPageEnd(t, 4*n*3, f), n, 3)
			hh.PackGates(atPageEnd(t, 4*n*n, f), n, n)
			ih.data, hh.data = atPageEnd(t, len(ih.data), f), atPageEnd(t, len(hh.data), f)
			h, c, prev, x := atPageEnd(t, n, f), atPageEnd(t, n, f), atPageEnd(t, n, f), atPageEnd(t, 3, f)
			start, z := atPageEnd(t, width, f), atPageEnd(t, width, f)
			Step(h, c, prev, x, start, z, &ih, &hh, false)
			Step(h, c, prev, x, start, z, &ih, &hh, true)
			hh.MulAdd(z, width, prev, n, 1)
			Gates(h, c, prev, z[width-4*n:], 1, n, 4*n)
			GatesAdjoint(z[width-4*n:], c, h, prev, atPageEnd(t, n, f), 1, n, 4*n, n)
			Axpy(h, 2, prev)
			a, b, sum := atPageEnd(t, 7*n, f), atPageEnd(t, 7*Panel, f), atPageEnd(t, n*Panel, f)
			MulAddTransposed(sum, Panel, a, n, b, Panel, n, Panel, 7)
		}
	})
}
