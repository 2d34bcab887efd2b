package audio

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"inkling/internal/testkit/testflac"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
	"pgregory.net/rapid"
)

// genClip draws a clip of values that 16 bits hold.
func genClip(t *rapid.T, channels int) *Clip {
	c := &Clip{
		Rate:     float64(rapid.SampledFrom([]int{1, 360, 8000, 22050, 24000, 44100, 176400, 655350}).Draw(t, "rate")),
		Channels: rapid.IntRange(1, channels).Draw(t, "channels"),
	}
	frames := rapid.OneOf(rapid.IntRange(1, 70), rapid.IntRange(4000, 4600)).Draw(t, "frames")
	seed := rapid.Uint32().Draw(t, "seed")
	noise := rapid.SampledFrom([]float64{0, 1, 40, 3000, 1e6}).Draw(t, "noise")
	tone := rapid.SampledFrom([]float64{0, 100, 20000}).Draw(t, "tone")
	for i := range frames * c.Channels {
		seed = seed*1664525 + 1013904223
		v := tone*math.Sin(float64(i/c.Channels)*0.05) + noise*(float64(seed>>8)/(1<<24)-0.5)
		c.Samples = append(c.Samples, float32(int16(min(max(v, -32768), 32767)))/32768)
	}
	return c
}

// tb is what *testing.T and *rapid.T share.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

func same(t tb, got, want *Clip) {
	t.Helper()
	if got.Rate != want.Rate || got.Channels != want.Channels || len(got.Samples) != len(want.Samples) {
		t.Fatalf("got %v Hz, %d channels, %d samples; want %v, %d, %d",
			got.Rate, got.Channels, len(got.Samples), want.Rate, want.Channels, len(want.Samples))
	}
	for i, v := range got.Samples {
		if math.Float32bits(v) != math.Float32bits(want.Samples[i]) {
			t.Fatalf("sample %d is %v, want %v", i, v, want.Samples[i])
		}
	}
}

func decode(t testing.TB, p []byte) *Clip {
	t.Helper()
	c, err := Decode(bytes.NewReader(p), "test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func encodeFLAC(w io.Writer, c *Clip) error {
	return testflac.Encode(w, c.Rate, c.Channels, c.Samples)
}

func TestRoundTrip(t *testing.T) {
	encoders := map[string]func(io.Writer, *Clip) error{
		"flac":    encodeFLAC,
		"pcm16":   func(w io.Writer, c *Clip) error { return EncodeWAV(w, c, PCM16) },
		"float32": func(w io.Writer, c *Clip) error { return EncodeWAV(w, c, Float32) },
	}
	for name, encode := range encoders {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			c := genClip(t, 8)
			var b bytes.Buffer
			if err := encode(&b, c); err != nil {
				t.Fatal(err)
			}
			got, err := Decode(&b, "x")
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, c)
		}))
	}
}

func TestAnyReadSize(t *testing.T) {
	c := rapid.Custom(func(t *rapid.T) *Clip { return genClip(t, 3) })
	rapid.Check(t, func(t *rapid.T) {
		clip := c.Draw(t, "clip")
		var b bytes.Buffer
		if rapid.Bool().Draw(t, "flac") {
			encodeFLAC(&b, clip)
		} else {
			EncodeWAV(&b, clip, PCM16)
		}
		r, err := NewReader(&b, "x")
		if err != nil {
			t.Fatal(err)
		}
		var got []float32
		for {
			p := make([]float32, r.Channels+rapid.IntRange(0, 5000).Draw(t, "size"))
			n, err := r.Read(p)
			if n%r.Channels != 0 {
				t.Fatalf("%d samples are no whole frames", n)
			}
			got = append(got, p[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		same(t, &Clip{r.Rate, r.Channels, got}, clip)
	})
}

// Our FLAC read by another decoder, another encoder's read by ours.
func TestFLACAgainstMewkiz(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clip := genClip(t, 4)
		if clip.Rate == 176400 || clip.Rate == 24000 || clip.Rate == 1 {
			clip.Rate = 44100 // the other one logs, or refuses
		}
		var ours bytes.Buffer
		if err := encodeFLAC(&ours, clip); err != nil {
			t.Fatal(err)
		}
		s, err := flac.New(&ours)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for {
			f, err := s.ParseNext()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for j := range f.Subframes[0].Samples {
				for _, sub := range f.Subframes {
					if want := int32(clip.Samples[i] * 32768); sub.Samples[j] != want {
						t.Fatalf("sample %d: mewkiz reads %d, want %d", i, sub.Samples[j], want)
					}
					i++
				}
			}
		}
		if i != len(clip.Samples) {
			t.Fatalf("mewkiz reads %d samples of %d", i, len(clip.Samples))
		}
		got, err := Decode(bytes.NewReader(mewkizFLAC(t, clip)), "theirs")
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, clip)
	})
}

