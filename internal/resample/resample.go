// Package resample changes the sampling rate of a stream by a rational factor:
// a polyphase filter under a Kaiser window (Kaiser 1974; Crochiere and Rabiner
// 1983), flat to nine tenths of the lower Nyquist frequency and at least 90 dB
// down from there on upwards.
package resample

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"inkling/internal/shared"
)

// maxUp is the largest factor by which a rate is raised: what a stranger's samples can
// become is bounded.
const maxUp = 100

// A Resampler is one stream. Any split of its input gives the same output, to
// the bit: output k is the signal at time k·in/out, the first sample's being 0.
type Resampler struct {
	*filter          // shared by all streams of the same ratio; nil taps: samples pass
	off      float64 // relative error of the ratio
	channels int
	held     [][]float32 // a channel's input from sample base−half+1 on, as much as later outputs need
	read     uint64      // input samples taken
	written  uint64      // output samples given
	memo     *shared.Memo
}

// Share has r share its outputs with other resamplers of the same ratio that get the same
// signal, if it is one of a single channel.
func (r *Resampler) Share(m *shared.Memo) { r.memo = m }

// New returns a resampler for interleaved channels. Rates that are no fraction of small
// numbers are resampled by the nearest one, which Off tells; those that no such fraction
// is near to, and those more than a hundredfold raised, are refused.
func New(in, out float64, channels int) (*Resampler, error) {
	up, down, off, err := ratio(in, out, channels)
	if err != nil {
		return nil, err
	}
	r := &Resampler{filter: &filter{up: 1, down: 1}, channels: channels, off: off}
	if up == down { // samples pass
		return r, nil
	}
	r.filter = filterOf(up, down)
	r.held = make([][]float32, channels)
	for c := range r.held {
		r.held[c] = make([]float32, 0, 2*r.half)
	}
	r.Reset()
	return r, nil
}

// Check returns the error with which New refuses two rates. It designs no filter.
func Check(in, out float64) error {
	_, _, _, err := ratio(in, out, 1)
	return err
}

// ratio returns the fraction by which is resampled and its relative error.
func ratio(in, out float64, channels int) (up, down int, off float64, err error) {
	if !(in > 0 && out > 0) || math.IsInf(in, 0) || math.IsInf(out, 0) || channels < 1 {
		return 0, 0, 0, fmt.Errorf("resample: from %v to %v samples/s with %d channels", in, out, channels)
	}
	exact := out / in
	up, down = fraction(exact)
	off = math.Abs(float64(up)/float64(max(down, 1))/exact - 1)
	switch {
	case exact > maxUp:
		err = fmt.Errorf("resample: %v samples/s are less than a hundredth of %v: record at a rate nearer to the model's", in, out)
	case up == 0 || down == 0 || off > maxOff:
		err = fmt.Errorf("resample: %v and %v samples/s are no small fraction of each other: record at the model's rate, or at one such as 8000, 16000, 44100 or 48000", in, out)
	}
	return up, down, off, err
}

// Off returns the relative error of the ratio by which is resampled; 0: none.
func (r *Resampler) Off() float64 { return r.off }

// Reset forgets the past: the next sample is the first one.
func (r *Resampler) Reset() {
	r.read, r.written = 0, 0
	for c := range r.held {
		r.held[c] = append(r.held[c][:0], make([]float32, r.half-1)...)
	}
}

// Passes tells that the rates are equal and samples pass unchanged.
func (r *Resampler) Passes() bool { return r.half == 0 }

// Delay is how many input samples after its own time an output needs.
func (r *Resampler) Delay() int { return r.half }

// Source returns the first input sample at or after the time of output k.
func (r *Resampler) Source(k uint64) uint64 {
	return (k*uint64(r.down) + uint64(r.up) - 1) / uint64(r.up)
}

// piece is the number of samples a channel that are filtered at once.
const piece = 1024

// Push takes interleaved samples and appends the outputs that they complete. It
// allocates nothing once dst has grown.
func (r *Resampler) Push(dst, samples []float32) []float32 {
	if r.Passes() {
		r.read += uint64(len(samples) / r.channels)
		r.written = r.read
		return append(dst, samples...)
	}
	w := r.take()
	for n := len(samples) / r.channels; n > 0; n = len(samples) / r.channels {
		n = min(n, piece)
		for c, b := range w.buffer[:r.channels] {
			for i := c; i < n*r.channels; i += r.channels {
				b = append(b, samples[i])
			}
			w.buffer[c] = b
		}
		samples = samples[n*r.channels:]
		r.read += uint64(n)
		dst = r.drain(w, dst, math.MaxUint64)
	}
	for c, b := range w.buffer[:r.channels] {
		r.held[c] = append(r.held[c][:0], b...)
	}
	r.memory.Put(w)
	return dst
}

