//go:build linux && !portaudio && (386 || amd64 || arm || arm64 || loong64 || riscv64)

package mic

import (
	"fmt"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What follows is that part of the kernel's interface to sound devices that a recording
// needs: linux/include/uapi/sound/asound.h.

// Parameters of a recording: masks of possibilities, and intervals.
const (
	paramAccess = 0
	paramFormat = 1
	firstMask   = paramAccess

	paramChannels   = 10
	paramRate       = 11
	paramPeriodSize = 13
	firstInterval   = 8
)

const accessInterleaved = 3

// hwParams is struct snd_pcm_hw_params.
type hwParams struct {
	flags     uint32
	masks     [8]mask      // the last five are reserved
	intervals [21]interval // the last nine are reserved
	rmask     uint32
	cmask     uint32
	info      uint32
	msbits    uint32
	rateNum   uint32
	rateDen   uint32
	fifoSize  uintptr
	reserved  [64]byte
}

// mask is struct snd_mask.
type mask [8]uint32

func (m *mask) has(bit int) bool { return m[bit/32]>>(bit%32)&1 != 0 }

func (m *mask) only(bit int) {
	*m = mask{}
	m[bit/32] = 1 << (bit % 32)
}

// interval is struct snd_interval.
type interval struct{ min, max, flags uint32 }

// wholeNumber is the flag of an interval of whole numbers.
const wholeNumber = 1 << 2

func (i *interval) only(v uint32) { *i = interval{v, v, wholeNumber} }

func (p *hwParams) mask(param int) *mask         { return &p.masks[param-firstMask] }
func (p *hwParams) interval(param int) *interval { return &p.intervals[param-firstInterval] }

// anything asks for nothing in particular.
func anything() *hwParams {
	p := &hwParams{rmask: math.MaxUint32}
	for i := range p.masks[:3] {
		for j := range p.masks[i] {
			p.masks[i][j] = math.MaxUint32
		}
	}
	for i := range p.intervals[:12] {
		p.intervals[i].max = math.MaxUint32
	}
	return p
}

// request is the number of an ioctl 'A' that reads and writes hwParams.
func request(n uintptr) uintptr {
	return 3<<30 | unsafe.Sizeof(hwParams{})<<16 | 'A'<<8 | n
}

const prepareRequest = 'A'<<8 | 0x40

// A kernelPCM is a device file.
type kernelPCM int

// pcmFile returns the file of a recording device.
func pcmFile(card, number int) string { return fmt.Sprintf("/dev/snd/pcmC%dD%dc", card, number) }

func openPCM(card, number int) (pcm, error) {
	name := pcmFile(card, number)
	// Without O_NONBLOCK the kernel would wait until another program has closed it.
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return kernelPCM(fd), nil
}

func (d kernelPCM) ioctl(request uintptr, p unsafe.Pointer) error {
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(d), request, uintptr(p)); e != 0 {
		return e
	}
	return nil
}

func (d kernelPCM) refine(p *hwParams) error       { return d.ioctl(request(0x10), unsafe.Pointer(p)) }
func (d kernelPCM) choose(p *hwParams) error       { return d.ioctl(request(0x11), unsafe.Pointer(p)) }
func (d kernelPCM) prepare() error                 { return d.ioctl(prepareRequest, nil) }
func (d kernelPCM) read(b []byte) (n int, e error) { return unix.Read(int(d), b) }
func (d kernelPCM) close() error                   { return unix.Close(int(d)) }
