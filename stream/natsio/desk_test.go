package natsio

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counter tells apart what became of requests.
type counter struct {
	mu   sync.Mutex
	done []string
	now  int // being done
	peak int
}

// ask gives a request to d that lasts until release is closed, if that is not nil.
func (c *counter) ask(d *desk, name string, samples float64, bytes int, release chan struct{}) {
	note := func(how string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.done = append(c.done, how+" "+name)
	}
	d.take(&request{samples: samples, bytes: bytes, refuse: func(why string) { note(why) }, do: func() {
		c.mu.Lock()
		c.now++
		c.peak = max(c.peak, c.now)
		c.mu.Unlock()
		if release != nil {
			<-release
		}
		c.mu.Lock()
		c.now--
		c.mu.Unlock()
		note("did")
	}}, time.Now())
}

// However many long requests there are, a short one is done while they still run.
func TestShortRequestsDoNotWaitForLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, places := range []int{0, 1, 2, 5} {
			d, c, release := newDesk(places, 1<<20), &counter{}, make(chan struct{})
			for i := range 10 {
				c.ask(d, fmt.Sprint("long", i), 1e7, 1000, release)
			}
			synctest.Wait()
			c.ask(d, "short", 1e4, 1000, nil)
			synctest.Wait()
			if !slices.Equal(c.done, []string{"did short"}) {
				t.Errorf("%d places: %v", places, c.done)
			}
			close(release)
			d.close()
			if len(c.done) != 11 || c.peak > max(places, 2) {
				t.Errorf("%d places: %d at once, %v", places, c.peak, c.done)
			}
		}
	})
}

// Every request is done or refused, and what waits is bounded.
func TestTheExcessIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, room = 1000, 20
		d, c, release := newDesk(3, room*(size+requestCost)), &counter{}, make(chan struct{})
		for i := range 100 {
			c.ask(d, fmt.Sprint(i), 1e4, size, release)
		}
		synctest.Wait()
		if want := 100 - room - 3; len(c.done) != want || c.done[0] != overloaded+" 23" {
			t.Errorf("%d were refused, want %d: %v", len(c.done), want, c.done[:1])
		}
		close(release)
		synctest.Wait()
		if len(c.done) != 100 || c.peak != 3 || d.bytes != 0 {
			t.Errorf("%d of 100 ended, %d at once; %d bytes wait", len(c.done), c.peak, d.bytes)
		}
	})
}

// A request larger than the bound is done if nothing else is; a long one is overtaken, but
// not for ever.
func TestEveryRequestHasItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := newDesk(2, 100), &counter{}
		c.ask(d, "large", 1e7, 1e6, nil)
		synctest.Wait()
		if !slices.Equal(c.done, []string{"did large"}) {
			t.Errorf("%v", c.done)
		}
		d, c = newDesk(2, 1<<30), &counter{}
		release, gate := make(chan struct{}), make(chan struct{})
		c.ask(d, "first", 1e4, 0, release)
		c.ask(d, "second", 1e4, 0, gate)
		synctest.Wait()
		c.ask(d, "long", 1e6, 0, nil) // due in 20 s
		for i := range 30 {
			c.ask(d, fmt.Sprint(i), 1e4, 0, nil)
			time.Sleep(time.Second)
		}
		close(release)
		synctest.Wait()
		at := slices.Index(c.done, "did long")
		if at < 10 || at > 25 || len(c.done) != 32 {
			t.Errorf("the long request is number %d of %v", at, c.done)
		}
		close(gate)
	})
}

// Stopping refuses what waits and finishes what has begun.
func TestStoppingRefusesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c, release := newDesk(2, 1<<20), &counter{}, make(chan struct{})
		for i := range 4 {
			c.ask(d, fmt.Sprint(i), 1, 0, release)
		}
		closed := make(chan struct{})
		go func() { d.close(); close(closed) }()
		synctest.Wait()
		if !slices.Equal(c.done, []string{stopping + " 2", stopping + " 3"}) {
			t.Errorf("%v", c.done)
		}
		c.ask(d, "late", 1, 0, nil)
		if c.done[2] != stopping+" late" {
			t.Errorf("%v", c.done)
		}
		close(release)
		<-closed
		if len(c.done) != 5 {
			t.Errorf("%v", c.done)
		}
	})
}
