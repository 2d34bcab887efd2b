package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"inkling/capture"
	"inkling/internal/resample"
)

const stateVersion = 4

var errState = errors.New("stream: saved state is cut off or damaged")

// codec writes a state's fields or reads them back: one list of fields serves
// both. Reading never allocates beyond the data.
type codec struct {
	data    []byte
	reading bool
	bad     bool
}

func (k *codec) u64(v *uint64) {
	if !k.reading {
		k.data = binary.LittleEndian.AppendUint64(k.data, *v)
		return
	}
	if b := k.next(8); b != nil {
		*v = binary.LittleEndian.Uint64(b)
	}
}

func (k *codec) next(n int) []byte {
	if k.bad || n < 0 || n > len(k.data) {
		k.bad = true
		return nil
	}
	b := k.data[:n]
	k.data = k.data[n:]
	return b
}

func (k *codec) f64(v *float64) {
	b := math.Float64bits(*v)
	k.u64(&b)
	*v = math.Float64frombits(b)
}

// integer reads what must lie within [lo, hi].
func (k *codec) integer(v *int, lo, hi int) {
	u := uint64(int64(*v))
	k.u64(&u)
	if n := int64(u); k.reading && !k.bad {
		if n < int64(lo) || n > int64(hi) {
			k.bad = true
			return
		}
		*v = int(n)
	}
}

func (k *codec) bool(v *bool) {
	n := 0
	if *v {
		n = 1
	}
	k.integer(&n, 0, 1)
	*v = n == 1
}

func (k *codec) bytes(v *[]byte) {
	n := len(*v)
	k.integer(&n, 0, math.MaxInt32)
	if !k.reading {
		k.data = append(k.data, *v...)
	} else if b := k.next(n); b != nil {
		*v = append((*v)[:0], b...)
	}
}

func (k *codec) str(v *string) {
	b := []byte(*v)
	k.bytes(&b)
	*v = string(b)
}

