package natsio

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit"
)

// Two subjects whose clocks are 300 ms apart give what their tables give, joined by time.
func TestSubjectsAreJoinedAsTablesAre(t *testing.T) {
	m := sensorModel(t, 50, "accel.x", "accel.y", "gyro.x", "gyro.y")
	m.Config.Units = []string{"m/s²", "", "", ""}
	rng := rand.New(rand.NewPCG(1, 1))
	accel, gyro := &sheet{names: []string{"t", "x", "y"}}, &sheet{names: []string{"t", "x", "y"}}
	for i := range 500 {
		at := float64(i) * 0.02
		if i < 250 || i > 300 {
			accel.add(at, fmt.Sprintf("%.3f", 1.76e9+at), fmt.Sprint(i%13), fmt.Sprint(i%7))
		}
		at += 0.003*rng.Float64() - 0.3
		if i != 40 && (i < 260 || i > 290) {
			gyro.add(at, fmt.Sprintf("%.4f", 1.76e9+at), fmt.Sprint(i%11), fmt.Sprint(i%5))
		}
	}
	dir := t.TempDir()
	text := func(s *sheet, head string) []byte {
		return []byte(head + "\n" + strings.SplitN(string(s.csv()), "\n", 2)[1])
	}
	a := testkit.WriteFile(t, dir, "a.csv", text(accel, "t,accel.x,accel.y"))
	testkit.WriteFile(t, dir, "b.csv", text(gyro, "t,gyro.x,gyro.y"))
	want := runOver(t, context.Background(), capture.TableFiles(capture.Options{}, capture.TableOptions{Rate: 50, Channels: m.Config.Names}, a+"+b.csv"), m, true)

	type sent struct {
		at  float64
		msg *nats.Msg
	}
	var list []sent
	for i, s := range []*sheet{accel, gyro} {
		for k, row := range s.rows {
			list = append(list, sent{s.at[k] + 0.3*float64(i), &nats.Msg{Subject: []string{"sensors.a.accel", "sensors.a.gyro"}[i], Data: []byte(s.json(row))}})
		}
	}
	slices.SortStableFunc(list, func(a, b sent) int { return cmp.Compare(a.at, b.at) })
	var messages []*nats.Msg
	for _, s := range list {
		messages = append(messages, s.msg)
	}
	got := published(t, m, "sensors.{device}.accel+sensors.{device}.gyro", SourceOptions{}, messages)
	got.same(t, want)
}

// Each device is a stream of its own.
func TestJoinedSubjectsAreAStreamADevice(t *testing.T) {
	nc := connect(t)
	s := newSource(t, nc, "sensors.{device}.accel+sensors.{device}.gyro", SourceOptions{Format: Format{Names: []string{"accel.x", "gyro.x"}}, Grid: GridOptions{Rate: 10}})
	for i := range 20 {
		for _, device := range []string{"a", "b"} {
			for _, part := range []string{"accel", "gyro"} {
				nc.Publish("sensors."+device+"."+part, fmt.Appendf(nil, `{"t":%v,"x":%d}`, 1.76e9+float64(i)/10, i))
			}
		}
	}
	nc.Flush()
	s.Drain()
	got := map[string]int{}
	var b capture.Block
	for s.Read(t.Context(), &b) == nil {
		got[b.Stream] += b.Len()
	}
	for _, stream := range []string{"sensors.a.accel+sensors.a.gyro", "sensors.b.accel+sensors.b.gyro"} {
		if got[stream] != 20 || len(got) != 2 {
			t.Errorf("samples of each stream %v", got)
		}
	}
}

func TestBadPatterns(t *testing.T) {
	for text, want := range map[string]string{
		"a.{x+b.{x}":         `nats subject "a.{x+b.{x}": "{x" is no name in braces that is a whole token, such as {device}`,
		"a.*.c+a.*.d":        `nats subject "a.*.c+a.*.d": name what differs between streams, {device}, instead of * and >`,
		"a.{x}.c+a.{y}.d":    `nats subject "a.{x}.c+a.{y}.d": the names in braces differ between its subjects: give the same in each, such as {device}`,
		"a.{x}+{x}.b":        `nats subject "a.{x}+{x}.b": a message may be of both a.* and *.b: give subjects that differ`,
		"a.+b":               `nats subject "a.+b": give tokens between dots, * for one token, > at the end for the rest`,
		"sensors.{device}.x": "",
	} {
		_, err := parsePattern(text)
		testkit.Message(t, "parsePattern", err, want)
	}
}

// SenML with one record in each message is joined by time; values in other units are
// converted.
func TestSenMLRecordsAreJoined(t *testing.T) {
	m := sensorModel(t, 50, "x", "y", "z")
	m.Config.Units = []string{"m/s²", "m/s²", "m/s²"}
	s := &sheet{names: []string{"t", "x [m/s²]", "y [m/s²]", "z [g]"}}
	for i := range 300 {
		at := float64(i) * 0.02
		if i < 100 || i > 120 {
			s.add(at, fmt.Sprintf("%.2f", 1.76e9+at), fmt.Sprint(i%13), fmt.Sprint(i%7), fmt.Sprint(i%3))
		}
	}
	want := played(t, m, s)
	var plain, packed, whole []*nats.Msg
	for i, row := range s.rows {
		units := []string{"m/s2", "m/s2", "g"}
		var records []string
		for c := range 3 {
			r := fmt.Sprintf(`{"bn":"urn:dev:1:","n":%q,"u":%q,"t":%s,"v":%s}`, "xyz"[c:c+1], units[c], row[0], row[1+c])
			records = append(records, r)
			plain = append(plain, &nats.Msg{Subject: "in", Data: []byte("[" + r + "]")})
		}
		whole = append(whole, &nats.Msg{Subject: "in", Header: header(HeaderType, "application/senml+json"), Data: []byte("[" + strings.Join(records, ",") + "]")})
		pack, _ := cbor.Marshal([]map[int]any{{-3: 1.76e9 + s.at[i], 0: "x", 1: "m/s2", 2: i2(row[1])}, {0: "y", 1: "m/s2", 2: i2(row[2])}, {0: "z", 1: "g", 2: i2(row[3])}})
		packed = append(packed, &nats.Msg{Subject: "in", Data: pack})
	}
	for name, list := range map[string][]*nats.Msg{"a record a message": plain, "a sample a message": whole, "CBOR without its type": packed} {
		t.Run(name, func(t *testing.T) { published(t, m, "in", SourceOptions{}, list).same(t, want) })
	}
}

func i2(text string) (n int) {
	fmt.Sscan(text, &n)
	return n
}
