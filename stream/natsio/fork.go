package natsio

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream"
)

var _ stream.Forked = (*Fork)(nil)

// A Fork is a Ledger whose first state is that of another one: what a Run with another model
// makes of the same streams from there on, beside the Run of the other ledger, of which it
// changes nothing. Where it began lies on the subject PREFIX.begin.NAME.
type Fork struct {
	*Ledger
	of     *Ledger
	name   string
	forked bool
}

// NewFork returns a fork of a ledger in a stream of its own, whose subjects contain PREFIX.>;
// see NewLedger.
func (l *Ledger) NewFork(name, prefix, as string) (*Fork, error) {
	own, err := NewLedger(l.live.nc, name, prefix, as)
	if err != nil {
		return nil, err
	}
	return &Fork{Ledger: own, of: l, name: as}, nil
}

// Load implements stream.Store.
func (f *Fork) Load(ctx context.Context) ([][]byte, error) {
	commits, err := f.Ledger.Load(ctx)
	if err != nil || len(commits) > 0 {
		return commits, err
	}
	if commits, err = f.of.Load(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", f.of, err)
	}
	f.forked = len(commits) > 0
	_, err = f.js.Publish(ctx, forkSubject(f.live.prefix, f.name), strconv.AppendUint(nil, f.of.committed, 10))
	return commits, err
}

// Forked implements stream.Forked.
func (f *Fork) Forked() bool { return f.forked }

func forkSubject(prefix, name string) string { return prefix + ".begin." + name }

// ForkSubjects returns the subjects of the stream of a Fork.
func ForkSubjects(prefix string) []string { return append(LedgerSubjects(prefix), prefix+".begin.>") }

// ForkBegan returns the sequence, in the stream of the ledger that it is of, after which a
// fork began; false: it has not begun.
func ForkBegan(ctx context.Context, st jetstream.Stream, prefix, name string) (uint64, bool, error) {
	m, err := st.GetLastMsgForSubject(ctx, forkSubject(prefix, name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	seq, err := strconv.ParseUint(string(m.Data), 10, 64)
	return seq, err == nil, err
}
