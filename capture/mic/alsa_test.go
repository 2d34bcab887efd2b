//go:build linux && !portaudio && (386 || amd64 || arm || arm64 || loong64 || riscv64)

package mic

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"inkling/capture"
)

// The numbers of the requests hold the size of their structure; they are those that C
// programs use on processors of 64 and of 32 bits.
func TestRequests(t *testing.T) {
	refine, choose := uint32(0xc2604110), uint32(0xc2604111)
	if unsafe.Sizeof(uintptr(0)) == 4 {
		refine, choose = 0xc25c4110, 0xc25c4111
	}
	if got := uint32(request(0x10)); got != refine {
		t.Errorf("refine is %#x, want %#x", got, refine)
	}
	if got := uint32(request(0x11)); got != choose {
		t.Errorf("choose is %#x, want %#x", got, choose)
	}
	if prepareRequest != 0x4140 {
		t.Errorf("prepare is %#x", prepareRequest)
	}
}

// A card is a device with what it can do and what it will deliver.
type card struct {
	formats            []int
	channels, rates    [2]uint32
	chosen             hwParams
	data               []byte
	reads              []error // of the next reads; nil delivers
	prepared, released int
}

func (c *card) refine(p *hwParams) error {
	m := mask{}
	for _, f := range c.formats {
		m[f/32] |= 1 << (f % 32)
	}
	for i := range m {
		p.mask(paramFormat)[i] &= m[i]
	}
	*p.interval(paramChannels) = interval{c.channels[0], c.channels[1], wholeNumber}
	*p.interval(paramRate) = interval{c.rates[0], c.rates[1], wholeNumber}
	*p.interval(paramPeriodSize) = interval{32, 8192, wholeNumber}
	return nil
}

func (c *card) choose(p *hwParams) error {
	c.chosen = *p
	if r := p.interval(paramRate); r.min != r.max || r.min < c.rates[0] || r.max > c.rates[1] {
		return unix.EINVAL
	}
	return nil
}

func (c *card) prepare() error { c.prepared++; return nil }
func (c *card) close() error   { c.released++; return nil }

func (c *card) read(b []byte) (int, error) {
	if len(c.reads) > 0 {
		err := c.reads[0]
		c.reads = c.reads[1:]
		if err != nil {
			return 0, err
		}
	}
	n := copy(b[:min(len(b), 24)], c.data) // in pieces
	c.data = c.data[n:]
	return n, nil
}

// cards is a kernel with two of them, the second of which is somebody else's.
func cards(t *testing.T, c *card) *alsa {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pcm":   "00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8\n01-00: USB Audio : USB Audio : playback 1 : capture 1\n02-00: wm8960 : Line in : capture 1\n",
		"cards": " 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n                      bcm2835 Headphones\n 1 [Device         ]: USB-Audio - USB PnP Sound Device\n                      C-Media\n 2 [wm8960]: wm8960 - wm8960-soundcard\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &alsa{proc: dir, open: func(n, _ int) (pcm, error) {
		if n == 2 {
			return nil, unix.EBUSY
		}
		return c, nil
	}}
}

func TestKernelDevices(t *testing.T) {
	all, err := cards(t, &card{formats: []int{2}, channels: [2]uint32{1, 2}, rates: [2]uint32{8000, 44100}}).devices()
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	if want := (Device{Name: "USB PnP Sound Device: USB Audio (hw:1,0)", Host: "ALSA", Channels: 2, Rate: 44100, Default: true, LowestRate: 8000, HighestRate: 44100, Path: "/dev/snd/pcmC1D0c"}); all[0] != want {
		t.Errorf("%+v, want %+v", all[0], want)
	}
	if all[1].Name != "wm8960-soundcard: Line in (hw:2,0)" || all[1].Rate != 0 || !errors.Is(all[1].Err, unix.EBUSY) {
		t.Errorf("%+v", all[1])
	}
}

