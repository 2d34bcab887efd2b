// Package deps pins dependencies while the packages that use them are being written. It goes before the release.
package deps

import (
	_ "github.com/alecthomas/kong"
	_ "github.com/fxamacker/cbor/v2"
	_ "github.com/gordonklaus/portaudio"
	_ "github.com/hajimehoshi/go-mp3"
	_ "github.com/mewkiz/flac"
	_ "github.com/nats-io/nats-server/v2/server"
	_ "github.com/nats-io/nats.go"
	_ "github.com/nats-io/nats.go/jetstream"
	_ "github.com/nats-io/nats.go/micro"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/schollz/progressbar/v3"
	_ "github.com/synadia-io/orbit.go/natscontext"
	_ "go.uber.org/goleak"
	_ "golang.org/x/sys/cpu"
	_ "golang.org/x/term"
	_ "gonum.org/v1/gonum/blas/blas32"
	_ "gonum.org/v1/gonum/dsp/fourier"
	_ "gonum.org/v1/gonum/stat"
	_ "gonum.org/v1/plot"
	_ "gonum.org/v1/plot/vg/vgimg"
	_ "gonum.org/v1/plot/vg/vgsvg"
	_ "pgregory.net/rapid"
)
