package collect

import (
	"fmt"
	"math"
)

const (
	fullScale   = 0.9995 // of which clipped samples have at least as much
	clippedRun  = 3      // such samples in a row are no peak of a sound
	clippedRuns = 3      // places that may be by chance
	quietDBFS   = -60    // the loudest 50 ms of a take have at least this level
)

// Judge says why sound, full scale ±1 and channels interleaved, is of no use as an example:
// it is clipped, or hardly anything can be heard. "": it is of use.
func Judge(samples []float32, channels int, rate float64) string {
	if n := clipped(samples, channels); n > clippedRuns {
		return fmt.Sprintf("it is clipped in %d places: go away from the microphone, or turn its gain down", n)
	}
	if level := loudest(samples, channels, rate); level < quietDBFS {
		return fmt.Sprintf("its loudest part has %.0f dB of full scale, less than %d: come nearer, or turn the gain up", level, quietDBFS)
	}
	return ""
}

// clipped returns the number of places where a channel stays at full scale.
func clipped(samples []float32, channels int) (n int) {
	for c := range channels {
		run := 0
		for i := c; i < len(samples); i += channels {
			if v := samples[i]; v < fullScale && v > -fullScale {
				run = 0
				continue
			}
			if run++; run == clippedRun {
				n++
			}
		}
	}
	return n
}

// loudest returns the level of the loudest 50 ms, in dB of full scale.
func loudest(samples []float32, channels int, rate float64) float64 {
	size := max(int(rate/20), 1) * channels
	most := 0.0
	for from := 0; from < len(samples); from += size {
		part := samples[from:min(from+size, len(samples))]
		sum := 0.0
		for _, v := range part {
			sum += float64(v) * float64(v)
		}
		most = max(most, sum/float64(len(part)))
	}
	return 10 * math.Log10(most+1e-30)
}
