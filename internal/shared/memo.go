package shared

import (
	"bytes"
	"slices"
	"sync"
	"unsafe"
)

// A Memo keeps the last results of functions of vectors, for several who ask for the same
// ones at about the same time: each is computed once, and forgotten when all have had it.
// What is compared is the input itself, bit by bit. A Memo may be used by several
// goroutines.
type Memo struct {
	mu       sync.Mutex
	results  []*result // the oldest first
	users    int       // who ask for each result
	most     int       // results
	values   int       // that the results keep
	there    uint64
	computed uint64
}

// A Function computes a result. It is comparable, and for one number and one input it
// always appends the same.
type Function interface {
	Compute(dst []float32, number uint64, x []float32) []float32
}

type result struct {
	of     Function
	number uint64
	input  []float32
	values []float32
	asked  int // how often
}

// A Memo keeps at least leastResults, and more if they come in larger runs, up to
// mostResults and about mostValues numbers.
const (
	leastResults = 64
	mostResults  = 4096
	mostValues   = 1 << 17
	runsApart    = 16 // that users may be apart: a capture.Tee keeps them nearer
)

var pool Pool[result]

// NewMemo returns a Memo without users.
func NewMemo() *Memo { return &Memo{most: leastResults} }

// Serve makes users the number of those who each ask once for each result. For a single one
// nothing is kept.
func (m *Memo) Serve(users int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.users = users; users < 2 && len(m.results) > 0; {
		m.drop(len(m.results) - 1)
	}
}

// Expect says that n results are asked for in one run.
func (m *Memo) Expect(n int) {
	if m == nil || n <= leastResults/runsApart {
		return
	}
	m.mu.Lock()
	m.most = max(m.most, min(runsApart*n, mostResults))
	m.mu.Unlock()
}

// Append appends to dst what of computes for a number and an input, or has computed for
// another user; whoever else asks waits meanwhile. A nil Memo computes.
func (m *Memo) Append(dst []float32, of Function, number uint64, x []float32) []float32 {
	if m == nil {
		return of.Compute(dst, number, x)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.results) - 1; i >= 0; i-- {
		r := m.results[i]
		if r.number != number || !same(r.input, x) || r.of != of {
			continue
		}
		dst = append(dst, r.values...)
		m.there++
		if r.asked++; r.asked >= m.users {
			m.drop(i)
		}
		return dst
	}
	m.computed++
	from := len(dst)
	dst = of.Compute(dst, number, x)
	if m.users > 1 {
		m.keep(of, number, x, dst[from:])
	}
	return dst
}

// same reports whether two vectors have the same bits.
func same(x, y []float32) bool {
	n := len(x)
	if n != len(y) || n == 0 {
		return n == len(y)
	}
	return x[n-1] == y[n-1] && x[n/2] == y[n/2] && bytes.Equal(bits(x), bits(y))
}

func bits(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

func (m *Memo) keep(of Function, number uint64, x, values []float32) {
	size := len(x) + len(values)
	for len(m.results) > 0 && (len(m.results) >= m.most || m.values+size > mostValues) {
		m.drop(0)
	}
	r := pool.Get()
	r.of, r.number, r.asked = of, number, 1
	r.input, r.values = append(r.input[:0], x...), append(r.values[:0], values...)
	m.results = append(m.results, r)
	m.values += size
}

func (m *Memo) drop(i int) {
	r := m.results[i]
	m.values -= len(r.input) + len(r.values)
	m.results = slices.Delete(m.results, i, i+1)
	r.of = nil
	pool.Put(r)
}

// Asked returns how often a result was there, and how often it had to be computed.
func (m *Memo) Asked() (there, computed uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.there, m.computed
}
