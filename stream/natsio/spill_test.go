package natsio

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit/testnats"
	"inkling/model/segment"
	"inkling/stream"
)

// While the server is away 100 streams have as many labels as in ten minutes of one a
// second. All of them come after a restart of the program, in order and with their ids.
func TestSpillOutlivesTheServer(t *testing.T) {
	const streams, keep = 100, 1 << 20
	labels := 60
	if os.Getenv("INKLING_LONG") != "" {
		labels = 600
	}
	p := testnats.Start(t)
	dir := t.TempDir()
	m := signModel(t, segment.Fixed)
	o := &stream.RunOptions{Session: "s", Live: true, Keep: keep, Drain: 100 * time.Millisecond, Options: stream.Options{
		Emit: stream.Emit{Confirmed: true}, Segment: &segment.Config{Kind: segment.Fixed, Steps: 2, MaxDuration: 1000}}}
	run := func(nc *nats.Conn, blocks []capture.Block) error {
		sink, err := NewSink(nc, "")
		if err != nil {
			t.Fatal(err)
		}
		spilled, err := stream.Spill(sink, stream.SpillOptions{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		o.Progress = func(*capture.Block) {
			if n++; n == len(blocks) {
				cancel()
			}
		}
		return stream.Run(ctx, capture.NewMemory(blocks...), m, o, spilled)
	}
	away := make(chan struct{}, 9)
	nc := dial(t, p, nats.DisconnectErrHandler(func(*nats.Conn, error) { away <- struct{}{} }))
	p.Kill()
	<-away
	var blocks []capture.Block
	for i := range labels {
		for s := range streams {
			blocks = append(blocks, capture.Block{Stream: fmt.Sprintf("in.%d", s), Format: capture.Format{Rate: 2, Channels: 1}, Offset: uint64(2 * i), Samples: []float32{1, 1}})
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	err := run(nc, blocks)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+16*keep {
		t.Errorf("the heap has grown from %d to %d bytes, Keep is %d", before.HeapAlloc, after.HeapAlloc, keep)
	}
	if err == nil || !strings.Contains(err.Error(), "wait in "+dir+" for the next start") {
		t.Fatal(err)
	}
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	other := dial(t, p)
	sub := subscribe(t, other, "inkling.confirmed.>")
	sub.SetPendingLimits(-1, -1)
	if err := other.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := run(dial(t, p), nil); err != nil {
		t.Fatal(err)
	}
	seen := map[string]uint64{}
	for i := range streams * labels {
		msg, err := sub.NextMsg(time.Minute)
		if err != nil {
			t.Fatalf("after %d of %d events: %v", i, streams*labels, err)
		}
		var e stream.Event
		if err := json.Unmarshal(msg.Data, &e); err != nil {
			t.Fatal(err)
		}
		seen[e.Stream]++
		if want := seen[e.Stream]; e.Segment != want || msg.Header.Get(nats.MsgIdHdr) != fmt.Sprintf("s/%s/%d/confirmed", e.Stream, want) {
			t.Fatalf("%s has segment %d with id %q, want %d", e.Stream, e.Segment, msg.Header.Get(nats.MsgIdHdr), want)
		}
	}
	t.Logf("%d events of %d streams, heap %.1f MB before and %.1f MB after", streams*labels, len(seen), float64(before.HeapAlloc)/1e6, float64(after.HeapAlloc)/1e6)
}
