package feature

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// base computes frames, to which extractor adds differences and context, and whose mean it
// subtracts.
type base interface {
	dim() int
	// push appends complete frames, each followed by extra zeros.
	push(dst, samples []float32, extra int) []float32
	flush(dst []float32, extra int) []float32
	reset()
	end(n int) int
	appendState(dst []byte) []byte
	restore(d *decoder)
}

type extractor struct {
	base    base
	deltas  *deltas
	mean    *recentMean // nil: none
	context []float32   // of every frame
}

func (e *extractor) Dim() int { return e.base.dim() + e.extra() }

func (e *extractor) extra() int { return e.deltas.extra() + len(e.context) }

func (e *extractor) Push(dst, samples []float32) []float32 {
	from := len(dst)
	dst = e.base.push(dst, samples, e.extra())
	e.fill(dst[from:])
	return dst
}

func (e *extractor) Flush(dst []float32) []float32 {
	from := len(dst)
	dst = e.base.flush(dst, e.extra())
	e.fill(dst[from:])
	e.Reset()
	return dst
}

// fill adds differences and context to frames of the base, and subtracts their mean.
func (e *extractor) fill(frames []float32) {
	n := e.Dim()
	e.deltas.fill(frames, n)
	e.mean.fill(frames, n)
	for at := n; len(e.context) > 0 && at <= len(frames); at += n {
		copy(frames[at-len(e.context):at], e.context)
	}
}

func (e *extractor) SetContext(values []float32) {
	if len(values) != len(e.context) {
		panic(fmt.Sprintf("feature: SetContext: %d values, want %d", len(values), len(e.context)))
	}
	copy(e.context, values)
}

func (e *extractor) Reset() {
	e.base.reset()
	e.deltas.reset()
	e.mean.reset()
}

func (e *extractor) End(n int) int {
	if n <= 0 {
		return 0
	}
	return e.base.end(n)
}

func (e *extractor) AppendState(dst []byte) []byte {
	dst = e.base.appendState(dst)
	dst = append(dst, e.deltas.seen)
	return e.mean.appendState(appendFloats(appendFloats(dst, e.deltas.last), e.context))
}

func (e *extractor) Restore(data []byte) ([]byte, error) {
	d := &decoder{data: data}
	e.base.restore(d)
	e.deltas.seen = d.byte()
	d.floats(e.deltas.last)
	d.floats(e.context)
	e.mean.restore(d)
	if d.bad || e.deltas.seen > 2 {
		e.Reset()
		return nil, errors.New("feature: the saved state is cut off or belongs to another front end")
	}
	return d.data, nil
}

// deltas computes causal differences: x_t − x_{t−1} for frames of width values, and
// for order 2 also the differences of these. Differences that need a frame before the
// first are zero.
type deltas struct {
	width, order int
	seen         byte      // frames so far, at most 2
	last         []float32 // order×width: x_{t−1}, then its first difference
}

func newDeltas(width, order int) *deltas {
	return &deltas{width: width, order: order, last: make([]float32, order*width)}
}

func (d *deltas) extra() int { return d.order * d.width }

func (d *deltas) reset() {
	d.seen = 0
	clear(d.last)
}

// fill writes the differences to frames of full values each.
func (d *deltas) fill(frames []float32, full int) {
	if d.order == 0 {
		return
	}
	for at := 0; at < len(frames); at += full {
		f := frames[at : at+full]
		for o := range d.order {
			value, last, out := f[o*d.width:][:d.width], d.last[o*d.width:][:d.width], f[(o+1)*d.width:][:d.width]
			for i, v := range value {
				out[i] = 0
				if int(d.seen) > o {
					out[i] = v - last[i]
				}
				last[i] = v
			}
		}
		d.seen = min(d.seen+1, 2)
	}
}

// extend appends n zeros.
func extend(dst []float32, n int) []float32 {
	for range n {
		dst = append(dst, 0)
	}
	return dst
}

func appendFloats(dst []byte, v []float32) []byte {
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
	}
	return dst
}

// A decoder reads what appendState wrote. bad is set when data is missing or invalid,
// and remains set.
type decoder struct {
	data []byte
	bad  bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || len(d.data) < n {
		d.bad = true
		return nil
	}
	b := d.data[:n]
	d.data = d.data[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) int() int {
	if b := d.take(8); b != nil {
		return int(int64(binary.LittleEndian.Uint64(b)))
	}
	return 0
}

func (d *decoder) floats(dst []float32) {
	if b := d.take(4 * len(dst)); b != nil {
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
	}
}

func (d *decoder) doubles(dst []float64) {
	if b := d.take(8 * len(dst)); b != nil {
		for i := range dst {
			dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
}

func appendDoubles(dst []byte, v []float64) []byte {
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	}
	return dst
}

func appendInt(dst []byte, v int) []byte { return binary.LittleEndian.AppendUint64(dst, uint64(v)) }
