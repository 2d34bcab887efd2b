package compose

import (
	"io"
	"math"
)

// A Reader renders a stream from its beginning. Several may read one stream.
type Reader struct {
	s                  *Stream
	at                 int64
	events, background int // index of the first part that has not ended
}

// Reader returns a new Reader of s.
func (s *Stream) Reader() *Reader { return &Reader{s: s} }

// Read fills dst with samples of all channels, interleaved, and returns the number of
// values, or 0 and io.EOF at the end. The values do not depend on the sizes of reads.
func (r *Reader) Read(dst []float32) (int, error) {
	s := r.s
	n := min(int64(len(dst)/s.Channels), s.Frames-r.at)
	if n <= 0 {
		return 0, io.EOF
	}
	dst = dst[:n*int64(s.Channels)]
	clear(dst)
	r.background = r.mix(dst, s.background, r.background)
	r.events = r.mix(dst, s.events, r.events)
	r.at += n
	return len(dst), nil
}

// mix adds the parts from first on to dst, which begins at r.at, and returns the first
// part that does not end before it.
func (r *Reader) mix(dst []float32, parts []part, first int) int {
	channels := int64(r.s.Channels)
	end := r.at + int64(len(dst))/channels
	for first < len(parts) && parts[first].end <= r.at {
		first++
	}
	for k := first; k < len(parts) && parts[k].start < end; k++ {
		p := &parts[k]
		before := int64(0)
		if k > 0 {
			before = parts[k-1].fade
		}
		for t := max(p.start, r.at); t < min(p.end, end); t++ {
			gain := p.gain
			if in := t - p.start; in < before {
				gain *= fade(in, before)
			}
			if left := p.end - 1 - t; left < p.fade {
				gain *= fade(left, p.fade)
			}
			from, to := (t-p.start)*channels, (t-r.at)*channels
			for c := range channels {
				dst[to+c] += float32(gain * p.samples[from+c])
			}
		}
	}
	return first
}

// fade returns gain i of a rise over n samples. The powers of fading in and fading out
// add up to one.
func fade(i, n int64) float32 {
	return float32(math.Sin(math.Pi / 2 * (float64(i) + 0.5) / float64(n)))
}
