// Package mic is the microphone: a capture.Source over PortAudio. Only builds
// with the tag portaudio hold the binding; without it Open says how to get it.
//
// The device is read, blocking, by a goroutine of its own into a ring of two
// seconds, so that a slow reader loses the oldest samples, told by a jump of
// Offset, and never disturbs the recording. A supervisor watches the device: it
// reports silence, a stall, samples that never came, and a lost device, which
// it opens again for ever.
package mic

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"inkling/capture"
)

var _ capture.Source = (*Mic)(nil)

// Options of a microphone. The zero value is the default device at its own rate.
type Options struct {
	Device   string        // exact name or a part of it ["": the default device]
	Rate     float64       // [the device's default]
	Channels int           // [1]
	Block    time.Duration // length of a block [10 ms]
	Ring     time.Duration // what waits for a slow reader [2 s]
	Silence  time.Duration // so long under −90 dB is reported [5 s]
}

// Device describes a microphone.
type Device struct {
	Name     string  `json:"name"`
	Host     string  `json:"host"`
	Channels int     `json:"channels"`
	Rate     float64 `json:"rate"`
	Default  bool    `json:"default"`
}

// device is an open input. Read fills buf, blocking; overflow tells that the
// device lost samples before it.
type device interface {
	Read(buf []float32) (overflow bool, err error)
	Close() error
}

// opener opens the device that o names; it returns its name and format.
type opener func(o Options) (d device, name string, f capture.Format, err error)

const (
	stall     = time.Second // no block for so long: down
	softest   = 3.2e-5      // −90 dB of full scale
	window    = time.Second // over which vanished samples are judged
	vanished  = 300 * time.Millisecond
	drift     = 2 * time.Millisecond // a window, that clocks may differ
	firstWait = 250 * time.Millisecond
	lastWait  = 2 * time.Second
)

// Mic is an open microphone.
type Mic struct {
	o      Options
	open   opener
	now    func() time.Time
	name   string
	format capture.Format
	frames int // a block

	mu      sync.Mutex
	ready   chan struct{} // holds a token when there may be something to read
	ring    []entry
	head, n int
	faults  []capture.Fault
	end     error

	stop   chan struct{}
	closed sync.Once
	done   chan struct{}
}

type entry struct {
	offset  uint64
	time    time.Time
	samples []float32
}

// Open opens a microphone and starts to record.
func Open(o Options) (*Mic, error) { return start(o, openDevice, time.Now) }

func start(o Options, open opener, now func() time.Time) (*Mic, error) {
	if o.Channels == 0 {
		o.Channels = 1
	}
	setDefault(&o.Block, 10*time.Millisecond)
	setDefault(&o.Ring, 2*time.Second)
	setDefault(&o.Silence, 5*time.Second)
	d, name, f, err := open(o)
	if err != nil {
		return nil, err
	}
	o.Rate = f.Rate // a device that comes back is asked for the same
	m := &Mic{o: o, open: open, now: now, name: name, format: f, ready: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{})}
	m.frames = max(int(math.Round(f.Rate*o.Block.Seconds())), 1)
	m.ring = make([]entry, max(int(o.Ring/o.Block), 2))
	for i := range m.ring {
		m.ring[i].samples = make([]float32, m.frames*f.Channels)
	}
	go m.supervise(d)
	return m, nil
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

// Name is the device's, Format that of its blocks.
func (m *Mic) Name() string           { return m.name }
func (m *Mic) Format() capture.Format { return m.format }

// Read returns the next block, or a report of the device's health.
func (m *Mic) Read(ctx context.Context, b *capture.Block) error {
	for {
		if m.take(b) {
			return nil
		}
		m.mu.Lock()
		end := m.end
		m.mu.Unlock()
		if end != nil {
			return end
		}
		select {
		case <-m.ready:
		case <-ctx.Done():
			return ctx.Err()
		case <-m.stop:
			return io.EOF
		}
	}
}

func (m *Mic) take(b *capture.Block) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	*b = capture.Block{Stream: m.name, Format: m.format, Samples: b.Samples[:0]}
	if len(m.faults) > 0 {
		f := m.faults[0]
		m.faults = m.faults[1:]
		b.Fault = &f
		b.Time = m.now()
		return true
	}
	if m.n == 0 {
		return false
	}
	e := &m.ring[m.head]
	m.head, m.n = (m.head+1)%len(m.ring), m.n-1
	b.Offset, b.Time = e.offset, e.time
	b.Samples = append(b.Samples, e.samples...)
	return true
}

// Close ends the recording; a Read that waits returns io.EOF.
func (m *Mic) Close() error {
	m.closed.Do(func() { close(m.stop) })
	select {
	case <-m.done:
	case <-time.After(stall): // a hung device keeps its goroutine
	}
	return nil
}

func (m *Mic) report(state capture.Health, format string, args ...any) {
	m.mu.Lock()
	m.faults = append(m.faults, capture.Fault{State: state, Reason: fmt.Sprintf(format, args...)})
	m.mu.Unlock()
	m.wake()
}

func (m *Mic) wake() {
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// put adds a block to the ring; the oldest makes room.
func (m *Mic) put(samples []float32, offset uint64, at time.Time) (dropped bool) {
	m.mu.Lock()
	if m.n == len(m.ring) {
		m.head, m.n = (m.head+1)%len(m.ring), m.n-1
		dropped = true
	}
	e := &m.ring[(m.head+m.n)%len(m.ring)]
	m.n++
	e.offset, e.time = offset, at
	copy(e.samples, samples)
	m.mu.Unlock()
	m.wake()
	return dropped
}
