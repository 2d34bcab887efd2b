package cell

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/internal/f32"
	"inkling/internal/i8"
)

// BenchmarkStep times one timestep of one stream, H = 100.
func BenchmarkStep(b *testing.B) {
	for _, d := range []int{1, 13, 40} {
		benchEachKernel(b, fmt.Sprintf("D%d", d), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			_, l := randomLSTM(rng, d, 100)
			s, x := l.NewState(), randomSlice(rng, d)
			for b.Loop() {
				l.Step(s, x)
			}
			gflops(b, 8*100*(100+d))
		})
	}
}

// BenchmarkStepBatch times one timestep of 64 streams, H = 100.
func BenchmarkStepBatch(b *testing.B) {
	benchEachKernel(b, "D40", func(b *testing.B) {
		rng := rand.New(rand.NewPCG(1, 1))
		_, l := randomLSTM(rng, 40, 100)
		batch, x := l.NewBatch(64), randomSlice(rng, 64*40)
		for b.Loop() {
			l.StepBatch(batch, x)
		}
		gflops(b, 64*8*100*(100+40))
	})
}

// BenchmarkSequence times one sequence of 1000 timesteps, H = 100.
func BenchmarkSequence(b *testing.B) {
	for _, d := range []int{1, 40} {
		benchEachKernel(b, fmt.Sprintf("D%d", d), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			_, l := randomLSTM(rng, d, 100)
			s, x := l.NewState(), randomSlice(rng, d*1000)
			for b.Loop() {
				l.Sequence(s, nil, x)
			}
			gflops(b, 1000*8*100*(100+d))
		})
	}
}

// BenchmarkTrain times Forward and Backward of one direction, H = 100.
func BenchmarkTrain(b *testing.B) {
	for _, v := range []struct{ d, steps, n int }{{40, 100, 32}, {40, 100, 8}, {12, 20, 27}, {1, 1000, 32}} {
		name := fmt.Sprintf("D%d/T%d/N%d", v.d, v.steps, v.n)
		benchEachKernel(b, name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			w, l := randomLSTM(rng, v.d, 100)
			active := make([]int, v.steps)
			for t := range active {
				active[t] = v.n
			}
			rows := v.n * v.steps
			x, dh := randomSlice(rng, rows*v.d), randomSlice(rng, rows*100)
			l.PackBackward(w, false)
			grad := l.NewGradient()
			var tp Tape
			for b.Loop() {
				l.Forward(&tp, active, x, nil, nil)
				l.Backward(&tp, grad, nil, dh, nil, nil)
			}
			gflops(b, rows*8*100*(2*v.d+3*100))
		})
	}
}

func benchEachKernel(b *testing.B, name string, f func(b *testing.B)) {
	defer f32.Use(f32.Kernel())
	for _, kernel := range f32.Kernels() {
		if err := f32.Use(kernel); err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/"+kernel, f)
	}
}

// gflops reports the rate of the multiply-adds in the matrix products.
func gflops(b *testing.B, flops int) {
	b.ReportMetric(float64(flops)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}

// BenchmarkIntegerStep times steps of integers and of floats in turn, with each kernel, and
// reports the fastest of both and their ratio.
func BenchmarkIntegerStep(b *testing.B) {
	defer f32.Use(f32.Kernel())
	defer i8.Use(i8.Kernel())
	for _, size := range [][2]int{{1, 100}, {40, 100}, {1, 256}, {1, 512}} {
		for _, kernel := range i8.Kernels() {
			b.Run(fmt.Sprintf("D%d/H%d/%s", size[0], size[1], kernel), func(b *testing.B) {
				float := map[string]string{"avxvnni": "avx2", "dotprod": "neon"}[kernel]
				if float == "" {
					float = kernel
				}
				if f32.Use(float) != nil || i8.Use(kernel) != nil {
					b.Skip("no such kernel")
				}
				rng := rand.New(rand.NewPCG(1, 1))
				ints, floats := randomFixed(rng, size[0], size[1])
				layers := [2]*LSTM{New(ints), New(floats)}
				states := [2]*State{layers[0].NewState(), layers[1].NewState()}
				x := randomSlice(rng, size[0])
				turns := max(10, 40000/(size[1]*(size[0]+size[1])/100))
				least := [2]time.Duration{time.Hour, time.Hour}
				for b.Loop() {
					for i, l := range layers {
						began := time.Now()
						for range turns {
							l.Step(states[i], x)
						}
						least[i] = min(least[i], time.Since(began))
					}
				}
				b.ReportMetric(float64(least[0].Nanoseconds())/float64(turns), "int-ns")
				b.ReportMetric(float64(least[1].Nanoseconds())/float64(turns), "float-ns")
				b.ReportMetric(float64(least[1])/float64(least[0]), "ratio")
			})
		}
	}
}
