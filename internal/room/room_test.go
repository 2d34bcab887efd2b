package room

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func generator(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// sound is a tone of hz in two channels, the second at half the level.
func sound(n int, hz, rate float64) []float32 {
	x := make([]float32, 2*n)
	for i := range n {
		v := 0.3 * math.Sin(2*math.Pi*hz*float64(i)/rate)
		x[2*i], x[2*i+1] = float32(v), float32(v/2)
	}
	return x
}

// A config without anything to draw draws nothing and changes nothing.
func TestNothingIsDrawnForNothing(t *testing.T) {
	c := Config{Rate: 8000, Channels: 2}
	rng, x := generator(1), sound(100, 500, 8000)
	want := slices.Clone(x)
	y := c.Echo(rng, x, true)
	c.Colour(rng, y)
	c.Cut(rng, y)
	if &y[0] != &x[0] || !slices.Equal(y, want) {
		t.Error("the samples change")
	}
	if rng.Uint64() != generator(1).Uint64() {
		t.Error("random numbers are drawn")
	}
}

// Whatever is drawn, at every rate and length, the result is finite, keeps the level of what
// was there, and treats channels alike.
func TestEverythingDrawnIsSound(t *testing.T) {
	for _, rate := range []float64{1, 100, 8000, 44100, 192000} {
		c := Config{Rate: rate, Channels: 2, Decay: 0.8, EQ: 40, Limits: 1, Clip: 60}
		for seed := range uint64(60) {
			n := []int{0, 1, 2, 50, 3000}[seed%5]
			rng, x := generator(seed), sound(n, rate/9, rate)
			longer := seed%2 == 0
			echoed := c.Echo(rng, x, longer)
			if len(echoed) < len(x) || !longer && len(echoed) != len(x) || float64(len(echoed)-len(x)) > 0.4*rate*2+2 {
				t.Fatalf("rate %v, seed %d: %d values became %d", rate, seed, len(x), len(echoed))
			}
			if got, want := level(echoed[:len(x)]), level(x); math.Abs(got-want) > 1e-3*want {
				t.Fatalf("rate %v, seed %d: the room changes the level %v to %v", rate, seed, want, got)
			}
			before := level(echoed)
			c.Colour(rng, echoed)
			if got := level(echoed); math.Abs(got-before) > 1e-3*before && got != 0 {
				t.Fatalf("rate %v, seed %d: the microphone changes the level %v to %v", rate, seed, before, got)
			}
			for i := 1; i < len(echoed); i += 2 {
				if d := float64(echoed[i] - echoed[i-1]/2); math.Abs(d) > 1e-4 {
					t.Fatalf("rate %v, seed %d: channels differ by %v at %d", rate, seed, d, i/2)
				}
			}
			c.Cut(rng, echoed)
			for i, v := range echoed {
				if v-v != 0 {
					t.Fatalf("rate %v, seed %d: value %d is %v", rate, seed, i, v)
				}
			}
		}
	}
}

// Each part is drawn as often as its share says.
func TestShares(t *testing.T) {
	const draws = 2000
	count := func(c Config, change func(c *Config, rng *rand.Rand, x []float32) []float32) (changed float64) {
		c.Rate, c.Channels = 8000, 2
		for seed := range uint64(draws) {
			x := sound(40, 700, 8000)
			want := slices.Clone(x)
			if !slices.Equal(change(&c, generator(seed), x), want) {
				changed += 1.0 / draws
			}
		}
		return changed
	}
	echo := func(c *Config, rng *rand.Rand, x []float32) []float32 { return c.Echo(rng, x, true) }
	colour := func(c *Config, rng *rand.Rand, x []float32) []float32 { c.Colour(rng, x); return x }
	cut := func(c *Config, rng *rand.Rand, x []float32) []float32 { c.Cut(rng, x); return x }
	for _, k := range []struct {
		name      string
		got, want float64
	}{
		{"rooms", count(Config{Decay: 0.5}, echo), echoOdds},
		{"equalisers", count(Config{EQ: 6}, colour), colourOdds},
		{"limits", count(Config{Limits: 0.3}, colour), 0.3},
		{"clipping", count(Config{Clip: 12}, cut), clipOdds},
	} {
		if math.Abs(k.got-k.want) > 0.03 {
			t.Errorf("%s: %.3f of the sounds change, want %.3f", k.name, k.got, k.want)
		}
	}
}

// Sound in a room lasts, and dies away by 60 dB within the longest decay.
func TestRoomsDecay(t *testing.T) {
	const rate, longest = 8000, 0.4
	c := Config{Rate: rate, Channels: 1, Decay: longest}
	for seed := range uint64(20) {
		x := make([]float32, rate)
		x[0] = 1
		y := c.echo(generator(seed), x, false)
		energy := func(from, to float64) float64 { return level(y[int(from*rate):int(to*rate)]) }
		if y[0] == 0 || energy(0.02, 0.1) == 0 {
			t.Errorf("seed %d: no reflections", seed)
		}
		if late := energy(longest+0.02, longest+0.1); late > 1e-6 {
			t.Errorf("seed %d: %v of a click is left after the longest decay", seed, late)
		}
		if early, late := energy(0.015, 0.06), energy(0.2, 0.4); late > early/3 {
			t.Errorf("seed %d: reflections of %v become %v", seed, early, late)
		}
	}
}

// gain is that of f at hz, in dB.
func gain(f biquad, hz, rate float64) float64 {
	x := sound(int(rate), hz, rate)
	y := slices.Clone(x)
	f.run(y, 2)
	from := len(x) / 2
	return 20 * math.Log10(level(y[from:])/level(x[from:]))
}

// The filters do what their names say, in both channels.
func TestFilters(t *testing.T) {
	const rate = 8000
	for _, k := range []struct {
		name   string
		filter biquad
		hz, db float64
	}{
		{"peak", peaking(1000, 1, 6, rate), 1000, 6},
		{"far below the peak", peaking(1000, 1, 6, rate), 50, 0},
		{"dip", peaking(1000, 2, -9, rate), 1000, -9},
		{"above the shelf", highShelf(300, 0.7, 5, rate), 3800, 5},
		{"below the shelf", highShelf(1000, 0.7, 5, rate), 30, 0},
		{"low pass at its cutoff", lowPass(1000, math.Sqrt2/2, rate), 1000, -3.01},
		{"low pass, two octaves on", lowPass(500, math.Sqrt2/2, rate), 2000, -28.1},
		{"high pass at its cutoff", highPass(1000, math.Sqrt2/2, rate), 1000, -3.01},
		{"high pass above", highPass(200, math.Sqrt2/2, rate), 3000, 0},
		{"one pole", onePole(200, rate), 30, -0.1},
	} {
		if got := gain(k.filter, k.hz, rate); math.Abs(got-k.db) > 0.3 {
			t.Errorf("%s: %.2f dB at %v Hz, want %v", k.name, got, k.hz, k.db)
		}
	}
}

func BenchmarkEcho(b *testing.B) {
	c := Config{Rate: 44100, Channels: 1, Decay: 0.5}
	x := make([]float32, 110250)
	for i := range x {
		x[i] = float32(math.Sin(float64(i)))
	}
	for i := range b.N {
		c.echo(generator(uint64(i)), x, true)
	}
}
