package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/audio"
	"inkling/internal/testkit"
	"inkling/internal/testkit/testaudio"
	"inkling/model/segment"
)

const rate = 8000

// blocks is a source of given blocks.
type blocks []capture.Block

func (s *blocks) Read(_ context.Context, b *capture.Block) error {
	if len(*s) == 0 {
		return io.EOF
	}
	*b, *s = (*s)[0], (*s)[1:]
	return nil
}

func (s *blocks) Close() error { return nil }

// sounds are n tones of half a second with pauses, in blocks of a stream.
func sounds(stream string, n int, rate float64) (list blocks) {
	rng := rand.New(rand.NewPCG(1, 1))
	quiet := make([]float32, 8000)
	x := slices.Clone(quiet)
	for range n {
		x = append(append(x, testaudio.Tone(rng, 8000, 0.5, 440, 5, 1)...), quiet...)
	}
	at := uint64(0)
	for part := range slices.Chunk(x, 500) {
		list = append(list, capture.Block{Stream: stream, Format: capture.Format{Rate: rate, Channels: 1}, Offset: at, Samples: part})
		at += uint64(len(part))
	}
	return list
}

func activity() segment.Config { return segment.Config{Kind: segment.Activity} }

func TestEachSoundBecomesAFile(t *testing.T) {
	dir := t.TempDir()
	taken := testkit.WriteFile(t, dir, "clap/clap-0002.wav", []byte("taken"))
	var saved []string
	o := Options{Dir: dir, Label: "clap", Segment: activity(), Saved: func(path string, length time.Duration) {
		saved = append(saved, filepath.Base(path))
		if length < 400*time.Millisecond || length > 2*time.Second {
			t.Errorf("%s lasts %v", path, length)
		}
	}}
	src := sounds("a", 3, rate)
	n, err := Run(t.Context(), &src, o)
	if want := []string{"clap-0001.wav", "clap-0003.wav", "clap-0004.wav"}; n != 3 || err != nil || !slices.Equal(saved, want) {
		t.Errorf("%d, %v: %q, want %q", n, err, saved, want)
	}
	if string(testkit.ReadFile(t, taken)) != "taken" {
		t.Error("a file was overwritten")
	}
	clip, err := audio.Decode(bytes.NewReader(testkit.ReadFile(t, filepath.Join(dir, "clap/clap-0001.wav"))), "clap-0001.wav")
	if err != nil || clip.Rate != rate || clip.Frames() < rate/2 {
		t.Errorf("%+v, %v", clip, err)
	}
}

func TestEnough(t *testing.T) {
	for name, o := range map[string]Options{
		"examples": {Count: 2},
		"seconds":  {Seconds: 3.5},
	} {
		t.Run(name, func(t *testing.T) {
			o.Dir, o.Label, o.Segment = t.TempDir(), "clap", activity()
			src := sounds("a", 5, rate)
			if n, err := Run(t.Context(), &src, o); n != 2 || err != nil || len(src) == 0 {
				t.Errorf("%d examples, %v, %d blocks left", n, err, len(src))
			}
		})
	}
}

func TestStreamsAreCutApart(t *testing.T) {
	a, b := sounds("a", 2, rate), sounds("b", 2, rate)
	var mixed blocks
	for i := range a {
		mixed = append(mixed, a[i], b[i])
	}
	if n, err := Run(t.Context(), &mixed, Options{Dir: t.TempDir(), Label: "clap", Segment: activity()}); n != 4 || err != nil {
		t.Errorf("%d examples, %v", n, err)
	}
}

// There are no more streams at once than are allowed: one more ends the one that was longest
// without a block, with what is open of it, and that one begins anew.
func TestStreamsAreBounded(t *testing.T) {
	var src blocks
	at := map[string]uint64{}
	for _, name := range strings.Fields("a b a c a c b b d e f a") { // b, then a and others make room
		x := make([]float32, 100)
		for i := range x {
			x[i] = float32(len(src) + 1)
		}
		src = append(src, capture.Block{Stream: name, Format: capture.Format{Rate: 100, Channels: 1}, Offset: at[name], Samples: x})
		at[name] += 100
	}
	var ended []string
	var files [][]float32
	o := Options{Dir: t.TempDir(), Label: "x", Names: []string{"x"}, Segment: segment.Config{Kind: segment.Whole, MaxDuration: 9}, Streams: 2,
		Ended: func(stream string, n int) {
			if ended = append(ended, stream); n != len(ended) {
				t.Errorf("%d have ended, want %d", n, len(ended))
			}
		},
		Saved: func(path string, _ time.Duration) { files = append(files, column(t, path)) }}
	if _, err := Run(t.Context(), &src, o); err != nil {
		t.Fatal(err)
	}
	if want := strings.Fields("b a c b d e"); !slices.Equal(ended, want) {
		t.Errorf("%v made room, want %v", ended, want)
	}
	// of the blocks, by their number: b's first, a's three, c's two, and so on
	if want := [][]float32{{2}, {1, 3, 5}, {4, 6}, {7, 8}, {9}, {10}, {11}, {12}}; !slices.EqualFunc(files, want, slices.Equal) {
		t.Errorf("the examples are of the blocks %v, want %v", files, want)
	}
}

// column returns the different values of a table of one channel, in turn.
func column(t *testing.T, path string) (x []float32) {
	for _, row := range strings.Split(strings.TrimSpace(string(testkit.ReadFile(t, path))), "\n")[1:] {
		var at, v float32
		if _, err := fmt.Sscanf(row, "%g,%g", &at, &v); err != nil {
			t.Fatal(err)
		}
		if len(x) == 0 || x[len(x)-1] != v {
			x = append(x, v)
		}
	}
	return x
}

