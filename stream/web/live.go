package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/stream"
)

// How often browsers are told what is new, and how much at once.
const (
	tickEvery   = 100 * time.Millisecond
	listEvery   = time.Second
	stallsFor   = 10 * time.Second // a browser that takes nothing for this long is let go
	entriesMost = 4096
	columnsMost = 600
	firstBack   = 30 // seconds that a browser gets to begin with
	rowsMost    = 100
)

// A guest is one browser that watches a stream.
type guest struct {
	page     *Page
	pipeline string
	stream   string // "": the one that had an event last
	query    string
	byName   bool

	// what it has been told
	said    *model.Model
	options *stream.Options
	names   string // of the pipelines
	lane    *lane
	epoch   int
	session string
	seq     uint64
	column  uint64
	picture *picture
	again   bool // it has lost the connection, and knows what came before
	listed  time.Time
}

// live serves GET /api/live: what happens, as server-sent events, until the browser leaves.
func (p *Page) live(w http.ResponseWriter, r *http.Request) {
	leave := p.enter(w)
	if leave == nil {
		return
	}
	defer leave()
	q := r.URL.Query()
	g := &guest{page: p, pipeline: q.Get("pipeline"), stream: q.Get("stream"), query: strings.ToLower(q.Get("q")), byName: q.Get("sort") == "name"}
	g.goOn(r.Header.Get("Last-Event-ID"))
	p.events(w, r, tickEvery, func(dst []byte) []byte { return g.news(dst, time.Now()) })
}

// enter lets one more browser listen until leave is called; nil: it has been refused.
func (p *host) enter(w http.ResponseWriter) (leave func()) {
	select {
	case p.guests <- struct{}{}:
		return func() { <-p.guests }
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, fmt.Sprintf("%d pages are open, which is the most at once: close one of them", p.o.Most), http.StatusServiceUnavailable)
		return nil
	}
}

