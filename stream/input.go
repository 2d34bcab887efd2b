package stream

import (
	"math"
	"time"

	"inkling/capture"
	"inkling/internal/resample"
)

// input is the source's side: its format, its count of samples, the resampler.
type input struct {
	format  capture.Format
	known   bool   // format and next are set
	next    uint64 // offset of the next block if nothing is lost
	hole    uint64 // samples after next that were no numbers, not yet told
	base    uint64 // offset of the resampler's first sample
	shift   uint64 // samples spliced out since, before the first of splices
	splices []splice
	res     *resample.Resampler
	samples []float32 // scratch
	mono    []float32 // scratch
	last    []float32 // the last sample's channels, for fill
	anchor  time.Time // capture time of offset at
	at      uint64
}

// A splice is a gap that was held: from position at on, counted without gaps, the
// source is shift samples ahead.
type splice struct{ at, shift uint64 }

// mostSplices bounds those that are remembered; only positions as old as a
// pre-roll or a trailing hold are asked for.
const mostSplices = 16

// begin maps the position of a sample at the model's rate to the source's.
func (in *input) begin(k uint64) uint64 { return in.source(k, 0) }

// end maps a position that samples reach up to: before a splice, not after it.
func (in *input) end(k uint64) uint64 { return in.source(k, 1) }

func (in *input) source(k, after uint64) uint64 {
	if in.res != nil {
		k = in.res.Source(k)
	}
	k += in.base
	for i := len(in.splices) - 1; i >= 0; i-- {
		if s := in.splices[i]; k >= s.at+after {
			return k + s.shift
		}
	}
	return k + in.shift
}

// splice skips lost samples from next on.
func (in *input) splice(lost uint64) {
	shift := in.shift
	if n := len(in.splices); n > 0 {
		shift = in.splices[n-1].shift
	}
	if len(in.splices) == mostSplices {
		in.shift = in.splices[0].shift
		in.splices = in.splices[:copy(in.splices, in.splices[1:])]
	}
	in.splices = append(in.splices, splice{in.next - shift, shift + lost})
}

// time is the capture time of a source position; zero for files.
func (in *input) time(sample uint64) time.Time {
	if in.anchor.IsZero() || in.format.Rate <= 0 {
		return in.anchor
	}
	d := float64(int64(sample-in.at)) / in.format.Rate
	return in.anchor.Add(time.Duration(math.Round(d * 1e9)))
}
