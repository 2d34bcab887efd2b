// Live says how many live streams a processor carries: it publishes short blocks of many
// subjects to a NATS server of its own, has `inkling run` label them and publish the labels, and
// divides the seconds of signal by the processor time of that process alone.
//
//	cd bench && go build -o /tmp/inkling ../cmd/inkling && go run ./live /tmp/inkling
//
// With GOMAXPROCS=1 the program leaves the other processors to the server and to the publisher.
// If there are more streams than it can carry, it loses blocks; live then gives no figure.
//
// To compare two programs, run it with each in turn, several times.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"inkling/internal/testkit/cputime"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

const (
	rate   = 16000           // Hz
	parts  = 20              // of a block's time: the subjects do not send at the same moment
	warmUp = 1 * time.Second // which is not counted
)

type options struct {
	program, emit string
	streams       int
	length, block time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.streams, "streams", 1000, "subjects")
	flag.DurationVar(&o.length, "for", 10*time.Second, "signal of each")
	flag.DurationVar(&o.block, "block", 20*time.Millisecond, "signal of a message")
	flag.StringVar(&o.emit, "emit", "confirmed", "as of inkling run: confirmed, change, step")
	flag.Parse()
	o.program = flag.Arg(0)
	if flag.NArg() != 1 || o.streams < 1 || o.length <= 0 || o.block < time.Millisecond {
		fmt.Fprintln(os.Stderr, "usage: live [-streams N] [-for TIME] [-block TIME] [-emit WHAT] INKLING")
		os.Exit(2)
	}
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

func (o *options) run() error {
	dir, err := os.MkdirTemp("", "live")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "model.json")
	if err := writeModel(file); err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true})
	if err != nil {
		return err
	}
	s.Start()
	defer s.Shutdown()
	var events, gaps atomic.Int64
	if err := count(s.ClientURL(), &events, &gaps); err != nil {
		return err
	}
	cmd := exec.Command(o.program, "run", file, "nats:in.*", "--urls", s.ClientURL(), "--format", "s16le", "--rate", fmt.Sprint(rate),
		"--to", "nats:out", "--quiet", "--emit", o.emit)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(os.Interrupt)
	for began := time.Now(); s.NumSubscriptions() < 2; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			return errors.New("the program has not subscribed within a minute")
		}
	}
	used, late, err := o.publish(s.ClientURL(), cmd.Process.Pid)
	if err != nil {
		return err
	}
	if events.Load() == 0 {
		return errors.New("the program has sent no event")
	}
	if n := gaps.Load(); n > 0 {
		return fmt.Errorf("more streams than the program carries: it has lost blocks, in %d gaps", n)
	}
	fmt.Printf("%d streams, %v each in blocks of %v: %.2f s of processor time, %.0f streams a core, %d events; the last block came %v late\n",
		o.streams, o.length, o.block, used.Seconds(), float64(o.streams)*o.length.Seconds()/used.Seconds(), events.Load(), late.Round(time.Millisecond))
	return nil
}

// count counts the events, and among them the gaps.
func count(url string, events, gaps *atomic.Int64) error {
	nc, err := nats.Connect(url)
	if err != nil {
		return err
	}
	sub, err := nc.Subscribe("out.>", func(m *nats.Msg) {
		events.Add(1)
		if bytes.Contains(m.Data, []byte(`"type":"gap"`)) {
			gaps.Add(1)
		}
	})
	if err != nil {
		return err
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return err
	}
	return nc.Flush()
}

// publish publishes the signals at their pace. It returns the processor time that the process
// has used for them, and how late the last block was: if it was late, the machine could not keep up.
func (o *options) publish(url string, pid int) (used, late time.Duration, err error) {
	nc, err := nats.Connect(url)
	if err != nil {
		return 0, 0, err
	}
	defer nc.Close()
	blocks := noise(16, int(rate*o.block/time.Second))
	var before time.Duration
	due := time.Now()
	for r := range int((warmUp + o.length) / o.block) {
		if r == int(warmUp/o.block) {
			if before, err = cputime.Of(pid); err != nil {
				return 0, 0, err
			}
		}
		for q := range parts {
			time.Sleep(time.Until(due))
			for i := q * o.streams / parts; i < (q+1)*o.streams/parts; i++ {
				if err := nc.Publish(fmt.Sprint("in.s", i), blocks[(i+r)%len(blocks)]); err != nil {
					return 0, 0, err
				}
			}
			if err := nc.Flush(); err != nil {
				return 0, 0, err
			}
			due = due.Add(o.block / parts)
		}
	}
	after, err := cputime.Of(pid)
	return after - before, max(0, time.Since(due)), err
}

// noise returns n blocks of soft noise, each with this number of samples.
func noise(n, samples int) [][]byte {
	rng := rand.New(rand.NewPCG(3, 3))
	blocks := make([][]byte, n)
	for i := range blocks {
		for range samples {
			blocks[i] = binary.LittleEndian.AppendUint16(blocks[i], uint16(int16(3000*rng.NormFloat64())))
		}
	}
	return blocks
}

// writeModel writes a model of log-mel with 100 units, with random weights, and segments of half
// a second.
func writeModel(file string) error {
	c := model.Config{Version: 1, Labels: []string{"a", "b", "c"}, Rate: rate, Channels: 1, Hidden: 100, Layers: 1,
		Running: model.RunningSoftmax, Confirm: true, Segment: segment.Config{Kind: segment.Fixed, Steps: 50, MaxDuration: 3600},
		Decision: decide.Config{State: "reset", Gap: "reset"}}
	var err error
	if c.Front, err = (feature.Config{Kind: feature.KindLogMel}).Normalize(rate, 1); err != nil {
		return err
	}
	x, err := feature.New(c.Front, rate, 1)
	if err != nil {
		return err
	}
	p := model.NewParams(&c, x.Dim())
	p.Init(rand.New(rand.NewPCG(1, 1)))
	m, err := model.New(c, p)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(m.Save(f), f.Close())
}
