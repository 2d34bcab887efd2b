//go:build !edge

package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream"
	"inkling/stream/evaluate"
	"inkling/stream/natsio"
	"inkling/stream/worker"
)

// shadows runs, beside the Run of a partition, that of the shadow of the plan, if there is one.
// What becomes of it costs the other nothing.
func (w *workGroup) shadows(ctx context.Context, a *app, k int) {
	told := ""
	for ctx.Err() == nil {
		hash, changed := w.fleet.shadow()
		if hash == "" {
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		one, cancel := context.WithCancel(ctx)
		end := make(chan struct{})
		go func() {
			defer close(end)
			select {
			case <-one.Done():
			case <-changed:
				cancel()
			}
		}()
		err := w.runShadow(one, a, k, hash)
		if err != nil && one.Err() == nil && !errors.Is(err, stream.ErrTaken) && err.Error() != told {
			told = err.Error()
			a.logf("the shadow %s of partition %d: %v", hash, k, err)
		}
		if one.Err() == nil {
			select {
			case <-one.Done():
			case <-time.After(time.Second): // then again
			}
		}
		cancel()
		<-end
	}
}

// runShadow labels the streams of a partition with a model, from where the model in use is, and
// stores what it says in a stream of its own.
func (w *workGroup) runShadow(ctx context.Context, a *app, k int, hash string) error {
	cmd := w.p.cmd
	x, err := w.fleet.find(ctx, hash)
	if err != nil {
		return err
	}
	x.unchecked(a, hash)
	src, err := w.source(ctx, a, k)
	if err != nil {
		return err
	}
	defer src.Close()
	of, err := natsio.NewLedger(w.nc, w.layout.Output, w.layout.Prefix, w.session(k))
	if err != nil {
		return err
	}
	defer of.Close()
	name, prefix := w.layout.Shadow(hash)
	fork, err := of.NewFork(name, prefix, w.session(k))
	if err != nil {
		return err
	}
	defer fork.Close()
	o := &stream.RunOptions{Options: *x.o, Switch: &stream.Switch{}, Former: w.fleet.formerly, Version: version, Session: w.session(k), Store: fork, Save: w.keys.Commit, Pool: w.pool,
		Keep: int(cmd.OutageMemory), Drain: cmd.Drain, Streams: cmd.MaxStreams, Memory: int(cmd.MaxMemory / 4)}
	o.Emit = stream.Emit{Confirmed: true}
	if k == 0 {
		counting, end := context.WithCancel(ctx)
		var kept sync.WaitGroup
		defer kept.Wait()
		defer end()
		kept.Go(func() { w.keepTally(counting, a, hash) })
	}
	return stream.Run(ctx, src, x.m, o)
}

// A shadowState is what the shadow of a group and the model in use said of the same streams.
type shadowState struct {
	Model string `json:"model"`
	worker.Comparison
	McNemar *float64 `json:"mcnemar,omitempty"` // p of the test whether one of them is more often right; only with truths
}

// compareShadow compares what is stored of both models. It returns nil if the shadow has just
// been ended.
func (w *workGroup) compareShadow(ctx context.Context, hash string, truths map[string]map[uint64]string) (*shadowState, error) {
	name, prefix := w.layout.Shadow(hash)
	st, err := w.js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", name, err)
	}
	began, first, err := w.began(ctx, st, prefix)
	if err != nil {
		return nil, err
	}
	var known *tally
	if truths == nil {
		if known, err = w.tallied(ctx, hash); err != nil {
			return nil, err
		}
	}
	t := known.from(began, first, truths)
	err = w.count(ctx, hash, t)
	s := &shadowState{Model: hash, Comparison: t.Compared.Counts()}
	if truths != nil {
		p := evaluate.McNemar(s.Fixed, s.Broken)
		s.McNemar = &p
	}
	return s, err
}

func saidOf(e *stream.Event) worker.Said {
	return worker.Said{Segment: e.Segment, Start: e.Start, End: e.End, Label: e.Label, P: float64(e.P)}
}

// confirmed passes the confirmed segments that are stored in a stream behind a sequence to do. It
// returns the sequence of the last one.
func (w *workGroup) confirmed(ctx context.Context, name, prefix string, after uint64, do func(seq uint64, e *stream.Event)) (uint64, error) {
	st, err := w.js.Stream(ctx, name)
	if err != nil {
		return after, fmt.Errorf("stream %s: %w", name, err)
	}
	filter := prefix + "." + string(stream.Confirmed) + ".>"
	last, err := st.GetLastMsgForSubject(ctx, filter)
	if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && last.Sequence <= after {
		return after, nil
	}
	if err != nil {
		return after, err
	}
	cons, err := w.js.OrderedConsumer(ctx, name, jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1})
	if err != nil {
		return after, err
	}
	messages, err := cons.Messages()
	if err != nil {
		return after, err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextMaxWait(10 * time.Second))
		if err != nil {
			return after, fmt.Errorf("stream %s: %w", name, err)
		}
		d, err := m.Metadata()
		if err != nil {
			return after, err
		}
		if d.Sequence.Stream > last.Sequence {
			return last.Sequence, nil
		}
		e := new(stream.Event)
		if err := json.Unmarshal(m.Data(), e); err != nil {
			return after, fmt.Errorf("stream %s, sequence %d: %w", name, d.Sequence.Stream, err)
		}
		if do(d.Sequence.Stream, e); d.Sequence.Stream == last.Sequence {
			return last.Sequence, nil
		}
	}
}

// String says in words what was counted, and what that shows.
func (s *shadowState) String() string {
	text := fmt.Sprintf("shadow %s: of %d segments %d have the same label, %d another (in %d of them the shadow is surer), %d only the model in use has, %d only the shadow",
		s.Model, s.Segments(), s.Agree, s.Disagree, s.Surer, s.Active, s.Shadow)
	if s.Late > 0 {
		text += fmt.Sprintf("; of the last two, %d came when what the other one had said of the same samples was counted already", s.Late)
	}
	switch {
	case s.McNemar == nil:
		return text + "\nwho is right is not known without truths"
	case s.Fixed+s.Broken == 0:
		return text + fmt.Sprintf("\nof %d segments whose label is known both are right or both are wrong", s.Truths)
	}
	which := "no difference that these could show"
	if *s.McNemar < 0.05 {
		if which = "the shadow is better"; s.Broken > s.Fixed {
			which = "the model in use is better"
		}
	}
	return text + fmt.Sprintf("\nof %d segments whose label is known the shadow alone is right in %d, the model in use alone in %d: %s (McNemar, exact: p = %.2g)",
		s.Truths, s.Fixed, s.Broken, which, *s.McNemar)
}

// readTruths reads a table with the columns stream, segment and label.
func readTruths(name string) (map[string]map[uint64]string, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	head, err := r.Read()
	at := []int{slices.Index(head, "stream"), slices.Index(head, "segment"), slices.Index(head, "label")}
	if err != nil || slices.Contains(at, -1) {
		return nil, fmt.Errorf("%s: the first line has to name the columns stream, segment and label", name)
	}
	truths := map[string]map[uint64]string{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return truths, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		segment, err := strconv.ParseUint(row[at[1]], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: segment %q: give the number of the segment, as events have it", name, line, row[at[1]])
		}
		one := row[at[0]]
		if old, twice := truths[one][segment]; twice && old != row[at[2]] {
			return nil, fmt.Errorf("%s, line %d: stream %s, segment %d has two labels", name, line, one, segment)
		}
		if truths[one] == nil {
			truths[one] = map[uint64]string{}
		}
		truths[one][segment] = row[at[2]]
	}
}
