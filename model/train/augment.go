package train

import (
	"math"
	"math/rand/v2"
	"slices"

	"inkling/cell"
	"inkling/internal/f32"
	"inkling/internal/resample"
	"inkling/internal/room"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// purposes keep the random numbers of different uses apart.
const (
	forInit = iota + 1
	forOrder
	forExample
	forConnect
	forVariant
	forNext
	forStream
	forBackground
	forHalves
	forScene
	forCuts
	forStreamed
	forMadeUp
)

// random returns the generator of one use: it depends on the seed, the purpose
// and two counters alone, so that nothing depends on the order of execution
// and a resumed training draws what an uninterrupted one would.
func random(seed uint64, purpose, a, b int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(purpose)<<56^uint64(a)<<24^uint64(b)))
}

// changesSamples reports whether training on a set of this kind changes samples.
func (o *Options) changesSamples(kind dataset.Kind) bool {
	switch kind {
	case dataset.Audio:
		return o.Stretch > 0 || o.GainDB > 0 || o.SNR > 0 || o.Polarity || o.Background != nil ||
			o.EQ > 0 || o.Reverb > 0 || o.BandLimits > 0 || o.Distortion > 0
	case dataset.Series:
		return o.Stretch > 0
	}
	return false
}

// changedSamples returns a randomly changed copy of an example's samples. If the samples
// have labels of their own, their number stays.
func changedSamples(o *Options, rng *rand.Rand, set *dataset.Set, e *dataset.Example) []float32 {
	switch {
	case set.Kind == dataset.Series && e.Steps != nil:
		return e.Samples
	case set.Kind == dataset.Series:
		return stretchSeries(e.Samples, 1+o.Stretch*(2*rng.Float64()-1), set.Channels)
	}
	return augmentSamples(o, rng, e, set, o.Background != nil && isBackground(set, e))
}

// stretchSeries resamples each channel to round(ratio·n) samples, at least two, by linear
// interpolation, which unlike a filter keeps the level of a series up to its ends.
func stretchSeries(x []float32, ratio float64, channels int) []float32 {
	n := len(x) / channels
	if n < 2 {
		return slices.Clone(x)
	}
	m := max(int(math.Round(ratio*float64(n))), 2)
	out := make([]float32, 0, m*channels)
	for k := range m {
		at := float64(k) * float64(n-1) / float64(m-1)
		i := min(int(at), n-2)
		part := float32(at - float64(i))
		for c := range channels {
			a, b := x[i*channels+c], x[(i+1)*channels+c]
			out = append(out, a+float32(part*(b-a)))
		}
	}
	return out
}

// augmentSamples returns a randomly changed copy of an example's samples, in the order in
// which sound meets them: its source, the room, what else sounds there, and the microphone.
// Background is not mixed with more background.
func augmentSamples(o *Options, rng *rand.Rand, e *dataset.Example, set *dataset.Set, isBackground bool) []float32 {
	x, channels := e.Samples, set.Channels
	if o.Stretch > 0 && e.Steps == nil {
		x = resample.Stretch(nil, x, 1+o.Stretch*(2*rng.Float64()-1), channels)
	} else {
		x = append([]float32(nil), x...)
	}
	gain := math.Pow(10, o.GainDB*(2*rng.Float64()-1)/20)
	if o.Polarity && rng.IntN(2) == 1 {
		gain = -gain
	}
	place := room.Config{Rate: set.Rate, Channels: channels, Decay: o.Reverb, EQ: o.EQ, Limits: o.BandLimits, Clip: o.Distortion}
	x = place.Echo(rng, x, e.Steps == nil)
	noise := 0.0
	if o.Background != nil {
		if !isBackground && rng.Float64() < backgroundOdds {
			x = overBackground(o, rng, x, channels)
		}
	} else if o.SNR > 0 && rng.IntN(2) == 1 {
		noise = rms(x) * math.Pow(10, -(o.SNR+30*rng.Float64())/20)
	}
	if noise > 0 {
		for i := range x {
			x[i] += float32(noise * rng.NormFloat64())
		}
	}
	place.Colour(rng, x)
	place.Cut(rng, x)
	for i := range x {
		x[i] *= float32(gain)
	}
	return x
}

