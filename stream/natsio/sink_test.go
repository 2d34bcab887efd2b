package natsio

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model/segment"
	"inkling/stream"
)

func TestEventsArePublishedByTypeAndStream(t *testing.T) {
	nc := connect(t)
	sub := subscribe(t, nc, "out.>")
	sink, err := NewSink(nc, "out")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	events := []stream.Event{
		{Type: stream.Confirmed, Header: stream.Header{Stream: "hall.mic", Segment: 1}, Answer: stream.Answer{Label: "dog"}},
		{Type: stream.Running, Header: stream.Header{Stream: "a b", Segment: 1}, Answer: stream.Answer{Label: "dog"}},
		{Type: stream.Status, Incident: stream.Incident{State: capture.Up}},
	}
	for i := range events {
		if err := sink.Write(context.Background(), &events[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"out.confirmed.hall.mic", "out.running.a%20b", "out.status.all"} {
		msg, err := sub.NextMsg(time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if line := string(stream.AppendJSON(nil, &events[i])); msg.Subject != want || string(msg.Data) != line {
			t.Errorf("%s on %s, want %s on %s", msg.Data, msg.Subject, line, want)
		}
	}
}

func TestSinkRefusesPrefixes(t *testing.T) {
	for _, prefix := range []string{"a b", "a.*", ">", "a..b"} {
		_, err := NewSink(nil, prefix)
		testkit.Message(t, prefix, err, fmt.Sprintf("nats prefix %q: give tokens between dots, without wildcards", prefix))
	}
}

func TestMessagesBecomeConfirmedEvents(t *testing.T) {
	nc := connect(t)
	sub := subscribe(t, nc, "inkling.confirmed.>")
	src := newSource(t, nc, "in.*", SourceOptions{Prefix: "inkling"})
	sink, err := NewSink(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	m := signModel(t, segment.Message)
	go func() { done <- stream.Run(ctx, src, m, &stream.RunOptions{}, sink) }()
	msg := nats.NewMsg("in.x")
	msg.Header.Set(HeaderSegment, "begin,end")
	msg.Data = []byte("[1,1,1]")
	nc.PublishMsg(msg)
	got, err := sub.NextMsg(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var e stream.Event
	if err := json.Unmarshal(got.Data, &e); err != nil || e.Label != "high" || e.EndedBy != segment.ByMessage || got.Subject != "inkling.confirmed.in.x" {
		t.Errorf("%s: %+v, %v", got.Subject, e, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestServiceLabelsRequests(t *testing.T) {
	nc := connect(t)
	svc, err := NewService(nc, signModel(t, segment.Message), ServiceOptions{Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	defer svc.Stop()
	request := func(subject, data string) *nats.Msg {
		reply, err := nc.Request(subject, []byte(data), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}
	var e stream.Event
	reply := request("inkling.label", "[-1,-1]")
	if err := json.Unmarshal(reply.Data, &e); err != nil || e.Type != stream.Confirmed || e.Label != "low" || e.Steps != 2 {
		t.Errorf("%s: %+v, %v", reply.Data, e, err)
	}
	for data, want := range map[string]string{
		"nonsense": "no Content-Type, and the payload is not JSON numbers: set the header, or Format.Encoding",
		"[]":       "the segment is empty: send samples",
	} {
		h := request("inkling.label", data).Header
		if code, text := h.Get(micro.ErrorCodeHeader), h.Get(micro.ErrorHeader); code != "400" || text != want {
			t.Errorf("%q is answered with error %s %q, want 400 %q", data, code, text, want)
		}
	}
	var info micro.Info
	if err := json.Unmarshal(request("$SRV.INFO.inkling", "").Data, &info); err != nil || info.Version != "1.0.0" || len(info.Metadata["model"]) == 0 {
		t.Errorf("%+v, %v", info, err)
	}
}
