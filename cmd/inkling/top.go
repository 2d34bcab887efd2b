//go:build !edge

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream"
	"inkling/stream/natsio"
	"inkling/stream/worker"
)

type topCmd struct {
	Config string        `arg:"" help:"The configuration of the workers."`
	Every  time.Duration `help:"Show it again and again, this often [once]." placeholder:"TIME"`
	JSON   bool          `help:"Print JSON instead."`
}

// A groupState is what top shows.
type groupState struct {
	Group      string           `json:"group"`
	Workers    []worker.Member  `json:"workers"`
	Partitions []partitionState `json:"partitions"`
	Shadow     *shadowState     `json:"shadow,omitempty"`
}

// A partitionState is how far the work on a partition is. Ages are in seconds.
type partitionState struct {
	Partition int     `json:"partition"`
	Owner     string  `json:"owner"` // "": none is heard of
	Streams   int     `json:"streams"`
	Sequence  uint64  `json:"sequence"` // of the last message whose labels are stored
	Behind    float64 `json:"behind"`   // seconds from that to the last message
	Stored    float64 `json:"stored"`   // seconds since a state was stored
	Problem   string  `json:"problem,omitempty"`
}

func (c *topCmd) Run(a *app) error {
	w, end, err := openGroup(a, c.Config)
	if err != nil {
		return err
	}
	defer end()
	for {
		s, err := w.state(a)
		if err != nil {
			return err
		}
		if err := c.print(a, s); err != nil || c.Every <= 0 {
			return err
		}
		select {
		case <-a.ctx.Done():
			return nil
		case <-time.After(c.Every):
		}
	}
}

// state asks the server how the group is.
func (w *workGroup) state(a *app) (*groupState, error) {
	kv, err := w.js.KeyValue(a.ctx, w.layout.Bucket())
	if err != nil {
		return nil, fmt.Errorf("the group %s has no worker yet: KV bucket %s: %w", w.p.table.Name, w.layout.Bucket(), err)
	}
	s := &groupState{Group: w.p.table.Name}
	if s.Workers, err = worker.Members(a.ctx, kv); err != nil {
		return nil, err
	}
	in, err := w.js.Stream(a.ctx, w.layout.Partitioned())
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", w.layout.Partitioned(), err)
	}
	for k := range w.keys.Partitions {
		p := partitionState{Partition: k}
		for _, m := range s.Workers {
			for _, of := range m.Partitions {
				if of == k {
					p.Owner = m.ID
				}
			}
		}
		if err := w.progress(a, &p, in); err != nil {
			p.Problem = err.Error()
		}
		s.Partitions = append(s.Partitions, p)
	}
	return s, w.shadowOf(a, s)
}

// shadowOf adds what there is to say of a shadow.
func (w *workGroup) shadowOf(a *app, s *groupState) error {
	plans, err := w.js.KeyValue(a.ctx, w.planBucket())
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	p, _, err := (&modelStore{nc: w.nc, log: w.log, plans: plans}).plan(a.ctx)
	if err == nil && p.Shadow != "" {
		s.Shadow, err = w.compareShadow(a.ctx, p.Shadow, nil)
	}
	return err
}

// progress finds out how far the work on a partition is.
func (w *workGroup) progress(a *app, p *partitionState, in jetstream.Stream) error {
	ledger, err := natsio.NewLedger(w.nc, w.layout.Output, w.layout.Prefix, w.session(p.Partition))
	if err != nil {
		return err
	}
	defer ledger.Close()
	commit, err := ledger.Last(a.ctx)
	if err != nil || commit == nil {
		return err
	}
	saved, err := stream.ReadSaved(commit)
	if err != nil {
		return err
	}
	var reached time.Time
	if p.Sequence, reached, err = natsio.ReadPosition(saved.Position); err != nil {
		return err
	}
	p.Streams, p.Stored = saved.Streams, time.Since(saved.At).Seconds()
	last, err := in.GetLastMsgForSubject(a.ctx, natsio.PartitionPrefix(p.Partition)+">")
	if err == nil && last.Sequence > p.Sequence {
		p.Behind = max(last.Time.Sub(reached).Seconds(), 0.001)
	}
	return nil
}

func (c *topCmd) print(a *app, s *groupState) error {
	if c.JSON {
		return json.NewEncoder(a.stdout).Encode(s)
	}
	streams, behind := 0, 0.0
	for _, p := range s.Partitions {
		streams, behind = streams+p.Streams, max(behind, p.Behind)
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "group %s: %d workers, %d streams, %.3g s behind\n\nWORKER\tHOST\tFOR\tPARTITIONS\n", s.Group, len(s.Workers), streams, behind)
	for _, m := range s.Workers {
		fmt.Fprintf(t, "%s\t%s\t%v\t%s\n", m.ID, m.Host, time.Since(m.Since).Round(time.Second), strings.Trim(fmt.Sprint(m.Partitions), "[]"))
	}
	fmt.Fprint(t, "\nPARTITION\tOWNER\tSTREAMS\tSEQUENCE\tBEHIND\tSTORED\n")
	for _, p := range s.Partitions {
		fmt.Fprintf(t, "%d\t%s\t%d\t%d\t%.3g s\t%.3g s ago\t%s\n", p.Partition, cmp.Or(p.Owner, "nobody"), p.Streams, p.Sequence, p.Behind, p.Stored, p.Problem)
	}
	if s.Shadow != nil {
		fmt.Fprintf(t, "\n%s\n", s.Shadow)
	}
	fmt.Fprintln(t)
	return t.Flush()
}
