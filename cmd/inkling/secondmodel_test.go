//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/internal/testkit/testmodel"
	"inkling/model/feature"
	"inkling/stream/natsio"
)

// A sensors is a load of `inkling serve`: devices that publish as they speak.
type sensors struct {
	name    string
	every   time.Duration // a device publishes
	devices int
	rate    float64
	names   []string
	front   feature.Config
	publish func(nc *nats.Conn, device, turn int) error
}

// row publishes one row of an accelerometer.
func row(nc *nats.Conn, device, turn int) error {
	x := math.Sin(float64(turn) / 7)
	return nc.Publish(fmt.Sprint("in.", device), fmt.Appendf(nil, `{"t":%.2f,"x":%.4f,"y":0.25,"z":9.81}`, 1.76e9+float64(turn)/50, x))
}

// tone returns what publishes 50 ms of sound, as the microphone of a device does.
func tone(rate float64) func(nc *nats.Conn, device, turn int) error {
	publishers := map[int]*natsio.Publisher{}
	return func(nc *nats.Conn, device, turn int) error {
		p := publishers[device]
		if p == nil || turn == 0 {
			p = &natsio.Publisher{Conn: nc, Subject: fmt.Sprint("in.", device), Rate: rate, Channels: 1}
			publishers[device] = p
		}
		x := make([]float32, int(rate/20))
		for i := range x {
			x[i] = float32(math.Sin(float64(i*(1+turn%9))/50)) / 3
		}
		return p.Send(x)
	}
}

// modelFiles writes two models of 100 units for the load, and returns their paths.
func (s *sensors) modelFiles(b *testing.B) (paths [2]string) {
	for i := range paths {
		c := testmodel.Labels(s.rate, max(len(s.names), 1), "a", "b", "c")
		c.Hidden, c.Front, c.Names = 100, s.front, s.names
		m := testmodel.New(b, c, rand.New(rand.NewPCG(1, uint64(i))))
		var file bytes.Buffer
		if err := m.Save(&file); err != nil {
			b.Fatal(err)
		}
		paths[i] = filepath.Join(b.TempDir(), "a.model")
		if err := os.WriteFile(paths[i], file.Bytes(), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return paths
}

// processorTime returns what `serve` of pipelines takes of the processor for turns of the
// load, from its start to its end.
func (s *sensors) processorTime(b *testing.B, nc *nats.Conn, pipelines string, listening, turns int) time.Duration {
	name := filepath.Join(b.TempDir(), "inkling.toml")
	text := fmt.Sprintf("[defaults]\nurls = %q\nsource = 'nats:in.*'\nsegment = 'fixed'\nsteps = 100\nemit = 'change'\n%s", nc.ConnectedUrl(), pipelines)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	p := process(b, "serve", name)
	said, err := p.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := p.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for listening > 0 && lines.Scan() {
		if strings.Contains(lines.Text(), "listening on") || strings.Contains(lines.Text(), "together with") {
			listening--
		}
	}
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for turn := range turns {
		for device := range s.devices {
			if err := s.publish(nc, device, turn); err != nil {
				b.Fatal(err)
			}
		}
		nc.Flush()
		<-tick.C
	}
	p.Process.Signal(syscall.SIGTERM)
	for lines.Scan() {
	}
	if err := p.Wait(); err != nil {
		b.Fatal(err)
	}
	return p.ProcessState.UserTime() + p.ProcessState.SystemTime()
}

// BenchmarkSecondModel reports what a second model on the same subjects adds to the processor
// time of `inkling serve`, in turns with one model, without that of starting.
func BenchmarkSecondModel(b *testing.B) {
	if testing.Short() {
		b.Skip("starts processes")
	}
	mel := feature.Config{Kind: feature.KindLogMel}
	for _, s := range []*sensors{
		{name: "rows", every: 20 * time.Millisecond, devices: 20, rate: 50, names: []string{"x", "y", "z"}, front: feature.Config{Kind: feature.KindRaw, Samples: 1}, publish: row},
		{name: "sound", every: 50 * time.Millisecond, devices: 10, rate: 16000, front: mel, publish: tone(16000)},
		{name: "sound-48kHz", every: 50 * time.Millisecond, devices: 10, rate: 16000, front: mel, publish: tone(48000)},
	} {
		b.Run(s.name, func(b *testing.B) {
			srv := broker(b, 0)
			defer srv.Shutdown()
			nc, err := nats.Connect(srv.ClientURL())
			if err != nil {
				b.Fatal(err)
			}
			defer nc.Close()
			paths := s.modelFiles(b)
			one := fmt.Sprintf("[pipeline.a]\nmodel = %q\n", paths[0])
			two := one + fmt.Sprintf("[pipeline.b]\nmodel = %q\n", paths[1])
			const seconds = 3
			turns := int(seconds * time.Second / s.every)
			var alone, more []float64
			for range b.N {
				one := s.processorTime(b, nc, one, 1, turns) - s.processorTime(b, nc, one, 1, 0)
				both := s.processorTime(b, nc, two, 2, turns) - s.processorTime(b, nc, two, 2, 0)
				alone, more = append(alone, 1e3*one.Seconds()/seconds), append(more, 100*(float64(both)/float64(one)-1))
			}
			slices.Sort(alone)
			slices.Sort(more)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(alone[b.N/2], "ms/s-one")
			b.ReportMetric(more[b.N/2], "%more")
		})
	}
}
