package natsio_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/bundled"
	"inkling/model"
	"inkling/stream"
	"inkling/stream/natsio"
)

// connect starts a server in this process and connects to it. Against a server of your
// own it is natsio.Connect(natsio.Options{URLs: …}).
func connect() (*nats.Conn, func()) {
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		log.Fatal(err)
	}
	go srv.Start()
	if !srv.ReadyForConnections(30 * time.Second) {
		log.Fatal("the server is not ready")
	}
	nc, err := natsio.Connect(natsio.Options{}, nats.InProcessServer(srv))
	if err != nil {
		log.Fatal(err)
	}
	return nc, func() {
		nc.Close()
		srv.Shutdown()
	}
}

// A sensor publishes music on a subject; a model of notes labels it there, and publishes
// its labels.
func Example() {
	nc, stop := connect()
	defer stop()
	m, err := model.Load(bytes.NewReader(bundled.Model()))
	if err != nil {
		log.Fatal(err)
	}

	src, err := natsio.NewSource(nc, "sensors.*", natsio.SourceOptions{Prefix: natsio.DefaultPrefix})
	if err != nil {
		log.Fatal(err)
	}
	sink, err := natsio.NewSink(nc, natsio.DefaultPrefix)
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan error)
	go func() { finished <- stream.Run(ctx, src, m, &stream.RunOptions{}, sink) }()

	labels, err := nc.SubscribeSync("inkling.confirmed.>")
	if err != nil {
		log.Fatal(err)
	}
	x, rate := music(6 * time.Second)
	sensor := natsio.Publisher{Conn: nc, Subject: "sensors.hall", Rate: rate}
	for block := range slices.Chunk(x, 882) {
		if err := sensor.Send(block); err != nil {
			log.Fatal(err)
		}
	}
	for range 3 {
		msg, err := labels.NextMsg(time.Minute)
		if err != nil {
			log.Fatal(err)
		}
		var e stream.Event
		if err := json.Unmarshal(msg.Data, &e); err != nil {
			log.Fatal(err)
		}
		fmt.Println(msg.Subject, e.Segment, e.Label)
	}
	cancel()
	if err := <-finished; err != nil {
		log.Fatal(err)
	}
	// Output:
	// inkling.confirmed.sensors.hall 1 piano
	// inkling.confirmed.sensors.hall 2 flute
	// inkling.confirmed.sensors.hall 3 trumpet
}

// music returns the beginning of a recording of notes.
func music(length time.Duration) (x []float32, rate float64) {
	src, err := capture.Audio(bytes.NewReader(bundled.Minute()), capture.PCMFormat{}, capture.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	var b capture.Block
	for rate == 0 || float64(len(x)) < rate*length.Seconds() {
		if err := src.Read(context.Background(), &b); err != nil {
			log.Fatal(err)
		}
		x, rate = append(x, b.Samples...), b.Format.Rate
	}
	return x, rate
}

// A service labels one whole segment per request.
func ExampleNewService() {
	nc, stop := connect()
	defer stop()
	m, err := model.Load(bytes.NewReader(bundled.Model()))
	if err != nil {
		log.Fatal(err)
	}
	svc, err := natsio.NewService(nc, m, natsio.ServiceOptions{Subject: "notes.label", Version: "1.0.0"})
	if err != nil {
		log.Fatal(err)
	}
	defer svc.Stop()

	note, rate := music(time.Second)
	request := nats.NewMsg("notes.label")
	request.Header.Set(natsio.HeaderType, fmt.Sprintf("%s;rate=%v", natsio.TypeF32LE, rate))
	for _, v := range note {
		request.Data = binary.LittleEndian.AppendUint32(request.Data, math.Float32bits(v))
	}
	reply, err := nc.RequestMsg(request, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	var e stream.Event
	if err := json.Unmarshal(reply.Data, &e); err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Type, e.Label)

	// The same at 8 kHz lacks most of what the model listens to.
	request.Header.Set(natsio.HeaderType, string(natsio.TypeF32LE)+";rate=8000")
	request.Data = request.Data[:4*8000]
	if reply, err = nc.RequestMsg(request, time.Minute); err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.Header.Get(natsio.HeaderDoubt)[:49])
	// Output:
	// confirmed piano
	// 8000 samples per second hold nothing above 3600 H
}
