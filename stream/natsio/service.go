package natsio

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
	"inkling/stream"
)

// badRequest is the code of the service's error replies.
const badRequest = "400"

// NewService answers requests on subject [inkling.label]. A request holds one whole
// segment, in any payload that a Source reads; the reply is its confirmed or dropped
// event. The service also answers $SRV.PING, $SRV.INFO and $SRV.STATS as NATS micro
// services do. It runs until its Stop is called.
func NewService(nc *nats.Conn, subject, version string, m *model.Model, f Format) (micro.Service, error) {
	if subject == "" {
		subject = DefaultPrefix + ".label"
	}
	svc, err := micro.AddService(nc, micro.Config{Name: "inkling", Version: version,
		Description: "labels one whole segment a request", Metadata: map[string]string{"model": m.Hash()}})
	if err != nil {
		return nil, fmt.Errorf("nats service: %w", err)
	}
	err = svc.AddEndpoint("label", micro.HandlerFunc(func(r micro.Request) { answer(r, m, &f) }), micro.WithEndpointSubject(subject))
	if err != nil {
		svc.Stop()
		return nil, fmt.Errorf("nats service on %s: %w", subject, err)
	}
	return svc, nil
}

func answer(r micro.Request, m *model.Model, f *Format) {
	began := time.Now()
	e, err := label(nats.Header(r.Headers()), r.Data(), m, f)
	if err != nil {
		r.Error(badRequest, err.Error(), nil)
		return
	}
	e.LatencyMS = float64(time.Since(began).Microseconds()) / 1000
	r.Respond(stream.AppendJSON(nil, &e))
}

// label labels a message as one segment and returns the event that ends it.
func label(h nats.Header, data []byte, m *model.Model, f *Format) (stream.Event, error) {
	var d message
	if err := d.decode(h, data, f); err != nil {
		return stream.Event{}, err
	}
	seg := m.Config.Segment
	seg.Kind, seg.MaxDuration = segment.Whole, 86400
	c, err := stream.NewClassifier(m, &stream.Options{Stream: h.Get(HeaderStream), Segment: &seg, Background: true,
		Emit: stream.Emit{Confirmed: true}})
	if err != nil {
		return stream.Event{}, err
	}
	if err := c.Feed(&capture.Block{Format: d.format, Samples: d.samples}); err != nil {
		return stream.Event{}, err
	}
	for _, e := range c.End(nil, segment.ByMessage) {
		if e.Type == stream.Confirmed || e.Type == stream.Dropped {
			return e, nil
		}
	}
	return stream.Event{}, errors.New("the segment is empty: send samples")
}
