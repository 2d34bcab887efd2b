package stream

import (
	"math"
	"time"

	"inkling/capture"
	"inkling/internal/resample"
)

// input is the source's side of a stream: its format, its count of samples, and how they
// become samples of the model.
type input struct {
	format capture.Format
	known  bool // there has been a block: format and next are set
	back   bool // there was none, but the stream had come to next before it was forgotten

	next    uint64 // offset of the next block if nothing is lost
	hole    uint64 // samples after next that were not finite and are not yet reported
	base    uint64 // offset of the resampler's first sample
	shift   uint64 // samples spliced out before the first of splices
	splices []splice
	res     *resample.Resampler
	last    []float32      // the last sample of each channel, for GapFill
	anchor  time.Time      // capture time of sample at
	clock   capture.Timing // of anchor
	at      uint64
	told    time.Time // of the last sample that has been given a time
	toldAt  uint64
}

// A splice is a gap under GapHold: from position at on, counted without gaps, the source
// is shift samples ahead.
type splice struct{ at, shift uint64 }

// maxSplices bounds the splices that are remembered: no position older than a pre-roll
// or a trailing hold is mapped.
const maxSplices = 16

// begin maps the position of a sample at the model's rate to the source's.
func (in *input) begin(k uint64) uint64 { return in.source(k, 0) }

// end maps the position where a run of samples ends, which at a splice lies before it.
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

// splice notes that lost samples are missing from next on.
func (in *input) splice(lost uint64) {
	shift := in.shift
	if n := len(in.splices); n > 0 {
		shift = in.splices[n-1].shift
	}
	if len(in.splices) == maxSplices {
		in.shift = in.splices[0].shift
		in.splices = in.splices[:copy(in.splices, in.splices[1:])]
	}
	in.splices = append(in.splices, splice{in.next - shift, shift + lost})
}

// time returns the capture time of a sample of the source; zero for files.
func (in *input) time(sample uint64) time.Time {
	if in.anchor.IsZero() || in.format.Rate <= 0 {
		return in.anchor
	}
	d := float64(int64(sample-in.at)) / in.format.Rate
	return in.anchor.Add(time.Duration(math.Round(d * 1e9)))
}

// setAnchor makes t the capture time of a sample. Times that differ only by how they were
// rounded leave the anchor, so that blocks of any size give events the same times.
func (in *input) setAnchor(sample uint64, t time.Time, clock capture.Timing) {
	if d := t.Sub(in.time(sample)); !in.anchor.IsZero() && in.clock == clock && max(d, -d) < time.Microsecond {
		return
	}
	in.anchor, in.at, in.clock = t, sample, clock
}

// forward returns t, the capture time of a sample, or what it has to be so that no sample
// is earlier than one before it: blocks arrive now sooner, now later.
func (in *input) forward(sample uint64, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	if early := sample < in.toldAt; early == t.After(in.told) && !in.told.IsZero() {
		return in.told
	} else if !early {
		in.told, in.toldAt = t, sample
	}
	return t
}

// mix averages the channels of interleaved samples and repeats the mean want times. Only
// front ends that average channels anyway take another number than their own.
func (b *blockMemory) mix(samples []float32, channels, want int) []float32 {
	if channels == want {
		return samples
	}
	b.mono = b.mono[:0]
	for ; len(samples) > 0; samples = samples[channels:] {
		var sum float32
		for _, v := range samples[:channels] {
			sum += v
		}
		for range want {
			b.mono = append(b.mono, sum/float32(channels))
		}
	}
	return b.mono
}
