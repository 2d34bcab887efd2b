//go:build !edge

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/model"
	"inkling/stream"
	"inkling/stream/natsio"
	"inkling/stream/serve"
	"inkling/stream/worker"
)

type workerCmd struct {
	Config      string `arg:"" optional:"" help:"The configuration: a TOML file with one table [pipeline.NAME]. All workers of a group have the same."`
	Create      bool   `help:"Make the streams and buckets that are missing."`
	Check       bool   `help:"Say what is wrong with the configuration and the streams, and run nothing."`
	Example     bool   `help:"Print an annotated configuration."`
	ID          string `name:"id" help:"Name of this worker in its group [chosen at random]." placeholder:"NAME"`
	healthFlags `group:"Page and health"`
}

// workerKeys are the keys that a pipeline of worker has besides those of run.
type workerKeys struct {
	Partitions int           `help:"Shares into which the subjects are divided; it cannot be changed later." default:"16"`
	Output     string        `help:"JetStream stream of events and states." default:"inkling"`
	Prefix     string        `help:"Subjects of events: PREFIX.TYPE.STREAM." default:"inkling"`
	Lease      time.Duration `help:"A worker that is not heard of for so long is gone." default:"1s"`
	Commit     time.Duration `help:"How often events and states are stored." default:"50ms"`
	Keep       time.Duration `help:"How long messages are kept by partition: longer than any outage." default:"24h"`
	Replicas   int           `help:"Copies of each stream, in a cluster." default:"1"`
	Models     string        `help:"Object store of models." default:"models"`

	OnModelChange string `help:"What becomes of segments that another model has begun." enum:"finish,reset" default:"finish"`
}

// notForWorkers are keys of run that a worker has another way for.
var notForWorkers = map[string]string{
	"to": "output", "state": "output", "save-every": "commit", "save-daily": "commit", "spill": "output", "spill-max": "output", "since": "", "until": "", "service": "",
	"json": "", "plain": "", "quiet": "", "stale-after": "",
}

//go:embed worker.toml
var exampleWorker []byte

func (c *workerCmd) Run(a *app) error {
	if c.Example {
		_, err := a.stdout.Write(exampleWorker)
		return err
	}
	if c.Config == "" {
		return usagef("give a configuration; `inkling worker --example` prints one")
	}
	w, end, err := openGroup(a, c.Config)
	if err != nil {
		return err
	}
	defer end()
	if err := w.layout.Prepare(a.ctx, w.js, c.Create, a.logf); err != nil {
		if !c.Create {
			a.logf("--create makes streams that are missing")
		}
		return mistakes(a, c.Config, err)
	}
	if w.layout.Single {
		a.logf("NATS server %s stores no atomic batches, which nats-server 2.12 does: not promised is that a label is stored once. After a kill, an outage or a freeze labels may come again, "+
			"with the same Nats-Msg-Id, and stream %s drops those that come within %v", w.nc.ConnectedServerVersion(), w.layout.Output, w.layout.Window)
	}
	if c.Check {
		a.logf("%s: nothing wrong", c.Config)
		return nil
	}
	v, stop, err := c.healthFlags.start(a)
	if err != nil {
		return err
	}
	defer stop()
	return w.work(a, v, c.ID)
}

// A workGroup is what a configuration says.
type workGroup struct {
	p       *pipeline
	keys    workerKeys
	layout  worker.Layout
	subject string // of the source
	model   *model.Model
	options *stream.Options
	nc      *nats.Conn
	js      jetstream.JetStream
	log     func(format string, args ...any) // while the server does not answer
	fleet   *fleet
	pool    *stream.Pool // steps the streams of all partitions together
	counter stream.Meter // of all partitions, for benchmarks
}

// openGroup reads a configuration and connects to its server.
func openGroup(a *app, file string) (w *workGroup, end func(), err error) {
	if w, err = loadWorker(a, file); err != nil {
		return nil, nil, mistakes(a, file, err)
	}
	conn := &connector{flags: &w.p.cmd.natsFlags}
	if w.nc, err = conn.connect(); err == nil {
		w.js, err = jetstream.New(w.nc)
	}
	w.log = a.logf
	if err != nil {
		conn.close()
		return nil, nil, err
	}
	return w, conn.close, nil
}

func loadWorker(a *app, file string) (*workGroup, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%w (`inkling worker --example` prints a configuration)", err)
	}
	w := &workGroup{}
	parser := parserOf(&w.keys)
	own := flagNames(parser)
	keys := slices.DeleteFunc(pipelineKeys(), func(k string) bool { _, not := notForWorkers[k]; return not })
	config, err := serve.Parse(file, bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), serve.Known{Pipeline: append(keys, own...)})
	if config == nil {
		return nil, err
	}
	errs := []error{err}
	if len(config.Pipelines) != 1 {
		return nil, errors.Join(err, fmt.Errorf("%s: %d tables [pipeline.NAME]: give one; its name is that of the group", file, len(config.Pipelines)))
	}
	t := config.Pipelines[0]
	var args []string
	t.Keys = slices.DeleteFunc(t.Keys, func(k serve.Key) bool {
		if !slices.Contains(own, k.Name) {
			return false
		}
		args = append(args, flagsOf(parser, &k)...)
		return true
	})
	if _, err := parser.Parse(args); err != nil {
		errs = append(errs, config.Wrong(t, "", errors.New(keysFor(err))))
	}
	if w.p, err = pipelineOf(config, t); err == nil {
		err = errors.Join(w.p.load(a, config, map[string]*model.Model{}), w.plan(config, t))
	}
	return w, errors.Join(append(errs, err)...)
}

