package natsio

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit"
)

func header(kv ...string) nats.Header {
	h := nats.Header{}
	for i := 0; i < len(kv); i += 2 {
		h.Set(kv[i], kv[i+1])
	}
	return h
}

func f32le(v ...float32) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func TestPayloadsDecode(t *testing.T) {
	raw := &Format{Format: capture.Format{Rate: 16000, Channels: 1}, Encoding: capture.S16LE}
	none := &Format{}
	cborPack, _ := cbor.Marshal([]map[int]any{{-2: "dev/", 0: "a", 2: 1.5}, {0: "b", 2: 2.5}})
	for _, c := range []struct {
		name     string
		h        nats.Header
		data     string
		f        *Format
		want     []float32
		channels int
		rate     float64
	}{
		{"L16", header(HeaderType, "audio/L16;rate=16000;channels=2"), "\x40\x00\xc0\x00", none, []float32{0.5, -0.5}, 2, 16000},
		{"s16le", header(HeaderType, "application/x-s16le", HeaderRate, "8000"), "\x00\x40", none, []float32{0.5}, 1, 8000},
		{"f32le", header(HeaderType, "application/x-f32le;channels=2"), string(f32le(1, 2, 3, 4)), none, []float32{1, 2, 3, 4}, 2, 0},
		{"text", header(HeaderType, "text/plain; charset=utf-8"), "aé", none, []float32{'a', 'é'}, 1, 0},
		{"flat JSON", header(HeaderType, "application/json"), "[1, 2.5,-3e-1]", none, []float32{1, 2.5, -0.3}, 1, 0},
		{"JSON vectors", nil, "[[1,2],[3,4]]", none, []float32{1, 2, 3, 4}, 2, 0},
		{"a JSON object", nil, `{"v":[1,2],"t":5}`, none, []float32{1, 2}, 1, 0},
		{"a JSON number", nil, "7", none, []float32{7}, 1, 0},
		{"JSON objects", nil, `[{"v":[1,2],"t":0},{"v":[3,4],"t":1}]`, none, []float32{1, 2, 3, 4}, 2, 0},
		{"raw by default", nil, "\x00\x40", raw, []float32{0.5}, 1, 16000},
		{"SenML", header(HeaderType, "application/senml+json"), `[{"bn":"d/","bt":10,"bv":1,"n":"a","v":1},{"n":"b","v":2},{"n":"b","t":1,"v":4},{"n":"a","t":1,"v":3}]`, none, []float32{2, 3, 4, 5}, 2, 0},
		{"SenML by name", header(HeaderType, "application/senml+json"), `[{"n":"a","v":1},{"n":"b","v":2}]`, &Format{Names: []string{"b", "a"}}, []float32{2, 1}, 2, 0},
		{"SenML over CBOR", header(HeaderType, "application/senml+cbor"), string(cborPack), none, []float32{1.5, 2.5}, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m message
			testkit.Message(t, "decode", m.decode(c.h, []byte(c.data), c.f), "")
			testkit.SameBits(t, "samples", m.samples, c.want)
			if want := (capture.Format{Rate: c.rate, Channels: c.channels}); m.format != want {
				t.Errorf("format %+v, want %+v", m.format, want)
			}
		})
	}
}

