// Package metrics counts what streams do, for Prometheus.
//
// New returns a Set. Set.Pipeline returns a stream.Meter, which goes into
// stream.RunOptions, and Set.Handler answers scrapes. Nothing is counted per stream, and
// labels come from the model and from fixed lists, so that strangers who choose names of
// streams cannot make the page grow. Counting allocates nothing.
package metrics

import (
	"net/http"
	"sync"

	"inkling/internal/disk"
)

// A Set is what one page shows.
type Set struct {
	registry registry

	mu     sync.Mutex
	meters map[string]*Meter
}

// New returns a Set with the figures of the process and of Go.
func New() *Set {
	s := &Set{registry: newRegistry(), meters: map[string]*Meter{}}
	for _, area := range disk.Areas() {
		bytes := func() float64 { n, _ := area.Written(); return float64(n) }
		syncs := func() float64 { _, n := area.Written(); return float64(n) }
		s.registry.count("inkling_disk_written_bytes_total", "Bytes written to files.", "area", area.String(), bytes)
		s.registry.count("inkling_disk_syncs_total", "Times that the program waited until files or folders were on the disk.", "area", area.String(), syncs)
	}
	return s
}

// Pipeline returns the meter of a pipeline. Its figures carry the name in the label
// pipeline; the same name has the same meter, which counts on.
func (s *Set) Pipeline(name string) *Meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.meters[name]
	if m == nil {
		m = newMeter()
		s.meters[name] = m
		s.registry.add(m, name)
	}
	return m
}

// Forget drops the figures of a pipeline that is no more.
func (s *Set) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meters[name]; m != nil {
		delete(s.meters, name)
		s.registry.drop(m, name)
	}
}

// Reconnects adds the number of times that a connection of the process was made again.
func (s *Set) Reconnects(of string, count func() uint64) error {
	return s.registry.count("inkling_connection_reconnects_total", "Times that a connection to a server was made again.", "connection", of,
		func() float64 { return float64(count()) })
}

// Handler returns the page.
func (s *Set) Handler() http.Handler {
	return s.registry.handler()
}
