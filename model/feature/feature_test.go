package feature

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
)

type golden struct {
	Name     string
	Rate     float64
	Channels int
	Front    Config
	Samples  []float32
	Dim      int
	Frames   []float64
}

func goldens(t *testing.T) (g []golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil || len(g) < 6 {
		t.Fatalf("%d goldens, %v", len(g), err)
	}
	return g
}

// testdata/make.py computes the same features with NumPy and SciPy.
func TestAgainstSciPy(t *testing.T) {
	for _, g := range goldens(t) {
		x, err := New(g.Front, g.Rate, g.Channels)
		if err != nil {
			t.Fatal(err)
		}
		got := x.Push(nil, g.Samples)
		if x.Dim() != g.Dim || len(got) != len(g.Frames) || len(got) == 0 {
			t.Fatalf("%s: %d values of %d, want %d of %d", g.Name, len(got), x.Dim(), len(g.Frames), g.Dim)
		}
		worst := 0.0
		for i, v := range got {
			worst = max(worst, math.Abs(float64(v)-g.Frames[i]))
		}
		if !(worst <= 1e-4) {
			t.Errorf("%s: off by %g", g.Name, worst)
		}
	}
}

var configs = []Config{{Kind: KindRaw}, {Kind: KindRaw, Samples: 5, Decimate: 3, Deltas: 2}, {Kind: KindRaw, Samples: 7, Deltas: 1},
	{Kind: KindStats, Samples: 9, Deltas: 1}, {Kind: KindStats, Samples: 2, Lags: 6, Means: true},
	{Kind: KindMoments, WindowMS: 40, HopMS: 9, Deltas: 1}, {Kind: KindRaw, Samples: 3, Deltas: 1, Context: 2},
	{Kind: KindLogMel, WindowMS: 30, HopMS: 7, Bands: 5, Deltas: 1}, {Kind: KindMFCC, WindowMS: 20, HopMS: 20, Bands: 6, Coefficients: 4, Deltas: 2},
	{Kind: KindLogMel, WindowMS: 30, HopMS: 7, Bands: 5, MeanPrior: 3}, {Kind: KindMFCC, WindowMS: 20, HopMS: 9, Bands: 6, Coefficients: 4, Deltas: 1, Context: 2, MeanPrior: 0.5, MeanMemory: 8}}

func noise(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 5))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// Any split, also across saved state, gives the same frames to the bit, and Reset discards all
// state.
func TestSplitDoesNotChangeFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(configs).Draw(t, "config")
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		x := noise(rapid.IntRange(0, 700).Draw(t, "n")*channels, rapid.Uint64().Draw(t, "seed"))
		whole, err := New(c, 1000, channels)
		if err != nil {
			t.Fatal(err)
		}
		want := whole.Flush(whole.Push(nil, x))
		e, _ := New(c, 1000, channels)
		e.Push(nil, noise(33*channels, 1))
		e.Reset()
		var got []float32
		for rest := x; len(rest) > 0; {
			n := min(rapid.IntRange(1, 200).Draw(t, "block")*channels, len(rest))
			got = e.Push(got, rest[:n])
			rest = rest[n:]
			if rapid.Bool().Draw(t, "move") {
				other, _ := New(c, 1000, channels)
				tail, err := other.Restore(append(e.AppendState(nil), 1, 2))
				if err != nil || len(tail) != 2 {
					t.Fatal(err, len(tail))
				}
				e = other
			}
		}
		testkit.SameBits(t, "split", e.Flush(got), want)
	})
}

// Frame n depends on the last sample before End(n) and on none from End(n) on.
func TestEndIsWhereAFrameEnds(t *testing.T) {
	for _, c := range configs {
		e, err := New(c, 1000, 2)
		if err != nil {
			t.Fatal(err)
		}
		x := noise(2*400, 3)
		for n := 1; n <= 5; n++ {
			e.Reset()
			end := 2 * e.End(n)
			if got := len(e.Push(nil, x[:end])) / e.Dim(); got != n {
				t.Errorf("%+v: %d frames at End(%d)", c, got, n)
			}
			e.Reset()
			if got := len(e.Push(nil, x[:end-2])) / e.Dim(); got != n-1 {
				t.Errorf("%+v: %d frames a sample before End(%d)", c, got, n)
			}
		}
	}
}

