package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"inkling/capture"
)

// goOn has the source, the streams and the sinks go on from k.saved.
func (k *keeper) goOn(ctx context.Context) error {
	s, r := k.saved, k.r
	if s.again != (k.src != nil) {
		return errors.New("the saved state is of a source of another kind")
	}
	session := s.session
	if k.src == nil && !s.ended {
		session = nextSession(session)
	}
	if r.o.Session != "" {
		session = r.o.Session
	}
	if err := k.recall(); err != nil {
		return err
	}
	streams := make([]*Classifier, len(s.streams))
	for i := range s.streams {
		of, err := k.planOf(&s.streams[i])
		if err != nil {
			return err
		}
		if of == nil {
			continue // it begins anew
		}
		if streams[i], err = of.restoreStream(session, &s.streams[i]); err != nil {
			return err
		}
	}
	if k.src != nil {
		begin := k.src.AppendPosition(nil)
		if err := k.src.Seek(ctx, s.position); err != nil {
			return errors.Join(err, k.src.Seek(ctx, begin))
		}
	}
	r.o.Session, r.counts, r.past = session, s.counts, s.past
	if k.store != nil {
		k.store.watch()
	}
	k.before, k.summed = s.seconds, s.summed
	for i, c := range streams {
		if c == nil {
			k.anew(&s.streams[i])
			continue
		}
		c.away, c.switched = k.src == nil, r.o.Switch
		one := r.add(s.streams[i].name, c, r.now())
		one.away, one.turn = c.away, s.streams[i].turn
		r.turn = max(r.turn, one.turn)
		if r.clock != nil {
			one.lastBlock, one.idle = s.streams[i].last, s.streams[i].idle
		}
	}
	k.rewind()
	k.tellOfGoingOn()
	if k.dropped > 0 {
		k.tell(capture.Doubtful, fmt.Sprintf("%d streams were in the middle of what a former model had begun, and begin anew: their open segments are lost", k.dropped))
	}
	s.streams = nil
	return nil
}

// planOf returns the plan that a stream goes on with: that of the Run, what the Switch has
// already, or what the stream had before. Of a record of another model that is not to be
// finished it returns nil.
func (k *keeper) planOf(o *savedOf) (*plan, error) {
	r := k.r
	if o.identity == nil {
		return r.plan, nil // of a file, whose identity has been compared
	}
	if p := k.plans[o.identityKey]; p != nil {
		return p, nil
	}
	now := r.o.Switch.now(r.plan, o.name)
	all := []*plan{r.plan, now}
	differs := o.identity.fits(r.plan.identity())
	if differs != nil && o.identity.fits(now.identity()) != nil && o.identity.model != r.plan.identity().model && r.o.Former != nil {
		m, options, err := r.o.Former(o.identity.model)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", differs, err)
		case m == nil:
			return nil, nil
		}
		former, err := newPlan(m, options)
		if err != nil {
			return nil, err
		}
		all = append(all, former)
	}
	for _, p := range all {
		if o.identity.fits(p.identity()) == nil {
			k.plans[o.identityKey] = p
			if r.o.Switch == nil {
				r.o.Switch = &Switch{} // to that of the Run, when the segment ends
			}
			return p, nil
		}
	}
	return nil, differs
}

// anew notes that a stream begins anew, with its segments counted on.
func (k *keeper) anew(o *savedOf) {
	k.r.past.add(o.name, o.count)
	k.dropped++
	k.store.gone = append(k.store.gone, o.name)
}

// nextSession returns the session after a crash: NAME, NAME.2, NAME.3.
func nextSession(name string) string {
	n := 2
	for i := len(name) - 1; i > 0; i-- {
		if name[i] == '.' {
			if _, err := fmt.Sscanf(name[i+1:], "%d", &n); err == nil {
				name, n = name[:i], n+1
			}
			break
		}
	}
	return fmt.Sprint(name, ".", n)
}

// rewind cuts off what the outputs got since the state was saved and get again.
func (k *keeper) rewind() {
	if k.src == nil {
		return
	}
	for i, s := range k.sinks {
		w, ok := s.(Rewinder)
		if !ok {
			continue
		}
		var err error
		switch {
		case i >= len(k.saved.outputs) || len(k.saved.outputs[i]) == 0:
			err = errors.New("nothing was saved of it")
		default:
			err = w.Rewind(k.saved.outputs[i])
		}
		if err != nil {
			k.tell(capture.Doubtful, fmt.Sprintf("output %d was not cut back to where the state was saved: %v: it may lack events, or have some twice", i+1, err))
		}
	}
}

func (k *keeper) tellOfGoingOn() {
	what := fmt.Sprintf("going on from %s, saved at %s, with %d streams", k.vault, k.saved.at.UTC().Format(time.RFC3339), len(k.saved.streams))
	if k.src == nil && !k.saved.ended {
		what += ": the program did not end by itself, and what came since then is in the gaps, though events of session " + k.saved.session + " may tell of it"
	}
	k.tell(capture.Up, what)
}
