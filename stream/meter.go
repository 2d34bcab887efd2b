package stream

import "time"

// A Meter is told what Run does while it does it, for metrics. Its methods are called
// often: they must be quick, and may keep nothing that they are given. Calls of Event do
// not overlap, those of Block and Turn may.
type Meter interface {
	Begin(load func() Load)                                // Run begins; load may be called at any time from now on
	Event(e *Event)                                        // of every event, before the sinks get it
	Block(samples int, rate float64, waited time.Duration) // a block is done: samples per channel, the time since it arrived
	Turn(steps int, busy time.Duration)                    // a worker has made steps, and was busy with them and with their blocks
}

// A Load is how much a Run has to do right now.
type Load struct {
	Streams int // at present
	Workers int
	Blocks  int // that wait, or are being worked on
	Samples int // in them
	Sinks   []SinkLoad
}

// A SinkLoad is how much waits for a sink.
type SinkLoad struct {
	Events  int    // that wait, in memory or on the disk, or that the sink has taken and not yet delivered
	Bytes   int    // of those that wait, about
	Lost    uint64 // running events and forecasts dropped since the beginning
	Stalled bool   // it takes nothing, and events that must not be lost are kept for it
	Err     error  // it has failed
}

// load returns what there is to do.
func (r *runner) load() Load {
	l := Load{Streams: int(r.alive.Load()), Workers: r.sched.workers}
	r.sched.mu.Lock()
	l.Blocks, l.Samples = r.sched.flying, r.sched.samples
	r.sched.mu.Unlock()
	for _, o := range r.fan.outlets {
		l.Sinks = append(l.Sinks, o.load())
	}
	return l
}

func (o *outlet) load() SinkLoad {
	o.mu.Lock()
	defer o.mu.Unlock()
	return SinkLoad{Events: o.waiting() + o.behind, Bytes: o.bytes + o.tailBytes, Lost: o.lostEver, Stalled: o.stalled || o.behind > 0, Err: o.failed}
}

// meter tells the Meter, if there is one, of blocks that are done.
func (r *runner) meter(done []*item) {
	if r.o.Meter == nil || len(done) == 0 {
		return
	}
	now := r.now()
	for _, it := range done {
		if it.feed && it.block.Fault == nil {
			r.o.Meter.Block(it.block.Len(), it.block.Format.Rate, now.Sub(it.arrived))
		}
	}
}