func TestFlushPads(t *testing.T) {
	e, _ := New(Config{Kind: KindRaw, Samples: 3}, 0, 1)
	testkit.SameBits(t, "raw", e.Flush(e.Push(nil, []float32{1, 2, 3, 4})), []float32{1, 2, 3, 4, 4, 4})
	testkit.SameBits(t, "nothing left", e.Flush(e.Push(nil, []float32{1, 2, 3})), []float32{1, 2, 3})
	testkit.SameBits(t, "empty", e.Flush(nil), nil)
	p, _ := New(Config{Kind: KindStats, Samples: 4, Lags: 1, Means: true, Floor: 1}, 0, 1)
	testkit.SameBits(t, "less than a patch", p.Flush(p.Push(nil, []float32{1, 3})), []float32{2, float32(math.Log(2)), float32(math.Log(5))})
	if n := len(p.Flush(p.Push(nil, []float32{1, 2, 3, 4, 5}))); n != 3 {
		t.Errorf("after a whole patch Flush makes %d values of what is left", n-3)
	}
	s, _ := New(Config{Kind: KindLogMel, Bands: 4}, 8000, 1)
	short := noise(50, 1)
	padded := append(append([]float32(nil), short...), make([]float32, s.End(1)-50)...)
	want := s.Push(nil, padded)
	s.Reset()
	testkit.SameBits(t, "log-mel", s.Flush(s.Push(nil, short)), want)
	if n := len(s.Flush(s.Push(nil, noise(s.End(1)+20, 1)))) / s.Dim(); n != 1 {
		t.Errorf("after a whole frame Flush makes %d frames", n)
	}
}

func TestPushAllocatesNothing(t *testing.T) {
	for _, c := range configs {
		e, _ := New(c, 1000, 2)
		x, dst := noise(2*100, 1), make([]float32, 0, 1<<16)
		if n := testing.AllocsPerRun(50, func() { dst = e.Push(dst[:0], x) }); n != 0 {
			t.Errorf("%+v: Push allocates %v times", c, n)
		}
	}
}

