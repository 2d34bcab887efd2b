package stem

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"inkling/internal/f32"
	"inkling/model/feature"
)

// A front is a front end followed by a stem. It is a feature.Extractor.
type front struct {
	stem        *Stem
	base        feature.Extractor
	mean, scale []float32
	channels    int

	count  int       // frames of the base since Reset
	last   []float32 // the last of them, normalised
	frames []float32 // frames of a piece of samples
	held   []window  // one per layer
}

// A window holds the input rows that a layer still needs, with scratch memory.
type window struct {
	rows []float32 // of fixed size, enough for atOnce outputs
	n    int       // rows in use
	z    []float32 // sums of atOnce rows
	out  []float32 // output frames; nil for the top layer
}

const (
	piece  = 256 // samples per channel that the base reads at once
	atOnce = 32  // outputs that a layer computes at once
)

// Front returns base followed by the stem. base is a front end for a signal with the
// given number of channels; its features x enter the stem as (x − mean)·scale. At the
// end of the signal conv repeats the last frame to complete its own last frame. Gabor
// pads with zeros, but only if the signal had no frame at all.
func (s *Stem) Front(base feature.Extractor, mean, scale []float32, channels int) feature.Extractor {
	if base.Dim() != s.in || len(mean) != s.in || len(scale) != s.in {
		panic(fmt.Sprintf("stem: Front: base has %d features, mean %d and scale %d values, want %d", base.Dim(), len(mean), len(scale), s.in))
	}
	x := &front{stem: s, base: base, mean: mean, scale: scale, channels: channels, last: make([]float32, s.in)}
	for i := range s.layers {
		l := &s.layers[i]
		w := window{rows: make([]float32, ((atOnce-1)*l.stride+l.kernel)*l.in), z: make([]float32, atOnce*l.ld())}
		if i+1 < len(s.layers) {
			w.out = make([]float32, atOnce*s.width(l))
		}
		x.held = append(x.held, w)
	}
	x.Reset()
	return x
}

func (x *front) Dim() int { return x.stem.Dim() }

func (x *front) Push(dst, samples []float32) []float32 {
	for len(samples) > 0 {
		n := min(piece*x.channels, len(samples))
		x.frames = x.base.Push(x.frames[:0], samples[:n])
		dst = x.take(dst, x.frames)
		samples = samples[n:]
	}
	return dst
}

func (x *front) Flush(dst []float32) []float32 {
	x.frames = x.base.Flush(x.frames[:0])
	dst = x.take(dst, x.frames)
	if x.stem.config.Kind == KindGabor {
		clear(x.last)
	}
	for range x.stem.missing(x.count) {
		dst = x.feed(dst, 0, x.last)
	}
	x.Reset()
	return dst
}

func (x *front) Reset() {
	x.base.Reset()
	x.count = 0
	clear(x.last)
	for i := range x.held {
		x.held[i].n = x.stem.layers[i].lead
		clear(x.held[i].rows)
	}
}

func (x *front) SetContext(values []float32) { x.base.SetContext(values) }

func (x *front) End(n int) int {
	if n <= 0 {
		return 0
	}
	return x.base.End(x.stem.End(n))
}

// take normalises frames of the base, in place, and feeds them to the lowest layer.
func (x *front) take(dst, frames []float32) []float32 {
	d := x.stem.in
	if len(frames) == 0 {
		return dst
	}
	for at := 0; at < len(frames); at += d {
		f32.Normalize(frames[at:at+d], frames[at:at+d], x.mean, x.scale)
	}
	x.count += len(frames) / d
	copy(x.last, frames[len(frames)-d:])
	return x.feed(dst, 0, frames)
}

// feed gives rows to layer i and appends what comes out on top to dst.
func (x *front) feed(dst []float32, i int, rows []float32) []float32 {
	l, w := &x.stem.layers[i], &x.held[i]
	for len(rows) > 0 {
		n := copy(w.rows[w.n*l.in:], rows)
		rows = rows[n:]
		w.n += n / l.in
		made := l.outputs(w.n)
		l.sums(w.z, w.rows, made)
		if w.out == nil {
			from := len(dst)
			for range made * x.Dim() {
				dst = append(dst, 0)
			}
			x.stem.activate(l, dst[from:], w.z, made)
		} else {
			x.stem.activate(l, w.out, w.z, made)
			dst = x.feed(dst, i+1, w.out[:made*x.stem.width(l)])
		}
		copy(w.rows, w.rows[made*l.stride*l.in:w.n*l.in])
		w.n -= made * l.stride
	}
	return dst
}

// AppendState appends the state of the base, the number of its frames, the last of them
// and the rows that each layer holds.
func (x *front) AppendState(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(x.base.AppendState(dst), uint64(x.count))
	for _, a := range x.arrays() {
		for _, v := range a {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

func (x *front) arrays() [][]float32 {
	a := [][]float32{x.last}
	for i := range x.held {
		a = append(a, x.held[i].rows[:x.held[i].n*x.stem.layers[i].in])
	}
	return a
}

var errState = errors.New("stem: the saved state is cut off or belongs to another stem")

func (x *front) Restore(data []byte) ([]byte, error) {
	x.Reset()
	data, err := x.base.Restore(data)
	if err != nil {
		return nil, err
	}
	if len(data) < 8 || binary.LittleEndian.Uint64(data) > math.MaxInt64/2 {
		x.Reset()
		return nil, errState
	}
	x.count = int(binary.LittleEndian.Uint64(data))
	data = data[8:]
	n := x.count
	for i := range x.held {
		l := &x.stem.layers[i]
		x.held[i].n = l.held(n + l.lead)
		n = l.outputs(n + l.lead)
	}
	for _, a := range x.arrays() {
		if len(data) < 4*len(a) {
			x.Reset()
			return nil, errState
		}
		for i := range a {
			a[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		data = data[4*len(a):]
	}
	return data, nil
}
