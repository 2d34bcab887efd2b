package natsio

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/audio"
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
	var wav bytes.Buffer
	audio.EncodeWAV(&wav, &audio.Clip{Rate: 22050, Channels: 2, Samples: []float32{0.5, -0.5, 0.25, 0}}, audio.PCM16)
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
		{"a WAV file", header(HeaderType, "audio/wav"), wav.String(), raw, []float32{0.5, -0.5, 0.25, 0}, 2, 22050},
		{"a WAV file without a type", nil, wav.String(), raw, []float32{0.5, -0.5, 0.25, 0}, 2, 22050},
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
			testkit.Message(t, "decode", m.decode(c.h, []byte(c.data), newSchema(c.f, "")), "")
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
		{"no WAV file", typed("audio/wav"), "hello, hello", "the file: unknown audio format: neither WAV, FLAC nor MP3; convert it to FLAC or WAV (ffmpeg -i in out.flac)"},
		{"rate", typed("audio/L16;rate=x"), "", `Content-Type "audio/L16;rate=x": rate "x": give samples per second`},
		{"channels", typed("audio/L16;channels=0"), "", `Content-Type "audio/L16;channels=0": channels "0": give 1 to 1024`},
		{"half a sample", typed("audio/L16;rate=8000"), "abc", "3 bytes are not a whole number of s16be samples"},
		{"half a frame", typed("audio/L16;channels=2"), "abcdef", "3 values are not a whole number of samples of 2 channels"},
		{"another type", typed("video/mp4"), "", `Content-Type "video/mp4" is none of audio/l16, application/x-s16le, application/x-f32le, audio/wav, audio/flac, text/plain, application/json, text/csv, application/senml+json, application/senml+cbor`},
		{"no type", typed("a b"), "", `Content-Type "a b": mime: expected slash after first token`},
		{"text", typed("text/plain"), "\xff", "the text is not UTF-8"},
		{"vector after a number", typed("application/json"), "[1,[2,3]]", "JSON: numbers and vectors of channels in one message: give one or the other"},
		{"vectors of two lengths", typed("application/json"), "[[1,2],[3]]", "JSON: a vector of 1 channels after one of 2"},
		{"an empty vector", typed("application/json"), "[[]]", "JSON: an empty vector of channels"},
		{"a string", typed("application/json"), `["a"]`, "JSON: a string where a number should be"},
		{"a string in a vector", typed("application/json"), `[[1,"a"]]`, "JSON: a string in a vector of channels"},
		{"null", typed("application/json"), `[null]`, "JSON: null where a number should be"},
		{"an object without numbers", typed("application/json"), `{"x":true}`, `JSON: an object without "v" and without numbers: name the channels that it holds (Format.Names)`},
		{"two members of one name", nil, `{"x":1,"x":2}`, `JSON: an object with two members "x": give each a name of its own`},
		{"a message cut off", nil, `{"x":1,"y":`, `JSON: the text ends within a value: the message was cut off`},
		{"a message cut off between values", nil, `[[1,2],[3,`, `JSON: the text ends within a value: the message was cut off`},
		{"nested too deep", nil, strings.Repeat("[", 5000) + "1" + strings.Repeat("]", 5000), `JSON: more than 16 arrays and objects within one another`},
		{"NaN", nil, `{"x":NaN}`, `JSON: invalid character 'N' looking for beginning of value: write null for a value that is missing`},
		{"a time in some samples", nil, `[{"t":1,"x":1},{"x":2}]`, `JSON: a time in some samples only: give one in each, or in none`},
		{"times of another number", nil, `{"t":[1,2],"x":[1,2,3]}`, `JSON: 2 times of 3 samples: give one for each`},
		{"an infinite number", typed("application/json"), `["inf"]`, `JSON: a string where a number should be`},
		{"an object in an object", typed("application/json"), `{"v":{"v":1}}`, `JSON: an object without "v" and without numbers: name the channels that it holds (Format.Names)`},
		{"two values", typed("application/json"), "[1] [2]", "JSON: data after the value"},
		{"out of range", typed("application/json"), "[1e99]", "JSON: 1e99 is out of range"},
		{"not finite", typed("application/x-f32le"), string(f32le(1, float32(math.NaN()))), "value 1 is NaN, but samples must be finite"},
		{"SenML without a value", typed("application/senml+json"), `[{"n":"a","v":1},{"n":"b","v":2},{"n":"a","t":1,"v":3}]`, `SenML: at time 1 there is no value of "b": each time needs a value of every channel`},
		{"SenML with a time apart", typed("application/senml+json"), `[{"n":"a","v":1},{"n":"b","t":1,"v":2}]`, `SenML: at time 0 there is no value of "b": each time needs a value of every channel`},
		{"SenML without numbers", typed("application/senml+json"), `[{"n":"a","vs":"x"}]`, "SenML: no record has a numeric value"},
		{"offset", header(HeaderOffset, "-3"), "[1]", `Inkling-Offset "-3": give the index of the first sample`},
		{"rate header", header(HeaderRate, "fast"), "[1]", `Inkling-Rate "fast": give samples per second`},
		{"segment", header(HeaderSegment, "middle"), "[1]", `Inkling-Segment "middle": give begin, end or begin,end`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m message
			testkit.Message(t, "decode", m.decode(c.h, []byte(c.data), newSchema(&Format{}, "")), c.want)
		})
	}
	var m message
	err := m.decode(typed("application/senml+json"), []byte(`[{"n":"c","v":1}]`), newSchema(&Format{Names: []string{"a", "b"}}, ""))
	testkit.Message(t, "another name", err, `SenML: the name "c" is none of the channels, which are ["a" "b"]: rename it, or list the names in the order of the model's channels (Format.Names)`)
}

