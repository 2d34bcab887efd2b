//go:build portaudio

package mic

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/gordonklaus/portaudio"

	"inkling/capture"
)

// library serialises all calls of PortAudio but Read and Write, and counts its users.
// PortAudio's list of devices is frozen from Initialize to Terminate.
var library struct {
	sync.Mutex
	users int
}

func initialize() error {
	library.Lock()
	defer library.Unlock()
	if library.users == 0 {
		if path := os.Getenv("ALSA_CONFIG_PATH"); path != "" {
			if _, err := os.Stat(path); err != nil {
				return fmt.Errorf("ALSA_CONFIG_PATH: %w: PortAudio would end the process: correct or unset the variable", err)
			}
		}
		var err error
		quietly(func() { err = portaudio.Initialize() })
		if err != nil {
			return fmt.Errorf("PortAudio: %w", describe(err))
		}
	}
	library.users++
	return nil
}

func terminate() {
	library.Lock()
	defer library.Unlock()
	if library.users--; library.users == 0 {
		quietly(func() { portaudio.Terminate() })
	}
}

// input is an open stream.
type input struct {
	stream *portaudio.Stream
	buf    []float32
}

func openDevice(o Options) (device, string, capture.Format, error) {
	fail := func(err error) (device, string, capture.Format, error) {
		return nil, "", capture.Format{}, err
	}
	if err := initialize(); err != nil {
		return fail(err)
	}
	info, err := find(o.Device, "microphone", isInput, portaudio.DefaultInputDevice)
	if err != nil {
		terminate()
		return fail(err)
	}
	f := capture.Format{Rate: o.Rate, Channels: o.Channels}
	if f.Rate == 0 {
		f.Rate = info.DefaultSampleRate
	}
	if f.Channels > info.MaxInputChannels {
		terminate()
		return fail(fmt.Errorf("microphone %q has %d channels: set Options.Channels to at most that, not %d", info.Name, info.MaxInputChannels, f.Channels))
	}
	in := &input{buf: make([]float32, max(int(f.Rate*o.Block.Seconds()+0.5), 1)*f.Channels)}
	p := portaudio.HighLatencyParameters(info, nil)
	p.Input.Channels, p.SampleRate, p.FramesPerBuffer = f.Channels, f.Rate, len(in.buf)/f.Channels
	quietly(func() {
		if in.stream, err = portaudio.OpenStream(p, in.buf); err == nil {
			if err = in.stream.Start(); err != nil {
				in.stream.Close()
			}
		}
	})
	if err != nil {
		terminate()
		return fail(fmt.Errorf("microphone %q at %v Hz, %d channels: %w", info.Name, f.Rate, f.Channels, describe(err)))
	}
	return in, info.Name, f, nil
}

func (in *input) Read(buf []float32) (overflow bool, err error) {
	err = in.stream.Read()
	if errors.Is(err, portaudio.InputOverflowed) {
		overflow, err = true, nil
	}
	copy(buf, in.buf)
	return overflow, err
}

func (in *input) Close() error {
	var err error
	quietly(func() { err = in.stream.Close() })
	terminate()
	return err
}

func isInput(d *portaudio.DeviceInfo) bool  { return d.MaxInputChannels > 0 }
func isOutput(d *portaudio.DeviceInfo) bool { return d.MaxOutputChannels > 0 }

// find returns the device of that name or, if there is none, the first whose name
// contains it; preset is the one for "". kind names such devices in errors.
func find(name, kind string, fits func(*portaudio.DeviceInfo) bool, preset func() (*portaudio.DeviceInfo, error)) (*portaudio.DeviceInfo, error) {
	if name == "" {
		d, err := preset()
		if err != nil {
			return nil, fmt.Errorf("there is no default %s (%w): plug one in, check that the sound server runs, or set Options.Device", kind, describe(err))
		}
		return d, nil
	}
	all, err := portaudio.Devices()
	if err != nil {
		return nil, describe(err)
	}
	var part *portaudio.DeviceInfo
	var names []string
	for _, d := range all {
		if !fits(d) {
			continue
		}
		names = append(names, strconv.Quote(d.Name))
		switch {
		case d.Name == name:
			return d, nil
		case part == nil && strings.Contains(strings.ToLower(d.Name), strings.ToLower(name)):
			part = d
		}
	}
	if part == nil {
		return nil, fmt.Errorf("no %s is called %q: there are %s", kind, name, cmp.Or(strings.Join(names, ", "), "none"))
	}
	return part, nil
}

// Devices lists the microphones.
func Devices() ([]Device, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	defer terminate()
	all, err := portaudio.Devices()
	if err != nil {
		return nil, describe(err)
	}
	preset, _ := portaudio.DefaultInputDevice()
	var out []Device
	for _, d := range all {
		if isInput(d) {
			out = append(out, Device{Name: d.Name, Host: d.HostApi.Name, Channels: d.MaxInputChannels,
				Rate: d.DefaultSampleRate, Default: preset != nil && d.Index == preset.Index})
		}
	}
	return out, nil
}

// Play plays interleaved samples on the output device of that name, or whose name
// contains it; "" is the default. It returns when they have been played or ctx ends.
func Play(ctx context.Context, samples []float32, rate float64, channels int, name string) error {
	if err := initialize(); err != nil {
		return err
	}
	defer terminate()
	info, err := find(name, "output", isOutput, portaudio.DefaultOutputDevice)
	if err != nil {
		return err
	}
	buf := make([]float32, max(int(rate/20), 1)*channels)
	p := portaudio.HighLatencyParameters(nil, info)
	p.Output.Channels, p.SampleRate, p.FramesPerBuffer = channels, rate, len(buf)/channels
	var s *portaudio.Stream
	quietly(func() { s, err = portaudio.OpenStream(p, buf) })
	if err != nil {
		return fmt.Errorf("output %q at %v Hz: %w", info.Name, rate, describe(err))
	}
	defer s.Close()
	if err := s.Start(); err != nil {
		return describe(err)
	}
	for len(samples) > 0 && ctx.Err() == nil {
		n := copy(buf, samples)
		clear(buf[n:])
		samples = samples[n:]
		if err := s.Write(); err != nil && !errors.Is(err, portaudio.OutputUnderflowed) {
			return describe(err)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.Stop()
}
