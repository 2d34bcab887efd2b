package metrics

import (
	"strconv"
	"strings"
	"time"
)

var (
	streams     = newGauge("inkling_streams", "Streams at present.")
	workers     = newGauge("inkling_workers", "Goroutines that share the streams.")
	queueBlocks = newGauge("inkling_queue_blocks", "Blocks that wait to be labelled, or are being labelled.")
	queueValues = newGauge("inkling_queue_samples", "Samples in these blocks, of all channels.")
	realTime    = newGauge("inkling_realtime_used_ratio", "Share of the time, over the last ten seconds or more, that the workers were busy; 1 leaves no headroom.")
	lastSamples = newGauge("inkling_last_samples_timestamp_seconds", "When samples were last labelled.")
	sinkEvents  = newGauge("inkling_sink_queue_events", "Events that wait for a sink or for their delivery by it.", "sink")
	sinkBytes   = newGauge("inkling_sink_queue_bytes", "About how much memory the events that wait for a sink take.", "sink")
	sinkLost    = newTotal("inkling_sink_lost_events_total", "Running events and forecasts dropped because a sink was too slow.", "sink")
)

// loads are the figures that are read when the page is.
var loads = []desc{streams, workers, queueBlocks, queueValues, realTime, lastSamples, sinkEvents, sinkBytes, sinkLost}

// each calls send with those of the loads that there are.
func (m *Meter) each(send func(d desc, v float64, labels ...string)) {
	l, running := m.Load()
	if !running {
		return
	}
	send(streams, float64(l.Streams))
	send(workers, float64(l.Workers))
	send(queueBlocks, float64(l.Blocks))
	send(queueValues, float64(l.Samples))
	m.mu.Lock()
	used := m.used.share(time.Now(), m.working.Load(), l.Workers)
	m.mu.Unlock()
	send(realTime, used)
	if at := m.Last(); !at.IsZero() {
		send(lastSamples, float64(at.UnixNano())/1e9)
	}
	for i, s := range l.Sinks {
		n := strconv.Itoa(i + 1)
		send(sinkEvents, float64(s.Events), n)
		send(sinkBytes, float64(s.Bytes), n)
		send(sinkLost, float64(s.Lost), n)
	}
}

// window is how long the share of real time is taken over, at least. It does not depend on
// how often, or by how many, the page is read.
const window = 10 * time.Second

// A usage finds the share of time that workers were busy since one of two moments, the
// earlier of which is replaced when the later is window ago.
type usage struct {
	at   [2]time.Time
	busy [2]int64
}

func (u *usage) begin(now time.Time, busy int64) {
	u.at, u.busy = [2]time.Time{now, now}, [2]int64{busy, busy}
}

func (u *usage) share(now time.Time, busy int64, workers int) float64 {
	if now.Sub(u.at[1]) >= window {
		u.at, u.busy = [2]time.Time{u.at[1], now}, [2]int64{u.busy[1], busy}
	}
	passed := now.Sub(u.at[0])
	if passed <= 0 || workers == 0 {
		return 0
	}
	return min(float64(busy-u.busy[0])/(float64(passed)*float64(workers)), 1)
}

// clean makes a label's value valid UTF-8, as Prometheus asks for.
func clean(v string) string { return strings.ToValidUTF8(v, "�") }
