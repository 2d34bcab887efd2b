//go:build edge

package metrics

import (
	"net/http"

	"inkling/internal/exposition"
)

// What counts is a small package of our own, for devices; prometheus.go has the same with
// Prometheus's library.
type (
	counter    = *exposition.Counter
	counterVec = exposition.CounterVec
	histogram  = *exposition.Histogram
	collector  = exposition.Collector
	desc       = *exposition.Desc
)

func newCounter(name, help string) counter { return exposition.NewCounter(name, help) }

func newCounterVec(name, help string, labels []string) *counterVec {
	return exposition.NewCounterVec(name, help, labels)
}

func newHistogram(name, help string, upper []float64) histogram {
	return exposition.NewHistogram(name, help, upper)
}

func newGauge(name, help string, labels ...string) desc {
	return &exposition.Desc{Name: name, Help: help, Kind: "gauge", Labels: labels}
}

func newTotal(name, help string, labels ...string) desc {
	return &exposition.Desc{Name: name, Help: help, Kind: "counter", Labels: labels}
}

// Collect implements exposition.Collector.
func (m *Meter) Collect(emit func(exposition.Metric)) {
	for _, c := range m.all {
		c.Collect(emit)
	}
	m.each(func(d desc, v float64, labels ...string) {
		emit(exposition.Metric{Desc: d, Value: v, Labels: labels})
	})
}

// registry has the collectors of a page.
type registry struct{ *exposition.Registry }

func newRegistry() registry {
	r := registry{&exposition.Registry{}}
	r.Register(exposition.NewProcess(), "", "")
	return r
}

func (r registry) add(m *Meter, name string) { r.Register(m, "pipeline", name) }
func (r registry) drop(m *Meter, _ string)   { r.Unregister(m) }

// count adds a counter that is read when the page is.
func (r registry) count(name, help, label, value string, read func() float64) error {
	r.Register(&reading{newTotal(name, help), read}, label, value)
	return nil
}

// A reading is a counter that is read when the page is.
type reading struct {
	desc desc
	read func() float64
}

func (r *reading) Collect(emit func(exposition.Metric)) {
	emit(exposition.Metric{Desc: r.desc, Value: r.read()})
}

func (r registry) handler() http.Handler { return r }
