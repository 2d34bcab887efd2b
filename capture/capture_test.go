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
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"inkling/internal/audio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var background = context.Background()

// tone is frames of a tone that 16 bits hold.
func tone(frames, channels int) []float32 {
	x := make([]float32, frames*channels)
	for i := range x {
		x[i] = float32(int(10000*math.Sin(float64(i)*0.07))) / 32768
	}
	return x
}

func write(t testing.TB, name string, rate float64, channels, frames int) string {
	t.Helper()
	c := &audio.Clip{Rate: rate, Channels: channels, Samples: tone(frames, channels)}
	var b bytes.Buffer
	var err error
	if strings.HasSuffix(name, ".flac") {
		err = audio.EncodeFLAC(&b, c)
	} else {
		err = audio.EncodeWAV(&b, c, audio.PCM16)
	}
	if err == nil {
		name = filepath.Join(t.TempDir(), name)
		err = os.WriteFile(name, b.Bytes(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// tb is what *testing.T and *rapid.T share.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

// drain reads src to its end, checks that offsets go on and that each stream is
// Done once, and returns the samples of each, and the error that ended it.
func drain(t tb, src Source) (map[string][]float32, error) {
	t.Helper()
	got, done := map[string][]float32{}, map[string]bool{}
	var b Block
	for {
		err := src.Read(background, &b)
		if err != nil {
			for name := range got {
				if !done[name] {
					t.Fatalf("%s ended without Done", name)
				}
			}
			return got, err
		}
		if done[b.Stream] {
			t.Fatalf("%s goes on after Done", b.Stream)
		}
		if want := uint64(len(got[b.Stream]) / b.Format.Channels); b.Offset != want {
			t.Fatalf("%s: offset %d, want %d", b.Stream, b.Offset, want)
		}
		if b.Len()*b.Format.Channels != len(b.Samples) {
			t.Fatalf("%d samples of %d channels", len(b.Samples), b.Format.Channels)
		}
		got[b.Stream] = append(got[b.Stream], b.Samples...)
		done[b.Stream] = b.Done
	}
}

func TestFile(t *testing.T) {
	a, b, empty := write(t, "a.wav", 8000, 2, 1000), write(t, "b.flac", 44100, 1, 9000), write(t, "c.wav", 8000, 1, 0)
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Block: time.Duration(rapid.IntRange(0, int(time.Second)).Draw(t, "block"))}
		src := File(o, a, empty, b)
		got, err := drain(t, src)
		if err != io.EOF || !slices.Equal(got[a], tone(1000, 2)) || !slices.Equal(got[b], tone(9000, 1)) || len(got[empty]) != 0 {
			t.Fatalf("%v; %d, %d, %d samples", err, len(got[a]), len(got[b]), len(got[empty]))
		}
		if err := src.Read(background, &Block{}); err != io.EOF {
			t.Fatalf("after the end: %v", err)
		}
		src.Close()
	})
}

func TestFileFormat(t *testing.T) {
	src := File(Options{}, write(t, "a.wav", 8000, 2, 1000))
	var b Block
	if err := src.Read(background, &b); err != nil || b.Format != (Format{8000, 2}) || b.Len() != 160 || !b.Time.IsZero() {
		t.Errorf("%+v, %v", b, err)
	}
	src.Close()
	src.Close()
	if err := src.Read(background, &b); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestFileErrors(t *testing.T) {
	good := write(t, "a.wav", 8000, 1, 1000)
	data, _ := os.ReadFile(good)
	cut := filepath.Join(t.TempDir(), "cut.wav")
	os.WriteFile(cut, data[:len(data)-600], 0o644)
	src := File(Options{}, cut, good)
	got, err := drain(t, src)
	if len(got[cut]) != 700 || !errors.Is(err, audio.ErrTruncated) || !strings.Contains(err.Error(), cut) {
		t.Errorf("%d samples, %v", len(got[cut]), err)
	}
	src.Close()
	if _, err := drain(t, File(Options{}, "nowhere.wav")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := drain(t, File(Options{})); err != io.EOF {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(background)
	cancel()
	if err := File(Options{}, good).Read(ctx, &Block{}); err != context.Canceled {
		t.Error(err)
	}
}

// dribble gives its bytes in reads of drawn sizes.
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

func TestPCM(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(audio.Encodings()).Draw(t, "encoding")
		channels := rapid.IntRange(1, 5).Draw(t, "channels")
		x := tone(rapid.IntRange(0, 700).Draw(t, "frames"), channels)
		if e == U8 {
			for i := range x {
				x[i] = float32(math.Floor(float64(x[i]*128))) / 128
			}
		}
		rest := rapid.IntRange(0, e.Bytes()*channels-1).Draw(t, "rest")
		p := append(encode(e, x), make([]byte, rest)...)
		sizes := rapid.SliceOfN(rapid.IntRange(1, 300), 1, 9).Draw(t, "sizes")
		src, err := PCM(&dribble{p: p, sizes: sizes}, PCMFormat{Encoding: e, Format: Format{rapid.SampledFrom([]float64{0.5, 100, 8000}).Draw(t, "rate"), channels}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := drain(t, src)
		src.Close()
		if !slices.Equal(got["stdin"], x) {
			t.Fatalf("%d samples, want %d", len(got["stdin"]), len(x))
		}
		if rest == 0 && err != io.EOF || rest > 0 && (err == io.EOF || !strings.Contains(err.Error(), fmt.Sprintf("ends %d bytes into", rest))) {
			t.Fatalf("%v", err)
		}
	})
}

func TestPCMErrors(t *testing.T) {
	mono := Format{8000, 1}
	for _, f := range []PCMFormat{{}, {Encoding: S16LE}, {Format: mono}, {Encoding: "s17", Format: mono},
		{Encoding: U8, Format: Format{8000, 0}}, {Encoding: U8, Format: Format{-1, 1}}, {Encoding: U8, Format: Format{math.Inf(1), 1}}, {Encoding: U8, Format: Format{math.NaN(), 1}}} {
		if _, err := PCM(strings.NewReader(""), f, Options{}); err == nil {
			t.Errorf("%+v is accepted", f)
		}
	}
	if _, err := PCM(nil, PCMFormat{Encoding: S16LE}, Options{}); !errors.Is(err, ErrNoFormat) {
		t.Error(err)
	}
	if e, err := ParseEncoding("F32LE"); e != F32LE || err != nil {
		t.Error(e, err)
	}
	if _, err := ParseEncoding("mp3"); err == nil || !strings.Contains(err.Error(), "s16le s16be") {
		t.Error(err)
	}
	x := tone(500, 2)
	x[601] = float32(math.NaN())
	src, _ := PCM(bytes.NewReader(encode(F32LE, x)), PCMFormat{Encoding: F32LE, Format: Format{8000, 2}, Stream: "probe"}, Options{})
	got, err := drain(t, src)
	if len(got["probe"]) != 600 || err == nil || !strings.Contains(err.Error(), "probe: sample 300 of channel 2 is NaN") {
		t.Errorf("%d samples, %v", len(got["probe"]), err)
	}
	src.Close()
}

func TestStdin(t *testing.T) {
	for _, name := range []string{"a.wav", "a.flac"} {
		p, _ := os.ReadFile(write(t, name, 8000, 2, 5000))
		src, err := Stdin(&dribble{p: p, sizes: []int{1, 7, 4096}}, PCMFormat{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := drain(t, src); err != io.EOF || !slices.Equal(got["stdin"], tone(5000, 2)) {
			t.Errorf("%s: %d samples, %v", name, len(got["stdin"]), err)
		}
		src.Close()
	}
	src, _ := Stdin(bytes.NewReader(encode(S16LE, tone(900, 1))), PCMFormat{}, Options{})
	if _, err := drain(t, src); !errors.Is(err, ErrNoFormat) {
		t.Error(err)
	}
	src.Close()
	src, _ = Stdin(bytes.NewReader(encode(S16LE, tone(900, 1))), PCMFormat{Encoding: S16LE, Format: Format{8000, 1}}, Options{})
	if got, err := drain(t, src); err != io.EOF || !slices.Equal(got["stdin"], tone(900, 1)) {
		t.Error(err)
	}
	src.Close()
	if _, err := Stdin(nil, PCMFormat{Encoding: S16LE}, Options{}); !errors.Is(err, ErrNoFormat) {
		t.Error(err)
	}
}

// A pipe that gives nothing keeps neither a cancelled Read nor Close waiting,
// and nothing is lost by being cancelled.
func TestBlockedPipe(t *testing.T) {
	r, w := io.Pipe()
	src, err := PCM(r, PCMFormat{Encoding: S16LE, Format: Format{100, 1}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b Block
	for range 3 {
		ctx, cancel := context.WithTimeout(background, 10*time.Millisecond)
		if err := src.Read(ctx, &b); err != context.DeadlineExceeded {
			t.Fatalf("cancelled: %v", err)
		}
		cancel()
	}
	go w.Write(encode(S16LE, []float32{0.5, -0.5}))
	if err := src.Read(background, &b); err != nil || !slices.Equal(b.Samples, []float32{0.5, -0.5}) || b.Offset != 0 {
		t.Fatalf("%+v, %v", b, err)
	}
	end := make(chan error)
	go func() { end <- src.Read(background, &b) }()
	time.Sleep(10 * time.Millisecond)
	src.Close()
	if err := <-end; !errors.Is(err, os.ErrClosed) {
		t.Fatalf("closed: %v", err)
	}
}

func TestMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		x := tone(rapid.IntRange(0, 100).Draw(t, "frames"), channels)
		m := NewMemory(Cut("s", Format{10, channels}, x, rapid.IntRange(1, 50).Draw(t, "size"))...)
		if got, err := drain(t, m); err != io.EOF || !slices.Equal(got["s"], x) {
			t.Fatalf("%d samples, %v", len(got["s"]), err)
		}
		m.Close()
		if err := m.Read(background, &Block{}); err != os.ErrClosed {
			t.Fatalf("closed: %v", err)
		}
	})
}

// still is a clock that moves only by sleeping.
type still struct {
	now   time.Time
	slept time.Duration
}

func (c *still) Now() time.Time { return c.now }
func (c *still) Sleep(_ context.Context, _ <-chan struct{}, d time.Duration) {
	c.now = c.now.Add(d)
	c.slept += d
}

func TestReplay(t *testing.T) {
	clock := &still{now: time.Unix(1e9, 0)}
	blocks := append(Cut("a", Format{8000, 2}, tone(8000, 2), 160), Cut("b", Format{1000, 1}, tone(500, 1), 100)...)
	blocks = append(blocks, Cut("c", Format{0, 1}, tone(500, 1), 100)...)
	src := Replay(NewMemory(blocks...), 2, clock)
	start := clock.now
	var b Block
	for i := 1; i <= 50; i++ {
		if err := src.Read(background, &b); err != nil {
			t.Fatal(err)
		}
		if got := clock.now.Sub(start); got != time.Duration(i)*10*time.Millisecond {
			t.Fatalf("block %d is given after %v", i, got)
		}
	}
	clock.now = clock.now.Add(200 * time.Millisecond) // a slow reader: b starts then
	if got, err := drain(t, src); err != io.EOF || len(got["b"]) != 500 || len(got["c"]) != 500 {
		t.Fatalf("%v", err)
	}
	if got := clock.now.Sub(start); got != 950*time.Millisecond {
		t.Errorf("all took %v", got)
	}

	// A reader that is late catches up; lost samples take their time.
	clock = &still{now: time.Unix(1e9, 0)}
	x := Cut("a", Format{100, 1}, tone(30, 1), 10)
	x[2].Offset += 100
	src = Replay(NewMemory(x...), 1, clock)
	src.Read(background, &b)
	clock.now = clock.now.Add(time.Second)
	src.Read(background, &b)
	if clock.slept != 100*time.Millisecond {
		t.Errorf("slept %v though late", clock.slept)
	}
	src.Read(background, &b)
	if got := clock.now.Sub(time.Unix(1e9, 0)); got != 1300*time.Millisecond {
		t.Errorf("the block after the gap came at %v", got)
	}

	clock = &still{}
	if drain(t, Replay(NewMemory(blocks...), 0, clock)); clock.slept != 0 {
		t.Errorf("slept %v at full speed", clock.slept)
	}
}

func TestReplayCancelled(t *testing.T) {
	src := Replay(NewMemory(Cut("a", Format{100, 1}, tone(40, 1), 20)...), 1, nil)
	var b Block
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := src.Read(ctx, &b); err != context.DeadlineExceeded {
		t.Fatalf("%v", err)
	}
	if err := src.Read(background, &b); err != nil || b.Offset != 0 || b.Len() != 20 {
		t.Fatalf("the block is lost: %+v, %v", b, err)
	}
	if d := time.Since(start); d < 200*time.Millisecond {
		t.Errorf("0.2 s of samples came after %v", d)
	}
	end := make(chan error)
	go func() { end <- src.Read(background, &b) }()
	time.Sleep(5 * time.Millisecond)
	src.Close()
	if err := <-end; err != os.ErrClosed {
		t.Errorf("closed: %v", err)
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	wav, flac := write(t, "a.wav", 16000, 2, 16000*30), write(t, "a.flac", 16000, 1, 16000*30)
	pcm, err := PCM(bytes.NewReader(encode(S16LE, tone(16000*30, 1))), PCMFormat{Encoding: S16LE, Format: Format{16000, 1}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]Source{
		"wav": File(Options{}, wav), "flac": File(Options{}, flac), "pcm": pcm,
		"replay": Replay(File(Options{}, wav), 1, &still{}),
	} {
		var b Block
		read := func() {
			if err := src.Read(background, &b); err != nil {
				t.Fatal(err)
			}
		}
		for range 50 {
			read()
		}
		if n := testing.AllocsPerRun(800, read); n != 0 {
			t.Errorf("%s: %v allocations a Read", name, n)
		}
		src.Close()
	}
}
