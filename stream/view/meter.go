package view

import (
	"fmt"
	"math"
	"strings"
)

const (
	meterLow     = -60    // dB of full scale, the left end of a meter
	meterColumns = 24     // of its bar, at most
	fullScale    = 0.9995 // which a clipped sample has at least
)

// Clipped reports whether sound with this peak is clipped.
func Clipped(peak float64) bool { return peak >= fullScale }

// Loudness places a level, of which full scale is 1, between 0 for -60 dB and less, and 1.
func Loudness(level float64) float64 {
	return min(max((decibels(level)-meterLow)/-meterLow, 0), 1)
}

func decibels(level float64) float64 { return 20 * math.Log10(level+1e-9) }

// Meter draws the root mean square and the peak of sound, of which full scale is 1, as a bar
// with a mark at the peak and the level in dB, in at most width columns.
func Meter(rms, peak float64, width int) string {
	text := fmt.Sprintf(" %3.0f dB", max(decibels(rms), -99))
	if Clipped(peak) {
		text += " clipped"
	}
	n := min(max(width-len(text), 0), meterColumns)
	at := func(level float64) int { return int(math.Round(float64(n) * Loudness(level))) }
	bar := []rune(strings.Repeat("█", at(rms)) + strings.Repeat("·", n-at(rms)))
	if p := at(peak); p > at(rms) {
		bar[p-1] = '▏'
	}
	return Clip(string(bar)+text, width)
}
