package natsio

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/internal/testkit/testnats"
	"inkling/model"
	"inkling/model/segment"
)

func TestMain(m *testing.M) { testnats.Main(m) }

// connect returns a connection to a server in this process.
func connect(t *testing.T, more ...nats.Option) *nats.Conn {
	t.Helper()
	// No ping ends a connection only because the machine is busy.
	nc, err := Connect(Options{}, append(more, nats.PingInterval(time.Hour), nats.InProcessServer(testnats.New(t)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// dial returns a connection to a server process.
func dial(t *testing.T, p *testnats.Process, more ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := Connect(Options{URLs: p.URL()}, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func subscribe(t *testing.T, nc *nats.Conn, subject string) *nats.Subscription {
	t.Helper()
	sub, err := nc.SubscribeSync(subject)
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func newSource(t *testing.T, nc *nats.Conn, subject string, o SourceOptions) *Source {
	t.Helper()
	s, err := NewSource(nc, subject, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func read(t *testing.T, s *Source, b *capture.Block) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Read(ctx, b); err != nil {
		t.Fatal(err)
	}
}

// signModel returns a network that labels by the sign of the mean sample.
func signModel(t *testing.T, kind segment.Kind) *model.Model {
	c := testmodel.Labels(0, 1, "high", "low")
	c.Hidden, c.Segment.Kind = 1, kind
	p := model.NewParams(&c, 1)
	for _, w := range [][]float32{p.Forward.IH, p.Reverse.IH} {
		w[2] = 4 // the cell's gate follows the sample
	}
	copy(p.RunningW, []float32{4, -4})
	copy(p.ConfirmW, []float32{4, 4, -4, -4})
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
