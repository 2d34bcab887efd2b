package natsio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit/testnats"
	"inkling/stream"
)

// mqttServer starts a server that MQTT devices reach at broker.
func mqttServer(t *testing.T) (nc *nats.Conn, broker string) {
	t.Helper()
	srv, broker := testnats.NewMQTT(t)
	nc, err := Connect(Options{}, nats.InProcessServer(srv))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, broker
}

// device connects an MQTT client.
func device(t *testing.T, broker, id string) mqtt.Client {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(broker).SetClientID(id))
	if done := c.Connect(); done.Wait() && done.Error() != nil {
		t.Fatal(done.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func send(t *testing.T, c mqtt.Client, topic string, qos byte, retained bool, payload string) {
	t.Helper()
	if done := c.Publish(topic, qos, retained, payload); done.Wait() && done.Error() != nil {
		t.Fatal(done.Error())
	}
}

// all returns what has come, by stream: samples with their offset, and reports.
func all(t *testing.T, s *Source) map[string][]string {
	t.Helper()
	if err := s.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	s.Drain()
	got := map[string][]string{}
	for {
		var b capture.Block
		text := ""
		switch err := s.Read(t.Context(), &b); {
		case err == io.EOF:
			for _, blocks := range got {
				slices.Sort(blocks)
			}
			return got
		case err != nil:
			t.Fatal(err)
		case b.Fault != nil:
			reason, _, _ := strings.Cut(b.Fault.Reason, ":")
			text = string(b.Fault.State) + " " + reason
		default:
			text = fmt.Sprintf("%d %v", b.Offset, b.Samples)
		}
		got[b.Stream] = append(got[b.Stream], text)
	}
}

func check(t *testing.T, got, want map[string][]string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A topic is a stream by the name of its subject, and each message counts once, whatever
// its quality of service.
func TestMQTTTopicsAreSubjects(t *testing.T) {
	nc, broker := mqttServer(t)
	s := newSource(t, nc, ">", SourceOptions{})
	c := device(t, broker, "sensor")
	want := map[string][]string{}
	for topic, stream := range map[string]string{
		"hall/accel":     "hall.accel",
		"hall/v1.2/temp": "hall.v1//2.temp", // a dot of a topic separates nothing
		"/hall/":         "/.hall./",        // an empty level is one
		"halle/größe":    "halle.größe",
	} {
		for qos := range byte(3) { // the last one is acknowledged
			send(t, c, topic, qos, false, fmt.Sprintf("[%d]", qos))
		}
		want[stream] = []string{"0 [0]", "1 [1]", "2 [2]"}
	}
	check(t, all(t, s), want)
}

// Nobody hears a retained message again who subscribes over NATS; removing one is no fault.
func TestMQTTRetainedMessages(t *testing.T) {
	nc, broker := mqttServer(t)
	c := device(t, broker, "sensor")
	send(t, c, "hall", 1, true, "[1]")
	s := newSource(t, nc, ">", SourceOptions{})
	send(t, c, "hall", 1, true, "[2]")
	send(t, c, "hall", 1, true, "")
	check(t, all(t, s), map[string][]string{"hall": {"0 [2]"}})
}

// noisy is a payload that no sensor measures twice; plain is one that comes often.
const (
	noisy = "[0.11,0.52,0.33,0.94,0.15,0.76,0.37,0.28,0.19,0.45,0.61,0.72,0.83,0.14,0.65,0.26]"
	plain = "[21.5]"
)

func shown(payload string) string {
	var x []float32
	json.Unmarshal([]byte(payload), &x)
	return fmt.Sprint(x)
}

const left = "slow a message of quality of service 1 on hall equals an earlier one"

// What a device sends again because the acknowledgement did not come is labelled once.
func TestMQTTRepeatsCountOnce(t *testing.T) {
	second := strings.Replace(noisy, "0.11", "0.12", 1)
	for name, c := range map[string]struct {
		options SourceOptions
		send    []string
		qos     byte
		want    []string
	}{
		"a repeat":              {SourceOptions{}, []string{noisy, noisy}, 1, []string{"0 " + shown(noisy), left}},
		"two repeats, in order": {SourceOptions{}, []string{noisy, second, noisy, second}, 1, []string{"0 " + shown(noisy), "16 " + shown(second), left, left}},
		"not to be left out":    {SourceOptions{KeepRepeats: true}, []string{noisy, noisy}, 1, []string{"0 " + shown(noisy), "16 " + shown(noisy)}},
		"quality of service 0":  {SourceOptions{}, []string{noisy, noisy}, 0, []string{"0 " + shown(noisy), "16 " + shown(noisy)}},
		"equal measurements":    {SourceOptions{}, []string{plain, plain, plain}, 1, []string{"0 " + shown(plain), "1 " + shown(plain), "2 " + shown(plain), "doubtful a message of quality of service 1 on hall equals an earlier one and is too short to say whether it is a repeat"}},
		"silence":               {SourceOptions{}, []string{zeros, zeros}, 0, []string{"0 " + shown(zeros), "20 " + shown(zeros)}},
	} {
		t.Run(name, func(t *testing.T) {
			nc, broker := mqttServer(t)
			s := newSource(t, nc, ">", c.options)
			for i, payload := range c.send {
				raw(t, broker, func(conn net.Conn) {
					p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
					p.TopicName, p.Qos, p.MessageID, p.Dup, p.Payload = "hall", c.qos, 7, i > 0 && c.qos > 0, []byte(payload)
					if err := p.Write(conn); err != nil {
						t.Fatal(err)
					}
					if c.qos > 0 {
						packets.ReadPacket(conn) // the acknowledgement, as if it had not come
					}
				})
			}
			check(t, all(t, s), map[string][]string{"hall": c.want})
		})
	}
}

const zeros = "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"

// raw connects as an MQTT client without a library, and leaves without a farewell.
func raw(t *testing.T, broker string, do func(net.Conn)) {
	t.Helper()
	u, err := url.Parse(broker)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hello := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	hello.ProtocolName, hello.ProtocolVersion, hello.ClientIdentifier, hello.CleanSession, hello.Keepalive = "MQTT", 4, "sensor", true, 60
	if err := hello.Write(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := packets.ReadPacket(conn); err != nil {
		t.Fatal(err)
	}
	do(conn)
	ping := packets.NewControlPacket(packets.Pingreq)
	ping.Write(conn)
	packets.ReadPacket(conn) // the server has read what was sent before
}

// The library's own repeats: a connection breaks with the acknowledgement on its way.
func TestMQTTClientReconnects(t *testing.T) {
	nc, broker := mqttServer(t)
	s := newSource(t, nc, ">", SourceOptions{})
	through := swallowFirstAck(t, broker)
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(through).SetClientID("sensor").SetCleanSession(false).
		SetAutoReconnect(true).SetMaxReconnectInterval(1e6).SetResumeSubs(true))
	if done := c.Connect(); done.Wait() && done.Error() != nil {
		t.Fatal(done.Error())
	}
	defer c.Disconnect(0)
	send(t, c, "hall", 1, false, noisy)
	send(t, c, "end", 1, false, "[0]") // is acknowledged after the repeat
	check(t, all(t, s), map[string][]string{"end": {"0 [0]"}, "hall": {"0 " + shown(noisy), left}})
}

// What docs/mqtt.md says of Home Assistant: who comes later finds the retained discovery
// message, and the events are on the topic that it names.
func TestMQTTDiscovery(t *testing.T) {
	nc, broker := mqttServer(t)
	send(t, device(t, broker, "setup"), "homeassistant/sensor/hall/config", 1, true, `{"state_topic":"inkling/confirmed/sensors/v1.2/hall"}`)
	got := make(chan mqtt.Message, 2)
	home := device(t, broker, "home")
	hear := func(topic string) {
		if done := home.Subscribe(topic, 1, func(_ mqtt.Client, m mqtt.Message) { got <- m }); done.Wait() && done.Error() != nil {
			t.Fatal(done.Error())
		}
	}
	hear("homeassistant/#")
	var config struct {
		StateTopic string `json:"state_topic"`
	}
	m := <-got
	if err := json.Unmarshal(m.Payload(), &config); err != nil || !m.Retained() {
		t.Fatalf("%s %s, %v", m.Topic(), m.Payload(), err)
	}
	hear(config.StateTopic)
	sink, err := NewSink(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	e := stream.NewConfirmed(stream.Header{Session: "s", Stream: "sensors.v1//2.hall", Segment: 1}, stream.Answer{Label: "knock"}, stream.Outcome{}, stream.Span{}, stream.HeldBack{})
	if err := sink.Write(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	var state struct{ Label string }
	if m := <-got; m.Topic() != config.StateTopic || json.Unmarshal(m.Payload(), &state) != nil || state.Label != "knock" {
		t.Errorf("%s %s", m.Topic(), m.Payload())
	}
}

// swallowFirstAck is a proxy that ends the connection in place of the first PUBACK.
func swallowFirstAck(t *testing.T, broker string) string {
	t.Helper()
	u, err := url.Parse(broker)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var swallowed atomic.Bool
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", u.Host)
			if err != nil {
				client.Close()
				return
			}
			go func() {
				io.Copy(server, client)
				server.Close()
			}()
			go func() {
				defer client.Close()
				defer server.Close()
				for {
					p, err := packets.ReadPacket(server)
					if err != nil {
						return
					}
					if _, ack := p.(*packets.PubackPacket); ack && swallowed.CompareAndSwap(false, true) {
						return
					}
					var b bytes.Buffer
					p.Write(&b)
					client.Write(b.Bytes())
				}
			}()
		}
	}()
	return "tcp://" + l.Addr().String()
}
