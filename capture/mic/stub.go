//go:build !portaudio && !(linux && (386 || amd64 || arm || arm64 || loong64 || riscv64))

package mic

import (
	"context"
	"errors"

	"inkling/capture"
)

var errNoMicrophone = errors.New("this build has no microphone: install PortAudio (Debian: apt-get install portaudio19-dev pkg-config; macOS: brew install portaudio) and build with -tags portaudio, for example: go install -tags portaudio ./cmd/inkling")

func openDevice(Options) (device, string, capture.Format, error) {
	return nil, "", capture.Format{}, errNoMicrophone
}

// Devices lists the microphones.
func Devices() ([]Device, error) { return nil, errNoMicrophone }

// Play plays interleaved samples on the output device of that name, or whose name
// contains it; "" is the default. It returns when they have been played or ctx ends.
func Play(context.Context, []float32, float64, int, string) error { return errNoMicrophone }
