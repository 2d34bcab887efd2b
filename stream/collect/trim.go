package collect

import (
	"math"
	"slices"
)

const (
	trimRange  = 40   // dB below the loudest part that are silence in any case
	trimFloor  = 6    // dB above the noise that are
	trimSteady = 10   // dB from the noise to the loudest part, below which nothing is silence
	trimMargin = 0.1  // seconds of silence that stay on each side
	trimPart   = 0.01 // seconds of sound that have one level
)

// Trim returns sound, channels interleaved, without the silence before and after it, but for
// a tenth of a second. Silence is what is 40 dB softer than the loudest part of the sound, or
// hardly louder than its noise: the level below which a tenth of it lies. A steady sound, of
// which all parts are about as loud, has no silence and is returned whole.
func Trim(samples []float32, channels int, rate float64) []float32 {
	size := max(int(trimPart*rate), 1) * channels
	var levels []float64
	for from := 0; from < len(samples); from += size {
		levels = append(levels, loudest(samples[from:min(from+size, len(samples))], channels, rate))
	}
	if len(levels) == 0 {
		return samples
	}
	sorted := slices.Sorted(slices.Values(levels))
	noise, most := sorted[len(sorted)/10], sorted[len(sorted)-1]
	if most-noise < trimSteady {
		return samples
	}
	heard := func(level float64) bool { return level > max(most-trimRange, noise+trimFloor) }
	first := slices.IndexFunc(levels, heard)
	last := len(levels) - 1
	for !heard(levels[last]) {
		last--
	}
	margin := int(math.Round(trimMargin*rate)) * channels
	return samples[max(first*size-margin, 0):min((last+1)*size+margin, len(samples))]
}
