package capture

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/internal/audio"
	"inkling/internal/testkit"
)

func TestFilesPlayOneAfterAnother(t *testing.T) {
	a, b, empty := writeTone(t, "a.wav", 8000, 2, 1000), writeFLAC(t, "b.flac", 44100, 1, 9000), writeTone(t, "c.wav", 8000, 1, 0)
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Block: time.Duration(rapid.IntRange(0, int(time.Second)).Draw(t, "block"))}
		got := play(t, Files(o, a, empty, b))
		got.inOrder(t)
		testkit.Message(t, "end", got.err, "")
		testkit.SameBits(t, "WAV", got.x[a], tone(1000, 2))
		testkit.SameBits(t, "FLAC", got.x[b], tone(9000, 1))
		testkit.SameBits(t, "an empty file", got.x[empty], nil)
	})
}

func TestFileHasItsOwnFormat(t *testing.T) {
	src := Files(Options{}, writeTone(t, "a.wav", 8000, 2, 1000))
	defer src.Close()
	var b Block
	if err := src.Read(background, &b); err != nil || b.Format != (Format{8000, 2}) || b.Len() != 160 || !b.Time.IsZero() {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestGzippedFileIsTheSame(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(testkit.ReadFile(t, writeTone(t, "a.wav", 8000, 2, 500)))
	z.Close()
	whole := testkit.WriteFile(t, t.TempDir(), "a.wav.gz", b.Bytes())
	got := play(t, Files(Options{}, whole))
	testkit.Message(t, "whole", got.err, "")
	testkit.SameBits(t, "samples", got.x[whole], tone(500, 2))
	half := testkit.WriteFile(t, t.TempDir(), "a.wav.gz", b.Bytes()[:b.Len()/2])
	if got := play(t, Files(Options{}, half)); !errors.Is(got.err, audio.ErrTruncated) || !strings.HasPrefix(got.err.Error(), half+": ") {
		t.Errorf("cut off: %v", got.err)
	}
}

func TestDamagedFileEndsAfterWhatIsGood(t *testing.T) {
	good := writeTone(t, "a.wav", 8000, 1, 1000)
	data := testkit.ReadFile(t, good)
	cut := testkit.WriteFile(t, t.TempDir(), "cut.wav", data[:len(data)-600])
	got := play(t, Files(Options{}, cut, good))
	testkit.SameBits(t, "samples", got.x[cut], tone(700, 1))
	if !errors.Is(got.err, audio.ErrTruncated) || !strings.HasPrefix(got.err.Error(), cut+": ") {
		t.Error(got.err)
	}
	if _, ok := got.x[good]; ok {
		t.Error("the file after the damaged one was played")
	}
}

func TestRecordIsASource(t *testing.T) {
	dir := t.TempDir()
	head := testkit.WriteFile(t, dir, "r.hea", []byte("r 2 360 3\nr.dat 16 100 16 0 1 6 0 I\nr.dat 16 100 16 0 10 60 0 II\n"))
	testkit.WriteFile(t, dir, "r.dat", []byte("\x01\x00\x0a\x00\x02\x00\x14\x00\x03\x00\x1e\x00"))
	for _, c := range []struct {
		name     string
		leads    []string
		channels int
		want     []float32
	}{
		{"all leads", nil, 2, []float32{0.01, 0.1, 0.02, 0.2, 0.03, 0.3}},
		{"by name", []string{"ii"}, 1, []float32{0.1, 0.2, 0.3}},
		{"by number", []string{"1"}, 1, []float32{0.01, 0.02, 0.03}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := play(t, Files(Options{Leads: c.leads}, head))
			testkit.Message(t, "end", got.err, "")
			testkit.SameBits(t, "samples", got.x[head], c.want)
			if f := got.blocks[0].Format; f != (Format{360, c.channels}) {
				t.Errorf("format %+v", f)
			}
		})
	}
	testkit.WriteFile(t, dir, "r.dat", []byte("\x01\x00\x0a\x00\x02"))
	got := play(t, Files(Options{}, head))
	testkit.SameBits(t, "cut off", got.x[head], []float32{0.01, 0.1})
	if got.err == nil || !strings.Contains(got.err.Error(), "r.dat") {
		t.Errorf("cut off: %v", got.err)
	}
}

func TestFilesThatCannotBeOpened(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, src := range map[string]Source{
		"audio": Files(Options{}, none+".wav"), "record": Files(Options{}, none+".hea"),
		"table": TableFiles(Options{}, TableOptions{}, none+".csv"), "text": TextFiles(none + ".txt"),
	} {
		t.Run(name, func(t *testing.T) {
			if got := play(t, src); !errors.Is(got.err, os.ErrNotExist) {
				t.Error(got.err)
			}
		})
	}
}

// closer counts the files that are open.
type closer struct{ open *int }

func (c closer) Close() error {
	*c.open--
	return nil
}

// memoryPlayer yields blocks, then err.
type memoryPlayer struct {
	blocks []Block
	err    error
}

func (p *memoryPlayer) read(b *Block) error {
	if len(p.blocks) == 0 {
		return p.err
	}
	*b, p.blocks = p.blocks[0], p.blocks[1:]
	return nil
}

func TestFileListHoldsOneFileOpen(t *testing.T) {
	for _, c := range []struct {
		name, broken string
		want         string // streams delivered
		err          string
	}{
		{"all are good", "", "[a a b b c c]", ""},
		{"one ends with an error", "b", "[a a b b]", "b is broken"},
		{"one cannot be opened", "b!", "[a a]", "b cannot be opened"},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := 0
			list := &fileList{names: []string{"a", "b", "c"}, open: func(name string, hold func(io.Closer) error) (player, error) {
				for range 2 { // as a table joined from two files has
					open++
					if err := hold(closer{&open}); err != nil {
						return nil, err
					}
				}
				if open != 2 {
					t.Errorf("%d files are open with %s", open, name)
				}
				p := &memoryPlayer{Cut(name, Format{1, 1}, make([]float32, 2), 1), io.EOF}
				switch c.broken {
				case name:
					p.err = fmt.Errorf("%s is broken", name)
				case name + "!":
					return nil, fmt.Errorf("%s cannot be opened", name)
				}
				return p, nil
			}}
			got := play(t, list)
			var streams []string
			for _, b := range got.blocks {
				streams = append(streams, b.Stream)
			}
			if fmt.Sprint(streams) != c.want || open != 0 {
				t.Errorf("streams %v, want %s; %d files stay open", streams, c.want, open)
			}
			testkit.Message(t, "end", got.err, c.err)
		})
	}
}

