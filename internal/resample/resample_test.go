package resample

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

var rates = []float64{8000, 11025, 12000, 16000, 22050, 32000, 44100, 48000, 360, 250.5}

func noise(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 3))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func must(t interface{ Fatal(...any) }, in, out float64, channels int) *Resampler {
	r, err := New(in, out, channels)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Any split gives the same bits, also when the state is saved and restored in
// the middle, and n inputs give ⌈n·out/in⌉ outputs.
func TestAnySplitSameBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, out := rapid.SampledFrom(rates[:8]).Draw(t, "in"), rapid.SampledFrom(rates[:8]).Draw(t, "out")
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		n := rapid.IntRange(0, 9000).Draw(t, "n")
		x := noise(n*channels, 1)
		whole := must(t, in, out, channels)
		want := whole.Flush(whole.Push(nil, x))
		if frames := int(math.Ceil(float64(n)*out/in - 1e-9)); len(want) != frames*channels {
			t.Fatalf("%d outputs, want %d", len(want)/channels, frames)
		}
		r := must(t, in, out, channels)
		var got []float32
		for rest := x; len(rest) > 0; {
			k := min(rapid.IntRange(1, 5000).Draw(t, "block"), len(rest)/channels)
			got = r.Push(got, rest[:k*channels])
			rest = rest[k*channels:]
			if rapid.Bool().Draw(t, "save") {
				other := must(t, in, out, channels)
				tail, err := other.Restore(append(r.AppendState(nil), 7))
				if err != nil || len(tail) != 1 {
					t.Fatal(err, len(tail))
				}
				r = other
			}
		}
		got = r.Flush(got)
		if len(got) != len(want) {
			t.Fatalf("%d values, want %d", len(got), len(want))
		}
		for i := range got {
			if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
				t.Fatalf("value %d: %v, want %v", i, got[i], want[i])
			}
		}
	})
}

// level is the RMS of the middle of what a sine of f Hz becomes.
func level(t *testing.T, in, out, f float64) (got, errRMS float64) {
	r := must(t, in, out, 1)
	n := int(in)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * f * float64(i) / in))
	}
	y := r.Flush(r.Push(nil, x))
	a, b := len(y)/4, 3*len(y)/4
	for k := a; k < b; k++ {
		v := float64(y[k])
		got += v * v
		d := v - math.Sin(2*math.Pi*f*float64(k)/out)
		errRMS += d * d
	}
	return math.Sqrt(got / float64(b-a)), math.Sqrt(errRMS / float64(b-a))
}

func TestPassAndStopBand(t *testing.T) {
	for _, c := range []struct{ in, out float64 }{{44100, 16000}, {48000, 16000}, {8000, 16000}, {44100, 48000}, {16000, 44100}, {22050, 16000}} {
		nyquist := min(c.in, c.out) / 2
		for _, share := range []float64{0.01, 0.3, 0.7, 0.89} {
			if _, e := level(t, c.in, c.out, share*nyquist); e > 1e-4 {
				t.Errorf("%v→%v: a sine at %.2f of the band is off by %.2g", c.in, c.out, share, e)
			}
		}
		if c.out < c.in {
			for _, share := range []float64{1.01, 1.2, 1.9} {
				if f := share * nyquist; f < c.in/2 {
					if l, _ := level(t, c.in, c.out, f); 20*math.Log10(l*math.Sqrt2) > -90 {
						t.Errorf("%v→%v: a sine at %.2f of the band survives with %.1f dB", c.in, c.out, share, 20*math.Log10(l*math.Sqrt2))
					}
				}
			}
		}
	}
}

func TestImpulseStaysInPlace(t *testing.T) {
	r := must(t, 48000, 16000, 1)
	x := make([]float32, 4800)
	x[1500] = 1
	y := r.Flush(r.Push(nil, x))
	best := 0
	for i, v := range y {
		if v > y[best] {
			best = i
		}
	}
	if best != 500 || r.Source(500) != 1500 {
		t.Fatalf("the impulse is at %d, want 500; Source(500) = %d", best, r.Source(500))
	}
}

func TestRefusesRatesThatCannotBeResampled(t *testing.T) {
	for _, c := range [][2]float64{{0, 1}, {1, math.NaN()}, {2, 44100}, {1e9, 16000}, {16000, 7.3}} {
		if _, err := New(c[0], c[1], 1); err == nil {
			t.Errorf("%v→%v was accepted", c[0], c[1])
		}
	}
}