var xyz = &Format{Names: []string{"x", "y", "z"}}

// Channels have their names' places, whatever the order and however the sender writes it.
func TestChannelsByName(t *testing.T) {
	senml, plain := header(HeaderType, "application/senml+json"), header(HeaderType, "application/json")
	cborPack, _ := cbor.Marshal([]map[int]any{{-2: "d:", -3: 1.7e9, 0: "z", 2: 3}, {0: "y", 2: 2.0}, {0: "x", 2: 1}})
	zeros, _ := cbor.Marshal([]map[int]any{{-2: "d:", -5: 100, 0: "z", 2: 3}, {-5: 0, -2: "", 0: "y", 2: 2}, {0: "x", 2: 1}})
	for _, c := range []struct {
		name string
		h    nats.Header
		data string
		want []float32
	}{
		{"SenML backwards", senml, `[{"bn":"d:","bt":1.7e9,"n":"z","v":3},{"n":"y","v":2},{"n":"x","v":1},{"n":"y","t":1,"v":5},{"n":"z","t":1,"v":6},{"n":"x","t":1,"v":4}]`, []float32{1, 2, 3, 4, 5, 6}},
		{"CBOR backwards", header(HeaderType, "application/senml+cbor"), string(cborPack), []float32{1, 2, 3}},
		{"SenML without its type", nil, `[{"bn":"d:","n":"z","v":3},{"n":"y","v":2},{"n":"x","v":1}]`, []float32{1, 2, 3}},
		{"SenML as JSON", plain, `[{"n":"z","v":3},{"n":"y","v":2},{"n":"x","v":1}]`, []float32{1, 2, 3}},
		{"SenML after a record of bases", plain, `[{"bn":"d:","bt":5},{"n":"z","v":3},{"n":"y","v":2},{"n":"x","v":1}]`, []float32{1, 2, 3}},
		{"base value back to 0", senml, `[{"bv":100,"n":"x","v":1},{"n":"y","v":2},{"n":"z","v":3},{"bv":0,"n":"x","t":1,"v":4},{"n":"y","t":1,"v":5},{"n":"z","t":1,"v":6}]`, []float32{101, 102, 103, 4, 5, 6}},
		{"base value back to 0 in CBOR", header(HeaderType, "application/senml+cbor"), string(zeros), []float32{1, 2, 103}},
		{"base time back to 0", senml, `[{"bt":1700000000,"n":"x","v":1},{"n":"y","v":2},{"n":"z","v":3},{"bt":0,"n":"x","t":1700000001,"v":4},{"n":"y","t":1700000001,"v":5},{"n":"z","t":1700000001,"v":6}]`, []float32{1, 2, 3, 4, 5, 6}},
		{"base name back to none", senml, `[{"bn":"d:","n":"x","v":1},{"bn":"","n":"y","v":2},{"n":"z","v":3}]`, []float32{1, 2, 3}},
		{"the same time by two sums", senml, `[{"bt":1700000000,"n":"x","t":0.02,"v":1},{"n":"y","t":0.02,"v":2},{"bt":0,"n":"z","t":1700000000.02,"v":3}]`, []float32{1, 2, 3}},
		{"equal times in order", senml, `[{"n":"x","v":1},{"n":"y","v":2},{"n":"z","v":3},{"n":"x","v":4},{"n":"y","v":5},{"n":"z","v":6}]`, []float32{1, 2, 3, 4, 5, 6}},
		{"equal times, channel after channel", senml, `[{"n":"z","v":3},{"n":"z","v":6},{"n":"x","v":1},{"n":"x","v":4},{"n":"y","v":2},{"n":"y","v":5}]`, []float32{1, 2, 3, 4, 5, 6}},
		{"values that are no numbers", senml, `[{"n":"state","vs":"on"},{"n":"x","v":1},{"n":"y","v":2},{"n":"z","v":3}]`, []float32{1, 2, 3}},
		{"one sample of numbers", nil, `[0.5,0.25,1]`, []float32{0.5, 0.25, 1}},
		{"an object", nil, `{"z":3,"y":2,"t":17,"x":1}`, []float32{1, 2, 3}},
		{"an object in other case", nil, `{"Z":3,"Y":2,"X":1}`, []float32{1, 2, 3}},
		{"objects", plain, `[{"z":3,"y":2,"x":1},{"x":4,"y":5,"z":6}]`, []float32{1, 2, 3, 4, 5, 6}},
		{"an object of arrays", plain, `{"z":[3,6],"y":[2,5],"x":[1,4]}`, []float32{1, 2, 3, 4, 5, 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m message
			testkit.Message(t, "decode", m.decode(c.h, []byte(c.data), newSchema(xyz, "")), "")
			testkit.SameBits(t, "samples", m.samples, c.want)
			if m.format.Channels != 3 {
				t.Errorf("%d channels", m.format.Channels)
			}
		})
	}
}

