package soak

import (
	"math"
	"slices"
	"sync"
	"time"

	"inkling/capture"
	"inkling/stream"
	"inkling/stream/evaluate/pairing"
)

// looks is how often in a row the watch looks at what the process takes.
const looks = 20

// A watch notes what happens, row by row.
type watch struct {
	o       *Options
	rows    int
	samples uint64 // of a row
	margin  uint64
	began   time.Time
	report  *Report

	mu    sync.Mutex // guards what follows
	heard map[string]*heard
	open  []*Row // those that are not complete
	done  int    // rows that are
	next  uint64 // sample at which the process is looked at next

	least  uint64 // sample that the slowest streams have reached
	behind int    // streams that are there: block looks at all streams once these have moved on

	steps histogram
	waits histogram
	nstep int64
	taken taken
}

// heard is what was played and what was answered in one stream, in the rows that are not
// complete.
type heard struct {
	events  [][]pairing.Span // by row, from watch.done on
	answers []pairing.Span
	at      uint64
}

// taken are the looks of a row.
type taken struct {
	resident          []int64
	goroutines, files int
}

// expect takes the events of a stream's row.
func (w *watch) expect(name string, events []pairing.Span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.heard == nil {
		w.heard = map[string]*heard{}
	}
	h := w.heard[name]
	if h == nil {
		h = &heard{}
		w.heard[name] = h
	}
	h.events = append(h.events, events)
}

// event takes what Run says.
func (w *watch) event(e *stream.Event) {
	if e.Type != stream.Confirmed && e.Type != stream.Dropped {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.heard[e.Stream]
	if h == nil || e.Start == e.End {
		return
	}
	s := pairing.Span{Start: e.Start, End: e.End, Label: -1}
	if e.Type == stream.Confirmed {
		w.waits.add(time.Duration(e.LatencyMS * 1e6))
		if !e.Rejected {
			s.Label = slices.Index(w.report.Labels, e.Label)
		}
	}
	h.answers = append(h.answers, s)
}

// block notes how far a stream has come, and completes the rows that all have passed.
func (w *watch) block(b *capture.Block) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.heard[b.Stream]
	if h == nil {
		return
	}
	if h.at == w.least && w.behind > 0 {
		w.behind--
	}
	if h.at = b.Offset + uint64(b.Len()); w.behind > 0 {
		return
	}
	w.slowest()
	least := w.least
	if least >= w.next {
		w.next = least + w.samples/looks
		w.taken.look()
		if w.o.Progress != nil {
			w.o.Progress(float64(least)/float64(w.samples)*w.o.Every.Seconds(), float64(w.rows)*w.o.Every.Seconds())
		}
	}
	if begun := uint64(w.done + len(w.open)); least >= (begun+1)*w.samples {
		w.close()
	}
	for w.done < w.rows && len(w.open) > 0 && least >= uint64(w.done+1)*w.samples+w.margin {
		w.judge()
	}
}

// slowest finds out how far the slowest streams have come, and how many they are.
func (w *watch) slowest() {
	w.least, w.behind = math.MaxUint64, 0
	for _, h := range w.heard {
		switch {
		case h.at < w.least:
			w.least, w.behind = h.at, 1
		case h.at == w.least:
			w.behind++
		}
	}
}

// Begin implements stream.Meter.
func (w *watch) Begin(func() stream.Load) {}

// Event implements stream.Meter.
func (w *watch) Event(*stream.Event) {}

// Block implements stream.Meter.
func (w *watch) Block(int, float64, time.Duration) {}

// Turn implements stream.Meter.
func (w *watch) Turn(steps int, busy time.Duration) {
	if steps <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps.add(busy / time.Duration(steps))
	w.nstep += int64(steps)
}

// close ends the measurements of a row, whose accuracy is not yet known.
func (w *watch) close() {
	w.taken.look()
	n := w.done + len(w.open) + 1
	r := &Row{Hours: float64(n) * w.o.Every.Hours(), Wall: time.Since(w.began).Seconds(), Resident: median(w.taken.resident), Heap: heap(), Goroutines: w.taken.goroutines, Files: w.taken.files,
		Steps: w.nstep, StepP50: w.steps.quantile(0.5), StepP99: w.steps.quantile(0.99), ConfirmP50: w.waits.quantile(0.5), ConfirmP99: w.waits.quantile(0.99)}
	w.steps, w.waits, w.nstep, w.taken = histogram{}, histogram{}, 0, taken{}
	w.open = append(w.open, r)
}

// judge pairs the events of the oldest open row with what was answered, and completes it.
func (w *watch) judge() {
	r := w.open[0]
	rate := float64(w.samples) / w.o.Every.Seconds()
	tolerance := uint64(w.o.Tolerance * rate)
	end := uint64(w.done+1)*w.samples - tolerance // events of the next row begin after a pause
	if w.done == w.rows-1 {
		end = math.MaxUint64
	}
	var p pairing.Pairing
	for _, h := range w.heard {
		events := h.events[0]
		h.events = h.events[1:]
		slices.SortFunc(h.answers, pairing.Compare)
		n, _ := slices.BinarySearchFunc(h.answers, end, func(s pairing.Span, end uint64) int {
			if s.Start < end {
				return -1
			}
			return 1
		})
		p.Pair(events, h.answers[:n], tolerance)
		r.Events += len(events)
		for i := range events {
			switch {
			case p.Right[i] >= 0:
				r.Found++
			case p.Wrong[i] >= 0:
				r.Wrong++
			default:
				r.Missed++
			}
		}
		for i, why := range p.Alarm {
			if why != "" && !p.Used(i) { // a used one is an event of the wrong label
				r.FalseAlarms++
			}
		}
		h.answers = append(h.answers[:0], h.answers[n:]...)
	}
	w.done++
	w.open = w.open[1:]
	w.report.Rows = append(w.report.Rows, *r)
	if w.o.Row != nil {
		w.o.Row(r)
	}
}

// finish completes the rows whose signal is over.
func (w *watch) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slowest()
	least := w.least
	if !w.report.Interrupted && w.done+len(w.open) < w.rows {
		w.close()
	}
	for w.done < w.rows && len(w.open) > 0 && least >= uint64(w.done+1)*w.samples {
		if w.report.Interrupted && w.done+1 < w.rows && least < uint64(w.done+1)*w.samples+w.margin {
			break // its last segments are cut off
		}
		w.judge()
	}
	w.report.Wall = time.Since(w.began).Seconds()
}

// A histogram counts durations in steps of a twelfth of an octave, from a nanosecond on.
type histogram struct {
	n     int64
	count [600]int64
}

const stepsAnOctave = 12

func (h *histogram) add(d time.Duration) {
	i := 0
	if d > 1 {
		i = min(int(stepsAnOctave*math.Log2(float64(d))), len(h.count)-1)
	}
	h.count[i]++
	h.n++
}

// quantile returns a quantile in seconds; 0 if nothing was counted.
func (h *histogram) quantile(q float64) float64 {
	rank := int64(math.Ceil(q * float64(h.n)))
	for i, n := range h.count {
		if rank -= n; rank <= 0 && h.n > 0 {
			return math.Exp2((float64(i)+0.5)/stepsAnOctave) / 1e9
		}
	}
	return 0
}

func median(all []int64) int64 {
	slices.Sort(all)
	return all[len(all)/2]
}