func mewkizFLAC(t *rapid.T, c *Clip) []byte {
	var b bytes.Buffer
	e, err := flac.NewEncoder(&b, &meta.StreamInfo{BlockSizeMin: 16, BlockSizeMax: 4096,
		SampleRate: uint32(c.Rate), NChannels: uint8(c.Channels), BitsPerSample: 16, NSamples: uint64(c.Frames())})
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < c.Frames(); at += 1000 {
		n := min(1000, c.Frames()-at)
		f := &frame.Frame{Header: frame.Header{BlockSize: uint16(n), SampleRate: uint32(c.Rate),
			Channels: frame.Channels(c.Channels - 1), BitsPerSample: 16}}
		if c.Channels == 2 {
			f.Channels = frame.ChannelsMidSide
		}
		for ch := range c.Channels {
			sub := &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, NSamples: n}
			for i := range n {
				sub.Samples = append(sub.Samples, int32(c.Samples[(at+i)*c.Channels+ch]*32768))
			}
			f.Subframes = append(f.Subframes, sub)
		}
		if err := e.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// The reference tools, where installed: `flac -t` checks our MD5 sum, and what
// flac and sox write in many forms is read as the plain WAV is.
func TestAgainstTools(t *testing.T) {
	for _, tool := range []string{"flac", "sox"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run("sox", "-R", "-n", "-r", "24000", "-c", "2", "-b", "24", at("a.wav"), "synth", "1", "pinknoise", "sine", "300", "vol", "0.5")
	read := func(name string) *Clip {
		t.Helper()
		c, err := DecodeFile(os.DirFS(dir), name)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	want := read("a.wav")
	run("sox", at("a.wav"), "-e", "floating-point", "-b", "32", at("f32.wav"))
	run("sox", at("a.wav"), "-e", "floating-point", "-b", "64", at("f64.wav"))
	run("sox", at("a.wav"), "-b", "32", at("s32.wav"))
	run("sh", "-c", fmt.Sprintf("sox %s -t wav - | cat > %s", at("a.wav"), at("pipe.wav")))
	same(t, read("f32.wav"), want)
	same(t, read("f64.wav"), want)
	same(t, read("s32.wav"), want)
	same(t, read("pipe.wav"), want)
	for i, flags := range [][]string{{"-0"}, {"-8"}, {"-5", "--lax", "-l", "32", "-b", "16384"}, {"-8", "-e", "-p", "-b", "333"}} {
		name := fmt.Sprintf("%d.flac", i)
		run("flac", append(append([]string{"-s"}, flags...), at("a.wav"), "-o", at(name))...)
		same(t, read(name), want)
	}
	run("flac", "-s", at("s32.wav"), "-o", at("s32.flac"))
	same(t, read("s32.flac"), want)
	run("sox", "-D", at("a.wav"), "-b", "8", at("u8.wav"))
	run("flac", "-s", at("u8.wav"), "-o", at("s8.flac"))
	same(t, read("s8.flac"), read("u8.wav"))
	run("sox", "-D", at("a.wav"), "-b", "16", at("s16.wav"))
	run("flac", "-s", "-5", "--no-padding", at("s16.wav"), "-o", at("s16.flac"))
	var b bytes.Buffer
	c := read("s16.wav")
	same(t, read("s16.flac"), c)
	if err := encodeFLAC(&b, c); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("ours.flac"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	run("flac", "-t", "-s", at("ours.flac"))
	theirs, _ := os.Stat(at("s16.flac"))
	if float64(b.Len()) > 1.05*float64(theirs.Size()) {
		t.Errorf("our FLAC has %d bytes, flac -5 makes %d", b.Len(), theirs.Size())
	}
	t.Logf("FLAC: ours %d bytes, flac -5 %d, PCM %d", b.Len(), theirs.Size(), 2*len(c.Samples))
}

func TestWAVWriter(t *testing.T) {
	clip := &Clip{Rate: 8000, Channels: 2, Samples: []float32{0.5, -0.5, 0.25, 1, -1, 3}}
	want := &Clip{8000, 2, []float32{0.5, -0.5, 0.25, 32767.0 / 32768, -1, 32767.0 / 32768}}
	f, err := os.Create(filepath.Join(t.TempDir(), "x.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := NewWAVWriter(f, 8000, 2, PCM16)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(clip.Samples[:2])
	w.Write(clip.Samples[2:])
	cut, _ := os.ReadFile(f.Name())
	same(t, decode(t, cut), want) // readable before it is closed
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(f.Name())
	same(t, decode(t, whole), want)
	if riff, data := binary.LittleEndian.Uint32(whole[4:]), binary.LittleEndian.Uint32(whole[40:]); int(riff) != len(whole)-8 || data != 12 {
		t.Fatalf("lengths %d and %d of a file of %d", riff, data, len(whole))
	}
	var plain bytes.Buffer
	EncodeWAV(&plain, clip, PCM16)
	if !bytes.Equal(plain.Bytes(), whole) {
		t.Fatal("the streamed file differs from the one written at once")
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, c := range []*Clip{{Rate: 8000.5, Channels: 1}, {Rate: 0, Channels: 1}, {Rate: 8000}, {Rate: 8000, Channels: 2, Samples: make([]float32, 3)}} {
		if EncodeWAV(io.Discard, c, PCM16) == nil || encodeFLAC(io.Discard, c) == nil {
			t.Errorf("%v Hz, %d channels, %d samples are accepted", c.Rate, c.Channels, len(c.Samples))
		}
	}
	if encodeFLAC(io.Discard, &Clip{Rate: 8000, Channels: 9}) == nil {
		t.Error("nine channels are accepted")
	}
}
