package natsio

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"

	"inkling/capture"
)

// quietSource is a source whose messages are given to it by the test.
func quietSource(o SourceOptions) *Source {
	p, _ := parsePattern("in")
	s := &Source{o: o, pattern: p, now: func() time.Time { return time.Unix(1.77e9, 0) }, in: newInbox(1 << 30), quiet: time.Hour,
		told: map[string]*told{}, ready: make(chan struct{}, 1), closed: make(chan struct{})}
	s.places = places{most: 100, forget: s.forget}
	return s
}

// tell gives s messages and returns its samples and its reports, in short.
func (s *Source) tellAll(messages ...*nats.Msg) (samples string, reports []string) {
	for _, m := range messages {
		s.receive(m)
	}
	var list []string
	read := func() {
		for b := (capture.Block{}); s.pop(&b); {
			if b.Fault != nil {
				reports = append(reports, b.Fault.Reason)
			} else if b.Len() > 0 {
				list = append(list, fmt.Sprintf("%d%v", b.Offset, b.Samples))
			}
		}
	}
	read()
	s.settle()
	read()
	return strings.Join(list, " "), reports
}

func messages(payloads ...string) (list []*nats.Msg) {
	for _, p := range payloads {
		list = append(list, &nats.Msg{Subject: "in", Data: []byte(p)})
	}
	return list
}

// What is wrong with times is left out and reported, and the stream goes on.
func TestRowsWithBadTimes(t *testing.T) {
	row := func(at float64) string { return fmt.Sprintf(`{"time_s":%v,"x":%v}`, at, at) }
	var steady []string
	for i := range 20 {
		steady = append(steady, row(1000+float64(i)))
	}
	with := func(more ...string) []*nats.Msg { return messages(append(append([]string{}, steady...), more...)...) }
	for _, c := range []struct {
		name     string
		messages []*nats.Msg
		end      string // of the samples
		report   string
	}{
		{"again", with(steady[18], row(1020)), "20[1020]", "rows that come again are left out (1 so far)"},
		{"late", with(row(1010.5), row(1020), row(1021)), "21[1021]", "rows that come late are left out (1 so far, by up to 9.5 s): raise GridOptions.Late, or send them in order"},
		{"far ahead", with(row(1e12), row(1020)), "", "the time 1000000000000 is centuries from the first"},
		{"ahead", with(row(9e8), row(1020), row(1021)), "21[1021]", "a row with the time 900000000 is left out: it is 8.99999e+08 s ahead of the others (1 so far)"},
		{"a clock that is set back", with(row(5), row(6), row(7)), "0[5] 1[6 7]", "the clock of the sensor was set by -1013 s: the stream begins anew"},
		{"a gap", with(row(1030), row(1031)), "30[1030 1031]", ""},
		{"no time", with(`{"x":3}`, row(1020)), "20[1020]", "samples without times in a stream of rows with times: give each a time"},
		{"no number", with(`{"time_s":true,"x":3}`, row(1020)), "20[1020]", "a boolean where a time should be"},
		{"the year 1", messages(`{"time":"0001-01-01T00:00:00Z","x":1}`, `{"time":"0001-01-01T00:00:02Z","x":1}`), "", "is in the year 1: set the clock of the sender"},
		{"the year 9999", messages(`{"time":"9999-01-01T00:00:00Z","x":1}`, `{"time":"9999-01-01T00:00:02Z","x":1}`), "", "is in the year 9999: set the clock of the sender"},
		{"no unit", messages(`{"t":0,"x":1}`, `{"t":50,"x":1}`, `{"t":100,"x":1}`), "", "the times have no unit, and their rows are 50 apart"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := quietSource(SourceOptions{Format: Format{Names: []string{"x"}}, Grid: GridOptions{Rate: 1}})
			samples, reports := s.tellAll(c.messages...)
			if !strings.HasSuffix(samples, c.end) {
				t.Errorf("samples %s, want them to end in %s", samples, c.end)
			}
			if got := strings.Join(reports, "\n"); !strings.Contains(got, c.report) || c.report == "" && got != "" {
				t.Errorf("reports %q, want %q", got, c.report)
			}
		})
	}
}

