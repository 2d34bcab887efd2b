package stem

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/f32"
	"inkling/internal/testkit"
	"inkling/model/feature"
)

// torchCase is a case of testdata/torch.json, written by testdata/make.py.
type torchCase struct {
	Config
	Name    string
	Width   int
	Rate    float64
	X, R, Y [][]float32
	Params  map[string][]float32
	Grads   map[string][]float32
}

func (c *torchCase) stem(t *testing.T) (*Stem, *Params) {
	full, err := c.Normalize(feature.Config{Kind: feature.KindRaw}, c.Rate, c.Width)
	if err != nil {
		t.Fatal(err)
	}
	p := NewParams(&full, c.Width)
	for _, x := range p.Tensors() {
		if copy(x.Data, c.Params[x.Name]) != len(x.Data) {
			t.Fatalf("the fixture has no %s", x.Name)
		}
	}
	return New(full, c.Rate, c.Width, p), p
}

// Outputs and all gradients agree with PyTorch for every kernel.
func TestAgainstPyTorch(t *testing.T) {
	defer f32.Use(f32.Kernel())
	for _, kernel := range f32.Kernels() {
		f32.Use(kernel)
		for _, c := range testkit.Cases[torchCase](t, "testdata/torch.json", 5) {
			t.Run(kernel+" "+c.Name, func(t *testing.T) {
				s, p := c.stem(t)
				s.Pack(p, true)
				g, tapes := s.NewGradient(), make([]Tape, len(c.X))
				for i, x := range c.X {
					testkit.Near(t, "output", s.Forward(&tapes[i], x), c.Y[i])
				}
				for i, r := range c.R {
					s.Backward(&tapes[i], g, r)
				}
				grad := NewParams(&s.config, c.Width)
				s.AddTo(grad, g)
				for _, x := range grad.Tensors() {
					if !x.Fixed {
						testkit.Near(t, x.Name, x.Data, c.Grads[x.Name])
					}
				}
			})
		}
	}
}

func noise(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 5))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// setup is a stem of random weights and what its front end is made of.
type setup struct {
	stem        *Stem
	front       feature.Config
	rate        float64
	channels    int
	mean, scale []float32
}

func (s *setup) base(t interface{ Fatal(...any) }) feature.Extractor {
	x, err := feature.New(s.front, s.rate, s.channels)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (s *setup) new(t interface{ Fatal(...any) }) feature.Extractor {
	return s.stem.Front(s.base(t), s.mean, s.scale, s.channels)
}

func drawSetup(t *rapid.T) *setup {
	s := &setup{rate: 1000, channels: rapid.IntRange(1, 3).Draw(t, "channels"), front: feature.Config{Kind: feature.KindRaw}}
	var c Config
	if rapid.Bool().Draw(t, "gabor") {
		s.channels = 1
		c = Config{Kind: KindGabor, WindowMS: float64(rapid.IntRange(4, 80).Draw(t, "window")), Filters: rapid.IntRange(1, 10).Draw(t, "filters")}
		c.HopMS = float64(rapid.IntRange(1, int(c.WindowMS)).Draw(t, "hop"))
	} else {
		s.front.Samples, s.front.Deltas = rapid.IntRange(1, 3).Draw(t, "samples"), rapid.IntRange(0, 1).Draw(t, "deltas")
		c.Kind = KindConv
		for range rapid.IntRange(1, 3).Draw(t, "layers") {
			k := rapid.IntRange(1, 9).Draw(t, "kernel")
			c.Layers = append(c.Layers, Layer{k, rapid.IntRange(1, min(k, 4)).Draw(t, "stride"), rapid.IntRange(1, 20).Draw(t, "width")})
		}
	}
	c, err := c.Normalize(s.front, s.rate, s.channels)
	if err != nil {
		t.Fatal(err)
	}
	in := s.base(t).Dim()
	p := NewParams(&c, in)
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "weights"), 1))
	p.Init(rng)
	s.mean, s.scale = noise(in, rng.Uint64()), noise(in, rng.Uint64())
	s.stem = New(c, s.rate, in, p)
	s.stem.Fit(p, [][]float32{noise(100*in, rng.Uint64())})
	return s
}

// Any split, also across saved state, gives the frames of Forward to the bit, and Reset
// discards all state.
func TestSplitDoesNotChangeFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetup(t)
		x := noise(rapid.IntRange(1, 900).Draw(t, "n")*s.channels, rapid.Uint64().Draw(t, "seed"))
		whole := s.new(t)
		want := whole.Flush(whole.Push(nil, x))
		base := s.base(t)
		frames := base.Flush(base.Push(nil, x))
		for at := 0; at < len(frames); at += base.Dim() {
			f32.Normalize(frames[at:at+base.Dim()], frames[at:at+base.Dim()], s.mean, s.scale)
		}
		testkit.SameBits(t, "forward", s.stem.Forward(new(Tape), frames), want)
		if n := len(frames) / base.Dim(); len(want) == 0 || len(want) != s.stem.Frames(n)*s.stem.Dim() {
			t.Fatalf("%d values of %d frames, Frames says %d", len(want), n, s.stem.Frames(n))
		}
		e := s.new(t)
		e.Push(nil, noise(33*s.channels, 1))
		e.Reset()
		var got []float32
		for rest := x; len(rest) > 0; {
			n := min(rapid.IntRange(1, 300).Draw(t, "block")*s.channels, len(rest))
			got = e.Push(got, rest[:n])
			rest = rest[n:]
			if rapid.Bool().Draw(t, "move") {
				other := s.new(t)
				tail, err := other.Restore(append(e.AppendState(nil), 1, 2))
				if err != nil || len(tail) != 2 {
					t.Fatal(err, len(tail))
				}
				e = other
			}
		}
		before := len(got)
		got = e.Flush(got)
		if len(got)-before > e.Dim() {
			t.Fatalf("Flush gave %d values, a frame has %d", len(got)-before, e.Dim())
		}
		testkit.SameBits(t, "split", got, want)
		testkit.SameBits(t, "again", e.Flush(e.Push(nil, x)), want)
	})
}

