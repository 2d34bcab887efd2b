package natsio

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"inkling/capture"
	"inkling/internal/table"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// Codes of the service's error replies.
const (
	badRequest  = "400" // the request cannot be understood
	unavailable = "503" // too many requests are waiting, or the service is stopping
)

// typeEvent is the content type of replies. A Source refuses it: a requester may choose
// any subject for the reply, also one that it may not publish on.
const typeEvent = "application/vnd.inkling.event+json"

// ServiceOptions configures NewService. A zero field takes the default in brackets.
type ServiceOptions struct {
	Subject string // [inkling.label]
	Version string // of the program, MAJOR.MINOR.PATCH
	Format  Format
	Grid    GridOptions // of rows with times, at the model's rate
	Workers int         // requests that are labelled at once, at least 2 [GOMAXPROCS]
	Pending int         // bytes of requests that may wait [128 MB]; beyond, requests are refused

	Decision *decide.Config // of labels [the model's]

	// TrustStreamHeader makes HeaderStream the whole name of the stream in the reply,
	// where it follows the subject otherwise.
	TrustStreamHeader bool
}

// A Service labels one whole segment per request. Its Stats add, for its endpoint, a
// ServiceStats.
type Service struct {
	micro.Service
	nc   *nats.Conn
	m    *model.Model
	o    ServiceOptions
	desk *desk

	answered, failed, refused, nanoseconds atomic.Int64
}

// ServiceStats counts requests by how they ended.
type ServiceStats struct {
	Answered int64   `json:"answered"` // with an event
	Failed   int64   `json:"failed"`   // not understood
	Refused  int64   `json:"refused"`  // too many were waiting
	Seconds  float64 `json:"seconds"`  // of labelling, all requests together
}

// NewService answers requests on a subject. A request holds one whole segment, in any
// payload that a Source reads; the reply is its confirmed or dropped event, or an error
// with code 400 (not understood) or 503 (too many requests are waiting). Short requests
// do not wait for long ones. The service also answers $SRV.PING, $SRV.INFO and $SRV.STATS
// as NATS micro services do. It runs until Stop.
func NewService(nc *nats.Conn, m *model.Model, o ServiceOptions) (*Service, error) {
	o.Subject = cmp.Or(o.Subject, DefaultPrefix+".label")
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	o.Pending = cmp.Or(o.Pending, 128<<20)
	s := &Service{nc: nc, m: m, o: o, desk: newDesk(o.Workers, o.Pending)}
	var err error
	s.Service, err = micro.AddService(nc, micro.Config{Name: "inkling", Version: o.Version,
		Description: "labels one whole segment a request", Metadata: map[string]string{"model": m.Hash()},
		StatsHandler: func(*micro.Endpoint) any { return s.stats() }})
	if err != nil {
		return nil, fmt.Errorf("nats service: %w", err)
	}
	err = s.AddEndpoint("label", micro.HandlerFunc(s.handle), micro.WithEndpointSubject(o.Subject),
		micro.WithEndpointPendingLimits(-1, o.Pending)) // handle does not wait
	if err != nil {
		s.Service.Stop()
		return nil, fmt.Errorf("nats service on %s: %w", o.Subject, err)
	}
	return s, nil
}

// Stop ends the service. Requests that are being labelled are answered first; those that
// wait are refused.
func (s *Service) Stop() error {
	err := s.Service.Stop()
	s.desk.close()
	if s.nc.IsConnected() {
		err = errors.Join(err, s.nc.FlushTimeout(5*time.Second))
	}
	return err
}

func (s *Service) stats() ServiceStats {
	return ServiceStats{Answered: s.answered.Load(), Failed: s.failed.Load(), Refused: s.refused.Load(),
		Seconds: time.Duration(s.nanoseconds.Load()).Seconds()}
}

// handle gives a request to the desk. It does not wait: nats.go drops messages that do.
func (s *Service) handle(r micro.Request) {
	if r.Reply() == "" {
		return // nobody waits for an answer
	}
	h, now := nats.Header(r.Headers()), time.Now()
	s.desk.take(&request{
		samples: samplesAbout(h, len(r.Data()), &s.o.Format, s.m.Config.Rate),
		bytes:   len(r.Data()) + headerCost(h),
		do:      func() { s.answer(r, h, now) },
		refuse: func(why string) {
			s.refused.Add(1)
			s.fail(r.Reply(), unavailable, why)
		},
	}, now)
}