// Fields are found by name, however they are nested and written.
func TestFieldsByName(t *testing.T) {
	for _, c := range []struct{ name, data string }{
		{"objects", `{"accel":{"x":1,"y":2},"temp":3,"t":5}`},
		{"case and signs", `{"Accel_X":1,"accel-y":2,"TEMP":"3","t":5}`},
		{"a wrapper", `{"device":"a","payload":[{"t":5,"accel":{"x":1,"y":2},"temp":3}]}`},
		{"values", `{"t":5,"values":{"accel.x":1,"accel.y":2,"temp":3}}`},
		{"more before it", `{"t":5,"board":{"accel":{"x":1,"y":2},"temp":{"value":3,"unit":"Cel"}}}`},
		{"rows of a table", "t,accel.x,accel.y,temp\n5,1,2,3\n"},
		{"units", `{"t":5,"accel":{"x":1,"y":2},"temp":{"value":37.4,"unit":"°F"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSchema(&Format{Names: []string{"accel.x", "accel.y", "temp"}, Units: []string{"", "", "°C"}}, "")
			var m message
			if err := m.decode(nil, []byte(c.data), s); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%.4g %v", m.samples, m.times); got != "[1 2 3] [5]" {
				t.Errorf("%s", got)
			}
		})
	}
	for _, c := range []struct{ data, want string }{
		{`{"a":{"x":1},"b":{"x":2},"t":5}`, `both "a.x" and "b.x" are the channel "x"`},
		{`{"x":1,"t":5,"unit":"kg"}`, `column "x" is in kg, but the model needs m/s²: convert it`},
	} {
		var m message
		err := m.decode(nil, []byte(c.data), newSchema(&Format{Names: []string{"x"}, Units: []string{"m/s²"}}, ""))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	s := newSchema(&Format{Width: 3}, "")
	var m message
	if err := m.decode(nil, []byte(`{"id":"a","t":5,"x":1,"y":2,"z":3}`), s); err != nil || fmt.Sprint(m.samples, s.names) != "[1 2 3] [x y z]" {
		t.Errorf("%v of %v, %v", m.samples, s.names, err)
	}
	s = newSchema(&Format{Names: []string{"x", "y", "z"}, Columns: []string{"t", "x", "-", "y", "z"}}, "")
	for _, data := range []string{`[5,1,9,2,3]`, `[[5,1,9,2,3]]`, "5,1,9,2,3", "5;1;9;2;3\n"} {
		if err := m.decode(nil, []byte(data), s); err != nil || fmt.Sprint(m.samples, m.times) != "[1 2 3] [5]" {
			t.Errorf("%s: %v at %v, %v", data, m.samples, m.times, err)
		}
	}
}

// A message of samples with the time of its first is placed by it.
func TestMessagesWithATime(t *testing.T) {
	pcm := func(at float64, v int16) *nats.Msg {
		data := binary.LittleEndian.AppendUint16(nil, uint16(v))
		for range 99 {
			data = binary.LittleEndian.AppendUint16(data, uint16(v))
		}
		return &nats.Msg{Subject: "in", Header: header(HeaderType, "application/x-s16le;rate=100", HeaderTime, fmt.Sprintf("%.3f", 1.76e9+at)), Data: data}
	}
	s := quietSource(SourceOptions{})
	for _, m := range []*nats.Msg{pcm(0, 1), pcm(1.02, 2), pcm(1.99, 3), pcm(5, 4), pcm(2, 5), pcm(6, 6)} {
		s.receive(m)
	}
	var got []string
	var faults int
	for b := (capture.Block{}); s.pop(&b); {
		if b.Fault != nil {
			faults++
			continue
		}
		if b.Clock != capture.SensorTime {
			t.Errorf("the clock is %s", b.Clock)
		}
		got = append(got, fmt.Sprint(b.Offset))
	}
	if want := "0 100 200 500 600"; strings.Join(got, " ") != want || faults != 1 {
		t.Errorf("offsets %v, want %s; %d reports", got, want, faults)
	}
}

// A message that is longer than is allowed is refused, and counted; the stream goes on.
func TestLongMessagesAreRefused(t *testing.T) {
	s := quietSource(SourceOptions{Samples: 3, Format: Format{Format: capture.Format{Rate: 10, Channels: 1}}})
	got, reports := s.tellAll(messages("[1,2,3]", "[1,2,3,4]", "[4]")...)
	if got != "0[1 2 3] 3[4]" || s.Bad.Load() != 1 || len(reports) != 1 || !strings.Contains(reports[0], "it has 4 samples, and SourceOptions.Samples allows 3") {
		t.Errorf("%s, %d refused, %q", got, s.Bad.Load(), reports)
	}
}

// However rows come, samples have channels, are finite, and rise unless the stream begins
// anew.
func FuzzRows(f *testing.F) {
	f.Add([]byte("{\"t\":1,\"x\":2,\"y\":3}\x00{\"t\":1.02,\"x\":2}\x00{\"t\":1.02,\"y\":2}\x00{\"t\":1.5,\"x\":2,\"y\":3}"), false)
	f.Add([]byte("[{\"n\":\"x\",\"bt\":1.7e9,\"v\":1}]\x00[{\"n\":\"y\",\"bt\":1.7e9,\"v\":1}]\x00[{\"n\":\"x\",\"bt\":0,\"v\":1},{\"n\":\"y\",\"v\":1}]"), false)
	f.Add([]byte("t,x,y\n1,2,3\n2,3,4\x001;2\x00{\"time\":\"2026-01-01T00:00:00Z\",\"a\":{\"x\":[1,2],\"y\":[1,2]}}"), true)
	f.Add([]byte("{\"t\":1e300,\"x\":2,\"y\":3}\x00{\"t\":-1e300,\"x\":2,\"y\":3}\x00{\"t\":5,\"x\":2,\"y\":3}"), true)
	f.Fuzz(func(t *testing.T, data []byte, unnamed bool) {
		o := SourceOptions{Format: Format{Names: []string{"x", "y"}}, Grid: GridOptions{Rate: 50}}
		if unnamed {
			o.Format = Format{Width: 2}
		}
		s := quietSource(o)
		for i, m := range messages(strings.Split(string(data), "\x00")...) {
			if i > 20 {
				return
			}
			s.receive(m)
		}
		for range 2 {
			for b := (capture.Block{}); s.pop(&b); {
				if b.Fault == nil && (b.Format.Channels < 1 || len(b.Samples)%b.Format.Channels != 0) {
					t.Fatalf("%d values of %d channels", len(b.Samples), b.Format.Channels)
				}
				for _, v := range b.Samples {
					if v-v != 0 {
						t.Fatal("a sample that is not finite")
					}
				}
			}
			s.settle()
		}
	})
}

// Rows of three named channels, a message each: rows a second.
func BenchmarkJSONRows(b *testing.B) {
	s := quietSource(SourceOptions{Format: Format{Names: []string{"x", "y", "z"}}, Grid: GridOptions{Rate: 50}})
	var block capture.Block
	i := 0
	for b.Loop() {
		i++
		s.receive(&nats.Msg{Subject: "in", Data: fmt.Appendf(nil, `{"t":%.2f,"x":%d,"y":0.25,"z":9.81}`, 1.76e9+float64(i)/50, i%100)})
		for s.pop(&block) {
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Packs of 20 samples of three channels in SenML over CBOR: samples of a channel a second.
func BenchmarkSenMLCBOR(b *testing.B) {
	s := quietSource(SourceOptions{Format: Format{Names: []string{"x", "y", "z"}}, Grid: GridOptions{Rate: 50}})
	var block capture.Block
	h := header(HeaderType, "application/senml+cbor")
	i := 0
	for b.Loop() {
		records := make([]map[int]any, 0, 60)
		b.StopTimer()
		for k := range 20 {
			for c := range 3 {
				records = append(records, map[int]any{0: "xyz"[c : c+1], 2: 0.5, 6: 1.76e9 + float64(i*20+k)/50})
			}
		}
		pack, _ := cbor.Marshal(records)
		i++
		b.StartTimer()
		s.receive(&nats.Msg{Subject: "in", Header: h, Data: pack})
		for s.pop(&block) {
		}
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
}