// What does not give every channel a value is refused, and says which one is missing.
func TestChannelsThatLack(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"none of one time", `[{"n":"x","v":1},{"n":"y","v":2},{"n":"z","v":3},{"n":"x","t":1,"v":4}]`, `SenML: at time 1 there is no value of "y", "z": each time needs a value of every channel`},
		{"fewer of equal times", `[{"n":"x","v":1},{"n":"x","v":9},{"n":"y","v":2},{"n":"z","v":3}]`, `SenML: at time 0 "x" has 2 values, and "y" 1: give each sample a time of its own`},
		{"two devices", `[{"bn":"a:","n":"x","v":1},{"n":"y","v":2},{"bn":"b:","n":"x","v":3}]`, `SenML: both "a:x" and "b:x" are the channel "x": send them in messages on different subjects, or list full names (Format.Names)`},
		{"another name", `[{"bn":"a:","n":"w","v":1}]`, `SenML: the name "a:w" is none of the channels, which are ["x" "y" "z"]: rename it, or list the names in the order of the model's channels (Format.Names)`},
		{"a later version", `[{"bver":11,"n":"x","v":1}]`, `SenML: version 11: only versions up to 10 are known`},
		{"what must be understood", `[{"n":"x","v":1,"scale_":2}]`, `SenML: the field "scale_" must be understood, and is not: leave it out`},
		{"an object that lacks one", `{"x":1,"z":3}`, `JSON: an object with "x", "z", but without another of the channels "x", "y", "z": each sample needs a value of every channel, or a time by which they are joined`},
		{"an object of others", `{"a":1}`, `JSON: an object without "v" and without the channels "x", "y", "z"`},
		{"arrays of two lengths", `{"x":[1,2],"y":[1],"z":[1,2]}`, `JSON: "x" has 2 values, and "y" not: give arrays of equal length`},
		{"an array and a number", `{"x":1,"y":[1],"z":1}`, `JSON: "x" has 1 values, and "y" not: give arrays of equal length`},
		{"half a sample", `[1,2,3,4]`, `4 values are not a whole number of samples of 3 channels`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m message
			testkit.Message(t, "decode", m.decode(nil, []byte(c.data), newSchema(xyz, "")), c.want)
		})
	}
}

func TestHeadersMarkSegments(t *testing.T) {
	for v, want := range map[string]capture.Mark{"begin": capture.MarkBegin, "end": capture.MarkEnd, "begin, end": capture.MarkBegin | capture.MarkEnd} {
		var m message
		if err := m.decode(header(HeaderSegment, v, HeaderOffset, "9"), []byte("[1]"), newSchema(&Format{}, "")); err != nil || m.mark != want || m.offset != 9 {
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
		for _, d := range []string{"[[1,2],[3,4]]", `{"v":1}`, `{"a":[1,2],"b":[3,4]}`, `[{"n":"a","v":1},{"bn":"x","n":"b","v":2}]`, string(pack), "\x00\x01\x02\x03"} {
			f.Add(uint8(i), "", []byte(d))
			f.Add(uint8(i), " named", []byte(d))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, extra string, data []byte) {
		format := &Format{Encoding: "s16le"}
		if cut, named := strings.CutSuffix(extra, " named"); named {
			format.Names, extra = []string{"a", "b"}, cut
		}
		h := header("Content-Type", types[int(kind)%len(types)]+extra)
		if types[int(kind)%len(types)]+extra == "" {
			h = nil
		}
		var m message
		if m.decode(h, data, newSchema(format, "")) != nil {
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
		if m.decode(h, f32le(1, 2), newSchema(&Format{}, "")) == nil && m.format.Rate != 0 && !(m.format.Rate > 0 && m.format.Rate < 1e9) {
			t.Fatalf("rate %v", m.format.Rate)
		}
	})
}
