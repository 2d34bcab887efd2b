package capture

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"inkling/internal/testkit"
)

// rest reads a source to its end, a line for each block.
func rest(t *testing.T, src Source) (lines []string) {
	t.Helper()
	var b Block
	for {
		err := src.Read(background, &b)
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(b.Stream, b.Format, b.Offset, b.Mark, b.Samples, b.Done))
	}
}

// A source goes on from every position as if it had never stopped.
func TestReplayerGoesOnFromEveryPosition(t *testing.T) {
	a, b := writeTone(t, "a.wav", 8000, 2, 900), writeFLAC(t, "b.flac", 44100, 1, 2000)
	empty := writeTone(t, "c.wav", 8000, 1, 0)
	rows := "t,x\n"
	for i := range 300 {
		rows += fmt.Sprintf("%.3f,%d\n", float64(i)*0.01+0.001*float64(i%3), i)
	}
	csv := testkit.WriteFile(t, t.TempDir(), "a.csv", []byte(rows))
	txt := testkit.WriteFile(t, t.TempDir(), "a.txt", bytes.Repeat([]byte("text that goes on\n"), 100))
	for name, open := range map[string]func() Source{
		"audio":  func() Source { return Files(Options{}, a, empty, b, a) },
		"table":  func() Source { return TableFiles(Options{}, TableOptions{Rate: 100}, csv, csv) },
		"text":   func() Source { return TextFiles(txt, txt) },
		"memory": func() Source { return NewMemory(Cut("m", Format{8000, 1}, tone(900, 1), 70)...) },
		"replay": func() Source { return Replay(Files(Options{}, a, b), 100, &still{}) },
	} {
		t.Run(name, func(t *testing.T) {
			whole := rest(t, open())
			for n := range len(whole) + 1 {
				src := open().(Replayer)
				src.AppendPosition(nil)
				var b Block
				for range n {
					if err := src.Read(background, &b); err != nil {
						t.Fatal(err)
					}
				}
				if n == len(whole) {
					src.Read(background, &b) // the end
				}
				again := open().(Replayer)
				if err := again.Seek(background, src.AppendPosition(nil)); err != nil {
					t.Fatalf("after %d blocks: %v", n, err)
				}
				if got := rest(t, again); fmt.Sprint(got) != fmt.Sprint(whole[n:]) {
					t.Fatalf("after %d of %d blocks %d follow", n, len(whole), len(got))
				}
				src.Close()
				again.Close()
			}
		})
	}
}

// A block that Replay holds back is not lost.
func TestPositionOfABlockThatWaits(t *testing.T) {
	a := writeTone(t, "a.wav", 8000, 1, 900)
	open := func() Replayer { return Replay(Files(Options{}, a), 1, &still{}).(Replayer) }
	whole := rest(t, open())
	src := open()
	src.AppendPosition(nil)
	var b Block
	src.Read(background, &b)
	ctx, cancel := context.WithCancel(background)
	r := src.(*replayAgain)
	r.clock = cancelling{r.clock, cancel}
	if err := src.Read(ctx, &b); err != context.Canceled {
		t.Fatal(err)
	}
	again := open()
	if err := again.Seek(background, src.AppendPosition(nil)); err != nil {
		t.Fatal(err)
	}
	if got := rest(t, again); fmt.Sprint(got) != fmt.Sprint(whole[1:]) {
		t.Errorf("%d blocks follow, want %d", len(got), len(whole)-1)
	}
}

// cancelling is a clock at which the reader is cancelled while it sleeps.
type cancelling struct {
	Clock
	cancel func()
}

func (c cancelling) Sleep(_ context.Context, _ <-chan struct{}, _ time.Duration) { c.cancel() }

// A file that has changed, or another list of files, is refused; more files are not.
func TestSeekNoticesOtherFiles(t *testing.T) {
	a, b := writeTone(t, "a.wav", 8000, 1, 900), writeTone(t, "b.wav", 8000, 1, 900)
	src := Files(Options{}, a, b).(Replayer)
	at0 := src.AppendPosition(nil)
	var block Block
	for range 8 {
		src.Read(background, &block)
	}
	at := src.AppendPosition(nil)
	if block.Stream != b {
		t.Fatal("not yet in the second file")
	}
	seek := func(position []byte, names ...string) error {
		return Files(Options{}, names...).(Replayer).Seek(background, position)
	}
	const others = "the files are not those of the saved position: give the same ones in the same order, more of them at the end if you like"
	for _, c := range []struct {
		name string
		got  error
		want string
	}{
		{"the same", seek(at, a, b), ""},
		{"one more", seek(at, a, b, a), ""},
		{"at the beginning", seek(at0, b, a), ""},
		{"one less", seek(at, a), others},
		{"another order", seek(at, b, a), others},
		{"cut off", seek(at[:len(at)-1], a, b), "the saved position is damaged"},
		{"longer", seek(append(bytes.Clone(at), 1), a, b), "the saved position is damaged"},
		{"empty", seek(nil, a, b), "the saved position is damaged"},
	} {
		testkit.Message(t, c.name, c.got, c.want)
	}
	data := testkit.ReadFile(t, b)
	data[60]++
	os.WriteFile(b, data, 0o666)
	testkit.Message(t, "changed", seek(at, a, b), b+": the file is not what it was when the position was saved")
	os.WriteFile(b, testkit.ReadFile(t, writeTone(t, "short.wav", 8000, 1, 10)), 0o666)
	testkit.Message(t, "shorter", seek(at, a, b), b+" ends before the saved position: the file is not what it was when the position was saved")
}