func (k *codec) floats(v *[]float32) {
	n := len(*v)
	k.integer(&n, 0, math.MaxInt32)
	if !k.reading {
		for _, x := range *v {
			k.data = binary.LittleEndian.AppendUint32(k.data, math.Float32bits(x))
		}
		return
	}
	if b := k.next(4 * n); b != nil {
		*v = (*v)[:0]
		for i := range n {
			*v = append(*v, math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
	}
}

func (k *codec) time(v *time.Time) {
	set := !v.IsZero()
	k.bool(&set)
	ns := uint64(0)
	if set && !k.reading {
		ns = uint64(v.UnixNano())
	}
	k.u64(&ns)
	if k.reading {
		*v = time.Time{}
		if set {
			*v = time.Unix(0, int64(ns)).UTC()
		}
	}
}

// part lets a type with its own AppendState and Restore take its turn.
func (k *codec) part(write func([]byte) []byte, read func([]byte) ([]byte, error)) {
	if !k.reading {
		k.data = write(k.data)
		return
	}
	if k.bad {
		return
	}
	rest, err := read(k.data)
	if err != nil {
		k.bad = true
		return
	}
	k.data = rest
}

// AppendState appends the stream's whole state. With frames it is
// self-contained; without them, which needs Options.Resumable, the samples of
// an open segment are left out: after Restore the source must be read again
// from Resume on, and the events go on where they stopped. A state is of one
// model and one set of options; Restore refuses it elsewhere.
func (c *Classifier) AppendState(dst []byte, frames bool) []byte {
	if !frames && c.o.Resumable && (c.Open() || len(c.queue) > 0) && c.before != nil {
		dst = c.header(dst, 1)
		dst = binary.LittleEndian.AppendUint64(dst, c.emitted)
		dst = binary.LittleEndian.AppendUint64(dst, c.resumeAt)
		return append(dst, c.before...)
	}
	return c.fields(c.header(dst, 0))
}

func (c *Classifier) header(dst []byte, kind byte) []byte {
	dst = append(dst, stateVersion, kind)
	return append(dst, c.fingerprint()...)
}

// fingerprint names the model and what of the options shapes the state and which
// events there are: those since a state are counted.
func (c *Classifier) fingerprint() string {
	if c.print == "" {
		c.print = fmt.Sprintf("%s %+v %+v %+v %v %v;", c.m.Hash(), c.segment, c.dec, c.o.Emit, c.o.Background, c.o.Why)
	}
	return c.print
}

// snapshot keeps the state before a block while no segment is open.
func (c *Classifier) snapshot(b *capture.Block) {
	if !c.o.Resumable || c.Open() || len(c.queue) > 0 || c.skip > 0 {
		return
	}
	c.before = c.fields(c.before[:0])
	c.emitted, c.resumeAt = 0, b.Offset
}

// Restore takes back what AppendState wrote.
func (c *Classifier) Restore(data []byte) error {
	want := c.fingerprint()
	if len(data) > 0 && data[0] != stateVersion {
		return fmt.Errorf("stream: the saved state is of version %d, this inkling goes on from %d: start the stream anew", data[0], stateVersion)
	}
	if len(data) < 2+len(want) || data[1] > 1 {
		return errState
	}
	if string(data[2:2+len(want)]) != want {
		return errors.New("stream: the saved state is of another model or other options: start the stream anew")
	}
	kind := data[1]
	data = data[2+len(want):]
	var emitted, at uint64
	if kind == 1 {
		if len(data) < 16 {
			return errState
		}
		emitted, at = binary.LittleEndian.Uint64(data), binary.LittleEndian.Uint64(data[8:])
		data = data[16:]
	}
	fresh, err := NewClassifier(c.m, &c.o)
	if err != nil {
		return err
	}
	k := codec{data: data, reading: true}
	fresh.visit(&k)
	if k.bad || len(k.data) > 0 || !fresh.sound() {
		return errState
	}
	fresh.print = c.print
	*c = *fresh
	c.skip += emitted
	if kind == 1 {
		c.resumeAt = at
	} else {
		c.resumeAt = c.input.next + c.input.hole
	}
	return nil
}

// Resume is the source's sample from which a restored stream is to be fed.
func (c *Classifier) Resume() uint64 { return c.resumeAt }

func (c *Classifier) fields(dst []byte) []byte {
	k := codec{data: dst}
	c.visit(&k)
	return k.data
}

func (c *Classifier) visit(k *codec) {
	c.input.visit(k, c)
	c.cutter.visit(k)
	n := len(c.queue) - c.walked
	k.integer(&n, 0, math.MaxInt32)
	for i := range n {
		if k.bad {
			return
		}
		if k.reading {
			c.queue = append(c.queue, op{})
		}
		c.queue[c.walked+i].visit(k)
	}
	frames := c.frames[c.used:]
	k.floats(&frames)
	if k.reading {
		c.frames = frames
	}
	c.follower.visit(k)
	k.u64(&c.skip)
}

func (in *input) visit(k *codec, c *Classifier) {
	k.bool(&in.known)
	k.f64(&in.format.Rate)
	k.integer(&in.format.Channels, 0, 1<<16)
	k.u64(&in.next)
	k.u64(&in.base)
	k.u64(&in.hole)
	k.u64(&in.shift)
	n := len(in.splices)
	k.integer(&n, 0, mostSplices)
	for i := range n {
		if k.reading {
			in.splices = append(in.splices, splice{})
		}
		k.u64(&in.splices[i].at)
		k.u64(&in.splices[i].shift)
	}
	k.u64(&in.at)
	k.time(&in.anchor)
	k.floats(&in.last)
	resampled := in.res != nil
	k.bool(&resampled)
	if k.reading && resampled && !k.bad {
		var err error
		if in.res, err = resample.New(in.format.Rate, c.m.Config.Rate, c.m.Config.Channels); err != nil {
			k.bad = true
			return
		}
	}
	if resampled && !k.bad {
		k.part(in.res.AppendState, in.res.Restore)
	}
}

func (c *cutter) visit(k *codec) {
	k.f64(&c.level.Floor)
	k.bool(&c.level.Begun)
	k.u64(&c.pos)
	k.floats(&c.pending)
	k.floats(&c.ring)
	k.bool(&c.open)
	k.u64(&c.start)
	k.integer(&c.frames, 0, math.MaxInt32)
	k.integer(&c.counted, 0, math.MaxInt32)
	k.u64(&c.end)
	k.u64(&c.active)
	k.u64(&c.opened)
	c.miss.visit(k)
	c.prose.visit(k)
	k.part(c.front.AppendState, c.front.Restore)
	if c.beats != nil {
		k.part(c.beats.AppendState, c.beats.Restore)
	}
}

func (m *miss) visit(k *codec) {
	k.bool(&m.on)
	k.u64(&m.start)
	k.f64(&m.short)
	k.f64(&m.level)
	k.f64(&m.over)
}

func (o *op) visit(k *codec) {
	kind := int(o.kind)
	k.integer(&kind, 0, int(opStatus))
	o.kind = opKind(kind)
	k.u64(&o.sample)
	k.time(&o.time)
	k.str(&o.reason)
	k.f64(&o.threshold)
	k.f64(&o.value)
	k.u64(&o.lost)
	k.u64(&o.start)
	k.bool(&o.word)
	k.u64(&o.peak)
}

func (w *walker) visit(k *codec) {
	k.part(w.net.AppendState, w.net.Restore)
	k.part(w.kept.AppendState, w.kept.Restore)
	k.bool(&w.open)
	k.u64(&w.id)
	k.integer(&w.step, 0, math.MaxInt32)
	k.u64(&w.start)
	k.floats(&w.tops)
	k.floats(&w.inputs)
	n := len(w.probs) - 1
	k.integer(&w.label, -1, n)
	k.integer(&w.emitted, unheard, n)
	k.integer(&w.counted.label, -1, n)
	k.integer(&w.counted.steps, 0, math.MaxInt32)
	k.floats(&w.counted.probs)
	k.floats(&w.probs)
	k.integer(&w.stopper.Label, -1, n)
	k.integer(&w.stopper.Held, 0, math.MaxInt32)
	k.bool(&w.early)
	k.bool(&w.warmed)
	k.u64(&w.at)
	k.f64(&w.counted.peak)
	k.f64(&w.nearest)
	k.integer(&w.mostHeld, 0, math.MaxInt32)
	w.running.visit(k, &w.rules)
}

func (s *running) visit(k *codec, r *Rules) {
	n := len(r.on) - 1
	k.floats(&s.probs)
	k.bool(&s.begun)
	k.integer(&s.label, -1, n)
	k.integer(&s.last, -1, n)
	k.integer(&s.age, 0, r.hold)
	k.f64(&s.up)
	k.f64(&s.down)
	k.f64(&s.peak)
	k.bool(&s.lost)
}
