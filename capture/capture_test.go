package capture

import (
	"bytes"
	"context"
	"io"
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"inkling/internal/audio"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testaudio"
	"inkling/internal/testkit/testflac"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var background = context.Background()

// tone returns frames of a tone that 16 bits represent exactly.
func tone(frames, channels int) []float32 {
	x := make([]float32, frames*channels)
	for i := range x {
		x[i] = float32(int(10000*math.Sin(float64(i)*0.07))) / 32768
	}
	return x
}

// writeTone writes a tone as a WAV file.
func writeTone(t *testing.T, name string, rate float64, channels, frames int) (path string) {
	t.Helper()
	return testkit.WriteFile(t, t.TempDir(), name, testaudio.WAV(t, rate, channels, tone(frames, channels), audio.PCM16))
}

// writeFLAC writes a tone as a FLAC file.
func writeFLAC(t *testing.T, name string, rate float64, channels, frames int) (path string) {
	t.Helper()
	var b bytes.Buffer
	if err := testflac.Encode(&b, rate, channels, tone(frames, channels)); err != nil {
		t.Fatal(err)
	}
	return testkit.WriteFile(t, t.TempDir(), name, b.Bytes())
}

// A played source is what a source yielded until it ended.
type played struct {
	blocks []Block              // copied
	x      map[string][]float32 // samples of each stream
	err    error                // nil: it ended with io.EOF
}

// play reads src to its end and closes it. It checks that every block holds whole
// frames, that each stream is Done once, and that nothing follows Done.
func play(t testkit.TB, src Source) played {
	t.Helper()
	defer src.Close()
	got, done := played{x: map[string][]float32{}}, map[string]bool{}
	for {
		var b Block
		err := src.Read(background, &b)
		if err != nil {
			for name := range got.x {
				if !done[name] {
					t.Fatalf("%s ended without Done", name)
				}
			}
			if got.err = err; err == io.EOF {
				got.err = nil
			}
			if again := src.Read(background, &b); again != err {
				t.Fatalf("after %v Read returned %v", err, again)
			}
			return got
		}
		if done[b.Stream] {
			t.Fatalf("%s goes on after Done", b.Stream)
		}
		if b.Len()*b.Format.Channels != len(b.Samples) {
			t.Fatalf("%d values of %d channels", len(b.Samples), b.Format.Channels)
		}
		b.Samples = slices.Clone(b.Samples)
		got.blocks = append(got.blocks, b)
		got.x[b.Stream] = append(got.x[b.Stream], b.Samples...)
		done[b.Stream] = b.Done
	}
}

// inOrder fails t if blocks of a stream do not follow one another.
func (p *played) inOrder(t testkit.TB) {
	t.Helper()
	next := map[string]uint64{}
	for _, b := range p.blocks {
		if b.Offset != next[b.Stream] {
			t.Fatalf("%s: offset %d, want %d", b.Stream, b.Offset, next[b.Stream])
		}
		next[b.Stream] += uint64(b.Len())
	}
}

func TestMemoryYieldsItsBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 3).Draw(t, "channels")
		x := tone(rapid.IntRange(0, 100).Draw(t, "frames"), channels)
		got := play(t, NewMemory(Cut("s", Format{10, channels}, x, rapid.IntRange(1, 50).Draw(t, "size"))...))
		got.inOrder(t)
		testkit.SameBits(t, "samples", got.x["s"], x)
	})
}

func TestCutRefusesBrokenFrames(t *testing.T) {
	for name, cut := range map[string]func(){
		"no channels":      func() { Cut("s", Format{}, nil, 1) },
		"no size":          func() { Cut("s", Format{1, 1}, nil, 0) },
		"a half frame":     func() { Cut("s", Format{1, 2}, make([]float32, 3), 1) },
		"negative size":    func() { Cut("s", Format{1, 1}, nil, -1) },
		"negative channel": func() { Cut("s", Format{1, -1}, nil, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got, want := recover(), "capture: Cut needs a positive size, positive channels and whole frames"; got != want {
					t.Errorf("panic %v, want %q", got, want)
				}
			}()
			cut()
		})
	}
}

func TestReadAllocatesNothing(t *testing.T) {
	wav, flac := writeTone(t, "a.wav", 16000, 2, 16000*30), writeFLAC(t, "a.flac", 16000, 1, 16000*30)
	pcm, err := PCM(bytes.NewReader(encode(S16LE, tone(16000*30, 1))), PCMFormat{Encoding: S16LE, Format: Format{16000, 1}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]Source{
		"wav": Files(Options{}, wav), "flac": Files(Options{}, flac), "pcm": pcm,
		"replay": Replay(Files(Options{}, wav), 1, &still{}),
	} {
		t.Run(name, func(t *testing.T) {
			defer src.Close()
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
				t.Errorf("%v allocations a Read", n)
			}
		})
	}
}

// However high the rate and however many the channels, a block holds no more values than
// fit a small buffer, but at least one of each channel.
func TestBlocksAreBounded(t *testing.T) {
	for _, f := range []Format{{1e9, 65535}, {4e9, 1}, {1e300, 1}, {8000, 2}, {0.1, 3}, {0, 0}} {
		n := Options{}.frames(f)
		if n < 1 || n*f.Channels > mostValues {
			t.Errorf("%+v: blocks of %d samples", f, n)
		}
	}
	if n := (Options{}).frames(Format{44100, 2}); n != 882 {
		t.Errorf("44100 samples per second: blocks of %d samples, want 882", n)
	}
}