// take returns memory that begins with what is held.
func (r *Resampler) take() *memory {
	w := r.memory.Get()
	for len(w.buffer) < r.channels {
		w.buffer = append(w.buffer, make([]float32, 0, 2*r.half+piece))
	}
	for c, b := range r.held {
		w.buffer[c] = append(w.buffer[c][:0], b...)
	}
	return w
}

// Flush ends the signal, as if silence followed, and appends what is left: over
// all, n inputs give ⌈n·out/in⌉ outputs. The resampler is then as after Reset.
func (r *Resampler) Flush(dst []float32) []float32 {
	if !r.Passes() {
		total := (r.read*uint64(r.up) + uint64(r.down) - 1) / uint64(r.down)
		w := r.take()
		for c := range r.held {
			w.buffer[c] = append(w.buffer[c], make([]float32, r.half+1)...)
		}
		r.read += uint64(r.half + 1)
		dst = r.drain(w, dst, total)
		r.memory.Put(w)
	}
	r.Reset()
	return dst
}

// drain appends outputs up to total, as far as the buffers reach.
func (r *Resampler) drain(w *memory, dst []float32, total uint64) []float32 {
	have := len(w.buffer[0])
	base, next := r.base(have), r.written*uint64(r.down)
	o := outputs{phase: int(next % uint64(r.up)), at: int(next/uint64(r.up) - base)}
	if o.n = int(min(uint64(r.within(o, have)), total-r.written)); o.n > 0 && r.channels == 1 {
		dst = r.memo.Append(dst, r.filter, o.number(), w.buffer[0])
	} else {
		dst = r.filter.append(dst, o, w.buffer[:r.channels])
	}
	r.written += uint64(o.n)
	if used := min(int(r.written*uint64(r.down)/uint64(r.up)-base), have); used > 0 {
		for c, b := range w.buffer[:r.channels] {
			w.buffer[c] = b[:copy(b, b[used:])]
		}
	}
	return dst
}

// base is the time, floored, of the output at the front of buffers of n samples. A drain drops
// what lies before the next output; while inputs are still short of it, it drops
// all there is.
func (r *Resampler) base(n int) uint64 {
	return r.read + uint64(r.half-1) - uint64(n)
}

// AppendState appends the stream's state; Restore takes it back from the front
// of data on a resampler of the same rates and channels and returns the rest.
func (r *Resampler) AppendState(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, r.read)
	dst = binary.LittleEndian.AppendUint64(dst, r.written)
	n := 0
	if len(r.held) > 0 {
		n = len(r.held[0])
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	for _, b := range r.held {
		for _, v := range b {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

// Restore is the inverse of AppendState.
func (r *Resampler) Restore(data []byte) ([]byte, error) {
	bad := errors.New("resample: saved state is cut off or of another resampler")
	if len(data) < 20 {
		return nil, bad
	}
	read, written := binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
	n := int(binary.LittleEndian.Uint32(data[16:]))
	data = data[20:]
	const limit = 1 << 50
	if n > len(data)/4 || read > limit || written > limit || (r.Passes() && n != 0) {
		return nil, bad
	}
	if !r.Passes() && !r.plausible(read, written, n) {
		return nil, bad
	}
	if len(data) < 4*n*len(r.held) {
		return nil, bad
	}
	for c := range r.held {
		r.held[c] = r.held[c][:0]
		for range n {
			r.held[c] = append(r.held[c], math.Float32frombits(binary.LittleEndian.Uint32(data)))
			data = data[4:]
		}
	}
	r.read, r.written = read, written
	return data, nil
}

// plausible tells whether counters and buffer length fit together, so that drain
// stays within its buffers.
func (r *Resampler) plausible(read, written uint64, n int) bool {
	next := written * uint64(r.down) / uint64(r.up)
	end := read + uint64(r.half-1)
	if uint64(n) > end {
		return false
	}
	base := end - uint64(n)
	return base <= next && n < 2*r.half+r.down/r.up+2 && (base == next || n == 0)
}
