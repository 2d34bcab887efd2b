//go:build linux && !portaudio && (386 || amd64 || arm || arm64 || loong64 || riscv64)

package mic

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"inkling/capture"
)

// kernel is the sound system of this machine's kernel.
var kernel = alsa{proc: "/proc/asound", open: openPCM}

func openDevice(o Options) (device, string, capture.Format, error) { return kernel.openDevice(o) }

// Devices lists the microphones.
func Devices() ([]Device, error) { return kernel.devices() }

// Play needs PortAudio.
func Play(context.Context, []float32, float64, int, string) error {
	return errors.New("this build records, but does not play: install PortAudio (Debian: apt-get install portaudio19-dev pkg-config) and build with -tags portaudio, for example: go install -tags portaudio ./cmd/inkling")
}

// alsa reads what the kernel says of sound devices, and opens them.
type alsa struct {
	proc string // where its list of devices is
	open func(card, number int) (pcm, error)
}

// A pcm is an open recording device, as the kernel has it.
type pcm interface {
	refine(*hwParams) error // narrows what is asked for down to what the device can do
	choose(*hwParams) error // sets the device up
	prepare() error         // after an overrun
	read([]byte) (int, error)
	close() error
}

// A node is a recording device of the list.
type node struct {
	card, number int
	name         string
}

// list returns the recording devices, in the kernel's order.
func (k *alsa) list() ([]node, error) {
	f, err := os.Open(filepath.Join(k.proc, "pcm"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no sound in this kernel, or no device
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []node
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// 01-00: USB Audio : USB Audio : playback 1 : capture 1
		parts := strings.Split(lines.Text(), ": ")
		if !strings.Contains(lines.Text(), ": capture ") || len(parts) < 3 {
			continue
		}
		card, number, ok := strings.Cut(parts[0], "-")
		c, err := strconv.Atoi(card)
		n, err2 := strconv.Atoi(number)
		if !ok || err != nil || err2 != nil {
			continue
		}
		all = append(all, node{c, n, fmt.Sprintf("%s: %s (hw:%d,%d)", k.card(c), strings.TrimSpace(cmp.Or(strings.TrimSpace(parts[2]), parts[1])), c, n)})
	}
	return all, nil
}

// card returns the name of a card.
func (k *alsa) card(n int) string {
	b, _ := os.ReadFile(filepath.Join(k.proc, "cards"))
	for line := range strings.Lines(string(b)) {
		// " 1 [Device         ]: USB-Audio - USB PnP Sound Device"
		head, name, ok := strings.Cut(line, "]: ")
		if at, _, _ := strings.Cut(strings.TrimSpace(head), " "); ok && at == strconv.Itoa(n) {
			_, long, _ := strings.Cut(name, " - ")
			return strings.TrimSpace(cmp.Or(long, name))
		}
	}
	return fmt.Sprintf("card %d", n)
}

// find returns the device of that name or, if there is none, the first whose name contains
// it; the first of all for "".
func (k *alsa) find(name string) (node, error) {
	all, err := k.list()
	if err != nil {
		return node{}, err
	}
	var part *node
	var names []string
	for i, n := range all {
		names = append(names, strconv.Quote(n.name))
		if n.name == name {
			return n, nil
		}
		if part == nil && strings.Contains(strings.ToLower(n.name), strings.ToLower(name)) {
			part = &all[i]
		}
	}
	switch {
	case part != nil:
		return *part, nil
	case len(all) == 0:
		return node{}, errors.New("there is no microphone: the kernel lists no recording device in /proc/asound/pcm: plug one in (`lsusb` lists what is plugged in), or load its driver")
	}
	return node{}, fmt.Errorf("no microphone is called %q: there are %s", name, strings.Join(names, ", "))
}

func (k *alsa) devices() (out []Device, err error) {
	all, err := k.list()
	for i, n := range all {
		d := Device{Name: n.name, Host: "ALSA", Default: i == 0, Path: pcmFile(n.card, n.number)}
		var p pcm
		if p, d.Err = k.open(n.card, n.number); d.Err == nil { // otherwise somebody else may have it
			can := anything()
			if d.Err = p.refine(can); d.Err == nil {
				rates := can.interval(paramRate)
				d.Channels, d.Rate = int(can.interval(paramChannels).max), float64(usualRate(rates))
				d.LowestRate, d.HighestRate = float64(rates.min), float64(rates.max)
			}
			p.close()
		}
		out = append(out, d)
	}
	return out, err
}

// usualRate returns 48 kHz or what is nearest to it.
func usualRate(can *interval) uint32 { return min(max(48000, can.min), can.max) }

// formats are those that a recording may have, the best first.
var formats = []struct {
	bit    int // of the mask of formats
	bytes  int
	sample func([]byte) float32
}{
	{10, 4, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 31) }},
	{32, 3, func(b []byte) float32 {
		return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
	}},
	{6, 4, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b)<<8)) / (1 << 31) }},
	{2, 2, func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15) }},
	{14, 4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	{1, 1, func(b []byte) float32 { return float32(int(b[0])-128) / 128 }},
}