func TestClosedFilesAreNotRead(t *testing.T) {
	wav, csv := writeTone(t, "a.wav", 8000, 1, 1000), testkit.WriteFile(t, t.TempDir(), "a.csv", []byte("x\n1\n2\n"))
	txt := testkit.WriteFile(t, t.TempDir(), "a.txt", []byte("text"))
	for name, src := range map[string]Source{"audio": Files(Options{}, wav), "table": TableFiles(Options{}, TableOptions{}, csv),
		"text": TextFiles(txt), "no file": Files(Options{}), "memory": NewMemory()} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(background)
			cancel()
			if err := src.Read(ctx, &Block{}); err != context.Canceled {
				t.Errorf("a cancelled Read returned %v", err)
			}
			for range 2 {
				if err := src.Close(); err != nil {
					t.Errorf("Close returned %v", err)
				}
				if err := src.Read(background, &Block{}); err != os.ErrClosed {
					t.Errorf("after Close Read returned %v", err)
				}
			}
		})
	}
}

// A file that is opened while Close runs is closed too.
func TestCloseWhileAFileIsOpened(t *testing.T) {
	open := 0
	list := &fileList{names: []string{"a"}}
	list.open = func(_ string, hold func(io.Closer) error) (player, error) {
		list.Close()
		open++
		return nil, hold(closer{&open})
	}
	if err := list.Read(background, &Block{}); err != os.ErrClosed || open != 0 {
		t.Errorf("Read returned %v, %d files stay open", err, open)
	}
}

func TestFuncPlaysWhatReadGenerates(t *testing.T) {
	x := tone(1000, 2)
	rest := slices.Clone(x)
	got := play(t, Func("computed", Format{8000, 2}, Options{}, func(dst []float32) (int, error) {
		if len(rest) == 0 {
			return 0, io.EOF
		}
		n := copy(dst[:min(len(dst), 14)], rest)
		rest = rest[n:]
		return n, nil
	}))
	got.inOrder(t)
	testkit.SameBits(t, "samples", got.x["computed"], x)
}
