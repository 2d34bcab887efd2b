package f32

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func benchEachKernel(b *testing.B, name string, f func(b *testing.B)) {
	defer Use(Kernel())
	for _, kernel := range Kernels() {
		if err := Use(kernel); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/"+kernel, f)
	}
}

func gflops(b *testing.B, flops int) {
	b.ReportMetric(float64(flops)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}

func random(n int) []float32 {
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// BenchmarkGemm times the products of training with 100 units and 40 features: the inputs of
// 128 rows, the recurrent part for few and for many sequences, the backward pass, and the
// gradient of the weights.
func BenchmarkGemm(b *testing.B) {
	const n, d = 100, 40
	ldz := GateStride(n)
	for _, v := range []struct {
		name    string
		rows, k int
	}{{"inputs", 128, d}, {"recurrent4", 4, n}, {"recurrent8", 8, n}, {"recurrent32", 32, n}} {
		benchEachKernel(b, v.name, func(b *testing.B) {
			var m Matrix
			m.PackGates(n, random(4*n*v.k))
			a, c := random(v.rows*v.k), random(v.rows*ldz)
			for b.Loop() {
				m.MulAdd(c, ldz, a, v.k, v.rows)
			}
			gflops(b, 2*v.rows*v.k*4*n)
		})
	}
	for _, rows := range []int{8, 32} {
		benchEachKernel(b, fmt.Sprintf("back%d", rows), func(b *testing.B) {
			var m Matrix
			m.PackGatesTransposed(random(4*n*n), n, n)
			a, c := random(rows*ldz), random(rows*Padded(n))
			for b.Loop() {
				m.MulAdd(c, Padded(n), a, ldz, rows)
			}
			gflops(b, 2*rows*n*4*n)
		})
	}
	benchEachKernel(b, "weights", func(b *testing.B) {
		const rows, width = 128, 1 + d + n
		a, z, c := random(rows*width), random(rows*ldz), random(width*ldz)
		for b.Loop() {
			MulAddTransposed(c, ldz, a, width, z, ldz, width, Padded(4*n), rows)
		}
		gflops(b, 2*rows*width*4*n)
	})
}

// BenchmarkGates times the elementwise part of 32 rows of 100 units.
func BenchmarkGates(b *testing.B) {
	const m, n = 32, 100
	ldz := GateStride(n)
	h, c, sums := make([]float32, m*n), random(m*n), random(m*ldz)
	z := make([]float32, len(sums))
	benchEachKernel(b, "forward", func(b *testing.B) {
		for b.Loop() {
			copy(z, sums)
			Gates(h, c, c, z, m, n, ldz)
		}
	})
	prev, dh := random(m*n), random(m*n)
	benchEachKernel(b, "backward", func(b *testing.B) {
		for b.Loop() {
			copy(z, sums)
			GatesBackward(z, h, dh, c, prev, m, n, ldz, n)
		}
	})
}

func BenchmarkAxpy(b *testing.B) {
	x, y := random(1000), random(1000)
	benchEachKernel(b, "1000", func(b *testing.B) {
		for b.Loop() {
			Axpy(y, 1e-9, x)
		}
	})
}

// BenchmarkAffine times heads of 3 and 10 classes over 100 units.
func BenchmarkAffine(b *testing.B) {
	for _, n := range []int{3, 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, c, x, dst := random(100*n), random(n), random(100), make([]float32, n)
			for b.Loop() {
				Affine(dst, w, c, x)
			}
		})
	}
}