func TestBadPayloadsNameTheMistake(t *testing.T) {
	typed := func(t string) nats.Header { return header(HeaderType, t) }
	for _, c := range []struct {
		name string
		h    nats.Header
		data string
		want string
	}{
		{"neither type nor JSON", nil, "hello", "no Content-Type, and the payload is not JSON numbers: set the header, or Format.Encoding"},
		{"rate", typed("audio/L16;rate=x"), "", `Content-Type "audio/L16;rate=x": rate "x": give samples per second`},
		{"channels", typed("audio/L16;channels=0"), "", `Content-Type "audio/L16;channels=0": channels "0": give 1 to 1024`},
		{"half a sample", typed("audio/L16;rate=8000"), "abc", "3 bytes are not a whole number of s16be samples"},
		{"half a frame", typed("audio/L16;channels=2"), "abcdef", "3 values are not a whole number of samples of 2 channels"},
		{"another type", typed("video/mp4"), "", `Content-Type "video/mp4" is none of audio/l16, application/x-s16le, application/x-f32le, text/plain, application/json, application/senml+json, application/senml+cbor`},
		{"no type", typed("a b"), "", `Content-Type "a b": mime: expected slash after first token`},
		{"text", typed("text/plain"), "\xff", "the text is not UTF-8"},
		{"vector after a number", typed("application/json"), "[1,[2,3]]", "JSON: a vector of 2 channels after one of 1"},
		{"vectors of two lengths", typed("application/json"), "[[1,2],[3]]", "JSON: a vector of 1 channels after one of 2"},
		{"an empty vector", typed("application/json"), "[[]]", "JSON: an empty vector of channels"},
		{"a string", typed("application/json"), `["a"]`, "JSON: a string where a number should be"},
		{"a string in a vector", typed("application/json"), `[[1,"a"]]`, "JSON: a string in a vector of channels"},
		{"null", typed("application/json"), `[null]`, "JSON: null where a number should be"},
		{"an object", typed("application/json"), `{"x":1}`, `JSON: an object without "v"`},
		{"an object in an object", typed("application/json"), `{"v":{"v":1}}`, `JSON: "v" must be a number or an array`},
		{"two values", typed("application/json"), "[1] [2]", "JSON: data after the value"},
		{"out of range", typed("application/json"), "[1e99]", "JSON: 1e99 is out of range"},
		{"not finite", typed("application/x-f32le"), string(f32le(1, float32(math.NaN()))), "value 1 is NaN, but samples must be finite"},
		{"SenML without a value", typed("application/senml+json"), `[{"n":"a","v":1},{"n":"b","v":2},{"n":"a","t":1,"v":3}]`, "SenML: 3 values for 2 channels: each time needs a value of every channel"},
		{"SenML with a time apart", typed("application/senml+json"), `[{"n":"a","v":1},{"n":"b","t":1,"v":2}]`, "SenML: at time 0 only 1 of 2 channels have a value"},
		{"SenML without numbers", typed("application/senml+json"), `[{"n":"a","vs":"x"}]`, "SenML: no record has a numeric value"},
		{"offset", header(HeaderOffset, "-3"), "[1]", `Inkling-Offset "-3": give the index of the first sample`},
		{"rate header", header(HeaderRate, "fast"), "[1]", `Inkling-Rate "fast": give samples per second`},
		{"segment", header(HeaderSegment, "middle"), "[1]", `Inkling-Segment "middle": give begin, end or begin,end`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m message
			testkit.Message(t, "decode", m.decode(c.h, []byte(c.data), &Format{}), c.want)
		})
	}
	var m message
	err := m.decode(typed("application/senml+json"), []byte(`[{"n":"c","v":1}]`), &Format{Names: []string{"a", "b"}})
	testkit.Message(t, "another name", err, `SenML: name "c" is not a channel of the model, which are ["a" "b"]`)
}

func TestHeadersMarkSegments(t *testing.T) {
	for v, want := range map[string]capture.Mark{"begin": capture.MarkBegin, "end": capture.MarkEnd, "begin, end": capture.MarkBegin | capture.MarkEnd} {
		var m message
		if err := m.decode(header(HeaderSegment, v, HeaderOffset, "9"), []byte("[1]"), &Format{}); err != nil || m.mark != want || m.offset != 9 {
			t.Errorf("%s: mark %v, offset %d, %v", v, m.mark, m.offset, err)
		}
	}
}

// decode returns whole samples of finite numbers, or an error.
func FuzzPayload(f *testing.F) {
	types := []string{"", "audio/L16;rate=16000;channels=2", "application/x-s16le", "application/x-f32le", "application/json",
		"application/senml+json", "application/senml+cbor"}
	pack, _ := cbor.Marshal([]map[int]any{{-2: "dev/", 0: "a", 2: 1.5}, {0: "b", 2: 2.5}})
	for i := range types {
		for _, d := range []string{"[[1,2],[3,4]]", `{"v":1}`, `[{"n":"a","v":1},{"bn":"x","n":"b","v":2}]`, string(pack), "\x00\x01\x02\x03"} {
			f.Add(uint8(i), "", []byte(d))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, extra string, data []byte) {
		h := header("Content-Type", types[int(kind)%len(types)]+extra)
		if types[int(kind)%len(types)]+extra == "" {
			h = nil
		}
		var m message
		if m.decode(h, data, &Format{Encoding: "s16le"}) != nil {
			return
		}
		if m.format.Channels < 1 || len(m.samples)%m.format.Channels != 0 {
			t.Fatalf("%d values of %d channels", len(m.samples), m.format.Channels)
		}
		for _, v := range m.samples {
			if v-v != 0 {
				t.Fatal("a value that is not finite")
			}
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("16000", "12", "begin", "audio/L16;rate=8000")
	f.Add("", "", "begin,end", "application/x-f32le")
	f.Fuzz(func(t *testing.T, rate, offset, segment, kind string) {
		var m message
		h := header("Inkling-Rate", rate, "Inkling-Offset", offset, "Inkling-Segment", segment, "Content-Type", kind)
		if m.decode(h, f32le(1, 2), &Format{}) == nil && m.format.Rate != 0 && !(m.format.Rate > 0 && m.format.Rate < 1e9) {
			t.Fatalf("rate %v", m.format.Rate)
		}
	})
}