// A card that has two channels at least gives its first; an overrun is told and gone on
// from.
func TestKernelRecords(t *testing.T) {
	c := &card{formats: []int{2, 10}, channels: [2]uint32{2, 2}, rates: [2]uint32{44100, 96000}, reads: []error{nil, unix.EINTR, unix.EPIPE, nil}}
	for i := range 64 {
		c.data = binary.LittleEndian.AppendUint32(c.data, uint32(i<<24))
		c.data = binary.LittleEndian.AppendUint32(c.data, 0x7fffffff)
	}
	k := cards(t, c)
	d, name, f, err := k.openDevice(Options{Device: "usb", Channels: 1, Block: 1e6})
	if err != nil || f.Rate != 48000 || f.Channels != 1 || !strings.Contains(name, "hw:1,0") {
		t.Fatalf("%s, %+v: %v", name, f, err)
	}
	if !c.chosen.mask(paramFormat).has(10) || c.chosen.interval(paramChannels).min != 2 || c.prepared != 1 {
		t.Errorf("set up as %+v", c.chosen)
	}
	buf := make([]float32, 8)
	overflow, err := d.Read(buf)
	if err != nil || !overflow || c.prepared != 2 {
		t.Fatalf("%v, %v, prepared %d times", overflow, err, c.prepared)
	}
	for i, v := range buf { // 24 bytes, three frames, are lost
		if want := float32(i+3) / 128; v != want {
			t.Errorf("sample %d is %v, want %v", i, v, want)
		}
	}
	c.reads = []error{unix.ENODEV}
	if _, err := d.Read(buf); err == nil {
		t.Error("a card that is pulled out goes on")
	}
	if d.Close(); c.released != 1 {
		t.Error("not closed")
	}
}

func TestKernelRefusals(t *testing.T) {
	for want, o := range map[string]Options{
		"no microphone is called": {Device: "bird"},
		"another program has it":  {Device: "Line in"},
		"it has 2 channels":       {Channels: 3},
		"44100 to 96000 Hz":       {Rate: 16000},
	} {
		c := &card{formats: []int{2}, channels: [2]uint32{1, 2}, rates: [2]uint32{44100, 96000}}
		if _, _, _, err := cards(t, c).openDevice(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want one about %q", o, err, want)
		}
	}
	if _, _, _, err := (&alsa{proc: t.TempDir()}).openDevice(Options{}); err == nil || !strings.Contains(err.Error(), "there is no microphone") {
		t.Errorf("without sound: %v", err)
	}
}

func TestSamplesOfFormats(t *testing.T) {
	for _, f := range formats {
		least, most := make([]byte, 4), []byte{0xff, 0xff, 0xff, 0x7f}
		switch f.bit {
		case 10, 2:
			least[f.bytes-1], most[f.bytes-1] = 0x80, 0x7f
		case 32, 6:
			least[2], most[2] = 0x80, 0x7f
		case 14:
			binary.LittleEndian.PutUint32(least, 0xbf800000)
			binary.LittleEndian.PutUint32(most, 0x3f800000)
		case 1:
			most[0] = 0xff
		}
		if lo, hi := f.sample(least), f.sample(most); lo != -1 || hi < 0.99 || hi > 1 {
			t.Errorf("format %d: from %v to %v", f.bit, lo, hi)
		}
	}
}

// A card that is pulled out, and hours later plugged in elsewhere, is found there; the card
// that is the first one meanwhile is left alone.
func TestKernelCardAwayForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := func() *card {
			return &card{formats: []int{2}, channels: [2]uint32{1, 2}, rates: [2]uint32{8000, 48000}, data: make([]byte, 3*80*2)}
		}
		var now atomic.Pointer[card]
		now.Store(full())
		k := cards(t, nil)
		k.open = func(int, int) (pcm, error) { return now.Load(), nil }
		list := func(pcm string) {
			if err := os.WriteFile(filepath.Join(k.proc, "pcm"), []byte(pcm), 0o644); err != nil {
				t.Error(err)
			}
		}
		m, err := start(Options{Rate: 8000, Settle: -1}, k.openDevice)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		synctest.Wait() // the blocks are in the ring, and the card is lost
		list("02-00: wm8960 : Line in : capture 1\n")
		report(t, m, capture.Down, "USB PnP Sound Device: USB Audio (hw:1,0) is lost: the device has ended; trying to open it again")
		for i := range 3 {
			if b, _ := next(t, m); b.Offset != uint64(80*i) || b.Stream != "USB PnP Sound Device: USB Audio (hw:1,0)" {
				t.Errorf("block %d: %+v", i, b)
			}
		}
		time.Sleep(5 * time.Hour)
		now.Store(full())
		if err := os.WriteFile(filepath.Join(k.proc, "cards"), []byte(" 2 [wm8960]: wm8960 - wm8960-soundcard\n 3 [Device         ]: USB-Audio - USB PnP Sound Device\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		list("02-00: wm8960 : Line in : capture 1\n03-00: USB Audio : USB Audio : playback 1 : capture 1\n")
		report(t, m, capture.Up, "USB PnP Sound Device: USB Audio (hw:1,0) is back")
		if b, _ := next(t, m); b.Offset < 5*3600*8000 {
			t.Errorf("after five hours the next sample is %d", b.Offset)
		}
	})
}
