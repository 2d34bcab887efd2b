package i8

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The decay of the gates is that of the logistic function within 5/2^16, never negative,
// and falls as |z| grows, but for the steps between the cubics.
func TestDecayIsTheLogisticFunction(t *testing.T) {
	worst, before := 0.0, math.MaxInt16
	for z := range 32768 {
		u := decay(int16(z))
		if v := decay(int16(-z)); u != v || u < 0 {
			t.Fatalf("decay(%d) = %d, decay(%d) = %d: want the same, not negative", z, u, -z, v)
		}
		want := 65536 / (1 + math.Exp(float64(z)/2048))
		worst = max(worst, math.Abs(float64(u)-want))
		if int(u) > before+3 {
			t.Fatalf("decay(%d) = %d after %d", z, u, before)
		}
		before = int(u)
	}
	if worst > 5 {
		t.Errorf("the error is %v/2^16, want at most 5", worst)
	}
	if decay(math.MinInt16) != 0 || decay(math.MaxInt16) != 0 {
		t.Error("the ends are not 0")
	}
}

// h and c follow the equations of an LSTM within what the fixed point resolves.
func TestAdvanceIsTheCell(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	sigma := func(z int16) float64 { return 1 / (1 + math.Exp(-float64(z)/2048)) }
	for range 200000 {
		z := [4]int16{}
		for i := range z {
			z[i] = int16(rng.NormFloat64() * 6000)
		}
		c := int32(rng.NormFloat64() * (1 << 21))
		newC, h := advance(c, z[0], z[1], z[2], z[3])
		want := sigma(z[1])*float64(c)/(1<<20) + sigma(z[0])*math.Tanh(float64(z[2])/4096)
		if d := math.Abs(float64(newC)/(1<<20) - want); d > 3e-4+1e-4*math.Abs(float64(c)/(1<<20)) {
			t.Fatalf("c = %v, want %v", float64(newC)/(1<<20), want)
		}
		if d := math.Abs(float64(h)/One - sigma(z[3])*math.Tanh(want)); d > 6e-4 {
			t.Fatalf("h = %v, want %v", float64(h)/One, sigma(z[3])*math.Tanh(want))
		}
	}
}

// c stays within its limit, and h within ±1, whatever comes.
func TestCellIsBounded(t *testing.T) {
	for _, c := range []int32{0, 1, -1, MaxCell, -MaxCell, MaxCell - 1, 1 << 29} {
		for _, f := range []int16{math.MinInt16, -1, 0, math.MaxInt16} {
			for _, g := range []int16{math.MinInt16, 0, math.MaxInt16} {
				for range 4 {
					got, h := advance(c, math.MaxInt16, f, g, math.MaxInt16)
					if got > MaxCell || got < -MaxCell || h > One || h < -One {
						t.Fatalf("c %d, f %d, g %d: c becomes %d, h %d", c, f, g, got, h)
					}
					c = got
				}
			}
		}
	}
}

// eachKernel runs f with every kernel of this machine.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	defer Use(Kernel())
	for _, name := range Kernels() {
		t.Run(name, func(t *testing.T) {
			if err := Use(name); err != nil {
				t.Fatal(err)
			}
			f(t)
		})
	}
}

// random returns a layer of random weights, or the greatest ones, for the kernels in use, and
// the same for the generic kernel.
func random(rng *rand.Rand, in, hidden int, extreme bool) (*Layer, *Layer) {
	weights := func(n int) []int8 {
		w := make([]int8, n)
		for i := range w {
			if w[i] = int8(rng.IntN(255) - 127); extreme {
				w[i] = []int8{-127, 127}[rng.IntN(2)]
			}
		}
		return w
	}
	ints := func(n int, most int32) []int32 {
		v := make([]int32, n)
		for i := range v {
			v[i] = rng.Int32N(2*most) - most
		}
		return v
	}
	mult := ints(4*hidden, 1<<22)
	for i, m := range mult {
		mult[i] = max(m, -m)
		if extreme {
			mult[i] = math.MaxInt32 - int32(i)
		}
	}
	ih, hh, bias := weights(4*hidden*in), weights(4*hidden*hidden), ints(4*hidden, 1<<22)
	l := NewLayer(in, hidden, ih, hh, bias, mult)
	before := Kernel()
	Use("generic")
	g := NewLayer(in, hidden, ih, hh, bias, mult)
	Use(before)
	return l, g
}