// kernelInput is a recording.
type kernelInput struct {
	pcm      pcm
	channels int // wanted, the first of have
	have     int
	bytes    int // of a value
	sample   func([]byte) float32
	buf      []byte
	filled   int // bytes of buf that are read
}

func (k *alsa) openDevice(o Options) (device, string, capture.Format, error) {
	fail := func(err error) (device, string, capture.Format, error) {
		return nil, "", capture.Format{}, err
	}
	n, err := k.find(o.Device)
	if err != nil {
		return fail(err)
	}
	p, err := k.open(n.card, n.number)
	switch {
	case errors.Is(err, unix.EBUSY):
		return fail(fmt.Errorf("microphone %q: %w: another program has it, perhaps a sound server: end that, or use a build with -tags portaudio, which records through it", n.name, err))
	case errors.Is(err, fs.ErrPermission):
		return fail(fmt.Errorf("microphone %q: %w: add the user to the group audio (usermod -aG audio NAME), and log in again", n.name, err))
	case err != nil:
		return fail(fmt.Errorf("microphone %q: %w", n.name, err))
	}
	in, rate, err := setUp(p, o)
	if err != nil {
		p.close()
		return fail(fmt.Errorf("microphone %q: %w", n.name, err))
	}
	return in, n.name, capture.Format{Rate: rate, Channels: in.channels}, nil
}

// setUp sets a device up for o, and returns its rate.
func setUp(p pcm, o Options) (*kernelInput, float64, error) {
	can := anything()
	can.mask(paramAccess).only(accessInterleaved)
	if err := p.refine(can); err != nil {
		return nil, 0, err
	}
	in := &kernelInput{pcm: p, channels: max(o.Channels, 1)}
	channels, rates := can.interval(paramChannels), can.interval(paramRate)
	if uint32(in.channels) > channels.max {
		return nil, 0, fmt.Errorf("it has %d channels: set Options.Channels to at most that, not %d", channels.max, in.channels)
	}
	in.have = max(in.channels, int(channels.min))
	rate := uint32(math.Round(o.Rate))
	if rate == 0 {
		rate = usualRate(rates)
	}
	if rate < rates.min || rate > rates.max {
		return nil, 0, fmt.Errorf("it records at %d to %d Hz: set Options.Rate to one of these, not %v; the signal is resampled to the model's rate", rates.min, rates.max, o.Rate)
	}
	bit := -1
	for _, f := range formats {
		if can.mask(paramFormat).has(f.bit) {
			bit, in.bytes, in.sample = f.bit, f.bytes, f.sample
			break
		}
	}
	if bit < 0 {
		return nil, 0, errors.New("it has no format that is known here: use a build with -tags portaudio")
	}
	want := anything()
	want.mask(paramAccess).only(accessInterleaved)
	want.mask(paramFormat).only(bit)
	want.interval(paramChannels).only(uint32(in.have))
	want.interval(paramRate).only(rate)
	period := can.interval(paramPeriodSize)
	want.interval(paramPeriodSize).min = min(max(uint32(float64(rate)*o.Block.Seconds()), period.min), period.max)
	if err := p.choose(want); err != nil {
		return nil, 0, fmt.Errorf("%d Hz, %d channels: %w", rate, in.have, err)
	}
	return in, float64(want.interval(paramRate).min), p.prepare()
}

// Read implements device.
func (in *kernelInput) Read(out []float32) (overflow bool, err error) {
	frames := len(out) / in.channels
	if want := frames * in.have * in.bytes; len(in.buf) != want {
		in.buf = make([]byte, want)
	}
	for in.filled = 0; in.filled < len(in.buf); {
		n, err := in.pcm.read(in.buf[in.filled:])
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ESTRPIPE):
			overflow = true
			if err := in.pcm.prepare(); err != nil {
				return overflow, err
			}
			in.filled = 0 // the block begins behind what was lost
		case err != nil:
			return overflow, err
		case n == 0:
			return overflow, errors.New("the device has ended")
		default:
			in.filled += n
		}
	}
	for i := range frames {
		for c := range in.channels {
			out[i*in.channels+c] = in.sample(in.buf[(i*in.have+c)*in.bytes:])
		}
	}
	return overflow, nil
}

// Close implements device.
func (in *kernelInput) Close() error { return in.pcm.close() }