func rms(x []float32) float64 {
	return math.Sqrt(f32.Dot(x, x) / float64(max(len(x), 1)))
}

// augmentFrames changes T×D normalised frames in place, cuts their start, and returns what
// remains.
func augmentFrames(o *Options, rng *rand.Rand, x []float32, dim int, front *feature.Config) []float32 {
	if o.Crop > 0 {
		steps := len(x) / dim
		x = x[int(o.Crop*rng.Float64()*float64(steps))*dim:]
	}
	changeFeatures(o, rng, x, dim, front)
	return x
}

// augmentCodes changes T codes in place and returns what remains. It cuts the start and
// replaces characters by the code for unknown ones, which new text may contain.
func augmentCodes(o *Options, rng *rand.Rand, x []float32) []float32 {
	if o.Crop > 0 {
		x = x[int(o.Crop*rng.Float64()*float64(len(x))):]
	}
	if o.Dropout > 0 {
		for i := range x {
			if rng.Float64() < o.Dropout {
				x[i] = 0
			}
		}
	}
	return x
}

// changeFeatures changes T×D normalised frames in place and returns the gains. It adds
// noise, scales and shifts each feature, masks frequencies, and drops features for the whole
// sequence.
func changeFeatures(o *Options, rng *rand.Rand, x []float32, dim int, front *feature.Config) (gains []float32) {
	gain, offset := make([]float32, dim), make([]float32, dim)
	keep := float32(1 / (1 - o.Dropout))
	for i := range gain {
		gain[i] = float32(1 + o.Jitter*rng.NormFloat64())
		offset[i] = float32(o.Jitter * rng.NormFloat64())
	}
	for i := range gain {
		if rng.Float64() < o.Dropout {
			gain[i], offset[i] = 0, 0
		} else {
			gain[i] *= keep
			offset[i] *= keep
		}
	}
	if front.Kind == feature.KindLogMel {
		maskBands(o, rng, gain, offset, front.Bands)
	}
	noise := float32(o.Noise)
	for at := 0; at < len(x); at += dim {
		for i, v := range x[at : at+dim] {
			n := float32(0)
			if noise > 0 && gain[i] != 0 {
				n = keep * noise * float32(rng.NormFloat64())
			}
			x[at+i] = float32(v*gain[i]) + offset[i] + n
		}
	}
	return gain
}

// maskBands zeroes runs of neighbouring bands (SpecAugment, Park et al. 2019).
func maskBands(o *Options, rng *rand.Rand, gain, offset []float32, bands int) {
	for range o.FreqMasks {
		width := rng.IntN(bands/8 + 1)
		from := rng.IntN(bands - width + 1)
		for i := range gain {
			if b := i % bands; b >= from && b < from+width {
				gain[i], offset[i] = 0, 0
			}
		}
	}
}

// dropConnect writes the recurrent weights of src to dst, each dropped with
// probability p (in steps of 2⁻¹⁶) and the others scaled to keep the mean (Wan et
// al. 2013; Merity et al. 2018 on LSTMs), and the factors to mask.
func dropConnect(dst, src, mask *cell.Weights, p float64, rng *rand.Rand) {
	factor := [2]float32{float32(1 / (1 - p)), 0}
	threshold := uint64(math.Round(p * (1 << 16)))
	var bits uint64
	for i, v := range src.HH {
		if i%4 == 0 {
			bits = rng.Uint64()
		}
		f := factor[(bits&0xffff-threshold)>>63] // 1 where the bits are less
		bits >>= 16
		mask.HH[i] = f
		dst.HH[i] = float32(v * f)
	}
}