func TestInvalidConfigsAreRefused(t *testing.T) {
	for _, c := range []struct {
		Config
		rate float64
		want string
	}{
		{Config{}, 16000, `front end "": want raw, logmel, mfcc, moments, stats or chars`},
		{Config{Kind: "fft"}, 16000, `front end "fft": want raw, logmel, mfcc, moments, stats or chars`},
		{Config{Kind: KindLogMel, HighHz: 9000}, 16000, `front end logmel: low_hz 20 and high_hz 9000: want 0 ≤ low < high ≤ half the rate, 8000`},
		{Config{Kind: KindLogMel, LowHz: 500, HighHz: 400}, 16000, `front end logmel: low_hz 500 and high_hz 400: want 0 ≤ low < high ≤ half the rate, 8000`},
		{Config{Kind: KindLogMel, HopMS: 50}, 16000, `front end logmel: hop_ms 50 is 800 samples: want 1 to the window's 400`},
		{Config{Kind: KindMFCC, Bands: 4, Coefficients: 5}, 16000, `front end mfcc: coefficients 5: want 1 to the 4 bands`},
		{Config{Kind: KindRaw, Samples: -1}, 16000, `front end raw: samples -1: want 1 to 65536`},
		{Config{Kind: KindRaw, Deltas: 3}, 16000, `front end raw: deltas 3: want 0, 1 or 2`},
		{Config{Kind: KindLogMel, WindowMS: math.NaN()}, 16000, `front end logmel: window_ms NaN is -1 samples at 16000 Hz: want 4 to 65536: give another window, or use the raw front end for signals this slow`},
		{Config{Kind: KindLogMel, Bands: -1}, 16000, `front end logmel: bands -1: want 1 to 1024`},
		{Config{Kind: KindStats, Samples: 1}, 16000, `front end stats: samples 1: want 2 to 65536`},
		{Config{Kind: KindStats, Lags: 17}, 16000, `front end stats: lags 17: want 1 to 16`},
		{Config{Kind: KindStats, Lags: -1}, 16000, `front end stats: lags -1: want 1 to 16`},
		{Config{Kind: KindStats, Floor: -1}, 16000, `front end stats: floor -1: want more than 0`},
		{Config{Kind: KindStats, Floor: math.NaN()}, 16000, `front end stats: floor NaN: want more than 0`},
		{Config{Kind: KindRaw, Context: -1}, 16000, `front end raw: context -1: want 0 to 1024`},
		{Config{Kind: KindRaw, Context: 5000}, 16000, `front end raw: context 5000: want 0 to 1024`},
		{Config{Kind: KindMoments, HighHz: 9000}, 16000, `front end moments: low_hz 0 and high_hz 9000: want 0 ≤ low < high ≤ half the rate, 8000`},
		{Config{Kind: KindMoments, LowHz: -1}, 16000, `front end moments: low_hz -1 and high_hz 8000: want 0 ≤ low < high ≤ half the rate, 8000`},
		{Config{Kind: KindMoments, WindowMS: 0.1}, 16000, `front end moments: window_ms 0.1 is 2 samples at 16000 Hz: want 4 to 65536: give another window, or use the raw front end for signals this slow`},
		{Config{Kind: KindRaw, MeanPrior: 3}, 16000, `front end raw: mean_prior 3: only logmel and mfcc have a mean to subtract: leave it out`},
		{Config{Kind: KindMoments, MeanPrior: 3}, 16000, `front end moments: mean_prior 3: only logmel and mfcc have a mean to subtract: leave it out`},
		{Config{Kind: KindLogMel, MeanMemory: 3}, 16000, `front end logmel: mean_memory 3, mean_power 0: they go with a mean_prior above 0`},
		{Config{Kind: KindLogMel, MeanPrior: -1}, 16000, `front end logmel: mean_prior -1: want 0 to 1048576 steps`},
		{Config{Kind: KindMFCC, MeanPrior: math.NaN()}, 16000, `front end mfcc: mean_prior NaN: want 0 to 1048576 steps`},
		{Config{Kind: KindMFCC, MeanPrior: 40, MeanMemory: 30}, 16000, `front end mfcc: mean_memory 30: want at least 1 and the mean_prior 40, at most 1048576 steps`},
		{Config{Kind: KindMFCC, MeanPrior: 40, MeanMemory: math.NaN()}, 16000, `front end mfcc: mean_memory NaN: want at least 1 and the mean_prior 40, at most 1048576 steps`},
		{Config{Kind: KindLogMel, MeanPrior: 4, MeanPower: 2}, 16000, `front end logmel: mean_power 2: want more than 0 and at most 1`},
		{Config{Kind: KindLogMel}, 0, `front end logmel: sampling rate 0: want at least 100 Hz: give the rate, or use the raw front end`},
	} {
		if _, err := New(c.Config, c.rate, 1); err == nil || err.Error() != c.want {
			t.Errorf("%+v:\ngot  %v\nwant %s", c.Config, err, c.want)
		}
	}
}

func TestNormalizerGivesZeroMeanAndUnitVariance(t *testing.T) {
	var z Normalizer
	x := noise(3*1000, 9)
	for i := 0; i < len(x); i += 3 {
		x[i], x[i+1] = 5+2*x[i], 7
	}
	z.Add(x, 3)
	mean, scale := z.Constants()
	var sum, squares float64
	for i := 0; i < len(x); i += 3 {
		v := float64((x[i] - mean[0]) * scale[0])
		sum += v
		squares += v * v
	}
	if math.Abs(sum/1000) > 1e-5 || math.Abs(squares/1000-1) > 1e-5 || scale[1] != 1 || mean[1] != 7 {
		t.Errorf("mean %v, variance %v; a constant feature has mean %v, scale %v", sum/1000, squares/1000, mean[1], scale[1])
	}
}

