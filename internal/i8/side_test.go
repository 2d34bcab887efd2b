package i8

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/internal/f32"
)

func TestBeside(t *testing.T) {
	defer Use(Kernel())
	defer f32.Use(f32.Kernel())
	for _, k := range []string{"avx2", "avx512"} {
		Use(k)
		f32.Use(k)
		for _, size := range [][2]int{{1, 100}, {40, 100}, {1, 256}, {1, 512}} {
			rng := rand.New(rand.NewPCG(1, 3))
			l := random(rng, size[0], size[1], false)
			c, h, hf, acts := make([]int32, l.Width()), make([]int16, l.Width()), make([]float32, l.Width()), make([]int16, l.Acts())
			sums := make([]int32, 4*l.Width())
			d, n := size[0], size[1]
			var w f32.Matrix
			w.PackGates(n, make([]float32, 4*n*d), make([]float32, 4*n*n))
			fh, fc, xh, z := make([]float32, n), make([]float32, n), make([]float32, n+d), make([]float32, f32.GateStride(n))
			start := make([]float32, f32.GateStride(n))
			bi, bf := time.Hour, time.Hour
			reps := 200000 / n
			for range 30 {
				t0 := time.Now()
				for range reps / 10 {
					copy(acts[d:], h[:n])
					l.Step(c, h, hf, acts, l.Bias(), sums)
				}
				t1 := time.Now()
				for i := range reps / 10 {
					copy(xh[d:], fh)
					f32.Step(fh, fc, xh, start, z, &w, i%2 == 1)
				}
				t2 := time.Now()
				bi, bf = min(bi, t1.Sub(t0)), min(bf, t2.Sub(t1))
			}
			fmt.Println(k, size, "int", bi/time.Duration(reps/10), "float", bf/time.Duration(reps/10), "ratio", float64(bf)/float64(bi))
		}
	}
	t0 := time.Now()
	x := 1
	for i := 0; i < 100000000; i++ {
		x = x*3 + 1
	}
	fmt.Println("4 cycles =", time.Since(t0)/100000000*1000, x)
	fmt.Println(time.Since(t0).Seconds()*1e9/1e8, "ns per imul+add")
}
