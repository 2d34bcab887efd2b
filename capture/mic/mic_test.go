package mic

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"inkling/capture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a device whose every Read is decided by the test.
type fake struct {
	reads  chan func(buf []float32) (bool, error)
	closed chan struct{}
	once   sync.Once
}

func newFake() *fake {
	return &fake{reads: make(chan func([]float32) (bool, error)), closed: make(chan struct{})}
}

func (f *fake) Read(buf []float32) (bool, error) {
	select {
	case g := <-f.reads:
		return g(buf)
	case <-f.closed:
		return false, io.ErrClosedPipe
	}
}

func (f *fake) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// give is a block whose samples all are v.
func (f *fake) give(v float32) {
	f.reads <- func(buf []float32) (bool, error) {
		for i := range buf {
			buf[i] = v
		}
		return false, nil
	}
}

func (f *fake) fail(err error) { f.reads <- func([]float32) (bool, error) { return false, err } }

// clock is moved by the test.
type clock struct {
	sync.Mutex
	t time.Time
}

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.t = c.t.Add(d)
}

// rigged returns a microphone of 1000 Hz in blocks of ten samples over devices
// that the test hands out.
func rigged(t *testing.T, o Options, devices ...*fake) (*Mic, *clock) {
	t.Helper()
	c := &clock{t: time.Unix(1000, 0)}
	next := make(chan *fake, len(devices))
	for _, d := range devices {
		next <- d
	}
	m, err := start(o, func(Options) (device, string, capture.Format, error) {
		select {
		case d := <-next:
			return d, "fake", capture.Format{Rate: 1000, Channels: 1}, nil
		default:
			return nil, "", capture.Format{}, errors.New("no device")
		}
	}, c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, d := range devices {
			d.Close()
		}
		m.Close()
	})
	return m, c
}

func next(t *testing.T, m *Mic) capture.Block {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var b capture.Block
	if err := m.Read(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// faultOf reads until a health report with this state.
func faultOf(t *testing.T, m *Mic, state capture.Health) *capture.Fault {
	t.Helper()
	for {
		if b := next(t, m); b.Fault != nil && b.Fault.State == state {
			return b.Fault
		}
	}
}

func TestBlocksFollowEachOther(t *testing.T) {
	d := newFake()
	m, c := rigged(t, Options{}, d)
	for i := range 20 {
		c.add(10 * time.Millisecond)
		d.give(float32(i) + 1)
		b := next(t, m)
		if b.Offset != uint64(10*i) || len(b.Samples) != 10 || b.Samples[9] != float32(i)+1 || b.Format.Rate != 1000 {
			t.Fatalf("block %d: %+v", i, b)
		}
	}
}

// A reader that is away loses the oldest, by a jump of Offset of the exact count.
func TestRingDropsTheOldest(t *testing.T) {
	d := newFake()
	m, c := rigged(t, Options{Ring: 50 * time.Millisecond}, d)
	for i := range 12 {
		c.add(10 * time.Millisecond)
		d.give(float32(i) + 1)
	}
	if f := faultOf(t, m, capture.Slow); !strings.Contains(f.Reason, "slower") {
		t.Error(f.Reason)
	}
	// The device has handed over its twelfth block once it waits for a thirteenth.
	c.add(10 * time.Millisecond)
	d.give(13)
	last := uint64(0)
	for n := 0; last != 120; n++ {
		b := next(t, m)
		if b.Fault != nil {
			continue
		}
		if b.Samples[0] != float32(b.Offset/10)+1 {
			t.Fatalf("the block at %d holds %v", b.Offset, b.Samples[0])
		}
		last = b.Offset
		if n > 8 {
			t.Fatal("the ring held more than it should")
		}
	}
}

func TestLostDeviceComesBack(t *testing.T) {
	a, b := newFake(), newFake()
	m, c := rigged(t, Options{}, a, b)
	c.add(10 * time.Millisecond)
	a.give(1)
	next(t, m)
	a.fail(noText{})
	if f := faultOf(t, m, capture.Down); !strings.Contains(f.Reason, "noText") {
		t.Errorf("an error without text became %q", f.Reason)
	}
	faultOf(t, m, capture.Up)
	c.add(2 * time.Second)
	b.give(2)
	if x := next(t, m); x.Offset != 2000 {
		t.Errorf("after 2 s without a device the next sample is %d, want 2000", x.Offset)
	}
}

type noText struct{}

func (noText) Error() string { return "" }

func TestSilenceIsToldOnce(t *testing.T) {
	d := newFake()
	m, c := rigged(t, Options{Silence: 30 * time.Millisecond}, d)
	for range 5 {
		c.add(10 * time.Millisecond)
		d.give(1e-6)
	}
	faultOf(t, m, capture.Silent)
	c.add(10 * time.Millisecond)
	d.give(0.5)
	if f := faultOf(t, m, capture.Up); !strings.Contains(f.Reason, "heard") {
		t.Error(f.Reason)
	}
}

// A suspended device: the samples of that time never existed, and Offset says so.
// One that stalls and catches up has lost none.
func TestVanishedSamples(t *testing.T) {
	d := newFake()
	m, c := rigged(t, Options{}, d)
	step := func(n int, each time.Duration) (last uint64) {
		for range n {
			c.add(each)
			d.give(1)
			b := next(t, m)
			for b.Fault != nil {
				b = next(t, m)
			}
			last = b.Offset
		}
		return last
	}
	step(100, 10*time.Millisecond)
	c.add(900 * time.Millisecond) // a stall …
	if last := step(110, 0); last != 2090 {
		t.Errorf("after catching up the last block is at %d, want 2090", last)
	}
	step(100, 10*time.Millisecond)
	before := step(1, 10*time.Millisecond)
	c.add(1500 * time.Millisecond) // … and a suspension
	last := step(300, 10*time.Millisecond)
	if jump := last - before - 3000; jump < 1300 || jump > 1700 {
		t.Errorf("the jump after 1.5 s without samples is %d", jump)
	}
}

func TestReadEnds(t *testing.T) {
	d := newFake()
	m, _ := rigged(t, Options{}, d)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var b capture.Block
	if err := m.Read(ctx, &b); !errors.Is(err, context.Canceled) {
		t.Errorf("Read with a cancelled context: %v", err)
	}
	d.Close()
	m.Close()
	for {
		if err := m.Read(context.Background(), &b); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
