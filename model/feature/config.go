package feature

import (
	"cmp"
	"fmt"
	"math"
)

// Normalize returns c with defaults for its zero fields, for a signal with the given
// rate in samples per second (0: unknown) and number of channels. Its error names the
// first invalid field.
func (c Config) Normalize(rate float64, channels int) (Config, error) {
	if channels < 1 {
		return c, fmt.Errorf("front end %s: %d channels: want at least 1", c.Kind, channels)
	}
	if c.Deltas < 0 || c.Deltas > 2 {
		return c, fmt.Errorf("front end %s: deltas %d: want 0, 1 or 2", c.Kind, c.Deltas)
	}
	if c.Context < 0 || c.Context > maxContext {
		return c, fmt.Errorf("front end %s: context %d: want 0 to %d", c.Kind, c.Context, maxContext)
	}
	c, err := c.normalizeMean()
	if err != nil {
		return c, err
	}
	switch c.Kind {
	case KindRaw:
		return c.normalizeRaw(channels)
	case KindLogMel, KindMFCC, KindMoments:
		return c.normalizeSpectral(rate)
	case KindChars:
		return c, c.checkChars(rate, channels)
	case KindStats:
		return c.normalizeStats(channels)
	}
	return c, fmt.Errorf("front end %q: want %s, %s, %s, %s, %s or %s", c.Kind, KindRaw, KindLogMel, KindMFCC, KindMoments, KindStats, KindChars)
}

// MixesChannels reports whether the front end averages the channels to mono.
func (c Config) MixesChannels() bool {
	return c.Kind == KindLogMel || c.Kind == KindMFCC || c.Kind == KindMoments
}

// mostMean bounds the steps that a mean remembers, so that their number is exact in float32.
const mostMean = 1 << 20

func (c Config) normalizeMean() (Config, error) {
	switch {
	case c.MeanPrior == 0 && (c.MeanMemory != 0 || c.MeanPower != 0):
		return c, fmt.Errorf("front end %s: mean_memory %v, mean_power %v: they go with a mean_prior above 0", c.Kind, c.MeanMemory, c.MeanPower)
	case c.MeanPrior == 0:
		return c, nil
	case c.Kind != KindLogMel && c.Kind != KindMFCC:
		return c, fmt.Errorf("front end %s: mean_prior %v: only %s and %s have a mean to subtract: leave it out", c.Kind, c.MeanPrior, KindLogMel, KindMFCC)
	}
	c.MeanMemory = cmp.Or(c.MeanMemory, max(300, math.Ceil(c.MeanPrior)))
	c.MeanPower = cmp.Or(c.MeanPower, 1e-6)
	switch {
	case !(c.MeanPrior >= 0 && c.MeanPrior <= mostMean):
		return c, fmt.Errorf("front end %s: mean_prior %v: want 0 to %d steps", c.Kind, c.MeanPrior, mostMean)
	case !(c.MeanMemory >= 1 && c.MeanMemory >= c.MeanPrior && c.MeanMemory <= mostMean):
		return c, fmt.Errorf("front end %s: mean_memory %v: want at least 1 and the mean_prior %v, at most %d steps", c.Kind, c.MeanMemory, c.MeanPrior, mostMean)
	case !(c.MeanPower > 0 && c.MeanPower <= 1):
		return c, fmt.Errorf("front end %s: mean_power %v: want more than 0 and at most 1", c.Kind, c.MeanPower)
	}
	return c, nil
}

// maxDim bounds the values of a frame, maxContext those that are constant.
const (
	maxDim     = 1 << 20
	maxContext = 1024
)

func (c Config) normalizeRaw(channels int) (Config, error) {
	c.Samples = cmp.Or(c.Samples, 1)
	c.Decimate = cmp.Or(c.Decimate, 1)
	if c.Samples < 1 || c.Samples > 1<<16 {
		return c, fmt.Errorf("front end raw: samples %d: want 1 to %d", c.Samples, 1<<16)
	}
	if c.Decimate < 1 || c.Decimate > 1<<16 {
		return c, fmt.Errorf("front end raw: decimate %d: want 1 to %d", c.Decimate, 1<<16)
	}
	if c.Samples*channels > maxDim {
		return c, fmt.Errorf("front end raw: samples %d of %d channels: want at most %d values per frame", c.Samples, channels, maxDim)
	}
	return c, nil
}

// maxLags bounds the longest difference to 2^15 samples.
const maxLags = 16