// events sends server-sent events, which news appends, until the browser leaves.
func (p *host) events(w http.ResponseWriter, r *http.Request, every time.Duration, news func(dst []byte) []byte) {
	rc := http.NewResponseController(w)
	rc.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	tick := time.NewTicker(every)
	defer tick.Stop()
	var out []byte
	for {
		if out = news(out[:0]); len(out) > 0 {
			rc.SetWriteDeadline(time.Now().Add(stallsFor))
			if _, err := w.Write(out); err != nil {
				return
			}
			if rc.Flush() != nil {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-p.ended:
			return
		case <-tick.C:
		}
	}
}

// goOn notes what the browser already knows, by the id of the last message that it got.
func (g *guest) goOn(id string) {
	f := strings.Split(id, "-")
	if len(f) != 4 || f[0] != g.page.server {
		return
	}
	epoch, err1 := strconv.Atoi(f[1])
	seq, err2 := strconv.ParseUint(f[2], 10, 64)
	column, err3 := strconv.ParseUint(f[3], 10, 64)
	if err1 == nil && err2 == nil && err3 == nil {
		g.epoch, g.seq, g.column, g.again = epoch, seq, column, true
	}
}

// A message is what a browser is told at once. Fields that are nil are left out.
type message struct {
	Hello *hello          `json:"hello,omitempty"`
	Tick  json.RawMessage `json:"tick,omitempty"`
	Wave  *strip          `json:"wave,omitempty"`
	List  *listing        `json:"list,omitempty"`
}

// news appends what is new as a server-sent event; nothing if nothing is.
func (g *guest) news(dst []byte, now time.Time) []byte {
	var m message
	load := g.load(now)
	g.page.mu.Lock()
	if l := g.page.pipeline(g.pipeline); l != nil {
		g.choose(l)
		m.Hello = g.hello(l)
		if g.lane != nil {
			m.Tick = g.tick()
			m.Wave = g.wave()
		}
	}
	if now.Sub(g.listed) >= listEvery || m.Hello != nil {
		m.List, g.listed = g.list(load, now), now
	}
	g.page.mu.Unlock()
	if m.Hello == nil && m.Tick == nil && m.Wave == nil && m.List == nil {
		return dst
	}
	data, err := json.Marshal(m)
	if err != nil {
		return dst
	}
	if g.lane != nil {
		dst = fmt.Appendf(dst, "id: %s-%d-%d-%d\n", g.page.server, g.epoch, g.seq, g.column)
	}
	dst = append(append(dst, "data: "...), data...)
	return append(dst, "\n\n"...)
}

// choose sets the stream that is watched.
func (g *guest) choose(l *Pipeline) {
	s := l.lanes[g.stream]
	if g.stream == "" {
		if s = g.lane; s == nil || l.lanes[s.name] != s || time.Since(s.lastBlock) > 2*time.Second {
			s = l.liveliest(s)
		}
	}
	switch {
	case s == nil:
		g.lane = nil
	case s != g.lane || s.epoch != g.epoch || s.session != g.session:
		if !g.again || s.epoch != g.epoch {
			g.seq, g.column = 0, 0
		}
		g.lane, g.epoch, g.session, g.again = s, s.epoch, s.session, false
		g.said, g.picture = nil, nil
	}
}

// liveliest returns the stream that had an event last, or now if none has had one since.
func (l *Pipeline) liveliest(now *lane) *lane {
	if e := l.recent.Back(); e != nil {
		if s := e.Value.(*lane); now == nil || l.lanes[now.name] != now || s.lastBlock.After(now.lastBlock) {
			return s
		}
	}
	return now
}

// A hello says what is watched. It comes first, and again when that has changed.
type hello struct {
	Server    string      `json:"server"`
	Pipelines []string    `json:"pipelines"`
	Pipeline  string      `json:"pipeline"`
	Stream    string      `json:"stream"`
	Epoch     int         `json:"epoch"`
	Session   string      `json:"session"`
	Model     string      `json:"model"`
	Labels    []string    `json:"labels"`
	Sound     bool        `json:"sound"`
	Rate      float64     `json:"rate"`
	Names     []string    `json:"names"`
	Units     []string    `json:"units"`
	Next      bool        `json:"next"`
	Rules     *rules      `json:"rules,omitempty"`
	Correct   string      `json:"correct"` // why there is no correcting; "": there is
	Save      string      `json:"save"`
	Emit      stream.Emit `json:"emit"`
}

func (g *guest) hello(l *Pipeline) *hello {
	m, o := l.setup.Now()
	names := g.page.names()
	if g.said == m && g.options == o && g.names == strings.Join(names, "\x00") && (g.lane == nil || g.picture != nil || g.lane.format.Channels == 0) {
		return nil
	}
	g.said, g.options, g.names = m, o, strings.Join(names, "\x00")
	h := &hello{Server: g.page.server, Pipelines: names, Pipeline: l.name, Model: m.Hash(), Labels: m.Config.Labels,
		Names: m.Config.Names, Units: m.Config.Units, Next: m.HasNext(), Emit: o.Emit}
	if h.Labels == nil {
		h.Labels = []string{}
	}
	if !m.HasNext() {
		h.Rules = rulesOf(m, o)
	}
	if l.setup.Correct == nil {
		h.Correct = l.hint("correct")
	}
	if l.setup.Save == nil {
		h.Save = l.hint("save")
	}
	if s := g.lane; s != nil {
		h.Stream, h.Epoch, h.Session, h.Rate, h.Sound = s.name, s.epoch, s.session, s.format.Rate, isSound(s.format)
		if s.format != (capture.Format{}) {
			g.picture = newPicture(s.format)
		}
	}
	return h
}

func (l *Pipeline) hint(what string) string {
	if l.setup.Hint != nil {
		return l.setup.Hint(what)
	}
	return "not offered here"
}

// names returns those of the pipelines.
func (p *Page) names() []string {
	all := []string{}
	for _, l := range p.pipelines {
		all = append(all, l.name)
	}
	return all
}

// tick returns what has been added to the log: {"run":[[sample, segment, label, p, [p, …]],
// …], "det":[[sample, p], …], "ev":[event, …]}; nil if nothing has.
func (g *guest) tick() json.RawMessage {
	s := g.lane
	if s.seq == g.seq {
		return nil
	}
	if g.seq > s.seq {
		g.seq = 0
	}
	var running, detector, events []byte
	n, first := 0, g.first()
	s.since(g.seq, func(e *entry) bool {
		if g.seq = e.seq; e.kind != entryEvent && e.seq <= first {
			return true
		}
		switch e.kind {
		case entryRunning, entryUnsure:
			running = e.appendRunning(running)
		case entryDetector:
			detector = fmt.Appendf(detector, "[%d,%s],", e.sample, appendShort(nil, e.p))
		default:
			events = append(append(events, e.json...), ',')
		}
		n++
		return n < entriesMost
	})
	if n < entriesMost {
		g.seq = s.seq
	}
	if n == 0 {
		return nil
	}
	out := append([]byte(`{"run":[`), trimComma(running)...)
	out = append(append(out, `],"det":[`...), trimComma(detector)...)
	out = append(append(out, `],"ev":[`...), trimComma(events)...)
	return append(out, "]}"...)
}

// first returns the entry up to which a guest gets no running labels, so that one that has
// just come, or was away for long, soon sees what is now.
func (g *guest) first() uint64 {
	const most = 3000
	return g.lane.seq - min(g.lane.seq, most)
}

func trimComma(b []byte) []byte {
	if n := len(b); n > 0 {
		return b[:n-1]
	}
	return b
}

func (e *entry) appendRunning(dst []byte) []byte {
	dst = fmt.Appendf(dst, "[%d,%d,%d,", e.sample, e.segment, e.label)
	if e.kind == entryUnsure {
		return append(dst, "null,[]],"...)
	}
	dst = append(append(dst, appendShort(nil, e.p)...), ",["...)
	for i, p := range e.probs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendShort(dst, p)
	}
	return append(dst, "]],"...)
}