// samplesAbout returns about how many samples at the model's rate a payload of n bytes
// has at most, without decoding it.
func samplesAbout(h nats.Header, n int, f *Format, rate float64) float64 {
	m := message{format: f.Format}
	if _, params, err := mime.ParseMediaType(h.Get(HeaderType)); err == nil {
		m.parameters(params)
	}
	m.headers(h)
	if m.format.Rate > 0 && rate > 0 {
		return float64(n) / 2 * max(rate/m.format.Rate, 1)
	}
	return float64(n)
}

// answer labels a request and replies. micro's own Respond and Error are for handlers that
// have not returned.
func (s *Service) answer(r micro.Request, h nats.Header, arrived time.Time) {
	began := time.Now()
	e, doubt, err := s.label(r.Subject(), h, r.Data())
	s.nanoseconds.Add(int64(time.Since(began)))
	if err != nil {
		s.failed.Add(1)
		s.fail(r.Reply(), badRequest, cut(err.Error()))
		return
	}
	e.LatencyMS = float64(time.Since(arrived).Microseconds()) / 1000
	s.answered.Add(1)
	reply := nats.Header{HeaderType: {typeEvent}}
	if doubt != "" {
		reply.Set(HeaderDoubt, cut(doubt))
	}
	s.nc.PublishMsg(&nats.Msg{Subject: r.Reply(), Header: reply, Data: stream.AppendJSON(nil, &e)})
}

// fail replies with an error, as micro services do.
func (s *Service) fail(reply, code, why string) {
	s.nc.PublishMsg(&nats.Msg{Subject: reply, Header: nats.Header{micro.ErrorHeader: {why}, micro.ErrorCodeHeader: {code}}})
}

// label labels a message as one segment and returns the event that ends it.
// doubt says why the segment is unlike what the model learned from, if it is.
func (s *Service) label(subject string, h nats.Header, data []byte) (e stream.Event, doubt string, err error) {
	name, err := streamOf(subject, h, s.o.TrustStreamHeader)
	if err != nil {
		return e, "", err
	}
	var d message
	blocks, err := s.blocks(&d, h, data)
	if err != nil {
		return e, "", err
	}
	seg := s.m.Config.Segment
	seg.Kind, seg.MaxDuration = segment.Whole, 86400
	c, err := stream.NewClassifier(s.m, &stream.Options{Stream: name, Segment: &seg, Decision: s.o.Decision, Background: true,
		Emit: stream.Emit{Confirmed: true}})
	if err != nil {
		return e, "", err
	}
	for i := range blocks {
		if err := c.Feed(&blocks[i]); err != nil {
			return e, "", err
		}
	}
	for _, e := range c.End(nil, segment.ByMessage) {
		switch {
		case e.Type == stream.Status && e.State == capture.Doubtful:
			doubt = e.Reason
		case e.Type == stream.Confirmed, e.Type == stream.Dropped:
			return e, doubt, nil
		}
	}
	return e, "", errors.New("the segment is empty: send samples")
}

// blocks decodes a request. Rows with times are put on the grid of a source.
func (s *Service) blocks(d *message, h nats.Header, data []byte) ([]capture.Block, error) {
	schema := newSchema(&s.o.Format, "")
	if err := d.decode(h, data, schema); err != nil {
		return nil, err
	}
	rate := cmp.Or(d.format.Rate, s.m.Config.Rate)
	if len(d.times) == 0 || rate <= 0 || rate > table.MostRate {
		if d.partial {
			return nil, errors.New("samples that lack channels need times and a rate")
		}
		return []capture.Block{{Format: d.format, Samples: d.samples}}, nil
	}
	var bad error
	f := newFeed("", []string{""}, capture.Format{Rate: rate, Channels: d.format.Channels}, &s.o.Grid)
	f.tell = func(state capture.Health, reason string) {
		if state == capture.Down && bad == nil {
			bad = errors.New(reason)
		}
	}
	if err := f.message(0, d, table.Hint{Name: d.timeName, Unit: d.timeUnit, Said: s.o.Format.TimeUnit, Rate: rate}); err != nil {
		return nil, err
	}
	f.acquit()
	f.settle()
	var blocks []capture.Block
	for bad == nil && f.samples.Runs() > 0 {
		var b capture.Block
		f.block(&b)
		blocks = append(blocks, b)
	}
	return blocks, bad
}
