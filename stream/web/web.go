// Package web shows what streams do on a page that a browser opens: the signal, the
// probabilities, the labels and why they were given, and lets people correct them.
//
// New makes a Page, whose Handler serves it and everything that it needs; nothing is asked
// of another host. Page.Pipeline returns what a stream.Run tells the page: it is a Sink, a
// Tap and a Meter. What the page remembers is bounded in bytes, over all streams, and what
// a browser can ask of it is bounded too.
package web

import (
	"cmp"
	"container/list"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"sync"
	"time"

	"inkling/model"
	"inkling/stream"
)

// Options configure New. A zero field takes the default in brackets.
type Options struct {
	Token  string        // browsers must know it [none]
	Open   bool          // other machines reach the page: without a Token it is refused
	Memory int           // bytes of signals and events that are remembered [64 MB]
	Back   time.Duration // of signal that is remembered of a stream [5 min]
	Most   int           // browsers at once [32]
}

// A host is what every page has: who may see it, and how many at once.
type host struct {
	o      Options
	server string // tells this process from the one before
	guests chan struct{}
	busy   chan struct{} // what takes long is done one after another
	ended  chan struct{} // closed by Close
	end    func()
}

func newHost(o Options) host {
	o.Most = cmp.Or(o.Most, 32)
	var id [6]byte
	rand.Read(id[:])
	h := host{o: o, server: hex.EncodeToString(id[:]), guests: make(chan struct{}, o.Most), busy: make(chan struct{}, 1), ended: make(chan struct{})}
	h.end = sync.OnceFunc(func() { close(h.ended) })
	return h
}

// Close lets the browsers go, so that the server can end.
func (p *host) Close() { p.end() }

// A Page is what browsers are shown. Its methods may be called by several goroutines.
type Page struct {
	host

	mu        sync.Mutex // guards everything below, and the pipelines
	pipelines []*Pipeline
	held      list.List // of *piece, the oldest first
	bytes     int       // in them
}

// New returns a page without pipelines.
func New(o Options) *Page {
	o.Memory = cmp.Or(o.Memory, 64<<20)
	o.Back = cmp.Or(o.Back, 5*time.Minute)
	return &Page{host: newHost(o)}
}

// Setup says what a pipeline is. Its functions may be called at any time, by several
// goroutines; Now must be quick.
type Setup struct {
	Now     func() (*model.Model, *stream.Options)                        // the model and the options that streams go on with
	Correct func(Correction) (where string, err error)                    // keeps a correction; nil: there is no place for it
	Save    func(*model.Model, *stream.Options) (where string, err error) // takes a model with other thresholds over; nil: it cannot
	Network func(*model.Model) (svg []byte, err error)                    // draws a model; nil: it is not drawn
	Hint    func(what string) (remedy string)                             // says how Correct ("correct") or Save ("save"), if nil, come to be
}

// A Correction says what a segment was in truth, or with Label "" that what was said of it
// before is taken back.
type Correction struct {
	Session, Stream string
	Segment         uint64
	Start, End      uint64 // [Start, End), samples of the source
	Told            string // the label that was given
	P               float64
	Label           string // the right one
	Rate            float64
	Channels        int
	Samples         []float32 // of the segment, channels interleaved; nil: no longer remembered
}

// Pipeline returns the pipeline of a name, which takes the place of the one that had it.
func (p *Page) Pipeline(name string, s Setup) *Pipeline {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.pipelines {
		if l.name == name {
			l.setup = s
			return l
		}
	}
	l := &Pipeline{page: p, name: name, setup: s, lanes: map[string]*lane{}}
	p.pipelines = append(p.pipelines, l)
	return l
}

// Forget drops the pipeline of a name and all that is remembered of it.
func (p *Page) Forget(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pipelines = slices.DeleteFunc(p.pipelines, func(l *Pipeline) bool {
		if l.name != name {
			return false
		}
		for e := l.recent.Front(); e != nil; e = e.Next() {
			e.Value.(*lane).forget()
		}
		return true
	})
}

// pipeline returns that of a name, or the first one; nil if there is none.
func (p *Page) pipeline(name string) *Pipeline {
	for _, l := range p.pipelines {
		if l.name == name || name == "" {
			return l
		}
	}
	return nil
}

// Handler serves the page at "/" and what it asks for.
func (p *Page) Handler() http.Handler { return p.guard(p.routes()) }
