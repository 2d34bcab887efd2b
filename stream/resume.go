package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"inkling/capture"
	"inkling/internal/codec"
	"inkling/internal/disk"
)

// A keeper keeps the state of a Run in a file, or in a Store. Its methods are called by the
// goroutine that reads.
type keeper struct {
	r     *runner
	vault vault
	file  *fileVault       // nil: there is a store
	store *committer       // nil: there is a file
	src   capture.Replayer // nil: the source cannot be read again
	sinks []Sink

	plans   map[string]*plan // of records, by the key of their identity
	dropped int              // streams that began anew, since their model is another
	saved   *savedRun        // what the Run goes on from; nil: it begins anew
	notes   []Event          // to be told when the sinks are there
	next    time.Time        // when to save again
	writing chan error       // gets the result of the save under way; nil: there is none
	began   time.Time        // when it was begun
	failed  string           // how the last save failed
	summed  bool             // the summary was sent, and nothing has come since
	idle    bool             // nothing has come since the last save
	begun   bool             // the first state is being written, or was
	before  time.Duration    // that earlier runs took

	recalled time.Time // since when events are to come again, and streams keep their models; zero: they do not
}

// newKeeper reads the state. If one cannot go on from that of a file, the Run begins anew, and
// what is there is kept beside it.
func newKeeper(ctx context.Context, r *runner, src capture.Source, sinks []Sink) (*keeper, error) {
	k := &keeper{r: r, sinks: sinks, plans: map[string]*plan{}}
	k.src, _ = src.(capture.Replayer)
	if r.o.Store != nil {
		saving, cancel := context.WithCancel(context.WithoutCancel(ctx))
		drain := r.o.Drain
		stop := context.AfterFunc(ctx, func() { time.AfterFunc(drain, cancel) })
		k.vault, k.store = &storeVault{saving, r.o.Store, func() { stop(); cancel() }}, newCommitter(r, src, r.o.Store)
		k.sinks = append(slices.Clone(sinks), r.o.Store)
	} else if vault, err := newFileVault(r.o.State, k.src == nil); err != nil {
		return nil, err
	} else {
		k.vault, k.file = vault, vault
	}
	saved, err := k.load()
	if err != nil && r.o.Store != nil {
		k.vault.close()
		return nil, fmt.Errorf("%s: %w", k.vault, err)
	}
	if saved != nil && err == nil && k.file != nil && k.src == nil {
		if ill := k.file.refresh(); disk.Ill(ill) {
			// Its session would be given to other segments at each start.
			k.tell(capture.Slow, fmt.Sprintf("%v: begun anew, and the old file left as it is", ill))
			saved = nil
		}
	}
	if saved != nil && err == nil {
		k.saved = saved
		err = k.goOn(ctx)
	}
	if ctx.Err() != nil {
		k.vault.close()
		return nil, ctx.Err()
	}
	if err != nil {
		aside, moved := k.vault.setAside()
		switch {
		case moved != nil && k.file != nil && k.src == nil && disk.Ill(moved):
			k.file.useless = true
			k.tell(capture.Slow, fmt.Sprintf("%s: %v: begun anew, and the old file is moved out of the way when the disk allows it: %v", k.vault, err, moved))
			return k, nil
		case moved != nil:
			k.vault.close()
			return nil, fmt.Errorf("%s: %w, and it cannot be moved out of the way: %w", k.vault, err, moved)
		}
		k.tell(capture.Doubtful, fmt.Sprintf("%s: %v: begun anew, and the old file kept as %s", k.vault, err, aside))
	}
	return k, nil
}

// load reads the state; nil: there is none.
func (k *keeper) load() (*savedRun, error) {
	if k.store != nil {
		commits, err := k.store.store.Load(k.vault.(*storeVault).ctx)
		if err != nil || len(commits) == 0 {
			return nil, err
		}
		return k.store.goOn(commits)
	}
	data, err := k.file.load()
	if err != nil || data == nil {
		return nil, err
	}
	return readState(data, k.r.plan)
}

func (k *keeper) tell(state capture.Health, reason string) {
	k.notes = append(k.notes, NewStatus(Header{Time: k.r.now()}, state, reason))
}