// Rates without a small fraction are resampled by the nearest one, by a filter of bounded
// size, and the error is told.
func TestRatesWithoutSmallFractionTakeTheNearest(t *testing.T) {
	for _, in := range []float64{44101, 44083.83, math.Pi * 1000, 99.97, 44100 * 29989. / 30000} {
		out := 16000.0
		if in < 1000 {
			out = 100
		}
		r := must(t, in, out, 1)
		if r.Off() == 0 || r.Off() > maxOff || len(r.taps) > 130*maxTerm || r.Passes() != (in == 99.97) {
			t.Errorf("%v Hz: off by %v, %d taps", in, r.Off(), len(r.taps))
		}
	}
	if r := must(t, 44100, 16000, 1); r.Off() != 0 || r.up != 160 || r.down != 441 {
		t.Errorf("44100→16000: %d/%d, off by %v", r.up, r.down, r.Off())
	}
	if _, e := level(t, 44101, 16000, 1000); e > 2e-2 { // a few millionths off add up to that within a second
		t.Errorf("a sine is off by %.2g", e)
	}
}

func TestStreamsOfOneRatioShareAFilter(t *testing.T) {
	a, b := must(t, 8000, 44100, 1), must(t, 16000, 88200, 2)
	if a.filter != b.filter {
		t.Error("two filters of the ratio 441/80")
	}
	runtime.KeepAlive(a)
}

func TestPushAllocatesNothing(t *testing.T) {
	r := must(t, 44100, 16000, 2)
	x := noise(2*441, 1)
	dst := make([]float32, 0, 4*len(x))
	for range 20 {
		dst = r.Push(dst[:0], x)
	}
	if n := testing.AllocsPerRun(50, func() { dst = r.Push(dst[:0], x) }); n != 0 {
		t.Errorf("Push allocates %v times", n)
	}
}

func FuzzRestore(f *testing.F) {
	r, _ := New(44100, 16000, 1)
	r.Push(nil, noise(1000, 1))
	f.Add(r.AppendState(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _ := New(44100, 16000, 1)
		if _, err := r.Restore(data); err == nil {
			r.Flush(r.Push(nil, noise(3000, 2)))
		}
	})
}

func TestStretchKeepsASine(t *testing.T) {
	x := make([]float32, 4000)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * 0.05 * float64(i)))
	}
	for _, ratio := range []float64{0.8, 1, 1.25} {
		y := Stretch(nil, x, ratio, 1)
		if len(y) != int(math.Ceil(4000*ratio)) {
			t.Fatalf("ratio %v: %d samples", ratio, len(y))
		}
		for k := 100; k < len(y)-100; k++ {
			if d := math.Abs(float64(y[k]) - math.Sin(2*math.Pi*0.05*float64(k)/ratio)); d > 2e-3 {
				t.Fatalf("ratio %v: sample %d is off by %v", ratio, k, d)
			}
		}
	}
}

// A filter of the largest size, as a stranger's rate can ask for.
func BenchmarkDesign(b *testing.B) {
	f := filter{up: maxTerm - 1, down: maxTerm, half: lobes + 1}
	for b.Loop() {
		f.design()
	}
}

// reference sums in four accumulators of float64.
func reference(taps, x []float32) float32 {
	x = x[:len(taps)]
	var a, b, c, d float64
	i := 0
	for ; i+4 <= len(taps); i += 4 {
		a += float64(taps[i]) * float64(x[i])
		b += float64(taps[i+1]) * float64(x[i+1])
		c += float64(taps[i+2]) * float64(x[i+2])
		d += float64(taps[i+3]) * float64(x[i+3])
	}
	for ; i < len(taps); i++ {
		a += float64(taps[i]) * float64(x[i])
	}
	return float32((a + b) + (c + d))
}

// referencePush resamples x, with half−1 zeros before it, as far as it reaches.
func referencePush(dst []float32, r *Resampler, x []float32) []float32 {
	for k := 0; ; k++ {
		at, phase := k*r.down/r.up, k*r.down%r.up
		if at+2*r.half > len(x) {
			return dst
		}
		dst = append(dst, reference(r.taps[phase*2*r.half:(phase+1)*2*r.half], x[at:]))
	}
}

func TestPushMatchesReference(t *testing.T) {
	for _, in := range rates {
		for _, out := range rates {
			if in == out || Check(in, out) != nil {
				continue
			}
			r := must(t, in, out, 1)
			x := noise(4000, 4)
			want := referencePush(nil, r, append(make([]float32, r.half-1), x...))
			got := r.Push(nil, x)
			if len(got) != len(want) {
				t.Fatalf("%v→%v: %d outputs, want %d", in, out, len(got), len(want))
			}
			for i, v := range got {
				if math.Abs(float64(v-want[i])) > 3e-6 {
					t.Fatalf("%v→%v: output %d is %v, want %v", in, out, i, v, want[i])
				}
			}
		}
	}
}

// BenchmarkPush times a second of 44.1 kHz that becomes 16 kHz, in blocks of 10 ms.
func BenchmarkPush(b *testing.B) {
	r, x, out := must(b, 44100, 16000, 1), noise(44100, 5), []float32(nil)
	b.Run("float64", func(b *testing.B) {
		for b.Loop() {
			out = referencePush(out[:0], r, x)
		}
	})
	b.Run("kernels", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for at := 0; at < len(x); at += 441 {
				out = r.Push(out[:0], x[at:at+441])
			}
		}
	})
}