func (c Config) normalizeStats(channels int) (Config, error) {
	c.Samples = cmp.Or(c.Samples, 32)
	c.Lags = cmp.Or(c.Lags, 4)
	c.Floor = cmp.Or(c.Floor, 1e-6)
	switch {
	case c.Samples < 2 || c.Samples > 1<<16:
		return c, fmt.Errorf("front end stats: samples %d: want 2 to %d", c.Samples, 1<<16)
	case c.Lags < 1 || c.Lags > maxLags:
		return c, fmt.Errorf("front end stats: lags %d: want 1 to %d", c.Lags, maxLags)
	case !(c.Floor > 0 && c.Floor <= math.MaxFloat32):
		return c, fmt.Errorf("front end stats: floor %v: want more than 0", c.Floor)
	case channels<<c.Lags > maxDim:
		return c, fmt.Errorf("front end stats: lags %d of %d channels: want at most %d past samples", c.Lags, channels, maxDim)
	}
	return c, nil
}

func (c Config) normalizeSpectral(rate float64) (Config, error) {
	if !(rate >= 100) {
		return c, fmt.Errorf("front end %s: sampling rate %v: want at least 100 Hz: give the rate, or use the raw front end", c.Kind, rate)
	}
	if c.Kind == KindMoments {
		c = c.momentDefaults(rate)
	} else {
		c.Bands = cmp.Or(c.Bands, 40)
	}
	c.WindowMS = cmp.Or(c.WindowMS, 25)
	c.HopMS = cmp.Or(c.HopMS, 10)
	if c.Kind != KindMoments {
		c.LowHz = cmp.Or(c.LowHz, 20)
		c.HighHz = cmp.Or(c.HighHz, min(8000, rate/2))
	}
	c.Floor = cmp.Or(c.Floor, 1e-11)
	window, hop := c.window(rate), c.hop(rate)
	switch {
	case window < 4 || window > 1<<16:
		return c, fmt.Errorf("front end %s: window_ms %v is %d samples at %v Hz: want 4 to %d: give another window, or use the raw front end for signals this slow", c.Kind, c.WindowMS, window, rate, 1<<16)
	case hop < 1 || hop > window:
		return c, fmt.Errorf("front end %s: hop_ms %v is %d samples: want 1 to the window's %d", c.Kind, c.HopMS, hop, window)
	case c.Kind != KindMoments && (c.Bands < 1 || c.Bands > 1024):
		return c, fmt.Errorf("front end %s: bands %d: want 1 to 1024", c.Kind, c.Bands)
	case !(c.LowHz >= 0 && c.LowHz < c.HighHz && c.HighHz <= rate/2):
		return c, fmt.Errorf("front end %s: low_hz %v and high_hz %v: want 0 ≤ low < high ≤ half the rate, %v", c.Kind, c.LowHz, c.HighHz, rate/2)
	case !(c.Floor > 0 && c.Floor < 1):
		return c, fmt.Errorf("front end %s: floor %v: want more than 0 and less than 1", c.Kind, c.Floor)
	}
	if c.Kind == KindMFCC {
		c.Coefficients = cmp.Or(c.Coefficients, min(13, c.Bands))
		if c.Coefficients < 1 || c.Coefficients > c.Bands {
			return c, fmt.Errorf("front end mfcc: coefficients %d: want 1 to the %d bands", c.Coefficients, c.Bands)
		}
	}
	return c, nil
}

func (c Config) window(rate float64) int { return roundInt(c.WindowMS * rate / 1000) }
func (c Config) hop(rate float64) int    { return roundInt(c.HopMS * rate / 1000) }

// roundInt rounds v and limits it to a range that contains every valid window. It returns
// −1 for NaN.
func roundInt(v float64) int {
	if math.IsNaN(v) {
		return -1
	}
	return int(math.Round(min(max(v, -1), 1<<20)))
}

// New returns the front end that c describes, for a signal with the given rate in
// samples per second and number of channels. Its errors are those of Normalize.
func New(c Config, rate float64, channels int) (Extractor, error) {
	c, err := c.Normalize(rate, channels)
	if err != nil {
		return nil, err
	}
	var b base
	switch c.Kind {
	case KindRaw:
		b = newRaw(c, channels)
	case KindChars:
		b = newChars(c)
	case KindStats:
		b = newStats(c, channels)
	default:
		b = newSpectral(c, rate, channels)
	}
	return &extractor{base: b, deltas: newDeltas(b.dim(), c.Deltas), mean: newRecentMean(c, b.dim()), context: make([]float32, c.Context)}, nil
}