// begin tells what there is to tell, and writes the first state: nothing is labelled before
// it is there. A source that cannot be read again does not wait for a disk that takes
// nothing now.
func (k *keeper) begin(ctx context.Context) error {
	for _, e := range k.notes {
		k.r.send(e)
	}
	k.notes = nil
	k.save(false)
	k.begun, k.next = true, k.r.now().Add(k.r.o.Save)
	select {
	case err := <-k.writing:
		k.writing = nil
		if err != nil && k.file != nil && k.src == nil && disk.Ill(err) {
			k.tellFailure(err)
			err = nil
		}
		if err == errLater {
			err = nil
		}
		return err
	case <-ctx.Done():
		return nil
	}
}

// errLater says that nothing was saved, since segments of the former model are open.
var errLater = errors.New("the open segments of the former model have not ended")

// slowest is the share of the time that saving takes at most: one part in so many.
const slowest = 20

// touch notes that a stream will change.
func (k *keeper) touch(s *live) {
	if k.idle = false; k.store != nil {
		k.store.touch(s)
	}
}

// gone notes that a stream was dropped.
func (k *keeper) gone(name string) {
	if k != nil && k.store != nil {
		k.store.gone = append(k.store.gone, name)
	}
}

// due saves the state if it is time to.
func (k *keeper) due() {
	if k.writing != nil {
		select {
		case err := <-k.writing:
			k.writing = nil
			if errors.Is(err, ErrTaken) {
				k.r.fail(err)
				return
			}
			if err != nil {
				k.idle = false
			}
			if err == errLater {
				break
			}
			if err != nil && k.store != nil {
				k.store.again = true // what it has kept is not known
			}
			if seldom := k.began.Add(k.wear()); err == nil && seldom.After(k.next) {
				k.next = seldom
			}
			k.tellFailure(err)
		default:
			k.hold()
			return
		}
	}
	switches := k.switches()
	if k.idle && !switches {
		return
	}
	if now := k.r.now(); switches || !now.Before(k.next) {
		k.save(false)
		k.idle = true
		k.next = now.Add(max(k.r.o.Save, slowest*k.r.now().Sub(now)))
	}
}

// longSave is how long a Store may take before it is told, and reading waits for it.
const longSave = 10 * time.Second

// hold waits a moment where a Store has not taken a commit for long: what is labelled
// meanwhile could not be stored either, and would fill the memory.
func (k *keeper) hold() {
	if k.store == nil || k.r.now().Sub(k.began) < longSave {
		return
	}
	k.tellFailure(fmt.Errorf("%s has not taken it for %v: reading waits", k.vault, longSave))
	select {
	case err := <-k.writing:
		k.writing <- err // has room; the next call takes it
	case <-time.After(time.Second):
	}
}

// tellFailure tells of a failure once, and when saving works again.
func (k *keeper) tellFailure(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == k.failed {
		return
	}
	k.failed = text
	if err != nil {
		k.r.send(NewStatus(Header{Time: k.r.now()}, capture.Slow, fmt.Sprintf("the state could not be saved, a restart goes on from an earlier one: %v", err)))
	} else {
		k.r.send(NewStatus(Header{Time: k.r.now()}, capture.Up, "the state is saved again"))
	}
}

// end writes the last state, after everything has been labelled.
func (k *keeper) end() error {
	if k.writing != nil {
		if err := k.wait(); err != nil && k.store != nil {
			k.store.again = true
		}
	}
	k.save(true)
	return k.wait()
}

func (k *keeper) wait() error {
	err := <-k.writing
	k.writing = nil
	return err
}

