package resample

import "inkling/internal/f32"

// An outputs is a run of n outputs. The first one is made of the taps of a phase and of the
// buffer from at on.
type outputs struct{ phase, at, n int }

// The bits of a run's number: phases are less than maxTerm, and a buffer is no longer than a
// filter and a piece.
const (
	phaseBits = 11
	atBits    = 21
)

// number returns a number that no other run has.
func (o outputs) number() uint64 {
	return uint64(o.phase) | uint64(o.at)<<phaseBits | uint64(o.n)<<(phaseBits+atBits)
}

func outputsOf(number uint64) outputs {
	return outputs{int(number & (1<<phaseBits - 1)), int(number >> phaseBits & (1<<atBits - 1)), int(number >> (phaseBits + atBits))}
}

// within returns how many outputs, from o on, can be computed from a buffer of have samples.
func (f *filter) within(o outputs, have int) int {
	room := have - 2*f.half - o.at
	if room < 0 {
		return 0
	}
	return ((room+1)*f.up - o.phase + f.down - 1) / f.down
}

// Compute implements shared.Function for one channel.
func (f *filter) Compute(dst []float32, number uint64, x []float32) []float32 {
	buffer := [1][]float32{x}
	return f.append(dst, outputsOf(number), buffer[:])
}

// append appends the outputs of the channels.
func (f *filter) append(dst []float32, o outputs, buffer [][]float32) []float32 {
	step, part, width := f.down/f.up, f.down%f.up, 2*f.half
	for range o.n {
		taps := f.taps[o.phase*width : (o.phase+1)*width]
		for _, b := range buffer {
			dst = append(dst, f32.Convolve(taps, b[o.at:o.at+width]))
		}
		o.at, o.phase = o.at+step, o.phase+part
		if o.phase >= f.up {
			o.at, o.phase = o.at+1, o.phase-f.up
		}
	}
	return dst
}
