package capture

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written returns x as raw samples.
func written(e Encoding, x []float64) []byte {
	var b []byte
	for _, v := range x {
		switch e {
		case U8:
			b = append(b, byte(int(math.Round(v*127))+128))
		case S16LE:
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(v*32767))))
		case S16BE:
			b = binary.BigEndian.AppendUint16(b, uint16(int16(math.Round(v*32767))))
		case S32LE:
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(v*(1<<31-1))))
		case F32LE:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		}
	}
	return b
}

// faults returns what Look says of raw samples, and the samples that it passes on.
func faults(t *testing.T, data []byte, e Encoding, channels int) (said []Fault, samples []float32) {
	t.Helper()
	src, err := PCM(bytes.NewReader(data), PCMFormat{Encoding: e, Format: Format{16000, channels}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	src = Look(src)
	defer src.Close()
	for {
		var b Block
		if err := src.Read(context.Background(), &b); err != nil {
			return said, samples // also samples that are not finite end the source
		}
		if b.Fault != nil {
			said = append(said, *b.Fault)
		}
		samples = append(samples, b.Samples...)
	}
}

func TestALookSaysWhatIsWrong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	signals := map[string]func(i int) float64{
		"tone":  func(i int) float64 { return 0.4*math.Sin(float64(i)/9) + 0.01*rng.NormFloat64() },
		"noise": func(int) float64 { return math.Max(-1, math.Min(1, 0.15*rng.NormFloat64())) },
		"soft":  func(i int) float64 { return 0.02 * math.Sin(float64(i)/20) * rng.Float64() },
	}
	for _, c := range []struct {
		signal      string
		sent, taken Encoding
		want        string // "": nothing
	}{
		{"tone", S16BE, S16LE, "byte order"}, {"tone", S16LE, S16BE, "byte order"},
		{"noise", S16LE, S16BE, "white noise at full level"}, {"noise", S16BE, S16LE, "white noise at full level"},
		{"tone", F32LE, S16LE, "exponent of floats"}, {"noise", F32LE, S16LE, "exponent of floats"}, {"soft", F32LE, S32LE, "exponent of floats"},
		{"tone", U8, S16LE, "unsigned"}, {"noise", U8, S16LE, "unsigned"},
		{"soft", S16LE, U8, "ends of the scale"},
		{"tone", S16LE, S16LE, ""}, {"noise", S16LE, S16LE, ""}, {"soft", S16LE, S16LE, ""}, {"soft", F32LE, F32LE, ""},
		{"noise", F32LE, F32LE, ""}, {"tone", U8, U8, ""}, {"noise", U8, U8, ""}, {"soft", S32LE, S32LE, ""},
	} {
		x := make([]float64, 20000)
		for i := range x {
			x[i] = signals[c.signal](i)
		}
		said, _ := faults(t, written(c.sent, x), c.taken, 1)
		switch {
		case c.want == "" && len(said) > 0:
			t.Errorf("%s in %s: %v", c.signal, c.sent, said)
		case c.want != "" && (len(said) != 1 || said[0].State != Doubtful || !strings.Contains(said[0].Reason, c.want)):
			t.Errorf("%s in %s read as %s: %v, want %q", c.signal, c.sent, c.taken, said, c.want)
		}
	}
}

func TestALookSaysSilenceAndOffset(t *testing.T) {
	x := make([]float64, 200_000)
	if said, _ := faults(t, written(S16LE, x), S16LE, 1); len(said) != 1 || said[0].State != Silent {
		t.Errorf("zeros: %v", said)
	}
	for i := range x {
		x[i] = 0.5 + 0.05*math.Sin(float64(i)/9)
	}
	if said, _ := faults(t, written(S16LE, x), S16LE, 1); len(said) != 1 || !strings.Contains(said[0].Reason, "offset by 0.50") {
		t.Errorf("offset: %v", said)
	}
	if said, _ := faults(t, written(S16LE, x[:1000]), S16LE, 1); len(said) != 0 {
		t.Errorf("too short to tell: %v", said)
	}
}

// Integers of 16 bits read as floats lie between denormals and 1e38.
func TestALookSeesIntegersReadAsFloats(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, 20000)
	for i := range x {
		u := rng.Uint32()
		if u>>23&255 == 255 {
			u = 0 // not finite: those end a source of raw samples
		}
		x[i] = math.Float32frombits(u)
	}
	var said []Fault
	l := Look(NewMemory(Block{Stream: "a", Format: Format{16000, 1}, Samples: x[:10000]}, Block{Stream: "a", Format: Format{16000, 1}, Offset: 10000, Samples: x[10000:]}))
	for {
		var b Block
		if l.Read(context.Background(), &b) != nil {
			break
		}
		if b.Fault != nil {
			said = append(said, *b.Fault)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0].Reason, "s16le in place of f32le") {
		t.Errorf("%v", said)
	}
}

// Blocks pass as they are, whatever a look says.
func TestALookChangesNoSample(t *testing.T) {
	x := make([]float64, 30000)
	for i := range x {
		x[i] = math.Sin(float64(i) / 9)
	}
	data := written(S16BE, x)
	said, got := faults(t, data, S16LE, 2)
	want := make([]float32, len(x))
	S16LE.Decode(want, data)
	if len(said) != 1 || len(got) != len(want) {
		t.Fatalf("%v, %d samples", said, len(got))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("sample %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestALookAllocatesNothing(t *testing.T) {
	l := Look(Func("a", Format{16000, 1}, Options{}, func(dst []float32) (int, error) {
		for i := range dst {
			dst[i] = float32(i) / 1000
		}
		return len(dst), nil
	}))
	var b Block
	l.Read(context.Background(), &b)
	if n := testing.AllocsPerRun(20, func() { l.Read(context.Background(), &b) }); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

// No file of real sound raises doubt. INKLING_LONG=1 takes all of them.
func TestALookDoubtsNoRealSound(t *testing.T) {
	root := os.Getenv("INKLING_DATA")
	if root == "" {
		t.Skip("INKLING_DATA names no folder of data")
	}
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".wav", ".flac", ".mp3":
		default:
			return nil
		}
		if seen++; os.Getenv("INKLING_LONG") == "" && seen%97 != 0 {
			return nil
		}
		src := Look(Files(Options{}, path))
		defer src.Close()
		for {
			var b Block
			err := src.Read(context.Background(), &b)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				t.Logf("%s: %v", path, err)
				return nil
			}
			if b.Fault != nil {
				t.Errorf("%s: %s", path, b.Fault.Reason)
			}
			if b.Offset > uint64(11*b.Format.Rate) {
				return nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files of sound", seen)
}

// heldSource notes which stream is held.
type heldSource struct {
	Source
	held string
}

func (h *heldSource) Hold(stream string)    { h.held = stream }
func (h *heldSource) Release(stream string) { h.held = "" }

// A source that can leave streams out can do so behind a first look.
func TestALookHandsOnHold(t *testing.T) {
	src := &heldSource{Source: NewMemory()}
	h, ok := Look(src).(Holder)
	if !ok {
		t.Fatal("no Holder")
	}
	h.Hold("a")
	if src.held != "a" {
		t.Error("not held")
	}
	if h.Release("a"); src.held != "" {
		t.Error("not released")
	}
}
