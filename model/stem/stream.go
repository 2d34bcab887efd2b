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

	count uint64 // frames of the base since Reset
	held  *held  // nil: what there is after Reset
}

// A held is what a signal has to remember from one call to the next.
type held struct {
	last   []float32 // the last frame of the base, normalised
	layers []rows
}

// rows are the inputs that a layer still needs, fewer than its kernel has.
type rows struct {
	v []float32
	n int
}

// A memory is that of one call.
type memory struct {
	frames []float32 // of a piece of samples
	layers []layerMemory
}

type layerMemory struct {
	rows []float32 // the held ones and new ones, enough for atOnce outputs
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
	x := &front{stem: s, base: base, mean: mean, scale: scale, channels: channels}
	x.Reset()
	return x
}

// Share implements feature.Sharer.
func (x *front) Share(m *feature.Memo) { feature.Share(x.base, m) }

// begin makes x hold what there is at the beginning of a signal, if it holds nothing.
func (x *front) begin() *held {
	if x.held != nil {
		return x.held
	}
	h := x.stem.held.Get()
	if h.last == nil {
		h.last = make([]float32, x.stem.in)
		for i := range x.stem.layers {
			l := &x.stem.layers[i]
			h.layers = append(h.layers, rows{v: make([]float32, (l.kernel-1)*l.in)})
		}
	}
	clear(h.last)
	for i := range h.layers {
		h.layers[i].n = x.stem.layers[i].lead
		clear(h.layers[i].v)
	}
	x.held = h
	return h
}

// borrow returns memory for a call, to be put back into s.memory.
func (s *Stem) borrow() *memory {
	w := s.memory.Get()
	if w.layers == nil {
		for i := range s.layers {
			l := &s.layers[i]
			m := layerMemory{rows: make([]float32, ((atOnce-1)*l.stride+l.kernel)*l.in), z: make([]float32, atOnce*l.ld())}
			if i+1 < len(s.layers) {
				m.out = make([]float32, atOnce*s.width(l))
			}
			w.layers = append(w.layers, m)
		}
	}
	return w
}

func (x *front) Dim() int { return x.stem.Dim() }

func (x *front) Push(dst, samples []float32) []float32 {
	w := x.stem.borrow()
	for len(samples) > 0 {
		n := min(piece*x.channels, len(samples))
		w.frames = x.base.Push(w.frames[:0], samples[:n])
		dst = x.take(dst, w, w.frames)
		samples = samples[n:]
	}
	x.stem.memory.Put(w)
	return dst
}

func (x *front) Flush(dst []float32) []float32 {
	w := x.stem.borrow()
	w.frames = x.base.Flush(w.frames[:0])
	dst = x.take(dst, w, w.frames)
	if n := x.stem.missing(x.stem.within(x.count)); n > 0 {
		last := x.begin().last
		if x.stem.config.Kind == KindGabor {
			clear(last)
		}
		for range n {
			dst = x.feed(dst, w, 0, last)
		}
	}
	x.stem.memory.Put(w)
	x.Reset()
	return dst
}

func (x *front) Reset() {
	x.base.Reset()
	x.count = 0
	x.release()
}

func (x *front) release() {
	if x.held != nil {
		x.stem.held.Put(x.held)
		x.held = nil
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
func (x *front) take(dst []float32, w *memory, frames []float32) []float32 {
	d := x.stem.in
	if len(frames) == 0 {
		return dst
	}
	for at := 0; at < len(frames); at += d {
		f32.Normalize(frames[at:at+d], frames[at:at+d], x.mean, x.scale)
	}
	x.count += uint64(len(frames) / d)
	copy(x.begin().last, frames[len(frames)-d:])
	return x.feed(dst, w, 0, frames)
}

// feed gives rows to layer i and appends what comes out on top to dst.
func (x *front) feed(dst []float32, w *memory, i int, rows []float32) []float32 {
	if len(rows) == 0 {
		return dst
	}
	l, h, m := &x.stem.layers[i], &x.held.layers[i], &w.layers[i]
	n := copy(m.rows, h.v[:h.n*l.in]) / l.in
	for len(rows) > 0 {
		k := copy(m.rows[n*l.in:], rows)
		rows = rows[k:]
		n += k / l.in
		made := l.outputs(n)
		l.sums(m.z, m.rows, made)
		if m.out == nil {
			from := len(dst)
			for range made * x.Dim() {
				dst = append(dst, 0)
			}
			x.stem.activate(l, dst[from:], m.z, made)
		} else {
			x.stem.activate(l, m.out, m.z, made)
			dst = x.feed(dst, w, i+1, m.out[:made*x.stem.width(l)])
		}
		n = copy(m.rows, m.rows[made*l.stride*l.in:n*l.in]) / l.in
	}
	h.n = copy(h.v, m.rows[:n*l.in]) / l.in
	return dst
}

// AppendState appends the state of the base, the number of its frames, the last of them
// and the rows that each layer holds.
func (x *front) AppendState(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(x.base.AppendState(dst), x.count)
	if x.held == nil {
		x.begin()
		defer x.release()
	}
	for _, a := range x.arrays() {
		for _, v := range a {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
		}
	}
	return dst
}

func (x *front) arrays() [][]float32 {
	a := [][]float32{x.held.last}
	for i, h := range x.held.layers {
		a = append(a, h.v[:h.n*x.stem.layers[i].in])
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
	x.count = binary.LittleEndian.Uint64(data)
	data = data[8:]
	n, h := x.stem.within(x.count), x.begin()
	for i := range h.layers {
		l := &x.stem.layers[i]
		h.layers[i].n = l.held(n + l.lead)
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