// A step is the matrix product and advance, with nothing packed.
func TestStepIsTheProductAndTheGates(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	for _, size := range [][2]int{{0, 1}, {1, 3}, {3, 8}, {7, 21}} {
		in, hidden := size[0], size[1]
		ih, hh := make([]int8, 4*hidden*in), make([]int8, 4*hidden*hidden)
		for _, w := range [][]int8{ih, hh} {
			for i := range w {
				w[i] = int8(rng.IntN(255) - 127)
			}
		}
		bias, mult := make([]int32, 4*hidden), make([]int32, 4*hidden)
		for i := range bias {
			bias[i], mult[i] = rng.Int32N(1<<20)-1<<19, 1<<23+rng.Int32N(1<<22)
		}
		l := NewLayer(in, hidden, ih, hh, bias, mult)
		n := l.Width()
		c, h, hf, sums, acts := make([]int32, n), make([]int16, n), make([]float32, n), make([]int32, l.Scratch()), make([]int16, l.Acts())
		for i := range in + hidden {
			acts[i] = int16(rng.IntN(2*One) - One)
		}
		l.Step(c, h, hf, acts, l.Bias(), sums)
		for j := range hidden {
			var z [4]int16
			for g := range z {
				r := g*hidden + j
				s := bias[r]
				for k, v := range ih[r*in : (r+1)*in] {
					s += int32(v) * int32(acts[k])
				}
				for k, v := range hh[r*hidden : (r+1)*hidden] {
					s += int32(v) * int32(acts[in+k])
				}
				z[g] = saturate(mulHigh(s, mult[r]))
			}
			wantC, wantH := advance(0, z[0], z[1], z[2], z[3])
			if c[j] != wantC || h[j] != wantH || hf[j] != float32(wantH)/One {
				t.Fatalf("%v: unit %d is %d, %d, %v, want %d, %d", size, j, c[j], h[j], hf[j], wantC, wantH)
			}
		}
	}
}

// guarded returns a slice of n values, the first of which is not aligned, between others
// that intact checks.
func guarded[T int16 | int32 | float32](n int) (s []T, intact func() bool) {
	const guards = 32
	buf := make([]T, n+2*guards+1)
	for i := range buf {
		buf[i] = T(i%31 + 1)
	}
	want := slices.Clone(buf)
	return buf[guards+1:][:n:n], func() bool {
		return slices.Equal(buf[:guards+1], want[:guards+1]) && slices.Equal(buf[guards+1+n:], want[guards+1+n:])
	}
}

// Every kernel gives the bits of the generic one for any size, writes nothing outside its
// slices, and so does a head.
func TestKernelsGiveTheSameBits(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for trial := range 300 {
			in, hidden := rng.IntN(20), 1+rng.IntN(40)
			if trial%50 == 0 {
				in, hidden = rng.IntN(300), 1+rng.IntN(300)
			}
			l, plain := random(rng, in, hidden, trial%3 == 0)
			n := l.Width()
			c, cIntact := guarded[int32](n)
			h, hIntact := guarded[int16](n)
			hf, hfIntact := guarded[float32](n)
			acts, _ := guarded[int16](l.Acts())
			sums, sumsIntact := guarded[int32](l.Scratch())
			clear(acts)
			for i := range n {
				c[i] = rng.Int32N(MaxCell) * int32(1-2*rng.IntN(2))
				if trial%2 == 0 {
					c[i] >>= 9
				}
			}
			wantC, wantH, wantF := slices.Clone(c), make([]int16, n), make([]float32, n)
			for range 4 {
				for i := range in + hidden {
					if acts[i] = int16(rng.IntN(2*One+1) - One); i < in {
						acts[i] = int16(rng.IntN(1<<16) - 1<<15)
					}
				}
				start, plainStart := l.Bias(), plain.Bias()
				if trial%2 == 0 {
					column := make([]int32, 4*hidden)
					for i := range column {
						column[i] = rng.Int32N(1<<23) - 1<<22
					}
					start, plainStart = l.Start(column), plain.Start(column)
				}
				l.Step(c, h, hf, acts, start, sums)
				stepGeneric(plain, wantC, wantH, wantF, acts, plainStart)
				if u := hidden; !slices.Equal(c[:u], wantC[:u]) || !slices.Equal(h[:u], wantH[:u]) || !slices.Equal(hf[:u], wantF[:u]) {
					t.Fatalf("%d inputs, %d units: differs from the generic kernel\n%v\n%v\n%v\n%v", in, hidden, c, wantC, h, wantH)
				}
				if !cIntact() || !hIntact() || !hfIntact() || !sumsIntact() {
					t.Fatalf("%d inputs, %d units: wrote outside its slices", in, hidden)
				}
			}
			rows := 1 + rng.IntN(9)
			w := make([]int8, rows*hidden)
			for i := range w {
				w[i] = int8(rng.IntN(255) - 127)
			}
			head := NewHead(rows, hidden, w)
			x := make([]int16, head.Stride())
			copy(x, h[:hidden])
			dst, intact := guarded[int32](rows)
			head.Sums(dst, x)
			for i := range dst {
				var want int32
				for k, v := range w[i*hidden : (i+1)*hidden] {
					want += int32(v) * int32(h[k])
				}
				if dst[i] != want {
					t.Fatalf("%d rows of %d: row %d is %d, want %d", rows, hidden, i, dst[i], want)
				}
			}
			if !intact() {
				t.Fatal("a head wrote outside its slice")
			}
		}
	})
}

func BenchmarkStep(b *testing.B) {
	defer Use(Kernel())
	for _, size := range [][2]int{{1, 100}, {40, 100}, {1, 256}, {1, 512}} {
		for _, name := range Kernels()[1:] {
			b.Run(name, func(b *testing.B) {
				Use(name)
				l, _ := random(rand.New(rand.NewPCG(1, 3)), size[0], size[1], false)
				c, h, hf, acts := make([]int32, l.Width()), make([]int16, l.Width()), make([]float32, l.Width()), make([]int16, l.Acts())
				sums := make([]int32, l.Scratch())
				for b.Loop() {
					copy(acts[size[0]:], h[:size[1]])
					l.Step(c, h, hf, acts, l.Bias(), sums)
				}
			})
		}
	}
}
