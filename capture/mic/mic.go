// Package mic records from microphones through PortAudio.
//
// Open returns a capture.Source of a microphone, Devices lists what there is, Play
// plays samples on an output. With the build tag portaudio they go through PortAudio. Without
// it, Open and Devices read the kernel's sound devices on Linux, which needs neither a
// library nor cgo, but a device that no sound server has; what is missing returns an error
// that says how to build with PortAudio.
//
// A goroutine reads the device into a ring of two seconds, so that a slow reader never
// disturbs the recording: it loses the oldest samples, and the next block's Offset
// jumps by their number. A second goroutine supervises the device. It reports silence,
// stalls and samples that never came, and opens a lost device again until that
// succeeds.
//
// The first samples of a device that has been opened are dropped, because many click.
package mic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"inkling/capture"
)

var (
	_ capture.Source  = (*Mic)(nil)
	_ capture.Drainer = (*Mic)(nil)
	_ capture.Checker = (*Mic)(nil)
)

// Options configures Open. The zero value is the default device at its own rate.
type Options struct {
	Device   string        // exact name, or a part of it ["": the default device]
	Rate     float64       // samples per second [the device's default]
	Channels int           // [1]
	Block    time.Duration // length of a block [10 ms]
	Ring     time.Duration // how much waits for a slow reader [2 s]
	Silence  time.Duration // silence below −90 dB for this long is reported [5 s]
	Settle   time.Duration // how much is dropped whenever the device has been opened, as it may click [250 ms]; negative: nothing
}

// A Device is a microphone that Open can open.
type Device struct {
	Name     string  `json:"name"`
	Host     string  `json:"host"` // the sound system that offers it
	Channels int     `json:"channels"`
	Rate     float64 `json:"rate"`
	Default  bool    `json:"default"`

	// What the kernel says of it; zero where a sound server answers.
	LowestRate  float64 `json:"-"` // in Hz
	HighestRate float64 `json:"-"`
	Path        string  `json:"-"` // its file
	Err         error   `json:"-"` // why it cannot be opened now
}

// device is an open input. Read waits until buf is full; overflow reports that the
// device lost samples before them.
type device interface {
	Read(buf []float32) (overflow bool, err error)
	Close() error
}

// opener opens the device that o describes and returns its name and format.
type opener func(o Options) (d device, name string, f capture.Format, err error)

// Mic is an open microphone.
type Mic struct {
	o      Options
	open   opener
	name   string
	format capture.Format
	frames int // of a block

	mu      sync.Mutex    // guards what follows, up to down
	ready   chan struct{} // holds a token if there may be something to read
	ring    []slot
	head, n int // first slot in use, and their number
	faults  []capture.Fault
	down    string // why the device delivers nothing; "": it does

	stop   chan struct{}
	closed sync.Once
	done   chan struct{}
}

// A slot holds a block.
type slot struct {
	offset  uint64
	time    time.Time
	samples []float32
}

// Open opens a microphone and starts recording.
func Open(o Options) (*Mic, error) { return start(o, openDevice) }

func start(o Options, open opener) (*Mic, error) {
	o.Channels = cmp.Or(o.Channels, 1)
	o.Block = cmp.Or(o.Block, 10*time.Millisecond)
	o.Ring = cmp.Or(o.Ring, 2*time.Second)
	o.Silence = cmp.Or(o.Silence, 5*time.Second)
	o.Settle = cmp.Or(o.Settle, 250*time.Millisecond)
	d, name, f, err := open(o)
	if err != nil {
		return nil, err
	}
	o.Rate = f.Rate // a device that comes back is opened at the same rate
	m := &Mic{o: o, open: open, name: name, format: f, ready: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{})}
	m.frames = max(int(math.Round(f.Rate*o.Block.Seconds())), 1)
	m.ring = make([]slot, max(int(o.Ring/o.Block), 2))
	for i := range m.ring {
		m.ring[i].samples = make([]float32, m.frames*f.Channels)
	}
	go m.supervise(d)
	return m, nil
}

// Name returns the device's name, which is its stream's too.
func (m *Mic) Name() string { return m.name }

// Format returns the format of the blocks.
func (m *Mic) Format() capture.Format { return m.format }

// Read returns the next block, or a report of the device's health; after Drain or Close
// it returns what is left, then io.EOF.
func (m *Mic) Read(ctx context.Context, b *capture.Block) error {
	for {
		if m.pop(b) {
			return nil
		}
		select {
		case <-m.ready:
		case <-ctx.Done():
			return ctx.Err()
		case <-m.stop:
			if m.pop(b) {
				return nil
			}
			return io.EOF
		}
	}
}

// pop moves the oldest report or block to b, and reports whether there was one.
func (m *Mic) pop(b *capture.Block) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	*b = capture.Block{Stream: m.name, Format: m.format, Samples: b.Samples[:0]}
	if len(m.faults) > 0 {
		f := m.faults[0]
		m.faults = m.faults[1:]
		b.Fault = &f
		b.Time = time.Now()
		return true
	}
	if m.n == 0 {
		return false
	}
	s := &m.ring[m.head]
	m.head, m.n = (m.head+1)%len(m.ring), m.n-1
	b.Offset, b.Time, b.Clock = s.offset, s.time, capture.SensorTime
	b.Samples = append(b.Samples, s.samples...)
	return true
}

// push copies a block to the ring. If the ring is full the oldest block makes room.
func (m *Mic) push(samples []float32, offset uint64, at time.Time) (dropped bool) {
	m.mu.Lock()
	if m.n == len(m.ring) {
		m.head, m.n = (m.head+1)%len(m.ring), m.n-1
		dropped = true
	}
	s := &m.ring[(m.head+m.n)%len(m.ring)]
	m.n++
	s.offset, s.time = offset, at
	copy(s.samples, samples)
	m.mu.Unlock()
	m.wake()
	return dropped
}

// Drain ends the recording. What is in the ring can still be read.
func (m *Mic) Drain() { m.closed.Do(func() { close(m.stop) }) }

// Abandon drops what is in the ring; an empty block with the offset behind it is left.
func (m *Mic) Abandon() {
	m.mu.Lock()
	if m.n > 0 {
		last := &m.ring[(m.head+m.n-1)%len(m.ring)]
		end := last.time.Add(time.Duration(float64(m.frames) / m.format.Rate * 1e9))
		m.head, m.n = 0, 1
		m.ring[0] = slot{offset: last.offset + uint64(m.frames), time: end}
	}
	m.mu.Unlock()
	m.wake()
}

// Close ends the recording.
func (m *Mic) Close() error {
	m.Drain()
	select {
	case <-m.done:
	case <-time.After(stallAfter): // a device that hangs keeps its goroutine
	}
	return nil
}

func (m *Mic) report(state capture.Health, format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	m.mu.Lock()
	m.faults = append(m.faults, capture.Fault{State: state, Reason: reason})
	switch state {
	case capture.Down:
		m.down = reason
	case capture.Up:
		m.down = ""
	}
	m.mu.Unlock()
	m.wake()
}

// Check implements capture.Checker: it fails while the device is lost or hangs.
func (m *Mic) Check(context.Context) error {
	select {
	case <-m.stop:
		return fmt.Errorf("%s is closed", m.name)
	default:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != "" {
		return errors.New(m.down)
	}
	return nil
}

func (m *Mic) wake() {
	select {
	case m.ready <- struct{}{}:
	default:
	}
}
