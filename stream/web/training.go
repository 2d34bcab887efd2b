package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// How much of a training is kept for browsers, and how often they hear of it.
const (
	mostEpochs   = 20000
	mostLosses   = 4000 // then every second one goes
	mostLines    = 500
	trainingTick = 200 * time.Millisecond
)

// A training is the one that a Design has begun last.
type training struct {
	mu      sync.Mutex // guards what follows
	number  int        // 0: there was none
	command string
	state   string // running, done, stopped or failed
	why     string // it failed
	cancel  context.CancelFunc
	done    chan struct{} // closed when it has ended
	closed  bool          // there will be none
	epochs  [][7]number
	losses  [][2]number // of updates
	lines   []string
	now     Progress
	version int // of what is above
	thinned int // how often losses were
}

// begin begins a training, unless one runs.
func (t *training) begin(command string, train func(context.Context, func(News)) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return refuse(http.StatusServiceUnavailable, "the server ends")
	case t.state == "running":
		return refuse(http.StatusConflict, "a training runs: wait for its end, or stop it")
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.number++
	t.command, t.state, t.why, t.cancel, t.done = command, "running", "", cancel, make(chan struct{})
	t.epochs, t.losses, t.lines, t.now = nil, nil, nil, Progress{}
	t.version++
	done := t.done
	go func() {
		defer close(done)
		defer cancel()
		err := train(ctx, t.tell)
		t.end(ctx, err)
	}()
	return nil
}

func (t *training) end(ctx context.Context, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.version++
	switch {
	case err == nil:
		t.state = "done"
	case ctx.Err() != nil:
		t.state, t.why = "stopped", err.Error()
	default:
		t.state, t.why = "failed", err.Error()
	}
}

// stop ends the training that runs, if one does. If last is set it waits for it, and none
// begins after it.
func (t *training) stop(last bool) {
	t.mu.Lock()
	t.closed = t.closed || last
	done := t.done
	if t.cancel != nil {
		t.cancel()
	}
	t.mu.Unlock()
	if last && done != nil {
		<-done
	}
}

// tell takes what a training has to tell.
func (t *training) tell(n News) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.version++
	if e := n.Epoch; e != nil && len(t.epochs) < mostEpochs {
		t.epochs = append(t.epochs, [7]number{number(e.Updates), number(e.Loss), number(e.Confirm), number(e.Running), number(e.ValidLoss), number(e.ValidConfirm), number(e.ValidRunning)})
	}
	if p := n.Progress; p != nil {
		t.now = *p
		if p.At == 0 {
			return
		}
		if len(t.losses) == mostLosses {
			for i := range mostLosses / 2 {
				t.losses[i] = t.losses[2*i]
			}
			t.losses = t.losses[:mostLosses/2]
			t.thinned++
		}
		t.losses = append(t.losses, [2]number{number(p.At), number(p.Loss)})
	}
	if n.Line != "" && len(t.lines) < mostLines {
		t.lines = append(t.lines, n.Line)
	}
}

// A follower is a browser that follows a training.
type follower struct {
	number, version       int
	thinned               int
	epochs, losses, lines int // it has been told
	said                  time.Time
}

// A report is what a follower is told at once.
type report struct {
	Number  int         `json:"number"`
	Begins  bool        `json:"begins,omitempty"` // what was told before is of another one
	Command string      `json:"command,omitempty"`
	State   string      `json:"state"`
	Why     string      `json:"why,omitempty"`
	Part    string      `json:"part"`
	Share   number      `json:"share"`
	Left    number      `json:"left"` // seconds
	Epochs  [][7]number `json:"epochs,omitempty"`
	Losses  [][2]number `json:"losses,omitempty"`
	Lines   []string    `json:"lines,omitempty"`
}

// follow serves GET /api/training: how the training goes on, as server-sent events.
func (p *Design) follow(w http.ResponseWriter, r *http.Request) {
	leave := p.enter(w)
	if leave == nil {
		return
	}
	defer leave()
	f := &follower{number: -1}
	p.events(w, r, trainingTick, func(dst []byte) []byte { return f.news(dst, &p.training, time.Now()) })
}

// stillHere is how often a browser is told that the server is there.
const stillHere = 10 * time.Second

func (f *follower) news(dst []byte, t *training, now time.Time) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.number == t.number && f.version == t.version {
		if now.Sub(f.said) < stillHere {
			return dst
		}
		f.said = now
		return append(dst, ": still here\n\n"...)
	}
	r := report{Number: t.number, State: t.state, Why: t.why, Part: t.now.Part, Share: number(t.now.Share), Left: number(t.now.Left.Seconds())}
	if f.number != t.number || f.thinned != t.thinned {
		*f = follower{number: t.number, thinned: t.thinned}
		r.Begins, r.Command = true, t.command
	}
	r.Epochs, r.Losses, r.Lines = t.epochs[f.epochs:], t.losses[f.losses:], t.lines[f.lines:]
	f.epochs, f.losses, f.lines, f.version, f.said = len(t.epochs), len(t.losses), len(t.lines), t.version, now
	data, err := json.Marshal(r)
	if err != nil {
		return dst
	}
	dst = append(append(dst, "data: "...), data...)
	return append(dst, "\n\n"...)
}
