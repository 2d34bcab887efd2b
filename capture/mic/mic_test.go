package mic

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"inkling/capture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a device whose every Read is decided by the test.
type fake struct {
	reads  chan func(buf []float32) (bool, error)
	closed chan struct{}
}

func newFake() *fake {
	return &fake{reads: make(chan func([]float32) (bool, error)), closed: make(chan struct{})}
}

func (f *fake) Read(buf []float32) (bool, error) {
	select {
	case read := <-f.reads:
		return read(buf)
	case <-f.closed:
		return false, io.ErrClosedPipe
	}
}

func (f *fake) Close() error { return nil }

// deliver makes the device deliver a block of samples v after the time d.
func (f *fake) deliver(d time.Duration, v float32) {
	time.Sleep(d)
	f.reads <- func(buf []float32) (bool, error) {
		for i := range buf {
			buf[i] = v
		}
		return false, nil
	}
	synctest.Wait() // it is in the ring
}

func (f *fake) fail(err error) { f.reads <- func([]float32) (bool, error) { return false, err } }

const block = 10 * time.Millisecond

// withMic runs f in a bubble, in which time passes only when all wait, with a
// microphone of 1 kHz in blocks of ten samples. It opens the devices in turn.
func withMic(t *testing.T, o Options, devices int, f func(t *testing.T, m *Mic, d []*fake)) {
	synctest.Test(t, func(t *testing.T) {
		o.Settle = cmp.Or(o.Settle, -1)
		var all, left []*fake
		for range devices {
			all = append(all, newFake())
		}
		left = all
		m, err := start(o, func(Options) (device, string, capture.Format, error) {
			if len(left) == 0 {
				return nil, "", capture.Format{}, errors.New("no device")
			}
			d := left[0]
			left = left[1:]
			return d, "fake", capture.Format{Rate: 1000, Channels: 1}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		defer func() {
			for _, d := range all {
				close(d.closed)
			}
		}()
		f(t, m, all)
	})
}

// next returns the next block of samples, and the reports before it.
func next(t *testing.T, m *Mic) (b capture.Block, faults []capture.Fault) {
	t.Helper()
	for {
		if err := m.Read(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		if b.Fault == nil {
			return b, faults
		}
		faults = append(faults, *b.Fault)
	}
}

// report fails t unless a report is next.
func report(t *testing.T, m *Mic, state capture.Health, reason string) {
	t.Helper()
	var b capture.Block
	if err := m.Read(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if want := (capture.Fault{State: state, Reason: reason}); b.Fault == nil || *b.Fault != want {
		t.Fatalf("got %+v (%v), want the report %+v", b, b.Fault, want)
	}
}

// What comes first from a device that has been opened is dropped, also when it comes back;
// then the time counts as lost.
func TestTheClickOfADeviceIsDropped(t *testing.T) {
	withMic(t, Options{Settle: 3 * block}, 2, func(t *testing.T, m *Mic, d []*fake) {
		for i, dev := range d {
			for k := range 3 {
				dev.deliver(block, 0.9+float32(k)/100)
			}
			dev.deliver(block, 0.1)
			b, _ := next(t, m)
			if b.Samples[0] != 0.1 || i == 0 && b.Offset != 0 || i == 1 && b.Offset < 10+30 {
				t.Fatalf("device %d: %+v", i, b)
			}
			if i == 0 {
				dev.fail(errors.New("unplugged"))
				report(t, m, capture.Down, "fake is lost: unplugged; trying to open it again")
				report(t, m, capture.Up, "fake is back")
			}
		}
	})
}

func TestBlocksFollowOneAnother(t *testing.T) {
	withMic(t, Options{}, 1, func(t *testing.T, m *Mic, d []*fake) {
		for i := range 20 {
			d[0].deliver(block, float32(i)+1)
			b, faults := next(t, m)
			if b.Offset != uint64(10*i) || len(b.Samples) != 10 || b.Samples[9] != float32(i)+1 || b.Format.Rate != 1000 || len(faults) > 0 {
				t.Fatalf("block %d: %+v, reports %+v", i, b, faults)
			}
			if want := time.Now().Add(-block); !b.Time.Equal(want) {
				t.Fatalf("block %d is of %v, want %v", i, b.Time, want)
			}
		}
	})
}

func TestSlowReaderLosesTheOldest(t *testing.T) {
	withMic(t, Options{Ring: 5 * block}, 1, func(t *testing.T, m *Mic, d []*fake) {
		for i := range 12 {
			d[0].deliver(block, float32(i)+1)
		}
		report(t, m, capture.Slow, "the reader is slower than real time: the oldest samples are dropped")
		for i := 7; i < 12; i++ {
			if b, _ := next(t, m); b.Offset != uint64(10*i) || b.Samples[0] != float32(i)+1 {
				t.Fatalf("sample %d is %v, want the block at %d", b.Offset, b.Samples[0], 10*i)
			}
		}
		d[0].deliver(block, 13)
		report(t, m, capture.Up, "the reader keeps up again")
		if b, _ := next(t, m); b.Offset != 120 {
			t.Errorf("the block after them is at %d", b.Offset)
		}
	})
}

func TestLostDeviceComesBack(t *testing.T) {
	withMic(t, Options{}, 2, func(t *testing.T, m *Mic, d []*fake) {
		d[0].deliver(block, 1)
		next(t, m)
		lost := time.Now()
		d[0].fail(noText{})
		report(t, m, capture.Down, "fake is lost: mic.noText; trying to open it again")
		report(t, m, capture.Up, "fake is back")
		if wait := time.Since(lost); wait != firstRetry {
			t.Errorf("it was opened after %v", wait)
		}
		d[1].deliver(time.Until(lost.Add(900*time.Millisecond)), 2)
		if b, _ := next(t, m); b.Offset != 900 {
			t.Errorf("after 0.9 s without a device the next sample is %d", b.Offset)
		}
	})
}

// noText is an error without text, as PortAudio's may be.
type noText struct{}

func (noText) Error() string { return "" }

func TestStallIsReported(t *testing.T) {
	withMic(t, Options{}, 1, func(t *testing.T, m *Mic, d []*fake) {
		d[0].deliver(block, 1)
		next(t, m)
		report(t, m, capture.Down, "fake has delivered no samples for 1s: it hangs or is suspended")
		d[0].deliver(block, 1)
		report(t, m, capture.Up, "fake delivers samples again")
	})
}

func TestSilenceIsReportedOnce(t *testing.T) {
	withMic(t, Options{Silence: 3 * block}, 1, func(t *testing.T, m *Mic, d []*fake) {
		var faults []capture.Fault
		for _, v := range []float32{1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 0.5, 1e-6, 1e-6} {
			d[0].deliver(block, v)
			_, f := next(t, m)
			faults = append(faults, f...)
		}
		want := []capture.Fault{
			{State: capture.Silent, Reason: "fake has been silent for 30ms: check that it is the device you mean, plugged in and not muted"},
			{State: capture.Up, Reason: "fake is no longer silent"},
		}
		if len(faults) != 2 || faults[0] != want[0] || faults[1] != want[1] {
			t.Errorf("reports %+v, want %+v", faults, want)
		}
	})
}

func TestOverflowIsReported(t *testing.T) {
	withMic(t, Options{}, 1, func(t *testing.T, m *Mic, d []*fake) {
		d[0].deliver(block, 1)
		time.Sleep(block)
		d[0].reads <- func([]float32) (bool, error) { return true, nil }
		next(t, m)
		report(t, m, capture.Slow, "the device lost samples before sample 10 (input overflow)")
	})
}

// Samples of a suspended device never existed, and Offset jumps by their number. A
// device that stalls and catches up has lost none.
func TestVanishedSamplesAreAGap(t *testing.T) {
	withMic(t, Options{}, 1, func(t *testing.T, m *Mic, d []*fake) {
		run := func(n int, each time.Duration) (last uint64) {
			for range n {
				d[0].deliver(each, 1)
				b, _ := next(t, m)
				last = b.Offset
			}
			return last
		}
		run(100, block)
		time.Sleep(900 * time.Millisecond) // a stall …
		if last := run(110, 0); last != 2090 {
			t.Errorf("after catching up the last block is at %d, want 2090", last)
		}
		run(100, block)
		before := run(1, block)
		time.Sleep(1500 * time.Millisecond) // … and a suspension
		last := run(300, block)
		if jump := last - before - 3000; jump < 1300 || jump > 1700 {
			t.Errorf("the jump after 1.5 s without samples is %d", jump)
		}
	})
}

func TestReadEnds(t *testing.T) {
	withMic(t, Options{}, 1, func(t *testing.T, m *Mic, _ []*fake) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var b capture.Block
		if err := m.Read(ctx, &b); err != context.Canceled {
			t.Errorf("with a cancelled context Read returned %v", err)
		}
		end := make(chan error)
		go func() { end <- m.Read(context.Background(), &b) }()
		synctest.Wait()
		m.Close()
		if err := <-end; err != io.EOF {
			t.Errorf("during Close Read returned %v", err)
		}
	})
}

// What has arrived before the end is still read, or is told as a gap.
func TestDrainKeepsWhatHasArrived(t *testing.T) {
	for _, abandon := range []bool{false, true} {
		withMic(t, Options{}, 1, func(t *testing.T, m *Mic, d []*fake) {
			for i := range 3 {
				d[0].deliver(block, float32(i+1))
			}
			m.Drain()
			if abandon {
				m.Abandon()
			}
			var b capture.Block
			var offsets []uint64
			var samples int
			for {
				err := m.Read(t.Context(), &b)
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				offsets, samples = append(offsets, b.Offset), samples+len(b.Samples)
			}
			want, n := []uint64{0, 10, 20}, 30
			if abandon {
				want, n = []uint64{30}, 0
			}
			if !slices.Equal(offsets, want) || samples != n {
				t.Errorf("abandoned %v: blocks at %v of %d samples, want %v and %d", abandon, offsets, samples, want, n)
			}
		})
	}
}
