//go:build !edge

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream"
	"inkling/stream/natsio"
	"inkling/stream/worker"
)

// A tally is what was counted of a shadow and the model in use up to a place in the streams of
// both. It is stored beside what the shadow says, so that whoever asks reads only what came since.
type tally struct {
	Began    map[string]uint64 `json:"began"` // by session: after which sequence of the output it counts
	Active   uint64            `json:"active"`
	Shadow   uint64            `json:"shadow"` // sequences of the last messages that were counted
	Compared *worker.Comparer  `json:"compared"`
}

// tallyName is the name under which a Ledger keeps it.
const tallyName = "compared"

// tallyEvery is how often it is stored.
const tallyEvery = 2 * time.Second

// mostWaiting is how many segments of a stream wait in it for what the other model says.
const mostWaiting = 1000

// began returns after which sequence of the output each session counts, and from which on.
func (w *workGroup) began(ctx context.Context, st jetstream.Stream, prefix string) (began map[string]uint64, first uint64, err error) {
	began = map[string]uint64{}
	for k := range w.keys.Partitions {
		seq, ok, err := natsio.ForkBegan(ctx, st, prefix, w.session(k))
		if err != nil {
			return nil, 0, err
		}
		if ok {
			if len(began) == 0 || seq < first {
				first = seq
			}
			began[w.session(k)] = seq
		}
	}
	return began, first, nil
}

// from returns what was counted so far if it is of the same beginnings, which a partition that
// begins again changes.
func (t *tally) from(began map[string]uint64, first uint64, truths map[string]map[uint64]string) *tally {
	if t != nil && truths == nil && t.Compared != nil && maps.Equal(t.Began, began) {
		return t
	}
	return &tally{Began: began, Active: first, Compared: &worker.Comparer{Truths: truths}}
}

// count counts what came since. If it fails t is of no use any more.
func (w *workGroup) count(ctx context.Context, hash string, t *tally) (err error) {
	if len(t.Began) == 0 {
		return nil
	}
	name, prefix := w.layout.Shadow(hash)
	t.Active, err = w.confirmed(ctx, w.layout.Output, w.layout.Prefix, t.Active, func(seq uint64, e *stream.Event) {
		if after, ok := t.Began[e.Session]; ok && seq > after {
			t.Compared.Active(e.Stream, saidOf(e))
		}
	})
	if err == nil {
		t.Shadow, err = w.confirmed(ctx, name, prefix, t.Shadow, func(_ uint64, e *stream.Event) { t.Compared.Shadow(e.Stream, saidOf(e)) })
	}
	return err
}

// tallied returns what was stored last; nil: nothing.
func (w *workGroup) tallied(ctx context.Context, hash string) (*tally, error) {
	name, prefix := w.layout.Shadow(hash)
	l, err := natsio.NewLedger(w.nc, name, prefix, tallyName)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return lastTally(ctx, l, hash)
}

// lastTally is tallied of an open Ledger.
func lastTally(ctx context.Context, l *natsio.Ledger, hash string) (*tally, error) {
	data, err := l.Last(ctx)
	if err != nil || data == nil {
		return nil, err
	}
	t := &tally{}
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("what was counted of the shadow %s: %w", hash, err)
	}
	return t, nil
}

// keepTally stores, now and then until ctx ends, what was counted. One worker does so, that of
// the first partition; what fails is told, and done again.
func (w *workGroup) keepTally(ctx context.Context, a *app, hash string) {
	told := ""
	for ctx.Err() == nil {
		err := w.keepTallies(ctx, hash)
		if err != nil && ctx.Err() == nil && !errors.Is(err, stream.ErrTaken) && err.Error() != told {
			told = err.Error()
			a.logf("what the shadow %s says is not counted: %v; trying again", hash, err)
		}
		pause(ctx, tallyEvery)
	}
}

func (w *workGroup) keepTallies(ctx context.Context, hash string) error {
	name, prefix := w.layout.Shadow(hash)
	l, err := natsio.NewLedger(w.nc, name, prefix, tallyName)
	if err != nil {
		return err
	}
	defer l.Close()
	if _, err := l.Load(ctx); err != nil {
		return err
	}
	t, err := lastTally(ctx, l, hash)
	if err != nil {
		return err
	}
	for {
		if t, err = w.keepOne(ctx, hash, l, t); err != nil {
			return err
		}
		if !pause(ctx, tallyEvery) {
			return nil
		}
	}
}

// keepOne goes on counting from t, and stores it if anything has come.
func (w *workGroup) keepOne(ctx context.Context, hash string, l *natsio.Ledger, t *tally) (*tally, error) {
	name, prefix := w.layout.Shadow(hash)
	st, err := w.js.Stream(ctx, name)
	if err != nil {
		return nil, err
	}
	began, first, err := w.began(ctx, st, prefix)
	if err != nil || len(began) < w.keys.Partitions {
		return nil, err // until all have begun nothing can be left out
	}
	t = t.from(began, first, nil)
	was := *t
	if err := w.count(ctx, hash, t); err != nil {
		return nil, err
	}
	if t.Active == was.Active && t.Shadow == was.Shadow {
		return t, nil
	}
	t.Compared.GiveUp(mostWaiting)
	data, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return t, l.Save(ctx, data, 1)
}

// pause waits. It returns false when ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
