//go:build !edge

package main

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"inkling/stream"
	"inkling/stream/natsio"
)

// openDemo has a NATS server in this process carry the demo's sound and labels.
func openDemo(rate float64) (w *demoWay, err error) {
	srv, nc, err := embedded()
	if err != nil {
		return nil, err
	}
	w = &demoWay{says: "an embedded NATS server; a sensor publishes %d notes in %.0f s on " + demoSubject + "; labels go to " + natsio.DefaultPrefix + ".>"}
	w.close = func() {
		nc.Close()
		srv.Shutdown()
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	src, err := natsio.NewSource(nc, demoSubject, natsio.SourceOptions{Prefix: natsio.DefaultPrefix})
	if err != nil {
		return nil, err
	}
	out, err := natsio.NewSink(nc, natsio.DefaultPrefix)
	if err != nil {
		return nil, err
	}
	p := &natsio.Publisher{Conn: nc, Subject: demoSubject, Rate: rate, Channels: 1}
	w.send, w.source, w.sinks = p.Send, src, []stream.Sink{out}
	return w, nil
}

// embedded starts a NATS server without a port and connects to it.
func embedded() (*server.Server, *nats.Conn, error) {
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true, MaxPayload: 1 << 20})
	if err != nil {
		return nil, nil, fmt.Errorf("embedded NATS server: %w", err)
	}
	go srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		srv.Shutdown()
		return nil, nil, fmt.Errorf("the embedded NATS server was not ready within 10 s")
	}
	nc, err := natsio.Connect(natsio.Options{}, nats.InProcessServer(srv))
	if err != nil {
		srv.Shutdown()
		return nil, nil, err
	}
	return srv, nc, nil
}
