// Package shared holds what many streams have together: tables by their key, and memory
// that a stream needs for a moment only.
package shared

import (
	"runtime"
	"sync"
	"weak"
)

// A Cache makes each value once and gives it to all who ask for it. What nobody has any
// more is collected. The zero Cache is empty. Values must not change.
type Cache[K comparable, V any] struct {
	mu sync.Mutex
	of map[K]weak.Pointer[V]
}

// Get returns the value of key, which create makes if nobody has it.
func (c *Cache[K, V]) Get(key K, create func() *V) *V {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v := c.of[key].Value(); v != nil {
		return v
	}
	v := create()
	if c.of == nil {
		c.of = map[K]weak.Pointer[V]{}
	}
	c.of[key] = weak.Make(v)
	runtime.AddCleanup(v, c.forget, key)
	return v
}

// forget drops the key of a collected value, unless it has been made anew.
func (c *Cache[K, V]) forget(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[key].Value() == nil {
		delete(c.of, key)
	}
}

// A Pool is a sync.Pool of pointers to T; Get returns a new T when it is empty.
type Pool[T any] struct{ p sync.Pool }

// Get returns a T of which nothing is known but that nobody else has it.
func (p *Pool[T]) Get() *T {
	if v := p.p.Get(); v != nil {
		return v.(*T)
	}
	return new(T)
}

// Put gives v back. The caller must not use it any more.
func (p *Pool[T]) Put(v *T) { p.p.Put(v) }
