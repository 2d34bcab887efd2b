package mic

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/keep"
	"inkling/stream/natsio"
)

// A broker is a NATS server that lives in a bubble of fake time: it notes what is published.
type broker struct {
	mu     sync.Mutex
	away   bool
	conns  []net.Conn
	events []stream.Event
}

// Dial implements nats.CustomDialer.
func (b *broker) Dial(string, string) (net.Conn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return nil, syscall.ECONNREFUSED
	}
	client, server := net.Pipe()
	b.conns = append(b.conns, server)
	go b.serve(server)
	return client, nil
}

func (b *broker) serve(c net.Conn) {
	defer c.Close()
	io.WriteString(c, `INFO {"server_id":"b","version":"2.12.0","proto":1,"headers":true,"max_payload":1048576}`+"\r\n")
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		switch words[0] {
		case "PING":
			io.WriteString(c, "PONG\r\n")
		case "PUB", "HPUB":
			n, _ := strconv.Atoi(words[len(words)-1])
			data := make([]byte, n+2)
			if _, err := io.ReadFull(lines, data); err != nil {
				return
			}
			if words[0] == "HPUB" {
				head, _ := strconv.Atoi(words[len(words)-2])
				data = data[head:]
			}
			b.note(data)
		}
	}
}

func (b *broker) note(data []byte) {
	var e stream.Event
	if err := json.Unmarshal(bytes.TrimSpace(data), &e); err != nil {
		panic(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

// set has the broker go away or come back.
func (b *broker) set(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
	for _, c := range b.conns {
		c.Close()
	}
	b.conns = nil
}

// lasting returns, of events, those that must not be lost, each once.
func lasting(events []stream.Event) (all []string) {
	seen := map[string]bool{}
	for _, e := range events {
		if line := fmt.Sprint(e.Type, " ", e.Segment, " ", e.Sample, " ", e.Lost, " ", e.Label); !e.Type.MayBeLost() && e.Type != stream.Status && !seen[line] {
			seen[line] = true
			all = append(all, line)
		}
	}
	return all
}

// heard is a sink that keeps what it gets.
type heard struct{ events []stream.Event }

func (h *heard) Write(_ context.Context, e *stream.Event) error {
	h.events = append(h.events, e.Clone())
	return nil
}
func (h *heard) Flush(context.Context) error { return nil }
func (h *heard) Close() error                { return nil }

// The card is pulled out and the broker goes away, both for hours: the run goes on, says so,
// counts on by the clock, and the broker gets every label of before and after.
func TestCardAndBrokerAwayForHours(t *testing.T) {
	const cardAway, brokerAway = 3 * time.Hour, time.Hour
	dir := t.TempDir()
	c := testmodel.Labels(1000, 1, "a", "b")
	c.Segment = segment.Config{Kind: segment.Fixed, Steps: 500}
	m := testmodel.New(t, c, rand.New(rand.NewPCG(1, 2)))
	var got heard
	b := &broker{}
	synctest.Test(t, func(t *testing.T) {
		nc, err := natsio.Connect(natsio.Options{URLs: "nats://127.0.0.1:4222"}, nats.SetCustomDialer(b))
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		published, err := natsio.NewSink(nc, "labels")
		if err != nil {
			t.Fatal(err)
		}
		spilled, err := stream.Spill(published, stream.SpillOptions{Dir: filepath.Join(dir, "spill")})
		if err != nil {
			t.Fatal(err)
		}
		kept, err := keep.Open(keep.Options{Dir: filepath.Join(dir, "kept"), When: []keep.When{keep.All}})
		if err != nil {
			t.Fatal(err)
		}
		first, second := newFake(), newFake()
		defer close(first.closed)
		defer close(second.closed)
		var there atomic.Pointer[fake]
		there.Store(first)
		card, err := start(Options{Settle: -1}, func(Options) (device, string, capture.Format, error) {
			d := there.Load()
			if d == nil {
				return nil, "", capture.Format{}, errors.New("no device")
			}
			return d, "card (hw:1,0)", capture.Format{Rate: 1000, Channels: 1}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer card.Close()
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error)
		o := &stream.RunOptions{Live: true, State: filepath.Join(dir, "state"), Save: time.Minute}
		o.Emit.Confirmed, o.Taps = true, []func(string) stream.Tap{kept.Tap}
		go func() { ended <- stream.Run(ctx, card, m, o, spilled, &got) }()
		sound := func(d *fake, seconds int) {
			for i := range 100 * seconds {
				d.deliver(block, float32(i%7)/10)
			}
		}
		sound(first, 5)
		there.Store(nil)
		first.fail(syscall.ENODEV)
		time.Sleep(cardAway - brokerAway/2)
		b.set(true)
		time.Sleep(brokerAway / 2)
		select {
		case err := <-ended:
			t.Fatal("the run has ended: ", err)
		default:
		}
		there.Store(second)
		time.Sleep(lastRetry)
		sound(second, 5) // while the broker is away
		time.Sleep(brokerAway / 2)
		b.set(false)
		time.Sleep(time.Minute)
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		kept.Close()
	})
	lost, back, labels := 0, 0, 0
	var before, after uint64 // the last sample of a label before, the first one after
	for _, e := range got.events {
		switch {
		case e.Type == stream.Status && strings.Contains(e.Reason, "is lost: no such device"):
			lost++
		case e.Type == stream.Status && strings.Contains(e.Reason, "card (hw:1,0) is back"):
			back++
		case e.Type == stream.Confirmed || e.Type == stream.Dropped:
			if labels++; back == 0 {
				before = e.End
			} else if after == 0 {
				after = e.Start
			}
		}
	}
	if away := uint64(cardAway.Seconds() * 1000); lost != 1 || back != 1 || after-before < away || after-before > away+3000 || labels < 18 {
		t.Errorf("told %d times that it is lost, %d times that it is back; the labels before end at %d, those after begin at %d; %d labels", lost, back, before, after, labels)
	}
	if want, have := lasting(got.events), lasting(b.events); strings.Join(want, "\n") != strings.Join(have, "\n") {
		t.Errorf("the broker has\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	if clips, err := keep.ReadIndex(filepath.Join(dir, "kept")); err != nil || len(clips) < 18 {
		t.Errorf("%d segments are kept: %v", len(clips), err)
	}
}

// While the card is away another one, which is the default now, is not taken for it.
func TestAnotherCardIsNotTakenForTheLostOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, other, second := newFake(), newFake(), newFake()
		for _, f := range []*fake{first, other, second} {
			defer close(f.closed)
		}
		type plugged struct {
			*fake
			name string
		}
		var now atomic.Pointer[plugged]
		now.Store(&plugged{first, "usb (hw:1,0)"})
		m, err := start(Options{Settle: -1}, func(Options) (device, string, capture.Format, error) {
			d := now.Load()
			return d.fake, d.name, capture.Format{Rate: 1000, Channels: 1}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		first.deliver(block, 1)
		next(t, m)
		now.Store(&plugged{other, "onboard (hw:0,0)"})
		first.fail(syscall.ENODEV)
		report(t, m, capture.Down, "usb (hw:1,0) is lost: no such device; trying to open it again")
		time.Sleep(time.Hour)
		now.Store(&plugged{second, "usb (hw:2,0)"})
		report(t, m, capture.Up, "usb (hw:1,0) is back")
		second.deliver(block, 2)
		if b, _ := next(t, m); b.Samples[0] != 2 || b.Offset < 3_600_000 {
			t.Errorf("sample %d is %v", b.Offset, b.Samples[0])
		}
	})
}
