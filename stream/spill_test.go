package stream

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"inkling/internal/testkit"
)

// numberedEvent is the i-th event that must not be lost.
func numberedEvent(i int) *Event {
	if i%10 == 0 {
		e := NewGap(Header{Session: "s", Stream: "a", Sample: uint64(i), Number: uint64(i)}, 3, "reset", "")
		return &e
	}
	return &Event{Type: Confirmed, Header: Header{Session: "s", Stream: "a", Segment: uint64(i), Sample: uint64(i)}, Answer: Answer{Label: "x", P: 0.25, Top: []Score{{"x", 0.25}}}}
}

// spill returns s with a folder.
func spill(t *testing.T, s Sink, dir string, max int64) *Spilled {
	t.Helper()
	p, err := Spill(s, SpillOptions{Dir: dir, Max: max})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// inOrder checks that events are numberedEvents from one on, each once, beside those of
// status, and returns how many they are and the reasons of those.
func inOrder(t *testing.T, events []Event, from int) (n int, reasons []string) {
	t.Helper()
	for _, e := range events {
		switch e.Type {
		case Status:
			reasons = append(reasons, e.Reason)
			continue
		case Running:
			continue
		}
		want := *numberedEvent(from + n)
		if got := string(AppendJSON(nil, &e)); got != string(AppendJSON(nil, &want)) || e.Number != want.Number {
			t.Fatalf("event %d is %s, number %d", from+n, got, e.Number)
		}
		n++
	}
	return n, reasons
}

// What is more than memory may hold waits on the disk, and comes in order.
func TestSpillOutlivesAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, keep = 12_000, 1 << 20
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{spill(t, s, t.TempDir(), 1<<30)}, true, keep, time.Minute)
		for i := range n {
			f.send(numberedEvent(i + 1))
			f.send(&Event{Type: Running, Answer: Answer{Warm: true}})
			if bytes, _ := inMemory(f); bytes > keep+1<<21 { // queueLength events there may be
				t.Fatalf("%d bytes are in memory", bytes)
			}
		}
		if err := f.err(); err != nil {
			t.Fatal(err)
		}
		if _, behind := inMemory(f); behind < n/3 {
			t.Errorf("only %d events are on the disk alone", behind)
		}
		close(s.let)
		synctest.Wait()
		f.send(numberedEvent(n + 1))
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
		got, reasons := inOrder(t, s.events, 1)
		if got != n+1 {
			t.Errorf("%d events of %d", got, n+1)
		}
		for i, want := range []string{"events that must not be lost are kept in", "running events dropped", "has been sent"} {
			if !strings.Contains(strings.Join(reasons, "\n"), want) {
				t.Errorf("%d: no %q in %q", i, want, reasons)
			}
		}
	})
}

// inMemory returns the bytes that the first outlet keeps in memory, and the events that are on
// the disk alone.
func inMemory(f *fan) (bytes, behind int) {
	o := f.outlets[0]
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes, int(o.behind)
}

// What an earlier run has not delivered comes first, whether that was in memory or not.
func TestSpillOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, keep = 6_000, 1 << 20
		dir := t.TempDir()
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{spill(t, s, dir, 1<<30)}, true, keep, time.Second)
		for i := range n {
			f.send(numberedEvent(i + 1))
		}
		f.limit()
		err := f.close()
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d that must not be lost wait in %s for the next start", n+1, dir)) { // the status too
			t.Fatal(err)
		}
		var k kept
		p := spill(t, &k, dir, 1<<30)
		testkit.Message(t, "note", fmt.Errorf("%s", strings.Join(p.Notes(), "\n")), fmt.Sprintf("%s: %d events of an earlier run wait there and are sent first", dir, n+1))
		f = newFan([]Sink{p}, true, keep, time.Second)
		for i := range 10 {
			f.send(numberedEvent(n + i + 1))
		}
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
		if got, _ := inOrder(t, k.events, 1); got != n+10 {
			t.Errorf("%d events of %d", got, n+10)
		}
		p = spill(t, &k, dir, 1<<30)
		defer p.Close()
		if len(p.Notes()) > 0 {
			t.Error(p.Notes())
		}
	})
}

// A disk that has no more room is told; what comes then is kept in memory, and in order.
func TestFullSpill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{spill(t, s, t.TempDir(), 1<<21)}, true, 1<<20, time.Minute)
		n := 0
		tail := func() int {
			o := f.outlets[0]
			o.mu.Lock()
			defer o.mu.Unlock()
			return len(o.tail)
		}
		for ; tail() < 500; n++ {
			f.send(numberedEvent(n + 1))
			if err := f.err(); err != nil || n > 50_000 {
				t.Fatal(n, err)
			}
		}
		if _, behind := inMemory(f); behind == 0 {
			t.Error("nothing is on the disk alone")
		}
		close(s.let)
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
		got, reasons := inOrder(t, s.events, 1)
		if got != n || !strings.Contains(strings.Join(reasons, "\n"), "takes nothing: the log is full") {
			t.Errorf("%d events, %q", got, reasons)
		}
	})
}

// Beyond disk and memory the sink has failed.
func TestSpillIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{spill(t, s, t.TempDir(), 1<<20)}, true, 1<<18, time.Minute)
		for i := 0; f.err() == nil; i++ {
			if i > 50_000 {
				t.Fatal("there is no bound")
			}
			f.send(numberedEvent(i + 1))
		}
		if err := f.close(); err == nil || !strings.Contains(err.Error(), "more than the 0.2621 MB of RunOptions.Keep") {
			t.Error(err)
		}
	})
}

// A state can be saved during an outage if what must not be lost is on the disk.
func TestBarrierDoesNotWaitForASpilledSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{spill(t, s, t.TempDir(), 1<<30), &kept{}}, true, 1<<20, time.Minute)
		f.send(numberedEvent(1))
		if err := f.barrier("s", time.Now()).wait(); err != nil {
			t.Error(err)
		}
		close(s.let)
		f.close()
	})
}

// A record that is none is told, and the others come.
func TestSpilledRecordThatIsNone(t *testing.T) {
	dir := t.TempDir()
	var k kept
	p := spill(t, &k, dir, 1<<30)
	for i := range 3 {
		p.log.Append(appendRecord(nil, numberedEvent(i+1)))
	}
	p.log.Append([]byte("no event"))
	p.log.Append(nil)
	p.log.Append(appendRecord(nil, numberedEvent(4)))
	f := newFan([]Sink{p}, true, 1<<20, time.Minute)
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	got, reasons := inOrder(t, k.events, 1)
	if got != 4 || !strings.Contains(strings.Join(reasons, "\n"), "2 events that were kept there cannot be read") {
		t.Errorf("%d events, %q", got, reasons)
	}
	p = spill(t, &k, dir, 1<<30)
	defer p.Close()
	if p.log.Len() != 0 {
		t.Errorf("%d records are left", p.log.Len())
	}
}

// An event in the log is what it was.
func FuzzSpilledRecord(f *testing.F) {
	f.Add(appendRecord(nil, numberedEvent(3)))
	f.Add(appendRecord(nil, numberedEvent(10)))
	f.Fuzz(func(t *testing.T, record []byte) {
		e, err := parseRecord(record)
		if err != nil {
			return
		}
		again, err := parseRecord(appendRecord(nil, &e))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := AppendJSON(nil, &e), AppendJSON(nil, &again); string(a) != string(b) {
			t.Fatalf("%s became %s", a, b)
		}
	})
}
