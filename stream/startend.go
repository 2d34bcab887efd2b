package stream

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// start starts what a Run consists of. An error leaves nothing running.
func (r *runner) start(ctx context.Context, src capture.Source, sinks []Sink) (err error) {
	if r.o.State != "" || r.o.Store != nil {
		if r.keeper, err = newKeeper(ctx, r, src, sinks); err != nil {
			return err
		}
	}
	if r.o.Session == "" {
		var b [8]byte
		rand.Read(b[:])
		r.o.Session = hex.EncodeToString(b[:])
	}
	r.sched.start()
	r.began = r.now()
	if r.o.Store != nil {
		sinks = append(slices.Clone(sinks), r.o.Store)
	}
	r.fan = newFan(sinks, r.o.Live, r.o.Keep, r.o.Drain)
	r.fan.tell = func(state capture.Health, reason string) {
		r.send(NewStatus(Header{Time: r.now()}, state, reason))
	}
	if r.o.Meter != nil {
		r.o.Meter.Begin(r.load)
	}
	up := NewStatus(Header{Time: r.began}, capture.Up, "started")
	up.Version, up.Model = r.o.Version, r.m.Hash()
	r.send(up)
	r.o.Switch.begin(r.plan, r.o.Store != nil, func(m *model.Model) {
		e := NewStatus(Header{Time: r.now()}, capture.Up, "another model or other options: each stream goes on with them after its open segment")
		e.Version, e.Model = r.o.Version, m.Hash()
		r.send(e)
	})
	for _, s := range sinks {
		if spilled, ok := s.(*Spilled); ok {
			for _, note := range spilled.Notes() {
				r.send(NewStatus(Header{Time: r.began}, capture.Slow, note))
			}
		}
	}
	return nil
}

// end ends the streams because of why, or keeps them for the next Run, and waits for the
// sinks. err is how the source has ended.
func (r *runner) end(ctx context.Context, why segment.Ending, err error) error {
	interrupted := ctx.Err() != nil
	if r.keeper == nil || !interrupted && err == nil {
		r.endAll(why)
	} else {
		r.sched.quiet()
	}
	if r.o.Store == nil {
		r.o.Switch.begin(nil, false, nil)
	}
	if err == nil {
		err = r.failure
	}
	if r.o.Finite && err == nil && !(r.keeper != nil && (interrupted || r.keeper.summed)) {
		r.send(r.summary())
		if r.keeper != nil {
			r.keeper.summed = true
		}
	}
	var unsaved error
	if r.keeper != nil {
		defer r.keeper.vault.close()
		unsaved = r.keeper.end()
	}
	r.o.Switch.begin(nil, false, nil)
	r.sched.close()
	return cmp.Or(err, r.fan.close(), unsaved)
}
