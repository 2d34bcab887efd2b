package metrics

import (
	"sync"
	"sync/atomic"
	"time"

	"inkling/capture"
	"inkling/stream"
)

var _ stream.Meter = (*Meter)(nil)

// A Meter counts what the streams of one pipeline do. It serves one stream.Run at a time.
type Meter struct {
	samples, steps              counter
	signal, busy                counter // seconds
	segments, rejected, dropped *bounded
	early, overturned           *bounded
	gaps, lost, status          *bounded
	reconnects                  counter
	confirmed, block            histogram
	all                         []collector
	working                     atomic.Int64 // nanoseconds, of busy
	last                        atomic.Int64 // when the last block with samples was done, in Unix nanoseconds
	down                        bool         // the source has said so last

	mu   sync.Mutex // guards what follows
	load func() stream.Load
	used usage
}

// buckets of latencies, in seconds.
var buckets = []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30}

func newMeter() *Meter {
	m := &Meter{}
	total := func(name, help string) counter {
		c := newCounter("inkling_"+name, help)
		m.all = append(m.all, c)
		return c
	}
	by := func(name, help string, labels ...string) *bounded {
		b := newBounded("inkling_"+name, help, labels)
		m.all = append(m.all, b.vec)
		return b
	}
	latency := func(name, help string) histogram {
		h := newHistogram("inkling_"+name, help, buckets)
		m.all = append(m.all, h)
		return h
	}
	m.samples = total("samples_total", "Samples labelled, per channel, of all streams.")
	m.signal = total("signal_seconds_total", "Seconds of signal labelled, of all streams.")
	m.steps = total("steps_total", "Steps of the network.")
	m.busy = total("busy_seconds_total", "Seconds that workers were busy with blocks, steps and confirming, of all workers.")
	m.segments = by("segments_total", "Segments with a confirmed label.", "label", "ended_by")
	m.rejected = by("segments_rejected_total", "Segments whose label a rule held back.", "reason", "ended_by")
	m.dropped = by("segments_dropped_total", "Candidates that were no segment.", "reason")
	m.early = by("early_total", "Early labels.", "label")
	m.overturned = by("overturned_total", "Segments whose last running label, given here, was overturned at the end.", "running")
	m.gaps = by("gaps_total", "Gaps in the signal.", "reason")
	m.lost = by("lost_samples_total", "Samples lost in gaps, per channel.", "reason")
	m.status = by("status_total", "Reports about the health of sources and sinks.", "state")
	m.reconnects = total("source_reconnects_total", "Times that the source was up again after it had been down.")
	m.confirmed = latency("confirm_latency_seconds", "From the arrival of the block that ended a segment to its confirmed label.")
	m.block = latency("block_latency_seconds", "From the arrival of a block to the end of its labelling.")
	return m
}

// Begin implements stream.Meter.
func (m *Meter) Begin(load func() stream.Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.load, m.down = load, false
	m.used.begin(time.Now(), m.working.Load())
}

// Block implements stream.Meter.
func (m *Meter) Block(samples int, rate float64, waited time.Duration) {
	if samples > 0 {
		m.samples.Add(float64(samples))
		m.last.Store(time.Now().UnixNano())
	}
	if rate > 0 {
		m.signal.Add(float64(samples) / rate)
	}
	m.block.Observe(waited.Seconds())
}

// Turn implements stream.Meter.
func (m *Meter) Turn(steps int, busy time.Duration) {
	m.steps.Add(float64(steps))
	m.busy.Add(max(busy.Seconds(), 0))
	m.working.Add(int64(busy))
}

// Event implements stream.Meter.
func (m *Meter) Event(e *stream.Event) {
	switch e.Type {
	case stream.Confirmed:
		if e.Rejected {
			m.rejected.of(string(e.Rule), string(e.EndedBy)).Inc()
		} else {
			m.segments.of(e.Label, string(e.EndedBy)).Inc()
		}
		if e.Running != "" && !e.Agrees {
			m.overturned.of(e.Running, "").Inc()
		}
		m.confirmed.Observe(e.LatencyMS / 1000)
	case stream.Dropped:
		m.dropped.of(string(e.Rule), "").Inc()
	case stream.Early:
		m.early.of(e.Label, "").Inc()
	case stream.Gap:
		reason := e.Reason
		if reason == "" {
			reason = "lost"
		}
		m.gaps.of(reason, "").Inc()
		m.lost.of(reason, "").Add(float64(e.Lost))
	case stream.Status:
		m.health(e)
	}
}

// health counts a report; those that are about no stream in particular are the source's.
func (m *Meter) health(e *stream.Event) {
	m.status.of(string(e.State), "").Inc()
	switch {
	case e.State == capture.Down:
		m.down = true
	case e.State == capture.Up && m.down:
		m.down = false
		m.reconnects.Inc()
	}
}

// Last returns when the last block with samples was done; zero if there was none.
func (m *Meter) Last() time.Time {
	if ns := m.last.Load(); ns != 0 {
		return time.Unix(0, ns)
	}
	return time.Time{}
}

// Load returns what there is to do right now; false before the run begins.
func (m *Meter) Load() (stream.Load, bool) {
	m.mu.Lock()
	load := m.load
	m.mu.Unlock()
	if load == nil {
		return stream.Load{}, false
	}
	return load(), true
}
