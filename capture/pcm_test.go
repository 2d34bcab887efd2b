package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"inkling/internal/audio"
	"inkling/internal/testkit"
)

// dribble returns its bytes in reads of these sizes.
type dribble struct {
	p     []byte
	sizes []int
	i     int
}

func (d *dribble) Read(p []byte) (int, error) {
	if len(d.p) == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.p[:min(len(d.p), d.sizes[d.i%len(d.sizes)])])
	d.i++
	d.p = d.p[n:]
	return n, nil
}

func encode(e Encoding, x []float32) (p []byte) {
	for _, v := range x {
		k := int(v * 32768)
		switch e {
		case U8:
			p = append(p, byte(k>>8+128))
		case S16LE:
			p = binary.LittleEndian.AppendUint16(p, uint16(k))
		case S16BE:
			p = binary.BigEndian.AppendUint16(p, uint16(k))
		case S24LE:
			p = append(p, 0, byte(k), byte(k>>8))
		case S32LE:
			p = binary.LittleEndian.AppendUint32(p, uint32(k)<<16)
		case F32LE:
			p = binary.LittleEndian.AppendUint32(p, math.Float32bits(v))
		case F64LE:
			p = binary.LittleEndian.AppendUint64(p, math.Float64bits(float64(v)))
		}
	}
	return p
}

func TestPCMOnAnySplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Encoding(rapid.SampledFrom(audio.Encodings()).Draw(t, "encoding"))
		channels := rapid.IntRange(1, 5).Draw(t, "channels")
		x := tone(rapid.IntRange(0, 700).Draw(t, "frames"), channels)
		if e == U8 {
			for i := range x {
				x[i] = float32(math.Floor(float64(x[i]*128))) / 128
			}
		}
		frame := e.Bytes() * channels
		rest := rapid.IntRange(0, frame-1).Draw(t, "rest")
		p := append(encode(e, x), make([]byte, rest)...)
		sizes := rapid.SliceOfN(rapid.IntRange(1, 300), 1, 9).Draw(t, "sizes")
		src, err := PCM(&dribble{p: p, sizes: sizes}, PCMFormat{Encoding: e, Format: Format{rapid.SampledFrom([]float64{0.5, 100, 8000}).Draw(t, "rate"), channels}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := play(t, src)
		got.inOrder(t)
		testkit.SameBits(t, "samples", got.x["stdin"], x)
		want := ""
		if rest > 0 {
			want = fmt.Sprintf("stdin: ends %d bytes into a frame of %d bytes, after sample %d: check that the encoding is %s with %d channels",
				rest, frame, len(x)/channels, e, channels)
		}
		testkit.Message(t, "end", got.err, want)
	})
}

func TestPCMRefusesUnknownFormats(t *testing.T) {
	mono := Format{8000, 1}
	const unknown = "stdin: raw samples need PCMFormat.Encoding, Format.Rate and Format.Channels"
	const encodings = "use one of u8, s16le, s16be, s24le, s32le, f32le, f64le"
	for _, c := range []struct {
		name string
		f    PCMFormat
		want string
	}{
		{"nothing", PCMFormat{}, unknown},
		{"no rate", PCMFormat{Encoding: S16LE}, unknown},
		{"no encoding", PCMFormat{Format: mono}, unknown},
		{"another encoding", PCMFormat{Encoding: "s17", Format: mono, Stream: "x"}, `x: unknown encoding "s17" of raw samples: ` + encodings},
		{"no channels", PCMFormat{Encoding: U8, Format: Format{8000, 0}}, "stdin: 0 channels of raw samples: set Format.Channels to 1 to 65535"},
		{"too many channels", PCMFormat{Encoding: U8, Format: Format{8000, 65536}}, "stdin: 65536 channels of raw samples: set Format.Channels to 1 to 65535"},
		{"negative rate", PCMFormat{Encoding: U8, Format: Format{-1, 1}}, "stdin: rate -1 of raw samples: set Format.Rate to more than 0 and at most 1e+08 samples per second"},
		{"infinite rate", PCMFormat{Encoding: U8, Format: Format{math.Inf(1), 1}}, "stdin: rate +Inf of raw samples: set Format.Rate to more than 0 and at most 1e+08 samples per second"},
		{"too high a rate", PCMFormat{Encoding: U8, Format: Format{1e9, 1}}, "stdin: rate 1e+09 of raw samples: set Format.Rate to more than 0 and at most 1e+08 samples per second"},
		{"too many values", PCMFormat{Encoding: U8, Format: Format{1e6, 1000}}, "stdin: 1000 channels of raw samples at 1e+06 samples per second: at most 1e+08 values per second can be read, so lower Format.Channels or Format.Rate"},
		{"no number", PCMFormat{Encoding: U8, Format: Format{math.NaN(), 1}}, "stdin: rate NaN of raw samples: set Format.Rate to more than 0 and at most 1e+08 samples per second"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := PCM(strings.NewReader(""), c.f, Options{})
			testkit.Message(t, "PCM", err, c.want)
			if errors.Is(err, ErrNoFormat) != (c.want == unknown) {
				t.Errorf("errors.Is(%v, ErrNoFormat) is wrong", err)
			}
			if c.f != (PCMFormat{}) {
				_, err = Audio(strings.NewReader(""), c.f, Options{})
				testkit.Message(t, "Audio", err, c.want)
			}
		})
	}
	if e, err := ParseEncoding("F32LE"); e != F32LE || err != nil {
		t.Error(e, err)
	}
	_, err := ParseEncoding("mp3")
	testkit.Message(t, "ParseEncoding", err, `unknown encoding "mp3" of raw samples: `+encodings)
}