func FuzzRestore(f *testing.F) {
	for i, c := range configs {
		e, _ := New(c, 1000, 2)
		e.Push(nil, noise(2*77, 1))
		f.Add(uint8(i), e.AppendState(nil))
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		e, _ := New(configs[int(kind)%len(configs)], 1000, 2)
		if _, err := e.Restore(data); err == nil {
			e.Flush(e.Push(nil, noise(2*100, 2)))
		}
	})
}

// BenchmarkLogMel reports the share of a core that a 16 kHz stream needs.
func BenchmarkLogMel(b *testing.B) {
	e, err := New(Config{Kind: KindLogMel}, 16000, 1)
	if err != nil {
		b.Fatal(err)
	}
	x, dst := noise(16000, 1), make([]float32, 0, 1<<14)
	for b.Loop() {
		dst = e.Push(dst[:0], x)
	}
	b.ReportMetric(100*b.Elapsed().Seconds()/float64(b.N), "%core")
}

func TestContextIsInEveryFrame(t *testing.T) {
	e, _ := New(Config{Kind: KindRaw, Samples: 2, Context: 2}, 0, 1)
	e.SetContext([]float32{7, 8})
	testkit.SameBits(t, "frames", e.Push(nil, []float32{1, 2, 3, 4}), []float32{1, 2, 7, 8, 3, 4, 7, 8})
	e.Reset()
	other, _ := New(Config{Kind: KindRaw, Samples: 2, Context: 2}, 0, 1)
	if _, err := other.Restore(e.AppendState(nil)); err != nil {
		t.Fatal(err)
	}
	testkit.SameBits(t, "the last", other.Flush(other.Push(nil, []float32{5})), []float32{5, 5, 7, 8})
}

// A sine has its own frequency and no entropy. Silence has the middle frequency and full
// entropy.
func TestMomentsOfSineAndSilence(t *testing.T) {
	e, _ := New(Config{Kind: KindMoments, WindowMS: 256, HopMS: 128}, 1000, 1)
	x := make([]float32, 256)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * 125 * float64(i) / 1000))
	}
	if f := e.Push(nil, x); math.Abs(float64(f[0])-125) > 0.1 || f[1] > 0.25 {
		t.Errorf("a sine of 125 Hz has %v Hz, entropy %v", f[0], f[1])
	}
	e.Reset()
	if f := e.Push(nil, make([]float32, 256)); math.Abs(float64(f[0])-250) > 0.1 || math.Abs(float64(f[1])-1) > 1e-6 {
		t.Errorf("silence has %v Hz, entropy %v", f[0], f[1])
	}
}

// A louder signal, and so any other microphone, differs by less with every step: by what is
// left of the flat spectrum in the mean.
func TestMeanTakesAwayTheLevel(t *testing.T) {
	const prior, louder = 4, 10
	for _, c := range []Config{{Kind: KindLogMel, Bands: 6, MeanPrior: prior}, {Kind: KindMFCC, Bands: 6, Coefficients: 3, MeanPrior: prior, Deltas: 1}} {
		e, err := New(c, 8000, 1)
		if err != nil {
			t.Fatal(err)
		}
		x := noise(8000, 1)
		soft := e.Flush(e.Push(nil, x))
		for i := range x {
			x[i] *= louder
		}
		loud := e.Flush(e.Push(nil, x))
		shift := 2 * math.Log(louder)
		if c.Kind == KindMFCC {
			shift *= math.Sqrt(float64(c.Bands))
		}
		steps := len(soft) / e.Dim()
		for n := range steps {
			want := shift * prior / float64(prior+n+1)
			if got := float64(loud[n*e.Dim()] - soft[n*e.Dim()]); math.Abs(got-want) > 1e-4*shift {
				t.Fatalf("%s: step %d: ten times as loud is %v more, want %v", c.Kind, n+1, got, want)
			}
		}
		if steps < 90 {
			t.Errorf("%d steps", steps)
		}
	}
}