func TestFaultsAreReported(t *testing.T) {
	src := append(blocks{{Fault: &capture.Fault{Reason: "unplugged"}}}, sounds("a", 1, rate)...)
	var faults []string
	o := Options{Dir: t.TempDir(), Label: "clap", Segment: activity(), Fault: func(f *capture.Fault) { faults = append(faults, f.Reason) }}
	if n, err := Run(t.Context(), &src, o); n != 1 || err != nil || !slices.Equal(faults, []string{"unplugged"}) {
		t.Errorf("%d examples, %v, faults %q", n, err, faults)
	}
}

func TestASourceWithoutARate(t *testing.T) {
	src := sounds("a", 1, 0)
	o := Options{Dir: t.TempDir(), Label: "clap", Segment: segment.Config{Kind: segment.Whole, MaxDuration: 1000}}
	if _, err := Run(t.Context(), &src, o); !errors.Is(err, ErrNoRate) {
		t.Error(err)
	}
}

// What lies on both sides of missing samples is not one example.
func TestNoExampleLiesAcrossAGap(t *testing.T) {
	x := testaudio.Tone(rand.New(rand.NewPCG(1, 1)), rate, 0.3, 440, 5, 1)
	f := capture.Format{Rate: rate, Channels: 1}
	for name, c := range map[string]struct {
		offset, lost uint64
	}{
		"samples are lost":       {5_000_000, 5_000_000 - uint64(len(x))},
		"the stream begins anew": {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			src := blocks{{Stream: "a", Format: f, Samples: x}, {Stream: "a", Format: f, Offset: c.offset, Samples: x}}
			var gaps []uint64
			n, err := Run(t.Context(), &src, Options{Dir: t.TempDir(), Label: "x", Segment: segment.Config{Kind: segment.Whole, MaxDuration: 1},
				Saved: func(path string, length time.Duration) {
					if length > 400*time.Millisecond {
						t.Errorf("%s lasts %v", path, length)
					}
				},
				Gap: func(_ string, lost uint64) { gaps = append(gaps, lost) }})
			if n != 2 || err != nil || !slices.Equal(gaps, []uint64{c.lost}) {
				t.Errorf("%d examples, gaps %v, %v", n, gaps, err)
			}
		})
	}
}

// Signals slower than any sound become tables with the names of their channels, which a
// reader of tables reads back.
func TestSlowSignalsBecomeTables(t *testing.T) {
	dir := t.TempDir()
	samples := []float32{1, 2, 3, 4, -0.5, 6e-7, 7, 8}
	src := &blocks{{Format: capture.Format{Rate: 50, Channels: 2}, Samples: samples}}
	n, err := Run(context.Background(), src, Options{Dir: dir, Label: "idle", Names: []string{"x", "a,b"}, Segment: segment.Config{Kind: segment.Whole, MaxDuration: 0.08}})
	if n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "idle", "idle-0001.csv"))
	if want := "t,x,\"a,b\"\n0,1,2\n0.02,3,4\n0.04,-0.5,6e-07\n0.06,7,8\n"; string(data) != want || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}

// Samples that are not numbers are missing ones: a file that has some could not be learned from.
func TestNoExampleHasNaN(t *testing.T) {
	nan := float32(math.NaN())
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		name string
		x    [][]float32 // two channels, in blocks
		gaps []uint64
		want [][]float32
	}{
		{"none", [][]float32{{1, 2, 3, 4}, {5, 6}}, nil, [][]float32{{1, 2, 3, 4, 5, 6}}},
		{"one", [][]float32{{1, 2, nan, 4, 5, 6}, {7, 8}}, []uint64{1}, [][]float32{{1, 2}, {5, 6, 7, 8}}},
		{"over two blocks", [][]float32{{1, 2, 3, inf}, {nan, nan, 7, 8}}, []uint64{2}, [][]float32{{1, 2}, {7, 8}}},
		{"at the begin", [][]float32{{nan, 2}, {3, 4}}, []uint64{1}, [][]float32{{3, 4}}},
		{"at the end", [][]float32{{1, 2}, {nan, 4}}, []uint64{1}, [][]float32{{1, 2}}},
		{"all", [][]float32{{nan, 2}, {nan, 4}}, []uint64{2}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var src blocks
			at := uint64(0)
			for i, x := range c.x {
				src = append(src, capture.Block{Stream: "s", Format: capture.Format{Rate: 100, Channels: 2}, Offset: at, Samples: x, Done: i == len(c.x)-1})
				at += uint64(len(x) / 2)
			}
			var gaps []uint64
			var files [][]float32
			o := Options{Dir: t.TempDir(), Label: "a", Segment: segment.Config{Kind: segment.Whole, MaxDuration: 9},
				Gap: func(_ string, lost uint64) { gaps = append(gaps, lost) },
				Saved: func(path string, _ time.Duration) {
					var one []float32
					for _, row := range strings.Split(strings.TrimSpace(string(testkit.ReadFile(t, path))), "\n")[1:] {
						var at, x, y float32
						if _, err := fmt.Sscanf(row, "%g,%g,%g", &at, &x, &y); err != nil {
							t.Fatal(err)
						}
						one = append(one, x, y)
					}
					files = append(files, one)
				}}
			if n, err := Run(t.Context(), &src, o); err != nil || n != len(c.want) {
				t.Errorf("%d files, %v", n, err)
			}
			if !slices.Equal(gaps, c.gaps) || !slices.EqualFunc(files, c.want, slices.Equal) {
				t.Errorf("gaps %v, want %v; %v, want %v", gaps, c.gaps, files, c.want)
			}
		})
	}
}
