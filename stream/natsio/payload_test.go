package natsio

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"

	"inkling/capture"
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

func TestPayloads(t *testing.T) {
	raw := &Format{Format: capture.Format{Rate: 16000, Channels: 1}, Encoding: "s16le"}
	none := &Format{}
	cborPack, _ := cbor.Marshal([]map[int]any{{-2: "dev/", 0: "a", 2: 1.5}, {0: "b", 2: 2.5}})
	for name, c := range map[string]struct {
		h        nats.Header
		data     string
		def      *Format
		want     []float32
		channels int
		rate     float64
	}{
		"L16":             {header("Content-Type", "audio/L16;rate=16000;channels=2"), "\x40\x00\xc0\x00", none, []float32{0.5, -0.5}, 2, 16000},
		"s16le":           {header("Content-Type", "application/x-s16le", "Inkling-Rate", "8000"), "\x00\x40", none, []float32{0.5}, 1, 8000},
		"f32le":           {header("Content-Type", "application/x-f32le;channels=2"), string(f32le(1, 2, 3, 4)), none, []float32{1, 2, 3, 4}, 2, 0},
		"flat JSON":       {header("Content-Type", "application/json"), "[1, 2.5,-3e-1]", none, []float32{1, 2.5, -0.3}, 1, 0},
		"JSON vectors":    {nil, "[[1,2],[3,4]]", none, []float32{1, 2, 3, 4}, 2, 0},
		"JSON object":     {nil, `{"v":[1,2],"t":5}`, none, []float32{1, 2}, 1, 0},
		"JSON number":     {nil, "7", none, []float32{7}, 1, 0},
		"JSON objects":    {nil, `[{"v":[1,2],"t":0},{"v":[3,4],"t":1}]`, none, []float32{1, 2, 3, 4}, 2, 0},
		"raw by default":  {nil, "\x00\x40", raw, []float32{0.5}, 1, 16000},
		"SenML":           {header("Content-Type", "application/senml+json"), `[{"bn":"d/","bt":10,"bv":1,"n":"a","v":1},{"n":"b","v":2},{"n":"b","t":1,"v":4},{"n":"a","t":1,"v":3}]`, none, []float32{2, 3, 4, 5}, 2, 0},
		"SenML by name":   {header("Content-Type", "application/senml+json"), `[{"n":"a","v":1},{"n":"b","v":2}]`, &Format{Names: []string{"b", "a"}}, []float32{2, 1}, 2, 0},
		"SenML over CBOR": {header("Content-Type", "application/senml+cbor"), string(cborPack), none, []float32{1.5, 2.5}, 2, 0},
	} {
		var m message
		if err := m.decode(c.h, []byte(c.data), c.def); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(m.samples, c.want) || m.format.Channels != c.channels || m.format.Rate != c.rate {
			t.Errorf("%s: %v of %+v, want %v of %d channels at %v", name, m.samples, m.format, c.want, c.channels, c.rate)
		}
	}
}

// Every mistake is told in words that name it.
func TestBadPayloads(t *testing.T) {
	for _, c := range []struct {
		h          nats.Header
		data, says string
	}{
		{nil, "hello", "Content-Type"},
		{header("Content-Type", "audio/L16;rate=x"), "", "rate"},
		{header("Content-Type", "audio/L16;rate=8000"), "abc", "whole number"},
		{header("Content-Type", "audio/L16;channels=2"), "abcdef", "channels"},
		{header("Content-Type", "video/mp4"), "", "none of"},
		{header("Content-Type", "application/json"), "[1,[2,3]]", "vector"},
		{header("Content-Type", "application/json"), "[[1,2],[3]]", "vector"},
		{header("Content-Type", "application/json"), `["a"]`, "string"},
		{header("Content-Type", "application/json"), "[1] [2]", "more after"},
		{header("Content-Type", "application/json"), "[1e99]", "range"},
		{header("Content-Type", "application/x-f32le"), string(f32le(1, float32(math.NaN()))), "finite"},
		{header("Content-Type", "application/senml+json"), `[{"n":"a","v":1},{"n":"b","v":2},{"n":"a","t":1,"v":3}]`, "every channel"},
		{header("Content-Type", "application/senml+json"), `[{"n":"a","vs":"x"}]`, "numeric"},
		{header("Inkling-Offset", "-3"), "[1]", "Inkling-Offset"},
		{header("Inkling-Rate", "fast"), "[1]", "Inkling-Rate"},
		{header("Inkling-Segment", "middle"), "[1]", "Inkling-Segment"},
	} {
		var m message
		if err := m.decode(c.h, []byte(c.data), &Format{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v %q: error %v, want one that says %q", c.h, c.data, err, c.says)
		}
	}
}

func TestSegmentMarks(t *testing.T) {
	for v, want := range map[string]capture.Mark{"begin": capture.MarkBegin, "end": capture.MarkEnd, "begin, end": capture.MarkBegin | capture.MarkEnd} {
		var m message
		if err := m.decode(header("Inkling-Segment", v, "Inkling-Offset", "9"), []byte("[1]"), &Format{}); err != nil || m.mark != want || m.offset != 9 {
			t.Errorf("%s: mark %v, offset %d, %v", v, m.mark, m.offset, err)
		}
	}
}

// FuzzPayload: whatever comes, decode returns whole samples of finite numbers or
// an error.
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
