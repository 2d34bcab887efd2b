package stream

import (
	"encoding/binary"
	"fmt"
	"math"

	"inkling/capture"
	"inkling/internal/codec"
	"inkling/model/segment"
)

// stateVersion is the first byte of a saved state.
const stateVersion = 8

// The second byte says what follows the identity.
const (
	stateWhole  byte = iota // the state
	stateReread             // how many events to suppress, where to read again from, the state there
)

// AppendState appends the stream's whole state to dst. With frames the state is
// self-contained. Without them, which needs Options.Resumable, the frames of an open
// segment are left out: after Restore the source must be read again from Resume on, and
// the events go on where they stopped. A state belongs to one model and one set of
// options.
func (c *Classifier) AppendState(dst []byte, frames bool) []byte {
	if !frames && c.o.Resumable && (c.Open() || c.queued()) && c.before != nil {
		dst = c.header(dst, stateReread)
		dst = binary.LittleEndian.AppendUint64(dst, c.emitted)
		dst = binary.LittleEndian.AppendUint64(dst, c.resumeAt)
		return append(dst, c.before...)
	}
	return c.fields(c.header(dst, stateWhole))
}

func (c *Classifier) header(dst []byte, kind byte) []byte {
	k := codec.Writer(append(dst, stateVersion, kind))
	c.identity().visit(k)
	return k.Bytes()
}

// snapshot keeps the state before block b if no segment is open.
func (c *Classifier) snapshot(b *capture.Block) {
	if !c.o.Resumable || c.Open() || c.queued() || c.skip > 0 {
		return
	}
	c.before = c.fields(c.before[:0])
	c.emitted, c.resumeAt = 0, b.Offset
}

// Restore replaces the stream's state by one that AppendState wrote, in this process or
// another. It refuses a state of another version, model or other options, and names
// the difference; the stream then stays as it was.
func (c *Classifier) Restore(data []byte) error {
	if err := c.restore(data); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}

func (c *Classifier) restore(data []byte) error {
	if len(data) > 0 && data[0] != stateVersion {
		return fmt.Errorf("the saved state has version %d, this program reads version %d: begin the stream anew", data[0], stateVersion)
	}
	if len(data) < 2 || data[1] > stateReread {
		return codec.ErrState
	}
	kind := data[1]
	var saved identity
	k := codec.Reader(data[2:])
	saved.visit(k)
	if k.Bad() {
		return codec.ErrState
	}
	if err := saved.fits(c.identity()); err != nil {
		return err
	}
	var emitted, at uint64
	if kind == stateReread {
		k.Uint64(&emitted)
		k.Uint64(&at)
		if k.Bad() {
			return codec.ErrState
		}
	}
	fresh, err := c.plan.restoreStream(c.session, &savedOf{name: c.stream, state: k.Bytes()})
	if err != nil {
		return err
	}
	*c = *fresh
	c.skip += emitted
	if kind == stateReread {
		c.resumeAt = at
	}
	return nil
}

// Resume returns the source's sample from which a restored stream has to be fed.
func (c *Classifier) Resume() uint64 { return c.resumeAt }

func (c *Classifier) fields(dst []byte) []byte {
	k := codec.Writer(dst)
	c.visit(k)
	return k.Bytes()
}

func (c *Classifier) visit(k *codec.Codec) {
	c.input.visit(k, c)
	k.Part(c.segmenter.AppendState, c.segmenter.Restore)
	b := c.busy()
	queue, frames := b.queue[c.walked:], b.found.Frames[c.used:]
	codec.List(k, &queue, math.MaxInt32, func(o *op) { o.visit(k) })
	k.Floats(&frames)
	if k.Reading() {
		b.queue, b.found.Frames = queue, frames
	}
	if len(b.queue) == 0 && len(b.found.Frames) == 0 {
		c.idle()
	}
	c.follower.visit(k)
	k.Uint64(&c.skip)
	k.Uint64(&c.number)
	if c.ear != nil {
		c.ear.visit(k)
		c.mute()
	}
}

func (in *input) visit(k *codec.Codec, c *Classifier) {
	k.Bool(&in.known)
	k.Bool(&in.back)
	k.Float64(&in.format.Rate)
	k.Int(&in.format.Channels, 0, 1<<16)
	k.Uint64(&in.next)
	k.Uint64(&in.base)
	k.Uint64(&in.hole)
	k.Uint64(&in.shift)
	codec.List(k, &in.splices, maxSplices, func(s *splice) {
		k.Uint64(&s.at)
		k.Uint64(&s.shift)
	})
	k.Uint64(&in.at)
	k.Time(&in.anchor)
	k.String((*string)(&in.clock))
	k.Uint64(&in.toldAt)
	k.Time(&in.told)
	k.Floats(&in.last)
	resampled := in.res != nil
	k.Bool(&resampled)
	if k.Reading() && resampled && !k.Bad() {
		var err error
		if in.res, err = c.resampler(c.plan, in.format.Rate); err != nil {
			k.Fail()
			return
		}
	}
	if resampled && !k.Bad() {
		k.Part(in.res.AppendState, in.res.Restore)
	}
}

func (o *op) visit(k *codec.Codec) {
	kind, found := int(o.kind), int(o.found.Kind)
	k.Int(&kind, 0, int(opStatus))
	k.Int(&found, 0, int(segment.Missed))
	o.kind, o.found.Kind = opKind(kind), segment.EventKind(found)
	k.Uint64(&o.sample)
	k.Time(&o.time)
	k.String((*string)(&o.clock))
	k.Uint64(&o.lost)
	cause := int(o.cause)
	k.Int(&cause, 0, int(gapForgotten))
	o.cause = gapCause(cause)
	if o.kind == opStatus {
		if o.fault == nil {
			o.fault = &capture.Fault{}
		}
		k.String((*string)(&o.fault.State))
		k.String(&o.fault.Reason)
	}
	e := &o.found
	k.String((*string)(&e.Ending))
	k.String((*string)(&e.Reason))
	k.Bool(&e.Word)
	k.Uint64(&e.Start)
	k.Uint64(&e.End)
	k.Uint64(&e.Peak)
	k.Float64(&e.Value)
	k.Float64(&e.Threshold)
}

func (w *walker) visit(k *codec.Codec) {
	s := w.use()
	k.Part(w.net.AppendState, w.net.Restore)
	k.Part(s.kept.AppendState, s.kept.Restore)
	k.Bool(&w.open)
	k.Uint64(&w.id)
	k.Int(&w.step, 0, math.MaxInt32)
	k.Uint64(&w.start)
	k.Floats(&s.tops)
	k.Floats(&s.inputs)
	n := w.plan.m.Classes() - 1
	k.Int(&w.emitted, noneEmitted, n)
	k.Int(&w.counted.label, -1, n)
	k.Int(&w.counted.steps, 0, math.MaxInt32)
	k.Floats(&s.counted)
	k.Floats(&s.probs)
	if len(s.counted) != n+1 || len(s.probs) != n+1 {
		k.Fail()
	}
	k.Bool(&w.warmed)
	k.Uint64(&w.at)
	k.Float64(&w.counted.peak)
	k.Part(w.decider.AppendState, w.decider.Restore)
	if !w.open && !k.Bad() {
		w.end()
	}
}
