// Package exposition counts, and writes what it has counted in the text format of
// Prometheus (prometheus.io/docs/instrumenting/exposition_formats). It has what
// stream/metrics needs of the client library, in a fortieth of its size: the small build for
// devices uses it in place of that library, and the tests of stream/metrics hold both to the
// same page.
//
// Counting allocates nothing, and may be done by several goroutines at once.
package exposition

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// A Collector has figures to write. It calls emit for each.
type Collector interface{ Collect(emit func(Metric)) }

// A Metric is one figure with its labels.
type Metric struct {
	Desc   *Desc
	Value  float64
	Labels []string // values of Desc.Labels

	suffix string // _bucket, _sum or _count of a histogram
	le     string // of a bucket
}

// A Desc describes a figure.
type Desc struct {
	Name, Help string
	Kind       string   // counter, gauge or histogram
	Labels     []string // names
}

// A Counter only grows.
type Counter struct {
	desc   *Desc
	labels []string
	bits   atomic.Uint64
}

// NewCounter returns a counter without labels.
func NewCounter(name, help string) *Counter {
	return &Counter{desc: &Desc{Name: name, Help: help, Kind: "counter"}}
}

// Add adds v, which is not negative.
func (c *Counter) Add(v float64) {
	for {
		old := c.bits.Load()
		if c.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// Inc adds 1.
func (c *Counter) Inc() { c.Add(1) }

// Collect implements Collector.
func (c *Counter) Collect(emit func(Metric)) {
	emit(Metric{Desc: c.desc, Value: math.Float64frombits(c.bits.Load()), Labels: c.labels})
}

// A CounterVec is a counter for each combination of the values of its labels.
type CounterVec struct {
	desc *Desc
	mu   sync.Mutex
	all  []*Counter
}

// NewCounterVec returns a CounterVec with labels of these names.
func NewCounterVec(name, help string, labels []string) *CounterVec {
	return &CounterVec{desc: &Desc{Name: name, Help: help, Kind: "counter", Labels: labels}}
}

// WithLabelValues returns the counter of these values. The caller keeps it: finding it again
// takes time proportional to the number of counters.
func (v *CounterVec) WithLabelValues(values ...string) *Counter {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.all {
		if slices.Equal(c.labels, values) {
			return c
		}
	}
	c := &Counter{desc: v.desc, labels: slices.Clone(values)}
	v.all = append(v.all, c)
	return c
}

// Collect implements Collector.
func (v *CounterVec) Collect(emit func(Metric)) {
	v.mu.Lock()
	all := slices.Clone(v.all)
	v.mu.Unlock()
	for _, c := range all {
		c.Collect(emit)
	}
}

// A Histogram counts values by their size.
type Histogram struct {
	desc  *Desc
	upper []float64 // bounds of buckets, ascending
	n     []atomic.Uint64
	sum   Counter
}

// NewHistogram returns a histogram with buckets up to each of these bounds, ascending, and
// one for what is above them.
func NewHistogram(name, help string, upper []float64) *Histogram {
	return &Histogram{desc: &Desc{Name: name, Help: help, Kind: "histogram"}, upper: upper, n: make([]atomic.Uint64, len(upper)+1)}
}

// Observe counts v.
func (h *Histogram) Observe(v float64) {
	i, _ := slices.BinarySearch(h.upper, v)
	h.n[i].Add(1)
	h.sum.Add(v)
}

// Collect implements Collector.
func (h *Histogram) Collect(emit func(Metric)) {
	var total uint64
	for i := range h.n {
		total += h.n[i].Load()
		le := "+Inf"
		if i < len(h.upper) {
			le = number(h.upper[i])
		}
		emit(Metric{Desc: h.desc, Value: float64(total), suffix: "_bucket", le: le})
	}
	emit(Metric{Desc: h.desc, Value: math.Float64frombits(h.sum.bits.Load()), suffix: "_sum"})
	emit(Metric{Desc: h.desc, Value: float64(total), suffix: "_count"})
}

// A Registry writes the figures of its collectors.
type Registry struct {
	mu  sync.Mutex
	all []registered
}

type registered struct {
	c           Collector
	label, name string // added to every figure of c; "": none
}

// Register adds a collector. If label is not empty, all its figures have this label too.
func (r *Registry) Register(c Collector, label, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, registered{c, label, value})
}

// Unregister takes a collector away.
func (r *Registry) Unregister(c Collector) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(x registered) bool { return x.c == c })
}

// ServeHTTP writes all figures.
func (r *Registry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	r.WriteTo(w)
}

// WriteTo writes all figures, those of a name together, in the order of names and labels.
func (r *Registry) WriteTo(w io.Writer) (int64, error) {
	r.mu.Lock()
	all := slices.Clone(r.all)
	r.mu.Unlock()
	families := map[string]*family{}
	for _, x := range all {
		x.c.Collect(func(m Metric) {
			f := families[m.Desc.Name]
			if f == nil {
				f = &family{desc: m.Desc}
				families[m.Desc.Name] = f
			}
			f.lines = append(f.lines, line{key: labels(&m, x.label, x.name, false), text: m.Desc.Name + m.suffix + labels(&m, x.label, x.name, true) + " " + number(m.Value) + "\n"})
		})
	}
	var b strings.Builder
	for _, f := range sorted(families) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.desc.Name, helpEscapes.Replace(f.desc.Help), f.desc.Name, f.desc.Kind)
		slices.SortStableFunc(f.lines, func(a, b line) int { return strings.Compare(a.key, b.key) })
		for _, l := range f.lines {
			b.WriteString(l.text)
		}
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

type family struct {
	desc  *Desc
	lines []line
}

// A line is one of the page; lines of one key keep their order.
type line struct{ key, text string }

func sorted(families map[string]*family) []*family {
	list := make([]*family, 0, len(families))
	for _, f := range families {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *family) int { return strings.Compare(a.desc.Name, b.desc.Name) })
	return list
}

// labels writes the labels of m and a further one in the order of their names, then le.
func labels(m *Metric, name, value string, le bool) string {
	var list []string
	for i, n := range m.Desc.Labels {
		list = append(list, n+`="`+escapes.Replace(m.Labels[i])+`"`)
	}
	if name != "" {
		list = append(list, name+`="`+escapes.Replace(value)+`"`)
	}
	slices.Sort(list)
	if le && m.le != "" {
		list = append(list, `le="`+m.le+`"`)
	}
	if len(list) == 0 {
		return ""
	}
	return "{" + strings.Join(list, ",") + "}"
}

var (
	escapes     = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	helpEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
)

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