// A stem that has run for years, in any number of saved lives, gives the frames of one that
// has just begun, also where an int has 32 bits.
func TestCountersPassTheirLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetup(t)
		young, old := s.new(t).(*front), s.new(t).(*front)
		begun := noise(1000*s.channels, 1) // beyond any kernel
		young.Push(nil, begun)
		old.Push(nil, begun)
		to := rapid.SampledFrom([]uint64{1 << 28, math.MaxInt32, math.MaxUint32, 1 << 60}).Draw(t, "limit") - uint64(rapid.IntRange(0, 40).Draw(t, "before"))
		stride := uint64(s.stem.stride())
		old.count += (to - old.count) / stride * stride
		x := noise(rapid.IntRange(0, 300).Draw(t, "n")*s.channels, 2)
		half := len(x) / s.channels / 2 * s.channels
		want := young.Flush(young.Push(nil, x))
		got := old.Push(nil, x[:half])
		later := s.new(t)
		if _, err := later.Restore(old.AppendState(nil)); err != nil {
			t.Fatal(err)
		}
		testkit.SameBits(t, "frames", later.Flush(later.Push(got, x[half:])), want)
	})
}

// Frame n comes with sample End(n) and not before. A truncated state is refused.
func TestEndIsWhereAFrameEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetup(t)
		e := s.new(t)
		for n := 1; n <= 4; n++ {
			end := e.End(n) * s.channels
			x := noise(end, 3)
			e.Reset()
			if got := len(e.Push(nil, x[:end-s.channels])) / e.Dim(); got != n-1 {
				t.Fatalf("%d frames a sample before End(%d) = %d", got, n, e.End(n))
			}
			state := e.AppendState(nil)
			if got := len(e.Push(nil, x[end-s.channels:])) / e.Dim(); got != 1 {
				t.Fatalf("%d frames at End(%d)", got, n)
			}
			if _, err := s.new(t).Restore(state[:rapid.IntRange(0, len(state)-1).Draw(t, "cut")]); err == nil {
				t.Fatal("a state that is cut off was taken")
			}
		}
		if e.End(0) != 0 {
			t.Fatal("End(0) is", e.End(0))
		}
	})
}

func TestPushAllocatesNothing(t *testing.T) {
	for _, text := range []string{"conv", "gabor"} {
		c, _ := Parse(text)
		c, err := c.Normalize(feature.Config{Kind: feature.KindRaw}, 16000, 1)
		if err != nil {
			t.Fatal(err)
		}
		base, _ := feature.New(feature.Config{Kind: feature.KindRaw}, 16000, 1)
		x := New(c, 16000, 1, NewParams(&c, 1)).Front(base, []float32{0}, []float32{1}, 1)
		samples, dst := noise(1600, 1), make([]float32, 0, 1<<20)
		x.Push(dst, samples)
		if n := testing.AllocsPerRun(20, func() { x.Push(dst, samples[:160]); x.Push(dst, samples) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

// After Fit the sums of each convolution, or the frames of Gabor filters, have zero mean and
// unit variance over the training data.
func TestFitNormalizesTrainingData(t *testing.T) {
	for _, text := range []string{"conv:7/2x5,3/2x4", "gabor:60/20x6"} {
		c, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = c.Normalize(feature.Config{Kind: feature.KindRaw}, 1000, 1); err != nil {
			t.Fatal(err)
		}
		p := NewParams(&c, 1)
		p.Init(rand.New(rand.NewPCG(1, 1)))
		s := New(c, 1000, 1, p)
		data := [][]float32{noise(3000, 1), noise(200, 2)}
		s.Fit(p, data)
		for i := range s.layers {
			var z feature.Normalizer
			for _, x := range data {
				var tp Tape
				rows, width := s.Forward(&tp, x), s.Dim()
				if c.Kind == KindConv {
					rows, width = tp.layers[i].z, s.layers[i].ld()
				}
				z.Add(rows, width)
			}
			mean, scale := z.Constants()
			for j := range s.width(&s.layers[i]) {
				if math.Abs(float64(mean[j])) > 1e-4 || math.Abs(float64(scale[j])-1) > 1e-4 {
					t.Errorf("%s: layer %d, channel %d: mean %v, 1/σ %v", text, i, j, mean[j], scale[j])
				}
			}
		}
	}
}
