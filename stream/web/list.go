package web

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"inkling/stream"
)

// A listing is what the list of streams shows.
type listing struct {
	Total    int      `json:"total"` // streams
	Matching int      `json:"match"` // the query
	Rows     []row    `json:"rows"`
	Rates    rates    `json:"rates"`
	Workers  int      `json:"workers"`
	Waiting  int      `json:"waiting"` // blocks
	Sinks    []string `json:"sinks"`   // what is wrong with them
	Held     int      `json:"held"`    // bytes that the page remembers
}

// A row is a stream: name, label, p, open, seconds since the last block, since the last
// event, level, segments, gaps, lost samples, latency, health, reason.
type row [13]any

// load returns what the pipeline's Run has to do, if it is time for the list. It is not
// called under the page's lock, since a Run that delivers waits for that.
func (g *guest) load(now time.Time) (load stream.Load) {
	if now.Sub(g.listed) < listEvery {
		return load
	}
	g.page.mu.Lock()
	var ask func() stream.Load
	if l := g.page.pipeline(g.pipeline); l != nil {
		ask = l.load
	}
	g.page.mu.Unlock()
	if ask != nil {
		load = ask()
	}
	return load
}

func (g *guest) list(load stream.Load, now time.Time) *listing {
	out := &listing{Rows: []row{}, Sinks: []string{}, Held: g.page.bytes, Workers: load.Workers, Waiting: load.Blocks}
	l := g.page.pipeline(g.pipeline)
	if l == nil {
		return out
	}
	out.Total, out.Rates = len(l.lanes), l.rates(now)
	for _, s := range l.matching(g) {
		out.Matching++
		if len(out.Rows) < rowsMost {
			out.Rows = append(out.Rows, s.row(now))
		}
	}
	for i, s := range load.Sinks {
		if s.Err != nil {
			out.Sinks = append(out.Sinks, fmt.Sprintf("sink %d: %v", i+1, s.Err))
		} else if s.Stalled {
			out.Sinks = append(out.Sinks, fmt.Sprintf("sink %d takes nothing: %d events wait for it", i+1, s.Events))
		}
	}
	return out
}

func (s *lane) row(now time.Time) row {
	age := func(t time.Time) any {
		if t.IsZero() {
			return nil
		}
		return float64(now.Sub(t).Milliseconds()) / 1000
	}
	var loud any
	if c := s.last(); c != nil {
		n := min(len(c.values), max(int(s.format.Rate)/10, 1)*max(s.format.Channels, 1))
		loud = float64(int(10*level(c.values[len(c.values)-n:]))) / 10
	}
	return row{s.name, s.label, finite(s.p), s.open, age(s.lastBlock), age(s.lastEvent), loud, s.segments, s.gaps, s.lost, s.latency, s.state, s.reason}
}

func finite(p float32) any {
	if p != p || p > 3e38 || p < -3e38 {
		return nil
	}
	return p
}

func contains(name, query string) bool {
	return query == "" || utf8.ValidString(query) && strings.Contains(strings.ToLower(name), query)
}

// matching returns the streams that the query asks for: those that had an event last first,
// or by name.
func (l *Pipeline) matching(g *guest) (all []*lane) {
	for e := l.recent.Back(); e != nil; e = e.Prev() {
		if s := e.Value.(*lane); contains(s.name, g.query) {
			all = append(all, s)
		}
	}
	if g.byName {
		slices.SortFunc(all, func(a, b *lane) int { return strings.Compare(a.name, b.name) })
	}
	return all
}