// save writes the state. It returns when the streams may go on; k.writing gets the result,
// once the sinks have taken all events before and the state is kept.
func (k *keeper) save(ended bool) {
	r := k.r
	r.sched.quiet()
	k.writing, k.began = make(chan error, 1), r.now()
	plan := r.o.Switch.now(r.plan, "")
	if k.store == nil && !k.settled(plan, ended) {
		k.writing <- errLater
		return
	}
	s := &savedRun{session: r.o.Session, at: r.now(), ended: ended, summed: k.summed, again: k.src != nil, seconds: r.took()}
	r.mu.Lock()
	s.counts, s.past = r.counts, r.past
	failed := r.failure
	r.mu.Unlock()
	if failed != nil {
		k.writing <- nil // what was read has not been labelled
		return
	}
	if k.store != nil {
		k.commit(s)
		return
	}
	s.identity = *plan.identity()
	if k.src != nil {
		s.position = k.src.AppendPosition(nil)
	}
	k.write(s, plan)
}

// commit has the store keep s.
func (k *keeper) commit(s *savedRun) {
	if k.src != nil && k.store.parted == nil {
		s.position = k.src.AppendPosition(nil)
	}
	k.turn()
	b := k.r.fan.barrier(k.r.o.Session, s.at)
	data, keep := k.store.commit(s)
	v := k.vault.(*storeVault)
	go func(writing chan error) {
		err := b.wait()
		if err == nil {
			s.outputs = b.positions
			err = v.store.Save(v.ctx, closeCommit(data, s), keep)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", k.vault, err)
		}
		writing <- err
	}(k.writing)
}

// settled reports whether all streams go on with the plan. At the end those that do not are
// left out.
func (k *keeper) settled(plan *plan, ended bool) bool {
	former := k.r.formerly(plan)
	if former > 0 && ended {
		k.r.send(NewStatus(Header{Time: k.r.now()}, capture.Doubtful, fmt.Sprintf("%d streams that still went on with the former model or options are not saved: they begin anew", former)))
	}
	return former == 0 || ended
}

// write writes s to the file. The first state of a live source does not wait for the sinks,
// one of which may take nothing now: no label lies before it.
func (k *keeper) write(s *savedRun, plan *plan) {
	b := &barrier{}
	if k.begun || k.src != nil {
		b = k.r.fan.barrier(k.r.o.Session, s.at)
	}
	taken := make(chan struct{})
	go func(writing chan error) {
		first := true
		err := k.file.save(func(w io.Writer) error {
			out := newStateWriter(w)
			k.writeStreams(out, s, plan)
			first = false
			close(taken)
			if err := b.wait(); err != nil {
				return err
			}
			s.outputs = b.positions
			out.fields(s.visitOutputs)
			return out.close()
		})
		if first {
			close(taken)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", k.vault, err)
		}
		writing <- err
	}(k.writing)
	<-taken
}

// formerly returns how many streams go on with another plan.
func (r *runner) formerly(plan *plan) (n int) {
	for _, s := range r.streams {
		if s.c.plan != plan {
			n++
		}
	}
	return n
}

// writeStreams writes the head of s and the streams of the plan, the one whose block came
// last at the end.
func (k *keeper) writeStreams(out *stateWriter, s *savedRun, plan *plan) {
	out.fields(s.visitHead)
	n := k.r.recent.Len() - k.r.formerly(plan)
	out.fields(func(c *codec.Codec) { c.Int(&n, 0, n) })
	var o savedOf
	for e := k.r.recent.Front(); e != nil; e = e.Next() {
		s := e.Value.(*live)
		if s.c.plan != plan {
			continue
		}
		o.name, o.state = s.name, s.c.fields(o.state[:0])
		if k.r.clock != nil {
			o.last, o.idle = s.lastBlock, s.idle
		}
		out.fields(o.visit)
	}
}

// shift has the first block after a restart follow what the stream had before, with a gap
// as long as the program was away, unless the sender counts on by itself. If that cannot be
// known the stream begins anew.
func (s *live) shift(b *capture.Block) {
	if b.Fault != nil {
		return
	}
	if s.away && len(b.Samples) > 0 {
		s.away = false
		in := &s.c.input
		next := in.next + in.hole
		was := in.time(next)
		if in.known && b.Offset < next && in.format.Rate > 0 && !was.IsZero() && !b.Time.Before(was) {
			s.moved = next + uint64(b.Time.Sub(was).Seconds()*in.format.Rate+0.5) - b.Offset
		}
	}
	b.Offset += s.moved
}