func TestPCMEndsBeforeAValueThatIsNotFinite(t *testing.T) {
	x := tone(500, 2)
	x[601] = float32(math.NaN())
	src, err := PCM(bytes.NewReader(encode(F32LE, x)), PCMFormat{Encoding: F32LE, Format: Format{8000, 2}, Stream: "probe"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := play(t, src)
	testkit.SameBits(t, "samples", got.x["probe"], x[:600])
	testkit.Message(t, "end", got.err, "probe: sample 300 of channel 2 is NaN, but samples must be finite: check that the encoding is f32le")
}

func TestAudioRecognisesFiles(t *testing.T) {
	for name, file := range map[string]string{"WAV": writeTone(t, "a.wav", 8000, 2, 5000), "FLAC": writeFLAC(t, "a.flac", 8000, 2, 5000)} {
		t.Run(name, func(t *testing.T) {
			src, err := Audio(&dribble{p: testkit.ReadFile(t, file), sizes: []int{1, 7, 4096}}, PCMFormat{}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, src)
			testkit.Message(t, "end", got.err, "")
			testkit.SameBits(t, "samples", got.x["stdin"], tone(5000, 2))
		})
	}
	raw := encode(S16LE, tone(900, 1))
	t.Run("raw samples of a format", func(t *testing.T) {
		src, err := Audio(bytes.NewReader(raw), PCMFormat{Encoding: S16LE, Format: Format{8000, 1}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		testkit.SameBits(t, "samples", play(t, src).x["stdin"], tone(900, 1))
	})
	t.Run("raw samples of no format", func(t *testing.T) {
		src, err := Audio(bytes.NewReader(raw), PCMFormat{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := play(t, src); !errors.Is(got.err, ErrNoFormat) {
			t.Error(got.err)
		}
	})
}

// A pipe without data holds up neither a cancelled Read nor Close, and a cancelled Read
// loses nothing.
func TestReadOfAnEmptyPipeCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		src, err := PCM(r, PCMFormat{Encoding: S16LE, Format: Format{100, 1}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var b Block
		for range 3 {
			ctx, cancel := context.WithCancel(background)
			go func() {
				synctest.Wait() // Read waits
				cancel()
			}()
			if err := src.Read(ctx, &b); err != context.Canceled {
				t.Fatalf("a cancelled Read returned %v", err)
			}
		}
		go w.Write(encode(S16LE, []float32{0.5, -0.5}))
		if err := src.Read(background, &b); err != nil || b.Offset != 0 {
			t.Fatalf("%+v, %v", b, err)
		}
		testkit.SameBits(t, "samples", b.Samples, []float32{0.5, -0.5})
		end := make(chan error)
		go func() { end <- src.Read(background, &b) }()
		synctest.Wait()
		src.Close()
		if err := <-end; err != os.ErrClosed {
			t.Fatalf("Read during Close returned %v", err)
		}
	})
}
