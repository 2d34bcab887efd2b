// Room plays the examples of a data set in other rooms over other microphones, for
// docs/accuracy.sh. What it draws is made differently from what training draws: rooms by the
// image method (Allen and Berkley 1979), with walls that absorb high frequencies more, and
// microphones by a finite response through random gains every half octave.
//
//	go run ./docs/room [-split NAME] [-seed N] DATA OUT
//
// writes OUT/index.csv and a WAV file for each example of the split, with the loudest half of
// the room's decay after its end.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"inkling/internal/audio"
	"inkling/internal/parallel"
	"inkling/model/dataset"
)

func main() {
	split := flag.String("split", dataset.TestSplit, "play the examples of this split")
	seed := flag.Uint64("seed", 1, "draw other rooms")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: room [-split NAME] [-seed N] DATA OUT")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *split, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "room:", err)
		os.Exit(1)
	}
}

func run(data, out, split string, seed uint64) error {
	set, err := dataset.Open(data, dataset.Options{Channels: 1})
	if err != nil {
		return err
	}
	if set.Kind != dataset.Audio || set.Stepwise() {
		return fmt.Errorf("%s: not sound with a label for each example", data)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	rows, played := [][]string{{"file", "label", "split", "group"}}, []int{}
	for i := range set.Examples {
		if e := &set.Examples[i]; e.Split == split {
			rows = append(rows, []string{fmt.Sprintf("%05d.wav", i), set.Labels[e.Label], split, e.Group})
			played = append(played, i)
		}
	}
	if len(played) == 0 {
		return fmt.Errorf("%s has no split %s", data, split)
	}
	for _, err := range parallel.ForEach(len(played), true, nil, func(k int) error {
		i := played[k]
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		x := play(rng, set.Examples[i].Samples, set.Rate)
		return write(filepath.Join(out, rows[k+1][0]), &audio.Clip{Rate: set.Rate, Channels: 1, Samples: x})
	}) {
		if err != nil {
			return err
		}
	}
	f, err := os.Create(filepath.Join(out, "index.csv"))
	if err != nil {
		return err
	}
	if err := csv.NewWriter(f).WriteAll(rows); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func write(name string, c *audio.Clip) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := audio.EncodeWAV(f, c, audio.PCM16); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// play returns x in a random room, over a random microphone, at the level of x.
func play(rng *rand.Rand, x []float32, rate float64) []float32 {
	r := draw(rng)
	tail := r.decay / 2
	low, high := split(x, rate)
	out := make([]float64, len(x)+int(tail*rate))
	convolve(out, low, r.response(rate, r.absorption))
	convolve(out, high, r.response(rate, r.absorptionHigh))
	out = microphone(rng, out, rate)
	var before, after, peak float64
	for i, v := range x {
		before += float64(v) * float64(v)
		after += out[i] * out[i]
	}
	gain := math.Sqrt(before / max(after, 1e-30))
	for _, v := range out {
		peak = max(peak, math.Abs(v))
	}
	gain = min(gain, 0.99/max(peak, 1e-30))
	y := make([]float32, len(out))
	for i, v := range out {
		y[i] = float32(gain * v)
	}
	return y
}

const soundSpeed = 343 // m/s

// A place is a rectangular room with a source and a microphone in it.
type place struct {
	size, source, mic          [3]float64 // m
	absorption, absorptionHigh float64    // of the walls, below and above crossover
	decay                      float64    // s, of the low frequencies
}

// draw draws a room of 12 to 200 m³ with a decay of 0.15 to 0.7 s, and the microphone 0.3 to
// 2.5 m from the source.
func draw(rng *rand.Rand) place {
	between := func(a, b float64) float64 { return a + (b-a)*rng.Float64() }
	p := place{size: [3]float64{between(2.5, 8), between(2.2, 7), between(2.3, 3.5)}, decay: 0.15 * math.Pow(0.7/0.15, rng.Float64())}
	volume := p.size[0] * p.size[1] * p.size[2]
	surface := 2 * (p.size[0]*p.size[1] + p.size[1]*p.size[2] + p.size[2]*p.size[0])
	p.absorption = 1 - math.Exp(-0.161*volume/(surface*p.decay)) // Eyring
	p.absorptionHigh = 1 - math.Pow(1-p.absorption, between(1.2, 2.5))
	for {
		distance := 0.3 * math.Pow(2.5/0.3, rng.Float64())
		az, up := between(0, 2*math.Pi), between(-0.3, 0.3)
		for i := range p.source {
			p.source[i] = between(0.3, p.size[i]-0.3)
		}
		p.mic = [3]float64{p.source[0] + distance*math.Cos(az)*math.Cos(up), p.source[1] + distance*math.Sin(az)*math.Cos(up), p.source[2] + distance*math.Sin(up)}
		inside := true
		for i, v := range p.mic {
			inside = inside && v > 0.1 && v < p.size[i]-0.1
		}
		if inside {
			return p
		}
	}
}

// response is the impulse response from source to microphone, which begins with the direct
// sound.
func (p *place) response(rate, absorption float64) []float64 {
	reflection := math.Sqrt(1 - absorption)
	first := p.distance([3]float64{}, [3]int{})
	h := make([]float64, int(p.decay*rate)+2)
	var n [3]int
	for i := range n {
		n[i] = int(math.Ceil((p.decay*soundSpeed+first)/(2*p.size[i]))) + 1
	}
	for x := -n[0]; x <= n[0]; x++ {
		for y := -n[1]; y <= n[1]; y++ {
			for z := -n[2]; z <= n[2]; z++ {
				for mirrored := range 8 {
					q := [3]int{mirrored & 1, mirrored >> 1 & 1, mirrored >> 2}
					shift := [3]float64{float64(2*x) * p.size[0], float64(2*y) * p.size[1], float64(2*z) * p.size[2]}
					d := p.distance(shift, q)
					at := (d - first) / soundSpeed * rate
					if at < 0 || int(at)+1 >= len(h) {
						continue
					}
					walls := 0
					for i, k := range [3]int{x, y, z} {
						walls += abs(k-q[i]) + abs(k)
					}
					g := math.Pow(reflection, float64(walls)) * first / d
					h[int(at)] += g * (1 - at + math.Floor(at))
					h[int(at)+1] += g * (at - math.Floor(at))
				}
			}
		}
	}
	return h
}

// distance is that of the microphone from the image of the source that is mirrored along
// the axes where q is 1, and shifted.
func (p *place) distance(shift [3]float64, q [3]int) float64 {
	sum := 0.0
	for i := range shift {
		v := float64(1-2*q[i])*p.source[i] + shift[i] - p.mic[i]
		sum += v * v
	}
	return math.Sqrt(sum)
}

func abs(k int) int { return max(k, -k) }

const crossover = 1000 // Hz

// split divides x into two parts, below and above crossover, whose sum is x.
func split(x []float32, rate float64) (low, high []float64) {
	low, high = make([]float64, len(x)), make([]float64, len(x))
	a, s := 1-math.Exp(-2*math.Pi*crossover/rate), 0.0
	for i, v := range x {
		s += a * (float64(v) - s)
		low[i], high[i] = s, float64(v)-s
	}
	return low, high
}

// convolve adds the beginning of x∗h to out.
func convolve(out, x, h []float64) {
	for d, g := range h {
		if g == 0 || d >= len(out) {
			continue
		}
		to := out[d:]
		for i, v := range x[:min(len(x), len(to))] {
			to[i] += g * v
		}
	}
}

const (
	taps      = 127
	gainSigma = 5.0 // dB, of the gains
	mostGain  = 12.0
)

// microphone filters x by a response of linear phase, whose gain is drawn every half octave
// from 60 Hz and runs linearly, in decibels over octaves, between them.
func microphone(rng *rand.Rand, x []float64, rate float64) []float64 {
	points := int(2*math.Log2(rate/2/60)) + 2
	gains := make([]float64, points)
	for i := range gains {
		gains[i] = max(-mostGain, min(mostGain, gainSigma*rng.NormFloat64()))
	}
	at := func(hz float64) float64 {
		u := max(0, min(2*math.Log2(max(hz, 1)/60), float64(points-1)-1e-9))
		i := int(u)
		j := min(i+1, points-1)
		return math.Pow(10, (gains[i]+(gains[j]-gains[i])*(u-float64(i)))/20)
	}
	const grid = 512
	h := make([]float64, taps)
	for i := range h {
		n := float64(i - taps/2)
		for k := range grid {
			f := (float64(k) + 0.5) / grid / 2
			h[i] += at(f*rate) * math.Cos(2*math.Pi*f*n) / grid
		}
		h[i] *= 0.5 + 0.5*math.Cos(2*math.Pi*n/(taps+1))
	}
	out := make([]float64, len(x)+taps)
	convolve(out, x, h)
	return out[taps/2:][:len(x)]
}