// plan finds out which streams the group works with.
func (w *workGroup) plan(config *serve.Config, t *serve.Table) (err error) {
	k := &w.keys
	source := w.p.cmd.Source[0]
	if len(w.p.cmd.Source) != 1 || !isStored(source) {
		return config.Wrong(t, "source", errors.New(`workers share a JetStream stream: give source = "jetstream:STREAM" or "jetstream:STREAM/SUBJECT"`))
	}
	input, subject, _ := strings.Cut(strings.TrimPrefix(source, storedPrefix), "/")
	for _, c := range []struct {
		bad bool
		key string
		why string
	}{
		{k.Partitions < 1 || k.Partitions > 4096, "partitions", "give 1 to 4096"},
		{k.Lease < 200*time.Millisecond || k.Lease > time.Hour, "lease", "give 200ms to 1h"},
		{k.Commit < time.Millisecond || k.Commit > time.Minute, "commit", "give 1ms to 1m"},
		{k.Keep < 10*k.Lease, "keep", "keep messages for at least ten times the lease"},
		{k.Replicas < 1 || k.Replicas > 5, "replicas", "give 1 to 5"},
		{input == k.Output, "output", "the events would be read as input: give another stream"},
	} {
		if c.bad {
			err = errors.Join(err, config.Wrong(t, c.key, errors.New(c.why)))
		}
	}
	if err != nil {
		return err
	}
	w.model, w.options = w.p.now()
	w.p.cmd.sourceFlags.model, w.p.cmd.sourceFlags.pending = &w.model.Config, int(w.p.cmd.MaxMemory/4)
	w.subject = subject
	w.layout = worker.Layout{Input: input, Output: k.Output, Prefix: k.Prefix, Keep: k.Keep, Lease: k.Lease, Replicas: k.Replicas}
	if w.layout.Transforms, err = natsio.Partition(subject, k.Partitions); err != nil {
		return config.Wrong(t, "source", err)
	}
	return nil
}

// work works as a member of the group until the program is told to end.
func (w *workGroup) work(a *app, v *vitals, id string) error {
	if id == "" {
		var b [4]byte
		rand.Read(b[:])
		host, _ := os.Hostname()
		id = natsName(host) + "-" + hex.EncodeToString(b[:])
	}
	bucket, err := worker.Bucket(a.ctx, w.js, w.layout.Bucket(), w.keys.Lease, w.keys.Replicas, a.logf)
	if err != nil {
		return err
	}
	if w.fleet, err = newFleet(a.ctx, w); err != nil {
		return err
	}
	w.fleet.unchecked(a)
	var following sync.WaitGroup
	defer following.Wait()
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	following.Go(func() { w.fleet.follow(ctx, a) })
	w.startPool()
	defer w.pool.Close()
	limitMemory(int(w.p.cmd.MaxMemory), int(w.p.cmd.OutageMemory))
	a.logf("worker %s of %s: %d partitions of the JetStream stream %s", id, w.p.table.Name, w.keys.Partitions, w.layout.Input)
	o := &worker.Options{Bucket: bucket, ID: id, Partitions: w.keys.Partitions, Lease: w.keys.Lease, Log: a.logf,
		Run: func(ctx context.Context, k int) error { return w.run(ctx, a, v, k) }}
	return worker.Work(a.ctx, o)
}

// startPool starts what steps the streams of all partitions.
func (w *workGroup) startPool() {
	gather := w.p.cmd.Gather
	if gather == 0 {
		gather = -1
	}
	w.pool = stream.NewPool(0, gather)
}

// natsName returns a name as a part of a key.
func natsName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}, s)
}

// session returns the session of a partition, which is the name of its state too.
func (w *workGroup) session(k int) string { return fmt.Sprintf("%s-%d", w.p.table.Name, k) }

// source returns the messages of a partition.
func (w *workGroup) source(ctx context.Context, a *app, k int) (*natsio.Stored, error) {
	of, err := w.p.cmd.messageOptions(a, "")
	if err != nil {
		return nil, err
	}
	return natsio.NewStored(ctx, w.nc, w.layout.Partitioned(), w.subject, natsio.StoredOptions{SourceOptions: of, Strip: natsio.PartitionPrefix(k), Log: a.logf})
}

// run labels the streams of a partition.
func (w *workGroup) run(ctx context.Context, a *app, v *vitals, k int) error {
	cmd := w.p.cmd
	src, err := w.source(ctx, a, k)
	if err != nil {
		return err
	}
	defer src.Close()
	name := w.session(k)
	ledger, err := natsio.NewLedger(w.nc, w.layout.Output, w.layout.Prefix, name)
	if err != nil {
		return err
	}
	defer ledger.Close() // also of a Run that does not get as far
	now, turn, leave, err := w.fleet.join()
	if err != nil {
		return err
	}
	defer leave()
	beside, end := context.WithCancel(ctx)
	var shadow sync.WaitGroup
	defer shadow.Wait()
	defer end()
	shadow.Go(func() { w.shadows(beside, a, k) })
	o := &stream.RunOptions{Options: *now.o, Switch: turn, Former: w.fleet.former, Version: version, Session: name, Store: ledger, Save: w.keys.Commit, Pool: w.pool,
		Keep: int(cmd.OutageMemory), Drain: cmd.Drain, Streams: cmd.MaxStreams, Memory: int(cmd.MaxMemory / 2)}
	if m := v.meter(name); m != nil {
		o.Meter = m
		defer v.forget(name)
	} else if w.counter != nil {
		o.Meter = w.counter
	}
	return stream.Run(ctx, src, now.m, o)
}
