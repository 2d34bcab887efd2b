package shared

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

type table struct{ _ [1000]int }

// TestCache makes a value once for all goroutines, and again after nobody has it.
func TestCache(t *testing.T) {
	var c Cache[string, table]
	made := 0
	create := func() *table { made++; return new(table) }
	got := make([]*table, 8)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() { got[i] = c.Get("a", create) })
	}
	all.Wait()
	for _, v := range got {
		if v != got[0] {
			t.Fatal("two values of one key")
		}
	}
	if other := c.Get("b", create); other == got[0] || made != 2 {
		t.Errorf("%d values made of two keys", made)
	}
	runtime.KeepAlive(got)
	clear(got)
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		runtime.GC()
		c.mu.Lock()
		n := len(c.of)
		c.mu.Unlock()
		if n == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d keys of values that nobody has", n)
		}
	}
	if c.Get("a", create); made != 3 {
		t.Errorf("%d values made, want 3", made)
	}
}

func TestPool(t *testing.T) {
	var p Pool[table]
	a, b := p.Get(), p.Get()
	if a == b {
		t.Fatal("two have the same")
	}
	p.Put(a)
	p.Put(b)
	if p.Get() == nil {
		t.Fatal("nothing")
	}
}
